"""Visits to mend: listed, dismissed, taken as an early return."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from memberships import freezing, visits
from memberships.models import Club, Freeze, Member, Visit
from memberships.visits import Arrival
from tests import days, factories, web
from tests.days import day

pytestmark = pytest.mark.django_db

URL = "/visits/to-mend/"


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return factories.make_club()


@pytest.fixture
def anna(club: Club) -> Client:
    return web.browser(factories.make_user(club, "administrator", "anna"))


def came(member: Member, at: str = "2026-11-11T18:00") -> Visit:
    added = visits.add(
        club=member.club, arrivals=[Arrival(member.pk, dt.datetime.fromisoformat(at))], now=days.NOW, by=None
    )
    return added.created[0]


@pytest.fixture
def frozen(club: Club) -> Freeze:
    member = factories.make_member(club, last_name="Frost", phone="")
    factories.make_membership(member, starts_on=day("2025-12-01"))
    return freezing.give(
        membership=member.memberships.get(), starts_on=day("2026-11-09"), ends_on=day("2026-11-20"),
        now=days.at("2026-11-08T12:00"), by=None,
    )  # fmt: skip


def test_a_visit_without_membership_is_listed_and_dismissed(anna: Client, club: Club) -> None:
    visit = came(factories.make_member(club, last_name="Nobody"))
    page = anna.get(URL).content.decode()
    assert "Nobody" in page and "no membership" in page
    assert URL in anna.get("/members/").content.decode()
    assert anna.post(reverse("visit_dismiss", args=[visit.pk])).status_code == 302
    assert "No visit to mend" in anna.get(URL).content.decode()
    assert URL not in anna.get("/members/").content.decode()
    assert Visit.objects.count() == 1


def test_a_visit_on_a_frozen_day_is_taken_as_an_early_return(anna: Client, frozen: Freeze) -> None:
    visit = came(frozen.membership.member)
    assert "on a frozen day" in anna.get(f"{URL}?why=frozen").content.decode()
    assert "Frost" not in anna.get(f"{URL}?why=no_membership").content.decode()
    assert anna.post(reverse("visit_return", args=[visit.pk])).status_code == 302
    frozen.refresh_from_db()
    visit.refresh_from_db()
    assert (frozen.ends_on, visit.to_mend) == (day("2026-11-10"), "")


def test_one_that_is_no_return_says_why(anna: Client, club: Club) -> None:
    visit = came(factories.make_member(club, last_name="Nobody"))
    answer = anna.post(reverse("visit_return", args=[visit.pk]), follow=True).content.decode()
    assert "was not frozen on that day" in answer and "Nobody" in answer


def test_a_day_of_a_closure_offers_no_return(anna: Client, club: Club) -> None:
    member = factories.make_member(club, last_name="Early")
    factories.make_membership(member, starts_on=day("2025-12-01"))
    freezing.close_club(
        club=club, starts_on=day("2026-11-10"), ends_on=day("2026-11-12"), why="Paint", now=days.NOW, by=None
    )
    visit = came(member)
    page = anna.get(URL).content.decode()
    assert "the club was closed" in page and reverse("visit_return", args=[visit.pk]) not in page


@pytest.mark.parametrize("many", [1, 25])
def test_the_list_asks_as_much_for_one_row_as_for_many(
    anna: Client, club: Club, many: int, django_assert_max_num_queries: Callable
) -> None:
    for number in range(many):
        came(factories.make_member(club, last_name=f"Nobody {number}", phone=""))
    with django_assert_max_num_queries(14):
        assert anna.get(URL).status_code == 200
