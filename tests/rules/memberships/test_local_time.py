from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memberships.rules import local_time

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
ZONES = [
    "America/Chicago", "America/Sao_Paulo", "America/Havana", "America/St_Johns", "America/Asuncion",
    "Africa/Cairo", "Asia/Beirut", "Asia/Tehran", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Moscow",
    "Pacific/Apia", "Pacific/Chatham", "UTC",
]  # fmt: skip


def test_a_local_time_is_an_instant():
    assert local_time.instant(date(2026, 1, 15), time(10), BERLIN) == datetime(2026, 1, 15, 9, tzinfo=UTC)
    assert local_time.instant(date(2026, 7, 15), time(10), BERLIN) == datetime(2026, 7, 15, 8, tzinfo=UTC)


def test_a_time_that_occurs_twice_is_the_first():
    assert local_time.instant(date(2026, 10, 25), time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_does_not_exist_is_shifted_forward():
    at = local_time.instant(date(2026, 3, 29), time(2, 30), BERLIN)
    assert local_time.local(at, BERLIN).replace(tzinfo=None) == datetime(2026, 3, 29, 3, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "at", "there"),
    [
        (date(2026, 3, 29), time(2, 30), False),
        (date(2026, 3, 29), time(3, 0), True),
        (date(2026, 10, 25), time(2, 30), True),
        (date(2026, 10, 25), time(2, 30, fold=1), True),
    ],
)
def test_whether_the_clock_shows_a_time(day, at, there):
    assert local_time.exists(day, at, BERLIN) is there


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("America/Toronto", date(1919, 3, 31), datetime(1919, 3, 31, 4, 30, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_its_first_instant(zone, day, begins):
    assert local_time.first_instant(day, ZoneInfo(zone)) == begins


def test_a_day_ends_where_the_next_begins():
    assert local_time.end_of_day(date(2026, 3, 28), BERLIN) == local_time.first_instant(date(2026, 3, 29), BERLIN)


def test_an_instant_has_a_local_day():
    assert local_time.local_day(datetime(2026, 1, 15, 23, 30, tzinfo=UTC), BERLIN) == date(2026, 1, 16)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2005, 1, 1), date(2034, 12, 31)))
def test_the_first_instant_agrees_with_walking_minute_by_minute(zone_name, day):
    zone = ZoneInfo(zone_name)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=40)
    while at.astimezone(zone).date() < day:
        at += MINUTE
    assert local_time.first_instant(day, zone) == at


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2005, 1, 1), date(2034, 12, 31)), st.integers(0, 24 * 60 - 1))
def test_an_instant_shows_its_local_time_or_was_shifted_forward(zone_name, day, minute):
    zone = ZoneInfo(zone_name)
    wall = datetime(day.year, day.month, day.day) + minute * MINUTE  # noqa: DTZ001
    at = local_time.instant(wall.date(), wall.time(), zone)
    shown = at.astimezone(zone).replace(tzinfo=None, fold=0)
    if local_time.exists(wall.date(), wall.time(), zone):
        assert shown == wall
        # and no earlier instant shows it: walk back through a day
        earlier = (at - n * MINUTE for n in range(1, 24 * 60))
        assert all(before.astimezone(zone).replace(tzinfo=None, fold=0) != wall for before in earlier)
    else:
        assert shown > wall
