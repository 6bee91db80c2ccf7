"""Files as tables: a header and rows with their line numbers, read as a stream."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from memberships.imports import encodings, headers, workbooks
from memberships.imports.unusable import UnusableFile

DELIMITERS = ",;\t|"
LONGEST_CELL = 1 << 17
LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Row:
    """A row that could not be read as cells; ``why`` is the sentence, ``cells`` what was made out of it."""

    cells: list[str]
    why: str


Lines = Iterator[tuple[int, list[str] | Row]]


@dataclass(frozen=True)
class Table:
    """A file as a table. ``rows()`` reads it from its first row on, as often as wanted."""

    header: list[str]
    places: Mapping[str, int]
    unknown: list[str]
    size: int
    rows: Callable[[], Lines]

    def name_of(self, field: str) -> str:
        """The file's own name of the column that holds a field; the field's where there is none."""
        return self.header[self.places[field]].strip() if field in self.places else field


def open_table(
    path: Path, *, fields: Sequence[str], required: Sequence[str], mapping: Mapping[str, str] | None = None
) -> Table:
    """Open a CSV or XLSX file, whatever its name says. Raises UnusableFile."""
    try:
        with path.open("rb") as file:
            magic = file.read(8)
        size = path.stat().st_size
    except OSError as error:
        raise UnusableFile(_("The file cannot be opened: %(why)s.") % {"why": error.strerror}) from None
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnusableFile(_("This is an old Excel file (.xls); save it as .xlsx or CSV."))
    if magic.startswith(b"PK\x03\x04"):
        rows: Callable[[], Lines] = _SheetRows(path)
    else:
        encoding = encodings.of(path)
        rows = _CsvRows(path, encoding, *_find_header(path, encoding, fields, mapping))
    first = next(rows(), None)
    header = first[1] if first else None
    if not isinstance(header, list):
        raise UnusableFile(_("The file is empty."))
    places, unknown = headers.columns(header, fields, required, mapping)
    return Table(header, places, unknown, size, _Behind(rows))


@dataclass(frozen=True)
class _Behind:
    """The rows behind the header."""

    every: Callable[[], Lines]

    def __call__(self) -> Lines:
        rows = self.every()
        next(rows, None)
        return rows


@dataclass(frozen=True)
class _SheetRows:
    path: Path

    def __call__(self) -> Lines:
        return ((line, cells) for line, cells in workbooks.rows(self.path) if any(cells))


@dataclass(frozen=True)
class _CsvRows:
    """The rows of a text file from its line ``start`` (counted from 1) on, blank ones left out."""

    path: Path
    encoding: str
    start: int
    delimiter: str

    def __call__(self) -> Lines:
        csv.field_size_limit(LONGEST_CELL)
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _skipped in range(self.start - 1):
                file.readline()
            kept = _Kept(file)
            reader = csv.reader(kept, delimiter=self.delimiter, strict=True)
            offset = self.start
            while True:
                line = reader.line_num + offset
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield line, self._broken(kept.since(line - offset), error)
                    continue
                if cells and any(cells):
                    yield line, cells
                if reader.line_num - kept.first > 1000:
                    kept.forget(reader.line_num)

    def _broken(self, text: str, error: csv.Error) -> Row:
        if "field larger" in str(error):
            why = _("A cell that begins in this line is longer than any cell can be; a quotation mark may be missing.")
        elif "unexpected end" in str(error):
            why = _("A cell that begins in this line with a quotation mark never ends.")
        else:
            why = _("A quotation mark stands inside a cell; double it or leave it out.")
        return Row(text[:LONGEST_CELL].rstrip("\r\n").replace('"', "").split(self.delimiter), why)


class _Kept:
    """Passes the lines of a file on and remembers the last ones, so that a broken row can be shown."""

    def __init__(self, file: Iterator[str]) -> None:
        self.file = file
        self.first = 0
        self.lines: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self.file:
            self.lines.append(line)
            yield line

    def since(self, number: int) -> str:
        return "".join(self.lines[number - self.first :])

    def forget(self, number: int) -> None:
        del self.lines[: number - self.first]
        self.first = number


def _find_header(
    path: Path, encoding: str, fields: Sequence[str], mapping: Mapping[str, str] | None
) -> tuple[int, str]:
    """The line of the header, and the delimiter that makes most of its columns known."""
    number, line = 0, ""
    with path.open(encoding=encoding, newline="") as file:
        while text := file.readline(LONGEST_HEADER):
            number += 1
            line = text.rstrip("\r\n")
            separator_hint = line.casefold().startswith("sep=") and len(line) == 5
            if line.strip(DELIMITERS + " \ufeff") and not separator_hint:
                break

    def known(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        return sum(headers.field_of(name, fields, mapping) is not None for name in cells), len(cells)

    return max(number, 1), max(DELIMITERS, key=known)
