"""Whom to ring and why: each kind's cause, due day, key and sentence (§5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.rules import planning
from calls.rules.facts import Facts, Held, Policy
from calls.rules.kinds import Kind
from calls.rules.planning import Earlier, Wanted
from calls.rules.policy import blocks
from memberships.rules.attendance import Counts
from memberships.rules.sentences import Sentence
from tests.days import BERLIN, CHICAGO, DAY, at, day

POLICY = Policy(zone=CHICAGO, country="US")
LESS = Counts(lately=3, before=27)


def due(wanted: Wanted | None) -> tuple[str, str] | None:
    return wanted and (wanted.key, str(wanted.due_on))


def renewal(on: str, starts_on: str = "2025-11-26", ends_on: str = "2026-11-25", **more: object) -> Wanted | None:
    return planning.renewal_call(
        on=day(on),
        membership=640,
        starts_on=day(starts_on),
        effective_ends_on=day(ends_on),
        policy=POLICY,
        **more,
    )


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-10-10", None),
        ("2026-10-11", ("640:45:2026-11-25", "2026-10-11")),
        ("2026-10-25", ("640:45:2026-11-25", "2026-10-11")),
        ("2026-10-26", ("640:30:2026-11-25", "2026-10-26")),
        ("2026-11-11", ("640:14:2026-11-25", "2026-11-11")),
        ("2026-11-22", ("640:3:2026-11-25", "2026-11-22")),
        ("2026-11-27", ("640:3:2026-11-25", "2026-11-22")),
        ("2026-11-28", ("640:-3:2026-11-25", "2026-11-28")),
        ("2026-12-25", ("640:-3:2026-11-25", "2026-11-28")),
        ("2026-12-26", None),
    ],
)
def test_the_last_rung_reached_counts_to_the_end_of_the_grace(on: str, expected: tuple[str, str] | None) -> None:
    assert due(renewal(on)) == expected


def test_a_rung_counts_only_if_it_is_at_most_half_of_the_days() -> None:
    # 28 days: 14 is half of them; 27 days: it is not
    assert due(renewal("2026-11-13", starts_on="2026-10-29")) == ("640:14:2026-11-25", "2026-11-11")
    assert due(renewal("2026-11-13", starts_on="2026-10-30")) is None
    assert due(renewal("2026-11-22", starts_on="2026-10-30")) == ("640:3:2026-11-25", "2026-11-22")
    assert due(renewal("2026-11-27", starts_on="2026-11-25")) is None
    assert due(renewal("2026-11-28", starts_on="2026-11-25")) == ("640:-3:2026-11-25", "2026-11-28")


def test_no_renewal_call_with_a_successor_or_a_final_refusal() -> None:
    assert renewal("2026-11-12", has_successor=True) is None
    assert renewal("2026-11-12", refused_for_good=True) is None


@pytest.mark.parametrize(
    ("on", "visits", "expected"),
    [
        ("2026-11-12", LESS, "Membership ends on 25 November; 3 visits in four weeks, usually 9."),
        ("2026-11-12", Counts(1, 10), "Membership ends on 25 November; 1 visit in four weeks, usually 3."),
        ("2026-11-12", Counts(1, 5), "Membership ends on 25 November; 1 visit in four weeks, usually 2."),
        ("2026-11-12", Counts(2, 0), "Membership ends on 25 November; 2 visits in four weeks."),
        ("2026-11-12", None, "Membership ends on 25 November."),
        ("2026-11-29", LESS, "Membership ended on 25 November; 3 visits in four weeks, usually 9."),
        ("2026-11-29", None, "Membership ended on 25 November."),
    ],
)
def test_the_reason_of_a_renewal_call(on: str, visits: Counts | None, expected: str) -> None:
    wanted = renewal(on, visits=visits)
    assert wanted is not None
    assert str(wanted.reason) == expected
    assert str(Sentence.from_json(wanted.reason.to_json())) == expected


@given(
    st.dates(dt.date(2024, 1, 1), dt.date(2030, 1, 1)),
    st.integers(1, 500),
    st.integers(-600, 60),
    st.lists(st.integers(-40, 60), max_size=6, unique=True),
)
def test_rungs_are_those_met_walking_day_by_day(end: dt.date, length: int, away: int, rungs: list[int]) -> None:
    start = end - (length - 1) * DAY
    policy = Policy(zone=CHICAGO, renewal_rungs=rungs)
    on = end + away * DAY
    met = None
    walked = start - 700 * DAY
    while walked <= on:
        left = (end - walked).days
        if left in rungs and (left <= 0 or left <= length / 2):
            met = left
        walked += DAY
    expected = met if on <= end + 30 * DAY else None
    found = planning.reached_rung(on=on, starts_on=start, effective_ends_on=end, policy=policy)
    assert found == expected


@pytest.mark.parametrize(
    ("on", "kind", "expected"),
    [
        ("2026-11-03", "new", None),
        ("2026-11-04", "new", "New member since 1 November."),
        ("2026-11-08", "return", "Back with us since 1 November."),
        ("2026-11-09", "new", None),
        ("2026-11-05", "renewal", None),
        ("2026-11-05", "change", None),
    ],
)
def test_a_welcome_call_from_day_three_to_day_seven(on: str, kind: str, expected: str | None) -> None:
    wanted = planning.welcome_call(on=day(on), membership=7, starts_on=day("2026-11-01"), sale_kind=kind, policy=POLICY)
    assert (wanted and str(wanted.reason)) == expected
    assert due(wanted) == (expected and ("7", "2026-11-04"))


def care(on: str, **more: object) -> Wanted | None:
    given = {"effective_ends_on": day("2027-06-30"), "chain_starts_on": day("2026-01-01"), **more}
    return planning.care_call(on=day(on), member=12, policy=POLICY, **given)


def test_a_care_call_ninety_days_after_the_last_word() -> None:
    assert due(care("2026-03-31")) is None
    assert due(care("2026-04-01")) == ("12:2026-04-01", "2026-04-01")
    assert due(care("2026-06-01")) == ("12:2026-04-01", "2026-04-01")
    talked = {"last_conversation_on": day("2026-03-01"), "last_meeting_on": day("2026-03-02")}
    assert due(care("2026-05-30", **talked)) is None
    assert due(care("2026-05-31", **talked)) == ("12:2026-05-31", "2026-05-31")
    assert str(care("2026-05-31", **talked).reason) == "No conversation since 2 March 2026."


def test_no_care_call_at_risk_or_renewed_or_near_the_end() -> None:
    assert care("2026-06-01", at_risk=True) is None
    assert care("2026-06-01", has_successor=True) is None
    assert care("2026-06-01", effective_ends_on=day("2026-07-16")) is None
    assert care("2026-06-01", effective_ends_on=day("2026-07-17")) is not None


def test_care_calls_are_ninety_days_apart_and_an_open_one_stays() -> None:
    is_open = Earlier(day("2026-04-01"))
    assert due(care("2026-06-01", earlier=is_open)) == ("12:2026-04-01", "2026-04-01")
    talked = care("2026-06-01", earlier=is_open, last_conversation_on=day("2026-05-01"))
    assert talked is None
    closed = Earlier(day("2026-04-01"), day("2026-04-10"))
    assert due(care("2026-07-08", earlier=closed)) is None
    assert due(care("2026-07-09", earlier=closed)) == ("12:2026-07-09", "2026-07-09")


ABSENT = planning.absent(last_seen_on=day("2026-10-20"), absent_days=14)
FALLING = planning.falling(LESS)
HALF = planning.plan_half_kept(since=day("2026-11-09"), visits=LESS)


def risk(on: str, *causes: planning.Risk, **more: object) -> Wanted | None:
    return planning.at_risk_call(on=day(on), member=12, causes=causes, policy=POLICY, **more)


def test_at_risk_names_its_cause_and_its_score() -> None:
    assert [str(one.reason) for one in (ABSENT, FALLING, HALF)] == [
        "Last visit on 20 October.",
        "3 visits in four weeks, usually 9.",
        "Less than half of the weekly plan kept in the two weeks before 9 November.",
    ]
    never = planning.absent(last_seen_on=day("2026-10-20"), absent_days=14, came=False)
    assert str(never.reason) == "No visit since 20 October."
    assert [one.score for one in (ABSENT, FALLING)] == [1, 1 - Decimal(3) / 9]


def test_at_risk_is_due_since_the_absence_or_on_the_planned_day() -> None:
    assert due(risk("2026-11-12", ABSENT, FALLING)) == ("12:2026-11-03", "2026-11-03")
    assert due(risk("2026-11-12", FALLING, HALF)) == ("12:2026-11-12", "2026-11-12")
    assert due(risk("2026-11-12", HALF)) == ("12:2026-11-09", "2026-11-09")
    assert risk("2026-11-12") is None
    assert risk("2026-11-12", ABSENT, renewal_is_open=True) is None


def test_at_risk_calls_are_thirty_days_apart_and_an_open_one_stays() -> None:
    assert due(risk("2026-11-12", FALLING, earlier=Earlier(day("2026-11-01")))) == ("12:2026-11-01", "2026-11-01")
    lately = Earlier(day("2026-10-01"), day("2026-10-14"))
    assert risk("2026-11-12", FALLING, earlier=lately) is None
    assert due(risk("2026-11-13", FALLING, earlier=lately)) == ("12:2026-11-13", "2026-11-13")


def test_an_absence_is_called_about_once_and_falling_again() -> None:
    about_it = Earlier(day("2026-11-03"), day("2026-11-03"))
    assert risk("2026-12-12", ABSENT, earlier=about_it) is None
    assert due(risk("2026-12-12", ABSENT, FALLING, earlier=about_it)) == ("12:2026-12-12", "2026-12-12")


def winback(on: str, **more: object) -> Wanted | None:
    given = {"offer_runs": True, **more}
    return planning.winback_call(on=day(on), membership=640, last_covered_on=day("2026-01-01"), policy=POLICY, **given)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-02-04", None),
        ("2026-02-05", ("640:35:2026-01-01", "2026-02-05")),
        ("2026-04-01", ("640:90:2026-01-01", "2026-04-01")),
        ("2026-12-31", ("640:180:2026-01-01", "2026-06-30")),
        ("2027-01-01", ("640:180:2026-01-01", "2026-06-30")),
        ("2027-01-02", None),
    ],
)
def test_winback_after_thirty_five_ninety_and_a_hundred_and_eighty_days(
    on: str, expected: tuple[str, str] | None
) -> None:
    assert due(winback(on)) == expected


def test_winback_needs_an_offer_and_a_reason_that_allows_it() -> None:
    assert str(winback("2026-02-05").reason) == "Last day with us was 1 January 2026."
    for never in ({"offer_runs": False}, {"has_successor": True}, {"no_winback": True}):
        assert winback("2026-02-05", **never) is None
    assert winback("2026-02-05", for_manager=True).for_manager
    assert not winback("2026-02-05").for_manager


def test_the_latest_membership_is_the_one_that_covers_the_latest_day() -> None:
    first = Held(id=1, starts_on=day("2025-01-01"), last_covered_on=day("2025-12-31"))
    second = Held(id=2, starts_on=day("2026-01-01"), last_covered_on=day("2026-06-30"))
    never = Held(id=3, starts_on=day("2027-01-01"), last_covered_on=day("2026-12-31"))
    assert planning.latest([second, never, first]) == second
    assert planning.latest([never]) is None


def test_a_task_is_due_at_the_clubs_midnight() -> None:
    wanted = winback("2026-02-05")
    assert wanted.due_in(CHICAGO) == at("2026-02-05T00:00")
    assert wanted.due_in(BERLIN) == at("2026-02-05T00:00", BERLIN)


def test_who_is_left_out_counts_under_the_first_code_of_the_first_kind() -> None:
    policy = POLICY
    facts = Facts(zone=CHICAGO, phone="+1", open_complaint=True, consent_calls=False)
    late = Facts(zone=CHICAGO, phone="+1")
    night = at("2026-11-12T23:00")
    blocked = {
        Kind.WINBACK: blocks(facts, policy, Kind.WINBACK, at=night),
        Kind.COMPLAINT_FOLLOWUP: blocks(facts, policy, Kind.COMPLAINT_FOLLOWUP, at=night),
        Kind.WELCOME: blocks(late, policy, Kind.WELCOME, at=night),
    }
    assert planning.left_out_under(blocked) == "no_consent"
    assert planning.left_out_under({Kind.WELCOME: blocked[Kind.WELCOME]}) is None
    assert planning.left_out_under({}) is None


def test_every_kind_says_why_it_lapses_when_its_cause_is_gone() -> None:
    assert set(planning.WHEN_GONE) == set(Kind)
