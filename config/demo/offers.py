"""What the demo clubs have offered over the years: promotions as the rules of pricing take them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from config.demo import words
from memberships.rules.promotions import Promotion, PromotionKind
from memberships.rules.sales import SaleKind

MONTH = dt.timedelta(days=30)
LONG_AGO = 40 * MONTH
LONG_PLANS = frozenset(plan[0] for plan in words.PLANS if plan[2] >= 6)
YEAR_PLANS = frozenset(plan[0] for plan in words.PLANS if plan[2] == 12)
FRIEND = "FRIEND15"


@dataclass(frozen=True)
class Offer:
    """A promotion with what may be said of it on the phone, and what is known of it in the club."""

    rule: Promotion
    phone_summary: str = ""
    details: str = ""


def offers(today: dt.date) -> list[Offer]:
    """Standing, running and past promotions of a club, relative to its day."""
    return [*_standing(today), *_running(today), *_past(today)]


def _standing(today: dt.date) -> Iterator[Offer]:
    since = today - LONG_AGO
    yield _offer(
        "LOYAL20", "Two years with us", PromotionKind.AMOUNT, 20, {SaleKind.RENEWAL}, since, None,
        min_tenure_months=24, stackable=True,
        phone_summary="We thank members who have been with us for long.",
        details="20 € off after 24 months of unbroken membership.",
    )  # fmt: skip
    yield _offer(
        "BACKHOME", "Back home", PromotionKind.PERCENT, 10, {SaleKind.RETURN}, since, None,
        phone_summary="Members who return are welcomed with a better price.",
        details="10 % off the first contract after a break.",
    )  # fmt: skip
    yield _offer(
        FRIEND, "Bring a friend", PromotionKind.PERCENT, 15, {SaleKind.NEW}, since, None, needs_code=True,
        details="15 % off the first contract of somebody whom a member brings.",
    )  # fmt: skip


def _running(today: dt.date) -> Iterator[Offer]:
    yield _offer(
        "EARLY10", "Early renewal", PromotionKind.PERCENT, 10, {SaleKind.RENEWAL}, today - 2 * MONTH, today + MONTH,
        plans=LONG_PLANS, early_days=7, stackable=True,
        phone_summary="There is something for members who renew before their last day.",
        details="10 % off 6 and 12 months, sold at least a week before the end.",
    )  # fmt: skip
    yield _offer(
        "BACK50", "Come back", PromotionKind.PERCENT, 50, {SaleKind.RETURN}, today - MONTH / 2, today + MONTH,
        plans=LONG_PLANS, max_uses=200,
        phone_summary="There is a welcome-back offer.", details="Half price for the first contract after a break.",
    )  # fmt: skip
    yield _offer(
        "PLUS14", "Two weeks on us", PromotionKind.BONUS_DAYS, 14, {SaleKind.NEW, SaleKind.RENEWAL},
        today - MONTH / 3, today + MONTH / 3, plans=YEAR_PLANS, stackable=True,
        phone_summary="Ask us about this month's gift.", details="14 extra days on 12 months.",
    )  # fmt: skip


def _past(today: dt.date) -> Iterator[Offer]:
    """A summer and a January offer of each of the years behind us, as far as they are over."""
    for year in range(today.year - 3, today.year + 1):
        spring, summer = dt.date(year, 1, 2), dt.date(year, 6, 1)
        for first, last, code, name, value, audience in (
            (spring, dt.date(year, 1, 31), f"JAN{year}", "January start", 15, {SaleKind.NEW}),
            (summer, dt.date(year, 8, 31), f"SUMMER{year}", "Summer renewal", 12, {SaleKind.RENEWAL}),
        ):
            if last < today:
                yield _offer(
                    code, f"{name} {year}", PromotionKind.PERCENT, value, audience, first, last, plans=LONG_PLANS,
                    details=f"{value} % off 6 and 12 months.",
                )  # fmt: skip


def _offer(
    code: str,
    name: str,
    kind: PromotionKind,
    value: int,
    audience: set[SaleKind],
    starts_on: dt.date,
    ends_on: dt.date | None,
    *,
    phone_summary: str = "",
    details: str = "",
    **more: object,
) -> Offer:
    rule = Promotion(
        code=code,
        name=name,
        kind=kind,
        value=Decimal(value),
        audience=frozenset(audience),
        starts_on=starts_on,
        ends_on=ends_on,
        **more,  # type: ignore[arg-type]
    )
    return Offer(rule, phone_summary, details)
