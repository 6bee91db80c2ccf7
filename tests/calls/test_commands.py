"""plan_calls and explain, as a person and as a program sees them; what the workers do."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from calls import tasks
from calls.models import CallTask, PlanRun, TaskStatus
from memberships.models import Club
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, make_membership

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(set_clock: Callable[[dt.datetime], None]) -> None:
    set_clock(days.NOW)


@pytest.fixture
def club() -> Club:
    return make_club("mf")


def run(*command: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*command, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_plan_calls_says_what_it_made_and_left_out(club: Club) -> None:
    make_membership(make_member(club), starts_on=days.day("2025-12-01"))
    make_membership(make_member(club, phone=""), starts_on=days.day("2025-12-01"))
    out, err = run("plan_calls", "--club", "mf", "--json")
    told = json.loads(out)
    assert (told["created"], told["raised"], told["lapsed"]) == ({"renewal": 1}, 0, {})
    assert told["left_out"] == {"no_phone": 1}
    assert "renewal 1" in err and "no_phone 1" in err


def test_a_dry_run_for_another_day_stores_nothing(club: Club) -> None:
    member = make_member(club)
    make_membership(member, starts_on=days.day("2025-12-25"))
    unknown = make_member(club, phone="")
    make_membership(unknown, starts_on=days.day("2025-12-25"))
    out, err = run("plan_calls", "--on", "2026-12-01", "--dry-run", "--json")
    told = json.loads(out)["mf"]
    assert (told["created"], told["left_out"]) == ({"renewal": 1}, {"no_phone": 1})
    assert told["members"]["created"] == {"renewal": [member.pk]}
    assert told["members"]["left_out"] == {"no_phone": [unknown.pk]}
    assert f"e.g. renewal: member {member.pk}, Membership ends on 24 December." in err
    assert not CallTask.objects.exists()


@pytest.mark.parametrize("arguments", [["--on", "31.02.2026"], ["--club", "nowhere"]])
def test_what_cannot_be_planned_is_said(club: Club, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("plan_calls", *arguments)


def test_explain_says_status_tasks_and_policy_by_kind(club: Club) -> None:
    member = make_member(club, external_id="MF7")
    membership = make_membership(member, starts_on=days.day("2025-12-01"))
    make_task(member, "renewal", membership=membership, reason="Membership ends on 30 November.")
    out, _err = run("explain", "MF7", "--club", "mf", "--json")
    told = json.loads(out)
    assert (told["member"], told["status"], told["membership"]) == (member.pk, "active", membership.pk)
    assert told["tasks"][0]["reason"] == "Membership ends on 30 November."
    assert told["kinds"]["renewal"] == {"allowed": True, "blocks": []}
    out, _err = run("explain", str(member.pk), "--club", "mf", "--at", "2026-11-12T23:00:00-06:00", "--json")
    (block,) = json.loads(out)["kinds"]["care"]["blocks"]
    assert block == {
        "code": "outside_hours",
        "detail": "23:00 for the member; calls on Friday from 10:00.",
        "until": "2026-11-13T10:00:00-06:00",
    }
    _out, err = run("explain", "MF7", "--club", "mf")
    assert "renewal: may be rung" in err


@pytest.mark.parametrize(
    "arguments", [["MF8", "--club", "mf"], ["1", "--club", "x"], ["1", "--club", "mf", "--at", "?"]]
)
def test_what_cannot_be_explained_is_said(club: Club, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("explain", *arguments)


def test_the_minutes_sweep_wakes_what_is_due(club: Club) -> None:
    task = make_task(make_member(club), status=TaskStatus.WAITING, ready_at=days.NOW, waits_for="busy")
    assert tasks.sweep_queue() == {"woken": 1, "expired": 0}
    task.refresh_from_db()
    assert task.status == TaskStatus.READY


def test_the_nightly_plan_runs_once_a_day_for_each_club(club: Club) -> None:
    assert tasks.plan_due_clubs() == ["mf"]
    assert tasks.plan_due_clubs() == []
    assert PlanRun.objects.get().on == days.TODAY
