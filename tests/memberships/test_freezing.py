"""Freezes, early returns, closures: EXAMPLES 3, and §3.3 through the operations."""

from __future__ import annotations

import pytest

from memberships import freezing, sales
from memberships.models import Freeze
from memberships.rules import chains
from memberships.rules import freezing as rules
from tests import days
from tests.days import day
from tests.memberships.moving import back, dates, freeze, noon
from tests.memberships.shop import Shop

# ---- EXAMPLES 3 ------------------------------------------------------------------------------------------


def test_example_3_a_freeze_moves_the_renewal_and_an_early_return_brings_it_back(
    shop: Shop, told: list[tuple[str, int, list[int]]]
) -> None:
    member = shop.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = shop.sell(member)
    given = freeze(shop, prior, "2026-11-16", "2026-11-25", reason="travel")
    assert (given.days, given.voided, given.closure, given.reason) == (10, False, None, "travel")
    assert dates(prior)[2] == "2026-12-10"
    assert dates(renewal) == ("2026-12-11", "2027-12-10", "2027-12-24")
    member.refresh_from_db()
    assert member.last_covered_on == day("2027-12-24")

    again = back(shop, given, "2026-11-21")
    assert (again.days, again.ends_on, again.planned_ends_on) == (5, day("2026-11-20"), day("2026-11-25"))
    assert dates(prior)[2] == "2026-12-05"
    assert dates(renewal) == ("2026-12-06", "2027-12-05", "2027-12-19")
    assert told == [("frozen", given.pk, [prior.pk, renewal.pk]), ("unfrozen", given.pk, [prior.pk, renewal.pk])]


def test_example_3_a_return_on_the_first_day_makes_the_freeze_void(shop: Shop) -> None:
    member = shop.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = shop.sell(member)
    given = back(shop, freeze(shop, prior, "2026-11-16", "2026-11-25"), "2026-11-16")
    assert (given.voided, given.days) == (True, 0)
    assert dates(prior)[2] == "2026-11-30"
    assert dates(renewal) == ("2026-12-01", "2027-11-30", "2027-12-14")
    member.refresh_from_db()
    assert member.last_covered_on == day("2027-12-14")


# ---- what is allowed -------------------------------------------------------------------------------------


def test_each_rule_of_a_freeze_has_its_refusal(plain: Shop) -> None:
    sold = plain.sell(plain.member())  # 2026-11-12 … 2027-11-11, 45 days, 7 at least, 3 at most
    refusals = [
        ("2026-11-20", "2026-11-25", rules.FreezeMinimum, "freeze_minimum", 422),
        ("2026-11-11", "2026-11-20", rules.FreezeOutside, "freeze_outside", 422),
        ("2027-11-12", "2027-11-20", rules.FreezeOutside, "freeze_outside", 422),
        ("2026-11-20", "2026-11-19", rules.FreezeDaysRefused, "invalid", 422),
        ("2026-11-20", "2027-01-04", rules.FreezeAllowance, "freeze_allowance", 409),
    ]
    for first, last, refusal, code, status in refusals:
        with pytest.raises(refusal) as caught:
            freeze(plain, sold, first, last)
        assert (caught.value.code, caught.value.status) == (code, status)
    with pytest.raises(rules.FreezeInThePast) as past:
        freeze(plain, sold, "2026-11-12", "2026-11-20", on="2026-11-13")
    assert past.value.code == "freeze_in_the_past"
    freeze(plain, sold, "2026-11-20", "2026-11-29")
    with pytest.raises(rules.FreezeOverlap) as overlap:
        freeze(plain, sold, "2026-11-29", "2026-12-08")
    assert (overlap.value.code, overlap.value.status) == ("freeze_overlap", 409)
    assert Freeze.objects.count() == 1


def test_the_last_day_may_be_frozen_and_the_days_in_front_of_it_count_on(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    freeze(plain, sold, "2027-11-11", "2027-11-20")
    assert dates(sold)[2] == "2027-11-21"


def test_no_more_freezes_than_the_plan_allows(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    for month in (12, 11):
        freeze(plain, sold, f"2026-{month}-20", f"2026-{month}-26")
    third = freeze(plain, sold, "2027-01-01", "2027-01-07")
    with pytest.raises(rules.FreezeCount) as refusal:
        freeze(plain, sold, "2027-02-01", "2027-02-07")
    assert refusal.value.code == "freeze_count"
    back(plain, third, "2027-01-01")  # a void one is not counted
    freeze(plain, sold, "2027-02-01", "2027-02-07")


def test_unused_days_go_back_to_the_allowance(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    given = freeze(plain, sold, "2026-11-20", "2027-01-03")  # all 45
    back(plain, given, "2026-11-23", on="2026-11-23")
    freeze(plain, sold, "2027-01-01", "2027-02-11", on="2026-11-23")  # 3 + 42
    with pytest.raises(rules.FreezeAllowance):
        freeze(plain, sold, "2027-03-01", "2027-03-07", on="2026-11-23")


def test_a_manager_goes_beyond_the_rules_with_a_reason_but_never_outside(plain: Shop) -> None:
    sold = plain.sell(plain.member(), plain.plans["M1"])  # no freeze days at all
    late = {"on": "2026-11-20", "override_reason": "hospital, papers seen"}
    given = freeze(plain, sold, "2026-11-14", "2026-11-16", **late)
    assert given.override_reason == "hospital, papers seen"
    assert dates(sold)[2] == "2026-12-14"
    with pytest.raises(rules.FreezeOutside):
        freeze(plain, sold, "2026-11-11", "2026-11-13", **late)
    with pytest.raises(rules.FreezeOverlap):
        freeze(plain, sold, "2026-11-16", "2026-11-18", **late)
    with pytest.raises(rules.OverrideReasonRequired):
        freeze(plain, sold, "2026-11-20", "2026-11-21", on="2026-11-20", override_reason=" ")


def test_a_freeze_that_would_move_a_started_renewal_is_refused(plain: Shop) -> None:
    member = plain.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    plain.sell(member)
    with pytest.raises(chains.MovesStarted) as refusal:
        freeze(plain, prior, "2026-11-20", "2026-11-26", on="2026-12-05", override_reason="forgotten at the desk")
    assert (refusal.value.code, refusal.value.status) == ("freeze_moves_started", 409)
    assert not Freeze.objects.exists()


def test_a_return_that_leaves_a_planned_freeze_outside_is_refused(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    first = freeze(plain, sold, "2026-11-20", "2026-12-04")
    freeze(plain, sold, "2027-11-20", "2027-11-26")  # after the base term, inside thanks to the first
    with pytest.raises(chains.FreezeInTheWay) as refusal:
        back(plain, first, "2026-11-21")
    assert (refusal.value.code, refusal.value.status) == ("freeze_in_the_way", 409)
    assert dates(sold)[2] == "2027-12-03"


def test_a_return_has_its_days(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    given = freeze(plain, sold, "2026-11-20", "2026-11-29")
    with pytest.raises(rules.FreezeOutside):
        back(plain, given, "2026-11-30", on="2026-11-25")
    with pytest.raises(rules.FreezeInThePast):
        back(plain, given, "2026-11-24", on="2026-11-25")
    assert back(plain, given, "2026-11-24", on="2026-11-25", supervisor=True).days == 4
    ahead = freeze(plain, sold, "2027-01-10", "2027-01-20")
    assert back(plain, ahead, "2027-01-15").days == 5
    void = back(plain, ahead, "2027-01-10")
    with pytest.raises(rules.FreezeOutside):
        back(plain, void, "2027-01-10")


# ---- what moves ------------------------------------------------------------------------------------------


def test_a_longer_chain_moves_as_a_whole_and_back(plain: Shop) -> None:
    member = plain.member()
    chain = [plain.sell(member) for _ in range(3)]
    before = [dates(row) for row in chain]
    given = freeze(plain, chain[0], "2027-01-01", "2027-01-31")
    assert [dates(row)[0] for row in chain] == ["2026-11-12", "2027-12-13", "2028-12-13"]
    back(plain, given, "2027-01-01")
    assert [dates(row) for row in chain] == before


def test_the_end_of_a_moved_renewal_is_counted_anew(plain: Shop) -> None:
    member = plain.member()
    month = plain.sell(member, plain.plans["M6"], now=noon("2026-11-01"))  # to 30 April
    renewal = plain.sell(member, plain.plans["M1"], now=noon("2026-11-01"))
    assert dates(renewal)[:2] == ("2027-05-01", "2027-05-31")
    freeze(plain, month, "2027-01-01", "2027-01-20", on="2026-11-01")
    assert dates(renewal)[:2] == ("2027-05-21", "2027-06-20")


def test_a_given_start_moves_only_as_far_as_it_must_and_back(plain: Shop) -> None:
    member = plain.member()
    running = plain.sell(member)  # to 2027-11-11
    later = plain.sell(member, starts_on=day("2027-11-12"))
    gap = plain.sell(member, starts_on=day("2028-12-01"), now=noon("2028-01-01"))
    assert not later.follows
    given = freeze(plain, running, "2027-01-01", "2027-01-30")
    assert [dates(row)[0] for row in (later, gap)] == ["2027-12-12", "2028-12-12"]
    back(plain, given, "2027-01-11")
    assert [dates(row)[0] for row in (later, gap)] == ["2027-11-22", "2028-12-01"]
    back(plain, given, "2027-01-01")
    assert [dates(row)[0] for row in (later, gap)] == ["2027-11-12", "2028-12-01"]


def test_no_renewal_moves_to_before_today(plain: Shop) -> None:
    member = plain.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = plain.sell(member)
    given = freeze(plain, prior, "2026-11-16", "2026-11-25")  # to 10 December
    back(plain, given, "2026-11-18", on="2026-12-05", supervisor=True)
    assert (dates(prior)[2], dates(renewal)[0]) == ("2026-12-02", "2026-12-05")


def test_a_renewal_behind_a_cancelled_one_stays_where_it_is(plain: Shop) -> None:
    member = plain.member()
    first, second, third = (plain.sell(member) for _ in range(3))
    sales.cancel(membership=second, on=days.TODAY, reason="one is enough", now=days.NOW, by=plain.manager)
    freeze(plain, first, "2027-01-01", "2027-01-31")
    assert dates(third)[0] == "2028-11-12"


def test_a_preview_names_all_that_would_move_and_stores_nothing(plain: Shop) -> None:
    member = plain.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = plain.sell(member)
    plan = freezing.preview(membership=prior, starts_on=day("2026-11-16"), ends_on=day("2026-11-25"), now=days.NOW)
    assert [(move.membership, move.after.starts_on, move.after.effective_ends_on) for move in plan.moves] == [
        (prior.pk, day("2025-12-01"), day("2026-12-10")),
        (renewal.pk, day("2026-12-11"), day("2027-12-10")),
    ]
    assert (plan.allowance_left, plan.count) == (35, 1)
    assert not Freeze.objects.exists()
    assert dates(prior)[2] == "2026-11-30"
