"""A supervisor watches two operators: what changed is put in place, what is in use stays as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from calls.models import CallTask
from memberships.models import Club
from tests import days, factories
from tests.calls.factories import make_task
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def club(system: str) -> Club:
    console.set_clock(days.NOW)
    console.make_club()
    club = Club.objects.get()
    for number, name in enumerate(("Adams", "Brown", "Clark")):
        make_task(factories.make_member(club, last_name=name, phone=factories.phone(number)))
    return club


def test_a_supervisor_watches_two_operators(club: Club, person: Callable[..., Person]) -> None:
    olga, oscar = person("olga"), person("oscar")
    olga.press("Enter")
    oscar.press("Enter")
    assert {olga.card, oscar.card} == {"Pamela Adams", "Pamela Brown"}
    late = factories.make_member(club, last_name="Promised", phone=factories.phone(7))
    make_task(late, "callback", due_at=days.at("2026-11-12T09:50"), promised_to=None)

    karin = person("karin", viewport={"width": 1440, "height": 500})
    karin.open("/calls/live/")
    page = karin.page
    hers, his = (page.locator("[data-rows=people] tr", has_text=name) for name in ("Olga", "Oscar"))
    expect(hers).to_contain_text("Card open")
    karin.sees("Who needs help", "Pamela Promised")
    page.evaluate("for (const row of document.querySelectorAll('[data-rows=people] tr')) row.marked = true")
    page.evaluate("window.scrollTo(0, 120)")
    his.locator("summary").click()

    olga.ring()
    expect(hers).to_contain_text("Talking", timeout=15_000)  # by itself
    assert hers.evaluate("row => row.marked") is None, "the row that changed is a new one"
    assert his.evaluate("row => row.marked") is True, "the row that did not change is the same"
    assert his.locator("details").evaluate("menu => menu.open"), "an open menu stays open"
    assert page.evaluate("window.scrollY") == 120

    his.get_by_label("Why take the call back?").fill("went home")
    his.get_by_role("button", name="Take back").click()
    karin.sees("The call is back in the queue.")
    assert not CallTask.objects.filter(holder__username="oscar").exists()
    oscar.press("Enter")  # Ring
    oscar.sees("You do not hold this call.")

    help_ = page.locator("[data-part=help]")
    help_.get_by_label("Who rings now?").select_option(label="Oscar")
    help_.get_by_role("button", name="Give it to them").click()
    karin.sees("Oscar has the call now, for a quarter of an hour.")
    oscar.press("Enter")  # Next call
    assert oscar.card == "Pamela Promised"
    oscar.press("P")
    oscar.find(".pause-form").get_by_role("button", name="Lunch").click()
    expect(his).to_contain_text("Lunch", timeout=15_000)

    waited = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('/calls/live/')).length"
    )
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.wait_for_timeout(6_000)
    assert waited == page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('/calls/live/')).length"
    ), "a hidden page asks for nothing"
