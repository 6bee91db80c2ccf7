"""Rows as operators may read them: amounts in names and free texts are ••• (PRODUCT.md §8).

The rows are changed in memory, for showing; they are not to be saved any more.
"""

from __future__ import annotations

from collections.abc import Iterable

from memberships.models import Member, Membership, Plan, Promotion
from memberships.rules.amounts import mask_amounts

TEXTS_OF_MEMBER = ("source", "guardian", "do_not_call_note", "interests", "goal", "notes")


def member(row: Member) -> None:
    for name in TEXTS_OF_MEMBER:
        setattr(row, name, mask_amounts(getattr(row, name)))


def memberships(rows: Iterable[Membership | None]) -> None:
    """With the names of their plans, which must be loaded."""
    for row in rows:
        if row is not None:
            row.plan.name = mask_amounts(row.plan.name)
            row.special_terms = mask_amounts(row.special_terms)
            row.cancel_reason = mask_amounts(row.cancel_reason)


def plans(rows: Iterable[Plan]) -> list[Plan]:
    """The same plans, as a list."""
    shown = list(rows)
    for row in shown:
        row.name = mask_amounts(row.name)
    return shown


def names(promotions: Iterable[Promotion]) -> list[str]:
    """What the promotions are called."""
    return [mask_amounts(promotion.name) for promotion in promotions]
