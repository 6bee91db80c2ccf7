"""Selling, changing and cancelling memberships, and what is paid of them (PRODUCT.md §3.2)."""

from __future__ import annotations

from memberships.sales.changing import ChangeOffer, change_offers, change_plan
from memberships.sales.ending import cancel
from memberships.sales.paying import record_payment
from memberships.sales.selling import (
    IN_FULL,
    AmountInText,
    BalanceDateRefused,
    Deceased,
    PaidRefused,
    Payment,
    QuoteExpired,
    QuoteUsed,
    sell,
    sell_quote,
)

__all__ = [
    "IN_FULL",
    "AmountInText",
    "BalanceDateRefused",
    "ChangeOffer",
    "Deceased",
    "PaidRefused",
    "Payment",
    "QuoteExpired",
    "QuoteUsed",
    "cancel",
    "change_offers",
    "change_plan",
    "record_payment",
    "sell",
    "sell_quote",
]
