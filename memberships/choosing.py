"""Plans for a member, by how they really train: what fits comes first, what lacks a zone they use says so."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal

from memberships import quotes, standing
from memberships.models import Member, Quote, User, Visit
from memberships.rules import local_time, money
from memberships.rules.sentences import Sentence

LOOKED_BACK = dt.timedelta(days=84)


PARTS = (13, 17)
"""The hours at which the parts of a day end and begin: before 13, 13 to 17, from 17."""


@dataclass(frozen=True)
class Use:
    """How a member came in the last 12 weeks: visits in all, by zone, by weekday (Monday first), by part of the day."""

    visits: int
    zones: dict[str, int]
    weekdays: tuple[int, ...]
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """A plan on sale at this member's price (``quote``, not stored).

    ``lacks``: zones that the member used in the last 12 weeks and the plan does not hold, with the visits.
    ``preferred``: the plan that they have where it holds all they use, else the first.
    """

    quote: Quote
    lacks: dict[str, int]
    current: bool
    preferred: bool = False

    @property
    def lost_visits(self) -> int:
        return sum(self.lacks.values())

    @property
    def saved(self) -> Decimal:
        return self.quote.list_price - self.quote.final_price

    @property
    def lines(self) -> list[tuple[Sentence, Decimal]]:
        """Why the price is what it is: a sentence and the change of the price for each reduction."""
        return [(Sentence.from_json(line["label"]), Decimal(line["amount"])) for line in self.quote.lines]


def use_of(*, member: Member, now: dt.datetime) -> Use:
    """How a member came in the last 12 weeks, on the club's clock (one query)."""
    zone = member.club.zone
    came = Visit.objects.filter(member=member, at__gt=now - LOOKED_BACK, at__lte=now).values_list("at", "zone")
    zones: Counter[str] = Counter()
    weekdays, parts = [0] * 7, [0] * (len(PARTS) + 1)
    for at, where in came:
        local = at.astimezone(zone)
        zones[where] += 1
        weekdays[local.weekday()] += 1
        parts[bisect_right(PARTS, local.hour)] += 1
    return Use(sum(weekdays), dict(zones.most_common()), tuple(weekdays), tuple(parts))


def plans(
    *,
    member: Member,
    now: dt.datetime,
    by: User | None = None,
    codes: Collection[str] = (),
    use: Use | None = None,
) -> list[Choice]:
    """Every plan on sale: those that hold what the member uses first, among them by the largest saving.

    ``use``: how the member comes, when known already.
    """
    today = local_time.local_day(now, member.club.zone)
    used = (use or use_of(member=member, now=now)).zones
    has = standing.of_member(member=member, on=today).membership
    found = []
    for quote in quotes.offers(member=member, now=now, by=by, codes=codes):
        lacks = {
            zone: count for zone, count in used.items() if zone and quote.plan.zones and zone not in quote.plan.zones
        }
        found.append(Choice(quote, lacks, current=has is not None and has.plan_id == quote.plan_id))
    found.sort(key=lambda choice: choice.lost_visits)
    best = next((choice for choice in found if choice.current and not choice.lost_visits), found[0] if found else None)
    return [replace(choice, preferred=choice is best) for choice in found]


def a_month(quote: Quote, currency: str) -> Decimal:
    """What the offer costs for one month of its term (30 days where the term is days)."""
    months = Decimal(quote.term_count) if quote.term_unit == "m" else Decimal(quote.term_count) / 30
    return money.round_half_up(quote.final_price / months, currency)
