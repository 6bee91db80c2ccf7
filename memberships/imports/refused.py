"""The file of refused rows: each with its own text, to be mended and loaded again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from memberships.imports.cells import Unreadable
from memberships.imports.job import Job
from memberships.imports.unusable import UnusableFile

ADDED = ("line", "errors")
STRETCH = 5_000


def check(path: Path) -> None:
    """Raises UnusableFile where the report could not be written, before anything is loaded."""
    try:
        path.open("a").close()
    except OSError as error:
        raise UnusableFile(_("The report cannot be written: %(why)s.") % {"why": error.strerror}) from None


def write(job: Job, path: Path) -> int:
    """Write the refused rows as CSV (UTF-8 with BOM) with two more columns, which a load leaves out.

    A day that the whole file showed to be written with the month first is written as ISO: few rows alone might not
    show it. Returns how many rows were written.
    """
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*job.table.header, *ADDED])
        rows = job.table.rows()
        for line, why in _problems(job):
            cells = next((cells for number, cells in rows if number == line), None)
            if cells is None:
                continue
            texts = _with_plain_days(job, _fitted(cells, len(job.table.header)))
            writer.writerow([*texts, line, why])
            count += 1
    return count


def write_warnings(job: Job, path: Path) -> None:
    """Write what somebody should know of rows that were taken, as CSV (UTF-8 with BOM)."""
    query = 'SELECT line, "column", value, message FROM import_problems WHERE warning ORDER BY line, "column"'
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "column", "value", "message"))
        for rows in job.stream(query, chunk=STRETCH):
            writer.writerows(rows)


def _problems(job: Job) -> Iterator[tuple[int, str]]:
    """Each refused line with all that is wrong in it, in order."""
    query = """
        SELECT line, string_agg(CASE WHEN "column" = '' THEN message ELSE "column" || ': ' || message END, ' | ')
        FROM import_problems WHERE NOT warning GROUP BY line ORDER BY line
    """
    for rows in job.stream(query, chunk=STRETCH):
        yield from rows


def _fitted(cells: list[str], width: int) -> list[str]:
    """As many cells as there are columns: what is too much stands together in the last one."""
    if len(cells) > width:
        return [*cells[: width - 1], ", ".join(cells[width - 1 :])]
    return [*cells, *[""] * (width - len(cells))]


def _with_plain_days(job: Job, cells: list[str]) -> list[str]:
    if not job.days.month_first:
        return cells
    plain = []
    for cell in cells:
        try:
            plain.append(job.days.iso(cell.strip()) if "/" in cell else cell)
        except Unreadable:
            plain.append(cell)
    return plain
