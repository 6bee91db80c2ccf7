"""Writes all files of a club, row by row: a club of any size goes out in the same memory.

1. Members and memberships without a number of an old program get one, which they keep: by it their rows are found
   again, in this club and in any other.
2. All files are read from one snapshot of the database, and each is streamed from a cursor.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from memberships import holding
from memberships.models import Club
from memberships.rules import money
from memberships.rules.errors import Invalid

CHUNK = 10_000
NUMBERED = ("memberships_member", "memberships_membership")


class UnusableFolder(Invalid):
    """The files cannot be written there; nothing was."""

    field = "folder"


@dataclass(frozen=True)
class Snapshot:
    """The club at one instant. ``as_of``: its day, with which the files are to be loaded."""

    club: Club
    as_of: dt.date

    def rows(self, query: str, **values: object) -> Iterator[tuple]:
        """What a query answers, row by row; ``club`` and ``as_of`` may be named in it. For one query at a time."""
        with connection.cursor() as cursor:
            known = {"club": self.club.pk, "as_of": self.as_of} | values
            cursor.execute(f"DECLARE export_rows NO SCROLL CURSOR FOR {query}", known)
            while stretch := self._fetch(cursor):
                yield from stretch
            cursor.execute("CLOSE export_rows")

    @staticmethod
    def _fetch(cursor: object) -> list[tuple]:
        cursor.execute(f"FETCH {CHUNK} FROM export_rows")  # type: ignore[attr-defined]
        return cursor.fetchall()  # type: ignore[attr-defined]

    def amount(self, value: Decimal) -> str:
        """Money with the decimals of the club's currency."""
        return f"{money.round_half_up(value, self.club.currency):f}"


@dataclass(frozen=True)
class File:
    """A kind of file: its columns (those that its import reads), and its rows in an order that a load keeps."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[Snapshot], Iterator[Sequence[object]]]


FILES: list[File] = []
"""In the order in which they are loaded; an upper room adds its own in ``apps.py``."""


def write(
    *, club: Club, to: Path, now: dt.datetime, progress: Callable[[str, int], None] = lambda name, rows: None
) -> dict[str, int]:
    """Write the files of a club into a new or empty folder, as UTF-8 CSV. Answers how many rows each has.

    ``progress`` is told of each file that is done. Cells are as they are stored: the files are for loading, not for a
    spreadsheet. Raises UnusableFolder.
    """
    _prepare(to)
    _number(club)
    counts = {}
    with transaction.atomic():
        if len(connection.savepoint_ids) == 0:  # inside a larger transaction its own snapshot must do
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with _whole_tables():
            snapshot = Snapshot(club, now.astimezone(club.zone).date())
            for file in FILES:
                counts[file.name] = _write(to / f"{file.name}.csv", file, snapshot)
                progress(file.name, counts[file.name])
    return counts


@contextlib.contextmanager
def _whole_tables() -> Iterator[None]:
    """Every row of a club is read: right after a large load, when PostgreSQL still takes its tables for small, it would
    look the rows of one table up one by one in another."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = on")


def table(file: File, club: Club, as_of: dt.date) -> list[Sequence[object]]:
    """The rows of a small file, all at once."""
    with transaction.atomic():
        return list(file.rows(Snapshot(club, as_of)))


def _prepare(folder: Path) -> None:
    named = {"folder": folder}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UnusableFolder(
                _("%(folder)s is not empty; name a new folder, nothing is written over another club.") % named
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, os.strerror(13))
    except OSError as error:
        raise UnusableFolder(
            _("%(folder)s cannot be written to: %(why)s.") % {**named, "why": error.strerror}
        ) from None


def _write(path: Path, file: File, snapshot: Snapshot) -> int:
    count = 0
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(file.columns)
        for row in file.rows(snapshot):
            writer.writerow(row)
            count += 1
    return count


def _number(club: Club) -> None:
    """Give members and memberships that came without a number one that no other has: ``rb-`` and their id."""
    with holding.operation(by=None, numbered=club.slug), connection.cursor() as cursor:
        for table in NUMBERED:
            mine = f"SELECT id FROM {table} WHERE club_id = %(club)s AND external_id IS NULL"
            cursor.execute(f"SELECT EXISTS ({mine})", {"club": club.pk})
            if not cursor.fetchone()[0]:
                continue
            for number in itertools.count(1):
                named = {"club": club.pk, "prefix": f"rb{number if number > 1 else ''}-"}
                taken = f"SELECT %(prefix)s || id FROM ({mine}) m"
                cursor.execute(
                    f"SELECT EXISTS (SELECT FROM {table} WHERE club_id = %(club)s AND external_id IN ({taken}))", named
                )
                if not cursor.fetchone()[0]:
                    break
            cursor.execute(
                f"UPDATE {table} SET external_id = %(prefix)s || id WHERE club_id = %(club)s AND external_id IS NULL",
                named,
            )


def yes_or_no(value: bool | None) -> str:
    """A mark as a cell; unknown is empty."""
    return "" if value is None else "yes" if value else "no"
