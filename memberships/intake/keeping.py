"""What people do with a file: bring it, confirm its columns, have it loaded, leave it. And what time does to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from memberships.imports import KINDS, UnusableFile
from memberships.intake import looking
from memberships.models import Club, FileImport, Plan, RememberedMapping, User
from memberships.models.files import FOLDER
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.intake import Stage, before
from memberships.rules.sentences import N_, sentence

ORPHAN_AFTER = dt.timedelta(days=1)
LONGEST_NAME = 120


class FormerStage(Conflict):
    """The file went on meanwhile: somebody else pressed first, or a worker is on it."""

    code = "invalid"


class BadMapping(Invalid):
    """Columns were confirmed that make no file of the kind."""


def receive(
    *,
    club: Club,
    kind: str,
    name: str,
    content: BinaryIO,
    as_of: dt.date,
    create_plans: bool,
    now: dt.datetime,
    by: User,
) -> FileImport:
    """Keep a file and look at its columns; nothing of it is loaded. Raises UnusableFile (and keeps nothing)."""
    plain = "".join(sign for sign in PurePath(name).name if sign.isprintable()).strip() or "file"
    suffix = PurePath(plain).suffix[:10]
    row = FileImport(
        club=club,
        kind=kind,
        name=plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - len(suffix)] + suffix,
        as_of=as_of,
        create_plans=create_plans,
        stage=Stage.COLUMNS,
        made_at=now,
        made_by=by,
        changed_at=now,
    )
    row.file.save("", File(content), save=False)
    try:
        row.size = row.file.size
        if not row.size:
            raise UnusableFile(_("The file is empty."))
        with looking.at_hand(row) as path:
            columns = looking.look(path, kind, remembered(club=club, kind=kind))
        row.columns = [[column.name, column.values] for column in columns]
        row.mapping = {column.name: column.field for column in columns}
        row.save()
    except BaseException:
        row.file.delete(save=False)
        raise
    return row


def remembered(*, club: Club, kind: str) -> dict[str, str]:
    """The field by column that the club confirmed last for files of this kind."""
    found = RememberedMapping.objects.filter(club=club, kind=kind).order_by("pk").first()
    return found.mapping if found else {}


def check(*, file: FileImport, mapping: Mapping[str, str], now: dt.datetime, create_plans: bool | None = None) -> None:
    """Have a worker check the file with these columns, and remember them. ``create_plans``: None leaves it as it was.

    Raises BadMapping, FormerStage.
    """
    _check_mapping(file, mapping)
    with transaction.atomic():
        make = file.create_plans if create_plans is None else create_plans
        _move(file, Stage.CHECK, now=now, mapping=dict(mapping), create_plans=make, answer={}, first=[])
        known = remembered(club=file.club, kind=file.kind) | {name: field for name, field in mapping.items() if name}
        RememberedMapping.objects.update_or_create(club=file.club, kind=file.kind, defaults={"mapping": known})


def plans_meant(*, club: Club, kind: str) -> dict[str, str]:
    """The codes of the plans that the club's files of a kind mean, by the names that they give them."""
    found = RememberedMapping.objects.filter(club=club, kind=kind).order_by("pk").first()
    return (found.plans or {}) if found else {}


def unknown_plans(file: FileImport) -> list[str]:
    """The names in a checked file that mean no plan of the club, as far as its first refused rows name them."""
    errors = file.answer.get("errors", ()) if file.stage == Stage.CHECKED else ()
    columns = {name.strip() for name, field in file.mapping.items() if field == "plan"}
    return sorted({str(error["value"]) for error in errors if error["column"].strip() in columns and error["value"]})


def mean_plans(*, file: FileImport, chosen: Mapping[str, str], now: dt.datetime) -> None:
    """Say which plans (by code) the names of a checked file mean, remember it for the club, and have it checked again.

    Raises BadMapping, FormerStage.
    """
    known = set(Plan.objects.filter(club=file.club, code__in=chosen.values()).values_list("code", flat=True))
    if not chosen or set(chosen.values()) - known:
        raise BadMapping(sentence(N_("Choose a plan of the club.")))
    with transaction.atomic():
        _move(file, Stage.CHECK, now=now, answer={}, first=[])
        plans = plans_meant(club=file.club, kind=file.kind) | dict(chosen)
        RememberedMapping.objects.update_or_create(club=file.club, kind=file.kind, defaults={"plans": plans})


def _check_mapping(file: FileImport, mapping: Mapping[str, str]) -> None:
    made = KINDS[file.kind]
    holders: dict[str, str] = {}
    for name, field in mapping.items():
        if not field:
            continue
        if field not in made.fields or name not in file.mapping:
            raise BadMapping(sentence(N_("“%(name)s” cannot become %(field)s."), name=name, field=field))
        if field in holders:
            both = {"first": holders[field], "second": name, "field": field}
            refusal = sentence(N_("The columns “%(first)s” and “%(second)s” both become %(field)s."), **both)
            raise BadMapping(refusal, fields={name: [refusal]})
        holders[field] = name
    missing = [field for field in made.required if field not in holders]
    if missing:
        raise BadMapping(
            sentence(N_("No column becomes %(fields)s, which the file cannot be without."), fields=", ".join(missing))
        )


def load(*, file: FileImport, skip_bad: bool, now: dt.datetime) -> None:
    """Have a worker load a checked file; without ``skip_bad`` one refused row means that nothing is stored.

    Raises FormerStage.
    """
    if file.answer.get("refused") and not skip_bad:
        raise Invalid(
            sentence(N_("Rows are refused: mend them, or leave them out.")),
            fields={"skip_bad": [sentence(N_("Rows are refused: mend them, or leave them out."))]},
        )
    _move(file, Stage.LOAD, now=now, skip_bad=skip_bad)


def leave(*, file: FileImport, now: dt.datetime) -> None:
    """Give a file up that was not loaded; it is removed at once. Raises FormerStage."""
    with transaction.atomic():
        _move(file, Stage.REMOVED, now=now)
        _remove_words(file)


def _move(file: FileImport, stage: Stage, *, now: dt.datetime, **values: object) -> None:
    """One conditional update: of two who press at once, one is told that the file went on."""
    fresh = {"doing": "", "rows_read": 0, "tries": 0, "problem": ""}
    moved = FileImport.objects.filter(pk=file.pk, stage__in=before(stage)).update(
        stage=stage, changed_at=now, **fresh, **values
    )
    if not moved:
        raise FormerStage(sentence(N_("This file went on meanwhile; look where it is now.")))
    file.refresh_from_db()


def report_of(file: FileImport) -> str:
    """The name under which the refused rows are handed out."""
    return f"{PurePath(file.name).stem or 'rows'}-refused.csv"


# ---- what time does --------------------------------------------------------------------------------------


def forget_old(*, now: dt.datetime) -> int:
    """Remove files, reports and all words of them that were last touched longer ago than files are kept.

    Counts stay, and who brought the file and when. Files that no row knows (a process died between) go too.
    """
    kept = dt.timedelta(days=settings.IMPORT_FILE_DAYS)
    return _forget(_with_words().filter(changed_at__lte=now - kept)) + _remove_orphans(now)


def forget_all(*, club: Club) -> int:
    """Remove all words of the club's files that nobody works on: a member who is erased may stand in any of them."""
    return _forget(_with_words().filter(club=club))


def _with_words() -> QuerySet[FileImport]:
    return FileImport.objects.exclude(file="", report="", columns=[], first=[]).exclude(stage__in=_working())


def _forget(files: QuerySet[FileImport]) -> int:
    rows = list(files.order_by("pk"))
    for row in rows:
        with transaction.atomic():
            FileImport.objects.filter(pk=row.pk, stage__in=before(Stage.REMOVED)).update(stage=Stage.REMOVED)
            _remove_words(row)
    return len(rows)


def _working() -> list[str]:
    return [Stage.CHECK.value, Stage.LOAD.value]


def _remove_words(row: FileImport) -> None:
    """The stored files go once it is certain that the row no longer names them."""
    row.refresh_from_db()
    for name in (row.file.name, row.report.name):
        if name:
            transaction.on_commit(partial(default_storage.delete, name))
    row.file = row.report = ""
    row.columns, row.mapping, row.first = [], {}, []
    row.answer = {name: value for name, value in row.answer.items() if name not in ("errors", "warnings")}
    row.save(update_fields=["file", "report", "columns", "mapping", "first", "answer"])


def _remove_orphans(now: dt.datetime) -> int:
    if not default_storage.exists(FOLDER):
        return 0
    count = 0
    for name in default_storage.listdir(FOLDER)[1]:
        stored = f"{FOLDER}/{name}"
        if default_storage.get_modified_time(stored) > now - ORPHAN_AFTER:
            continue
        if FileImport.objects.filter(file=stored).exists() or FileImport.objects.filter(report=stored).exists():
            continue
        default_storage.delete(stored)
        count += 1
    return count
