"""The first sheet of an XLSX file as rows of text, with guards against files made to exhaust a reader."""

from __future__ import annotations

import datetime as dt
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.packaging.manifest import Manifest
from openpyxl.xml.constants import ARC_CONTENT_TYPES, ARC_WORKBOOK, SHARED_STRINGS
from openpyxl.xml.functions import fromstring

from memberships.imports.unusable import UnusableFile

MEGABYTE = 1 << 20
MOST_UNPACKED = 1024 * MEGABYTE
MOST_SHARED_TEXT = 48 * MEGABYTE
MOST_RATIO = 150
SMALL = 8 * MEGABYTE
MOST_PARTS = 2000
MOST_COLUMNS = 200
MOST_ROWS = 1 << 20
"""As many as a sheet can have: a row may claim any number, and those before it would be made."""
LONGEST_ROW = 8 * MEGABYTE
BLOCK = 256 * 1024
SHEETS = "xl/worksheets/"


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number, every cell as one would write it in a CSV file. Raises UnusableFile."""
    check(path)
    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            yield from _rows(book)
        except UnusableFile:
            raise
        except Exception as error:  # whatever the library stumbles over: the file was made by a stranger
            raise UnusableFile(_("The workbook is damaged and cannot be read.")) from error


def _rows(book: openpyxl.Workbook) -> Iterator[tuple[int, list[str]]]:
    if not book.worksheets:
        return
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # type: ignore[attr-defined] - what a sheet says of its own size is not to be believed
    blank: object = None
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), start=1):
        if number > MOST_ROWS:
            raise UnusableFile(_("The sheet has more rows than a sheet can have; it is not read."))
        if cells is blank:  # the same object for each row of a gap, of which there may be a million
            continue
        width = len(cells)
        while width and cells[width - 1] is None:
            width -= 1
        if width:
            yield number, [_text(cell) for cell in cells[:width]]
        else:
            blank = cells


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case dt.datetime() if cell.time() == dt.time.min:
            return cell.date().isoformat()
        case dt.datetime():
            return cell.isoformat(timespec="minutes" if not cell.second else "seconds")
        case _:
            return str(cell)


def check(path: Path) -> None:
    """Refuses a file that unpacks to more than a table has, or that defines XML entities, before it is unpacked."""
    too_much = UnusableFile(_("The workbook unpacks to far more than a table needs; it is not read."))
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise too_much
            names = archive.namelist()
            texts = _texts(archive) if ARC_CONTENT_TYPES in names else ""
            for part in parts:
                if part.file_size > SMALL and part.file_size > MOST_RATIO * max(part.compress_size, 1):
                    raise too_much
                in_memory = not part.filename.startswith(SHEETS) or part.filename == texts
                if in_memory and part.file_size > MOST_SHARED_TEXT:
                    raise too_much
                if part.filename.endswith((".xml", ".rels")):
                    _check_xml(archive, part)
                if part.filename.startswith(SHEETS) and part.file_size > SMALL and _has_endless_row(archive, part):
                    raise too_much
            if ARC_WORKBOOK not in names:
                raise UnusableFile(_("This is a ZIP file and not a workbook."))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnusableFile(_("The workbook is damaged and cannot be read.")) from error


def _texts(archive: zipfile.ZipFile) -> str:
    """The part that holds the texts of all cells and is read into memory as a whole, whatever it is called."""
    with archive.open(ARC_CONTENT_TYPES) as file:
        try:
            found = Manifest.from_tree(fromstring(file.read(MEGABYTE))).find(SHARED_STRINGS)
        except (ParseError, TypeError, ValueError) as error:
            raise zipfile.BadZipFile from error
    return str(found.PartName)[1:] if found is not None else ""


def _has_endless_row(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a row or a cell of the sheet is longer than any table needs: each is read into memory as a whole."""
    since = 0
    with archive.open(part) as file:
        while block := file.read(BLOCK):
            at = block.rfind(b"<row")
            since = since + len(block) if at < 0 else len(block) - at
            if since > LONGEST_ROW:
                return True
    return False


def _check_xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with archive.open(part) as file:
        head = file.read(4096)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise UnusableFile(_("The workbook defines XML entities, which no table needs; it is not read."))
