"""The memberships of one member, counted day by day: slow, simple, and written apart from the rules.

A membership is a number of days to use up. Walking from its start, a day is either frozen or uses one up; where none
is left, it ends. Everything else (starts that follow, what is refused) is worked out from such walks.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from dateutil.relativedelta import relativedelta

ONE = dt.timedelta(days=1)
GRACE = 30


class No(Exception):
    """This cannot be done."""


class LeftOut(Exception):
    """A closure could not be applied to everybody: beyond this oracle."""


def span(first: dt.date, last: dt.date) -> set[dt.date]:
    """All days from first to last."""
    return {first + ONE * n for n in range((last - first).days + 1)}


@dataclass
class Plan:
    code: str
    months: int
    days: int
    price: Decimal
    allowance: int
    minimum: int
    most: int | None
    bonus: int = 0


@dataclass
class Ms:
    """One membership."""

    plan: Plan
    start: dt.date
    sold: dt.date
    kind: str
    prior: int | None
    follows: bool
    given: dt.date | None
    credit: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    freezes: list[set[dt.date]] = field(default_factory=list)
    shut: dict[int, set[dt.date]] = field(default_factory=dict)
    cancelled: dt.date | None = None
    closed: dt.date | None = None

    @property
    def base_end(self) -> dt.date:
        return self.start + relativedelta(months=self.plan.months, days=self.plan.days) - ONE

    @property
    def own(self) -> set[dt.date]:
        return set().union(*self.freezes)

    def walk(self) -> tuple[dt.date, set[dt.date]]:
        """The last day when nothing stops it, and the days on the way that are frozen."""
        stop = min(filter(None, [self.closed, self.cancelled and self.cancelled - ONE]), default=dt.date.max)
        frozen = self.own | {day for days in self.shut.values() for day in days if day <= stop}
        left = (self.base_end - self.start).days + 1 + self.plan.bonus
        day, met = self.start, set()
        while True:
            if day in frozen:
                met.add(day)
            else:
                left -= 1
            if not left:
                return day, met
            day += ONE

    @property
    def end(self) -> dt.date:
        return self.closed or self.walk()[0]

    @property
    def last(self) -> dt.date:
        """The last covered day."""
        return self.end if self.cancelled is None else min(self.end, self.cancelled - ONE)

    @property
    def covers(self) -> bool:
        return self.last >= self.start

    def status(self, day: dt.date) -> str:
        if self.cancelled is not None and self.cancelled <= day:
            return "cancelled"
        if day < self.start:
            return "pending"
        if day > self.end:
            return "expired"
        return "frozen" if day in self.walk()[1] else "active"

    def stop_after(self, last: dt.date) -> None:
        self.freezes = [{day for day in days if day <= last} for days in self.freezes]


class Desk:
    """All memberships of the member, in order of sale."""

    def __init__(self) -> None:
        self.all: list[Ms] = []
        self.closures: dict[int, set[dt.date]] = {}

    def covering(self) -> list[int]:
        return sorted((n for n, ms in enumerate(self.all) if ms.covers), key=lambda n: self.all[n].start)

    # ---- sale

    def sell(self, plan: Plan, sold: dt.date, given: dt.date | None = None) -> None:
        last = max((ms.last for ms in self.all if ms.covers), default=None)
        start = given or (last + ONE if last is not None and sold <= last else sold)
        if given and not sold <= start <= sold + ONE * 365:
            raise No
        earlier = [n for n in self.covering() if self.all[n].start < start]
        prior = max(earlier, key=lambda n: self.all[n].last, default=None)
        if prior is None:
            kind = "new"
        elif self.all[prior].cancelled is not None or (start - self.all[prior].end).days > GRACE:
            kind = "return"
        else:
            kind = "renewal"
        follows = kind == "renewal" and given is None and start == self.all[prior].end + ONE  # type: ignore[index]
        linked = prior if kind == "renewal" else None
        self.put(Ms(plan, start, sold, kind, linked, follows, None if follows else start, price=plan.price))

    def file(self, rows: list[tuple[Plan, dt.date, dt.date]], today: dt.date) -> None:
        """The first memberships, by file: plan, start and sale date, in order."""
        for number, (plan, start, sold) in enumerate(rows):
            prior = self.all[number - 1] if number else None
            renewal = prior is not None and (start - prior.end).days <= GRACE
            kind = "new" if prior is None else "renewal" if renewal else "return"
            follows = prior is not None and start > today and start == prior.end + ONE and sold <= prior.end
            given = None if follows else start
            self.put(Ms(plan, start, sold, kind, number - 1 if renewal else None, follows, given, price=plan.price))

    def put(self, ms: Ms) -> None:
        ms.shut = copy.deepcopy(self.closures)
        for n in self.covering():
            if not (ms.end < self.all[n].start or self.all[n].last < ms.start):
                raise No
        self.all.append(ms)

    def change(self, n: int, plan: Plan, on: dt.date, today: dt.date, *, manager: bool) -> None:
        old = self.all[n]
        behind = [ms for ms in self.all if ms.start > old.start and ms.cancelled is None]
        if old.cancelled is not None or behind or old.status(today) not in ("active", "frozen"):
            raise No
        if (on != today and not manager) or not old.start < on <= old.end:
            raise No
        frozen = old.walk()[1]
        running = [day for day in span(old.start, old.end) if day not in frozen]
        ahead = [day for day in running if day >= on]
        worth = old.price + old.credit
        credit = (worth * len(ahead) / len(running)).quantize(Decimal("0.01"), ROUND_HALF_UP)
        old.closed = on - ONE
        old.stop_after(old.closed)
        price = max(plan.price - credit, Decimal(0))
        self.put(Ms(plan, on, today, "change", n, False, on, credit=credit, price=price))

    def cancel(self, n: int, on: dt.date, today: dt.date, *, manager: bool) -> None:
        ms = self.all[n]
        first = min(ms.start, today) if manager else today
        if ms.cancelled is not None or not first <= on <= ms.end:
            raise No
        ms.cancelled = on
        ms.stop_after(on - ONE)
        for other in self.all:
            if other.prior == n and other.follows:
                other.follows, other.given = False, other.start

    # ---- freezes

    def freeze(self, n: int, first: dt.date, last: dt.date, today: dt.date, *, override: bool) -> None:
        ms = self.all[n]
        days = span(first, last)
        stops = ms.cancelled is not None or ms.closed is not None
        if not days or not ms.covers or not ms.start <= first <= ms.last or (stops and last > ms.last):
            raise No
        if days & ms.walk()[1]:
            raise No
        if not override:
            used = ms.own | days
            used = {day for day in used if not any(day in shut for shut in ms.shut.values())}
            too_many = ms.plan.most is not None and len([f for f in ms.freezes if f]) + 1 > ms.plan.most
            if first < today or len(days) < ms.plan.minimum or len(used) > ms.plan.allowance or too_many:
                raise No
        self.rearrange(today, n, lambda held: held.freezes.append(days))

    def end_freeze(self, n: int, index: int, on: dt.date, today: dt.date, *, past: bool) -> None:
        days = self.all[n].freezes[index]
        if not days or on > max(days) or (on < today and not past):
            raise No
        self.rearrange(today, n, lambda held: held.freezes.__setitem__(index, {day for day in days if day < on}))

    def close(self, key: int, days: set[dt.date], today: dt.date) -> None:
        self.each(today, lambda held: held.shut.__setitem__(key, days))
        self.closures[key] = days

    def reopen(self, key: int, on: dt.date, today: dt.date) -> None:
        days = {day for day in self.closures[key] if day < on}
        self.each(today, lambda held: held.shut.__setitem__(key, days))
        self.closures[key] = days

    def each(self, today: dt.date, change: Callable[[Ms], None]) -> None:
        try:
            for n in self.covering():
                self.rearrange(today, n, change)
        except No:
            raise LeftOut from None
        for ms in self.all:
            if not ms.covers:
                change(ms)

    # ---- what moves

    def wanted(self, n: int, before: list[int]) -> dt.date:
        """Where a membership would begin behind those before it, had it not begun."""
        ms = self.all[n]
        free = max((self.all[m].last + ONE for m in before), default=dt.date.min)
        if ms.follows and ms.prior in before:
            return max(self.all[ms.prior].end + ONE, free)  # type: ignore[index]
        return max(ms.given or ms.start, free)

    def rearrange(self, today: dt.date, changed: int, change: Callable[[Ms], None]) -> None:
        order = self.covering()
        before = {n: self.wanted(n, order[:place]) for place, n in enumerate(order)}
        change(self.all[changed])
        for place, n in enumerate(order):
            ms, want = self.all[n], self.wanted(n, order[:place])
            if ms.start > today:
                if want != before[n]:
                    ms.start = max(want, today)
            elif want > ms.start or (before[n] == ms.start != want):
                raise No
            if not ms.own <= ms.walk()[1]:
                raise No
