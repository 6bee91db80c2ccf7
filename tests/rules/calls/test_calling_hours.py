"""Windows, holidays and the openings that the queue is told: one law with the contact policy."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.rules import hours, openings, position
from calls.rules.facts import Facts, Policy
from calls.rules.kinds import Kind
from calls.rules.policy import blocks
from tests.days import BERLIN, CHICAGO, at, day

SPLIT = {
    weekday: [(dt.time(12), dt.time(13)), (dt.time(7), dt.time(9, 30)), (dt.time(17), dt.time(23))]
    for weekday in range(6)
}
ZONES = st.sampled_from(["America/Chicago", "Europe/Berlin", "Asia/Kolkata", "Pacific/Chatham", "Africa/Cairo"])
INSTANTS = st.integers(0, 60 * 24 * 60).map(
    lambda n: dt.datetime(2026, 11, 1, tzinfo=dt.UTC) + n * dt.timedelta(minutes=1)
)
POLICIES = st.builds(
    Policy,
    zone=st.sampled_from([CHICAGO, BERLIN]),
    country=st.sampled_from(["US", "DE", "RU", ""]),
    windows=st.sampled_from([SPLIT, hours.DEFAULT_WINDOWS, {}]),
)


@pytest.mark.parametrize(
    ("time", "part"),
    [("00:00", 0), ("12:59", 0), ("13:00", 1), ("16:59", 1), ("17:00", 2), ("23:59", 2)],
)
def test_the_day_has_three_parts(time: str, part: int) -> None:
    assert hours.part_of_day(at(f"2026-11-12T{time}"), CHICAGO) == part


def test_holidays_are_those_of_country_and_region() -> None:
    womens_day = day("2027-03-08")
    assert hours.holiday_name("DE", "BE", womens_day)
    assert hours.holiday_name("DE", "BY", womens_day) is None
    assert hours.holiday_name("de", "nowhere", day("2026-12-25"))
    assert hours.holiday_name("XX", "", day("2026-12-25")) is None
    assert hours.after_holidays("RU", "", day("2027-01-01")) == day("2027-01-09")
    assert hours.after_holidays("RU", "", day("2026-11-12")) == day("2026-11-12")


def test_a_day_has_a_window_only_between_eight_and_nine() -> None:
    night = {3: [(dt.time(6), dt.time(8)), (dt.time(21), dt.time(23))]}
    assert not hours.has_window(night, day("2026-11-12"))
    assert hours.has_window(SPLIT, day("2026-11-12"))
    assert not hours.has_window(SPLIT, day("2026-11-15"))


@settings(max_examples=300, deadline=None)
@given(INSTANTS, ZONES, POLICIES)
def test_an_open_instant_is_its_own_next_opening(at: dt.datetime, name: str, policy: Policy) -> None:
    zone = zoneinfo.ZoneInfo(name)
    opening = hours.next_opening(policy.windows, at, zone)
    assert hours.is_open(policy.windows, at, zone) == (opening == at)
    assert opening is None or hours.is_open(policy.windows, opening, zone)


@settings(max_examples=400, deadline=None)
@given(INSTANTS, ZONES, POLICIES, st.sampled_from(Kind), st.integers(0, 30 * 60))
def test_the_queue_is_open_exactly_for_the_calls_that_the_policy_lets_through(
    at: dt.datetime, name: str, policy: Policy, kind: Kind, minutes_due: int
) -> None:
    zone = zoneinfo.ZoneInfo(name)
    due_at = at - minutes_due * dt.timedelta(minutes=1)
    found = blocks(Facts(zone=zone, phone="+1"), policy, kind, at=at, promised_at=due_at)
    opening = openings.opening(policy, zone, at)
    offered = opening is not None and position.sort_key(kind) < opening.below and due_at >= opening.due_from
    assert offered == (not found), [block.code for block in found]


@settings(max_examples=200, deadline=None)
@given(INSTANTS, ZONES, POLICIES)
def test_the_next_opening_of_the_queue_is_the_first_minute_without_a_block(
    at: dt.datetime, name: str, policy: Policy
) -> None:
    zone = zoneinfo.ZoneInfo(name)
    opening = openings.next_opening(policy, zone, at)
    if opening is None:
        assert policy.windows == {}
        return
    facts = Facts(zone=zone, phone="+1")
    while found := blocks(facts, policy, Kind.CARE, at=at):
        at = max(block.until for block in found)
    assert opening == at
