"""The desk in the middle of a membership: another plan, and a freeze that moves what is sold behind it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from calls.models import CallTask
from memberships import sales
from memberships.models import Club, Freeze, Membership
from tests import days, factories
from tests.calls.factories import make_task
from tests.days import day
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def term(system: str) -> Membership:
    """Twelve months to 30 November; somebody should ring because the member was not seen."""
    console.set_clock(days.NOW)
    console.make_club()
    club = Club.objects.get()
    plan = factories.make_plan(club)
    factories.make_plan(club, "M6", term="6m", price=210)
    term = factories.make_membership(factories.make_member(club), plan, starts_on=day("2025-12-01"))
    make_task(term.member, "at_risk", membership=term, reason="Not seen for 15 days.")
    return term


def test_a_host_changes_a_plan_in_mid_term(term: Membership, person: Callable[..., Person]) -> None:
    anna = person("anna")
    anna.open(f"/members/{term.member_id}/terms/")
    anna.page.get_by_role("link", name="Change plan").click()
    anna.heading("Change the plan")
    credit = (Decimal(360) * 19 / 365).quantize(Decimal("0.01"))
    anna.sees(f"Credit ${credit}", "19 of 365 days are left", f"${210 - credit}")
    anna.page.get_by_role("radio", name="6 months").check()
    anna.press("Control+Enter")
    anna.sees("Sold: 6 months from 12 November 2026")

    new = Membership.objects.get(plan__code="M6")
    term.refresh_from_db()
    assert (new.sale_kind, new.renewed_from, new.price) == ("change", term, 210 - credit)
    assert (term.closed_on, new.starts_on, new.ends_on) == (day("2026-11-11"), days.TODAY, day("2027-05-11"))
    assert CallTask.objects.get().lapsed_because == "renewed"
    anna.open(f"/members/{term.member_id}/terms/")
    anna.sees("ended", "change of plan")


def test_a_freeze_moves_a_sold_renewal_as_its_preview_said(term: Membership, person: Callable[..., Person]) -> None:
    renewal = sales.sell(member=term.member, plan=term.plan, now=days.NOW, by=None)
    anna = person("anna")
    anna.open(f"/members/{term.member_id}/")
    anna.press("F")
    anna.heading("Freeze for Pamela Scott")
    anna.page.get_by_label("First day").fill("2026-11-12")
    anna.page.get_by_label("Last day").fill("2026-11-25")
    anna.page.get_by_label("Last day").press("Tab")
    moves = anna.find("#moves")
    for line in (
        ("This membership ends", "Mon 30 Nov", "Mon 14 Dec", "14 days"),
        ("Renewal starts", "sold 12 Nov, follows this one", "Tue 1 Dec", "Tue 15 Dec", "14 days"),
        ("Renewal ends", "Tue 30 Nov 2027", "Tue 14 Dec 2027", "14 days"),
        ("At risk: Not seen for 15 days.", "Thu 12 Nov", "lapses: frozen"),
        ("Freeze ending", "Sun 22 Nov"),
    ):
        row = moves.get_by_role("row").filter(has_text=line[0])
        for words in line:
            expect(row).to_contain_text(words)
    expect(anna.find("#allowance")).to_contain_text("31 of 45 days remain after this")
    assert not Freeze.objects.exists()

    anna.press("Control+Enter")
    anna.sees("The freeze is saved.")
    for row in (term, renewal):
        row.refresh_from_db()
    assert term.effective_ends_on == day("2026-12-14")
    assert (renewal.starts_on, renewal.effective_ends_on) == (day("2026-12-15"), day("2027-12-14"))
    assert CallTask.objects.get(kind="at_risk").lapsed_because == "frozen"

    anna.open(f"/members/{term.member_id}/terms/")
    anna.page.get_by_role("link", name="back earlier").click()
    anna.heading("Back from the freeze")
    anna.page.get_by_label("Back from").fill("2026-11-19")
    anna.page.get_by_label("Back from").press("Tab")
    row = anna.find("#moves").get_by_role("row").filter(has_text="Renewal starts")
    expect(row).to_contain_text("Tue 8 Dec")
    anna.page.get_by_role("button", name="End the freeze").click()
    anna.sees("The freeze is ended.")
    renewal.refresh_from_db()
    assert renewal.starts_on == day("2026-12-08")
