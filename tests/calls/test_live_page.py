"""The supervisor's page: who holds what, what waits, and calls taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from calls import dialling, live, queue
from calls.models import CallTask, TaskRelease, TaskStatus
from memberships.models import Club
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_member, make_user, phone
from tests.memberships.test_member_pages import signed_in

pytestmark = pytest.mark.django_db

NOW = days.NOW + dt.timedelta(hours=1)


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(NOW)
    return make_club()


@pytest.fixture
def karin(club: Club) -> Client:
    return signed_in(club, "manager")


def test_it_shows_who_holds_what_and_what_waits(karin: Client, club: Club) -> None:
    olga = make_user(club, "operator", "olga")
    make_task(make_member(club, last_name="Held", phone=phone(1)), "welcome")
    make_task(make_member(club, last_name="Waits", phone=phone(2)), "care")
    promised = make_member(club, last_name="Promised", phone=phone(3))
    minute = dt.timedelta(minutes=1)
    make_task(promised, "callback", status="waiting", ready_at=NOW + 5 * minute, due_at=NOW - 6 * minute)
    done = make_member(club, last_name="Spoke", phone=phone(4))
    make_attempt(done, NOW - dt.timedelta(minutes=9), "booked", operator=olga)
    assert queue.next_task(operator=olga, clubs=[club.pk], now=NOW) is not None
    page = karin.get("/calls/live/").content.decode()
    for words in ("Olga", "Promised", "late", "Spoke", "Care", "Held"):
        assert words in page, words


def test_the_poll_answers_the_part_only(karin: Client) -> None:
    page = karin.get("/calls/live/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="live"' in page and "<html" not in page


def test_a_held_call_is_taken_back_with_a_reason(karin: Client, club: Club) -> None:
    olga = make_user(club, "operator", "olga")
    task = make_task(make_member(club))
    queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    url = reverse("live_take_back", args=[task.pk])
    assert karin.post(url, {"why": ""}).status_code == 422
    assert karin.post(url, {"why": "went home"}).status_code == 302
    task.refresh_from_db()
    assert task.status == TaskStatus.READY
    assert karin.post(url, {"why": "again"}).status_code == 409


def test_a_call_skipped_too_often_goes_back(karin: Client, club: Club) -> None:
    task = make_task(make_member(club), status="waiting", to_supervisor=True, waits_for="supervisor")
    assert "Skipped too often" in karin.get("/calls/live/").content.decode()
    assert karin.post(reverse("live_to_queue", args=[task.pk])).status_code == 302
    task.refresh_from_db()
    assert (task.to_supervisor, task.status) == (False, TaskStatus.READY)


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_others_may_not_supervise(club: Club, role: str) -> None:
    task = make_task(make_member(club))
    client = signed_in(club, role)
    assert client.get("/calls/live/").status_code == 403
    assert client.post(reverse("live_take_back", args=[task.pk]), {"why": "x"}).status_code == 403


def test_strangers_find_no_call(club: Club) -> None:
    task = make_task(make_member(club))
    eve = signed_in(make_club("harbour"), "manager")
    assert eve.post(reverse("live_to_queue", args=[task.pk])).status_code == 404


def test_a_late_promise_is_given_to_somebody_who_is_free(karin: Client, club: Club) -> None:
    olga, nadia = (make_user(club, "operator", name) for name in ("olga", "nadia"))
    minute = dt.timedelta(minutes=1)
    promise = make_task(make_member(club), "callback", due_at=NOW - 6 * minute, promised_to=olga,
                        promised_until=NOW + 9 * minute)  # fmt: skip
    make_attempt(make_member(club, phone=phone(5)), NOW - minute, "thinking", operator=nadia)
    page = karin.get("/calls/live/").content.decode()
    assert "Who needs help" in page and "A call was promised by" in page
    url = reverse("live_give", args=[promise.pk])
    who = {user: str(user.employees.get().pk) for user in (olga, nadia)}
    assert karin.post(url, {"to": who[nadia]}).status_code == 302
    assert queue.next_task(operator=olga, clubs=[club.pk], now=NOW) is None
    assert queue.next_task(operator=nadia, clubs=[club.pk], now=NOW) == promise
    assert karin.post(url, {"to": who[olga]}).status_code == 409, "it is being made"
    stranger = make_user(make_club("harbour"), "operator", "eve")
    for nobody in ("", "x", "999999", str(stranger.employees.get().pk)):
        assert karin.post(url, {"to": nobody}).status_code == 422


def test_who_needs_help_stands_first(karin: Client, club: Club) -> None:
    names = ("anna", "olga", "zoe")
    people = [make_user(club, "operator", name) for name in names]
    for number, user in enumerate(people):
        make_task(make_member(club, last_name=name(number), phone=phone(number)))
        assert queue.next_task(operator=user, clubs=[club.pk], now=NOW)
    CallTask.objects.filter(holder=people[2]).update(lease_until=NOW + dt.timedelta(minutes=2))
    skipped = make_task(make_member(club, phone=phone(9)), status="waiting")
    for _ in range(live.MANY_SKIPS):
        TaskRelease.objects.create(task=skipped, operator=people[1], at=NOW, why="no")
    rows = live.operators(club=club, since=NOW - dt.timedelta(hours=2), now=NOW)
    assert [row.name for row in rows] == ["Olga", "Zoe", "Anna"]
    page = karin.get("/calls/live/").content.decode()
    assert "runs out: the desk is not heard of" in page and "skipped 5 calls today" in page


def name(number: int) -> str:
    return ("Adams", "Brown", "Clark")[number]


def test_talking_is_who_dialled_and_has_not_said_how_it_ended(club: Club) -> None:
    olga = make_user(club, "operator", "olga")
    make_task(make_member(club))
    task = queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    dialling.dial(task=task, operator=olga, now=NOW)
    (row,) = live.operators(club=club, since=NOW, now=NOW)
    assert row.talking_since == NOW
    queue.release(task=task, operator=olga, why="the line broke", now=NOW)
    make_task(make_member(club, phone=phone(5)))
    assert queue.next_task(operator=olga, clubs=[club.pk], now=NOW)
    (row,) = live.operators(club=club, since=NOW, now=NOW)
    assert row.talking_since is None, "the new card is not rung yet"
