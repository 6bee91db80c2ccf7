"""Who may do what to meetings, and how much the day asks of the database."""

from __future__ import annotations

import datetime as dt

import pytest

from tests import days, factories
from tests.calls.meeting_pages.made import book, url
from tests.web import browser

pytestmark = pytest.mark.django_db


POSTS = ("attended/", "no-show/", "cancel/", "renewed/", "sold/")


FORMS = ("close/refused/", "move/")


def test_operators_hold_no_meetings(olga, meeting):
    client = browser(olga)
    for verb in (*POSTS, *FORMS):
        assert client.post(url(meeting, verb)).status_code == 403, verb
    assert client.get(url(meeting)).status_code == 403


def test_only_managers_set_hours(club, anna):
    assert browser(anna).get(f"/employees/{anna.employees.get().pk}/hours/").status_code == 403


def test_strangers_find_nothing(anna, member, meeting):
    client = browser(factories.make_user(factories.make_club("hill"), "manager", "mia"))
    for verb in (*POSTS, *FORMS):
        assert client.post(url(meeting, verb)).status_code == 404, verb
    assert client.get(url(meeting)).status_code == client.get("/meetings/999999/").status_code == 404
    assert client.get(f"/members/{member.pk}/meeting/").status_code == 404
    assert client.get(f"/employees/{anna.employees.get().pk}/hours/").status_code == 404


def test_passers_by_are_led_to_the_login(member, meeting):
    client = browser(None)
    for page in ("/meetings/", url(meeting), f"/members/{member.pk}/meeting/"):
        assert client.get(page).url.startswith("/accounts/login/")


def test_each_address_takes_its_own_verbs(anna, meeting):
    client = browser(anna)
    for verb in POSTS:
        assert client.get(url(meeting, verb)).status_code == 405, verb
    assert client.post(url(meeting)).status_code == 405
    assert client.post("/meetings/").status_code == 405


def test_a_full_day_asks_no_more_than_one_meeting(club, anna, django_assert_max_num_queries):
    client = browser(anna)
    for half in range(8):
        one = factories.make_member(club, last_name=f"M{half}", phone="")
        factories.make_membership(one, starts_on=days.day("2026-01-01"))
        book(club, anna, one, days.at("2026-11-12T10:00") + half * dt.timedelta(minutes=30))
    client.get("/meetings/")
    with django_assert_max_num_queries(50):
        client.get("/meetings/")
