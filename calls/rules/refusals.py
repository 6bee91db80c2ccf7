"""Refusals counted and compared (§13): groupings, the order of size, and what changed most between two periods."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from calls.rules import figures
from memberships.rules import terms

UNKNOWN = ""
"""The key of what is not known: a refusal without a membership, say."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One *no*: in a call, or at a meeting (then ``meeting`` is set, and who wrote it down is the host).

    ``on`` is the club's day. ``since`` is the first day of the unbroken chain of memberships; ``segment`` the
    member's on that day. Keys are codes (reason, plan, competitor's name folded); labels are kept by the loader.
    """

    at: dt.datetime
    on: dt.date
    member: int
    reason: str
    group: str
    kind: str
    operator: str
    plan: str
    segment: str
    since: dt.date | None
    competitor: str = ""
    note: str = ""
    attempt: int | None = None
    meeting: int | None = None

    @property
    def month(self) -> str:
        return f"{self.on:%Y-%m}"

    @property
    def tenure(self) -> str:
        """Which of ``TENURES`` the member had been here for, empty if not known."""
        if self.since is None or self.since > self.on:
            return UNKNOWN
        months = terms.months_between(self.since, self.on)
        return next(key for key, below in TENURES.items() if below is None or months < below)


TENURES: dict[str, int | None] = {"0-6m": 6, "6-12m": 12, "1-2y": 24, "2-3y": 36, "3y": None}
"""Stretches of unbroken membership by key, each with the months that it stays below."""

Key = Callable[[Refusal], str]
GROUPINGS: dict[str, Key] = {
    "reason": lambda refusal: refusal.reason,
    "group": lambda refusal: refusal.group,
    "month": lambda refusal: refusal.month,
    "plan": lambda refusal: refusal.plan,
    "segment": lambda refusal: refusal.segment,
    "tenure": lambda refusal: refusal.tenure,
    "operator": lambda refusal: refusal.operator,
    "kind": lambda refusal: refusal.kind,
    "competitor": lambda refusal: refusal.competitor.casefold(),
}
"""By what refusals are counted; also what they can be filtered by."""

IN_ORDER = {"month", "tenure"}
"""Groupings shown in their own order, not by size."""


@dataclass(frozen=True, slots=True)
class Row:
    """How many refusals share a key, and their share in all (4 places; ``None``: there are none)."""

    key: str
    count: int
    share: Decimal | None


def chosen(refusals: Iterable[Refusal], filters: Mapping[str, Sequence[str]]) -> list[Refusal]:
    """Those that fit every filter: a grouping's name with the keys to keep (none: all)."""
    wanted = [(GROUPINGS[name], frozenset(keys)) for name, keys in filters.items() if keys]
    return [refusal for refusal in refusals if all(key(refusal) in keys for key, keys in wanted)]


def counted(refusals: Iterable[Refusal], by: str) -> list[Row]:
    """The refusals by one grouping, the most frequent first (months and tenure in their own order)."""
    counts = Counter(map(GROUPINGS[by], refusals))
    total = sum(counts.values())
    if by == "tenure":
        places = list(TENURES)
        keys = sorted(counts, key=lambda key: places.index(key) if key in TENURES else len(places))
    elif by == "month":
        keys = sorted(counts)
    else:
        keys = sorted(counts, key=lambda key: (-counts[key], key))
    return [Row(key, counts[key], figures.rate(counts[key], total)) for key in keys]


def crossed(refusals: Iterable[Refusal], by: str, columns: str) -> dict[str, Counter[str]]:
    """How many refusals share a key of one grouping and one of another."""
    table: dict[str, Counter[str]] = {}
    row, column = GROUPINGS[by], GROUPINGS[columns]
    for refusal in refusals:
        table.setdefault(row(refusal), Counter())[column(refusal)] += 1
    return table


@dataclass(frozen=True, slots=True)
class Told:
    """What most members who gave a reason have in common, beside all who refused: ``count`` of ``of``."""

    grouping: str
    key: str
    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Change:
    """A reason that moved between two periods, and what is particular about it now."""

    reason: str
    before: int
    now: int
    told: Told | None = None

    @property
    def by(self) -> int:
        return self.now - self.before


PARTICULAR = ("tenure", "plan", "segment", "competitor")
LEAST = 3
"""Fewer refusals than this share nothing worth a sentence."""


def changes(
    now: Sequence[Refusal], before: Sequence[Refusal], *, most: int = 3, least: int = 2
) -> tuple[list[Change], int]:
    """The reasons that moved most (by at least ``least``), and by how much the next one moved at most."""
    counts, earlier = Counter(r.reason for r in now), Counter(r.reason for r in before)
    moved = [Change(reason, earlier[reason], counts[reason]) for reason in counts.keys() | earlier.keys()]
    moved.sort(key=lambda change: (-abs(change.by), -change.now, change.reason))
    telling = [change for change in moved[:most] if abs(change.by) >= least]
    rest = max((abs(change.by) for change in moved[len(telling) :]), default=0)
    return [replace(change, told=in_common(now, change.reason)) for change in telling], rest


def in_common(refusals: Sequence[Refusal], reason: str) -> Told | None:
    """What at least half of those with a reason share far more often than all who refused; ``None``: nothing."""
    own = [refusal for refusal in refusals if refusal.reason == reason]
    best: tuple[Decimal, Told] | None = None
    for grouping in PARTICULAR:
        key = GROUPINGS[grouping]
        everywhere = Counter(map(key, refusals))
        value, count = Counter(map(key, own)).most_common(1)[0] if own else (UNKNOWN, 0)
        if value == UNKNOWN or count < LEAST or 2 * count < len(own):
            continue
        more = Decimal(count) / len(own) - Decimal(everywhere[value]) / len(refusals)
        if more >= Decimal("0.15") and (best is None or more > best[0]):
            best = more, Told(grouping, value, count, len(own))
    return best[1] if best else None


def unsaid_above(refusals: Iterable[Refusal], limit_percent: int, *, least: int = 5) -> list[tuple[str, int, int]]:
    """Operators with at least ``least`` refusals of whom more than the limit say nothing: (operator, unsaid, all)."""
    everything: Counter[str] = Counter()
    unsaid: Counter[str] = Counter()
    for refusal in refusals:
        everything[refusal.operator] += 1
        unsaid[refusal.operator] += refusal.group == "unsaid"
    above = [
        (operator, unsaid[operator], count)
        for operator, count in everything.items()
        if count >= least and unsaid[operator] * 100 > limit_percent * count
    ]
    return sorted(above, key=lambda row: (-Decimal(row[1]) / row[2], row[0]))


def months_between(first: dt.date, last: dt.date) -> list[str]:
    """The months that a period touches, as YYYY-MM."""
    found = []
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        found.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def period_before(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The equally long period that ended the day before; whole months compare with as many whole months."""
    end = first - dt.timedelta(days=1)
    if first.day == 1 and (last + dt.timedelta(days=1)).day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
        return dt.date(year, month + 1, 1), end
    return end - (last - first), end
