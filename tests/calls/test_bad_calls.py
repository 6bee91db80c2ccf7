"""Each refusal of CONTRACT.md that belongs to calls, provoked through both doors: the desk's page and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls import meetings, outcomes, queue
from calls.models import CallAttempt, CallTask, Meeting
from calls.outcomes import Said
from memberships.models import Club, Employee, User
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_employee, make_member, make_user, phone
from tests.memberships.api.client import Api

pytestmark = pytest.mark.django_db

NOW = days.NOW + dt.timedelta(hours=1)
SLOT = days.at("2026-11-12T17:00")


@dataclass
class Desk:
    """A club in which Olga holds a callback, and a host may be booked."""

    club: Club
    olga: User
    host: Employee
    task: CallTask
    move_clock: Callable[[dt.datetime], None]

    def say(self, outcome: str, now: dt.datetime = NOW, **said: object) -> None:
        outcomes.record(task=self.task, operator=self.olga, said=Said(outcome=outcome, **said), now=now)

    def book(self, **whom: object) -> None:
        member = make_member(self.club, phone=phone(9)) if not whom else self.task.member
        starts_at = whom.get("starts_at", SLOT)
        meetings.book(club=self.club, member=member, host=self.host, starts_at=starts_at, by=None, now=NOW)


@pytest.fixture
def desk(set_clock: Callable[[dt.datetime], None]) -> Desk:
    set_clock(NOW)
    club = make_club()
    olga, host = make_user(club, "operator", "olga"), make_employee(club, "administrator", "anna")
    make_task(make_member(club), "callback", due_at=NOW - dt.timedelta(minutes=5))
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert task is not None
    return Desk(club, olga, host, task, set_clock)


@dataclass
class Bad:
    """What happened before, what is sent, and how it is refused."""

    status: int
    sent: dict[str, Any] = field(default_factory=dict)
    action: str = "outcome"
    before: Callable[[Desk], object] = lambda desk: None
    at_field: str = ""


def taken_over(desk: Desk) -> None:
    queue.release(task=desk.task, operator=desk.olga, why="no", now=NOW)
    nadia = make_user(desk.club, "operator", "nadia")
    assert queue.next_task(operator=nadia, clubs=[desk.club.pk], now=NOW) == desk.task


def too_late(desk: Desk) -> None:
    desk.say("thinking")
    desk.move_clock(NOW + dt.timedelta(minutes=6))


def forbidden(desk: Desk) -> None:
    desk.task.member.do_not_call_since = NOW
    desk.task.member.save()


def slot(text: str) -> dict[str, Any]:
    return {"outcome": "booked", "slot": days.at(text)}


BAD: dict[str, Bad] = {
    "reason_required": Bad(422, {"outcome": "refused"}, at_field="reason"),
    "reason_unknown": Bad(422, {"outcome": "refused", "reason": "weather"}, at_field="reason"),
    "note_required": Bad(422, {"outcome": "refused", "reason": "staff"}, at_field="note"),
    "callback_in_past": Bad(422, {"outcome": "callback", "at": days.at("2026-11-12T10:59")}, at_field="callback_at"),
    "callback_out_of_hours": Bad(
        422, {"outcome": "callback", "at": days.at("2026-11-13T21:00")}, at_field="callback_at"
    ),
    "outside_club_hours": Bad(422, slot("2026-11-13T06:30"), at_field="starts_at"),
    "slot_taken": Bad(409, slot("2026-11-12T17:00"), before=lambda desk: desk.book()),
    "member_has_meeting": Bad(
        409, slot("2026-11-12T17:00"), before=lambda desk: desk.book(starts_at=days.at("2026-11-13T12:00"))
    ),
    "not_yours": Bad(409, {"outcome": "thinking"}, before=taken_over),
    "already_recorded": Bad(409, {"outcome": "do_not_call"}, before=lambda desk: desk.say("thinking")),
    "undo_too_late": Bad(409, action="undo", before=too_late),
    "blocked": Bad(409, action="dial", before=forbidden),
}


def by_web(desk: Desk, bad: Bad) -> tuple[int, str]:
    client = Client()
    client.force_login(desk.olga)
    sent = dict(bad.sent)
    if "slot" in sent:
        sent["slot"] = f"{desk.host.pk}|{sent['slot'].isoformat()}"
    if "at" in sent:
        sent["callback_at"] = f"{sent.pop('at'):%Y-%m-%dT%H:%M}"
    address = reverse(f"desk_{bad.action}", args=[desk.task.pk])
    answer = client.post(address, sent, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def by_api(desk: Desk, bad: Bad) -> Any:
    sent = dict(bad.sent)
    if "slot" in sent:
        sent["meeting"] = {"host": desk.host.pk, "starts_at": sent.pop("slot").isoformat()}
    if "at" in sent:
        sent["callback_at"] = sent.pop("at").isoformat()
    return Api(desk.olga).post(f"calls/tasks/{desk.task.pk}/{bad.action}", sent)


def stored() -> tuple[object, ...]:
    return (
        list(CallAttempt.objects.order_by("pk").values_list("pk", "outcome", "note", "undone")),
        list(Meeting.objects.order_by("pk").values_list("pk", "status")),
        list(CallTask.objects.filter(kind="callback").order_by("pk").values_list("pk", "attempts")),
    )


@pytest.mark.parametrize("code", BAD)
def test_what_cannot_be_is_refused_alike_by_page_and_api_and_changes_nothing(desk: Desk, code: str) -> None:
    bad = BAD[code]
    bad.before(desk)
    before = stored()

    status, page = by_web(desk, bad)
    answer = by_api(desk, bad)

    assert (status, answer.status, answer.code) == (bad.status, bad.status, code)
    assert answer.body["detail"] in page.replace("&#x27;", "'").replace("&#39;", "'"), "both say the same sentence"
    if bad.at_field:
        assert any(bad.at_field in name for name in answer.fields)
    assert stored() == before


def test_the_table_holds_every_code_of_calls_that_the_contract_names() -> None:
    named = {
        "reason_required", "reason_unknown", "note_required", "callback_in_past", "callback_out_of_hours",
        "outside_club_hours", "slot_taken", "member_has_meeting", "not_yours", "already_recorded", "undo_too_late",
        "blocked",
    }  # fmt: skip
    assert set(BAD) == named
