"""Closures of the club (PRODUCT.md §3.3) through the operations."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from memberships import freezing, sales
from memberships.models import Closure, Freeze, Membership
from memberships.rules import freezing as rules
from tests import days
from tests.days import day
from tests.memberships.moving import back, dates, freeze, noon, shut
from tests.memberships.shop import Shop


def test_a_closure_freezes_each_membership_that_covers_its_days(
    plain: Shop, told: list[tuple[str, int, list[int]]]
) -> None:
    running = plain.sell(plain.member())
    member = plain.loyal_member()
    ending = member.memberships.get(starts_on=day("2025-12-01"))  # to 30 November
    renewal = plain.sell(member)
    done = shut(plain, "2026-11-29", "2026-12-05")
    assert dates(running)[2] == "2027-11-18"
    assert (dates(ending)[2], dates(renewal)[0]) == ("2026-12-07", "2026-12-08")
    assert {row.pk for row in done.frozen} == {running.pk, ending.pk}
    assert (done.left, Freeze.objects.filter(closure=done.closure).count()) == ([], 2)
    assert [name for name, *_ in told] == ["frozen", "frozen"]
    member.refresh_from_db()
    assert member.last_covered_on == day("2027-12-07")

    again = freezing.apply(closure=done.closure, now=days.NOW, by=plain.manager)
    assert {row.pk for row in again.frozen} == {running.pk, ending.pk}
    same = shut(plain, "2026-11-29", "2026-12-05")
    assert same.closure == done.closure
    assert (dates(running)[2], dates(ending)[2], Freeze.objects.count()) == ("2027-11-18", "2026-12-07", 2)


def test_a_preview_of_a_closure_names_all_that_would_move_and_stores_nothing(plain: Shop) -> None:
    member = plain.loyal_member()
    ending = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = plain.sell(member)
    preview = freezing.preview_closure(
        club=plain.club, starts_on=day("2026-11-29"), ends_on=day("2026-12-05"), now=days.NOW
    )
    assert [row.pk for row in preview.frozen] == [ending.pk]
    assert [(row.pk, move.after.effective_ends_on) for row, move in preview.moves] == [
        (ending.pk, day("2026-12-07")),
        (renewal.pk, day("2027-12-07")),
    ]
    assert (preview.left, Closure.objects.count(), dates(ending)[2]) == ([], 0, "2026-11-30")


def test_a_closure_uses_no_allowance_and_gives_back_days_of_an_own_freeze(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    given = freeze(plain, sold, "2026-11-20", "2027-01-03")  # all 45 days
    shut(plain, "2026-12-25", "2027-01-06")
    assert dates(sold)[2] == "2027-12-29"  # 45 + 3 days
    freeze(plain, sold, "2027-02-01", "2027-02-10")  # ten of the 45 lay in the closure
    with pytest.raises(rules.FreezeAllowance):
        freeze(plain, sold, "2027-03-01", "2027-03-07")
    back(plain, given, "2026-12-28")  # what it gives up inside becomes closure days
    assert sorted(Freeze.objects.exclude(closure=None).values_list("starts_on", "ends_on")) == [
        (day("2026-12-28"), day("2027-01-06"))
    ]
    assert dates(sold)[2] == "2028-01-08"  # 38 + 10 own days, 10 of the closure


def test_memberships_sold_later_are_frozen_when_sold(plain: Shop) -> None:
    closure = shut(plain, "2026-12-24", "2026-12-26").closure
    sold = plain.sell(plain.member())
    assert (sold.frozen_days, dates(sold)) == (3, ("2026-11-12", "2027-11-11", "2027-11-14"))
    assert Freeze.objects.get(membership=sold).closure == closure


def test_a_change_of_plan_carries_the_closure_over(plain: Shop) -> None:
    old = plain.sell(plain.member())
    shut(plain, "2026-12-24", "2026-12-26")
    new = sales.change_plan(membership=old, plan=plain.plans["M12G"], now=noon("2026-12-01"), by=plain.manager)
    old.refresh_from_db()
    assert (old.frozen_days, old.effective_ends_on) == (0, day("2026-11-30"))
    assert (new.frozen_days, new.effective_ends_on) == (3, day("2027-12-03"))


def test_a_membership_that_a_closure_cannot_move_is_listed_and_left(plain: Shop) -> None:
    member = plain.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = plain.sell(member)
    done = shut(plain, "2026-11-20", "2026-11-22", on="2026-12-05")  # noted too late: the renewal has started
    assert [left.membership.pk for left in done.left] == [prior.pk]
    assert "started on 1 December 2026" in str(done.left[0].why)
    assert (dates(prior)[2], dates(renewal)[0]) == ("2026-11-30", "2026-12-01")
    freeze(plain, renewal, "2027-01-01", "2027-01-10", on="2026-12-05")
    assert dates(prior)[2] == "2026-11-30"


def test_taking_a_closure_back_frees_the_days_from_then_on(plain: Shop, told: list[tuple[str, int, list[int]]]) -> None:
    member = plain.loyal_member()
    ending = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = plain.sell(member)
    closure = shut(plain, "2026-11-14", "2026-11-25").closure
    assert (dates(ending)[2], dates(renewal)[0]) == ("2026-12-12", "2026-12-13")
    freezing.reopen(closure=closure, now=noon("2026-11-20"), by=plain.manager)
    assert (dates(ending)[2], dates(renewal)[0]) == ("2026-12-06", "2026-12-07")
    assert Freeze.objects.get(membership=ending, voided=False).ends_on == day("2026-11-19")
    freezing.reopen(closure=closure, now=noon("2026-11-21"), by=plain.manager)
    assert Closure.objects.get().taken_back_on == day("2026-11-20")
    later = plain.sell(plain.member(), now=noon("2026-11-21"))
    assert later.frozen_days == 0
    assert [name for name, *_ in told] == ["frozen"]


def test_a_closure_taken_back_before_it_begins_never_was(plain: Shop, told: list[tuple[str, int, list[int]]]) -> None:
    sold = plain.sell(plain.member())
    closure = shut(plain, "2026-12-24", "2026-12-26").closure
    freezing.reopen(closure=closure, now=days.NOW, by=plain.manager)
    assert (dates(sold)[2], Freeze.objects.filter(voided=False).count()) == ("2027-11-11", 0)
    assert [name for name, *_ in told] == ["frozen", "unfrozen"]


def test_two_closures_freeze_a_shared_day_once(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    first = shut(plain, "2026-12-20", "2026-12-26").closure
    shut(plain, "2026-12-24", "2026-12-30", why="storm")
    assert dates(sold)[2] == "2027-11-22"
    freezing.reopen(closure=first, now=days.NOW, by=plain.manager)
    assert dates(sold)[2] == "2027-11-18"


def test_days_of_a_closure_are_not_returned_early(plain: Shop) -> None:
    plain.sell(plain.member())
    shut(plain, "2026-12-20", "2026-12-26")
    with pytest.raises(freezing.ClosureFreeze):
        back(plain, Freeze.objects.get(), "2026-12-22")


def test_a_closure_needs_days_in_order_and_a_reason(plain: Shop) -> None:
    with pytest.raises(freezing.ClosureDaysRefused):
        shut(plain, "2026-12-26", "2026-12-20")
    with pytest.raises(rules.Refused):
        shut(plain, "2026-12-20", "2026-12-26", why=" ")
    assert not Closure.objects.exists()


def test_a_closure_asks_the_database_no_more_for_fifty_members_than_for_one(
    plain: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    plain.sell(plain.member())
    with CaptureQueriesContext(connection) as for_one:
        shut(plain, "2026-11-20", "2026-11-24")
    for _ in range(50):
        plain.sell(plain.member())
    with django_assert_max_num_queries(len(for_one)):
        done = shut(plain, "2026-12-24", "2026-12-26", why="holidays")
    assert len(done.frozen) == Freeze.objects.filter(closure=done.closure).count() == 51
    assert set(Membership.objects.values_list("frozen_days", flat=True)) == {8}
