"""Files as tables: a header and rows with their line numbers, read as a stream."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate, compress, islice
from operator import itemgetter
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from memberships.imports import encodings, headers, workbooks
from memberships.imports.unusable import UnusableFile

DELIMITERS = ",;\t|"
LONGEST_CELL = 1 << 17
LONGEST_HEADER = 1 << 16
BATCH = 8_000
TITLES = 40
"""In how many lines at the top a header is looked for below a title."""
TOTAL = re.compile(r"\s*(?:итого?|всего|(?:grand )?totals?|sum|summe|insgesamt|gesamt)\b.{0,20}", re.IGNORECASE)
MOST_TOTALS = 4
_NUMBER = re.compile(r"\s*[\d\s\u00a0.,:%-]+\W{0,3}\w{0,4}\.?\s*")
"""A number, perhaps with what it counts behind it."""
POSTGRES = {"utf-8": "UTF8", "utf-8-sig": "UTF8", "cp1251": "WIN1251", "cp1252": "WIN1252"}
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Broken:
    """A row that could not be read as cells; ``cells`` is what was made out of it, ``why`` the sentence."""

    line: int
    cells: list[str]
    why: str


@dataclass(frozen=True)
class Batch:
    """Some thousand rows in the order of the file, blank ones left out."""

    lines: Sequence[int]
    rows: list[list[str]]
    broken: list[Broken]
    totals: Sequence[tuple[int, list[str]]] = ()
    """Lines that only add up what stands above them."""

    def only(self, wanted: Iterable[int]) -> Batch:
        """The rows that are wanted (true or false for each, in order)."""
        kept = list(wanted)
        return Batch(list(compress(self.lines, kept)), list(compress(self.rows, kept)), self.broken, self.totals)


@dataclass(frozen=True)
class Plain:
    """How PostgreSQL is told to read the same file: its encoding's name there, and the byte at which it begins."""

    encoding: str
    delimiter: str
    begins: int


@dataclass(frozen=True)
class Table:
    """A file as a table. ``batches()`` reads what is behind its header, as often as wanted."""

    header: list[str]
    places: Mapping[str, int]
    unknown: list[str]
    batches: Callable[[], Iterator[Batch]]
    plain: Plain | None = None

    def name_of(self, field: str) -> str:
        """The file's own name of the column that holds a field; the field's where there is none."""
        return self.header[self.places[field]].strip() if field in self.places else field

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its line, broken ones too."""
        for batch in self.batches():
            broken = [(each.line, each.cells) for each in batch.broken]
            yield from merge(zip(batch.lines, batch.rows, strict=True), broken)


def open_table(
    path: Path, *, fields: Sequence[str], required: Sequence[str], mapping: Mapping[str, str] | None = None
) -> Table:
    """Open a CSV or XLSX file, whatever its name says. Raises UnusableFile."""
    rows, plain = _opened(path, fields, mapping)
    header = _header(rows)
    places, unknown = headers.columns(header, fields, required, mapping)
    return Table(header, places, unknown, _Behind(rows), plain)


def look(path: Path, *, fields: Sequence[str]) -> tuple[list[str], Iterator[list[str]]]:
    """The header of a file and its rows, whatever its columns are called. Raises UnusableFile."""
    rows, _plain = _opened(path, fields, None)
    header = _header(rows)
    return header, (cells for batch in _Behind(rows)() for cells in batch.rows)


def _header(rows: Callable[[], Iterator[Batch]]) -> list[str]:
    first = next(rows(), None)
    if first is None or not first.rows:
        raise UnusableFile(_("The file is empty."))
    return first.rows[0]


def _opened(
    path: Path, fields: Sequence[str], mapping: Mapping[str, str] | None
) -> tuple[Callable[[], Iterator[Batch]], Plain | None]:
    """The rows of a file, its header first, and how PostgreSQL could read it."""
    most = settings.IMPORT_FILE_MB
    try:
        if path.stat().st_size > most << 20:
            raise UnusableFile(_("The file is larger than %(n)s MB; part it.") % {"n": most})
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError as error:
        named = {"file": path.name, "why": error.strerror}
        raise UnusableFile(_("%(file)s cannot be opened: %(why)s.") % named) from None
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnusableFile(_("This is an old Excel file (.xls); save it as .xlsx or CSV."))
    if magic.startswith(b"PK\x03\x04"):
        return _Sheet(path, _header_row(path, fields, mapping)), None
    encoding = encodings.of(path)
    start, delimiter = _find_header(path, encoding, fields, mapping)
    plain = None
    if start == 1 and encoding in POSTGRES:
        plain = Plain(POSTGRES[encoding], delimiter, len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
    return _Text(path, encoding, start, delimiter), plain


@dataclass(frozen=True)
class _Behind:
    """What is behind the header."""

    every: Callable[[], Iterator[Batch]]

    def __call__(self) -> Iterator[Batch]:
        batches = self.every()
        for first in batches:
            yield Batch(first.lines[1:], first.rows[1:], first.broken, first.totals)
            yield from batches


@dataclass(frozen=True)
class _Sheet:
    """A workbook's first sheet from its row ``start`` (counted from 1) on."""

    path: Path
    start: int

    def __call__(self) -> Iterator[Batch]:
        rows = ((line, cells) for line, cells in workbooks.rows(self.path) if line >= self.start)
        while batch := list(islice(rows, BATCH)):
            yield _of_the_table([line for line, _cells in batch], [cells for _line, cells in batch], [])


@dataclass(frozen=True)
class _Text:
    """A text file from its line ``start`` (counted from 1) on."""

    path: Path
    encoding: str
    start: int
    delimiter: str

    def __call__(self) -> Iterator[Batch]:
        csv.field_size_limit(LONGEST_CELL)
        with self.path.open(encoding=self.encoding, newline="") as file:
            for _skipped in range(self.start - 1):
                file.readline()
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            while True:
                line = self.start + reader.line_num
                rows: list[list[str]] = []
                broken = []
                try:
                    rows.extend(islice(reader, BATCH))
                except csv.Error as error:
                    lines = _lines(rows, line, None)
                    broken = [self._broken(lines[len(rows)], self.start + reader.line_num, error)]
                if not rows and not broken:
                    return
                yield _of_the_table(_lines(rows, line, self.start + reader.line_num), rows, broken)

    def _broken(self, first: int, behind: int, error: csv.Error) -> Broken:
        """The lines of a row on which the reader failed, as cells."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            text = "".join(islice(file, first - 1, behind - 1))[:LONGEST_CELL]
        if "field larger" in str(error):
            why = _("A cell that begins in this line is longer than any cell can be; a quotation mark may be missing.")
        elif "unexpected end" in str(error):
            why = _("A cell that begins in this line with a quotation mark never ends.")
        else:
            why = _("A quotation mark stands inside a cell; double it or leave it out.")
        return Broken(first, text.rstrip("\r\n").replace('"', "").split(self.delimiter), why)


def _lines(rows: Sequence[Sequence[str]], first: int, behind: int | None) -> Sequence[int]:
    """The line in which each row begins, and that behind the last; a quoted cell may run over several."""
    if behind == first + len(rows):
        return range(first, behind + 1)
    spans = (1 + sum(len(_BREAK.findall(cell)) for cell in cells) for cells in rows)
    return list(accumulate(spans, initial=first))


def _of_the_table(lines: Sequence[int], rows: list[list[str]], broken: list[Broken]) -> Batch:
    """The rows without blank lines and those that only add up."""
    lines = lines[: len(rows)]
    try:
        firsts = list(map(itemgetter(0), rows))
        if all(map(str.strip, firsts)) and not any(map(TOTAL.match, firsts)):
            return Batch(lines, rows, broken)
    except IndexError:  # a line without any cell
        pass
    kept: list[tuple[int, list[str]]] = []
    totals: list[tuple[int, list[str]]] = []
    for line, cells in zip(lines, rows, strict=True):
        filled = list(filter(str.strip, cells))
        if filled:
            (totals if _adds_up(filled) else kept).append((line, cells))
    return Batch([line for line, _cells in kept], [cells for _line, cells in kept], broken, totals)


def _adds_up(filled: Sequence[str]) -> bool:
    """Whether a line is a word like "Total" with numbers beside it."""
    return (
        len(filled) <= MOST_TOTALS
        and TOTAL.fullmatch(filled[0]) is not None
        and all(map(_NUMBER.fullmatch, filled[1:]))
    )


def _header_row(path: Path, fields: Sequence[str], mapping: Mapping[str, str] | None) -> int:
    """The row of a sheet's header: the first that names two columns or more, else the first that is not blank."""
    first = 1
    for line, cells in islice(workbooks.rows(path), TITLES):
        if _known(cells, fields, mapping) > 1:
            return line
        if not any(map(str.strip, cells)) and line == first:
            first += 1
    return first


def _known(names: Iterable[str], fields: Sequence[str], mapping: Mapping[str, str] | None) -> int:
    """How many of these are columns."""
    return sum(headers.field_of(name, fields, mapping) is not None for name in names)


def _find_header(
    path: Path, encoding: str, fields: Sequence[str], mapping: Mapping[str, str] | None
) -> tuple[int, str]:
    """The line of the header, and the delimiter that makes most of its columns known.

    The first line that names two columns or more; where none does, the first that is not blank.
    """
    first: tuple[int, str] | None = None
    with path.open(encoding=encoding, newline="") as file:
        for number in range(1, TITLES + 1):
            text = file.readline(LONGEST_HEADER)
            if not text:
                break
            line = text.rstrip("\r\n")
            separator_hint = line.casefold().startswith("sep=") and len(line) == 5
            if not line.strip(DELIMITERS + " \ufeff") or separator_hint:
                continue
            parted = [_parted(line, sign, fields, mapping) for sign in DELIMITERS]
            known, _width, delimiter = max(parted, key=itemgetter(0, 1))
            if known > 1:
                return number, delimiter
            first = first or (number, delimiter)
    return first or (1, DELIMITERS[0])


def _parted(
    line: str, delimiter: str, fields: Sequence[str], mapping: Mapping[str, str] | None
) -> tuple[int, int, str]:
    cells = next(csv.reader([line], delimiter=delimiter), [])
    return _known(cells, fields, mapping), len(cells), delimiter
