"""What a freeze, an early return, a closure or a cancellation will do, before it is saved (PRODUCT.md §3.3).

It is done and taken back in one transaction, with a look at what hangs on the members' days before and after. So the
preview names what saving does, by the same rules, in every room.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import transaction

from memberships import freezing, histories, holding, places, sales
from memberships.events import Moment
from memberships.models import Club, Freeze, Membership, User
from memberships.places import Hanging
from memberships.rules import freezing as rules
from memberships.rules import sales as sale_rules
from memberships.rules.terms import DAY


@dataclass(frozen=True)
class Touched:
    """Something of another room that would stand otherwise; ``before`` None: it comes, ``after`` None: it goes."""

    before: Hanging | None
    after: Hanging | None

    @property
    def either(self) -> Hanging:
        """As it would be, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found


def freeze(
    *,
    membership: Membership,
    starts_on: dt.date,
    ends_on: dt.date,
    now: dt.datetime,
    by: User | None,
    override_reason: str | None = None,
) -> tuple[rules.FreezePlan, list[Touched]]:
    """What a freeze would move, nothing stored. Raises what ``freezing.give`` raises."""
    days = {"starts_on": starts_on, "ends_on": ends_on}
    plan = freezing.preview(membership=membership, **days, now=now, override_reason=override_reason)

    def give() -> None:
        freezing.give(membership=membership, **days, now=now, by=by, override_reason=override_reason)

    return plan, _rehearsed(give, [membership.member_id], holding.moment_in(membership.club, now, by))


def early_return(
    *, freeze: Freeze, returned_on: dt.date, now: dt.datetime, by: User | None, supervisor: bool = False
) -> tuple[rules.FreezePlan, list[Touched]]:
    """What an early return would move, nothing stored. Raises what ``freezing.end`` raises."""
    plan = freezing.preview_end(freeze=freeze, returned_on=returned_on, now=now, supervisor=supervisor)

    def end() -> None:
        freezing.end(freeze=freeze, returned_on=returned_on, now=now, by=by, supervisor=supervisor)

    membership = freeze.membership
    return plan, _rehearsed(end, [membership.member_id], holding.moment_in(membership.club, now, by))


def closure(
    *, club: Club, starts_on: dt.date, ends_on: dt.date, now: dt.datetime, by: User | None
) -> tuple[freezing.Preview, list[Touched]]:
    """What a closure would move, nothing stored. Raises ``freezing.ClosureDaysRefused``."""
    days = {"starts_on": starts_on, "ends_on": ends_on}
    preview = freezing.preview_closure(club=club, **days, now=now)

    def close() -> None:
        freezing.close_club(club=club, **days, why="?", now=now, by=by)

    members = {membership.member_id for membership, _move in preview.moves}
    return preview, _rehearsed(close, members, holding.moment_in(club, now, by))


@dataclass(frozen=True)
class Cancellation:
    """What a cancellation does: the last covered day after it (before the start: none), and what it ends."""

    last_covered_on: dt.date
    covers_nothing: bool
    days_lost: int
    voided: list[Freeze]
    uses_back: list[str]
    behind: Membership | None
    touched: list[Touched]


def cancellation(
    *, membership: Membership, on: dt.date, now: dt.datetime, by: User | None, supervisor: bool = False
) -> Cancellation:
    """What cancelling from a day on does, nothing stored. Raises what ``sales.cancel`` raises."""
    done: list[Membership] = []
    ended: list[Freeze] = []
    uses: list[str] = []
    standing = set(membership.freezes.filter(voided=False).values_list("pk", flat=True))

    def cancel() -> None:
        done.append(sales.cancel(membership=membership, on=on, reason="?", now=now, by=by, supervisor=supervisor))
        ended.extend(Freeze.objects.filter(pk__in=standing, voided=True).order_by("starts_on"))
        given_back = membership.promotion_uses.filter(given_back=True).select_related("promotion")
        uses.extend(use.promotion.name for use in given_back.order_by("promotion__code"))

    touched = _rehearsed(cancel, [membership.member_id], holding.moment_in(membership.club, now, by))
    last = done[0].last_covered_on
    history = histories.of(membership.member)
    behind = sale_rules.successor(history.sold, history.sold_as(membership))
    return Cancellation(
        last_covered_on=last,
        covers_nothing=last < membership.starts_on,
        days_lost=(membership.last_covered_on - max(last, membership.starts_on - DAY)).days,
        voided=ended,
        uses_back=uses,
        behind=history.rows[behind.id] if behind else None,
        touched=touched,
    )


def _rehearsed(work: Callable[[], None], members: Collection[int], moment: Moment) -> list[Touched]:
    """Do it, see what stands otherwise, and take it back."""
    if not members:
        return []
    with transaction.atomic():
        before = _hanging(members, moment)
        work()
        after = _hanging(members, moment)
        transaction.set_rollback(True)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    touched = [Touched(before.get(key), after.get(key)) for key in keys]
    return sorted(touched, key=lambda one: (one.either.kind, one.either.on or dt.date.max, one.either.key))


def _hanging(members: Collection[int], moment: Moment) -> dict[str, Hanging]:
    return {one.key: one for place in places.hangings for one in place(members=members, moment=moment)}
