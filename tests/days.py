"""Fixed days of the examples: all tests live in the autumn of 2026 unless they say otherwise."""

from __future__ import annotations

import datetime as dt
import zoneinfo

CHICAGO = zoneinfo.ZoneInfo("America/Chicago")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

TODAY = dt.date(2026, 11, 12)
"""A Thursday, as in EXAMPLES: `mf` at ten in the morning."""
NOW = dt.datetime(2026, 11, 12, 10, 0, tzinfo=CHICAGO)
DAY = dt.timedelta(days=1)


def day(text: str) -> dt.date:
    """``day("2026-11-12")``."""
    return dt.date.fromisoformat(text)


def at(text: str, zone: dt.tzinfo = CHICAGO) -> dt.datetime:
    """An aware instant: ``at("2026-11-12T10:00")`` on the clock of a zone; an offset in the text counts first."""
    instant = dt.datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
