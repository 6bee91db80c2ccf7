"""Loads a file into a club: read, check, store, all or nothing.

1. The file is read as a stream, a stretch of rows at a time; each stretch is checked column by column and what can be
   read is copied into a staging table.
2. What only the database knows (unknown members, keys that come twice, days that overlap) is found in SQL.
3. Unless a row was refused (or ``skip_bad``), the staged rows are merged into the tables by few large statements.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from memberships import holding
from memberships.imports import files, refused, same
from memberships.imports.dates import Days
from memberships.imports.files import Batch
from memberships.imports.job import Job, Stretch, lines_of
from memberships.imports.kinds import KINDS, Kind
from memberships.models import Club, User
from memberships.rules.errors import Conflict

SHOWN = 100
IMPORTS = 731_002
"""The class of the advisory locks under which a club's files are loaded one after the other."""

Progress = Callable[[str, int], None]
"""Told what is being done and how many rows were read so far."""


class ChangedMeanwhile(Conflict):
    """Somebody else stored something that the rows of the file contradict."""

    code = "overlap"


@dataclass(frozen=True)
class Answer:
    """What a load did, or would have done. ``errors`` and ``warnings``: the first 100 of each, by line."""

    rows: int
    created: int
    updated: int
    unchanged: int
    merged: int
    refused: int
    errors: list[dict[str, object]]
    warnings: list[dict[str, object]]

    def to_json(self) -> dict[str, object]:
        """As `import_data --json` prints it."""
        return dict(vars(self))


def run(
    *,
    club: Club,
    kind: str,
    path: Path,
    now: dt.datetime,
    as_of: dt.date | None = None,
    by: User | None = None,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    skip_bad: bool = False,
    create_plans: bool = False,
    plans: Mapping[str, str] | None = None,
    report: Path | None = None,
    warnings: Path | None = None,
    progress: Progress = lambda doing, rows: None,
) -> Answer:
    """Load a file of a kind into a club. A row found again by its key is updated where it differs.

    ``as_of``: the day on which the old program wrote the file (default: the club's today). ``mapping``: field by
    column. ``plans``: the code of a plan by another name that the file gives it. ``skip_bad``: take the good rows
    although others are refused. ``report``: where to write the refused rows to be mended; ``warnings``: where to write
    all that somebody should know of rows that were taken. Nothing is told to other rooms and no message goes out.
    Raises UnusableFile, ChangedMeanwhile.
    """
    made = KINDS[kind]
    table = files.open_table(path, fields=made.fields, required=made.required, mapping=mapping)
    for path_to_write in (report, warnings):
        if path_to_write is not None:
            refused.check(path_to_write)
    policy = holding.policy_of(club)
    today = now.astimezone(club.zone).date()
    job = Job(club, policy, path, table, now, as_of or today, by=by, create_plans=create_plans, plans=plans or {})
    job.days = Days(lambda: _cells(job, made.dated))
    loaded = made(job)
    try:
        with holding.operation(by=by, imported=kind, file=path.name):
            _lock(job)
            answer = _load(job, loaded, skip_bad=skip_bad, progress=progress)
            if report is not None:
                refused.write(job, report)
            if warnings is not None:
                refused.write_warnings(job, warnings)
            job.drop_tables()
            if dry_run or (answer.refused and not skip_bad):
                transaction.set_rollback(True)
    except IntegrityError as error:
        raise ChangedMeanwhile(
            _("Somebody changed what this file is about while it was loaded; nothing was stored, load it again.")
        ) from error
    return answer


def _cells(job: Job, dated: tuple[str, ...]) -> Iterator[str]:
    """All cells of the file that may hold a day."""
    places = [job.present[name] for name in dated if name in job.present]
    for _line, cells in job.table.rows():
        for place in places:
            yield from cells[place : place + 1]


def _lock(job: Job) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [IMPORTS, job.club.pk])
        cursor.execute("SET LOCAL work_mem = '96MB'")


def _load(job: Job, kind: Kind, *, skip_bad: bool, progress: Progress) -> Answer:
    job.create(
        "import_problems", {"line": "int", "column": "text", "value": "text", "message": "text", "warning": "bool"}
    )
    job.create("import_rows", {"line": "int", **kind.staged})
    progress("comparing", 0)
    rest = same.find(job, kind.comparison())
    job.report((1, name, "", _("This column is not known and was left out."), True) for name in job.table.unknown)
    rows = _stage(job, kind, rest, progress)
    progress("checking", rows)
    job.analyze("import_rows")
    job.drop_refused()
    holding.share_closures(job.club)
    kind.check()
    job.drop_refused()
    bad = job.refused()
    created = updated = unchanged = merged = 0
    if skip_bad or not bad:
        progress("storing", rows)
        counts = kind.merge()
        bad = job.refused()
        created, updated, merged = counts.created, counts.updated, counts.merged
        unchanged = rows - bad - created - updated - merged
    if bad and not skip_bad:
        created = updated = unchanged = merged = 0
    errors, warnings = job.first(SHOWN, warnings=False), job.first(SHOWN, warnings=True)
    return Answer(rows, created, updated, unchanged, merged, bad, errors, warnings)


def _stage(job: Job, kind: Kind, rest: same.Rest | None, progress: Progress) -> int:
    """Read the file (or the ``rest`` of it) into the staging table; answers how many rows the file has."""
    if rest is not None and not rest.count:
        return rest.rows
    readers = kind.readers()
    names = ("line", *kind.staged)
    count = broken = 0
    with _without_collecting(), job.copying("import_rows", names) as write:
        for batch in job.table.batches():
            before, count = count, count + len(batch.rows) + len(batch.broken)
            broken += len(batch.broken)
            job.report_later(
                (line, "", ", ".join(filter(str.strip, cells)), _("This line only adds up and was left out."), True)
                for line, cells in batch.totals
            )
            lines, rows = _fitting(job, batch if rest is None else batch.only(rest.different[before:count]))
            if rows:
                stretch = Stretch(job, lines, rows)
                stretch.read(readers)
                kind.derive(stretch)
                stretch.drop()
                job.report_later(stretch.problems)
                write(lines_of([list(map(str, stretch.lines)), *(stretch.columns[name] for name in kind.staged)]))
            progress("reading", count)
    if rest is not None and (broken or count != rest.rows):
        # the two readers of CSV do not agree on what a row is: read them all
        job.run("TRUNCATE import_rows")
        job.forget_reports()
        return _stage(job, kind, None, progress)
    job.report_kept()
    return count


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Millions of short-lived lists without cycles: looking for cycles among them costs a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _fitting(job: Job, batch: Batch) -> tuple[Sequence[int], list[list[str]]]:
    """The rows that have as many cells as there are columns (empty ones may be missing at the end)."""
    job.report_later((row.line, "", ", ".join(row.cells), row.why, False) for row in batch.broken)
    width = len(job.table.header)
    if set(map(len, batch.rows)) <= {width}:
        return batch.lines, batch.rows
    lines, rows = [], []
    for line, cells in zip(batch.lines, batch.rows, strict=True):
        if any(map(str.strip, cells[width:])):
            message = _("This row has %(cells)s cells, the header %(columns)s.")
            job.report_later([(line, "", cells[width], message % {"cells": len(cells), "columns": width}, False)])
        else:
            lines.append(line)
            rows.append((cells + [""] * width)[:width])
    return lines, rows
