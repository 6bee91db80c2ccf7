"""Who comes less than usual, and who does not come at all (PRODUCT.md §3.5). Days are the club's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from memberships.rules.terms import DAY, Span

LATELY_DAYS = 28
BEFORE_DAYS = 84
WEEKS_SHOWN = 12
ABSENT_DAYS = 14
QUIET_CLUB_DAYS = 7
# a mean of 4 visits in 28 days over the 84 days before
_LEAST_BEFORE = 4 * BEFORE_DAYS // LATELY_DAYS


def lately(today: date) -> Span:
    """The last 28 days, today included."""
    return Span(today - timedelta(days=LATELY_DAYS - 1), today)


def days_before(today: date) -> Span:
    """The 84 days before the last 28."""
    last = lately(today).first - DAY
    return Span(last - timedelta(days=BEFORE_DAYS - 1), last)


@dataclass(frozen=True)
class Counts:
    """Visits in the last 28 days and in the 84 days before them."""

    lately: int
    before: int

    @property
    def usual(self) -> Decimal:
        """The usual number in 28 days: the mean of the 84 days before."""
        return Decimal(self.before) / (BEFORE_DAYS // LATELY_DAYS)

    @property
    def usual_per_week(self) -> Decimal:
        """The usual number in a week."""
        return Decimal(self.before) / (BEFORE_DAYS // 7)

    @property
    def fallen(self) -> bool:
        """At most half of the usual number, which is at least 4."""
        return self.before >= _LEAST_BEFORE and self.lately * 2 * BEFORE_DAYS <= self.before * LATELY_DAYS

    @property
    def score(self) -> Decimal:
        """How much is missing: 1 − visits in 28 days ÷ usual, between 0 and 1; 0 where nothing was usual."""
        if not self.before:
            return Decimal(0)
        return max(Decimal(0), 1 - self.lately / self.usual)


def counts(visits: Iterable[date], today: date) -> Counts:
    """Count a member's visits, given by their club days; several on a day count each."""
    recent, earlier = lately(today), days_before(today)
    in_recent = in_earlier = 0
    for day in visits:
        in_recent += day in recent
        in_earlier += day in earlier
    return Counts(in_recent, in_earlier)


def weekly(visits: Iterable[date], today: date) -> list[int]:
    """Visits in each of the last 12 weeks (seven days each, the last ending today), oldest first."""
    weeks = [0] * WEEKS_SHOWN
    for day in visits:
        ago = (today - day).days
        if 0 <= ago < 7 * WEEKS_SHOWN:
            weeks[WEEKS_SHOWN - 1 - ago // 7] += 1
    return weeks


def falling(visits: Counts, covered: Iterable[Span], frozen: Iterable[Span], today: date) -> bool:
    """Whether a member falls: all 112 days covered and not frozen, and the visits fell to half or less."""
    if not visits.fallen:
        return False
    whole = Span(days_before(today).first, today)
    return not whole.without(covered) and not any(whole.overlaps(freeze) for freeze in frozen)


def not_seen_since(last_visit: date | None, chain_starts_on: date, frozen: Iterable[Span], today: date) -> date:
    """The latest of last visit, start of the chain and end of a freeze, from which absence counts."""
    ends = [freeze.last for freeze in frozen if freeze.last <= today]
    return max([chain_starts_on, *ends, *([last_visit] if last_visit else [])])


def absent(since: date, today: date, *, active: bool, absent_days: int = ABSENT_DAYS) -> bool:
    """Whether a member is absent: active (not frozen) and for so many days neither seen, begun nor unfrozen."""
    return active and (today - since).days >= absent_days


def club_counts_visits(last_visit_in_club: date | None, today: date, quiet_days: int = QUIET_CLUB_DAYS) -> bool:
    """Whether falling and absent can be asked: the club has had a visit in its last days, today included."""
    return last_visit_in_club is not None and (today - last_visit_in_club).days < quiet_days
