"""Each code of the contact policy: when it blocks, what it says, until when (§4)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace

import pytest

from calls.rules.facts import Attempt, Facts, Held, MeetingAhead, Policy, Refusal
from calls.rules.hours import DEFAULT_WINDOWS
from calls.rules.kinds import Code, Kind, Purpose
from calls.rules.policy import Block, blocks, latest_until, membership_about
from memberships.rules.terms import Span
from tests.days import BERLIN, CHICAGO, at, day

POLICY = Policy(zone=CHICAGO, country="US", region="IL")
LISBON = zoneinfo.ZoneInfo("Europe/Lisbon")
NOON = at("2026-11-12T12:00")
FACTS = Facts(
    zone=CHICAGO,
    phone="+13195550107",
    memberships=[
        Held(id=500, starts_on=day("2024-12-01"), last_covered_on=day("2025-11-30")),
        Held(id=501, starts_on=day("2025-12-01"), last_covered_on=day("2026-11-30")),
    ],
)
NEXT = Held(id=733, starts_on=day("2026-12-01"), last_covered_on=day("2027-12-14"))


def ask(
    facts: Facts,
    kind: Kind = Kind.RENEWAL,
    when: dt.datetime = NOON,
    policy: Policy = POLICY,
    membership: int | None = None,
    promised_at: dt.datetime | None = None,
) -> list[Block]:
    return blocks(facts, policy, kind, at=when, membership=membership, promised_at=promised_at)


def said(found: list[Block]) -> list[tuple[str, str, str | None]]:
    return [
        (block.code, str(block.sentence), block.until and block.until.astimezone(CHICAGO).isoformat())
        for block in found
    ]


def reached(*instants: str) -> list[Attempt]:
    return [Attempt(at(instant), reached=True, outcome="talked") for instant in instants]


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
