"""When members may be rung at all: calling windows, holidays, parts of the day. Windows are in the member's time."""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache

import holidays

from memberships.rules import local_time
from memberships.rules.terms import DAY

EARLIEST = dt.time(8)
LATEST = dt.time(21)

Windows = Mapping[int, Sequence[tuple[dt.time, dt.time]]]
"""Any number of windows per weekday (Monday is 0); a window holds its first minute and not its last."""

DEFAULT_WINDOWS: Windows = {
    **{weekday: ((dt.time(10), dt.time(20)),) for weekday in range(5)},
    **{weekday: ((dt.time(11), dt.time(18)),) for weekday in (5, 6)},
}


class Part(IntEnum):
    """A part of the member's day: before 13, 13–17, from 17."""

    MORNING = 0
    AFTERNOON = 1
    EVENING = 2


PART_BEGINS = {Part.MORNING: dt.time(0), Part.AFTERNOON: dt.time(13), Part.EVENING: dt.time(17)}


def part_of_day(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> Part:
    """The part of the day in which an instant lies."""
    time = at.astimezone(zone).time()
    return max(part for part, begins in PART_BEGINS.items() if begins <= time)


def humane(at: dt.datetime, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether the instant lies between 08:00 and 21:00 (the last not included): nobody is rung outside."""
    return EARLIEST <= at.astimezone(zone).time() < LATEST


def is_open(windows: Windows, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> bool:
    """Whether the instant lies in a calling window (and between 08:00 and 21:00)."""
    local = at.astimezone(zone)
    return humane(at, zone) and any(begins <= local.time() < ends for begins, ends in windows.get(local.weekday(), ()))


def spans_of_day(windows: Windows, day: dt.date, zone: zoneinfo.ZoneInfo) -> list[tuple[dt.datetime, dt.datetime]]:
    """The windows of a local day as (start, end) in UTC, cut to 08:00–21:00, in order."""
    spans = []
    for begins, ends in sorted(windows.get(day.weekday(), ())):
        begins, ends = max(begins, EARLIEST), min(ends, LATEST)
        if begins < ends:
            spans.append((_utc(day, begins, zone), _utc(day, ends, zone)))
    return spans


def spans_from(
    windows: Windows, at: dt.datetime, zone: zoneinfo.ZoneInfo, days: int
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The windows that are not over at an instant, in order, on its local day and so many days after it."""
    first = at.astimezone(zone).date()
    for offset in range(days + 1):
        for start, end in spans_of_day(windows, first + offset * DAY, zone):
            if end > at:
                yield start, end


def next_opening(windows: Windows, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    """The first instant, not before ``at``, that lies in a window; ``None`` where no window remains."""
    for start, _end in spans_from(windows, at, zone, days=8):
        return max(start, at)
    return None


def has_window(windows: Windows, day: dt.date) -> bool:
    """Whether anybody may be rung on that day of the week."""
    return any(max(begins, EARLIEST) < min(ends, LATEST) for begins, ends in windows.get(day.weekday(), ()))


def holiday_name(country: str, region: str, day: dt.date) -> str | None:
    """What is celebrated on that day in a country and region; ``None`` on other days or in unknown countries."""
    calendar = _calendar(country.upper(), region)
    return calendar.get(day) if calendar is not None else None


def regions(country: str) -> list[str]:
    """The regions of a country that have holidays of their own."""
    return sorted(holidays.list_supported_countries().get(country.upper(), []))


def next_holidays(country: str, region: str, day: dt.date, count: int) -> list[tuple[dt.date, str]]:
    """The first holidays of a country and region from a day on, within two years, with their names."""
    days = (day + offset * DAY for offset in range(731))
    named = ((one, name) for one in days if (name := holiday_name(country, region, one)))
    return list(itertools.islice(named, count))


def next_working_day(country: str, region: str, day: dt.date) -> dt.date:
    """The first day after the given one from Monday to Friday that is no public holiday."""
    day += DAY
    while day.weekday() >= 5 or holiday_name(country, region, day):
        day += DAY
    return day


def after_holidays(country: str, region: str, day: dt.date) -> dt.date:
    """The first day from the given one on that is no holiday."""
    while holiday_name(country, region, day):
        day += DAY
    return day


@lru_cache(maxsize=256)
def _calendar(country: str, region: str) -> holidays.HolidayBase | None:
    """The public holidays; an unknown region has those of its country."""
    for subdivision in (region, None) if region else (None,):
        try:
            return holidays.country_holidays(country, subdiv=subdivision)
        except NotImplementedError:
            continue
    return None


def _utc(day: dt.date, time: dt.time, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return local_time.instant(day, time, zone).astimezone(dt.UTC)
