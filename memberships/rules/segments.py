"""Gold, silver, copper: by what a member paid in the last year, among the members of the day (PRODUCT.md §3.5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from memberships.rules.sentences import N_, NN_, Sentence, sentence
from memberships.rules.terms import Span

DAYS_OF_MONEY = 365
GOLD_PERCENT = 20
SILVER_PERCENT = 60


class Segment(StrEnum):
    """A member's value to the club."""

    GOLD = "gold"
    SILVER = "silver"
    COPPER = "copper"


@dataclass(frozen=True)
class Ranked:
    """A member's segment of the day, and why (without amounts: it may be read on the phone)."""

    segment: Segment
    why: Sentence


def money_days(day: date) -> Span:
    """The sale dates whose money counts: the last 365 days, the day itself included."""
    return Span(day - timedelta(days=DAYS_OF_MONEY - 1), day)


def segments(
    paid: Mapping[int, Decimal], *, gold_percent: int = GOLD_PERCENT, silver_percent: int = SILVER_PERCENT
) -> dict[int, Ranked]:
    """The segment of every member active or frozen on the day, by their money (``paid``: one entry for each).

    Gold: fewer than so many percent of them paid strictly more; silver likewise; who paid nothing is copper.
    """
    amounts = sorted(paid.values())
    return {
        member: ranked(
            amount,
            len(amounts) - bisect_right(amounts, amount),
            len(amounts),
            gold_percent=gold_percent,
            silver_percent=silver_percent,
        )
        for member, amount in paid.items()
    }


def ranked(amount: Decimal, above: int, everybody: int, *, gold_percent: int, silver_percent: int) -> Ranked:
    """The segment of who paid ``amount`` while ``above`` of ``everybody`` paid strictly more."""
    if amount <= 0:
        return Ranked(Segment.COPPER, sentence(N_("Paid nothing in the last 365 days.")))
    why = sentence(
        NN_(
            "%(count)s of %(everybody)s members paid more in the last 365 days.",
            "%(count)s of %(everybody)s members paid more in the last 365 days.",
        ),
        count=above,
        everybody=everybody,
    )
    if above * 100 < gold_percent * everybody:
        return Ranked(Segment.GOLD, why)
    if above * 100 < silver_percent * everybody:
        return Ranked(Segment.SILVER, why)
    return Ranked(Segment.COPPER, why)
