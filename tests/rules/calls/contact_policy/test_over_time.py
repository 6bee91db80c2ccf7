"""The contact policy against slow oracles: over time zones and clock changes, and over random facts."""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.rules.facts import Attempt, Facts, Held, MeetingAhead, Policy, Refusal
from calls.rules.kinds import ASKED_FOR, Code, Kind, Purpose
from calls.rules.policy import blocks
from memberships.rules.terms import Span
from tests.reliability.windows import LEAP_DAYS, MINUTE, SPLIT, ZONES, around, clock_changes, may_ring

HOUR = dt.timedelta(hours=1)


def next_ring(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The next five minutes at which one may ring, tried one after the other."""
    at = at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0) + 5 * MINUTE
    while not may_ring(at, zone, SPLIT):
        at += 5 * MINUTE
    return at


@pytest.mark.parametrize("name", ZONES)
def test_the_next_opening_is_the_first_minute_of_a_window_around_any_clock_change(name: str) -> None:
    zone = zoneinfo.ZoneInfo(name)
    policy = Policy(zone=zoneinfo.ZoneInfo("America/Chicago"), windows=SPLIT)
    facts = Facts(zone=zone, phone="+1")
    for at in around(clock_changes(zone) + LEAP_DAYS, minutes=217):
        for block in blocks(facts, policy, Kind.CARE, at=at):
            assert block.until == next_ring(at, zone), at


@pytest.mark.parametrize("name", ZONES)
def test_a_local_midnight_is_the_first_instant_of_its_day(name: str) -> None:
    zone = zoneinfo.ZoneInfo(name)
    policy = Policy(zone=zone)
    for change in clock_changes(zone):
        for at in (change - 30 * HOUR, change - 12 * HOUR, change - MINUTE, change, change + 12 * HOUR):
            today = at.astimezone(zone).date()
            held = Held(id=1, starts_on=today, last_covered_on=today, freezes=[Span(today, today)])
            twice = [Attempt(at, outcome="busy"), Attempt(at, outcome="busy")]
            facts = Facts(zone=zone, phone="+1", memberships=[held], attempts=twice)
            untils = {block.code: block.until for block in blocks(facts, policy, Kind.CARE, at=at)}
            frozen, tomorrow = untils[Code.FROZEN], untils[Code.ATTEMPTS_TODAY]
            assert frozen == tomorrow
            assert frozen.astimezone(zone).date() > today
            assert (frozen.astimezone(dt.UTC) - dt.timedelta(seconds=1)).astimezone(zone).date() == today


# ── random facts ──

BASE = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
DAY_ONE = dt.date(2026, 9, 20)
minutes = st.integers(0, 45 * 24 * 60).map(lambda n: BASE - 10 * 24 * HOUR + n * MINUTE)
# round instants make equal ages likely, where rolling windows end
instants = minutes | st.integers(0, 45).map(lambda n: BASE - 10 * 24 * HOUR + n * 24 * HOUR)
days = st.integers(0, 90).map(lambda n: DAY_ONE + dt.timedelta(days=n))
attempts = st.builds(
    lambda at, outcome: Attempt(at, reached=outcome == "talked", outcome=outcome),
    instants,
    st.sampled_from(["talked", "talked", "busy", "no_answer", ""]),
)


@st.composite
def memberships(draw: st.DrawFn) -> list[Held]:
    """Up to three memberships in a row, some cancelled, some frozen, some that cover no day."""
    edges = sorted(draw(st.lists(days, min_size=2, max_size=6, unique=True)))
    held = []
    for number, (first, after) in enumerate(itertools.pairwise(edges)):
        last = after - dt.timedelta(days=1)
        cancelled = draw(st.none() | days)
        if cancelled is not None and cancelled <= last:
            last = max(cancelled, first) - dt.timedelta(days=1)
        frozen = sorted(draw(st.lists(days, max_size=4, unique=True)))
        freezes = [Span(begin, end) for begin, end in zip(frozen[::2], frozen[1::2], strict=False)]
        held.append(Held(id=number, starts_on=first, last_covered_on=last, cancelled_on=cancelled, freezes=freezes))
    return held


@st.composite
def meetings(draw: st.DrawFn) -> list[MeetingAhead]:
    starts = draw(st.lists(instants, max_size=3))
    return [MeetingAhead(draw(st.sampled_from(Purpose)), at, at + HOUR / 2) for at in starts]


facts = st.builds(
    Facts,
    zone=st.sampled_from(ZONES).map(zoneinfo.ZoneInfo),
    phone=st.sampled_from(["", "+1", "+1"]),
    deceased=st.booleans(),
    do_not_call_since=st.none() | instants,
    phone_bad_since=st.none() | instants,
    phone_changed_at=st.none() | instants,
    phone_is_premium=st.booleans(),
    consent_calls=st.sampled_from([None, True, False]),
    memberships=memberships(),
    open_complaint=st.booleans(),
    refusals=st.lists(st.builds(Refusal, instants, st.frozensets(st.sampled_from(Kind), max_size=2)), max_size=3),
    meetings=meetings(),
    attempts=st.lists(attempts, max_size=6),
    number_attempts=st.lists(attempts, max_size=6),
)
policies = st.builds(
    Policy,
    zone=st.sampled_from(ZONES).map(zoneinfo.ZoneInfo),
    country=st.sampled_from(["US", "DE", "RU", "XX", ""]),
    region=st.sampled_from(["", "BE", "nowhere"]),
    windows=st.sampled_from([SPLIT, Policy(zone=zoneinfo.ZoneInfo("UTC")).windows]),
    consent_scope=st.sampled_from(["none", "winback", "all"]),
    cap_counts=st.sampled_from(["conversations", "attempts"]),
    cap_7_days=st.integers(1, 3),
    cap_30_days=st.integers(1, 5),
    attempts_a_day=st.integers(1, 3),
    min_gap_hours=st.integers(0, 30),
    silence_days=st.integers(0, 5),
    refused_days=st.integers(0, 40),
)


def codes_one_by_one(known: Facts, policy: Policy, kind: Kind, at: dt.datetime) -> set[str]:
    """Which codes block, each worked out on its own and slowly, without regard to the kinds it is asked of."""
    local, today = at.astimezone(known.zone), at.astimezone(policy.zone).date()
    bad, changed = known.phone_bad_since, known.phone_changed_at
    of_day = {
        day: one
        for one in known.memberships
        for day in (one.starts_on + dt.timedelta(days=n) for n in range(120))
        if day <= one.last_covered_on
    }
    past = [day for day in of_day if day < today]
    about = of_day.get(today) if kind != "winback" else None
    if about is None:
        if past and kind == "winback" and today in of_day and of_day[max(past)] is of_day[today]:
            past = [day for day in past if of_day[day] is not of_day[today]]
        about = of_day[max(past)] if past else None
    later = [one for one in known.memberships if about and one.starts_on > about.starts_on]
    runs = {"member": known.attempts, "number": known.number_attempts}
    rung = {who: [one for one in dials if one.at <= at] for who, dials in runs.items()}
    counted = {
        who: [one.at for one in dials if one.reached or policy.cap_counts == "attempts"] for who, dials in rung.items()
    }
    country = holidays.country_holidays("US") if policy.country == "US" else {}
    if policy.country == "RU":
        country = holidays.country_holidays("RU")
    if policy.country == "DE":
        country = holidays.country_holidays("DE", subdiv="BE" if policy.region == "BE" else None)
    answers = {
        "deceased": known.deceased,
        "do_not_call": known.do_not_call_since is not None,
        "no_phone": known.phone == "",
        "bad_phone": known.phone != ""
        and (known.phone_is_premium or (bad is not None and not (changed is not None and changed > bad))),
        "no_consent": known.consent_calls is False
        or (
            known.consent_calls is None
            and (policy.consent_scope == "all" or (policy.consent_scope == "winback" and kind == "winback"))
        ),
        "already_renewed": any(one.cancelled_on is None for one in later),
        "cancelled": about is not None and about.cancelled_on is not None,
        "open_complaint": known.open_complaint,
        "refused_lately": any(
            kind in one.kinds and one.at <= at < one.at + policy.refused_days * 24 * HOUR for one in known.refusals
        ),
        "meeting_booked": any(one.purpose == "renewal" and at < one.ends_at for one in known.meetings),
        "frozen": today in of_day and any(today in freeze for freeze in of_day[today].freezes),
        "silence_days": any(
            0 <= (today - one.starts_on).days <= policy.silence_days
            for one in known.memberships
            if one.last_covered_on >= one.starts_on
        ),
        "contact_cap": any(
            sum(1 for when in whens if when + length * 24 * HOUR > at) >= cap
            for whens in counted.values()
            for length, cap in ((7, policy.cap_7_days), (30, policy.cap_30_days))
        ),
        "attempts_today": any(
            sum(1 for one in dials if one.at.astimezone(known.zone).date() == local.date()) >= policy.attempts_a_day
            for dials in rung.values()
        ),
        "min_gap": any(
            one.outcome != "busy" and one.at + policy.min_gap_hours * HOUR > at
            for dials in rung.values()
            for one in dials
        ),
        "holiday": today in country,
        "outside_hours": not may_ring(at, known.zone, policy.windows),
    }
    return {code for code, answer in answers.items() if answer}


@settings(max_examples=400, deadline=None)
@given(facts, policies, st.sampled_from(Kind), instants)
def test_the_codes_are_those_of_a_slow_reading(known: Facts, policy: Policy, kind: Kind, at: dt.datetime) -> None:
    expected = codes_one_by_one(known, policy, kind, at)
    found = [block.code for block in blocks(known, policy, kind, at=at)]
    assert found == [code for code in Code if code in expected and kind in ASKED_FOR[code]]


@settings(max_examples=300, deadline=None)
@given(facts, policies, st.sampled_from(Kind), instants)
def test_until_is_the_first_instant_without_the_block(
    known: Facts, policy: Policy, kind: Kind, at: dt.datetime
) -> None:
    # nothing happens between now and then: what is known ends at ``at``
    known = Facts(
        **{
            **{name: getattr(known, name) for name in Facts.__slots__},
            "refusals": [one for one in known.refusals if one.at <= at],
            "attempts": [one for one in known.attempts if one.at <= at],
            "number_attempts": [one for one in known.number_attempts if one.at <= at],
        }
    )
    for block in blocks(known, policy, kind, at=at):
        if block.until is None:
            continue
        assert block.until > at
        before = block.until.astimezone(dt.UTC) - dt.timedelta(microseconds=1)
        assert block.code in {one.code for one in blocks(known, policy, kind, at=before)}
        assert block.code not in {one.code for one in blocks(known, policy, kind, at=block.until)}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES).map(zoneinfo.ZoneInfo), instants, st.integers(-3 * 24 * 60, 3 * 24 * 60))
def test_a_promise_is_kept_within_its_day_and_the_humane_hours(
    zone: zoneinfo.ZoneInfo, promised: dt.datetime, away: int
) -> None:
    at = promised + away * MINUTE
    policy = Policy(zone=zone, windows=SPLIT)
    found = blocks(Facts(zone=zone, phone="+1"), policy, Kind.CALLBACK, at=at, promised_at=promised)
    local = at.astimezone(zone)
    kept = (
        at >= promised and local.date() == promised.astimezone(zone).date() and dt.time(8) <= local.time() < dt.time(21)
    )
    assert (not found) == (kept or may_ring(at, zone, SPLIT))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40 * 60)), min_size=40, max_size=120))
def test_four_people_on_one_number_are_one_number(steps: list[tuple[int, int]]) -> None:
    """Somebody of the four is rung whenever the policy lets through: the caps hold for the number all the same."""
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    policy = Policy(zone=zoneinfo.ZoneInfo("America/Chicago"))
    at, dials = BASE, list[Attempt]()
    own: list[list[Attempt]] = [[], [], [], []]
    for number, (who, minutes_on) in enumerate(steps):
        at += minutes_on * MINUTE
        facts_now = Facts(zone=zone, phone="+49", attempts=own[who], number_attempts=dials)
        if blocks(facts_now, policy, Kind.CARE, at=at):
            continue
        talked = number % 3 > 0
        dial = Attempt(at, reached=talked, outcome="talked" if talked else "no_answer")
        dials.append(dial)
        own[who].append(dial)
    talks = [one.at for one in dials if one.reached]
    assert all(later - first >= 7 * 24 * HOUR for first, later in zip(talks, talks[2:], strict=False))
    assert all(later - first >= 30 * 24 * HOUR for first, later in zip(talks, talks[4:], strict=False))
    assert all(later.at - first.at >= 3 * HOUR for first, later in itertools.pairwise(dials))
    by_day = [one.at.astimezone(zone).date() for one in dials]
    assert all(by_day.count(day) <= 2 for day in by_day)
