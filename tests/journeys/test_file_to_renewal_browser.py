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
from tests.journeys import console, files
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


def test_a_file_becomes_calls_a_meeting_and_a_renewal(club: str, person: Callable[..., Person]) -> None:
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
    olga.press("E")
    olga.type("Asks for a place to park")
    olga.press("Escape", "B 2")
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
    anna.find("h1").wait_for()
    anna.sees("Pamela Scott", "Asks for a place to park")
    anna.press("8")  # Came
    anna.sees("came, how did it go?")
    anna.press("O")  # the offer sheet of the plan that fits best
    anna.heading("For Pamela Scott")
    expect(anna.find(".price s")).to_have_text("$360.00")
    expect(anna.find(".price .final")).to_contain_text("$306.00")
    anna.sees("Renewal from 1 December 2026, the day after your membership ends.", "24 November 2026")
    anna.press("Enter")  # Sell
    anna.sees("renewed")

    old, new = Membership.objects.filter(member__external_id="F1").order_by("-starts_on")[:2][::-1]
    assert (old.effective_ends_on, new.starts_on) == (days.day("2026-11-30"), days.day("2026-12-01"))
    assert (new.sale_kind, new.price_paid, new.renewed_from) == ("renewal", 306, old)
    meeting.refresh_from_db()
    assert (meeting.status, meeting.result, meeting.membership) == ("attended", "renewed", new)

    # Somebody walks in: a new member, whose checklist begins with the sale.
    anna.open("/members/new/")
    anna.page.get_by_label("Last name").fill("Newman")
    anna.page.get_by_label("First name").fill("Nora")
    anna.page.get_by_role("textbox", name=re.compile("^Phone")).fill("(319) 555-0111")
    anna.press("Enter")
    anna.heading(re.compile("Nora Newman"))
    anna.press("R")  # Sell
    anna.heading("Offer for Nora Newman")
    anna.press("Enter")
    anna.heading("For Nora Newman")
    anna.press("Enter")
    anna.heading(re.compile("Nora Newman"))
    anna.sees("Checklist", "0 of 8", "Tour of the club")
    anna.page.get_by_role("button", name="Done", exact=True).first.click()
    anna.sees("1 of 8")
    assert Member.objects.get(last_name="Newman").phone == "+13195550111"

    # Why Ivan stays away is in the manager's report, behind its bar, and in her file.
    karin = person("karin")
    karin.heading("Why members refuse")
    karin.sees("1 refusal")
    karin.find("table.pareto").get_by_role("link").first.click()
    karin.heading("Who refused")
    karin.sees("Ivan Petrov", "Iron Temple")
    with karin.page.expect_download() as download:
        karin.page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "Ivan Petrov" in text
    assert "Iron Temple" in text


@pytest.mark.skipif(not files.MODEL_FITNESS.is_dir(), reason="the data of Model Fitness is not beside this repository")
def test_two_thousand_members_become_calls_a_renewal_and_a_refusal(system: str, person: Callable[..., Person]) -> None:
    console.set_clock(days.at("2026-11-02T10:00"))
    console.make_club()
    taken = console.import_all(files.MODEL_FITNESS, as_of="2026-11-01")
    assert [one["created"] for one in taken.values()] == [6, 5, 2000, 6030, 45872]
    planned = console.done("plan_calls", "--club", "mf", "--json").json
    assert planned["created"]["renewal"] > 500
    assert planned["left_out"]["no_phone"] > 100

    olga = person("olga")
    olga.press("Enter")  # Next call: newcomers first
    olga.sees("Welcome")
    olga.press("Enter")
    olga.sees("Talking")
    olga.press("L")
    olga.sees("Ready to ring")

    console.set_clock(days.at("2026-11-06T10:00"))  # nobody rang the other newcomers in time
    planned = console.done("plan_calls", "--club", "mf", "--json").json
    assert planned["lapsed"]["window_over"] > 60
    olga.open("/calls/")
    olga.press("Enter")  # Next call
    olga.sees("Ready to ring")
    olga.press("Enter")
    olga.sees("Talking")
    olga.press("B 2")
    olga.press("Enter")
    olga.sees("Ready to ring")
    meeting = Meeting.objects.select_related("member", "task__membership").get()
    assert meeting.task is not None
    old = meeting.task.membership

    olga.press("Enter")
    olga.sees("Talking")
    olga.press("R", "C 1", "Enter")  # refused: the price
    olga.sees("Ready to ring")
    refused = CallAttempt.objects.select_related("member").get(outcome="refused")

    console.set_clock(meeting.starts_at)
    anna = person("anna")
    anna.find("h1").wait_for()
    anna.press("8")
    anna.sees("came, how did it go?")
    anna.press("O")
    anna.heading(f"For {meeting.member.name}")
    assert old.effective_ends_on < meeting.starts_at.date()
    expect(anna.page.get_by_text("the day after your membership ends")).to_have_count(0)
    anna.press("Enter")
    anna.sees("renewed")
    new = Membership.objects.get(renewed_from=old)
    assert new.starts_on == max(old.effective_ends_on + days.DAY, new.sold_on)

    # The desk in the club finds a member whose year ends soon, and renews it early.
    anna.open("/members/?ends=45&plan=M12G")
    anna.press("ArrowDown", "Enter")
    anna.find(".m-head").wait_for()
    anna.press("R")
    anna.heading(re.compile("^Offer for"))
    anna.press("Enter")
    expect(anna.find(".price s")).to_have_text("$480.00")
    anna.sees("the day after your membership ends")
    anna.press("Enter")
    anna.sees("Sold:")
    early = Membership.objects.exclude(pk=new.pk).select_related("renewed_from").get(sold_on=new.sold_on)
    assert early.starts_on == early.renewed_from.effective_ends_on + days.DAY
    assert early.price < early.list_price == 480

    karin = person("karin")
    karin.find("table.pareto").get_by_role("link", name="Price").click()
    karin.sees(refused.member.name)
