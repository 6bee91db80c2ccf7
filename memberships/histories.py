"""All memberships of one member as the rules take them, and the storing of what the rules answer.

The caller holds the member (``memberships.holding``): nothing here locks.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Max

from memberships.events import Moment
from memberships.models import Closure, Freeze, Member, Membership
from memberships.rules import chains, sales, terms
from memberships.rules.terms import DAY, Span


@dataclass(frozen=True)
class History:
    """The memberships of a member by id, in order of start, and what the rules know of each."""

    rows: dict[int, Membership]
    held: tuple[chains.Held, ...]
    sold: tuple[sales.Sold, ...]

    def sold_as(self, membership: Membership) -> sales.Sold:
        return next(sold for sold in self.sold if sold.id == membership.pk)


@dataclass(frozen=True)
class Stored:
    """What a storing changed: memberships whose days moved; freezes that closures made anew, and that they gave up."""

    moved: list[Membership]
    closed: list[Freeze]
    opened: list[Freeze]


def of(member: Member) -> History:
    """Read all memberships of a member with their freezes and the closures that hold for them."""
    rows = list(Membership.objects.filter(member=member).select_related("plan", "club").order_by("starts_on", "pk"))
    freezes: dict[int, list[Freeze]] = defaultdict(list)
    for freeze in Freeze.objects.filter(membership__member=member, voided=False).order_by("starts_on"):
        freezes[freeze.membership_id].append(freeze)
    closures = closures_of(member.club_id) if rows else []
    return History(
        {row.pk: row for row in rows},
        tuple(held(row, freezes[row.pk], closures) for row in rows),
        tuple(sold(row) for row in rows),
    )


def sold(row: Membership) -> sales.Sold:
    """A membership as the rules of sale take it."""
    return sales.Sold(
        row.pk,
        row.starts_on,
        row.effective_ends_on,
        sales.SaleKind(row.sale_kind),
        row.sold_on,
        row.cancelled_on,
        row.closed_on,
        row.renewed_from_id,
    )


def held(row: Membership, freezes: Iterable[Freeze], closures: Iterable[Closure]) -> chains.Held:
    """A membership as the rules of freezing take it; ``freezes``: those not void, ``closures``: of its club."""
    rows = list(freezes)
    return chains.Held(
        id=row.pk,
        term=terms.Term(row.term_count, row.term_unit),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        effective_ends_on=row.effective_ends_on,
        bonus_days=row.bonus_days,
        frozen_days=row.frozen_days,
        cancelled_on=row.cancelled_on,
        closed_on=row.closed_on,
        follows=row.renewed_from_id if row.follows else None,
        given_starts_on=row.given_starts_on,
        allowance_days=row.freeze_allowance,
        minimum_days=row.freeze_min_days,
        max_count=row.freeze_max_count,
        freezes=tuple(
            chains.Freeze(freeze.pk, freeze.starts_on, freeze.ends_on, history=freeze.history)
            for freeze in rows
            if freeze.closure_id is None
        ),
        closures=tuple(days for closure in closures if (days := _days_for(closure, row, rows)) is not None),
    )


def closures_of(club_id: int) -> list[Closure]:
    """The closures of a club in the order in which they were made."""
    return list(Closure.objects.filter(club=club_id).order_by("pk"))


def closure_days(closure: Closure) -> chains.Closure:
    """A closure as it stands: without the days from its taking back on (then it may end before it starts)."""
    last = closure.ends_on
    if closure.taken_back_on is not None:
        last = min(last, closure.taken_back_on - DAY)
    return chains.Closure(closure.pk, closure.starts_on, last)


def standing_closures(club_id: int) -> tuple[chains.Closure, ...]:
    """The closures of a club as they stand, for a membership that is being sold."""
    return tuple(days for days in map(closure_days, closures_of(club_id)) if days.starts_on <= days.ends_on)


def _days_for(closure: Closure, row: Membership, freezes: list[Freeze]) -> chains.Closure | None:
    """The days of a closure that hold for a membership; None for none.

    What the closure (or its taking back) had to leave as it was stays so: that is known from days which it should
    have frozen and has not, or still freezes.
    """
    stands = closure_days(closure)
    made = [freeze.ends_on for freeze in freezes if freeze.closure_id == closure.pk]
    days = terms.span_or_none(closure.starts_on, max([stands.ends_on, *made]))
    if days is None or not (made or _reaches(days, row, freezes)):
        return None
    return chains.Closure(closure.pk, days.first, days.last)


def _reaches(days: Span, row: Membership, freezes: list[Freeze]) -> bool:
    """Whether a closure that froze no day of a membership may still do so: it was not left out."""
    covered = terms.span_or_none(row.starts_on, row.last_covered_on)
    if covered is None or not covered.overlaps(days):
        return True
    common = Span(max(covered.first, days.first), min(covered.last, days.last))
    return not common.without([Span(freeze.starts_on, freeze.ends_on) for freeze in freezes])


def store(history: History, moves: Iterable[chains.Move], moment: Moment) -> Stored:
    """Write where memberships lie now, with the freezes of closures, and what hangs on it (chains, the member).

    Later ones first where days move forward, earlier ones first where they move back: no two of them ever share
    a day on the way.
    """
    forward, back = [], []
    for move in moves:
        later = (move.after.effective_ends_on, move.after.starts_on) > (
            move.before.effective_ends_on,
            move.before.starts_on,
        )
        (forward if later else back).append(move)
    stored = Stored([], [], [])
    for move in [*reversed(forward), *back]:
        row = history.rows[move.membership]
        made, opened = place(row, move.after, moment)
        stored.moved.append(row)
        stored.closed.extend(made)
        stored.opened.extend(opened)
    refresh(history)
    stored.moved.sort(key=lambda row: row.starts_on)
    return stored


def place(row: Membership, placement: chains.Placement, moment: Moment) -> tuple[list[Freeze], list[Freeze]]:
    """Write one membership's days and the freezes that closures make in it; answers those made anew and given up."""
    row.starts_on, row.ends_on = placement.starts_on, placement.ends_on
    row.frozen_days, row.effective_ends_on = placement.frozen_days, placement.effective_ends_on
    row.last_covered_on = last_covered(row)
    row.save(update_fields=["starts_on", "ends_on", "frozen_days", "effective_ends_on", "last_covered_on"])
    return _write_closure_days(row, placement.closure_days, moment)


def last_covered(row: Membership) -> dt.date:
    """The last day that a membership covers; before its start where it covers none."""
    if row.cancelled_on is None:
        return row.effective_ends_on
    return min(row.effective_ends_on, row.cancelled_on - DAY)


def _write_closure_days(
    row: Membership, wanted: Iterable[chains.ClosureDays], moment: Moment
) -> tuple[list[Freeze], list[Freeze]]:
    have: dict[int, list[Freeze]] = defaultdict(list)
    for freeze in Freeze.objects.filter(membership=row, voided=False, closure__isnull=False).order_by("-starts_on"):
        have[freeze.closure_id or 0].append(freeze)
    changed, made = [], []
    for days in wanted:
        if not have[days.closure]:
            made.append(days)
            continue
        freeze = have[days.closure].pop()
        if (freeze.starts_on, freeze.ends_on) != (days.days.first, days.days.last):
            freeze.starts_on, freeze.ends_on = days.days.first, days.days.last
            changed.append(freeze)
    gone = [freeze for freezes in have.values() for freeze in freezes]
    # void first: on the way to their new days two of them could share one
    Freeze.objects.filter(pk__in=[freeze.pk for freeze in [*gone, *changed]]).update(voided=True)
    for freeze in changed:
        freeze.save(update_fields=["starts_on", "ends_on", "voided"])
    whys = dict(Closure.objects.filter(pk__in=[days.closure for days in made]).values_list("pk", "why"))
    rows = [
        Freeze.objects.create(
            membership=row,
            starts_on=days.days.first,
            ends_on=days.days.last,
            reason=whys[days.closure],
            closure_id=days.closure,
            made_at=moment.now,
            made_by=moment.by,
        )
        for days in made
    ]
    return rows, gone


def refresh(history: History) -> None:
    """Bring up to date what hangs on the days: where each chain began, and the member's last covered day."""
    rows = list(history.rows.values())
    now_sold = [sold(row) for row in rows]
    for row, as_sold in zip(rows, now_sold, strict=True):
        begun = sales.chain_start(now_sold, as_sold)
        if row.chain_starts_on != begun:
            row.chain_starts_on = begun
            row.save(update_fields=["chain_starts_on"])
    if rows:
        refresh_member(rows[0].member_id)


def refresh_member(member_id: int) -> None:
    """Store the member's last covered day: the latest of all memberships that cover a day."""
    covering = Membership.objects.filter(member=member_id, last_covered_on__gte=F("starts_on"))
    last = covering.aggregate(last=Max("last_covered_on"))["last"]
    Member.objects.filter(pk=member_id).exclude(last_covered_on=last).update(last_covered_on=last)
