"""``make soak`` itself, short: servers of its own that fall, the table, the file, the exit code; what it can see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from calls.models import CallTask, TaskStatus
from config import embedded
from memberships.models import Membership
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_member, make_membership, make_user
from tests.reliability import invariants
from tests.reliability.checks import Check, Found, judge

BASE_DIR = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="ringback-soak-"))
    top.chmod(0o755)
    yield top
    if (top / "soak").exists():
        embedded.ensure(top / "soak")
        embedded.release(top / "soak")
    shutil.rmtree(top)


def soak(folder: Path, **env: str) -> tuple[subprocess.CompletedProcess[str], dict[str, object]]:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak"],
        cwd=BASE_DIR,
        env=clean | {"RINGBACK_VAR": str(folder), "SHORT": "1"} | env,
        capture_output=True,
        text=True,
    )
    written = folder / "soak.json"
    return done, json.loads(written.read_text()) if written.exists() else {}


@pytest.mark.slow
def test_the_system_outlives_what_falls_and_the_table_says_so(folder: Path) -> None:
    for _try in range(3):  # the control is a race: in so short a run it need not break the first time
        done, told = soak(folder, ONLY="outages")
        checks = told["checks"]
        assert isinstance(checks, list)
        assert [check["first_breaches"] for check in checks] == [[]] * 2, done.stdout + done.stderr
        if told["passed"]:
            break

    assert done.returncode == 0, done.stdout + done.stderr
    assert told["passed"] is True
    assert [check["passed"] for check in checks] == [True] * 2
    assert all(check["times"] > 20 for check in checks)
    assert all(word in done.stdout for word in ("Redis", "PostgreSQL", "held"))


@pytest.mark.parametrize(("env", "said"), [({"MINUTES": "soon"}, "MINUTES=soon"), ({"ONLY": "luck"}, "ONLY=luck")])
def test_a_length_that_is_none_is_named(folder: Path, env: dict[str, str], said: str) -> None:
    done, _told = soak(folder, **env)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_check_passes_when_it_holds_and_its_control_breaks() -> None:
    def held() -> Found:
        return Found(times=3)

    def broke() -> Found:
        return Found(times=3, breaches=["it broke"])

    assert judge(Check("a", "b", held, broke)).passed
    assert judge(Check("a", "b", held)).passed
    assert not judge(Check("a", "b", broke, broke)).passed
    assert not judge(Check("a", "b", held, held)).passed, "a control that holds shows that nothing is seen"


@pytest.mark.django_db
def test_invariants_see_what_is_broken() -> None:
    club = make_club()
    olga, member = make_user(club), make_member(club)
    term = make_membership(member, starts_on=days.day("2026-01-01"))
    make_attempt(member, "2026-10-01T12:00", "callback", made={"callback": 987_654})
    assert invariants.broken() == ["a promised callback has no call: " + str(member.attempts.get().pk)]
    task = make_task(member, attempts=2)
    Membership.objects.filter(pk=term.pk).update(frozen_days=3)
    CallTask.objects.filter(pk=task.pk).update(status=TaskStatus.DONE, holder=olga)
    sentences = {sentence.partition(":")[0] for sentence in invariants.broken()}
    assert {
        "a call counts other attempts than were made",
        "a call that nobody rings has a holder",
        "a call is done that nobody rang and nothing closed",
        f"membership {term.pk} stores other days than it has",
    } <= sentences
