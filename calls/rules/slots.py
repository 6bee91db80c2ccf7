"""Free slots for meetings (§9): from a host's hours, days off, the club's hours and the meetings there are."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from memberships.rules import local_time

Hours = Mapping[int, Sequence[tuple[dt.time, dt.time]]]
"""Stretches of a week by weekday (Monday is 0), local to the club."""

EVERY_DAY_10_TO_20: Hours = {weekday: ((dt.time(10), dt.time(20)),) for weekday in range(7)}


class Refusal(StrEnum):
    """Why a meeting cannot begin at an instant."""

    PAST = "past"
    TOO_FAR = "too_far"
    OUTSIDE_CLUB_HOURS = "outside_club_hours"
    NOT_A_SLOT = "not_a_slot"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Host:
    """What is known of a host's time. ``days_off`` also holds the days on which the club is shut.

    ``busy``: the host's meetings as (start, end), the end not included.
    """

    zone: zoneinfo.ZoneInfo
    hours: Hours = field(default_factory=lambda: EVERY_DAY_10_TO_20)
    days_off: Collection[dt.date] = frozenset()
    busy: Sequence[tuple[dt.datetime, dt.datetime]] = ()
    opens: dt.time = dt.time(7)
    closes: dt.time = dt.time(22)
    slot: dt.timedelta = dt.timedelta(minutes=30)
    days_ahead: int = 30


def free_slots(
    host: Host, *, now: dt.datetime, first: dt.date | None = None, last: dt.date | None = None
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """The host's free slots in order, as (start, end) instants of the club's zone, from ``now``.

    ``first`` and ``last`` are club days and narrow the days that are looked at; never more than
    ``days_ahead`` days ahead of today.
    """
    today = now.astimezone(host.zone).date()
    day = max(first or today, today)
    end = min(last or dt.date.max, today + dt.timedelta(days=host.days_ahead))
    while day <= end:
        for starts_at in _grid(host, day):
            if starts_at >= now and not _taken(host, starts_at):
                yield starts_at.astimezone(host.zone), (starts_at + host.slot).astimezone(host.zone)
        day += dt.timedelta(days=1)


def why_no_slot(host: Host, starts_at: dt.datetime, *, now: dt.datetime) -> Refusal | None:
    """Why a meeting cannot begin at that instant, the first of the reasons; ``None`` if it can."""
    starts_at = starts_at.astimezone(dt.UTC)
    day = starts_at.astimezone(host.zone).date()
    if starts_at < now:
        return Refusal.PAST
    if day > now.astimezone(host.zone).date() + dt.timedelta(days=host.days_ahead):
        return Refusal.TOO_FAR
    if not _club_is_open(host, day, starts_at):
        return Refusal.OUTSIDE_CLUB_HOURS
    if starts_at not in _grid(host, day):
        return Refusal.NOT_A_SLOT
    if _taken(host, starts_at):
        return Refusal.TAKEN
    return None


def _grid(host: Host, day: dt.date) -> list[dt.datetime]:
    """Starts of all slots of a day in UTC, counted from the first minute of each stretch in elapsed time."""
    starts: list[dt.datetime] = []
    if day in host.days_off:
        return starts
    opens_at, closes_at = _club_hours(host, day)
    for begin, finish in sorted(host.hours.get(day.weekday(), ())):
        starts_at = _instant(host, day, begin)
        last = _instant(host, day, finish)
        while starts_at + host.slot <= last:
            if opens_at <= starts_at and starts_at + host.slot <= closes_at:
                starts.append(starts_at)
            starts_at += host.slot
    return starts


def _club_is_open(host: Host, day: dt.date, starts_at: dt.datetime) -> bool:
    """Whether a slot that begins then lies in the club's hours of that day."""
    opens_at, closes_at = _club_hours(host, day)
    return opens_at <= starts_at and starts_at + host.slot <= closes_at


def _club_hours(host: Host, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    return _instant(host, day, host.opens), _instant(host, day, host.closes)


def _instant(host: Host, day: dt.date, time: dt.time) -> dt.datetime:
    """In UTC, where a day has no hour twice and adding is elapsed time."""
    return local_time.instant(day, time, host.zone).astimezone(dt.UTC)


def _taken(host: Host, starts_at: dt.datetime) -> bool:
    return any(begin < starts_at + host.slot and starts_at < end for begin, end in host.busy)
