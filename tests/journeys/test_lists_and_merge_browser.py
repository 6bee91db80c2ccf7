"""Two rows of the list that are one person become one, and two again; views are saved, many are marked at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from memberships.models import Club, Member, SavedView
from tests import days, factories
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def club(system: str) -> Club:
    """Marina twice, once with a membership and once with the visits; and three others."""
    console.set_clock(days.NOW)
    console.make_club()
    club = Club.objects.get()
    plan = factories.make_plan(club)
    kept = factories.make_member(club, first_name="Marina", last_name="Orlova", phone=factories.phone(1))
    factories.make_membership(kept, plan, starts_on=days.day("2025-12-01"))
    twin = factories.make_member(club, first_name="Marina", last_name="Orlova", phone="", goal="swim a mile")
    factories.make_visits(twin, days.TODAY - days.DAY, [2, 3])
    for number, name in enumerate(("Adams", "Brown", "Clark"), start=2):
        other = factories.make_member(club, last_name=name, phone=factories.phone(number))
        factories.make_membership(other, plan, starts_on=days.day("2025-11-20"))
    return club


def test_a_merge_is_previewed_made_and_taken_back(club: Club, person: Callable[..., Person]) -> None:
    kept, twin = Member.objects.filter(last_name="Orlova").order_by("pk")
    anna = person("anna")
    anna.open(f"/members/{kept.pk}/")
    anna.find("summary[aria-label=More]").click()
    anna.page.get_by_role("link", name="Merge with another…").click()
    anna.heading("Who is the same person as Marina Orlova?")
    anna.page.get_by_role("link", name="Choose Marina Orlova").click()
    anna.heading("Marina Orlova goes into Marina Orlova")
    anna.sees("Visits", "swim a mile", "Nothing is stored until you merge.")
    assert Member.objects.filter(merged_into=None).count() == 5, "nothing is stored yet"
    anna.press("Control+Enter")
    anna.sees("is part of Marina Orlova now. You can take it back for a day.", "swim a mile", "Visit, gym")
    twin.refresh_from_db()
    assert twin.merged_into == kept and kept.visits.count() == 5

    anna.find("summary[aria-label=More]").click()
    anna.page.get_by_role("link", name="Take back the merge with Marina Orlova…").click()
    anna.sees("All that came over goes back")
    anna.page.get_by_role("button", name="Make two members again").click()
    anna.sees("They are two members again.")
    twin.refresh_from_db()
    kept.refresh_from_db()
    assert (twin.merged_into, kept.goal, kept.visits.count(), twin.visits.count()) == (None, "", 0, 5)
    expect(anna.page).to_have_url(f"{anna.address}/members/{twin.pk}/")


def test_a_view_is_saved_and_its_rows_are_marked_and_freed_again(club: Club, person: Callable[..., Person]) -> None:
    karin = person("karin")
    karin.open("/members/?ends=14")
    karin.page.get_by_role("link", name="Save as a view").click()
    karin.page.get_by_label("Name", exact=True).fill("Nearly over")
    karin.press("Enter")
    karin.sees("The view Nearly over stands above the list now.")
    tab = karin.page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Nearly over 3")
    expect(tab).to_have_attribute("aria-current", "true")
    assert SavedView.objects.get().query == "ends=14"

    karin.press("ArrowDown", "X", "ArrowDown", "X")
    karin.sees("2 selected")
    karin.page.get_by_role("button", name="Do not call…").click()
    karin.heading("Do not call 2 members")
    karin.page.get_by_label("Why?").fill("asked by letter")
    karin.page.get_by_role("button", name="Do not call").click()
    karin.sees("Nobody rings 2 members any more.", "2 members marked as not to be called")
    assert Member.objects.exclude(do_not_call_since=None).count() == 2

    karin.page.get_by_role("link", name="Take it back…").click()
    karin.page.get_by_label("Why?").fill("the wrong letter")
    karin.page.get_by_role("button", name="Take it back").click()
    karin.sees("2 members may be called again.")
    assert not Member.objects.exclude(do_not_call_since=None).exists()
