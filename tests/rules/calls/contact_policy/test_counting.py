"""Conversations, attempts and gaps: how many are enough, and until when (§4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from calls.rules.facts import Attempt, Refusal
from calls.rules.kinds import Kind
from tests.days import at
from tests.rules.calls.contact_policy.asking import FACTS, LISBON, NOON, POLICY, ask, reached, said


def test_exactly_seven_days_old_no_longer_counts() -> None:
    facts = replace(FACTS, attempts=reached("2026-11-05T12:00", "2026-11-10T12:00"))
    assert ask(facts, Kind.CARE) == []
    assert [block.until for block in ask(facts, Kind.CARE, at("2026-11-12T11:59:59"))] == [NOON]


def test_four_conversations_in_thirty_days_are_enough() -> None:
    calls = reached("2026-10-20T12:00", "2026-10-25T12:00", "2026-10-30T12:00", "2026-11-10T12:00")
    facts = replace(FACTS, attempts=calls)
    assert said(ask(facts, Kind.CARE)) == [
        (
            "contact_cap",
            "Four conversations in the last 30 days; no fifth before 19 November 11:00.",
            "2026-11-19T11:00:00-06:00",
        )
    ]


def test_of_several_caps_the_one_that_lasts_longest_is_named() -> None:
    calls = reached("2026-10-20T12:00", "2026-10-25T12:00", "2026-11-08T12:00", "2026-11-10T12:00")
    facts = replace(FACTS, attempts=calls, number_attempts=calls)
    assert [text for _code, text, _until in said(ask(facts, Kind.CARE))] == [
        "Four conversations in the last 30 days; no fifth before 19 November 11:00."
    ]


def test_more_conversations_than_the_cap_are_said_as_they_are() -> None:
    calls = reached("2026-11-07T12:00", "2026-11-08T12:00", "2026-11-10T12:00")
    assert said(ask(replace(FACTS, attempts=calls), Kind.CARE)) == [
        (
            "contact_cap",
            "Three conversations in the last 7 days; no other before Sunday 12:00.",
            "2026-11-15T12:00:00-06:00",
        )
    ]


def test_the_number_counts_as_the_member_does() -> None:
    facts = replace(FACTS, number_attempts=reached("2026-11-08T12:00", "2026-11-10T12:00"))
    assert [text for _code, text, _until in said(ask(facts, Kind.CARE))] == [
        "Two conversations with this number in the last 7 days; no third before Sunday 12:00."
    ]


def test_a_policy_may_count_attempts() -> None:
    calls = [Attempt(at("2026-11-08T12:00")), Attempt(at("2026-11-10T12:00"), outcome="no_answer")]
    policy = replace(POLICY, cap_counts="attempts")
    assert ask(replace(FACTS, attempts=calls), Kind.CARE) == []
    own = ask(replace(FACTS, attempts=calls), Kind.CARE, policy=policy)
    number = ask(replace(FACTS, number_attempts=calls), Kind.CARE, policy=policy)
    assert [text for _code, text, _until in said(own + number)] == [
        "Two attempts in the last 7 days; no third before Sunday 12:00.",
        "Two attempts on this number in the last 7 days; no third before Sunday 12:00.",
    ]


def test_a_cap_of_one_and_of_none() -> None:
    facts = replace(FACTS, attempts=reached("2026-11-10T12:00"))
    one = ask(facts, Kind.CARE, policy=replace(POLICY, cap_7_days=1))
    assert [text for _code, text, _until in said(one)] == [
        "One conversation in the last 7 days; no second before Tuesday 12:00."
    ]
    none = ask(facts, Kind.CARE, policy=replace(POLICY, cap_7_days=0))
    assert said(none) == [("contact_cap", "The contact policy allows no such call.", None)]
    both = ask(facts, Kind.CARE, policy=replace(POLICY, cap_7_days=1, cap_30_days=0))
    assert said(both) == [("contact_cap", "The contact policy allows no such call.", None)]


def test_high_caps_are_said_in_figures() -> None:
    calls = [Attempt(at("2026-11-10T12:00") + dt.timedelta(minutes=n), reached=True) for n in range(11)]
    found = ask(replace(FACTS, attempts=calls), Kind.CARE, policy=replace(POLICY, cap_7_days=11, cap_30_days=99))
    assert [text for _code, text, _until in said(found)] == [
        "11 conversations in the last 7 days; no other before Tuesday 12:00."
    ]


def test_two_attempts_on_the_members_own_day_are_enough() -> None:
    # in Lisbon it is 18:00; the first of the three was rung there yesterday
    calls = [Attempt(at(text, LISBON)) for text in ("2026-11-11T19:00", "2026-11-12T10:00", "2026-11-12T14:00")]
    facts = replace(FACTS, zone=LISBON, number_attempts=calls)
    found = ask(facts, Kind.CARE, at("2026-11-12T18:00", LISBON))
    assert [(block.code, str(block.sentence)) for block in found] == [
        ("attempts_today", "Two attempts today already; no other before tomorrow.")
    ]
    assert found[0].until == at("2026-11-13T00:00", LISBON)


def test_a_policy_without_attempts_waits_for_no_instant() -> None:
    found = ask(FACTS, Kind.CARE, policy=replace(POLICY, attempts_a_day=0))
    assert [(block.code, block.until) for block in found] == [("attempts_today", None)]


def test_busy_does_not_count_for_the_gap_but_for_the_day() -> None:
    busy = Attempt(at("2026-11-12T11:50"), outcome="busy")
    assert ask(replace(FACTS, attempts=[busy]), Kind.CARE) == []
    twice = replace(FACTS, attempts=[busy, replace(busy, at=at("2026-11-12T11:55"))])
    assert [block.code for block in ask(twice, Kind.CARE)] == ["attempts_today"]


def test_exactly_three_hours_are_enough() -> None:
    facts = replace(FACTS, attempts=[Attempt(at("2026-11-12T09:00"))])
    assert ask(facts, Kind.CARE) == []


def test_what_happened_after_the_instant_is_left_out() -> None:
    later = "2026-11-12T12:00:01"
    facts = replace(
        FACTS,
        attempts=[*reached("2026-11-08T12:00"), *reached(later)],
        refusals=[Refusal(at(later), frozenset({Kind.RENEWAL}))],
    )
    assert ask(facts) == []
    assert [block.code for block in ask(facts, when=at("2026-11-12T13:00"))] == [
        "refused_lately",
        "contact_cap",
        "min_gap",
    ]
