"""Closures of the club (PRODUCT.md §3.3), by examples."""

from dataclasses import replace
from datetime import date

import pytest

from memberships.rules import chains, freezing
from memberships.rules.chains import Closure, ClosureDays, Freeze, Held
from memberships.rules.terms import Span, Term

TODAY = date(2026, 11, 12)
MONTH = Term(1, "m")
YEAR = Term(12, "m")
RUNNING = Held(1, YEAR, date(2025, 12, 1), date(2026, 11, 30), date(2026, 11, 30), allowance_days=45, minimum_days=7)
RENEWAL = Held(2, YEAR, date(2026, 12, 1), date(2027, 11, 30), date(2027, 11, 30), follows=1, allowance_days=45)
WEEK = Closure(7, date(2026, 11, 26), date(2026, 12, 5))


def saved(memberships: list[Held], plan: freezing.ClosurePlan, closure: Closure | None) -> list[Held]:
    after = {move.membership: move.after for move in plan.moves}
    left = {row.membership for row in plan.left}
    stored = []
    for held in memberships:
        if held.id not in left:
            others = tuple(row for row in held.closures if row.id != 7)
            held = replace(held, closures=(*others, closure) if closure else others)
        stored.append(chains.moved(held, after[held.id]) if held.id in after else held)
    return stored


def test_a_closure_freezes_the_days_that_a_membership_covers_as_extended_by_those_before():
    plan = freezing.plan_closure([RUNNING, RENEWAL], WEEK, today=TODAY)
    first, second = plan.moves
    assert first.after.closure_days == (ClosureDays(7, Span(date(2026, 11, 26), date(2026, 12, 5))),)
    assert (first.after.frozen_days, first.after.effective_ends_on) == (10, date(2026, 12, 10))
    assert (second.after.starts_on, second.after.frozen_days) == (date(2026, 12, 11), 0)
    assert (plan.frozen, plan.left) == ((1,), ())


def test_a_membership_that_does_not_reach_the_closure_is_not_frozen():
    ended = replace(RUNNING, ends_on=date(2026, 11, 25), effective_ends_on=date(2026, 11, 25))
    plan = freezing.plan_closure([ended], WEEK, today=TODAY)
    assert (plan.moves, plan.frozen, plan.left) == ((), (), ())


def test_a_membership_begins_frozen_when_it_starts_inside_the_closure():
    starts_inside = replace(RENEWAL, follows=None)
    plan = freezing.plan_closure([starts_inside], WEEK, today=TODAY)
    assert plan.moves[0].after.closure_days == (ClosureDays(7, Span(date(2026, 12, 1), date(2026, 12, 5))),)


def test_applying_a_closure_twice_changes_nothing():
    once = saved([RUNNING, RENEWAL], freezing.plan_closure([RUNNING, RENEWAL], WEEK, today=TODAY), WEEK)
    again = freezing.plan_closure(once, WEEK, today=TODAY)
    assert (again.moves, again.frozen) == ((), (1,))


def test_days_of_an_own_freeze_inside_a_closure_go_back_to_the_allowance():
    held = replace(RUNNING, freezes=(Freeze(1, date(2026, 11, 20), date(2026, 11, 29)),))
    held = chains.moved(held, chains.place(held))
    assert freezing.allowance_used(held) == 10
    plan = freezing.plan_closure([held], WEEK, today=TODAY)
    assert plan.moves[0].after.closure_days == (ClosureDays(7, Span(date(2026, 11, 30), date(2026, 12, 5))),)
    assert plan.moves[0].after.frozen_days == 16
    assert freezing.allowance_used(saved([held], plan, WEEK)[0]) == 6


def test_days_that_an_early_return_releases_inside_a_closure_become_closure_days():
    held = replace(RUNNING, freezes=(Freeze(1, date(2026, 11, 20), date(2026, 11, 29)),), closures=(WEEK,))
    held = chains.moved(held, chains.place(held))
    plan = freezing.plan_return([held], 1, 1, date(2026, 11, 23), today=TODAY)
    after = plan.moves[0].after
    assert after.closure_days == (ClosureDays(7, Span(date(2026, 11, 26), date(2026, 12, 5))),)
    assert (after.frozen_days, after.effective_ends_on) == (13, date(2026, 12, 13))
    assert plan.allowance_left == 42


def test_closure_days_cannot_be_frozen_again():
    held = replace(RUNNING, closures=(WEEK,))
    held = chains.moved(held, chains.place(held))
    with pytest.raises(freezing.FreezeOverlap):
        freezing.plan_freeze([held], 1, date(2026, 11, 20), date(2026, 11, 28), today=TODAY)


def test_a_freeze_that_extends_a_membership_into_a_closure_is_frozen_on_by_it():
    later = Closure(7, date(2026, 12, 5), date(2026, 12, 9))
    held = replace(RUNNING, closures=(later,))
    plan = freezing.plan_freeze([held], 1, date(2026, 11, 13), date(2026, 11, 22), today=TODAY)
    assert plan.moves[0].after.effective_ends_on == date(2026, 12, 15)


def test_each_day_belongs_to_one_of_two_closures():
    other = Closure(8, date(2026, 12, 4), date(2026, 12, 8))
    held = replace(RUNNING, closures=(other, WEEK))
    assert chains.place(held).closure_days == (
        ClosureDays(7, Span(date(2026, 11, 26), date(2026, 12, 5))),
        ClosureDays(8, Span(date(2026, 12, 6), date(2026, 12, 8))),
    )


def test_what_cannot_move_is_left_with_the_reason():
    today = date(2026, 12, 1)
    plan = freezing.plan_closure([RUNNING, RENEWAL], WEEK, today=today)
    assert [(row.membership, str(row.why)) for row in plan.left] == [
        (1, "The membership that started on 1 December 2026 cannot move.")
    ]
    assert [move.membership for move in plan.moves] == [2]
    assert plan.frozen == (2,)


def test_one_whose_renewals_planned_freeze_would_fall_out_is_left():
    planned = replace(RENEWAL, freezes=(Freeze(4, date(2026, 12, 6), date(2026, 12, 15)),))
    planned = chains.moved(planned, chains.place(planned))
    plan = freezing.plan_closure([RUNNING, planned], WEEK, today=TODAY)
    assert [row.membership for row in plan.left] == [1]
    assert plan.frozen == (2,)


def test_a_cancelled_membership_is_frozen_up_to_the_day_before():
    held = chains.stopped(RUNNING, cancelled_on=date(2026, 11, 29))
    plan = freezing.plan_closure([held], WEEK, today=TODAY)
    assert plan.moves[0].after.closure_days == (ClosureDays(7, Span(date(2026, 11, 26), date(2026, 11, 28))),)


def test_one_cancelled_before_the_closure_is_not_frozen():
    held = chains.stopped(RUNNING, cancelled_on=date(2026, 11, 20))
    assert freezing.plan_closure([held], WEEK, today=TODAY).moves == ()


def test_a_closed_membership_keeps_its_end():
    held = chains.stopped(RUNNING, closed_on=date(2026, 11, 27))
    plan = freezing.plan_closure([held], WEEK, today=TODAY)
    assert plan.moves[0].after.frozen_days == 2
    assert plan.moves[0].after.effective_ends_on == date(2026, 11, 27)


def test_taking_a_closure_back_frees_the_days_from_that_day_on():
    closed = saved([RUNNING, RENEWAL], freezing.plan_closure([RUNNING, RENEWAL], WEEK, today=TODAY), WEEK)
    plan = freezing.plan_reopening(closed, 7, date(2026, 11, 29), today=TODAY)
    assert plan.moves[0].after.closure_days == (ClosureDays(7, Span(date(2026, 11, 26), date(2026, 11, 28))),)
    assert plan.moves[1].after.starts_on == date(2026, 12, 4)


def test_taking_it_back_by_its_first_day_undoes_it():
    closed = saved([RUNNING, RENEWAL], freezing.plan_closure([RUNNING, RENEWAL], WEEK, today=TODAY), WEEK)
    plan = freezing.plan_reopening(closed, 7, date(2026, 11, 26), today=TODAY)
    assert saved(closed, plan, None) == [RUNNING, RENEWAL]
    assert plan.frozen == ()


def test_taking_it_back_leaves_a_membership_whose_planned_freeze_would_fall_out():
    held = replace(RUNNING, closures=(WEEK,))
    held = replace(held, freezes=(Freeze(4, date(2026, 12, 8), date(2026, 12, 14)),))
    held = chains.moved(held, chains.place(held))
    plan = freezing.plan_reopening([held], 7, date(2026, 11, 27), today=TODAY)
    assert (plan.moves, plan.frozen, [row.membership for row in plan.left]) == ((), (1,), [1])


def test_memberships_sold_later_are_frozen_when_sold():
    sold = Held(3, MONTH, date(2026, 11, 20), date(2026, 12, 19), date(2026, 12, 19), closures=(WEEK,))
    placed = chains.place(sold)
    assert (placed.frozen_days, placed.effective_ends_on) == (10, date(2026, 12, 29))
