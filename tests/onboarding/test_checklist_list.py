"""Every checklist of the club as a list, with its views, its file and what is done to many."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from memberships import sales
from memberships.models import Member
from onboarding.models import Checklist, StepStatus
from tests import days, factories
from tests.web import browser

pytestmark = pytest.mark.django_db
ALL = "/onboarding/all/"


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(days.NOW)


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def karin(club):
    return browser(factories.make_user(club, "manager", "karin"))


def start(club, name: str, days_ago: int) -> Checklist:
    member = factories.make_member(club, first_name="Emma", last_name=name, phone="")
    at = days.NOW - days_ago * days.DAY
    sold = sales.sell(member=member, plan=factories.make_plan(club), now=at, by=None)
    return Checklist.objects.get(membership=sold)


def names(client, query: str) -> list[str]:
    return [card.checklist.member.last_name for card in client.get(f"{ALL}?{query}").context["table"].page.rows]


def test_checklists_are_found_by_where_they_stand_and_whose_turn_it_is(club, karin):
    anna = factories.make_employee(club, "administrator", "anna")
    fresh, late, through = start(club, "Fresh", 0), start(club, "Late", 20), start(club, "Through", 40)
    through.steps.update(status=StepStatus.DONE)
    Checklist.objects.filter(pk=through.pk).update(closed_at=days.NOW)
    fresh.steps.update(employee=anna)
    assert sorted(names(karin, "")) == ["Fresh", "Late", "Through"]
    assert names(karin, "state=running") == ["Late", "Fresh"], "what is due first stands first"
    assert names(karin, "state=late") == [late.member.last_name]
    assert names(karin, "state=closed") == ["Through"]
    assert names(karin, f"who={anna.pk}") == ["Fresh"]
    assert names(karin, "who=x") == names(karin, "state=never") == names(karin, "plan=none") == []
    assert "No checklist fits" in karin.get(f"{ALL}?state=never").content.decode()


def test_a_view_is_kept_and_the_members_behind_it_are_marked_or_taken_out(club, karin):
    start(club, "Late", 20)
    assert karin.post("/views/new/?list=checklists&state=late", {"name": "Behind"})["Location"] == f"{ALL}?state=late"
    assert "Behind" in karin.get(ALL).content.decode()
    sent = {"all": "1", "query": "?state=late", "confirmed": "1"}
    assert karin.post("/lists/checklists/bulk/", sent | {"do": "do_not_call", "note": "asked so"}).status_code == 302
    assert Member.objects.exclude(do_not_call_since=None).count() == 1
    for file in (
        karin.get(f"{ALL}?state=late&export=csv"),
        karin.post("/lists/checklists/bulk/", sent | {"do": "export", "form": "csv"}),
    ):
        assert "Emma Late" in b"".join(file.streaming_content).decode()


def test_it_asks_as_much_for_one_row_as_for_fifty(club, karin):
    asked = []
    for first, count in ((0, 1), (1, 24)):
        for n in range(first, first + count):
            start(club, f"Member {n}", 5)
        karin.get(ALL)
        with CaptureQueriesContext(connection) as queries:
            assert karin.get(ALL).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_administrators_see_it_and_take_no_file_out(club):
    start(club, "Late", 20)
    anna = browser(factories.make_user(club, "administrator", "anna"))
    seen = anna.get(ALL).content.decode()
    assert "Emma Late" in seen and "export=csv" not in seen and "data-pick" in seen
    assert anna.post("/lists/checklists/bulk/", {"do": "export", "all": "1"}).status_code == 403
    assert browser(factories.make_user(club, "operator", "olga")).get(ALL).status_code == 403
