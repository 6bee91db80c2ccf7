"""The member list: create, edit, do-not-call, deceased, households, how they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.apps import apps

from memberships import events, people, sales, standing
from memberships.models import Member, Membership
from memberships.rules.sales import ReasonRequired
from memberships.rules.terms import Status
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop

NOW = days.NOW
LATER = days.at("2026-11-20T12:00")


@pytest.fixture
def told() -> Iterator[list[int]]:
    heard: list[int] = []

    def listener(*, member: Member, **_: object) -> None:
        heard.append(member.pk)

    events.member_changed.append(listener)
    yield heard
    events.member_changed.remove(listener)


def create(shop: Shop, **details: object) -> Member:
    return people.create(club=shop.club, details={"last_name": "Scott", **details}, now=NOW, by=shop.manager)  # type: ignore[typeddict-item]


def edit(shop: Shop, member: Member, now: dt.datetime = LATER, **details: object) -> Member:
    return people.edit(member=member, details=details, now=now, by=shop.manager)  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["(319) 555-0107", "319.555.0107", "+1 319 555 0107", "001 319 555 0107"])
def test_a_phone_is_kept_in_one_form_however_it_was_written(shop: Shop, written: str) -> None:
    member = create(shop, phone=written, first_name=" Pamela ")
    member.refresh_from_db()
    assert (member.phone, member.first_name, member.phone_changed_at) == ("+13195550107", "Pamela", NOW)


def test_details_that_cannot_be_right_are_refused_by_field_and_nothing_is_stored(shop: Shop) -> None:
    create(shop, external_id="MF1")
    with pytest.raises(people.DetailsRefused) as refusal:
        create(
            shop,
            last_name=" ",
            phone="12",
            email="nobody",
            birthday=day("2026-11-13"),
            timezone="Chicago",
            external_id="MF1",
            referred_by=factories.make_member(factories.make_club("riverside")),
        )
    assert set(refusal.value.fields) == {
        "last_name", "phone", "email", "birthday", "timezone", "external_id", "referred_by",
    }  # fmt: skip
    assert Member.objects.filter(club=shop.club).count() == 1


def test_an_empty_number_is_no_number_for_many(shop: Shop) -> None:
    assert create(shop, external_id="").external_id is None
    assert create(shop, external_id="").external_id is None


def test_an_edit_changes_what_it_names_and_another_number_is_no_longer_a_wrong_one(shop: Shop, told: list[int]) -> None:
    member = create(shop, phone="+13195550107", goal="marathon")
    people.mark_phone_bad(member=member, now=NOW, by=shop.manager)
    edit(shop, member, notes="likes mornings")
    member.refresh_from_db()
    assert (member.phone_bad_since, member.goal, member.notes) == (NOW, "marathon", "likes mornings")
    edit(shop, member, phone="319 555 0108")
    member.refresh_from_db()
    assert (member.phone, member.phone_bad_since, member.phone_changed_at) == ("+13195550108", None, LATER)
    assert told == [member.pk, member.pk]  # the bad mark and the new number


def test_the_same_number_written_otherwise_is_no_change(shop: Shop, told: list[int]) -> None:
    member = create(shop, phone="+13195550107")
    edit(shop, member, phone="(319) 555-0107")
    member.refresh_from_db()
    assert (member.phone_changed_at, told) == (NOW, [])


def test_do_not_call_only_grows_until_a_manager_says_why(shop: Shop, told: list[int]) -> None:
    member = create(shop)
    people.set_do_not_call(member=member, note="asked at the desk", now=NOW, by=shop.manager)
    people.set_do_not_call(member=member, note="asked again", now=LATER, by=None)
    member.refresh_from_db()
    assert (member.do_not_call_since, member.do_not_call_by, member.do_not_call_note) == (
        NOW,
        shop.manager,
        "asked at the desk",
    )
    with pytest.raises(ReasonRequired) as refusal:
        people.clear_do_not_call(member=member, reason=" ", now=LATER, by=shop.manager)
    assert (refusal.value.code, refusal.value.status) == ("reason_required", 422)
    people.clear_do_not_call(member=member, reason="a mix-up of names", now=LATER, by=shop.manager)
    member.refresh_from_db()
    assert not member.do_not_call
    with pytest.raises(people.NotMarked):
        people.clear_do_not_call(member=member, reason="a mix-up of names", now=LATER, by=shop.manager)
    assert told == [member.pk, member.pk]


def test_the_history_says_who_lifted_it_and_why(shop: Shop) -> None:
    member = create(shop)
    people.set_do_not_call(member=member, note="", now=NOW, by=shop.manager)
    people.clear_do_not_call(member=member, reason="a mix-up of names", now=LATER, by=shop.manager)
    event = apps.get_model("memberships", "MemberEvent").objects.filter(pgh_obj=member).order_by("-pgh_id")[0]
    assert event.pgh_context["reason"] == "a mix-up of names"
    assert event.pgh_context["user"] == shop.manager.pk


def test_an_undone_outcome_takes_only_its_own_mark_back(shop: Shop) -> None:
    member = create(shop)
    people.set_do_not_call(member=member, note="at the desk", now=NOW, by=shop.manager)
    people.take_back_do_not_call(member=member, set_at=LATER, now=LATER, by=shop.manager)
    member.refresh_from_db()
    assert member.do_not_call
    people.take_back_do_not_call(member=member, set_at=NOW, now=LATER, by=shop.manager)
    member.refresh_from_db()
    assert not member.do_not_call
    people.mark_phone_bad(member=member, now=NOW, by=None)
    people.take_back_phone_bad(member=member, marked_at=NOW, now=LATER, by=None)
    member.refresh_from_db()
    assert member.phone_bad_since is None


def test_deceased_has_a_day_and_is_taken_back_with_a_reason(shop: Shop) -> None:
    member = create(shop)
    with pytest.raises(people.DetailsRefused):
        people.mark_deceased(member=member, on=day("2026-11-13"), now=NOW, by=shop.manager)
    people.mark_deceased(member=member, now=NOW, by=shop.manager)
    member.refresh_from_db()
    assert member.deceased_on == days.TODAY
    with pytest.raises(ReasonRequired):
        people.undo_deceased(member=member, reason="", now=NOW, by=shop.manager)
    people.undo_deceased(member=member, reason="wrong person", now=NOW, by=shop.manager)
    member.refresh_from_db()
    assert member.deceased_on is None


def test_a_household_is_everybody_of_the_club_on_the_number(shop: Shop) -> None:
    pamela = create(shop, phone="+13195550107", first_name="Pamela")
    chad = create(shop, phone="(319) 555-0107", first_name="Chad")
    create(shop, phone="+13195550108")
    factories.make_member(factories.make_club("riverside"), phone="+13195550107")
    assert list(people.household(pamela)) == [chad]
    assert list(people.household(create(shop))) == []


# ---- how they stand --------------------------------------------------------------------------------------


@pytest.fixture
def everybody(shop: Shop) -> dict[str, Member]:
    """One member for each way to stand on 12 November 2026, and one who never bought anything."""
    members = {name: shop.member(name) for name in ("active", "frozen", "pending", "expired", "cancelled", "never")}
    factories.make_membership(members["active"], starts_on=day("2026-01-01"))
    frozen = factories.make_membership(members["frozen"], starts_on=day("2026-01-01"))
    factories.make_freeze(frozen, day("2026-11-10"), day("2026-11-20"))
    factories.make_membership(members["pending"], starts_on=day("2025-01-01"))
    shop.sell(members["pending"], starts_on=day("2026-11-13"))
    factories.make_membership(members["expired"], starts_on=day("2025-11-12"))
    gone = factories.make_membership(members["cancelled"], starts_on=day("2026-01-01"))
    sales.cancel(membership=gone, on=days.TODAY, reason="moved", now=NOW, by=shop.manager)
    never = shop.sell(members["never"], starts_on=day("2026-12-01"))
    sales.cancel(membership=never, on=days.TODAY, reason="moved", now=NOW, by=shop.manager)
    return members


def test_each_member_stands_as_their_membership_does(everybody: dict[str, Member]) -> None:
    for name, member in everybody.items():
        found = standing.of_member(member=member, on=days.TODAY)
        assert (found.status or "never") == name
        assert found.is_member == (name in ("active", "frozen"))


def test_the_filters_of_lists_say_the_same(everybody: dict[str, Member], shop: Shop) -> None:
    for status in Status:
        chosen = Member.objects.filter(standing.member_status_q(status, days.TODAY), club=shop.club)
        assert list(chosen) == [everybody[status.value]]
        rows = Membership.objects.filter(standing.status_q(status, days.TODAY))
        assert {standing.status_of(membership=row, on=days.TODAY) for row in rows} == {status}
    annotated = standing.with_status(Membership.objects.all(), days.TODAY)
    assert all(row.status == standing.status_of(membership=row, on=days.TODAY) for row in annotated)
    on_the_day = Member.objects.filter(standing.members_on(days.TODAY)).order_by("pk")
    assert [member.last_name for member in on_the_day] == ["active", "frozen"]


def test_a_page_of_members_costs_two_queries(
    everybody: dict[str, Member], django_assert_num_queries: pytest.FixtureDef
) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = standing.of_members(members=[member.pk for member in everybody.values()], on=days.TODAY)
    assert len(found) == 6


def test_the_membership_one_speaks_of_is_the_current_else_the_latest_ended(everybody: dict[str, Member]) -> None:
    active, pending = everybody["active"], everybody["pending"]
    assert standing.current(member=active, on=days.TODAY) is not None
    assert standing.current(member=pending, on=days.TODAY) is None
    ended = standing.latest_ended(member=pending, on=days.TODAY)
    assert ended is not None
    assert ended.starts_on == day("2025-01-01")
    latest = standing.latest(member=pending)
    assert latest is not None
    assert latest.starts_on == day("2026-11-13")
    assert standing.latest(member=everybody["never"]) is None
