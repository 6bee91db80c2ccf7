"""The formulas of the figures (§13) as functions of counts. A zero denominator answers ``None`` (shown as —)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from memberships.rules.sentences import N_

FOUR_PLACES = Decimal("0.0001")

FORMULAS: dict[str, str] = {
    "contact_rate": N_("attempts reached ÷ attempts"),
    "booking_rate": N_("booked ÷ reached"),
    "show_rate": N_("attended ÷ (attended + no-show)"),
    "close_rate": N_("(renewed + changed plan) ÷ attended"),
    "renewal_rate": N_("renewed ÷ (ended − open − changed)"),
    "attrition": N_("lost in the month ÷ members at its start"),
    "retention": N_("(members at its end − started in it as new or return) ÷ members at its start"),
    "repeat_sale_share": N_("(renewal + return) ÷ (new + renewal + return)"),
    "return_rate": N_("lost who came back within 365 days ÷ lost"),
    "unsaid_share": N_("refusals without a reason said ÷ refusals"),
}
"""What each figure says on hover, by the name of its function (message ids)."""


def rate(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """``part ÷ whole`` with 4 places, rounded half up; ``None`` where there is nothing to divide by."""
    if whole == 0:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(FOUR_PLACES, ROUND_HALF_UP)


def contact_rate(*, attempts: int, reached: int) -> Decimal | None:
    """Attempts that reached somebody ÷ attempts."""
    return rate(reached, attempts)


def booking_rate(*, reached: int, booked: int) -> Decimal | None:
    """Booked ÷ reached."""
    return rate(booked, reached)


def show_rate(*, attended: int, no_show: int) -> Decimal | None:
    """Attended ÷ (attended + no-show)."""
    return rate(attended, attended + no_show)


def close_rate(*, attended: int, renewed: int, changed_plan: int) -> Decimal | None:
    """(Renewed + changed plan) ÷ attended."""
    return rate(renewed + changed_plan, attended)


def renewal_rate(*, ended: int, renewed: int, still_open: int, changed: int) -> Decimal | None:
    """Of a month: renewed ÷ (ended − open − changed).

    *ended*: effective end in it, not cancelled before; *renewed*: has a renewal, early ones included;
    *open*: grace not over and no successor; *changed*: ended by a change of plan.
    """
    return rate(renewed, ended - still_open - changed)


def attrition(*, members_at_start: int, lost: int) -> Decimal | None:
    """Lost in the month ÷ members at its start."""
    return rate(lost, members_at_start)


def retention(*, members_at_start: int, members_at_end: int, started: int) -> Decimal | None:
    """(Members at its end − started in it as new or return) ÷ members at its start."""
    return rate(members_at_end - started, members_at_start)


def repeat_sale_share(*, new: int, renewal: int, returned: int) -> Decimal | None:
    """(Renewal + return) ÷ (new + renewal + return); a change of plan is in neither."""
    return rate(renewal + returned, new + renewal + returned)


def return_rate(*, lost: int, came_back: int) -> Decimal | None:
    """Lost who came back within 365 days ÷ lost."""
    return rate(came_back, lost)


def unsaid_share(*, refusals: int, unsaid: int) -> Decimal | None:
    """Refusals without a reason said ÷ refusals."""
    return rate(unsaid, refusals)


FUNNEL = ("due", "callable", "rung", "reached", "booked", "attended", "renewed")
"""Stages of the funnel over the tasks due in a period."""


def funnel(counts: Sequence[int]) -> list[tuple[int, Decimal | None, Decimal | None]]:
    """For each stage its count, its share of the stage before and of the first (both ``None`` for the first)."""
    rows: list[tuple[int, Decimal | None, Decimal | None]] = []
    for place, count in enumerate(counts):
        before = rate(count, counts[place - 1]) if place else None
        first = rate(count, counts[0]) if place else None
        rows.append((count, before, first))
    return rows


def pareto(counts: Sequence[int]) -> list[tuple[Decimal | None, Decimal | None]]:
    """For counts in falling order: the share of each in all, and the share of all up to it."""
    total = sum(counts)
    so_far = 0
    rows = []
    for count in counts:
        so_far += count
        rows.append((rate(count, total), rate(so_far, total)))
    return rows
