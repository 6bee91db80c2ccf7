"""Between the wall clock of a place and instants.

A local time that occurs twice is the first; one that does not exist is shifted forward by what the clock skipped.
Instants come back in UTC, where adding to and comparing them is safe.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from memberships.rules.terms import DAY

SECOND = timedelta(seconds=1)


def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant of a local time of a day."""
    # fold=0 reads a time in a gap with the offset before it, which is the shift forward that is wanted
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0), zone)
    return wall.astimezone(UTC)


def exists(day: date, at: time, zone: tzinfo) -> bool:
    """Whether the clock of the place shows this time on this day."""
    shown = local(instant(day, at, zone), zone)
    return shown.replace(tzinfo=None, fold=0) == datetime.combine(day, at.replace(tzinfo=None, fold=0))


def first_instant(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day (midnight, where midnight exists); of a skipped day the first one after it."""
    found = instant(day, time.min, zone)
    if exists(day, time.min, zone):
        return found
    # the clock jumped over midnight: the day begins at the jump, at most the jump's length before
    before = datetime.combine(day, time.min, zone).replace(fold=1).astimezone(UTC)
    while found - before > SECOND:
        middle = (before + (found - before) / 2).replace(microsecond=0)
        if local_day(middle, zone) < day:
            before = middle
        else:
            found = middle
    return found


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant that no longer belongs to the local day."""
    return first_instant(day + DAY, zone)


def local(at: datetime, zone: tzinfo) -> datetime:
    """The wall clock of the place at an instant (aware, in the zone)."""
    return at.astimezone(zone)


def local_day(at: datetime, zone: tzinfo) -> date:
    """The day of the place at an instant."""
    return at.astimezone(zone).date()
