"""A day in the demo club, by those whose logins ``make run`` prints."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from calls.models import CallAttempt, CallTask, Meeting
from config.demo import staff
from tests import days
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

NOON = days.at("2026-11-11T12:00", days.BERLIN)
"""A Wednesday on which nobody has a holiday."""
MEMBERS = 250


def test_an_operator_a_manager_and_an_administrator_have_a_day(system: str, person: Callable[..., Person]) -> None:
    console.set_clock(NOON)
    console.done("demo", "--members", MEMBERS)

    def demo(user: str) -> Person:
        return person(user, password=staff.PASSWORD)

    nadia = demo("nadia")
    nadia.heading("Ready when you are")
    nadia.press("Enter")  # Next call

    booked = nadia.ring()
    number = next(at for at, slot in enumerate(nadia.find(".slot").all(), 1) if "Anna" in slot.inner_text())
    nadia.ends(f"B {number}", "Enter")

    promised = nadia.ring()
    nadia.press("C")
    nadia.ends("Enter")

    lost = nadia.ring()
    nadia.press("R", "X 1", "Tab")
    nadia.type("Muskelwerk Nord")
    nadia.ends("Enter")

    mistaken = nadia.ring()
    nadia.ends("N")  # no answer …
    following = nadia.card
    nadia.press("Z")  # … no: the mailbox
    nadia.sees("Talking")
    assert nadia.card == mistaken
    nadia.ends("V")
    assert nadia.card == following

    today = CallAttempt.objects.filter(at__gte=NOON).order_by("at")
    assert [(one.member.name, one.outcome) for one in today.select_related("member")] == [
        (booked, "booked"), (promised, "callback"), (lost, "refused"), (mistaken, "voicemail"),
    ]  # fmt: skip
    assert CallTask.objects.filter(kind="callback", promised_to__username="nadia", made_at__gte=NOON).count() == 1
    assert CallTask.objects.get(holder__username="nadia", status="leased").member.name == following

    # The manager finds the competitor's name behind its bar.
    karin = demo("karin")
    karin.heading("Why members refuse")
    karin.find("table.pareto").get_by_role("link", name="Lower price").click()
    karin.heading("Who refused")
    karin.sees(lost, "Muskelwerk Nord")

    # The member comes, and refuses in the club too.
    meeting = Meeting.objects.select_related("member").get(booked_by__username="nadia", booked_at__gte=NOON)
    console.set_clock(meeting.starts_at)
    anna = demo("anna")
    anna.open(f"/meetings/{meeting.pk}/")
    anna.sees(booked)
    anna.press("4")  # Refused…
    anna.arrives("**/close/refused/**")
    anna.press("Tab")  # to the first field
    anna.page.locator("select:focus").select_option(label="No time")
    anna.press("Control+Enter")
    anna.sees("refused: No time")
    meeting.refresh_from_db()
    assert (meeting.status, meeting.result, meeting.reason.code) == ("attended", "refused", "no_time")

    karin.open("/reports/refusals/")
    karin.find("table.pareto").get_by_role("link", name="No time").click()
    expect(karin.find("tr", has_text=booked).get_by_role("link", name="at the meeting")).to_be_visible()
