"""Periods under each other on one axis of months, such as when promotions are sold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from config.charts.draw import chart, line, month, rect, text
from config.templatetags.ringback import long_day

WIDTH, HEIGHT = 420.0, 24.0
BACK, AHEAD = 183, 366
"""Days of the axis at most before and after today."""


@dataclass(frozen=True)
class Axis:
    """The days that all rows share, with today."""

    first: date
    last: date
    today: date

    def at(self, day: date) -> float:
        return min(max((day - self.first).days / ((self.last - self.first).days + 1), 0.0), 1.0) * WIDTH

    def months(self) -> list[date]:
        """The first days of the months inside."""
        found, day = [], self.first
        while day <= self.last:
            found.append(day)
            day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return found


def axis_of(periods: Iterable[tuple[date, date | None]], *, today: date) -> Axis:
    """From the month of the earliest first day to the last day, half a year back and a year ahead at most."""
    known = list(periods)
    first = max(min([first for first, _last in known] + [today - timedelta(days=31)]), today - timedelta(days=BACK))
    ends = [last or first + timedelta(days=AHEAD) for first, last in known]
    last = min(max([*ends, today + timedelta(days=62)]), today + timedelta(days=AHEAD))
    return Axis(first.replace(day=1), last, today)


def months_row(axis: Axis) -> SafeString:
    """The axis itself, for the head of the column: the months that there is room for. Decoration."""
    starts = axis.months()
    step = 1 + len(starts) // 9
    parts = []
    for at, day in enumerate(starts):
        if at % step == 0 and axis.at(day) < WIDTH - 24:
            parts.append(text(axis.at(day) + 2, 12, day.year if day.month == 1 else month(day)))
    return chart(WIDTH, 16, parts, "", "ch axis")


def period_row(first: date, last: date | None, axis: Axis) -> SafeString:
    """One period over the axis: grey when over, blue while it runs, dashed before; open to the right without a last."""
    x, end = axis.at(first), axis.at(last + timedelta(days=1)) if last else WIDTH
    over, coming = last is not None and last < axis.today, first > axis.today
    fill = "f-bar2" if over else "s-plan" if coming else "f-act"
    today = axis.at(axis.today)
    parts = [line("s-line", axis.at(day), 0, axis.at(day), HEIGHT) for day in axis.months()]
    if last is not None and last < axis.first:
        parts.append(text(2, 16, "←"))
    else:
        parts.append(rect(fill, x, 7, max(end - x, 3), 10, 2 if last else 0))
    if last is None:
        parts.append(text(WIDTH - 2, 16, "→", "e on" if fill == "f-act" else "e"))
    parts.append(line("s-ink", today, 0, today, HEIGHT))
    words = gettext("%(first)s to %(last)s") if last else gettext("from %(first)s, open")
    state = gettext("over") if over else gettext("not yet") if coming else gettext("running")
    sentence = words % {"first": long_day(first), "last": long_day(last)}
    return chart(WIDTH, HEIGHT, parts, f"{sentence}: {state}", "ch period")
