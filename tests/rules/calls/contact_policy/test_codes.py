"""Each code of the contact policy: when it blocks, what it says, until when (§4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from calls.rules.facts import Attempt, Facts, Held, MeetingAhead, Refusal
from calls.rules.kinds import Code, Kind, Purpose
from calls.rules.policy import membership_about
from memberships.rules.terms import Span
from tests.days import CHICAGO, at, day
from tests.rules.calls.contact_policy.asking import FACTS, NEXT, NOON, POLICY, ask, reached, said


def test_the_example_of_the_policy_to_the_letter() -> None:
    calls = reached("2026-11-05T18:30", "2026-11-08T11:30", "2026-11-10T12:00")
    facts = replace(FACTS, attempts=calls, number_attempts=calls)
    assert said(ask(facts, Kind.CARE, at("2026-11-14T19:40"))) == [
        (
            "contact_cap",
            "Two conversations in the last 7 days; no third before Sunday 11:30.",
            "2026-11-15T11:30:00-06:00",
        ),
        ("outside_hours", "19:40 for the member; calls on Sunday from 11:00.", "2026-11-15T11:00:00-06:00"),
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_an_ordinary_member_may_be_rung_for_anything_at_noon(kind: Kind) -> None:
    assert ask(FACTS, kind, membership=501) == []


@pytest.mark.parametrize(
    ("change", "kind", "expected"),
    [
        ({"deceased": True}, "callback", ("deceased", "The member has died.", None)),
        (
            {"do_not_call_since": at("2026-05-03T23:30")},
            "missed_call",
            ("do_not_call", "Must not be called, since 3 May 2026.", None),
        ),
        ({"phone": ""}, "callback", ("no_phone", "No phone number is known.", None)),
        (
            {"phone_bad_since": at("2026-05-03T12:00")},
            "callback",
            ("bad_phone", "The number was marked wrong on 3 May 2026.", None),
        ),
        ({"phone_is_premium": True}, "callback", ("bad_phone", "This is a premium number.", None)),
        (
            {"consent_calls": False},
            "renewal",
            ("no_consent", "The member does not want calls.", None),
        ),
        (
            {"memberships": [*FACTS.memberships, NEXT]},
            "renewal",
            ("already_renewed", "A later membership is sold, from 1 December 2026.", None),
        ),
        (
            {"open_complaint": True},
            "renewal",
            ("open_complaint", "A complaint waits for its answer.", None),
        ),
        (
            {"refusals": [Refusal(at("2026-10-20T12:00"), frozenset({Kind.RENEWAL}))]},
            "renewal",
            (
                "refused_lately",
                "Refused on 20 October; not asked again before 19 November 11:00.",
                "2026-11-19T11:00:00-06:00",  # 30 × 24 h, summer time ended in between
            ),
        ),
        (
            {"meetings": [MeetingAhead(Purpose.RENEWAL, at("2026-11-16T17:00"), at("2026-11-16T17:30"))]},
            "care",
            ("meeting_booked", "A meeting lies ahead: Monday 17:00.", "2026-11-16T17:30:00-06:00"),
        ),
        (
            {"attempts": [Attempt(at("2026-11-12T10:19"))]},
            "care",
            ("min_gap", "Rung at 10:19; not again before 13:19.", "2026-11-12T13:19:00-06:00"),
        ),
    ],
)
def test_each_code_says_why_and_until(
    change: dict[str, object], kind: str, expected: tuple[str, str, str | None]
) -> None:
    assert said(ask(replace(FACTS, **change), Kind(kind))) == [expected]


def test_reasons_come_in_the_order_of_the_table() -> None:
    facts = Facts(zone=CHICAGO, deceased=True, do_not_call_since=NOON, consent_calls=False, open_complaint=True)
    found = [block.code for block in ask(facts, when=at("2026-11-26T23:00"))]
    assert found == [
        Code.DECEASED,
        Code.DO_NOT_CALL,
        Code.NO_PHONE,
        Code.NO_CONSENT,
        Code.OPEN_COMPLAINT,
        Code.HOLIDAY,
        Code.OUTSIDE_HOURS,
    ]


def test_a_number_marked_wrong_and_changed_since_may_be_rung() -> None:
    wrong = replace(FACTS, phone_bad_since=at("2026-05-03T12:00"))
    assert ask(replace(wrong, phone_changed_at=at("2026-05-04T12:00"))) == []
    assert [block.code for block in ask(replace(wrong, phone_changed_at=at("2026-05-02T12:00")))] == ["bad_phone"]


@pytest.mark.parametrize(
    ("scope", "kind", "consent", "blocked"),
    [
        ("none", "winback", None, False),
        ("winback", "winback", None, True),
        ("winback", "winback", True, False),
        ("winback", "renewal", None, False),
        ("all", "renewal", None, True),
        ("all", "renewal", True, False),
        ("all", "callback", None, False),
        ("none", "callback", False, False),
        ("none", "renewal", False, True),
    ],
)
def test_consent_is_asked_as_far_as_the_policy_says(scope: str, kind: str, consent: bool | None, blocked: bool) -> None:
    policy = replace(POLICY, consent_scope=scope)
    ended = [replace(FACTS.memberships[0])]
    facts = replace(FACTS, consent_calls=consent, memberships=ended)
    found = ask(facts, Kind(kind), policy=policy)
    assert [block.code for block in found] == (["no_consent"] if blocked else [])


def test_missing_consent_is_said_as_missing() -> None:
    found = ask(FACTS, policy=replace(POLICY, consent_scope="all"))
    assert [str(block.sentence) for block in found] == ["No consent to calls is recorded."]


def test_a_cancelled_membership_stops_renewal_calls_only() -> None:
    cancelled = replace(FACTS.memberships[1], cancelled_on=day("2026-11-20"), last_covered_on=day("2026-11-19"))
    facts = replace(FACTS, memberships=[cancelled])
    assert said(ask(facts)) == [("cancelled", "The membership is cancelled from 20 November 2026.", None)]
    assert ask(facts, Kind.CARE) == []
    assert ask(facts, Kind.WINBACK, at("2026-12-21T12:00")) == []


def test_a_cancelled_successor_does_not_count() -> None:
    never = replace(NEXT, cancelled_on=day("2026-11-11"), last_covered_on=day("2026-11-30"))
    assert ask(replace(FACTS, memberships=[*FACTS.memberships, never])) == []


def test_a_task_is_asked_about_its_own_membership() -> None:
    assert [block.code for block in ask(FACTS, membership=500)] == ["already_renewed"]
    assert ask(FACTS, membership=501) == []
    assert ask(FACTS, membership=999) == []


def test_without_a_task_the_current_membership_counts_else_the_latest_ended() -> None:
    held = [*FACTS.memberships, NEXT]
    never = Held(id=1, starts_on=day("2027-01-01"), last_covered_on=day("2026-12-31"))
    assert membership_about(held, Kind.RENEWAL, day("2026-11-12")) == held[1]
    assert membership_about(held, Kind.RENEWAL, day("2028-01-01")) == NEXT
    assert membership_about(held, Kind.WINBACK, day("2026-11-12")) == held[0]
    assert membership_about([never], Kind.RENEWAL, day("2028-01-01")) is None
    assert membership_about([NEXT], Kind.RENEWAL, day("2026-11-12")) is None


def test_a_refusal_of_another_kind_does_not_count() -> None:
    facts = replace(FACTS, refusals=[Refusal(at("2026-11-10T12:00"), frozenset({Kind.CARE, Kind.CALLBACK}))])
    assert ask(facts) == []


def test_thirty_days_after_a_refusal_to_the_second() -> None:
    refused = NOON.astimezone(dt.UTC) - dt.timedelta(days=30)
    facts = replace(FACTS, refusals=[Refusal(refused, frozenset({Kind.AT_RISK}))])
    assert ask(facts, Kind.AT_RISK) == []
    almost = at("2026-11-12T11:59:59")
    assert [block.until for block in ask(facts, Kind.AT_RISK, almost)] == [NOON]


def test_only_meetings_about_renewal_that_are_not_over_block() -> None:
    session = MeetingAhead(Purpose.SESSION, at("2026-11-16T17:00"), at("2026-11-16T17:30"))
    over = MeetingAhead(Purpose.RENEWAL, at("2026-11-12T11:30"), at("2026-11-12T12:00"))
    assert ask(replace(FACTS, meetings=[session, over])) == []
    assert [block.until for block in ask(replace(FACTS, meetings=[over]), when=at("2026-11-12T11:45"))] == [NOON]


def test_frozen_lasts_to_the_midnight_after_the_last_of_the_days_on_end() -> None:
    freezes = [
        Span(day("2026-11-01"), day("2026-11-09")),
        Span(day("2026-11-10"), day("2026-11-13")),
        Span(day("2026-11-14"), day("2026-11-20")),
        Span(day("2026-11-22"), day("2026-11-25")),
    ]
    facts = replace(FACTS, memberships=[replace(FACTS.memberships[1], freezes=freezes)])
    frozen = ("frozen", "Frozen until 20 November.", "2026-11-21T00:00:00-06:00")
    assert said(ask(facts)) == [frozen]
    assert ask(facts, when=at("2026-11-21T12:00")) == []
    assert ask(facts, Kind.FREEZE_ENDING) == []


def test_a_freeze_of_days_that_the_membership_no_longer_covers_is_none() -> None:
    cancelled = Held(
        id=1,
        starts_on=day("2026-01-01"),
        last_covered_on=day("2026-11-10"),
        cancelled_on=day("2026-11-11"),
        freezes=[Span(day("2026-11-05"), day("2026-11-20")), Span(day("2026-12-01"), day("2026-12-20"))],
    )
    never = replace(cancelled, last_covered_on=day("2025-12-31"))
    facts = replace(FACTS, memberships=[cancelled, never])
    assert ask(facts, Kind.CARE) == []
    assert [block.code for block in ask(facts, Kind.CARE, at("2026-11-10T12:00"))] == ["frozen"]


@pytest.mark.parametrize(
    ("when", "blocked"),
    [("2026-11-30", False), ("2026-12-01", True), ("2026-12-03", True), ("2026-12-04", False)],
)
def test_the_first_three_days_of_a_membership_are_silent(when: str, blocked: bool) -> None:
    facts = replace(FACTS, memberships=[*FACTS.memberships, NEXT])
    found = ask(facts, Kind.CARE, at(f"{when}T12:00"))
    silent = (
        "silence_days",
        "A membership started on 1 December; no calls before 4 December.",
        "2026-12-04T00:00:00-06:00",
    )
    assert said(found) == ([silent] if blocked else [])


def test_silence_of_two_memberships_on_end_is_one() -> None:
    days = [("2026-11-10", "2026-11-11"), ("2026-11-12", "2027-11-11"), ("2026-11-15", "2026-11-14")]
    held = [
        Held(id=number, starts_on=day(first), last_covered_on=day(last)) for number, (first, last) in enumerate(days)
    ]
    found = ask(replace(FACTS, memberships=held), Kind.CARE)
    assert said(found)[0][2] == "2026-11-15T00:00:00-06:00"
