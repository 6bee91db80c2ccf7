"""Windows, holidays, promised callbacks, and when a call comes back (§4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from calls.rules.facts import Facts, Policy
from calls.rules.hours import DEFAULT_WINDOWS
from calls.rules.kinds import Code, Kind
from calls.rules.policy import Block, blocks, latest_until
from tests.days import BERLIN, at
from tests.rules.calls.contact_policy.asking import FACTS, NOON, POLICY, ask, said


def test_a_holiday_lasts_to_the_first_midnight_that_begins_none() -> None:
    assert said(ask(FACTS, when=at("2026-11-26T12:00"))) == [
        ("holiday", "A public holiday: Thanksgiving Day.", "2026-11-27T00:00:00-06:00")
    ]
    berlin = Policy(zone=BERLIN, country="DE", region="BE")
    facts = Facts(zone=BERLIN, phone="+4930")
    found = blocks(facts, berlin, Kind.CARE, at=at("2026-12-25T12:00", BERLIN))
    assert [block.until for block in found] == [at("2026-12-27T00:00", BERLIN)]


def test_a_holiday_is_a_day_of_the_club_and_hours_are_the_members() -> None:
    facts = replace(FACTS, zone=BERLIN)
    found = ask(facts, Kind.CARE, at("2026-11-27T00:30"))
    assert [block.code for block in found] == ["outside_hours"]  # 07:30 in Berlin, the day after in Chicago
    assert said(ask(facts, Kind.CARE, at("2026-11-26T02:30"))) == [
        ("holiday", "A public holiday: Thanksgiving Day.", "2026-11-27T00:00:00-06:00"),
        ("outside_hours", "09:30 for the member; calls from 10:00.", "2026-11-26T03:00:00-06:00"),
    ]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-12T09:59:59", "09:59 for the member; calls from 10:00."),
        ("2026-11-12T10:00", None),
        ("2026-11-12T19:59:59", None),
        ("2026-11-12T20:00", "20:00 for the member; calls on Friday from 10:00."),
        ("2026-11-13T20:00", "20:00 for the member; calls on Saturday from 11:00."),
    ],
)
def test_a_window_holds_its_first_minute_and_not_its_last(when: str, expected: str | None) -> None:
    found = ask(FACTS, when=at(when))
    assert [str(block.sentence) for block in found] == ([expected] if expected else [])


def test_any_number_of_windows_a_day_but_never_outside_eight_to_nine() -> None:
    windows = {3: [(dt.time(18), dt.time(23)), (dt.time(6), dt.time(9)), (dt.time(21), dt.time(22))]}
    policy = replace(POLICY, windows=windows)
    allowed = [hour for hour in range(24) if not ask(FACTS, Kind.CARE, at(f"2026-11-12T{hour:02}:30"), policy)]
    assert allowed == [8, 18, 19, 20]
    found = ask(FACTS, Kind.CARE, at("2026-11-12T21:30"), policy)
    assert said(found) == [
        ("outside_hours", "21:30 for the member; calls on Thursday from 08:00.", "2026-11-19T08:00:00-06:00")
    ]


def test_without_windows_no_instant_is_named() -> None:
    found = ask(FACTS, Kind.CARE, policy=replace(POLICY, windows={}))
    assert said(found) == [("outside_hours", "12:00 for the member; no calling hours are set.", None)]


@pytest.mark.parametrize(
    ("when", "promised", "opens"),
    [
        ("2026-11-12T08:29", "2026-11-12T08:30", "2026-11-12T08:30"),
        ("2026-11-12T08:30", "2026-11-12T08:30", None),
        ("2026-11-12T20:59", "2026-11-12T08:30", None),
        ("2026-11-12T21:00", "2026-11-12T08:30", "2026-11-13T10:00"),
        ("2026-11-13T09:00", "2026-11-12T08:30", "2026-11-13T10:00"),
        ("2026-11-12T07:30", "2026-11-12T07:00", "2026-11-12T08:00"),
        ("2026-11-12T11:00", "2026-11-12T20:30", None),
        ("2026-11-14T20:15", "2026-11-14T20:30", "2026-11-14T20:30"),
    ],
)
def test_a_callback_may_be_made_from_its_promised_time_to_the_end_of_that_day(
    when: str, promised: str, opens: str | None
) -> None:
    found = ask(FACTS, Kind.CALLBACK, at(when), promised_at=at(promised))
    assert [block.until for block in found] == ([at(opens)] if opens else [])


def test_a_promise_without_any_window_is_still_kept() -> None:
    policy = replace(POLICY, windows={})
    promised = at("2026-11-12T13:00")
    found = ask(FACTS, Kind.CALLBACK, NOON, policy, promised_at=promised)
    assert [block.until for block in found] == [promised]
    found = ask(FACTS, Kind.CALLBACK, at("2026-11-12T21:30"), policy, promised_at=promised)
    assert [block.until for block in found] == [None]


def test_a_promise_opens_no_other_kind_of_call() -> None:
    found = ask(FACTS, Kind.CARE, at("2026-11-12T08:45"), promised_at=at("2026-11-12T08:30"))
    assert [block.code for block in found] == ["outside_hours"]


def test_a_waiting_task_comes_back_at_the_latest_until() -> None:
    text = blocks(FACTS, replace(POLICY, windows={}), Kind.CARE, at=NOON)[0].sentence
    early, late = Block(Code.MIN_GAP, text, NOON), Block(Code.HOLIDAY, text, at("2026-11-13T00:00"))
    open_ended = Block(Code.OPEN_COMPLAINT, text)
    assert latest_until([late, early]) == late.until
    assert latest_until([late, open_ended]) is None
    assert latest_until([]) is None


def test_the_defaults_are_those_of_the_product() -> None:
    assert DEFAULT_WINDOWS[4] == ((dt.time(10), dt.time(20)),)
    assert DEFAULT_WINDOWS[6] == ((dt.time(11), dt.time(18)),)
    assert (POLICY.cap_7_days, POLICY.cap_30_days, POLICY.attempts_a_day, POLICY.min_gap_hours) == (2, 4, 2, 3)
    assert (POLICY.silence_days, POLICY.refused_days, POLICY.max_attempts) == (2, 30, 6)
    assert (POLICY.renewal_rungs, POLICY.winback_rungs) == ((45, 30, 14, 3, -3), (35, 90, 180))
    assert (POLICY.consent_scope, POLICY.cap_counts, POLICY.callback_days_ahead) == ("none", "conversations", 60)
