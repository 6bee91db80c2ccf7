"""A worker that is killed half-way: the file goes in once, and only once, with the next one."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from config import clock
from memberships import intake
from memberships.models import Club, FileImport, Member
from tests import days, factories

ROWS = 400
WORKER = """
import contextlib, os, signal, sys, types
import django
from django.conf import settings
name, media, point, guarded = sys.argv[1:]
settings.DATABASES["default"]["NAME"] = name
settings.MEDIA_ROOT = media
django.setup()
from config import clock
from memberships import intake
if guarded == "no":
    intake.working.transaction = types.SimpleNamespace(atomic=contextlib.nullcontext)

def passing(at):
    print(at, flush=True)
    if at == point:
        os.kill(os.getpid(), signal.SIGKILL)

intake.work(clock=clock.now, passing=passing)
"""


@pytest.fixture
def club(transactional_db: None) -> Club:
    return factories.make_club("mf", name="Model Fitness")


def asked_for(club: Club) -> FileImport:
    """A file whose load somebody asked for."""
    rows = "".join(f"A{number},Scott{number}\n" for number in range(ROWS))
    file = intake.receive(
        club=club, kind="members", name="m.csv", content=io.BytesIO(f"external_id,last_name\n{rows}".encode()),
        as_of=days.TODAY, create_plans=False, now=days.NOW, by=factories.make_user(club, "administrator", "anna"),
    )  # fmt: skip
    intake.check(file=file, mapping=file.mapping, now=days.NOW)
    assert intake.work(clock=clock.now) == 1
    file.refresh_from_db()
    intake.load(file=file, skip_bad=False, now=days.NOW)
    return file


def worker(point: str, *, guarded: bool = True) -> subprocess.CompletedProcess[str]:
    """A worker in a process of its own, killed at a point; unguarded: rows and end are not committed together."""
    name = str(connection.settings_dict["NAME"])
    return subprocess.run(
        [sys.executable, "-c", WORKER, name, settings.MEDIA_ROOT, point, "yes" if guarded else "no"],
        cwd=settings.BASE_DIR, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("point", ["storing", "merged", "stored", "committed"])
def test_a_killed_worker_loses_no_row_and_doubles_none(club: Club, point: str) -> None:
    file = asked_for(club)
    killed = worker(point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout.split()[-1] == point
    committed = point == "committed"
    until = time.monotonic() + 20
    while (count := intake.work(clock=clock.now)) != (0 if committed else 1):
        assert time.monotonic() < until, "the lock of the killed worker was never given up"
        time.sleep(0.05)
    assert count == (0 if committed else 1)
    file.refresh_from_db()
    assert (file.stage, file.answer["created"], file.answer["unchanged"]) == ("loaded", ROWS, 0)
    assert file.tries == (1 if committed else 2)
    assert Member.objects.filter(club=club).count() == ROWS
    assert intake.work(clock=clock.now) == 0


def test_without_the_guard_a_killed_worker_has_its_rows_loaded_twice(club: Club) -> None:
    """The negative control of the test above."""
    file = asked_for(club)
    assert worker("merged", guarded=False).returncode == -signal.SIGKILL
    assert Member.objects.filter(club=club).count() == ROWS
    assert intake.work(clock=clock.now) == 1
    file.refresh_from_db()
    assert (file.answer["created"], file.answer["unchanged"]) == (0, ROWS)


def test_only_one_worker_is_on_a_file(club: Club) -> None:
    """The guard that the tests above rely on: while a worker holds the lock, nobody else begins."""
    asked_for(club)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", intake.working.ALONE)
            assert intake.work(clock=clock.now) == 0
            assert not Member.objects.exists()
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert intake.work(clock=clock.now) == 1


def test_a_file_that_breaks_its_worker_every_time_is_given_up_in_words(club: Club) -> None:
    file = asked_for(club)
    FileImport.objects.filter(pk=file.pk).update(tries=intake.working.MOST_TRIES)
    assert intake.work(clock=clock.now) == 1
    file.refresh_from_db()
    assert file.stage == "failed" and "broke off 3 times" in file.problem
    assert not Member.objects.exists()


def test_how_far_it_is_can_be_seen_while_it_works(club: Club) -> None:
    file = asked_for(club)
    seen = []

    def passing(point: str) -> None:
        if point == "storing":
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute("SELECT doing, rows_read, tries FROM memberships_fileimport WHERE id = %s", [file.pk])
                seen.append(cursor.fetchone())
            other.close()

    assert intake.work(clock=clock.now, passing=passing) == 1
    assert seen == [("storing", ROWS, 1)]
