"""Freezes, early returns and closures: what is allowed, and a plan of all that moves (PRODUCT.md §3.3).

A plan serves the preview and the saving alike; nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from memberships.rules import chains
from memberships.rules.chains import Closure, Freeze, FreezeInTheWay, Held, Move, MovesStarted
from memberships.rules.errors import Conflict, Invalid, Refused
from memberships.rules.sentences import N_, NN_, Sentence, sentence
from memberships.rules.terms import DAY, Span


class FreezeDaysRefused(Invalid):
    """The last day of a freeze lies before its first."""

    field = "ends_on"


class FreezeMinimum(Refused):
    """A freeze shorter than the plan allows."""

    code = "freeze_minimum"
    field = "ends_on"


class FreezeOutside(Refused):
    """A freeze, or a return, outside of what it is about."""

    code = "freeze_outside"
    field = "starts_on"


class FreezeInThePast(Refused):
    """A freeze or a return before today."""

    code = "freeze_in_the_past"
    field = "starts_on"


class OverrideReasonRequired(Refused):
    """A manager goes beyond the rules without saying why."""

    code = "reason_required"
    field = "override_reason"


class FreezeAllowance(Conflict):
    """More days than the plan allows."""

    code = "freeze_allowance"


class FreezeCount(Conflict):
    """More freezes than the plan allows."""

    code = "freeze_count"


class FreezeOverlap(Conflict):
    """Another freeze of the membership holds one of the days."""

    code = "freeze_overlap"


@dataclass(frozen=True)
class FreezePlan:
    """A freeze as it will be (``id`` None: a new one) and every membership that changes with it.

    ``allowance_left`` and ``count`` are those of its membership afterwards (never below 0; freezes not void).
    """

    membership: int
    freeze: Freeze
    moves: tuple[Move, ...]
    allowance_left: int
    count: int


@dataclass(frozen=True)
class Left:
    """A membership that a closure (or its taking back) leaves as it is, and why."""

    membership: int
    why: Sentence


@dataclass(frozen=True)
class ClosurePlan:
    """What a closure does to the memberships of a member; ``frozen``: those with days frozen by it afterwards."""

    moves: tuple[Move, ...]
    frozen: tuple[int, ...]
    left: tuple[Left, ...]


def allowance_used(held: Held) -> int:
    """Days of the allowance that its freezes use; days inside a closure are given back."""
    closed = [Span(closure.starts_on, closure.ends_on) for closure in held.closures]
    return sum(part.days for freeze in held.own_days for part in freeze.without(closed))


def check_freeze(held: Held, days: Span, today: date, override_reason: str | None = None) -> None:
    """Let the membership be frozen on these days (where others would have to move is not asked here).

    ``override_reason`` None: by the rules; else a manager's reason, which lifts *not before today*, minimum,
    allowance and count. Raises ``FreezeOutside``, ``OverrideReasonRequired``, ``FreezeInThePast``,
    ``FreezeMinimum``, ``FreezeOverlap``, ``FreezeAllowance``, ``FreezeCount``.
    """
    covered = held.covered
    stops = held.cancelled_on is not None or held.closed_on is not None
    if covered is None or days.first not in covered or (stops and days.last > covered.last):
        raise FreezeOutside(_outside(held, covered))
    if override_reason is None:
        if days.first < today:
            raise FreezeInThePast(sentence(N_("A freeze cannot start before today.")))
        if days.days < held.minimum_days:
            raise FreezeMinimum(
                sentence(
                    NN_("A freeze lasts at least %(count)s day.", "A freeze lasts at least %(count)s days."),
                    count=held.minimum_days,
                )
            )
    elif not override_reason.strip():
        raise OverrideReasonRequired(sentence(N_("Say why this freeze may go beyond the rules.")))
    for other in chains.frozen_spans(held):
        if other.overlaps(days):
            raise FreezeOverlap(
                sentence(N_("It is already frozen from %(first)s to %(last)s."), first=other.first, last=other.last)
            )
    if override_reason is None:
        _check_limits(held, _with_freeze(held, days))


def _outside(held: Held, covered: Span | None) -> Sentence:
    if covered is None:
        return sentence(N_("This membership covers no day."))
    return sentence(
        N_("A freeze lies inside the membership, which runs from %(first)s to %(last)s."),
        first=covered.first,
        last=covered.last,
    )


def _check_limits(held: Held, frozen: Held) -> None:
    if allowance_used(frozen) > held.allowance_days:
        raise FreezeAllowance(
            sentence(
                NN_("%(left)s of %(count)s freeze day is left.", "%(left)s of %(count)s freeze days are left."),
                left=max(0, held.allowance_days - allowance_used(held)),
                count=held.allowance_days,
            )
        )
    if held.max_count is not None and len(frozen.own_days) > held.max_count:
        raise FreezeCount(
            sentence(
                NN_("The plan allows %(count)s freeze.", "The plan allows %(count)s freezes."),
                count=held.max_count,
            )
        )


def _with_freeze(held: Held, days: Span) -> Held:
    return replace(held, freezes=(*held.freezes, Freeze(None, days.first, days.last)))


def _planned(memberships: list[Held], changed: Held, freeze: Freeze, today: date) -> FreezePlan:
    before = list(memberships)
    return FreezePlan(
        membership=changed.id,
        freeze=freeze,
        moves=chains.moves(before, chains.settle(before, changed, today)),
        allowance_left=max(0, changed.allowance_days - allowance_used(changed)),
        count=len(changed.own_days),
    )


def plan_freeze(
    memberships: Iterable[Held],
    membership: int,
    starts_on: date,
    ends_on: date,
    *,
    today: date,
    override_reason: str | None = None,
) -> FreezePlan:
    """Freeze one of a member's memberships: the plan of all that moves.

    Raises what ``check_freeze`` raises, ``FreezeDaysRefused``, ``chains.MovesStarted``, ``chains.FreezeInTheWay``.
    """
    if ends_on < starts_on:
        raise FreezeDaysRefused(sentence(N_("The last day lies before the first.")))
    everything = list(memberships)
    held = next(held for held in everything if held.id == membership)
    days = Span(starts_on, ends_on)
    check_freeze(held, days, today, override_reason)
    return _planned(everything, _with_freeze(held, days), Freeze(None, starts_on, ends_on), today)


def plan_return(
    memberships: Iterable[Held],
    membership: int,
    freeze: int,
    returned_on: date,
    *,
    today: date,
    may_be_past: bool = False,
) -> FreezePlan:
    """End a freeze early: the member is back on the day, the freeze ends the day before or is void.

    ``may_be_past``: a manager's right, or a visit by policy. One of the history gives its unused days back by
    moving the end that it was part of. Raises ``FreezeOutside``, ``FreezeInThePast``, ``chains.MovesStarted``,
    ``chains.FreezeInTheWay``.
    """
    everything = list(memberships)
    held = next(held for held in everything if held.id == membership)
    old = next(row for row in held.freezes if row.id == freeze)
    if old.voided or returned_on > old.ends_on:
        refusal = (
            sentence(N_("This freeze is void."))
            if old.voided
            else sentence(N_("The freeze ended on %(day)s."), day=old.ends_on)
        )
        raise FreezeOutside(refusal, fields={"returned_on": [refusal]})
    if returned_on < today and not may_be_past:
        refusal = sentence(N_("Only a manager may enter a return in the past."))
        raise FreezeInThePast(refusal, fields={"returned_on": [refusal]})
    void = returned_on <= old.starts_on
    new = replace(old, voided=True) if void else replace(old, ends_on=returned_on - DAY)
    changed = replace(held, freezes=tuple(new if row is old else row for row in held.freezes))
    if old.history:
        unused = old.ends_on - max(returned_on, old.starts_on) + DAY
        changed = replace(changed, ends_on=max(held.ends_on - unused, held.starts_on))
    return _planned(everything, changed, new, today)


def plan_closure(memberships: Iterable[Held], closure: Closure, *, today: date) -> ClosurePlan:
    """Apply a closure to a member's memberships, one by one in order of start; applying it twice changes nothing."""

    def with_it(held: Held) -> Held:
        return replace(held, closures=(*(row for row in held.closures if row.id != closure.id), closure))

    return _one_by_one(memberships, closure.id, with_it, today)


def plan_reopening(memberships: Iterable[Held], closure: int, from_day: date, *, today: date) -> ClosurePlan:
    """Take a closure back on a day: its days from then on run again."""

    def without_it(held: Held) -> Held:
        kept = (
            row if row.id != closure else replace(row, ends_on=min(row.ends_on, from_day - DAY))
            for row in held.closures
        )
        return replace(held, closures=tuple(row for row in kept if row.starts_on <= row.ends_on))

    return _one_by_one(memberships, closure, without_it, today)


def _one_by_one(memberships: Iterable[Held], closure: int, change: Callable[[Held], Held], today: date) -> ClosurePlan:
    before = list(memberships)
    state, left = before, []
    for key in [held.id for held in chains.in_order(before)]:
        changed = change(next(held for held in state if held.id == key))
        try:
            state = chains.settle(state, changed, today)
        except (MovesStarted, FreezeInTheWay) as refusal:
            assert isinstance(refusal.message, Sentence)
            left.append(Left(key, refusal.message))
    frozen = (held.id for held in state if any(row.closure == closure for row in chains.as_stored(held).closure_days))
    return ClosurePlan(chains.moves(before, state), tuple(frozen), tuple(left))
