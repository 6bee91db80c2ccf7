"""Tables out: CSV and XLSX, row by row, with cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

FORMATS = ("csv", "xlsx")
XLSX_ROWS = 1_048_575
DANGEROUS = "=+-@\t\r\n＝＋－＠"
INVISIBLE = " \u00a0\u200b\u202f\ufeff"
PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
PHONE = re.compile(r"\+\d[\d \u00a0\u202f]{4,20}")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooManyRows(Exception):
    """More rows than a sheet of a spreadsheet has; CSV has no such limit."""

    code = "invalid"
    status = 422
    fields: Mapping[str, Sequence[object]] = {}
    message = _("More rows than an XLSX sheet can hold. Take CSV.")

    def __str__(self) -> str:
        return str(self.message)


def neutral(value: str) -> str:
    """The text as a cell that stays text: an apostrophe before what a spreadsheet would run.

    Plain numbers and phone numbers stay as they are.
    """
    begins = value.lstrip(INVISIBLE)[:1] or value[:1]
    if begins not in DANGEROUS or not begins or PLAIN_NUMBER.fullmatch(value) or PHONE.fullmatch(value):
        return value
    return f"'{value}"


def asked(
    request: HttpRequest, name: str, header: Sequence[object], rows: Callable[[], Iterable[Sequence[object]]]
) -> HttpResponseBase | None:
    """The list of a page as a download, where the address asks for one (``export=csv``); else None.

    The caller has asked for the right. Raises TooManyRows.
    """
    form = request.GET.get("export", "")
    return response(form, name, [str(label) for label in header], rows()) if form in FORMATS else None


def response(form: str, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    """The table as a download `name`.csv or `name`.xlsx; `rows` is read once, while it is sent.

    Raises TooManyRows, ValueError for another format.
    """
    if form == "csv":
        return _csv(name, header, rows)
    if form == "xlsx":
        return _xlsx(name, header, rows)
    raise ValueError(form)


class _Line:
    """A file for csv.writer that gives each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        yield "\ufeff"
        yield writer.writerow([neutral(str(label)) for label in header])
        for row in rows:
            yield writer.writerow([_text(value) for value in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _text(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, Decimal)):
        return value
    return neutral(str(value))


def _xlsx(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    heads = []
    for label in header:
        cell = WriteOnlyCell(sheet, value=neutral(str(label)))
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    try:
        for count, row in enumerate(rows, start=1):
            if count > XLSX_ROWS:
                raise TooManyRows
            sheet.append([_cell(value) for value in row])
    finally:
        sheet.close()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def _cell(value: object) -> object:
    """Numbers and days stay numbers and days; an instant becomes text, for a sheet knows no offset."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return ILLEGAL_CHARACTERS_RE.sub("", str(_text(value)))
