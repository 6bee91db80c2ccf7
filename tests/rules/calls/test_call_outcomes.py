"""Outcomes: the table of §7, what each asks for, and when a call is tried again."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.rules.facts import Policy
from calls.rules.kinds import Kind
from calls.rules.outcomes import (
    ASKS_ATTENDS,
    CLOSED_ALSO,
    RULES,
    Answer,
    Outcome,
    Then,
    allowed,
    callback_problems,
    may_undo,
    next_try,
    problems,
    then,
    undo_until,
)
from calls.rules.reasons import DEFAULT_REASONS
from calls.rules.states import Lapse, TaskState
from tests.days import BERLIN, CHICAGO, NOW, at

POLICY = Policy(zone=CHICAGO, country="US")
REASONS = {reason.code: reason for reason in DEFAULT_REASONS}
REACHED = "booked callback talked confirmed refused thinking do_not_call already_renewed freeze_wanted complaint"


def wrong(kind: Kind = Kind.RENEWAL, **answer: object) -> list[tuple[str, str, str]]:
    answer["outcome"] = Outcome(answer["outcome"])
    found = problems(Answer(**answer), kind=kind, reasons=REASONS, policy=POLICY, zone=CHICAGO, now=NOW)
    return [(one.field, one.code, str(one.sentence)) for one in found]


def test_who_was_reached_is_said_by_the_outcome() -> None:
    assert [outcome for outcome, rule in RULES.items() if rule.reached] == REACHED.split()
    assert list(RULES) == list(Outcome)


def test_some_outcomes_belong_to_some_kinds_only() -> None:
    not_talked = {"renewal", "winback", "no_show"}
    assert {kind for kind in Kind if Outcome.TALKED not in allowed(kind)} == not_talked
    assert {kind for kind in Kind if Outcome.CONFIRMED in allowed(kind)} == {"meeting_reminder"}
    everywhere = set(Outcome) - {Outcome.TALKED, Outcome.CONFIRMED}
    assert all(everywhere <= set(allowed(kind)) for kind in Kind)


def test_who_is_asked_whether_they_attend_and_what_is_closed_also() -> None:
    assert {"renewal", "welcome", "care", "at_risk", "winback"} == ASKS_ATTENDS
    assert {"welcome", "birthday", "care", "at_risk"} == CLOSED_ALSO


@pytest.mark.parametrize(
    "answer",
    [
        {"outcome": "booked", "has_meeting": True, "attends": "no", "absence_reason": "no_time"},
        {"outcome": "callback", "callback_at": at("2026-11-13T08:00")},
        {"outcome": "refused", "reason": "price"},
        {"outcome": "refused", "reason": "declined"},
        {"outcome": "refused", "reason": "other", "note": "Wants to dance."},
        {"outcome": "thinking", "attends": "unknown"},
        {"outcome": "complaint", "complaint": "The showers are cold."},
        {"outcome": "complaint", "note": "The showers are cold."},
        {"outcome": "freeze_wanted", "complaint": "The showers are cold."},
        {"outcome": "no_answer"},
        {"outcome": "wrong_number", "note": "A bakery."},
    ],
)
def test_answers_that_are_taken(answer: dict[str, object]) -> None:
    assert wrong(**answer) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"outcome": "talked"}, ("outcome", "invalid", "A call of this kind cannot end like this.")),
        ({"outcome": "confirmed"}, ("outcome", "invalid", "A call of this kind cannot end like this.")),
        ({"outcome": "booked"}, ("meeting", "invalid", "Choose a host and a time.")),
        ({"outcome": "refused"}, ("reason", "reason_required", "Choose why the member refused.")),
        (
            {"outcome": "refused", "reason": "weather"},
            ("reason", "reason_unknown", "This is not one of the club's reasons."),
        ),
        (
            {"outcome": "refused", "reason": "staff", "note": " "},
            ("note", "note_required", "This reason needs a note: write what the member said."),
        ),
        (
            {"outcome": "thinking", "reason": "price"},
            ("reason", "invalid", "A reason goes with a refusal only."),
        ),
        (
            {"outcome": "complaint", "note": " "},
            ("complaint", "note_required", "Write down what the complaint is."),
        ),
        (
            {"outcome": "busy", "complaint": "The showers are cold."},
            ("complaint", "invalid", "Nobody was reached who could complain."),
        ),
        (
            {"outcome": "busy", "attends": "yes"},
            ("attends", "invalid", "Nobody was reached who could say whether they attend."),
        ),
        ({"outcome": "thinking", "attends": "often"}, ("attends", "invalid", "Say yes, no or unknown.")),
        (
            {"outcome": "thinking", "absence_reason": "no_time"},
            ("attends", "invalid", "Say yes, no or unknown."),
        ),
        (
            {"outcome": "thinking", "attends": "yes", "absence_reason": "no_time"},
            ("absence_reason", "invalid", "A reason goes with members who do not attend only."),
        ),
        (
            {"outcome": "thinking", "attends": "no", "absence_reason": "weather"},
            ("absence_reason", "reason_unknown", "This is not one of the club's reasons."),
        ),
        ({"outcome": "callback"}, ("callback_at", "invalid", "Choose when to ring again.")),
        (
            {"outcome": "callback", "callback_at": at("2026-11-12T09:59:59")},
            ("callback_at", "callback_in_past", "This time is past."),
        ),
        (
            {"outcome": "callback", "callback_at": at("2027-01-12T10:00")},
            ("callback_at", "invalid", "A callback can be promised for the next 60 days."),
        ),
        (
            {"outcome": "callback", "callback_at": at("2026-11-13T21:00")},
            (
                "callback_at",
                "callback_out_of_hours",
                "Calls are made between 08:00 and 21:00 of the member's time.",
            ),
        ),
        (
            {"outcome": "thinking", "callback_at": at("2026-11-13T12:00")},
            ("callback_at", "invalid", "A time to ring goes with a callback only."),
        ),
    ],
)
def test_answers_that_are_refused_and_why(answer: dict[str, object], expected: tuple[str, str, str]) -> None:
    assert wrong(**answer) == [expected]


def test_a_promise_is_a_time_of_the_member() -> None:
    def code(text: str) -> list[str]:
        found = callback_problems(at(text), policy=POLICY, zone=BERLIN, now=NOW)
        return [one.code for one in found]

    assert code("2026-11-13T01:00") == []  # 08:00 in Berlin
    assert code("2026-11-13T14:30") == ["callback_out_of_hours"]
    assert code("2027-01-11T12:00") == []  # the sixtieth day
    assert code("2027-01-11T17:30") == ["invalid"]  # the sixty-first in Berlin


# ── a week with a holiday and a weekend: Thu 26 Nov 2026 is Thanksgiving in Chicago ──

WEEK = [
    # outcome, dialled so far in this task, rung on the last day, next try
    ("no_answer", ["2026-11-23T10:30"], 1, "2026-11-23T13:30"),  # morning → the first afternoon ≥ 3 h later
    ("no_answer", ["2026-11-23T11:30"], 1, "2026-11-23T14:30"),
    ("third_party", ["2026-11-23T11:30"], 1, "2026-11-23T14:30"),
    ("no_answer", ["2026-11-23T15:00"], 1, "2026-11-23T18:00"),  # afternoon → evening
    ("no_answer", ["2026-11-23T17:00"], 1, "2026-11-24T10:00"),  # evening → the next morning
    ("no_answer", ["2026-11-23T10:30", "2026-11-23T14:00"], 2, "2026-11-24T17:00"),  # two a day: tomorrow evening
    ("no_answer", ["2026-11-23T10:30", "2026-11-23T18:00"], 2, "2026-11-24T13:00"),
    ("no_answer", ["2026-11-23T10:30"], 2, "2026-11-24T13:00"),  # the other one was another task's
    ("no_answer", ["2026-11-23T10:30", "2026-11-23T14:00", "2026-11-24T17:30"], 1, "2026-11-25T10:00"),
    ("no_answer", ["2026-11-23T14:00", "2026-11-23T18:00", "2026-11-24T11:00"], 1, "2026-11-24T14:00"),
    ("no_answer", ["2026-11-25T13:30", "2026-11-25T17:00"], 2, "2026-11-27T10:00"),  # over the holiday
    ("no_answer", ["2026-11-25T18:00"], 1, "2026-11-27T10:00"),
    ("no_answer", ["2026-11-27T13:00", "2026-11-27T19:00"], 2, "2026-11-28T11:00"),  # Saturday opens at 11
    ("no_answer", ["2026-11-27T11:00", "2026-11-27T14:00"], 2, "2026-11-28T17:00"),  # and has an hour of evening
    ("no_answer", ["2026-11-28T14:30"], 1, "2026-11-28T17:30"),
    ("no_answer", ["2026-11-28T15:30"], 1, "2026-11-29T11:00"),  # 18:30 is too late on a Saturday
    ("no_answer", ["2026-11-28T11:00", "2026-11-28T15:30"], 2, "2026-11-29T17:00"),
    ("voicemail", ["2026-11-23T10:30"], 1, "2026-11-24T13:00"),
    ("voicemail", ["2026-11-23T15:00"], 1, "2026-11-24T10:00"),
    ("voicemail", ["2026-11-25T10:30"], 1, "2026-11-27T13:00"),
    ("busy", ["2026-11-23T10:30"], 1, "2026-11-23T10:45"),
    ("busy", ["2026-11-23T19:50"], 2, "2026-11-23T20:05"),
]


@pytest.mark.parametrize(("outcome", "tried", "today", "expected"), WEEK)
def test_when_a_call_that_reached_nobody_is_tried_again(
    outcome: str, tried: list[str], today: int, expected: str
) -> None:
    found = then(
        Outcome(outcome),
        tried=[at(text) for text in tried],
        attempts_today=today,
        policy=POLICY,
        zone=CHICAGO,
    )
    assert found == Then(TaskState.WAITING, at(expected).astimezone(dt.UTC))


@pytest.mark.parametrize(
    ("outcome", "attempts", "expected"),
    [
        ("no_answer", 6, Then(TaskState.UNREACHABLE)),
        ("busy", 6, Then(TaskState.UNREACHABLE)),
        ("booked", 6, Then(TaskState.DONE)),
        ("refused", 1, Then(TaskState.DONE)),
        ("thinking", 1, Then(TaskState.DONE)),
        ("do_not_call", 1, Then(TaskState.LAPSED, lapsed_because=Lapse.DNC)),
        ("wrong_number", 1, Then(TaskState.LAPSED, lapsed_because=Lapse.BAD_PHONE)),
    ],
)
def test_what_becomes_of_a_task(outcome: str, attempts: int, expected: Then) -> None:
    tried = [NOW - dt.timedelta(days=n) for n in range(attempts)]
    assert then(Outcome(outcome), tried=tried, attempts_today=1, policy=POLICY, zone=CHICAGO) == expected


def test_without_a_window_no_next_try_is_known() -> None:
    shut = Policy(zone=CHICAGO, windows={})
    assert next_try(Outcome.NO_ANSWER, tried=[NOW], attempts_today=1, policy=shut, zone=CHICAGO) is None


def test_a_part_of_the_day_without_windows_is_not_waited_for() -> None:
    mornings = Policy(zone=CHICAGO, windows={weekday: [(dt.time(9), dt.time(12))] for weekday in range(7)})
    found = next_try(Outcome.NO_ANSWER, tried=[NOW], attempts_today=1, policy=mornings, zone=CHICAGO)
    assert found == at("2026-11-13T09:00")


def slowly(outcome: str, tried: list[dt.datetime], today: int, policy: Policy, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Five minutes after five minutes, until all that §7 asks for holds; parts are asked for while they come up."""

    def part(at: dt.datetime) -> int:
        hour = at.astimezone(zone).hour
        return (hour >= 13) + (hour >= 17)

    def open_(at: dt.datetime) -> bool:
        local = at.astimezone(zone)
        in_window = any(begins <= local.time() < ends for begins, ends in policy.windows.get(local.weekday(), ()))
        return in_window and not policy.holiday_name(at.astimezone(policy.zone).date())

    last = tried[-1]
    untried = {0, 1, 2} - {part(at) for at in tried}
    oldest = min({0, 1, 2}, key=lambda one: max((at for at in tried if part(at) == one), default=last))
    wanted = untried or {oldest}
    later = outcome == "voicemail" or today >= policy.attempts_a_day
    day = last.astimezone(zone).date()
    at = last + dt.timedelta(hours=policy.min_gap_hours)
    while not (open_(at) and part(at) in wanted and (not later or at.astimezone(zone).date() > day)):
        at += dt.timedelta(minutes=5)
    return at


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["no_answer", "third_party", "voicemail"]),
    st.lists(st.integers(0, 40 * 24 * 12), min_size=1, max_size=5),
    st.integers(1, 2),
    st.sampled_from(["America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland", "Africa/Cairo"]),
    st.sampled_from(["US", "RU"]),
)
def test_the_next_try_is_the_one_of_a_slow_search(
    outcome: str, steps: list[int], today: int, zone_name: str, country: str
) -> None:
    zone = zoneinfo.ZoneInfo(zone_name)
    policy = Policy(zone=CHICAGO, country=country)
    start = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    tried = sorted(start + dt.timedelta(minutes=5) * step for step in set(steps))
    found = next_try(Outcome(outcome), tried=tried, attempts_today=today, policy=policy, zone=zone)
    assert found == slowly(outcome, tried, today, policy, zone)


def test_an_outcome_can_be_taken_back_for_five_minutes() -> None:
    assert undo_until(NOW) == at("2026-11-12T10:05")
    assert may_undo(NOW, at("2026-11-12T10:04:59"))
    assert not may_undo(NOW, at("2026-11-12T10:05"))
