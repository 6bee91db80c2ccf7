"""The day and the week of the hosts."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings
from tests import days, factories
from tests.calls.factories import make_attempt, make_task
from tests.calls.meeting_pages.made import book, url
from tests.web import browser

pytestmark = pytest.mark.django_db


def test_the_hosts_page_shows_who_is_next_with_history_and_prices(club, anna, olga, member):
    task = make_task(member, "renewal", membership=member.memberships.get(), status="done")
    attempt = make_attempt(member, "2026-11-11T18:00", "booked", operator=olga, note="Comes mostly for the pool.")
    book(club, anna, member, task=task, attempt=attempt)
    book(club, anna, factories.make_member(club, last_name="Martin", phone=""), days.at("2026-11-12T16:30"))
    text = browser(anna).get("/meetings/").text
    assert "Thursday 12 November" in text
    assert '<b class="num ink">2</b> meetings' in text
    assert "Comes mostly for the pool." in text
    assert "12 days left" in text
    assert "$360.00" in text
    assert "Pamela Martin" in text
    assert "never renewed yet" in text


def test_a_renewal_that_is_sold_counts_before_it_starts(club, anna, member, meeting):
    held = member.memberships.get()
    sold = factories.make_membership(
        member, held.plan, starts_on=held.effective_ends_on + days.DAY, sold_on=days.TODAY, sale_kind="renewal",
        renewed_from=held, chain_starts_on=held.chain_starts_on,
    )  # fmt: skip
    early = (held.effective_ends_on - days.TODAY).days
    text = browser(anna).get("/meetings/").text
    assert sold.starts_on > days.TODAY
    assert f"renewed once, {early} days early" in text


def test_the_line_of_the_present_stands_before_who_is_next(club, anna, meeting):
    book(club, anna, factories.make_member(club, last_name="Early", phone=""), days.at("2026-11-12T10:00"))
    text = browser(anna).get("/meetings/").text
    assert text.index("Pamela Early") < text.index("nowline") < text.index("Nils Holm")


def test_meetings_about_which_nobody_has_said_anything_head_the_page(club, anna, meeting, set_clock):
    set_clock(days.at("2026-11-14T10:00"))
    text = browser(anna).get("/meetings/").text
    assert text.index("Say how it went:") < text.index("Nils Holm") < text.index("mt-grid")


def test_a_day_and_a_host_are_named_in_the_address(club, anna, meeting):
    karin = factories.make_employee(club, "manager", "karin", name="Karin Lang")
    page = browser(anna).get(f"/meetings/?day=2026-11-13&host={karin.pk}")
    assert page.context["host"] == karin
    assert page.context["day"] == days.day("2026-11-13")
    assert page.context["lines"] == []


def test_a_host_of_another_club_is_not_there(club, anna):
    mia = factories.make_employee(factories.make_club("hill"), "manager", "mia")
    assert browser(anna).get(f"/meetings/?host={mia.pk}").status_code == 404


def test_a_strange_day_is_today(anna):
    assert browser(anna).get("/meetings/?day=tomorrow").context["day"] == days.TODAY


def test_the_week_shows_hours_meetings_and_days_off(club, anna, meeting):
    host = anna.employees.get()
    meetings.set_days_off(employee=host, days=[days.day("2026-11-13")])
    week = browser(anna).get("/meetings/").context["week"]
    assert [one.working for one in week.days] == [True, True, True, True, False, True, True]
    cells = dict(week.rows)[dt.time(14, 30)]
    assert cells[3].meeting == meeting
    assert [cell.kind for cell in cells] == ["", "", "", "sch", "off", "free", "free"]


def test_operators_see_the_meetings_that_they_booked(club, anna, olga, meeting):
    other = factories.make_member(club, last_name="Own", phone="")
    book(club, olga, other, days.at("2026-11-12T17:00"), host=anna.employees.get())
    text = browser(olga).get("/meetings/").text
    assert "Pamela Own" in text
    assert "Nils Holm" not in text
    assert "$" not in text


def test_a_club_without_hosts_says_so(club, anna):
    anna.employees.update(is_host=False)
    assert "Nobody receives members" in browser(anna).get("/meetings/").text


def test_a_meetings_address_leads_to_its_day(anna, meeting):
    answer = browser(anna).get(url(meeting))
    assert answer.url == f"/meetings/?day=2026-11-12&host={meeting.host_id}&meeting={meeting.pk}"
