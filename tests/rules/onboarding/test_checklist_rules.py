"""The checklist: its default steps, their days, what closes them, and the weekly plan (§10)."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules.terms import Span
from onboarding.rules.checklist import (
    DEFAULT_TEMPLATE,
    STEP_MOVES,
    Fact,
    PlannedVisit,
    StepState,
    due_on,
    facts,
    half_kept_since,
    kept,
    starts_checklist,
)
from tests.days import DAY, day

MONDAY = day("2026-11-02")


def test_the_default_template_has_the_eight_steps_of_the_product() -> None:
    assert [(step.title, step.due_day) for step in DEFAULT_TEMPLATE] == [
        ("Tour of the club", 0),
        ("Tips: access, equipment, schedule", 0),
        ("Meet the trainers", 2),
        ("First free session booked", 3),
        ("Body-composition test", 7),
        ("Weekly visit plan", 7),
        ("Welcome call", 3),
        ("First-month review", 30),
    ]
    assert [step.title for step in DEFAULT_TEMPLATE if step.is_call] == ["Welcome call"]
    assert all(step.why for step in DEFAULT_TEMPLATE)


@pytest.mark.parametrize(
    ("kind", "for_returns", "starts"),
    [
        ("new", False, True),
        ("return", True, True),
        ("return", False, False),
        ("renewal", True, False),
        ("change", True, False),
    ],
)
def test_a_new_sale_starts_a_checklist_and_by_choice_a_return(kind: str, for_returns: bool, starts: bool) -> None:
    assert starts_checklist(kind, for_returns=for_returns) is starts


def test_frozen_days_are_not_counted() -> None:
    freezes = [Span(day("2026-11-20"), day("2026-11-26")), Span(day("2026-11-04"), day("2026-11-10"))]
    assert due_on(MONDAY, 0, freezes) == MONDAY
    assert due_on(MONDAY, 1, freezes) == day("2026-11-03")
    assert due_on(MONDAY, 2, freezes) == day("2026-11-11")
    assert due_on(MONDAY, 10, freezes) == day("2026-11-19")
    assert due_on(MONDAY, 11, freezes) == day("2026-11-27")
    assert due_on(MONDAY, 30, []) == day("2026-12-02")


spans = st.lists(st.tuples(st.integers(-20, 60), st.integers(0, 20)), max_size=5)


@given(st.integers(0, 60), spans)
def test_due_days_are_those_counted_one_by_one(due_day: int, drawn: list[tuple[int, int]]) -> None:
    freezes = [Span(MONDAY + first * DAY, MONDAY + (first + more) * DAY) for first, more in drawn]
    running = (MONDAY + n * DAY for n in itertools.count() if not any(MONDAY + n * DAY in freeze for freeze in freezes))
    assert due_on(MONDAY, due_day, freezes) == next(itertools.islice(running, due_day, None))


def test_steps_close_by_their_facts() -> None:
    assert facts() == []
    assert facts(welcome_reached=True, visited=True) == [Fact.WELCOME_CALL, Fact.FIRST_VISIT]
    assert facts(booked="session") == [Fact.SESSION]
    assert facts(meeting_attended="session") == [Fact.SESSION]
    assert facts(booked="review") == []
    assert facts(meeting_attended="review") == [Fact.REVIEW]
    by_fact = {step.title: step.fact for step in DEFAULT_TEMPLATE if step.fact}
    assert by_fact["First free session booked"] is Fact.SESSION
    assert by_fact["Welcome call"] is Fact.WELCOME_CALL
    assert by_fact["First-month review"] is Fact.REVIEW


def test_a_step_can_be_taken_back_and_a_skipped_one_still_be_done() -> None:
    assert STEP_MOVES[StepState.OPEN] == {"done", "skipped"}
    assert STEP_MOVES[StepState.DONE] == {"open"}
    assert STEP_MOVES[StepState.SKIPPED] == {"open", "done"}


PLAN = [PlannedVisit(1, "gym"), PlannedVisit(1), PlannedVisit(3, "pool"), PlannedVisit(5, "gym")]
TUESDAY, THURSDAY, SATURDAY = MONDAY + DAY, MONDAY + 3 * DAY, MONDAY + 5 * DAY


@pytest.mark.parametrize(
    ("visits", "count"),
    [
        ([], 0),
        ([(TUESDAY, "gym")], 1),
        ([(TUESDAY, "gym"), (TUESDAY, "gym")], 2),
        ([(TUESDAY, "pool"), (TUESDAY, "gym")], 2),
        ([(TUESDAY, "pool"), (TUESDAY, "pool")], 1),
        ([(THURSDAY, "gym")], 0),
        ([(THURSDAY, "pool"), (SATURDAY, "gym"), (SATURDAY, "gym")], 2),
        ([(TUESDAY + 7 * DAY, "gym"), (TUESDAY - 7 * DAY, "gym")], 0),
    ],
)
def test_a_planned_visit_is_kept_by_a_visit_of_its_zone_and_weekday(
    visits: list[tuple[dt.date, str]], count: int
) -> None:
    assert kept(PLAN, visits, MONDAY) == count


@given(
    st.lists(st.builds(PlannedVisit, st.integers(0, 2), st.sampled_from(["", "gym", "pool"])), max_size=5),
    st.lists(
        st.tuples(st.integers(0, 2).map(lambda n: MONDAY + n * DAY), st.sampled_from(["gym", "pool", ""])), max_size=5
    ),
)
def test_no_way_of_matching_keeps_more_of_the_plan(plan: list[PlannedVisit], visits: list[tuple[dt.date, str]]) -> None:
    def best(rest: list[PlannedVisit], came: list[tuple[dt.date, str]]) -> int:
        if not rest:
            return 0
        matches = [
            place
            for place, (on, zone) in enumerate(came)
            if on.weekday() == rest[0].weekday and rest[0].zone in ("", zone)
        ]
        kept_ways = [1 + best(rest[1:], came[:place] + came[place + 1 :]) for place in matches]
        return max([best(rest[1:], came), *kept_ways])

    assert kept(plan, visits, MONDAY) == best(plan, visits)


def test_less_than_half_in_two_weeks_is_a_cause() -> None:
    since = {"on": day("2026-11-18"), "first": day("2026-10-01")}
    both = [(MONDAY + 8 * DAY, "gym"), (TUESDAY, "gym")]  # one of four in each week
    assert half_kept_since(PLAN, both, **since) == day("2026-11-16")
    assert half_kept_since(PLAN, [*both, (SATURDAY, "gym")], **since) is None  # half of one week
    assert half_kept_since(PLAN, [*both, (SATURDAY + 7 * DAY, "gym")], **since) is None
    assert half_kept_since([], [], **since) is None


def test_the_running_week_and_weeks_before_the_plan_are_not_asked() -> None:
    assert half_kept_since(PLAN, [], on=day("2026-11-15"), first=MONDAY) is None
    assert half_kept_since(PLAN, [], on=day("2026-11-16"), first=MONDAY) == day("2026-11-16")
    assert half_kept_since(PLAN, [], on=day("2026-11-16"), first=TUESDAY) is None


def test_weeks_with_a_frozen_day_are_left_out() -> None:
    frozen = [Span(day("2026-11-15"), day("2026-11-15"))]
    asked = {"on": day("2026-11-18"), "freezes": frozen}
    assert half_kept_since(PLAN, [], first=day("2026-10-26"), **asked) == day("2026-11-09")
    assert half_kept_since(PLAN, [], first=MONDAY, **asked) is None
