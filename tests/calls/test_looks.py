"""By what a claim is made: the policies of that instant, and what was ready and due at most a second ago."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest

from calls import queue
from calls.models import CallTask, ContactPolicy, TaskStatus
from calls.queue import claiming
from memberships.models import Club, User
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, make_user, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW
SECOND = dt.timedelta(seconds=1)
IN_A_MOMENT, LATER = NOW + 0.4 * SECOND, NOW + 1.1 * SECOND


@dataclass(frozen=True)
class Desk:
    """Claims at an instant, each time another operator."""

    club: Club

    def next(self, now: dt.datetime) -> CallTask | None:
        operator: User = make_user(self.club, "operator", f"operator{User.objects.count()}")
        return queue.next_task(operator=operator, clubs=[self.club.pk], now=now)


@pytest.fixture
def desk() -> Desk:
    """Of a club with five calls, one of which was claimed just now."""
    desk = Desk(make_club())
    for number in range(5):
        make_task(make_member(desk.club, phone=phone(number)))
    assert desk.next(NOW) is not None
    return desk


def better(club: Club, **values: object) -> CallTask:
    """A call that comes before all others."""
    values = {"kind": "no_show", "due_at": NOW} | values
    return make_task(make_member(club, phone=phone(9), timezone=values.pop("timezone", "")), **values)


def test_what_becomes_due_comes_first_a_second_later(desk: Desk) -> None:
    waiting = better(desk.club, status=TaskStatus.WAITING, ready_at=IN_A_MOMENT)
    assert desk.next(IN_A_MOMENT) != waiting
    assert desk.next(LATER) == waiting


def test_a_zone_in_which_something_becomes_ready_is_seen_a_second_later(desk: Desk) -> None:
    elsewhere = better(desk.club, timezone="America/New_York")
    assert desk.next(IN_A_MOMENT) != elsewhere
    assert desk.next(LATER) == elsewhere


def test_what_becomes_ready_in_a_zone_that_was_seen_comes_first_at_once(desk: Desk) -> None:
    here = better(desk.club)
    assert desk.next(IN_A_MOMENT) == here


def test_a_policy_holds_at_once(desk: Desk) -> None:
    ContactPolicy.objects.filter(club=desk.club).update(own_windows=True)  # of which there are none
    assert desk.next(IN_A_MOMENT) is None


@pytest.mark.parametrize(
    "values", [{"status": TaskStatus.WAITING, "ready_at": IN_A_MOMENT}, {"timezone": "America/New_York"}]
)
def test_where_nothing_else_is_left_it_is_found_at_once(desk: Desk, values: dict[str, object]) -> None:
    CallTask.objects.filter(status=TaskStatus.READY).delete()
    only = better(desk.club, **values)
    assert desk.next(IN_A_MOMENT) == only


def test_one_claim_a_second_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def statement(seen: queue.Look, *, young: bool = False) -> str:
        asked.append(not young)
        return queue.claim_of(seen, young=young)

    monkeypatch.setattr(claiming, "claim_of", statement)
    for tenth in (2, 5, 11, 13):
        assert desk.next(NOW + tenth * SECOND / 10) is not None
    assert asked == [False, False, True, False]
