"""Operators at the desk: a pause with a word, back again, away when nothing is heard of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls import presence
from calls.models import CallTask, OperatorState, TaskStatus
from memberships.models import Club, User
from tests import days
from tests.calls.test_desk_page import due, ring, say, take
from tests.factories import make_club, make_employee, make_user
from tests.memberships.api.client import Api
from tests.web import browser

pytestmark = pytest.mark.django_db

NOW = days.NOW + dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(NOW)
    return make_club()


@pytest.fixture
def desk(olga: User) -> Client:
    return browser(olga)


def live(club: Club) -> str:
    return browser(make_user(club, "manager", "karin")).get("/calls/live/").content.decode()


def test_a_pause_says_why(desk: Client, club: Club, olga: User) -> None:
    assert desk.post(reverse("desk_pause"), {"why": " "}).status_code == 422
    assert presence.paused(operator=olga, clubs=[club.pk]) is None
    assert desk.post(reverse("desk_pause"), {"why": "Lunch"}).status_code == 302
    page = desk.get("/calls/").content.decode()
    assert "You are on a pause" in page and "Lunch" in page and "Resume" in page


def test_a_pause_releases_nothing_and_brings_no_next_call(desk: Client, club: Club) -> None:
    first, second = due(club, 1), due(club, 2)
    take(desk)
    ring(desk, first)
    assert (
        "Member 1" in desk.post(reverse("desk_pause"), {"word": "Lunch"}, headers={"HX-Request": "1"}).content.decode()
    )
    first.refresh_from_db()
    assert first.status == TaskStatus.LEASED
    page = say(desk, first, "thinking").content.decode()
    assert "You are on a pause" in page and "Member 2" not in page
    second.refresh_from_db()
    assert second.status == TaskStatus.READY


def test_asking_for_the_next_call_ends_the_pause(desk: Client, club: Club, olga: User) -> None:
    due(club, 1)
    desk.post(reverse("desk_pause"), {"why": "Lunch"})
    assert "Member 1" in take(desk)
    assert presence.paused(operator=olga, clubs=[club.pk]) is None


def test_resuming_takes_no_call_by_itself(desk: Client, club: Club) -> None:
    due(club, 1)
    desk.post(reverse("desk_pause"), {"why": "Lunch"})
    assert desk.post(reverse("desk_resume")).status_code == 302
    assert "You are on a pause" not in desk.get("/calls/").content.decode()
    assert not CallTask.objects.filter(status=TaskStatus.LEASED).exists()


def test_a_pause_counts_in_every_club_of_the_operator(club: Club, olga: User) -> None:
    other = make_club("hillside")
    make_employee(other, "operator", "olga", password="")
    browser(olga).post(reverse("desk_pause"), {"why": "Lunch"})
    assert set(OperatorState.objects.values_list("club_id", "state")) == {(club.pk, "paused"), (other.pk, "paused")}


def test_the_supervisor_sees_who_pauses_and_why_who_is_there_and_who_left(
    desk: Client, club: Club, set_clock: Callable[[dt.datetime], None]
) -> None:
    desk.get("/calls/")
    assert "Available" in live(club)
    desk.post(reverse("desk_pause"), {"why": "Lunch with Anna"})
    page = live(club)
    assert "Lunch with Anna" in page and "1 on a pause" in page
    desk.post(reverse("desk_resume"))
    due(club, 1)
    task = CallTask.objects.get()
    take(desk)
    ring(desk, task)
    assert "Talking" in live(club)
    set_clock(NOW + 6 * MINUTE)
    say(desk, task, "thinking")
    set_clock(NOW + 12 * MINUTE)
    assert "Away since" in live(club)


def test_being_seen_writes_seldom_and_keeps_the_pause(club: Club, olga: User) -> None:
    presence.pause(operator=olga, clubs=[club.pk], why="Lunch", now=NOW)
    found = presence.seen(operator=olga, clubs=[club.pk], now=NOW + 10 * MINUTE)
    row = OperatorState.objects.get()
    assert found == row and (row.state, row.since, row.seen_at) == ("paused", NOW, NOW + 10 * MINUTE)
    presence.seen(operator=olga, clubs=[club.pk], now=NOW + 10 * MINUTE + dt.timedelta(seconds=20))
    row.refresh_from_db()
    assert row.seen_at == NOW + 10 * MINUTE


def test_who_comes_back_is_there_since_then(club: Club, olga: User) -> None:
    presence.seen(operator=olga, clubs=[club.pk], now=NOW)
    presence.seen(operator=olga, clubs=[club.pk], now=NOW + 60 * MINUTE)
    assert OperatorState.objects.get().since == NOW + 60 * MINUTE


def test_the_heartbeat_of_an_empty_desk_answers_nothing(desk: Client, club: Club) -> None:
    assert desk.post(reverse("desk_here")).status_code == 204
    assert OperatorState.objects.get().state == "available"
    assert desk.get(reverse("desk_here")).status_code == 405


def test_who_works_by_the_api_alone_is_there_for_the_supervisor(club: Club) -> None:
    olga = make_employee(club, "operator", "olga")
    api = Api(olga.user)
    due(club, 1)
    task = api.post("calls/next").body["task"]["id"]
    row = OperatorState.objects.get()
    assert row.state == OperatorState.State.AVAILABLE and row.seen_at >= NOW
    assert olga.name in live(club)
    for path, body in ((f"calls/tasks/{task}/extend", {}), (f"calls/tasks/{task}/outcome", {"outcome": "no_answer"})):
        presence._heard.clear()  # as another process
        OperatorState.objects.update(seen_at=NOW - 4 * MINUTE)
        assert api.post(path, body).status in (200, 201)
        assert OperatorState.objects.get().seen_at >= NOW


def test_who_claims_by_the_api_again_and_again_costs_no_statement_more(club: Club, olga: User) -> None:
    presence.heard(operator=olga, clubs=[club.pk], now=NOW)
    with CaptureQueriesContext(connection) as queries:
        presence.heard(operator=olga, clubs=[club.pk], now=NOW + presence.SEEN_EVERY)
    assert not queries.captured_queries
    presence.heard(operator=olga, clubs=[club.pk], now=NOW + MINUTE)
    assert OperatorState.objects.get().seen_at == NOW + MINUTE
