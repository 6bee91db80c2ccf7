"""Meetings booked, moved and cancelled; the hours of hosts."""

from __future__ import annotations

import datetime as dt

import pytest

from calls.models import Meeting
from tests import days, factories
from tests.calls.meeting_pages.made import AT, book, url
from tests.web import browser

pytestmark = pytest.mark.django_db


def test_a_meeting_is_booked_from_the_members_page(club, anna, olga, member):
    client = browser(olga)
    page = client.get(f"/members/{member.pk}/meeting/")
    slot = f"{anna.employees.get().pk}|2026-11-12T17:00:00-06:00"
    assert page.status_code == 200
    assert f"/members/{member.pk}/meeting/" in client.get(f"/members/{member.pk}/").text
    client.post(f"/members/{member.pk}/meeting/", {"purpose": "review", "slot": slot})
    made = Meeting.objects.get()
    assert (made.purpose, made.starts_at, made.booked_by) == ("review", days.at("2026-11-12T17:00"), olga)


@pytest.mark.parametrize(
    "slot", ["", "x", "1|yesterday", "1|2026-11-12T17:00:00", "99999999999999999999|2026-11-12T17:00Z"]
)
def test_a_slot_that_is_none_is_said(olga, member, slot):
    page = browser(olga).post(f"/members/{member.pk}/meeting/", {"purpose": "review", "slot": slot})
    assert page.status_code == 422
    assert page.context["form"].errors["slot"]


def test_a_slot_taken_meanwhile_is_said(club, anna, olga, member):
    later = days.at("2026-11-12T17:30")
    meeting = book(club, anna, member, later)
    other = factories.make_member(club, last_name="Adams")
    asked = {"purpose": "renewal", "slot": f"{meeting.host_id}|{later.isoformat()}"}
    page = browser(olga).post(f"/members/{other.pk}/meeting/", asked)
    assert page.status_code == 409
    assert "another meeting on 12 November, 17:30" in page.text


def test_the_host_of_another_club_reads_like_a_missing_one(club, olga, member):
    mia = factories.make_employee(factories.make_club("hill"), "manager", "mia")
    pages = [
        browser(olga).post(f"/members/{member.pk}/meeting/", {"purpose": "renewal", "slot": f"{pk}|{AT.isoformat()}"})
        for pk in (mia.pk, 999_999)
    ]
    assert pages[0].context["form"].errors == pages[1].context["form"].errors != {}


def test_a_meeting_is_moved(anna, meeting):
    asked = {"slot": f"{meeting.host_id}|2026-11-13T10:00:00-06:00", "why": "ill"}
    assert browser(anna).get(url(meeting, "move/")).status_code == 200
    browser(anna).post(url(meeting, "move/"), asked)
    meeting.refresh_from_db()
    assert (meeting.status, meeting.why, meeting.moved_to.starts_at) == (
        "rescheduled",
        "ill",
        days.at("2026-11-13T10:00"),
    )


def test_operators_move_only_what_they_booked(club, anna, olga, meeting):
    asked = {"slot": f"{meeting.host_id}|2026-11-13T10:00:00-06:00"}
    assert browser(olga).post(url(meeting, "move/"), asked).status_code == 403
    Meeting.objects.update(booked_by=olga)
    assert browser(olga).post(url(meeting, "move/"), asked).status_code == 302


def test_moving_what_is_over_is_said(anna, meeting):
    client = browser(anna)
    client.post(url(meeting, "attended/"))
    page = client.post(url(meeting, "move/"), {"slot": f"{meeting.host_id}|2026-11-13T10:00:00-06:00"})
    assert page.status_code == 409
    assert "recorded already" in page.text


def test_a_meeting_is_cancelled_beforehand(anna, meeting, set_clock):
    client = browser(anna)
    assert client.post(url(meeting, "cancel/"), {"why": "ill"}).status_code == 422
    set_clock(days.NOW)
    assert client.post(url(meeting, "cancel/"), {"why": "ill"}).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.status, meeting.why) == ("cancelled", "ill")


def test_a_manager_sets_hours_and_days_off(club, anna):
    host = anna.employees.get()
    client = browser(factories.make_user(club, "manager", "karin"))
    asked = {"day_0": "10:00–13:00, 15:00 - 20:00", "days_off": "2026-11-20\n2026-12-24 – 2026-12-26\n"}
    assert client.post(f"/employees/{host.pk}/hours/", asked).status_code == 302
    assert list(host.weekly_hours.order_by("from_time").values_list("from_time", flat=True)) == [
        dt.time(10),
        dt.time(15),
    ]
    assert host.days_off.count() == 4
    assert "10:00–13:00, 15:00–20:00" in client.get(f"/employees/{host.pk}/hours/").text


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("day_1", "ten to six"),
        ("day_1", "25:00–26:00"),
        ("day_1", "12:00–11:00"),
        ("days_off", "Christmas"),
        ("days_off", "2026-12-26 – 2026-12-24"),
    ],
)
def test_hours_that_cannot_be_read_are_said(club, anna, field, words):
    client = browser(factories.make_user(club, "manager", "karin"))
    page = client.post(f"/employees/{anna.employees.get().pk}/hours/", {field: words})
    assert page.status_code == 422
    assert page.context["form"].errors
    assert not anna.employees.get().weekly_hours.exists()
