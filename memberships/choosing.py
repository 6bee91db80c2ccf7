"""Plans for a member, by how they really train: what fits comes first, what lacks a zone they use says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count

from memberships import quotes, standing
from memberships.models import Member, Quote, User, Visit
from memberships.rules import local_time, money

LOOKED_BACK = dt.timedelta(days=84)


@dataclass(frozen=True)
class Choice:
    """A plan on sale at this member's price (``quote``, not stored).

    ``lacks``: zones that the member used in the last 12 weeks and the plan does not hold, with the visits.
    """

    quote: Quote
    lacks: dict[str, int]
    current: bool

    @property
    def lost_visits(self) -> int:
        return sum(self.lacks.values())


def plans(*, member: Member, now: dt.datetime, by: User | None = None, codes: Collection[str] = ()) -> list[Choice]:
    """Every plan on sale: those that hold what the member uses first, then the plan they have, then by saving."""
    today = local_time.local_day(now, member.club.zone)
    used = dict(
        Visit.objects.filter(member=member, at__gt=now - LOOKED_BACK, at__lte=now)
        .exclude(zone="")
        .values_list("zone")
        .annotate(Count("pk"))
    )
    has = standing.of_member(member=member, on=today).membership
    found = []
    for quote in quotes.offers(member=member, now=now, by=by, codes=codes):
        lacks = {zone: count for zone, count in used.items() if quote.plan.zones and zone not in quote.plan.zones}
        found.append(Choice(quote, lacks, current=has is not None and has.plan_id == quote.plan_id))
    return sorted(found, key=lambda choice: (choice.lost_visits, not choice.current))


def a_month(quote: Quote, currency: str) -> Decimal:
    """What the offer costs for one month of its term (30 days where the term is days)."""
    months = Decimal(quote.term_count) if quote.term_unit == "m" else Decimal(quote.term_count) / 30
    return money.round_half_up(quote.final_price / months, currency)
