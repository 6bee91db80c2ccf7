"""Freezes and early returns of PRODUCT.md §3.3, by examples; EXAMPLES.md 3 to the letter."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from memberships.rules import chains, freezing
from memberships.rules.chains import Closure, Freeze, Held
from memberships.rules.terms import Span, Term

DAY = timedelta(days=1)
TODAY = date(2026, 11, 12)
YEAR = Term(12, "m")
RUNNING = Held(501, YEAR, date(2025, 12, 1), date(2026, 11, 30), date(2026, 11, 30), allowance_days=45, max_count=3)
RENEWAL = Held(733, YEAR, date(2026, 12, 1), date(2027, 11, 30), date(2027, 12, 14), bonus_days=14, follows=501)
PAIR = [RUNNING, RENEWAL]


def freeze(memberships: list[Held], first: date, last: date, **more: object) -> freezing.FreezePlan:
    return freezing.plan_freeze(memberships, memberships[0].id, first, last, **({"today": TODAY} | more))


def saved(memberships: list[Held], plan: freezing.FreezePlan, freeze_id: int = 9) -> list[Held]:
    """The memberships as they are stored once the plan is saved."""
    after = {move.membership: move.after for move in plan.moves}
    stored = []
    for held in memberships:
        if held.id == plan.membership:
            new = plan.freeze if plan.freeze.id is not None else replace(plan.freeze, id=freeze_id)
            rows = (*(row for row in held.freezes if row.id != new.id), new)
            held = replace(held, freezes=rows)
        stored.append(chains.moved(held, after[held.id]) if held.id in after else held)
    return stored


def days(plan: freezing.FreezePlan) -> dict[int, tuple[date, date, date]]:
    return {
        move.membership: (move.after.starts_on, move.after.ends_on, move.after.effective_ends_on) for move in plan.moves
    }


def test_a_freeze_moves_the_renewal_that_follows():
    plan = freeze(PAIR, date(2026, 11, 16), date(2026, 11, 25))
    assert days(plan) == {
        501: (date(2025, 12, 1), date(2026, 11, 30), date(2026, 12, 10)),
        733: (date(2026, 12, 11), date(2027, 12, 10), date(2027, 12, 24)),
    }
    assert [move.before.effective_ends_on for move in plan.moves] == [date(2026, 11, 30), date(2027, 12, 14)]
    assert (plan.allowance_left, plan.count, plan.moves[0].after.frozen_days) == (35, 1, 10)


def test_an_early_return_gives_the_unused_days_back():
    frozen = saved(PAIR, freeze(PAIR, date(2026, 11, 16), date(2026, 11, 25)))
    plan = freezing.plan_return(frozen, 501, 9, date(2026, 11, 21), today=TODAY)
    assert (plan.freeze.ends_on, plan.allowance_left) == (date(2026, 11, 20), 40)
    assert days(plan) == {
        501: (date(2025, 12, 1), date(2026, 11, 30), date(2026, 12, 5)),
        733: (date(2026, 12, 6), date(2027, 12, 5), date(2027, 12, 19)),
    }


def test_a_return_by_its_first_day_voids_the_freeze_and_all_is_as_before():
    frozen = saved(PAIR, freeze(PAIR, date(2026, 11, 16), date(2026, 11, 25)))
    plan = freezing.plan_return(frozen, 501, 9, date(2026, 11, 16), today=TODAY)
    assert (plan.freeze.voided, plan.allowance_left, plan.count) == (True, 45, 0)
    assert [chains.moved(held, chains.place(held)) for held in saved(frozen, plan)[1:]] == PAIR[1:]
    assert saved(frozen, plan)[0].effective_ends_on == date(2026, 11, 30)


def test_a_shortened_freeze_may_lie_below_the_minimum():
    frozen = saved(PAIR, freeze(PAIR, date(2026, 11, 16), date(2026, 11, 25)))
    assert freezing.plan_return(frozen, 501, 9, date(2026, 11, 17), today=TODAY).freeze.ends_on == date(2026, 11, 16)


# ---- what is refused, and what a manager's override lifts -----------------------------------------------------

INSIDE = (date(2026, 11, 16), date(2026, 11, 25))


def with_freezes(*spans: tuple[date, date], **facts: object) -> list[Held]:
    rows = tuple(Freeze(number, first, last) for number, (first, last) in enumerate(spans, 1))
    held = replace(RUNNING, freezes=rows, **facts)
    return [chains.moved(held, chains.place(held))]


@pytest.mark.parametrize(
    ("memberships", "asked", "error", "lifted"),
    [
        ([RUNNING], (date(2026, 11, 11), date(2026, 11, 20)), freezing.FreezeInThePast, True),
        ([RUNNING], (date(2026, 11, 16), date(2026, 11, 21)), freezing.FreezeMinimum, True),
        ([RUNNING], (date(2026, 11, 16), date(2026, 12, 31)), freezing.FreezeAllowance, True),
        ([replace(RUNNING, allowance_days=9)], INSIDE, freezing.FreezeAllowance, True),
        (with_freezes((date(2026, 1, 1), date(2026, 1, 7)), max_count=1), INSIDE, freezing.FreezeCount, True),
        ([RUNNING], (date(2026, 12, 1), date(2026, 12, 10)), freezing.FreezeOutside, False),
        ([RUNNING], (date(2025, 11, 30), date(2026, 11, 20)), freezing.FreezeOutside, False),
        (with_freezes((date(2026, 11, 25), date(2026, 12, 4))), INSIDE, freezing.FreezeOverlap, False),
        ([replace(RUNNING, cancelled_on=date(2026, 11, 20))], INSIDE, freezing.FreezeOutside, False),
        ([replace(RUNNING, cancelled_on=date(2025, 11, 1))], INSIDE, freezing.FreezeOutside, False),
        ([chains.stopped(RUNNING, closed_on=date(2026, 11, 20))], INSIDE, freezing.FreezeOutside, False),
        ([RUNNING], INSIDE[::-1], freezing.FreezeDaysRefused, False),
    ],
)
def test_what_an_override_lifts_and_what_never(memberships, asked, error, lifted):
    with pytest.raises(error):
        freeze(memberships, *asked)
    if lifted:
        assert freeze(memberships, *asked, override_reason="a broken leg").moves
    else:
        with pytest.raises(error):
            freeze(memberships, *asked, override_reason="a broken leg")


def test_the_allowance_may_be_used_to_its_last_day():
    assert freeze([replace(RUNNING, allowance_days=10)], *INSIDE).allowance_left == 0


def test_the_shortest_freeze_has_the_minimum_and_not_a_day_less():
    first = date(2026, 11, 16)
    assert freeze(PAIR, first, first + 6 * DAY).freeze.ends_on == date(2026, 11, 22)
    with pytest.raises(freezing.FreezeMinimum):
        freeze(PAIR, first, first + 5 * DAY)


def test_an_override_needs_a_written_reason():
    with pytest.raises(freezing.OverrideReasonRequired) as refused:
        freeze(PAIR, *INSIDE, override_reason=" ")
    assert (refused.value.code, refused.value.status) == ("reason_required", 422)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (freezing.FreezeMinimum, "freeze_minimum", 422),
        (freezing.FreezeOutside, "freeze_outside", 422),
        (freezing.FreezeInThePast, "freeze_in_the_past", 422),
        (freezing.FreezeDaysRefused, "invalid", 422),
        (freezing.FreezeAllowance, "freeze_allowance", 409),
        (freezing.FreezeCount, "freeze_count", 409),
        (freezing.FreezeOverlap, "freeze_overlap", 409),
        (chains.MovesStarted, "freeze_moves_started", 409),
        (chains.FreezeInTheWay, "freeze_in_the_way", 409),
    ],
)
def test_each_refusal_has_its_code(error, code, status):
    assert (error.code, error.status) == (code, status)


def test_refusals_say_what_is_left():
    used = with_freezes((date(2026, 1, 1), date(2026, 2, 9)))
    with pytest.raises(freezing.FreezeAllowance, match=r"5 of 45 freeze days are left\."):
        freeze(used, *INSIDE)
    with pytest.raises(freezing.FreezeOutside, match="runs from 1 December 2025 to 30 November 2026"):
        freeze([RUNNING], date(2026, 12, 1), date(2026, 12, 10))


def test_a_freeze_may_start_on_the_last_day_and_reach_beyond_it():
    plan = freeze(PAIR, date(2026, 11, 30), date(2026, 12, 9))
    assert plan.moves[0].after.effective_ends_on == date(2026, 12, 10)


def test_a_void_freeze_counts_for_nothing():
    held = replace(RUNNING, max_count=1, freezes=(Freeze(1, *INSIDE, voided=True),))
    assert freeze([held], *INSIDE).count == 1


def test_one_of_the_history_counts_towards_allowance_and_number_but_moves_nothing():
    history = Freeze(1, date(2026, 2, 1), date(2026, 2, 20), history=True)
    held = replace(RUNNING, freezes=(history,))
    assert chains.place(held).effective_ends_on == RUNNING.effective_ends_on
    plan = freeze([held], *INSIDE)
    assert (plan.allowance_left, plan.count, plan.moves[0].after.frozen_days) == (15, 2, 10)


# ---- early return --------------------------------------------------------------------------------------------

FROZEN = with_freezes(INSIDE)


def test_a_return_may_lie_ahead_but_not_after_the_last_day():
    assert freezing.plan_return(FROZEN, 501, 1, date(2026, 11, 25), today=TODAY).freeze.ends_on == date(2026, 11, 24)
    with pytest.raises(freezing.FreezeOutside, match="ended on 25 November 2026") as refused:
        freezing.plan_return(FROZEN, 501, 1, date(2026, 11, 26), today=TODAY)
    assert list(refused.value.fields) == ["returned_on"]


def test_a_return_in_the_past_is_a_managers():
    today = date(2026, 11, 24)
    with pytest.raises(freezing.FreezeInThePast) as refused:
        freezing.plan_return(FROZEN, 501, 1, date(2026, 11, 20), today=today)
    assert list(refused.value.fields) == ["returned_on"]
    plan = freezing.plan_return(FROZEN, 501, 1, date(2026, 11, 20), today=today, may_be_past=True)
    assert plan.freeze.ends_on == date(2026, 11, 19)


def test_a_void_freeze_cannot_be_ended():
    held = replace(RUNNING, freezes=(Freeze(1, *INSIDE, voided=True),))
    with pytest.raises(freezing.FreezeOutside, match="void"):
        freezing.plan_return([held], 501, 1, INSIDE[0], today=TODAY)


@pytest.mark.parametrize(
    ("returned_on", "ends_on"),
    [(date(2026, 11, 14), date(2026, 11, 23)), (date(2026, 11, 10), date(2026, 11, 19))],
)
def test_ending_one_of_the_history_early_moves_the_given_end_back(returned_on, ends_on):
    history = Freeze(1, date(2026, 11, 10), date(2026, 11, 20), history=True)
    held = replace(RUNNING, freezes=(history,))
    plan = freezing.plan_return([held, RENEWAL], 501, 1, returned_on, today=date(2026, 11, 10))
    first, second = plan.moves
    assert (first.after.ends_on, first.after.effective_ends_on, first.after.frozen_days) == (ends_on, ends_on, 0)
    assert second.after.starts_on == ends_on + DAY


def test_the_given_end_never_moves_before_the_start():
    history = Freeze(1, date(2025, 12, 1), date(2026, 11, 30), history=True)
    held = replace(RUNNING, freezes=(history,))
    plan = freezing.plan_return([held], 501, 1, date(2025, 12, 1), today=TODAY, may_be_past=True)
    assert plan.moves[0].after.ends_on == date(2025, 12, 1)


# ---- what moves, and what stands in the way ----------------------------------------------------------------

GIVEN = Held(734, YEAR, date(2026, 12, 5), date(2027, 12, 4), date(2027, 12, 4))


def test_a_given_start_moves_only_as_far_as_it_must_and_back():
    frozen = saved([RUNNING, GIVEN], freeze([RUNNING, GIVEN], date(2026, 11, 16), date(2026, 11, 25)))
    assert frozen[1].starts_on == date(2026, 12, 11)
    frozen = [frozen[0], replace(frozen[1], given_starts_on=date(2026, 12, 5))]
    back = freezing.plan_return(frozen, 501, 9, date(2026, 11, 22), today=TODAY)
    assert back.moves[1].after.starts_on == date(2026, 12, 7)
    back = freezing.plan_return(frozen, 501, 9, date(2026, 11, 18), today=TODAY)
    assert back.moves[1].after.starts_on == date(2026, 12, 5)


def test_a_given_start_that_is_not_reached_stays():
    assert [
        move.membership for move in freeze([RUNNING, replace(GIVEN, starts_on=date(2027, 1, 1))], *INSIDE).moves
    ] == [501]


def test_a_longer_chain_moves_as_a_whole_and_back():
    third = Held(
        800, Term(1, "m"), date(2027, 12, 15), date(2028, 1, 14), date(2028, 1, 14), follows=733, allowance_days=0
    )
    chain = [*PAIR, third]
    frozen = saved(chain, freeze(chain, *INSIDE))
    assert frozen[2].starts_on == date(2027, 12, 25)
    assert frozen[2].ends_on == date(2028, 1, 24)
    plan = freezing.plan_return(frozen, 501, 9, INSIDE[0], today=TODAY)
    assert [move.after.starts_on for move in plan.moves] == [held.starts_on for held in chain]


def test_an_end_that_an_old_program_gave_keeps_its_length():
    odd = replace(RENEWAL, ends_on=date(2027, 12, 31), effective_ends_on=date(2028, 1, 14))
    plan = freeze([RUNNING, odd], *INSIDE)
    assert days(plan)[733] == (date(2026, 12, 11), date(2028, 1, 10), date(2028, 1, 24))


def test_a_started_membership_does_not_move():
    today = date(2026, 12, 1)
    with pytest.raises(chains.MovesStarted, match="started on 1 December 2026"):
        freeze(PAIR, date(2026, 11, 16), date(2026, 11, 25), today=today, override_reason="forgotten in November")


def test_an_early_return_that_would_move_a_started_membership_is_refused():
    frozen = saved(PAIR, freeze(PAIR, *INSIDE))
    with pytest.raises(chains.MovesStarted):
        freezing.plan_return(frozen, 501, 9, date(2026, 11, 21), today=date(2026, 12, 11), may_be_past=True)


def test_a_started_membership_with_its_own_start_is_not_touched_by_an_early_return():
    frozen = saved(
        [RUNNING, GIVEN], freeze([RUNNING, GIVEN], date(2026, 11, 16), date(2026, 11, 19), override_reason="x")
    )
    assert frozen[1].starts_on == GIVEN.starts_on
    plan = freezing.plan_return(frozen, 501, 9, date(2026, 11, 18), today=date(2026, 12, 6), may_be_past=True)
    assert [move.membership for move in plan.moves] == [501]


def test_no_renewal_moves_to_before_today():
    frozen = saved(PAIR, freeze(PAIR, date(2026, 11, 16), date(2026, 12, 20)))
    assert frozen[1].starts_on == date(2027, 1, 5)
    plan = freezing.plan_return(frozen, 501, 9, date(2026, 11, 16), today=date(2026, 12, 15), may_be_past=True)
    assert plan.moves[0].after.effective_ends_on == date(2026, 11, 30)
    assert plan.moves[1].after.starts_on == date(2026, 12, 15)


def test_a_gap_before_a_started_renewal_may_be_filled_but_not_overrun():
    today = date(2026, 12, 15)
    after_a_gap = [RUNNING, replace(RENEWAL, starts_on=today, ends_on=date(2027, 12, 14))]
    plan = freeze(after_a_gap, date(2026, 11, 20), date(2026, 12, 3), today=today, override_reason="forgotten")
    assert [(move.membership, move.after.effective_ends_on) for move in plan.moves] == [(501, date(2026, 12, 14))]
    with pytest.raises(chains.MovesStarted):
        freeze(after_a_gap, date(2026, 11, 20), date(2026, 12, 4), today=today, override_reason="forgotten")


def test_a_planned_freeze_left_outside_its_membership_is_in_the_way():
    planned = replace(RENEWAL, freezes=(Freeze(4, date(2026, 12, 5), date(2026, 12, 14)),))
    planned = chains.moved(planned, chains.place(planned))
    with pytest.raises(chains.FreezeInTheWay, match="5 December 2026 to 14 December 2026"):
        freeze([RUNNING, planned], *INSIDE)


def test_a_later_freeze_of_the_same_membership_may_be_left_outside_by_an_early_return():
    held = with_freezes((date(2026, 11, 13), date(2026, 11, 22)), (date(2026, 12, 9), date(2026, 12, 15)))
    with pytest.raises(chains.FreezeInTheWay):
        freezing.plan_return(held, 501, 1, date(2026, 11, 20), today=TODAY)


def test_one_that_follows_a_cancelled_prior_no_longer_moves_with_it():
    prior = chains.stopped(RUNNING, cancelled_on=date(2026, 11, 25))
    plan = freeze([prior, RENEWAL], date(2026, 11, 13), date(2026, 11, 20))
    assert [move.membership for move in plan.moves] == [501]


# ---- stopping: cancel, change of plan -----------------------------------------------------------------------


def test_cancelling_cuts_freezes_at_its_day_and_voids_later_ones():
    held = with_freezes(
        (date(2026, 3, 1), date(2026, 3, 10)),
        (date(2026, 11, 20), date(2026, 11, 29)),
        (date(2026, 12, 5), date(2026, 12, 12)),
    )[0]
    cancelled = chains.stopped(held, cancelled_on=date(2026, 11, 25))
    assert [(row.ends_on, row.voided) for row in cancelled.freezes] == [
        (date(2026, 3, 10), False),
        (date(2026, 11, 24), False),
        (date(2026, 12, 12), True),
    ]
    assert (cancelled.frozen_days, cancelled.effective_ends_on) == (15, date(2026, 12, 15))
    assert cancelled.covered == Span(date(2025, 12, 1), date(2026, 11, 24))


def test_closing_cuts_freezes_and_the_end():
    held = replace(RUNNING, freezes=(Freeze(1, *INSIDE), Freeze(2, *INSIDE, voided=True)))
    closed = chains.stopped(held, closed_on=date(2026, 11, 18))
    assert (closed.freezes[0].ends_on, closed.effective_ends_on) == (date(2026, 11, 18), date(2026, 11, 18))


def test_frozen_days_are_those_of_its_own_and_of_closures():
    held = replace(
        RUNNING,
        freezes=(Freeze(1, *INSIDE),),
        closures=(Closure(7, date(2026, 11, 20), date(2026, 11, 27)),),
    )
    assert chains.frozen_spans(held) == [Span(*INSIDE), Span(date(2026, 11, 26), date(2026, 11, 27))]
