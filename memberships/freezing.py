"""Freezes of a membership, early returns, and closures of a club (PRODUCT.md §3.3).

Every operation plans first (``rules.freezing``, which the preview shows too) and then stores the plan: the freeze,
every membership that moves, the freezes of closures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from django.db.models import QuerySet

from memberships import events, histories, holding
from memberships.histories import History
from memberships.models import Closure, Club, Freeze, Member, Membership, User
from memberships.rules import chains
from memberships.rules import freezing as rules
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, Sentence, sentence


class ClosureDaysRefused(Invalid):
    """The last day of a closure lies before its first."""

    field = "ends_on"


class ReopenedInThePast(Invalid):
    """A closure is taken back from today on, or from a later day."""

    field = "on"


class ClosureFreeze(Conflict):
    """Days of a closure end with the closure, not by an early return."""

    code = "freeze_outside"


holding.violations["freeze_no_shared_day"] = lambda: rules.FreezeOverlap(
    sentence(N_("Another freeze holds some of these days."))
)


@dataclass(frozen=True)
class Left:
    """A membership that a closure leaves as it is, and why."""

    membership: Membership
    why: Sentence


@dataclass(frozen=True)
class Closed:
    """What a closure did: the memberships that it freezes, and those that it had to leave."""

    closure: Closure
    frozen: list[Membership]
    left: list[Left]


@dataclass(frozen=True)
class Preview:
    """What a closure would do: memberships it would freeze, all that would move, those it would have to leave."""

    frozen: list[Membership]
    moves: list[tuple[Membership, chains.Move]]
    left: list[Left]


AT_ONCE = 500
"""Members of a club whose memberships are read and written together."""

NOT_STORED = 2**62
"""The number of a closure that is only previewed: the days of those that stand already stay theirs."""


# ---- freezes ---------------------------------------------------------------------------------------------


def preview(
    *,
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date,
    now: dt.datetime,
    override_reason: str | None = None,
) -> rules.FreezePlan:
    """What a freeze would move, nothing stored; raises what ``give`` raises."""
    history = histories.of(membership.member)
    today = holding.moment_in(membership.club, now, None).today
    return rules.plan_freeze(
        history.held, membership.pk, starts_on, ends_on, today=today, override_reason=override_reason
    )


def give(
    *,
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date,
    now: dt.datetime,
    by: User | None,
    reason: str = "",
    override_reason: str | None = None,
) -> Freeze:
    """Freeze a membership on these days; its end and what is sold behind it move.

    ``override_reason`` (not None, a manager's): lifts *not before today*, minimum, allowance and count. Raises
    ``FreezeDaysRefused``, ``FreezeOutside``, ``FreezeInThePast``, ``FreezeMinimum``, ``OverrideReasonRequired``,
    ``FreezeOverlap``, ``FreezeAllowance``, ``FreezeCount`` of ``rules.freezing``, ``MovesStarted`` and
    ``FreezeInTheWay`` of ``rules.chains``.
    """
    with holding.member(membership.member_id, now=now, by=by, terms=True) as held:
        history = histories.of(held.member)
        plan = rules.plan_freeze(
            history.held,
            membership.pk,
            starts_on,
            ends_on,
            today=held.moment.today,
            override_reason=override_reason,
        )
        freeze = Freeze.objects.create(
            membership=history.rows[membership.pk],
            starts_on=starts_on,
            ends_on=ends_on,
            reason=reason.strip(),
            override_reason=(override_reason or "").strip(),
            made_at=now,
            made_by=by,
        )
        stored = histories.store(history, plan.moves, held.moment)
        for listener in events.frozen:
            listener(freezes=[freeze], moved=stored.moved, moment=held.moment)
        return freeze


def preview_end(
    *, freeze: Freeze, returned_on: dt.date, now: dt.datetime, supervisor: bool = False
) -> rules.FreezePlan:
    """What an early return would move, nothing stored; raises what ``end`` raises."""
    member = Member.objects.get(memberships=freeze.membership_id)
    club = Club.objects.get(members=member.pk)
    today = holding.moment_in(club, now, None).today
    return _plan_return(histories.of(member), freeze, returned_on, today, may_be_past=supervisor)


def end(
    *,
    freeze: Freeze,
    returned_on: dt.date,
    now: dt.datetime,
    by: User | None,
    supervisor: bool = False,
) -> Freeze:
    """End a freeze the day before ``returned_on`` (its first day or earlier: it is void); unused days go back.

    ``supervisor``: the day may lie in the past (a manager, or a visit by policy). Raises ``FreezeOutside``,
    ``FreezeInThePast``, ``ClosureFreeze``, ``MovesStarted``, ``FreezeInTheWay``.
    """
    member_id = Membership.objects.values_list("member_id", flat=True).get(pk=freeze.membership_id)
    with holding.member(member_id, now=now, by=by, terms=True) as held:
        history = histories.of(held.member)
        freeze = Freeze.objects.get(pk=freeze.pk)
        plan = _plan_return(history, freeze, returned_on, held.moment.today, may_be_past=supervisor)
        freeze.planned_ends_on = freeze.planned_ends_on or freeze.ends_on
        freeze.returned_on = returned_on
        freeze.ends_on, freeze.voided = plan.freeze.ends_on, plan.freeze.voided
        freeze.save(update_fields=["planned_ends_on", "returned_on", "ends_on", "voided"])
        stored = histories.store(history, plan.moves, held.moment)
        for listener in events.unfrozen:
            listener(freezes=[freeze], moved=stored.moved, moment=held.moment)
        return freeze


def _plan_return(
    history: History, freeze: Freeze, returned_on: dt.date, today: dt.date, *, may_be_past: bool
) -> rules.FreezePlan:
    if freeze.closure_id is not None:
        raise ClosureFreeze(sentence(N_("These days are frozen because the club is closed.")))
    if freeze.voided:
        refusal = sentence(N_("This freeze is void."))
        raise rules.FreezeOutside(refusal, fields={"returned_on": [refusal]})
    return rules.plan_return(
        history.held, freeze.membership_id, freeze.pk, returned_on, today=today, may_be_past=may_be_past
    )


# ---- closures --------------------------------------------------------------------------------------------


def close_club(
    *, club: Club, starts_on: dt.date, ends_on: dt.date, why: str, now: dt.datetime, by: User | None
) -> Closed:
    """Close a club on these days: freezes each of them that a membership covers, outside of its allowance.

    The same days with the same words a second time are the same closure, applied again. Raises
    ``ClosureDaysRefused``.
    """
    if ends_on < starts_on:
        raise ClosureDaysRefused(sentence(N_("The last day lies before the first.")))
    if not why.strip():
        refusal = sentence(N_("Say why the club is closed."))
        raise Invalid(refusal, fields={"why": [refusal]})
    with holding.operation(by=by):
        holding.hold_closures(club)
        same = Closure.objects.filter(club=club, starts_on=starts_on, ends_on=ends_on, why=why.strip())
        closure = same.filter(taken_back_on=None).order_by("pk").first()
        if closure is None:
            closure = Closure.objects.create(
                club=club, starts_on=starts_on, ends_on=ends_on, why=why.strip(), made_at=now, made_by=by
            )
        return apply(closure=closure, now=now, by=by)


def preview_closure(*, club: Club, starts_on: dt.date, ends_on: dt.date, now: dt.datetime) -> Preview:
    """What a closure would move, nothing stored. Raises ``ClosureDaysRefused``."""
    if ends_on < starts_on:
        raise ClosureDaysRefused(sentence(N_("The last day lies before the first.")))
    days = chains.Closure(NOT_STORED, starts_on, ends_on)
    today = holding.moment_in(club, now, None).today
    preview = Preview([], [], [])
    for history in chain.from_iterable(_histories(_touched(club, starts_on))):
        plan = rules.plan_closure(history.held, days, today=today)
        preview.frozen.extend(history.rows[pk] for pk in plan.frozen)
        preview.moves.extend((history.rows[move.membership], move) for move in plan.moves)
        preview.left.extend(Left(history.rows[left.membership], left.why) for left in plan.left)
    return preview


def apply(*, closure: Closure, now: dt.datetime, by: User | None) -> Closed:
    """Freeze what a closure should freeze; applying it twice changes nothing."""
    days = histories.closure_days(closure)

    def plan(history: History, today: dt.date) -> rules.ClosurePlan:
        return rules.plan_closure(history.held, days, today=today)

    return _for_all(closure, plan, now, by)


def left_of(*, closure: Closure, now: dt.datetime) -> list[Left]:
    """The memberships that a closure, as it stands, cannot freeze, and why; nothing stored."""
    days = histories.closure_days(closure)
    if days.ends_on < days.starts_on:
        return []
    today = holding.moment_in(closure.club, now, None).today
    found: list[Left] = []
    inside = Membership.objects.filter(club=closure.club, starts_on__lte=days.ends_on).values("member")
    for history in chain.from_iterable(_histories(_touched(closure.club, days.starts_on).filter(pk__in=inside))):
        plan = rules.plan_closure(history.held, days, today=today)
        found.extend(Left(history.rows[left.membership], left.why) for left in plan.left)
    return found


def reopen(*, closure: Closure, now: dt.datetime, by: User | None, on: dt.date | None = None) -> Closed:
    """Take a closure back: its days from ``on`` (None: today) run again. The past stays as it was.

    Raises ``ReopenedInThePast``.
    """
    with holding.operation(by=by):
        holding.hold_closures(closure.club)
        closure = Closure.objects.select_for_update().select_related("club").get(pk=closure.pk)
        today = holding.moment_in(closure.club, now, by).today
        from_day = on or today
        if from_day < today:
            raise ReopenedInThePast(sentence(N_("Days that are over stay frozen: choose today or a later day.")))
        closure.taken_back_on = min(from_day, closure.taken_back_on or from_day)

        def plan(history: History, today: dt.date) -> rules.ClosurePlan:
            return rules.plan_reopening(history.held, closure.pk, closure.taken_back_on or from_day, today=today)

        done = _for_all(closure, plan, now, by)
        closure.save(update_fields=["taken_back_on"])
        return done


def _for_all(
    closure: Closure, plan: Callable[[History, dt.date], rules.ClosurePlan], now: dt.datetime, by: User | None
) -> Closed:
    """Plan and store member by member, in order of id, for those with a membership that ends after it begins."""
    done = Closed(closure, [], [])
    closed: list[Freeze] = []
    opened: list[Freeze] = []
    moved: list[Membership] = []
    with holding.operation(by=by):
        holding.hold_closures(closure.club)
        moment = holding.moment_in(closure.club, now, by)
        for found in _histories(_touched(closure.club, closure.starts_on).select_for_update()):
            planned = [(history, plan(history, moment.today)) for history in found]
            stored = histories.store_all([(history, one.moves) for history, one in planned], moment)
            closed += stored.closed
            opened += stored.opened
            moved += stored.moved
            for history, one in planned:
                done.frozen.extend(history.rows[pk] for pk in one.frozen)
                done.left.extend(Left(history.rows[left.membership], left.why) for left in one.left)
        if closed:
            for listener in events.frozen:
                listener(freezes=closed, moved=moved, moment=moment)
        if opened:
            for listener in events.unfrozen:
                listener(freezes=opened, moved=moved, moment=moment)
    return done


def _histories(members: QuerySet[Member]) -> Iterator[list[History]]:
    """The memberships of each of the members, so many members at once."""
    everybody = list(members)
    for start in range(0, len(everybody), AT_ONCE):
        yield histories.of_members(everybody[start : start + AT_ONCE])


def _touched(club: Club, since: dt.date) -> QuerySet[Member]:
    """The members of a club with a membership that covers the day or a later one, in order of id."""
    rows = Membership.objects.filter(club=club, last_covered_on__gte=since).values("member")
    return Member.objects.filter(pk__in=rows).order_by("pk")
