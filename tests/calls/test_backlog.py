"""The empty queue says why, and when the next call may be made."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import backlog, queue
from calls.models import TaskStatus
from memberships.models import Club
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, make_user, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def club() -> Club:
    return make_club()


def test_nothing_to_do_is_nothing(club: Club) -> None:
    assert backlog.of(clubs=[club.pk], now=NOW) == backlog.Backlog()


def test_what_is_ready_leased_and_waiting_is_counted_by_code(club: Club) -> None:
    people = [make_member(club, phone=phone(number)) for number in range(5)]
    make_task(people[0])
    make_task(people[1])
    for member, code, hours in ((people[2], "contact_cap", 2), (people[3], "contact_cap", 3), (people[4], "busy", 1)):
        make_task(member, status=TaskStatus.WAITING, ready_at=NOW + hours * HOUR, waits_for=code)
    olga = make_user(club, "operator", "olga")
    assert queue.next_task(operator=olga, clubs=[club.pk], now=NOW) is not None
    told = backlog.of(clubs=[club.pk], now=NOW)
    assert (told.ready, told.leased, told.next_at) == (1, 1, None)
    assert told.waiting == {"contact_cap": 2, "busy": 1}
    assert backlog.of(clubs=[club.pk], now=NOW, operator=olga).leased == 0


def test_no_more_are_counted_than_are_asked_for(club: Club) -> None:
    for number in range(3):
        make_task(make_member(club, phone=phone(number)))
    told = {most: backlog.of(clubs=[club.pk], now=NOW, most=most) for most in (2, 3)}
    assert {most: (one.ready, one.more) for most, one in told.items()} == {2: (2, True), 3: (3, False)}


def test_another_member_on_a_number_that_a_colleague_holds_counts_as_held(club: Club) -> None:
    for name in ("Adams", "Brown"):
        make_task(make_member(club, last_name=name))
    olga, oscar = (make_user(club, "operator", name) for name in ("olga", "oscar"))
    assert queue.next_task(operator=olga, clubs=[club.pk], now=NOW) is not None
    assert queue.next_task(operator=oscar, clubs=[club.pk], now=NOW) is None
    told = backlog.of(clubs=[club.pk], now=NOW, operator=oscar)
    assert (told.ready, told.leased) == (0, 2)
    assert backlog.of(clubs=[club.pk], now=NOW, operator=olga).ready == 1


def test_what_one_skipped_waits_for_its_pause_and_is_ready_for_others(club: Club) -> None:
    make_task(make_member(club))
    olga, oscar = (make_user(club, "operator", name) for name in ("olga", "oscar"))
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    assert task is not None
    queue.release(task=task, operator=olga, why="noise", now=NOW)
    told = backlog.of(clubs=[club.pk], now=NOW, operator=olga)
    assert (told.ready, told.waiting, told.next_at) == (0, {"skipped": 1}, NOW + HOUR)
    assert backlog.of(clubs=[club.pk], now=NOW, operator=oscar).ready == 1
    assert backlog.of(clubs=[club.pk], now=NOW + HOUR, operator=olga).ready == 1


def test_what_a_colleague_promised_is_theirs_first(club: Club) -> None:
    olga, oscar = (make_user(club, "operator", name) for name in ("olga", "oscar"))
    until = NOW + HOUR / 4
    make_task(make_member(club), "callback", due_at=NOW, promised_to=olga, promised_until=until)
    told = backlog.of(clubs=[club.pk], now=NOW, operator=oscar)
    assert (told.ready, told.waiting, told.next_at) == (0, {"anothers": 1}, until)
    assert queue.next_task(operator=oscar, clubs=[club.pk], now=NOW) is None
    assert backlog.of(clubs=[club.pk], now=NOW, operator=olga).ready == 1
    assert backlog.of(clubs=[club.pk], now=until, operator=oscar).ready == 1


def test_a_closed_zone_waits_for_its_hours(club: Club) -> None:
    make_task(make_member(club))
    make_task(make_member(club, timezone="America/Los_Angeles", phone=phone(2)))
    night = days.at("2026-11-12T09:30")
    told = backlog.of(clubs=[club.pk], now=night)
    assert (told.ready, told.waiting) == (0, {"outside_hours": 2})
    assert told.next_at == days.at("2026-11-12T10:00")


def test_a_holiday_waits_for_the_next_working_day_but_keeps_promises(club: Club) -> None:
    thanksgiving = days.at("2026-11-26T12:00")
    make_task(make_member(club))
    told = backlog.of(clubs=[club.pk], now=thanksgiving)
    assert (told.ready, told.waiting) == (0, {"holiday": 1})
    assert told.next_at == days.at("2026-11-27T10:00")
    make_task(make_member(club, phone=phone(2)), "callback", due_at=thanksgiving - HOUR)
    assert backlog.of(clubs=[club.pk], now=thanksgiving).ready == 1


def test_the_next_call_is_the_promised_one_or_the_next_in_a_window(club: Club) -> None:
    evening = days.at("2026-11-12T21:30")
    tomorrow = days.at("2026-11-13T08:15")
    first, second = (make_member(club, phone=phone(number)) for number in (1, 2))
    make_task(first, status=TaskStatus.WAITING, ready_at=evening + HOUR, waits_for="min_gap")
    assert backlog.of(clubs=[club.pk], now=evening).next_at == days.at("2026-11-13T10:00")
    make_task(
        second, "callback", due_at=tomorrow, status=TaskStatus.WAITING, ready_at=tomorrow, waits_for="promised"
    )  # fmt: skip
    told = backlog.of(clubs=[club.pk], now=evening)
    assert (told.next_at, told.callbacks) == (tomorrow, 1)
