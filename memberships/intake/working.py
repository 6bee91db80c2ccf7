"""What a worker does with files that wait: check them, load them, each once whatever happens to the worker.

1. One file at a time in the whole system, under a lock of the transaction that does the work: imports leave the other
   workers to the desk. A worker that dies loses the lock with its connection, and its transaction with it.
2. The rows of the file and the word that they are stored are committed together: either both are there or neither.
3. How far it is, and how often it was tried, is told on a second connection, which the first one's fate does not touch.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import structlog
from django.core.files import File
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from memberships import imports
from memberships.imports import KINDS, files
from memberships.intake.keeping import plans_meant
from memberships.intake.looking import at_hand, short
from memberships.models import FileImport
from memberships.rules.errors import Refused
from memberships.rules.intake import WORKING, Stage

log = structlog.get_logger("memberships.intake")

ALONE = (731_003, 0)
"""The advisory lock under which files are worked on."""
MOST_TRIES = 3
FIRST_ROWS = 8
TELL_EVERY_S = 0.5

Passing = Callable[[str], None]
"""Told of each point that the work passes; tests stop it there."""


def work(*, clock: Callable[[], dt.datetime], passing: Passing = lambda point: None) -> int:
    """Check and load all files that wait, oldest first; nothing while another worker does. Answers how many."""
    count = 0
    while _one(clock, passing):
        passing("committed")
        count += 1
    return count


def _one(clock: Callable[[], dt.datetime], passing: Passing) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", ALONE)
            if not cursor.fetchone()[0]:
                return False
        waiting = FileImport.objects.filter(stage__in=[stage.value for stage in WORKING]).select_related(
            "club", "made_by"
        )
        file = waiting.order_by("changed_at", "pk").first()
        if file is None:
            return False
        with _beside(file.pk) as tell:
            tell(tries=file.tries + 1, doing="", rows_read=0)
            file.refresh_from_db(fields=["tries"])
            passing("begun")
            language = file.made_by.language if file.made_by else file.club.language
            with translation.override(language):
                _perform(file, clock(), tell, passing)
    log.info("import_worked_on", file_import=file.pk, kind=file.kind, stage=file.stage)
    return True


def _perform(file: FileImport, now: dt.datetime, tell: Callable[..., None], passing: Passing) -> None:
    """Run what is asked for, and write down what came of it in the same transaction."""
    checking = file.stage == Stage.CHECK
    try:
        if file.tries > MOST_TRIES:
            raise imports.UnusableFile(
                _("Reading this file broke off %(n)s times; nothing was stored. Part it into smaller ones.")
                % {"n": MOST_TRIES}
            )
        with at_hand(file) as path:
            report = path.with_name("report.csv") if path.name != "report.csv" else path.with_name("refused.csv")
            answer = imports.run(
                club=file.club,
                kind=file.kind,
                path=path,
                now=now,
                as_of=file.as_of,
                by=file.made_by,
                mapping={name: field for name, field in file.mapping.items() if name},
                dry_run=checking,
                skip_bad=checking or file.skip_bad,
                create_plans=file.create_plans,
                plans=plans_meant(club=file.club, kind=file.kind),
                report=report,
                progress=_Progress(tell, passing),
            )
            passing("merged")
            file.answer = answer.to_json()
            file.first = _first_rows(file, path) if checking else []
            _keep_report(file, report if answer.refused else None)
    except Refused as refusal:
        _finish(file, Stage.FAILED, now, problem=str(refusal.message)[:500])
        return
    except FileNotFoundError:
        _finish(file, Stage.FAILED, now, problem=_("The file is not there any more; bring it again."))
        return
    if checking or (answer.refused and not file.skip_bad):
        _finish(file, Stage.CHECKED, now)
    else:
        _finish(file, Stage.LOADED, now)
    passing("stored")


def _finish(file: FileImport, stage: Stage, now: dt.datetime, *, problem: str = "") -> None:
    file.stage, file.changed_at, file.problem, file.doing = stage, now, problem, ""
    if stage is Stage.LOADED:
        file.loaded_at = now
    file.save(
        update_fields=["stage", "changed_at", "problem", "doing", "answer", "first", "report", "loaded_at"]
    )  # fmt: skip


def _keep_report(file: FileImport, path: Path | None) -> None:
    """The refused rows; an older report is left to the sweep, for this transaction may yet be taken back."""
    file.report = ""
    if path is not None:
        with path.open("rb") as rows:
            file.report.save("", File(rows), save=False)


def _first_rows(file: FileImport, path: Path) -> list[list[object]]:
    """The first rows that are taken: line, then the cells of each column that becomes something."""
    kind = KINDS[file.kind]
    mapping = {name: field for name, field in file.mapping.items() if name}
    table = files.open_table(path, fields=kind.fields, required=kind.required, mapping=mapping)
    errors = file.answer["errors"]
    refused = {error["line"] for error in errors}
    told_up_to = max(refused) if len(refused) < file.answer["refused"] else None
    taken = (
        [line, *(short(cells[place]) if place < len(cells) else "" for place in table.places.values())]
        for line, cells in table.rows()
        if line not in refused and (told_up_to is None or line < told_up_to)
    )
    return [list(table.places), *islice(taken, FIRST_ROWS)]


class _Progress:
    """Tells how many rows were read, twice a second at most."""

    def __init__(self, tell: Callable[..., None], passing: Passing) -> None:
        self.tell, self.passing = tell, passing
        self.doing, self.told_at = "", 0.0

    def __call__(self, doing: str, rows: int) -> None:
        if doing == self.doing and time.monotonic() < self.told_at + TELL_EVERY_S:
            return
        self.doing, self.told_at = doing, time.monotonic()
        self.tell(doing=doing, rows_read=rows)
        self.passing(doing)


@contextmanager
def _beside(pk: int) -> Iterator[Callable[..., None]]:
    """A second connection, which tells of a file while the first is in the transaction of its work."""
    other = connection.copy()

    def tell(**values: object) -> None:
        names: Mapping[str, object] = values
        setting = ", ".join(f"{name} = %s" for name in names)
        with other.cursor() as cursor:
            cursor.execute(
                f"UPDATE memberships_fileimport SET {setting} WHERE id = %s", [*names.values(), pk]
            )  # fmt: skip

    try:
        yield tell
    finally:
        other.close()
