"""The only reader of time. Interfaces ask it once and pass the answer on.

A demo system's clock may be moved: its offset is one row in the database, so that all processes and later
commands share it, and every process looks for a change at most once a second. In production the row is
never read and the clock is the machine's.
"""

from __future__ import annotations

import datetime as dt
import time
import zoneinfo
from dataclasses import dataclass

from django.conf import settings
from django.db import ProgrammingError, connection

ROW = 1


class NotADemoSystem(Exception):
    """The clock of a real system is not to be moved."""


class NotAnInstant(ValueError):
    """A text that is no instant with an offset; the message says what one looks like."""


@dataclass
class _Offset:
    """What this process last read. Two threads reading at once store the same."""

    value: dt.timedelta = dt.timedelta(0)
    read_at: float = float("-inf")


_offset = _Offset()


def now() -> dt.datetime:
    """The system's present instant, aware, in UTC."""
    return dt.datetime.now(dt.UTC) + _current_offset()


def today(tz: dt.tzinfo | str) -> dt.date:
    """The calendar day of the present instant in a time zone (a club's, a member's)."""
    zone = zoneinfo.ZoneInfo(tz) if isinstance(tz, str) else tz
    return now().astimezone(zone).date()


def instant(text: str) -> dt.datetime:
    """Read an instant with its offset. Raises NotAnInstant."""
    try:
        read = dt.datetime.fromisoformat(text)
        if read.tzinfo is None:
            raise ValueError
        return read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise NotAnInstant(f"{text!r} is no instant with its offset, such as 2027-01-15T10:00:00+01:00.") from None


def move(to: dt.datetime) -> None:
    """Set the clock of a demo system to an aware instant; it runs on from there.

    Raises NotADemoSystem unless this process runs with RINGBACK_DEMO=1 or an earlier one did.
    """
    from config.models import ClockOffset

    if settings.PRODUCTION or not (settings.RINGBACK_DEMO or ClockOffset.objects.exists()):
        raise NotADemoSystem
    value = to - dt.datetime.now(dt.UTC)
    ClockOffset.objects.update_or_create(pk=ROW, defaults={"offset": value})
    _offset.value, _offset.read_at = value, time.monotonic()


def pretend(to: dt.datetime | None) -> None:
    """Move this process's own clock only (None: back to the machine's), for tests of the edges."""
    _offset.value = dt.timedelta(0) if to is None else to - dt.datetime.now(dt.UTC)


def start() -> bool:
    """Keep RINGBACK_CLOCK at a demo system's first start; answers whether this was the first.

    Later starts keep what is stored, so that a restart does not turn the clock back.
    """
    from config.models import ClockOffset

    asked = instant(settings.RINGBACK_CLOCK) if settings.RINGBACK_CLOCK else None
    value = asked - dt.datetime.now(dt.UTC) if asked else dt.timedelta(0)
    _, first = ClockOffset.objects.get_or_create(pk=ROW, defaults={"offset": value})
    return first


def _current_offset() -> dt.timedelta:
    refresh_s = settings.CLOCK_REFRESH_S
    if refresh_s is None or time.monotonic() - _offset.read_at < refresh_s:
        return _offset.value
    if connection.in_atomic_block and _offset.read_at > float("-inf"):
        return _offset.value  # a transaction that already failed could not be asked
    _offset.value, _offset.read_at = _read(), time.monotonic()
    return _offset.value


def _read() -> dt.timedelta:
    from config.models import ClockOffset

    try:
        value = ClockOffset.objects.filter(pk=ROW).values_list("offset", flat=True).get()
    except ClockOffset.DoesNotExist:
        if not settings.RINGBACK_DEMO:
            return dt.timedelta(0)
        start()
        value = ClockOffset.objects.values_list("offset", flat=True).get(pk=ROW)
    except ProgrammingError:  # before the first migrate
        return dt.timedelta(0)
    return value
