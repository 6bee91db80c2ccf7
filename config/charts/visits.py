"""Visits: twelve weeks on the card, the same in a row of a list, a year of days."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.utils import dateformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from config.charts.draw import chart, line, month, plain_day, rect, scrolling, text
from config.charts.terms import Span
from config.templatetags.ringback import long_day, number

LAST_WEEKS = 4
"""Weeks at the end that are coloured when visits are falling (28 days)."""


def visit_weeks(
    weeks: Sequence[int], usual: Decimal | float | None, *, falling: bool = False, first_on: date | None = None
) -> SafeString:
    """Visits per week, oldest first, with the member's own average per week as a dashed line.

    `first_on`: the first day of the first week, written under it.
    """
    width, floor, room = 312.0, 40.0, 35.3
    step = (width + 6) / max(len(weeks), 1)
    highest = max([*weeks, float(usual or 0), 1])
    parts = []
    for at, visits in enumerate(weeks):
        fill = "f-warn" if falling and at >= len(weeks) - LAST_WEEKS else "f-bar"
        height = max(visits / highest * room, 2)
        parts.append(rect(fill, at * step, floor - height, step - 6, height, 1.5 if visits else 0))
    sentence = gettext("Visits per week, oldest first: %(list)s") % {"list": ", ".join(str(n) for n in weeks)}
    if usual:
        y = floor - float(usual) / highest * room
        parts.append(line("s-dash", 0, y, width, y))
        sentence += "; " + gettext("own average %(n)s") % {"n": number(usual, 2 if float(usual) % 1 else 0)}
    if first_on and weeks:
        middle = first_on + timedelta(weeks=len(weeks) // 2)
        parts += [text(0, 54, plain_day(first_on)), text(width / 2, 54, plain_day(middle), "m")]
    parts.append(text(width, 54, gettext("this week"), "e"))
    return chart(width, 56, parts, sentence)


@functools.lru_cache(maxsize=4096)
def spark(weeks: tuple[int, ...], falling: bool = False) -> SafeString:
    """Twelve weeks as a strip of 76 × 18 for a row of a list. Decoration: the numbers stand beside it."""
    width, height = 76.0, 18.0
    step = width / max(len(weeks), 1)
    unit = min(4.285, (height - 0.9) / max([*weeks, 1]))
    parts = []
    for at, visits in enumerate(weeks):
        fill = "f-warn" if falling and at >= len(weeks) - LAST_WEEKS else "f-ink"
        tall = max(visits * unit, 1.5)
        parts.append(rect(fill, at * step, height - tall, step - 1.5, tall))
    return chart(width, height, parts, "", "mini")


def visit_year(visits: Mapping[date, int], *, today: date, freezes: Sequence[Span] = (), weeks: int = 53) -> SafeString:
    """A year of days, a column per week from Monday, dark where the member came, hatched where frozen."""
    left, step, row, cell, tall = 34.0, 15.96, 12.6, 13.6, 10.4
    first = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    frozen = {f.starts_on + timedelta(days=n) for f in freezes for n in range(min(f.days, 400))}
    parts = []
    for week in range(weeks):
        monday = first + timedelta(weeks=week)
        x = left + week * step
        for weekday in range(7):
            day = monday + timedelta(days=weekday)
            if day > today:
                break
            came = visits.get(day, 0)
            title = ""
            if came:
                title = ngettext("%(day)s: %(n)s visit", "%(day)s: %(n)s visits", came) % {
                    "day": long_day(day),
                    "n": number(came),
                }
            fill = "f-ink" if came else "f-freeze" if day in frozen else "f-h0"
            parts.append(rect(fill, x, weekday * row, cell, tall, 2, title))
        if week and monday.day <= 7:
            parts.append(text(x, 104, month(monday)))
    for weekday in (0, 2, 4, 6):
        parts.append(text(0, weekday * row + 9.5, dateformat.format(first + timedelta(days=weekday), "D")))
    total = sum(n for day, n in visits.items() if first <= day <= today)
    sentence = ngettext("%(n)s visit from %(first)s to %(last)s", "%(n)s visits from %(first)s to %(last)s", total) % {
        "n": number(total),
        "first": long_day(first),
        "last": long_day(today),
    }
    return scrolling(chart(left + weeks * step, 110, parts, sentence), gettext("Visits by day"), "year-in")
