"""No call outside the calling windows: thirty time zones around every change of their clocks, at claim and at dial.

``walk`` asks the rules, ``ring`` claims and dials in the database; the size is how many minutes lie between two
instants (5: full length).
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence

from calls import adjusting, dialling, queue
from calls.models import CallAttempt, CallTask, TaskStatus
from calls.rules import openings, position
from calls.rules.facts import Facts, Policy
from calls.rules.kinds import Kind
from calls.rules.policy import blocks
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, make_user, phone
from tests.reliability.checks import Found

ZONES = [
    *("Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Chicago", "America/Havana"),
    *("America/Los_Angeles", "America/New_York", "America/Nuuk", "America/Santiago", "America/Sao_Paulo"),
    *("America/St_Johns", "Antarctica/Troll", "Asia/Almaty", "Asia/Beirut", "Asia/Gaza"),
    *("Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tehran", "Atlantic/Azores"),
    *("Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin", "Europe/Chisinau", "Europe/Lisbon"),
    *("Europe/London", "Europe/Moscow", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter"),
]
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
AROUND = 36 * HOUR
FIRST, LAST = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2035, 1, 1, tzinfo=dt.UTC)
LEAP_DAYS = [dt.datetime(year, 2, 29, 12, tzinfo=dt.UTC) for year in (2024, 2028, 2032)]
SKIPPED_DAYS = {  # a whole day, or a midnight, that the clock of the place jumped over
    "Pacific/Apia": dt.datetime(2011, 12, 30, 10, tzinfo=dt.UTC),
    "Pacific/Kwajalein": dt.datetime(1993, 8, 21, 12, tzinfo=dt.UTC),
    "America/Sao_Paulo": dt.datetime(2018, 11, 4, 3, tzinfo=dt.UTC),
    "Asia/Beirut": dt.datetime(2023, 3, 25, 22, tzinfo=dt.UTC),
    "America/Asuncion": dt.datetime(2023, 10, 1, 4, tzinfo=dt.UTC),
}
Windows = Mapping[int, Sequence[tuple[dt.time, dt.time]]]
SPLIT: Windows = {
    weekday: [(dt.time(0), dt.time(9, 30)), (dt.time(12), dt.time(13)), (dt.time(17), dt.time(23, 59))]
    for weekday in range(6)
}
HUMANE: Windows = {
    weekday: [(dt.time(8), dt.time(9, 30)), (dt.time(12), dt.time(13)), (dt.time(17), dt.time(21))]
    for weekday in range(6)
}


def clock_changes(zone: zoneinfo.ZoneInfo) -> list[dt.datetime]:
    """Every change of the offset from 2024 to 2034, to the minute."""
    found = []
    for number in range((LAST - FIRST).days):
        begin, end = FIRST + number * 24 * HOUR, FIRST + (number + 1) * 24 * HOUR
        if begin.astimezone(zone).utcoffset() == end.astimezone(zone).utcoffset():
            continue
        while end - begin > MINUTE:
            middle = begin + (end - begin) // 2
            same = middle.astimezone(zone).utcoffset() == begin.astimezone(zone).utcoffset()
            begin, end = (middle, end) if same else (begin, middle)
        found.append(end.replace(second=0, microsecond=0))
    return found


def may_ring(at: dt.datetime, zone: dt.tzinfo, windows: Windows) -> bool:
    """The windows as minutes of the wall clock: the oracle."""
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    inside = any(
        begin.hour * 60 + begin.minute <= minute < end.hour * 60 + end.minute
        for begin, end in windows.get(local.weekday(), [])
    )
    return inside and 8 * 60 <= minute < 21 * 60


def around(changes: Iterable[dt.datetime], minutes: int) -> Iterator[dt.datetime]:
    """Instants up to 36 hours from each change, so many minutes apart, each change begun elsewhere."""
    for number, change in enumerate(changes):
        at = change - AROUND + (5 * number % minutes) * MINUTE
        while at < change + AROUND:
            yield at
            at += minutes * MINUTE


def walk(minutes: int, zones: Sequence[str] = ZONES, *, blind: bool = False) -> Found:
    """The policy, which claim and dial ask, and the opening that the claim is told, beside the wall clock.

    ``blind``: the control, a system that keeps the offset of a day and a half before the change.
    """
    found = Found()
    for name in zones:
        zone = zoneinfo.ZoneInfo(name)
        skipped = [SKIPPED_DAYS[name]] if name in SKIPPED_DAYS else []
        for change in [*clock_changes(zone), *LEAP_DAYS, *skipped]:
            offset = (change - AROUND).astimezone(zone).utcoffset()
            seen = dt.timezone(offset) if blind and offset is not None else zone
            policy = Policy(zone=zoneinfo.ZoneInfo("America/Chicago"), windows=SPLIT)
            facts = Facts(zone=seen, phone="+1")  # type: ignore[arg-type]
            for at in around([change], minutes):
                found.times += 1
                allowed = may_ring(at, zone, SPLIT)
                stopped = bool(blocks(facts, policy, Kind.CARE, at=at))
                told = openings.opening(policy, seen, at)  # type: ignore[arg-type]
                offered = told is not None and position.sort_key(Kind.CARE) < told.below
                if not allowed == offered == (not stopped):
                    found.breach(f"{name} at {at.astimezone(zone).isoformat()}: {'' if allowed else 'not '}a window")
    return found


def ring(minutes: int, zones: Sequence[str] = ZONES, *, changes: int | None = None) -> Found:
    """Claims and dials a member of each zone around its last ``changes`` (all), in a club of another zone.

    The call is claimed at each instant and dialled 50 minutes later, when the window may be over. The club's country
    (Ascension) has no holidays that are known. What it makes stays in the database.
    """
    club = make_club("windows", timezone="America/Chicago", country="AC", now=FIRST)
    operator = make_user(club, "operator", "windows")
    windows = [(weekday, *span) for weekday, spans in HUMANE.items() for span in spans]
    adjusting.change(club=club, values={}, calling_windows=windows, by=None, now=FIRST)
    found = Found()
    for number, name in enumerate(zones):
        zone = zoneinfo.ZoneInfo(name)
        member = make_member(club, timezone=name, phone=phone(number), now=FIRST)
        task = make_task(member, "care", due_at=FIRST)
        moved = clock_changes(zone) or LEAP_DAYS
        for at in around(moved if changes is None else moved[-changes:], minutes):
            found.times += 1
            claimed = queue.next_task(operator=operator, clubs=[club.pk], now=at)
            if (claimed is not None) != may_ring(at, zone, HUMANE):
                found.breach(f"{name} claimed at {at.astimezone(zone).isoformat()}: {claimed is not None}")
            if claimed is not None:
                later = at + 50 * MINUTE
                if _dials(claimed, operator, later) != may_ring(later, zone, HUMANE):
                    found.breach(f"{name} dialled at {later.astimezone(zone).isoformat()}")
            CallAttempt.objects.filter(task=task).delete()
            CallTask.objects.filter(pk=task.pk).update(
                status=TaskStatus.READY, holder=None, lease_until=None, ready_at=None, waits_for="", attempts=0
            )
        task.delete()
    return found


def _dials(task: CallTask, operator: object, now: dt.datetime) -> bool:
    try:
        dialling.dial(task=task, operator=operator, now=now)  # type: ignore[arg-type]
    except dialling.Blocked:
        return False
    return True
