"""Freezes, early returns, closures: EXAMPLES 3, and §3.3 through the operations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from memberships import events, freezing, sales
from memberships.models import Closure, Freeze, Membership, Promotion
from memberships.rules import chains
from memberships.rules import freezing as rules
from tests import days
from tests.days import day
from tests.memberships.shop import Shop


def noon(text: str) -> dt.datetime:
    return days.at(f"{text}T12:00")


def freeze(
    shop: Shop, membership: Membership, first: str, last: str, *, on: str = "2026-11-12", **more: object
) -> Freeze:
    return freezing.give(
        membership=membership, starts_on=day(first), ends_on=day(last), now=noon(on), by=shop.manager, **more
    )


def back(shop: Shop, given: Freeze, returned_on: str, *, on: str = "2026-11-12", **more: object) -> Freeze:
    return freezing.end(freeze=given, returned_on=day(returned_on), now=noon(on), by=shop.manager, **more)


def shut(shop: Shop, first: str, last: str, *, on: str = "2026-11-12", why: str = "boiler") -> freezing.Closed:
    return freezing.close_club(
        club=shop.club, starts_on=day(first), ends_on=day(last), why=why, now=noon(on), by=shop.manager
    )


def dates(membership: Membership) -> tuple[str, str, str]:
    membership.refresh_from_db()
    return str(membership.starts_on), str(membership.ends_on), str(membership.effective_ends_on)


@pytest.fixture
def plain(shop: Shop) -> Shop:
    """The shop without promotions, for round numbers."""
    Promotion.objects.all().delete()
    return shop


@pytest.fixture
def told() -> Iterator[list[tuple[str, int, list[int]]]]:
    heard: list[tuple[str, int, list[int]]] = []

    def on_frozen(*, freeze: Freeze, moved: list[Membership], **_: object) -> None:
        heard.append(("frozen", freeze.pk, [row.pk for row in moved]))

    def on_unfrozen(*, freeze: Freeze, moved: list[Membership], **_: object) -> None:
        heard.append(("unfrozen", freeze.pk, [row.pk for row in moved]))

    events.frozen.append(on_frozen)
    events.unfrozen.append(on_unfrozen)
    yield heard
    events.frozen.remove(on_frozen)
    events.unfrozen.remove(on_unfrozen)


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


# ---- closures --------------------------------------------------------------------------------------------


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
