"""Moves of tasks and meetings, and the place in the queue."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.rules.facts import Facts, Policy
from calls.rules.kinds import RANK, Code, Kind
from calls.rules.policy import blocks, standing
from calls.rules.position import SEGMENT_RANK, sort_key
from calls.rules.states import (
    CLOSED,
    LAPSES_BY,
    MEETING_MOVES,
    OPEN,
    MeetingState,
    TaskState,
    may_move,
    meeting_may_move,
)
from tests.days import CHICAGO, at

STARTS, ENDS = at("2026-11-12T17:00"), at("2026-11-12T17:30")
POLICY = Policy(zone=CHICAGO, country="US")


def test_every_open_task_may_end_and_every_ended_one_may_open_again() -> None:
    assert {"waiting", "ready", "leased"} == OPEN
    for state in OPEN:
        assert all(may_move(state, end) for end in CLOSED)
    for state in CLOSED:
        assert all(may_move(state, again) for again in OPEN)
        assert not any(may_move(state, end) for end in CLOSED)


def test_a_task_never_moves_to_where_it_stands() -> None:
    assert not any(may_move(state, state) for state in TaskState)


def test_the_codes_by_which_an_open_task_lapses_are_those_of_the_product() -> None:
    lapsing = {
        "deceased": "deceased",
        "do_not_call": "dnc",
        "no_phone": "bad_phone",
        "bad_phone": "bad_phone",
        "no_consent": "policy",
        "already_renewed": "renewed",
        "cancelled": "cancelled",
        "frozen": "frozen",
    }
    assert lapsing == LAPSES_BY


@pytest.mark.parametrize(
    ("change", "when", "expected"),
    [
        ({}, "2026-11-12T12:00", ("ready", None, None)),
        ({"phone": ""}, "2026-11-26T23:00", ("lapsed", None, "bad_phone")),
        ({}, "2026-11-26T23:00", ("waiting", at("2026-11-27T10:00"), None)),
        ({"open_complaint": True}, "2026-11-26T23:00", ("waiting", None, None)),
    ],
)
def test_an_open_task_stands_where_its_blocks_put_it(
    change: dict[str, object], when: str, expected: tuple[str, dt.datetime | None, str | None]
) -> None:
    facts = Facts(**{"zone": CHICAGO, "phone": "+1", **change})
    assert standing(blocks(facts, POLICY, Kind.CARE, at=at(when))) == expected


@pytest.mark.parametrize(
    ("state", "to", "when", "allowed"),
    [
        ("scheduled", "attended", "2026-11-12T15:59:59", False),
        ("scheduled", "attended", "2026-11-12T16:00", True),
        ("scheduled", "attended", "2026-12-24T12:00", True),
        ("scheduled", "no_show", "2026-11-12T17:29:59", False),
        ("scheduled", "no_show", "2026-11-12T17:30", True),
        ("scheduled", "cancelled", "2026-11-12T16:59:59", True),
        ("scheduled", "cancelled", "2026-11-12T17:00", False),
        ("scheduled", "rescheduled", "2026-11-12T17:29:59", True),
        ("scheduled", "rescheduled", "2026-11-12T17:30", False),
        ("scheduled", "scheduled", "2026-11-12T12:00", False),
        ("no_show", "attended", "2026-11-12T23:59:59", True),
        ("no_show", "attended", "2026-11-13T00:00", False),
        ("no_show", "cancelled", "2026-11-12T18:00", False),
        ("attended", "no_show", "2026-11-12T18:00", False),
        ("cancelled", "scheduled", "2026-11-12T12:00", False),
        ("rescheduled", "attended", "2026-11-12T17:00", False),
    ],
)
def test_a_meeting_moves_at_its_times(state: str, to: str, when: str, allowed: bool) -> None:
    assert allowed is meeting_may_move(
        MeetingState(state), MeetingState(to), starts_at=STARTS, ends_at=ENDS, at=at(when), zone=CHICAGO
    )


def test_every_meeting_state_has_its_moves() -> None:
    assert set(MEETING_MOVES) == set(MeetingState)


tasks = st.tuples(
    st.sampled_from(Kind),
    st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)),
    st.sampled_from(["gold", "silver", "copper", ""]),
    st.decimals(0, 30_000_000, places=3),
    st.decimals(-2, 2, places=3),
)


def slowly(task: tuple[Kind, dt.date, str, Decimal, Decimal]) -> tuple:
    """The order of §6, spelled out."""
    kind, end, segment, price, score = task
    rest: tuple = ()
    if kind == "renewal":
        rest = (end, ["gold", "silver", "copper", ""].index(segment), -price)
    if kind == "at_risk":
        rest = (-min(max(score, Decimal(0)), Decimal(1)),)
    return (list(Kind).index(kind), *rest)


def key(task: tuple[Kind, dt.date, str, Decimal, Decimal]) -> int:
    kind, end, segment, price, score = task
    return sort_key(kind, effective_ends_on=end, segment=segment, price=price, score=score)


@given(tasks, tasks)
def test_the_sort_key_orders_as_the_product_says(one: tuple, other: tuple) -> None:
    assert (key(one) < key(other)) == (slowly(one) < slowly(other))
    assert 0 <= key(one) < 2**63


@given(st.dates(), st.dates(), st.decimals(0, 10**12, places=2), st.decimals(0, 10**12, places=2))
def test_no_price_and_no_day_reaches_over_the_next_kind(
    one: dt.date, other: dt.date, price: Decimal, more: Decimal
) -> None:
    renewal = sort_key(Kind.RENEWAL, effective_ends_on=one, price=price)
    assert sort_key(Kind.WELCOME) < renewal < sort_key(Kind.ONBOARDING)
    if one < other:
        assert renewal < sort_key(Kind.RENEWAL, effective_ends_on=other, price=more)


def test_what_is_not_known_comes_last_within_its_kind() -> None:
    known = sort_key(Kind.RENEWAL, effective_ends_on=dt.date(2026, 1, 1), segment="copper", price=Decimal(1))
    assert sort_key(Kind.RENEWAL) > known
    assert sort_key(Kind.AT_RISK) > sort_key(Kind.AT_RISK, score=Decimal("0.5")) > sort_key(Kind.AT_RISK, score=1.0)
    assert list(SEGMENT_RANK) == ["gold", "silver", "copper"]
    assert RANK[Kind.CALLBACK] == 0


def test_a_block_that_lapses_a_task_wins_over_one_that_delays_it() -> None:
    facts = Facts(zone=CHICAGO, phone="+1", open_complaint=True, consent_calls=False)
    found = blocks(facts, POLICY, Kind.CARE, at=at("2026-11-12T12:00"))
    assert [block.code for block in found] == [Code.NO_CONSENT, Code.OPEN_COMPLAINT]
    assert standing(found) == (TaskState.LAPSED, None, "policy")
