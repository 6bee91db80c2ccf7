"""Days that come back every year: birthdays and whatever else matters to a member."""

from __future__ import annotations

import calendar
from datetime import date


def in_year(year: int, day: date) -> date:
    """The day in a year; that of 29 February on the 28th in common years."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def next_time(day: date, today: date) -> date:
    """When the day comes next, today included; a day ahead is itself."""
    if day >= today:
        return day
    this_year = in_year(today.year, day)
    return this_year if this_year >= today else in_year(today.year + 1, day)
