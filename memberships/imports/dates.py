"""Reads days and instants as files write them: ISO, dd.mm.yyyy, or with slashes as the whole file allows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from django.utils.translation import gettext as _

from memberships.imports.cells import MOST_SPELLINGS, Bad, Unreadable, shown
from memberships.rules import local_time
from memberships.rules.terms import DAY

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
_ISO = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TELLING = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})(?![0-9])")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?$")
_INSTANT = re.compile(
    r"(\S+)(?:T|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6}))?)?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_INSTANT_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T(.+)")


class Order(Enum):
    """How a file writes a day with slashes."""

    DAY_FIRST = "dd/mm/yyyy"
    MONTH_FIRST = "mm/dd/yyyy"


def order_of(cells: Iterable[str]) -> Order:
    """Day first, unless some cell of the file can only be read with the month first and none only with the day."""
    only_month_first = False
    for cell in cells:
        found = _TELLING.match(cell.strip())
        if not found:
            continue
        first, second, year = (int(part) for part in found.groups())
        year += 2000 if year < 100 else 0
        as_day, as_month = _exists(year, second, first), _exists(year, first, second)
        if as_day and not as_month:
            return Order.DAY_FIRST
        only_month_first = only_month_first or (as_month and not as_day)
    return Order.MONTH_FIRST if only_month_first else Order.DAY_FIRST


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


class Days:
    """Reads days; asks for the file's order of day and month only when it meets a slash."""

    def __init__(self, slashed: Callable[[], Iterator[str]]) -> None:
        """``slashed`` reads all cells of the file that may hold a day."""
        self._cells = slashed
        self._order: Order | None = None

    @property
    def order(self) -> Order:
        if self._order is None:
            self._order = order_of(self._cells())
        return self._order

    @property
    def month_first(self) -> bool:
        """Whether this file was found to write the month first."""
        return self._order is Order.MONTH_FIRST

    def day(self, text: str) -> dt.date:
        """The day that a cell says. Raises Unreadable."""
        text = _MIDNIGHT.sub("", text)
        if found := _ISO.fullmatch(text):
            year, month, day = found.groups()
        elif found := _DOTTED.fullmatch(text):
            day, month, year = found.groups()
        elif found := _SLASHED.fullmatch(text):
            day, month, year = found.groups()
            if self.order is Order.MONTH_FIRST:
                day, month = month, day
        else:
            raise Unreadable(
                _("“%(text)s” is not a date; write it like 2026-12-31 or 31.12.2026.") % {"text": shown(text)}
            )
        try:
            value = dt.date(int(year), int(month), int(day))
        except ValueError:
            raise Unreadable(_("%(text)s is not a day of the calendar.") % {"text": shown(text)}) from None
        if not EARLIEST <= value <= LATEST:
            raise Unreadable(_("%(text)s lies too far away to be right.") % {"text": shown(text)})
        return value

    def iso(self, text: str) -> str:
        """The same as ISO text."""
        return self.day(text).isoformat()

    def not_after(self, last: dt.date, sentence: str) -> Callable[[str], str]:
        """Reads days up to a last one, as ISO text; ``sentence`` has ``%(text)s``."""

        def read(text: str) -> str:
            value = self.day(text)
            if value > last:
                raise Unreadable(sentence % {"text": shown(text)})
            return value.isoformat()

        return read


class Instants:
    """Reads local times of a club (with an offset: instants) as ``(instant, local day)`` in PostgreSQL's words."""

    def __init__(self, days: Days, zone: dt.tzinfo) -> None:
        self.days, self.zone = days, zone
        self.failed = False
        self._days: dict[str, tuple[str, str] | None] = {}
        self._times: dict[str, str] = {}

    def __call__(self, cells: list[str]) -> list[str]:
        if len(self._days) > MOST_SPELLINGS:
            self._days.clear()
        return [self._cell(cell) for cell in cells]

    def _cell(self, cell: str) -> str:
        text = cell.strip()
        day, sign, time = text.partition("T")
        known = self._days.get(day) if sign else None
        if known is not None and len(time) in (5, 8) and (plain := self._time(time)):
            return f"{known[0]} {plain}{known[1]}"
        try:
            instant = self.instant(text)
        except Unreadable as error:
            self.failed = True
            return Bad(error)
        self._remember(text)
        return instant.astimezone(dt.UTC).isoformat(sep=" ")

    def instant(self, text: str) -> dt.datetime:
        """The instant that a cell says. Raises Unreadable."""
        if not text:
            raise Unreadable(_("This column must not be empty."))
        found = _INSTANT.fullmatch(text)
        if not found:
            raise Unreadable(
                _("“%(text)s” is not a day and a time; write it like 2026-12-31T18:30.") % {"text": shown(text)}
            )
        day = self.days.day(found[1])
        try:
            time = dt.time(int(found[2]), int(found[3]), int(found[4] or 0), int((found[5] or "").ljust(6, "0")))
        except ValueError:
            raise Unreadable(_("%(text)s is not a time of day.") % {"text": shown(text)}) from None
        if not found[6]:
            return local_time.instant(day, time, self.zone)
        try:
            offset = dt.datetime.strptime(found[6], "%z").tzinfo
        except ValueError:
            raise Unreadable(_("%(text)s is not a time of day.") % {"text": shown(text)}) from None
        return dt.datetime.combine(day, time, offset)

    def _remember(self, text: str) -> None:
        """Keep the offset of an ISO day on which the clock does not change."""
        found = _INSTANT_ISO.fullmatch(text)
        if found and found[1] not in self._days:
            day = dt.date.fromisoformat(found[1])
            edges = [local_time.first_instant(each, self.zone) for each in (day, day + DAY)]
            offsets = {edge.astimezone(self.zone).utcoffset() for edge in edges}
            steady = len(offsets) == 1 and edges[1] - edges[0] == DAY
            offset = edges[0].astimezone(self.zone).strftime("%z")
            self._days[found[1]] = (found[1], offset) if steady and len(offset) == len("+0530") else None

    def _time(self, text: str) -> str:
        """``18:30`` or ``18:30:05`` if it is a time of day, else nothing."""
        if text not in self._times:
            try:
                self._times[text] = dt.time.fromisoformat(text).isoformat()
            except ValueError:
                self._times[text] = ""
        return self._times[text]
