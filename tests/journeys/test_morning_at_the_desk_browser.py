"""Eight hours begin like this: a morning at the desk by keys alone, and what keeps still meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from calls.models import CallAttempt, CallTask, Meeting
from memberships.models import Club, Member
from tests import days, factories
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

NAMES = ("Adams", "Brown", "Clark", "Davis", "Evans", "Frost", "Grant")
FIXED = (".strip", ".desk-head", ".phone", ".who-col", ".talk-col", ".do-col", ".book", "#how", "#note", ".foot")
"""What does not move when the card changes."""


@pytest.fixture
def club(system: str) -> Club:
    """Seven memberships that end in a few days, those of Davis and Evans on one number; their calls planned."""
    console.set_clock(days.NOW)
    console.make_club()
    club = Club.objects.get()
    plan = factories.make_plan(club)
    for number, name in enumerate(NAMES):
        member = factories.make_member(club, last_name=name, phone=factories.phone(number - (name == "Evans")))
        starts_on = days.day("2025-11-15") + number * days.DAY
        terms = "keeps the evening zone that was promised to them at the front desk" if number % 2 else ""
        factories.make_membership(member, plan, starts_on=starts_on, special_terms=terms)
    assert console.done("plan_calls", "--club", "mf", "--json").json["created"] == {"renewal": 7}
    return club


def task_of(name: str, kind: str = "renewal") -> CallTask:
    return CallTask.objects.get(member__last_name=name, kind=kind)


def places(olga: Person) -> dict[str, object]:
    """Where the fixed regions are on the screen."""
    return {name: olga.find(name).first.bounding_box() for name in FIXED}


def test_a_morning_by_keys_alone(club: Club, person: Callable[..., Person]) -> None:
    olga = person("olga", viewport={"width": 1440, "height": 900})
    olga.page.keyboard.down("Enter")
    assert olga.card == "Pamela Adams"
    ready = places(olga)
    olga.page.keyboard.down("Enter")  # still held down: rings nobody
    olga.page.keyboard.up("Enter")
    olga.page.wait_for_timeout(500)
    assert not CallAttempt.objects.exists()

    olga.ring()  # booked, at the second of the free times; Enter once more, by mistake, books nothing
    talking = places(olga)
    olga.press("Enter")
    assert (olga.card, Meeting.objects.count()) == ("Pamela Adams", 0)
    olga.press("B 2", "Enter")
    expect(olga.find("#card h1 a")).to_have_text("Pamela Brown")
    assert Meeting.objects.get().member.last_name == "Adams"
    assert places(olga) == ready, "the card changed and something moved"

    olga.ring()  # a promise for noon: today instead of tomorrow, two hours later
    assert places(olga) == talking
    olga.press("C", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp", "Enter")
    expect(olga.find("#card h1 a")).to_have_text("Pamela Clark")
    assert task_of("Brown", "callback").due_at == days.at("2026-11-12T12:00")

    olga.ring()  # refused for a competitor, who is named
    olga.press("R", "X 2", "Tab")
    olga.type("Iron Works")
    olga.press("Enter")
    expect(olga.find("#card h1 a")).to_have_text("Pamela Davis")
    refusal = CallAttempt.objects.get(outcome="refused")
    assert (refusal.reason.code, refusal.competitor) == ("closer", "Iron Works")

    olga.ring()  # two on one number, each with an answer of their own
    olga.press("J 1")
    mate = olga.find("select:focus")
    expect(mate).to_be_visible()
    for _step in range(mate.locator("option").count()):
        if mate.locator("option:checked").inner_text() == "Thinking":
            break
        olga.press("ArrowDown")
    expect(mate.locator("option:checked")).to_have_text("Thinking")
    olga.press("Escape", "A")
    expect(olga.find("#card h1 a")).to_have_text("Pamela Frost")
    told = dict(CallAttempt.objects.filter(phone=factories.phone(3)).values_list("member__last_name", "outcome"))
    assert told == {"Davis": "already_renewed", "Evans": "thinking"}

    olga.ring()  # nobody answers
    olga.press("N")
    expect(olga.find("#card h1 a")).to_have_text("Pamela Grant")
    assert task_of("Frost").ready_at >= days.at("2026-11-12T13:00")

    olga.ring()  # said too soon, taken back, said again
    olga.press("T")
    olga.heading("Nobody may be rung at this moment")
    olga.press("Z")
    expect(olga.find("#card h1 a")).to_have_text("Pamela Grant")
    olga.press("R", "U 1", "Enter")
    olga.heading("Nobody may be rung at this moment")
    grant = CallAttempt.objects.get(member__last_name="Grant")
    assert (grant.reason.code, [one["outcome"] for one in grant.undone]) == ("declined", ["thinking"])

    console.set_clock(days.at("2026-11-12T12:01"))  # the promise is hers for a quarter of an hour
    oscar = person("oscar")
    oscar.press("Enter")
    oscar.heading("Nobody may be rung at this moment")
    olga.press("Enter")
    assert olga.card == "Pamela Brown"
    olga.ring()
    olga.press("T")
    olga.heading("Nobody may be rung at this moment")

    console.set_clock(days.at("2026-11-12T14:00"))  # nobody answers again: not before tomorrow
    olga.press("Enter")
    assert olga.card == "Pamela Frost"
    olga.ring()
    olga.press("N")
    olga.heading("Nobody may be rung at this moment")
    olga.sees("Tried, and tried again later")
    assert task_of("Frost").ready_at == days.at("2026-11-13T17:00")
    olga.sees("8 calls", "6 reached", "1 booked", within=".strip")


def test_a_note_survives_a_reload_and_another_window(club: Club, person: Callable[..., Person]) -> None:
    olga = person("olga")
    olga.press("Enter")
    assert olga.card == "Pamela Adams"
    olga.press("E")
    olga.type("Typed before")
    olga.press("Escape")
    olga.ring()
    assert olga.find("#note").input_value() == "Typed before"
    olga.press("E", "End")
    with olga.page.expect_response(lambda answer: "/note/" in answer.url):
        olga.type(", evening shifts until March")
    olga.page.reload()
    olga.sees("Talking")
    assert olga.find("#note").input_value() == "Typed before, evening shifts until March"
    there = person("olga")
    there.open("/calls/")
    assert there.find("#note").input_value() == "Typed before, evening shifts until March"


def test_everything_is_on_one_screen_and_the_keys_are_listed(club: Club, person: Callable[..., Person]) -> None:
    olga = person("olga", viewport={"width": 1440, "height": 900})
    olga.press("Enter")
    olga.ring()
    page = olga.page
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    assert page.evaluate("[...document.querySelectorAll('.do-col')].every(one => one.scrollHeight <= one.clientHeight)")
    olga.press("?")
    listed = " ".join(olga.find("#page-keys").all_inner_texts())
    for words in ("No answer", "Refused", "Undo", "Skip", "Pause", "next step of the script"):
        assert words in listed or words == "Undo", words


def test_an_empty_queue_says_why(club: Club, person: Callable[..., Person]) -> None:
    adams, brown, *others = Member.objects.order_by("pk")
    CallTask.objects.filter(member__in=others).delete()
    far = {"timezone": "Asia/Tokyo"}
    Member.objects.filter(pk=brown.pk).update(**far)
    CallTask.objects.filter(member=brown).update(tz="Asia/Tokyo")
    olga = person("olga")
    olga.press("Enter")
    olga.ring()
    olga.press("N")
    olga.heading("Nobody may be rung at this moment")
    olga.sees("2 calls are due", "Outside their hours", "Rung a short while ago", "First comes back")
    olga.sees("13:0", within=".eq-next")
    console.set_clock(task_of("Adams").ready_at + dt.timedelta(minutes=1))
    olga.press("Enter")
    assert olga.card == adams.name
