"""Terms, ends and status of a membership (days of the club, inclusive at both ends)."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

DAY = timedelta(days=1)
LONGEST = {"m": 1200, "d": 32_767}


class BadTerm(Invalid):
    """The term is not a number of months or days."""

    field = "term"


class Status(StrEnum):
    """What a membership is on a day."""

    PENDING = "pending"
    ACTIVE = "active"
    FROZEN = "frozen"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, order=True)
class Span:
    """Days from ``first`` to ``last``, both included; never empty."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"no days from {self.first} to {self.last}")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a day."""
        return self.first <= other.last and other.first <= self.last

    def without(self, others: Iterable[Span]) -> list[Span]:
        """What is left of it when the days of the others are taken out, in order."""
        left, first = [], self.first
        for other in sorted(others):
            if other.last < first or other.first > self.last:
                continue
            if other.first > first:
                left.append(Span(first, other.first - DAY))
            first = other.last + DAY
        if first <= self.last:
            left.append(Span(first, self.last))
        return left


def span_or_none(first: date, last: date) -> Span | None:
    """The days from first to last, or None where there are none."""
    return Span(first, last) if first <= last else None


@dataclass(frozen=True)
class Term:
    """A length that is sold: ``count`` months (unit ``m``) or days (``d``)."""

    count: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in LONGEST or not 1 <= self.count <= LONGEST[self.unit]:
            raise BadTerm(sentence(N_("A term is a number of months or days, like 12m or 30d.")))

    @classmethod
    def parse(cls, text: str) -> Term:
        """The term that ``12m`` or ``30d`` says; raises ``BadTerm``."""
        found = re.fullmatch(r"\s*([0-9]{1,6})\s*([mdMD])\s*", text)
        if not found:
            raise BadTerm(sentence(N_("“%(text)s” is not a term; write months or days, like 12m or 30d."), text=text))
        return cls(int(found[1]), found[2].lower())

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later, clipped to that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def ends_on(starts_on: date, term: Term) -> date:
    """The last day of a term that starts on the given day."""
    if term.unit == "d":
        return starts_on + timedelta(days=term.count - 1)
    return add_months(starts_on, term.count) - DAY


def commonest(spans: Iterable[Span]) -> Term | None:
    """The term that most of these days are; None where there are none.

    What is so many months is so many days too: of two that explain as many, the months.
    """
    found: Counter[Term] = Counter()
    for days in spans:
        if days.days <= LONGEST["d"]:
            found[Term(days.days, "d")] += 1
        months = months_between(days.first, days.last + DAY)
        for count in {months, months + 1}:
            if 1 <= count <= LONGEST["m"] and ends_on(days.first, Term(count, "m")) == days.last:
                found[Term(count, "m")] += 1
    return max(found, key=lambda term: (found[term], term.unit == "m", term.count), default=None)


def effective_end(ends_on: date, bonus_days: int = 0, frozen_days: int = 0, closed_on: date | None = None) -> date:
    """The last day with bonus and frozen days; of a closed membership the day on which it was closed."""
    return closed_on or ends_on + timedelta(days=bonus_days + frozen_days)


@dataclass(frozen=True)
class Period:
    """What decides a membership's days: where it starts and ends, and whether it was cancelled."""

    starts_on: date
    effective_ends_on: date
    cancelled_on: date | None = None


def covered(period: Period) -> Span | None:
    """The days it covers; of a cancelled one up to the day before; None when it covers none."""
    last = period.effective_ends_on
    if period.cancelled_on is not None:
        last = min(last, period.cancelled_on - DAY)
    return span_or_none(period.starts_on, last)


def status_on(period: Period, freezes: Iterable[Span], day: date) -> Status:
    """The status on a day; ``freezes`` are those that are not void."""
    if period.cancelled_on is not None and period.cancelled_on <= day:
        return Status.CANCELLED
    if day < period.starts_on:
        return Status.PENDING
    if day > period.effective_ends_on:
        return Status.EXPIRED
    return Status.FROZEN if any(day in freeze for freeze in freezes) else Status.ACTIVE


def days_left(effective_ends_on: date, day: date) -> int:
    """Days from a day to the effective end: 0 on the last day, negative after it."""
    return (effective_ends_on - day).days


def months_between(start: date, day: date) -> int:
    """The largest number of months that, added to the start, is not after the day (0 before it)."""
    months = max(0, (day.year - start.year) * 12 + day.month - start.month)
    return months if months == 0 or add_months(start, months) <= day else months - 1
