"""The board of new members, today's list, and ticking."""

from __future__ import annotations

import pytest

from memberships import sales
from onboarding import checklists
from onboarding.models import Checklist, Step
from tests import days, factories
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(days.NOW)


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def anna(club):
    return factories.make_user(club, "administrator", "anna")


@pytest.fixture
def checklist(club):
    return start(club, "Lindholm", 6)


def start(club, name: str, days_ago: int) -> Checklist:
    member = factories.make_member(club, first_name="Emma", last_name=name, phone="")
    at = days.NOW - days_ago * days.DAY
    sold = sales.sell(member=member, plan=factories.make_plan(club), now=at, by=None)
    return Checklist.objects.get(membership=sold)


def step(checklist, title: str) -> Step:
    return checklist.steps.get(title__startswith=title)


def url(step: Step, verb: str) -> str:
    return f"/onboarding/steps/{step.pk}/{verb}/"


# ---- the board


def test_new_members_stand_in_the_column_of_their_day(club, anna):
    for days_ago in (0, 2, 3, 7, 8, 29, 30, 45):
        start(club, f"Day{days_ago}", days_ago)
    page = browser(anna).get("/onboarding/")
    assert [column.count for column in page.context["board"].columns] == [2, 2, 2, 2]
    assert page.context["board"].on_the_way == 8


def test_frozen_days_do_not_count_as_days(club, anna):
    checklist = start(club, "Frost", 12)
    factories.make_freeze(checklist.membership, days.day("2026-11-05"), days.day("2026-11-12"))
    page = browser(anna).get("/onboarding/")
    assert page.context["card"].day == 4


def test_a_card_says_what_is_late_and_what_is_next(club, anna, checklist):
    text = browser(anna).get("/onboarding/").text
    assert "Emma Lindholm" in text
    assert "Tour of the club, since 6 Nov" in text
    assert "0 of 8 steps done, 5 late" in text


def test_the_latest_come_first_and_the_rest_on_demand(club, anna):
    for number in range(8):
        start(club, f"New{number}", 1)
    late = start(club, "Late", 2)
    page = browser(anna).get("/onboarding/")
    column = page.context["board"].columns[0]
    assert column.cards[0].checklist == late
    assert (len(column.cards), column.more) == (6, 3)
    full = browser(anna).get("/onboarding/?stage=arrive")
    assert len(full.context["board"].columns[0].cards) == 9


def test_late_and_mine_narrow_the_board(club, anna, checklist):
    start(club, "Fresh", 0)
    client = browser(anna)
    assert [column.count for column in client.get("/onboarding/?who=late").context["board"].columns] == [0, 1, 0, 0]
    assert sum(column.count for column in client.get("/onboarding/?who=mine").context["board"].columns) == 2
    trainer = factories.make_employee(club, "")
    Step.objects.update(employee=trainer)
    assert client.get("/onboarding/").context["board"].mine == 0


def test_memberships_that_are_over_are_not_on_the_way(club, anna, checklist):
    sales.cancel(membership=checklist.membership, on=days.TODAY, reason="moved", now=days.NOW, by=None)
    assert "No new member is on the way." in browser(anna).get("/onboarding/").text


def test_a_checklist_of_another_club_does_not_open(club, anna, checklist):
    foreign = start(factories.make_club("hill"), "Hill", 1)
    page = browser(anna).get(f"/onboarding/?open={foreign.pk}")
    assert page.context["card"].checklist == checklist
    assert "Emma Hill" not in page.text


def test_the_board_asks_as_much_for_many_as_for_one(club, anna, django_assert_max_num_queries):
    for number in range(12):
        start(club, f"New{number}", number)
    client = browser(anna)
    client.get("/onboarding/")
    with django_assert_max_num_queries(26):
        client.get("/onboarding/")


# ---- today's list


def test_what_is_due_is_listed_by_person(club, anna, checklist):
    Step.objects.filter(title__startswith="Meet").update(employee=factories.make_employee(club, "", name="Leon Weiss"))
    page = browser(anna).get("/onboarding/due/")
    assert {person: len(lines) for person, lines in page.context["people"].items()} == {
        "Leon Weiss": 1,
        "Any administrator": 3,
        "Any operator": 1,
    }


def test_an_empty_list_says_so(anna):
    assert "Nothing is due today." in browser(anna).get("/onboarding/due/").text


# ---- ticking


def test_a_step_is_ticked_and_one_returns_to_where_one_was(anna, checklist):
    tour = step(checklist, "Tour")
    answer = browser(anna).post(url(tour, "done"), {"back": "/onboarding/due/"})
    tour.refresh_from_db()
    assert (answer.url, tour.status, tour.done_by) == ("/onboarding/due/", "done", anna)


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""])
def test_nobody_is_led_elsewhere(anna, checklist, back):
    answer = browser(anna).post(url(step(checklist, "Tour"), "done"), {"back": back})
    assert answer.url == f"/onboarding/?open={checklist.pk}"


def test_a_result_is_kept(anna, checklist):
    body = step(checklist, "Body")
    browser(anna).post(url(body, "done"), {"result": "24 %"})
    body.refresh_from_db()
    assert body.result == "24 %"


def test_a_result_that_does_not_fit_is_said_beside_its_step(anna, checklist):
    body = step(checklist, "Body")
    Step.objects.filter(pk=body.pk).update(result_kind="number")
    page = browser(anna).post(url(body, "done"), {"result": "much"})
    assert page.status_code == 422
    assert "“much” is not a number." in page.text


def test_what_is_done_already_is_said(anna, checklist):
    tour = step(checklist, "Tour")
    client = browser(anna)
    client.post(url(tour, "done"))
    page = client.post(url(tour, "done"))
    assert page.status_code == 409
    assert "This step is done already." in page.text


def test_a_step_is_skipped_with_a_reason(anna, checklist):
    meet = step(checklist, "Meet")
    client = browser(anna)
    assert client.post(url(meet, "skip"), {"reason": ""}).status_code == 422
    client.post(url(meet, "skip"), {"reason": "trains alone"})
    meet.refresh_from_db()
    assert (meet.status, meet.skip_reason) == ("skipped", "trains alone")


def test_undo_opens_a_step_again(anna, checklist):
    tour = checklists.done(step=step(checklist, "Tour"), by=anna, now=days.NOW)
    browser(anna).post(url(tour, "undo"))
    tour.refresh_from_db()
    assert tour.status == "open"


# ---- elsewhere


def test_the_members_page_carries_the_checklist(anna, checklist):
    text = browser(anna).get(f"/members/{checklist.member_id}/").text
    assert "Body-composition test" in text
    assert url(step(checklist, "Tour"), "done") in text


def test_a_new_member_without_one_may_get_one(club, anna):
    member = factories.make_member(club)
    factories.make_membership(member, starts_on=days.TODAY)
    client = browser(anna)
    assert "Start a checklist" in client.get(f"/members/{member.pk}/").text
    client.post(f"/members/{member.pk}/checklist/")
    assert Checklist.objects.filter(member=member).exists()
    assert client.post(f"/members/{member.pk}/checklist/").status_code == 409


def test_an_old_member_without_one_is_not_asked(club, anna):
    member = factories.make_member(club)
    factories.make_membership(member, starts_on=days.day("2026-01-01"))
    assert "Checklist" not in browser(anna).get(f"/members/{member.pk}/").text


def test_done_steps_stand_in_the_members_history(anna, checklist):
    checklists.done(step=step(checklist, "Body"), result="24 %", by=anna, now=days.NOW)
    text = browser(anna).get(f"/members/{checklist.member_id}/?show=step").text
    assert "24 %" in text


# ---- who


def test_operators_work_checklists_through_calls_only(club, checklist):
    client = browser(factories.make_user(club, "operator", "olga"))
    tour = step(checklist, "Tour")
    assert client.get("/onboarding/").status_code == client.get("/onboarding/due/").status_code == 403
    for verb in ("done", "skip", "undo"):
        assert client.post(url(tour, verb)).status_code == 403
    assert client.post(f"/members/{checklist.member_id}/checklist/").status_code == 403
    assert "Body-composition test" not in client.get(f"/members/{checklist.member_id}/").text


def test_strangers_find_nothing(checklist):
    client = browser(factories.make_user(factories.make_club("hill"), "manager", "mia"))
    tour = step(checklist, "Tour")
    for verb in ("done", "skip", "undo"):
        assert client.post(url(tour, verb)).status_code == 404
        assert client.post(f"/onboarding/steps/999999/{verb}/").status_code == 404
    assert client.post(f"/members/{checklist.member_id}/checklist/").status_code == 404


def test_passers_by_are_led_to_the_login(checklist):
    client = browser(None)
    for page in ("/onboarding/", "/onboarding/due/"):
        assert client.get(page).url.startswith("/accounts/login/")
    assert client.post(url(step(checklist, "Tour"), "done")).url.startswith("/accounts/login/")


def test_each_address_takes_its_own_verbs(anna, checklist):
    client = browser(anna)
    assert client.post("/onboarding/").status_code == 405
    for verb in ("done", "skip", "undo"):
        assert client.get(url(step(checklist, "Tour"), verb)).status_code == 405
