"""What a promotion is and what is being sold: what pricing works on, and what the sentences of a quote speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from memberships.rules.sales import SaleKind


class PromotionKind(StrEnum):
    """What a promotion does, in the order of a quote's lines."""

    FIXED_PRICE = "fixed_price"
    AMOUNT = "amount"
    PERCENT = "percent"
    BONUS_DAYS = "bonus_days"
    GIFT = "gift"


@dataclass(frozen=True)
class Promotion:
    """A promotion as it is now. ``value``: percent, amount, price or days; ``gift`` holds a gift's words.

    Empty ``clubs``, ``plans`` and ``segments`` mean all.
    """

    code: str
    name: str
    kind: PromotionKind
    value: Decimal
    audience: frozenset[SaleKind]
    starts_on: date
    ends_on: date | None = None
    gift: str = ""
    clubs: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    min_tenure_months: int | None = None
    early_days: int | None = None
    max_uses: int | None = None
    uses: int = 0
    stackable: bool = False
    needs_code: bool = False


@dataclass(frozen=True)
class Sale:
    """What is being sold to whom and when. ``early_by``: days from the sale to the prior's end, None without."""

    kind: SaleKind
    sold_on: date
    made_on: date
    club: str
    plan: str
    list_price: Decimal
    currency: str
    segment: str = ""
    tenure_months: int = 0
    early_by: int | None = None
