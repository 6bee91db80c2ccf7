"""From a club's files to a renewal, and to a refusal that the manager sees, as people do it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from calls.models import CallAttempt, Meeting
from memberships.models import Member, Membership
from tests import days
from tests.journeys import files, system as console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

NOON = days.at("2026-11-12T12:00")


@pytest.fixture
def club(system: str, tmp_path: Path) -> str:
    """The little club on 12 November 2026, its files taken and its calls planned."""
    console.set_clock(NOON)
    console.make_club()
    taken = console.import_all(files.write_small(tmp_path), as_of="2026-11-12")
    assert {kind: (one["created"], one["refused"]) for kind, one in taken.items()} == {
        "plans": (3, 0), "promotions": (3, 0), "members": (5, 0), "memberships": (6, 0), "visits": (12, 0),
    }  # fmt: skip
    planned = console.done("plan_calls", "--club", "mf", "--json").json
    assert planned["created"] == {"welcome": 1, "renewal": 2}
    assert planned["left_out"] == {"do_not_call": 1, "no_phone": 1}
    return "mf"


def test_a_file_becomes_calls_a_meeting_and_a_renewal(club: str, person: Callable[[str], Person]) -> None:
    olga = person("olga")
    olga.heading("Ready when you are")

    olga.press("Enter")  # Next call: the welcome comes first
    olga.heading("Chris Young")
    olga.press("Enter")  # Ring
    olga.sees("Talking")
    olga.press("L")  # All is well, and the next one

    olga.heading("Ivan Petrov")
    olga.press("Enter")
    olga.sees("Talking")
    olga.press("R")
    olga.press("X 2")  # a competitor, who is closer
    olga.press("Tab")
    olga.type("Iron Temple")
    olga.press("Enter")

    olga.heading("Pamela Scott")
    olga.sees("corporate terms", "18", "days left", "Ask us about the November gift")
    olga.press("Enter")
    olga.sees("Talking")
    olga.press("B 2")
    with_whom = olga.find(".slot.on").inner_text()
    olga.press("Enter")  # Book
    olga.heading("Nobody is to be rung")
    assert "Anna" in with_whom

    said = {one.member.last_name: one for one in CallAttempt.objects.select_related("member", "reason")}
    assert {name: one.outcome for name, one in said.items()} == {
        "Young": "talked", "Petrov": "refused", "Scott": "booked",
    }  # fmt: skip
    assert (said["Petrov"].reason.code, said["Petrov"].competitor) == ("closer", "Iron Temple")

    meeting = Meeting.objects.select_related("member", "host").get()
    console.set_clock(meeting.starts_at + dt.timedelta(minutes=5))
    anna = person("anna")
    anna.press("g m", "g t")
