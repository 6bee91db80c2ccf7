"""Several people at one queue, each at a window of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from calls.models import CallAttempt, CallTask, TaskRelease
from memberships.models import Club, Member, Membership
from tests import days, factories
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

NAMES = ("Adams", "Brown", "Clark", "Davis", "Evans")


@pytest.fixture
def club(system: str) -> Club:
    """Five memberships that end in a few days, those of Davis and Evans on one number; their calls planned."""
    console.set_clock(days.NOW)
    console.make_club()
    club = Club.objects.get()
    plan = factories.make_plan(club)
    for number, name in enumerate(NAMES):
        member = factories.make_member(club, last_name=name, phone=factories.phone(min(number, 3)))
        starts_on = days.day("2025-11-15") + number * days.DAY
        factories.make_membership(member, plan, starts_on=starts_on, special_terms="corporate terms")
    assert console.done("plan_calls", "--club", "mf", "--json").json["created"] == {"renewal": 5}
    return club


def test_two_operators_never_hold_one_member_nor_one_number(club: Club, person: Callable[..., Person]) -> None:
    olga, oscar = person("olga"), person("oscar")
    rung: list[str] = []
    for both in range(2):
        if both == 0:
            for one in (olga, oscar):
                one.press("Enter")  # both ask for the next call before either has an answer
        pair = [olga.card, oscar.card]
        rung += pair
        assert CallTask.objects.filter(status="leased").count() == 2
        for one in (olga, oscar):
            one.press("Enter")
        for one in (olga, oscar):
            one.sees("Talking")
        for one in (olga, oscar):
            one.press("N")
        for one in (olga, oscar):
            expect(one.find("#card .state.talk")).to_have_count(0)
    assert sorted(rung) == [f"Pamela {name}" for name in ("Adams", "Brown", "Clark", "Davis")]
    for one in (olga, oscar):  # Evans is on the number that was rung for Davis
        one.press("Enter")
        one.heading("Nobody may be rung at this moment")
        one.sees("Rung a short while ago")
    assert CallAttempt.objects.count() == 4


def test_two_windows_of_one_operator_are_one_desk(club: Club, person: Callable[..., Person]) -> None:
    here, there = person("olga"), person("olga")
    for one in (here, there):
        one.press("Enter")
    assert here.card == there.card == "Pamela Adams"
    here.ring()
    here.ends("T")
    assert here.card == "Pamela Brown"
    there.press("Enter")  # Ring, on the card of a call that is over
    there.sees("This call is not to be made any more.")
    there.press("Enter")  # Next call
    there.heading("Pamela Brown")
    assert CallAttempt.objects.count() == 1


def test_a_renewal_sold_meanwhile_closes_the_card_at_ring(club: Club, person: Callable[..., Person]) -> None:
    olga, anna = person("olga"), person("anna")
    olga.press("Enter")
    assert olga.card == "Pamela Adams"

    member = Member.objects.get(last_name="Adams")
    anna.open(f"/members/{member.pk}/")
    anna.press("R")
    anna.heading("Offer for Pamela Adams")
    anna.press("Enter")
    anna.heading("For Pamela Adams")
    anna.press("Enter")
    anna.sees("Sold:")
    assert Membership.objects.filter(member=member).count() == 2

    olga.press("Enter")  # Ring
    olga.heading("Pamela Adams")
    olga.sees("A later membership is sold, from 15 November 2026.")
    olga.sees("This call is not to be made any more. It does not count as skipped.")
    assert not CallAttempt.objects.exists()
    assert not TaskRelease.objects.exists()
    olga.press("Enter")  # Next call
    olga.heading("Pamela Brown")
    task = CallTask.objects.get(member=member)
    assert (task.status, task.lapsed_because) == ("lapsed", "renewed")
