"""What is walked through with kill -9: the desk's claim, dial, outcomes and undo, the planner, sweeps, sales, files."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.test import Client

from calls import outcomes, planning, queue, tasks
from calls.models import CallTask, Meeting, TaskStatus
from calls.outcomes import Said
from config import authentication
from memberships import imports, quotes
from memberships.models import Club, Employee, Freeze, Member, Membership, Plan, Quote, User
from tests import days, factories
from tests.calls.factories import make_task
from tests.days import day
from tests.reliability.killing import Story

_numbers = itertools.count(1)
NOW = days.NOW


@dataclass
class Made:
    """A club of one piece of work: two operators, an administrator who is host, a household of two, somebody else."""

    club: Club
    operator: User
    colleague: User
    administrator: User
    host: Employee
    plan: Plan
    member: Member
    mate: Member
    membership: Membership
    tasks: dict[str, CallTask] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def post(self, by: User, path: str, body: dict[str, object] | None = None) -> None:
        """Through the door of the API, under one key however often it is sent. Raises AssertionError."""
        token = authentication.issue(by, now=NOW) if by.pk not in self.more else self.more[by.pk]
        self.more[by.pk] = token
        answer = Client(raise_request_exception=False).post(
            f"/api/v1/{path}", json.dumps(body or {}), content_type="application/json",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "once"},
        )  # fmt: skip
        assert 200 <= answer.status_code < 300, f"{path}: {answer.status_code} {answer.content[:300]!r}"


def make() -> Made:
    club = factories.make_club(f"kill-{next(_numbers)}", name="Killed")
    people = {}
    for name, role in (("Olga", "operator"), ("Nadia", "operator"), ("Anna", "administrator")):
        people[name] = factories.make_employee(club, role, f"{name}-{club.slug}", name=name, password="")
    plan = factories.make_plan(club, "M12")
    member = factories.make_member(club, last_name="Scott", phone=factories.phone(1))
    mate = factories.make_member(club, last_name="Scott", first_name="Ilya", phone=factories.phone(1))
    term = factories.make_membership(member, plan, starts_on=day("2025-12-01"), sold_on=day("2025-11-20"))
    factories.make_membership(mate, plan, starts_on=day("2025-12-05"))
    made = Made(
        club, *(people[name].user for name in ("Olga", "Nadia", "Anna")), people["Anna"], plan, member, mate, term
    )  # type: ignore[arg-type]
    for user in (made.operator, made.administrator):
        made.more[user.pk] = authentication.issue(user, now=NOW)
    return made


def with_calls() -> Made:
    """A renewal in the queue, the household's other one, and another call of the same member."""
    made = make()
    made.tasks = {
        "renewal": make_task(made.member, "renewal", membership=made.membership),
        "mate": make_task(made.mate, "at_risk", score=0.5),
        "birthday": make_task(made.member, "birthday"),
    }
    return made


def held() -> Made:
    made = with_calls()
    task = queue.next_task(operator=made.operator, clubs=[made.club.pk], now=NOW)
    assert task == made.tasks["renewal"]
    return made


# --- the desk


def _lapsed_lease() -> Made:
    """The only call is in the hands of somebody whose lease is over; another one is about to wake."""
    made = with_calls()
    CallTask.objects.filter(pk=made.tasks["renewal"].pk).update(
        status=TaskStatus.LEASED, holder=made.colleague, lease_until=NOW - dt.timedelta(minutes=1)
    )
    CallTask.objects.filter(pk=made.tasks["mate"].pk).update(
        status=TaskStatus.WAITING, ready_at=NOW - dt.timedelta(minutes=1), waits_for="retry"
    )
    return made


def _outcome(body: dict[str, object]) -> Any:
    return lambda made: made.post(made.operator, f"calls/tasks/{made.tasks['renewal'].pk}/outcome", body)


def _booked(made: Made) -> None:
    body = {
        "outcome": "booked", "attends": "yes", "meeting": {"host": made.host.pk, "starts_at": "2026-11-13T17:00-06:00"},
        "also": [{"member": made.mate.pk, "task": made.tasks["mate"].pk, "outcome": "thinking", "attends": "no",
                  "absence_reason": "no_time"}],
    }  # fmt: skip
    _outcome(body)(made)


def _undo_ready() -> Made:
    made = held()
    said = Said(
        outcome="booked", attends="yes", meeting=outcomes.Booking(host=made.host, starts_at=days.at("2026-11-13T17:00"))
    )
    outcomes.record(task=made.tasks["renewal"], operator=made.operator, said=said, now=NOW)
    return made


def _attended() -> Made:
    made = make()
    offer = quotes.make(member=made.member, plan=made.plan, now=NOW, by=made.administrator)
    made.more["meeting"] = Meeting.objects.create(
        club=made.club, member=made.member, host=made.host, purpose="renewal", starts_at=NOW - dt.timedelta(hours=1),
        ends_at=NOW - dt.timedelta(minutes=30), status="attended", booked_at=NOW - days.DAY,
        calendar_uid=f"00000000-0000-0000-0000-{next(_numbers):012d}",
    )  # fmt: skip
    made.more["quote"] = offer
    return made


def _close(made: Made) -> None:
    quote: Quote = made.more["quote"]
    path = f"meetings/{made.more['meeting'].pk}/close"
    made.post(made.administrator, path, {"result": "renewed", "quote": quote.pk})


# --- planner and sweeps


def _planned(made: Made) -> None:
    """What the scheduler starts every few minutes, for this club alone."""
    if made.club in planning.due(now=NOW):
        planning.plan_if_due(club=made.club, now=NOW)


# --- sales and files


def _newcomer() -> Made:
    made = make()
    made.member = factories.make_member(made.club, last_name="Newman", phone=factories.phone(3))
    return made


def _followed() -> Made:
    """A renewal is sold that follows the membership about to be frozen."""
    made = make()
    made.post(made.administrator, "memberships", {"member": made.member.pk, "plan": "M12"})
    made.more[made.administrator.pk] = authentication.issue(made.administrator, now=NOW)
    return made


def _froze() -> Made:
    made = _followed()
    made.more["freeze"] = factories.make_freeze(
        factories.make_membership(made.mate, made.plan, starts_on=day("2027-01-01")), day("2027-02-01"),
        day("2027-02-20"), planned_ends_on=day("2027-02-20"),
    )  # fmt: skip
    return made


def _end_freeze(made: Made) -> None:
    freeze: Freeze = made.more["freeze"]
    made.post(made.administrator, f"freezes/{freeze.pk}/end", {"returned_on": "2027-02-10"})


def _file() -> Made:
    made = make()
    lines = [f"A{number},Scott,Pamela,+1319555{100 + number:04d}" for number in range(40)]
    with tempfile.NamedTemporaryFile("w", suffix=".csv", prefix="ringback-kill-", delete=False) as file:
        file.write("\n".join(["external_id,last_name,first_name,phone", *lines]))
    made.more["file"] = Path(file.name)
    return made


def _load(made: Made) -> None:
    path: Path = made.more["file"]
    imports.run(club=made.club, kind="members", path=path, now=NOW)


STORIES = (
    Story("claim", with_calls, lambda made: made.post(made.operator, "calls/next", {"club": made.club.slug})),
    Story(
        "dial", held, lambda made: made.post(made.operator, f"calls/tasks/{made.tasks['renewal'].pk}/dial"),
        answered_after=True,
    ),
    Story("outcome booked, for two on the number", held, _booked),
    Story("outcome callback", held, _outcome({"outcome": "callback", "callback_at": "2026-11-13T12:00-06:00"})),
    Story("outcome do not call", held, _outcome({"outcome": "do_not_call", "complaint": "Too many calls"})),
    Story("outcome refused", held, _outcome({"outcome": "refused", "reason": "moved", "attends": "no"})),
    Story("outcome no answer", held, _outcome({"outcome": "no_answer"})),
    Story("undo", _undo_ready, lambda m: m.post(m.operator, f"calls/tasks/{m.tasks['renewal'].pk}/undo")),
    Story("release", held, lambda m: m.post(m.operator, f"calls/tasks/{m.tasks['renewal'].pk}/release", {"why": "x"})),
    Story("planner", make, _planned),
    Story("meeting closed as renewed", _attended, _close),
    Story("sale", _newcomer, lambda m: m.post(m.administrator, "memberships", {"member": m.member.pk, "plan": "M12"})),
    Story("freeze that moves a renewal", _followed, lambda m: m.post(
        m.administrator, f"memberships/{m.membership.pk}/freezes",
        {"starts_on": "2026-11-13", "ends_on": "2026-11-25"})),
    Story("freeze ended early", _froze, _end_freeze),
    Story("file of members", _file, _load),
)  # fmt: skip

SWEEP = Story("sweep", _lapsed_lease, lambda _made: tasks.sweep_queue())
"""Its two statements stand for themselves: a kill between them leaves one done, and the next minute does the other."""
