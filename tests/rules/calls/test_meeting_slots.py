"""Free slots for meetings (§9)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calls.rules.slots import Host, Refusal, free_slots, why_no_slot
from tests.days import BERLIN, CHICAGO, NOW, at, day

HOST = Host(zone=CHICAGO)
HALF_HOUR = dt.timedelta(minutes=30)


def starts(host: Host, now: dt.datetime = NOW, **days: dt.date) -> list[str]:
    return [f"{start:%d %H:%M}" for start, _end in free_slots(host, now=now, **days)]


def test_a_day_of_slots_from_the_first_minute_to_the_last() -> None:
    tomorrow = day("2026-11-13")
    found = list(free_slots(HOST, now=NOW, first=tomorrow, last=tomorrow))
    assert found[0] == (at("2026-11-13T10:00"), at("2026-11-13T10:30"))
    assert found[-1] == (at("2026-11-13T19:30"), at("2026-11-13T20:00"))
    assert len(found) == 20


def test_nothing_in_the_past_and_nothing_further_than_thirty_days() -> None:
    found = list(free_slots(HOST, now=at("2026-11-12T18:40")))
    assert found[0][0] == at("2026-11-12T19:00")
    assert found[-1][0] == at("2026-12-12T19:30")
    assert starts(HOST, now=at("2026-11-12T19:30"), last=day("2026-11-12")) == ["12 19:30"]
    assert starts(HOST, first=day("2026-12-13")) == []
    assert starts(HOST, last=day("2026-11-11")) == []


def test_stretches_days_off_and_the_clubs_hours() -> None:
    hours = {4: [(dt.time(21), dt.time(23)), (dt.time(6, 45), dt.time(8, 20))], 5: [(dt.time(9), dt.time(9, 20))]}
    host = replace(HOST, hours=hours, days_off={day("2026-11-20")})
    # 6:45 lies before the club opens; 21:30 ends when it closes; the second Friday is a day off
    assert starts(host, last=day("2026-11-21")) == ["13 07:15", "13 07:45", "13 21:00", "13 21:30"]


def test_a_meeting_takes_every_slot_that_it_touches() -> None:
    busy = [(at("2026-11-13T11:15"), at("2026-11-13T12:00"))]
    found = starts(replace(HOST, busy=busy), first=day("2026-11-13"), last=day("2026-11-13"))
    assert found[:3] == ["13 10:00", "13 10:30", "13 12:00"]
    exact = [(at("2026-11-13T11:00"), at("2026-11-13T11:30"))]
    found = starts(replace(HOST, busy=exact), first=day("2026-11-13"), last=day("2026-11-13"))
    assert found[:3] == ["13 10:00", "13 10:30", "13 11:30"]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-11-12T10:00", None),
        ("2026-11-12T17:00", None),
        ("2026-11-12T09:30", Refusal.PAST),
        ("2026-12-13T17:00", Refusal.TOO_FAR),
        ("2026-11-13T06:30", Refusal.OUTSIDE_CLUB_HOURS),
        ("2026-11-13T21:45", Refusal.OUTSIDE_CLUB_HOURS),
        ("2026-11-13T17:10", Refusal.NOT_A_SLOT),
        ("2026-11-13T20:00", Refusal.NOT_A_SLOT),
        ("2026-11-14T17:00", Refusal.NOT_A_SLOT),
        ("2026-11-13T12:00", Refusal.TAKEN),
    ],
)
def test_why_a_meeting_cannot_begin_then(when: str, expected: Refusal | None) -> None:
    busy = [(at("2026-11-13T12:00"), at("2026-11-13T12:30"))]
    host = replace(HOST, busy=busy, days_off=[day("2026-11-14")])
    assert why_no_slot(host, at(when).astimezone(BERLIN), now=NOW) == expected


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("America/Chicago", "2026-03-01T12:00"),
        ("America/Chicago", "2026-10-20T12:00"),
        ("Europe/Berlin", "2026-03-20T12:00"),
        ("Europe/Berlin", "2026-10-20T12:00"),
        ("Australia/Lord_Howe", "2026-03-20T12:00"),
        ("Australia/Lord_Howe", "2026-09-25T12:00"),
        ("Antarctica/Troll", "2026-03-20T12:00"),
        ("Antarctica/Troll", "2026-10-20T12:00"),
    ],
)
def test_slots_are_real_half_hours_on_days_when_the_clock_changes(name: str, now: str) -> None:
    zone = zoneinfo.ZoneInfo(name)
    all_night = {weekday: [(dt.time(0), dt.time(6))] for weekday in range(7)}
    host = Host(zone=zone, hours=all_night, opens=dt.time(0), closes=dt.time(23))
    found = list(free_slots(host, now=at(now, zone)))
    utc = [start.astimezone(dt.UTC) for start, _end in found]
    assert len(set(utc)) == len(utc)
    assert all(end.astimezone(dt.UTC) - start == HALF_HOUR for (_local, end), start in zip(found, utc, strict=True))
    assert all(start.time() < dt.time(6) for start, _end in found)
    counts = {sum(1 for start, _ in found if start.date() == one) for one in {start.date() for start, _ in found}}
    assert 12 in counts
    assert len(counts) > 1  # the day of the change has more or fewer


quarters = st.integers(0, 95).map(lambda n: dt.time(n // 4, n % 4 * 15))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0, 6), st.lists(st.tuples(quarters, quarters), max_size=2), max_size=7),
    quarters,
    quarters,
    st.sampled_from([15, 30, 45, 60]),
    st.lists(st.integers(0, 12 * 96), max_size=8),
    st.integers(0, 3 * 24 * 60),
)
def test_free_slots_are_the_instants_that_can_be_booked(
    hours: dict[int, list[tuple[dt.time, dt.time]]],
    opens: dt.time,
    closes: dt.time,
    length: int,
    meetings: list[int],
    minutes: int,
) -> None:
    begin = at("2026-10-29T00:00").astimezone(dt.UTC)  # the clock changes on 1 November
    slot = dt.timedelta(minutes=length)
    busy = [
        (begin + 15 * n * dt.timedelta(minutes=1), begin + 15 * n * dt.timedelta(minutes=1) + slot) for n in meetings
    ]
    host = Host(zone=CHICAGO, hours=hours, busy=busy, opens=opens, closes=closes, slot=slot, days_ahead=6)
    now = begin + minutes * dt.timedelta(minutes=1)
    listed = {start.astimezone(dt.UTC) for start, _end in free_slots(host, now=now)}
    one_by_one = {begin + 15 * n * dt.timedelta(minutes=1) for n in range(12 * 96)}
    assert listed == {start for start in one_by_one if why_no_slot(host, start, now=now) is None}
    for start in listed:
        local, local_end = start.astimezone(CHICAGO), (start + slot).astimezone(CHICAGO)
        assert now <= start
        assert opens <= local.time()
        assert local_end.date() == local.date()
        assert local_end.time() <= closes
        assert not any(first < start + slot and start < last for first, last in busy)
