"""All memberships of one member as the rules take them, and the storing of what the rules answer.

The caller holds the member (``memberships.holding``): nothing here locks.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

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
    return of_members([member])[0]


def of_members(members: Sequence[Member]) -> list[History]:
    """The same for many members of one club at once, in their order."""
    rows: dict[int, list[Membership]] = defaultdict(list)
    found = Membership.objects.filter(member__in=members).select_related("plan", "club", "member")
    for row in found.order_by("starts_on", "pk"):
        rows[row.member_id].append(row)
    freezes: dict[int, list[Freeze]] = defaultdict(list)
    for freeze in Freeze.objects.filter(membership__member__in=members, voided=False).order_by("starts_on"):
        freezes[freeze.membership_id].append(freeze)
    closures = closures_of(members[0].club_id) if rows else []
    return [
        History(
            {row.pk: row for row in rows[member.pk]},
            tuple(held(row, freezes[row.pk], closures) for row in rows[member.pk]),
            tuple(sold(row) for row in rows[member.pk]),
        )
        for member in members
    ]


def sold_to(member: Member) -> tuple[sales.Sold, ...]:
    """The memberships of a member in order of start as the rules of sale take them (``History.sold``), one query."""
    return tuple(map(sold, Membership.objects.filter(member=member).order_by("starts_on", "pk")))


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


LIE = """
UPDATE memberships_membership m SET starts_on = x.starts_on, ends_on = x.ends_on, frozen_days = x.frozen_days,
    effective_ends_on = x.effective_ends_on, last_covered_on = x.last_covered_on
FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::int[], %s::date[], %s::date[])
    AS x(id, starts_on, ends_on, frozen_days, effective_ends_on, last_covered_on)
WHERE m.id = x.id
"""

COVERED = """
UPDATE memberships_member m SET last_covered_on = x.last_covered_on
FROM (SELECT n.id, (SELECT max(s.last_covered_on) FROM memberships_membership s
                    WHERE s.member_id = n.id AND s.last_covered_on >= s.starts_on) AS last_covered_on
      FROM unnest(%s::bigint[]) AS n(id)) AS x
WHERE m.id = x.id AND m.last_covered_on IS DISTINCT FROM x.last_covered_on
"""

Moves = Sequence[chains.Move]
Placed = tuple[Membership, chains.Placement]


def store(history: History, moves: Moves, moment: Moment) -> Stored:
    """Write where memberships lie now, with the freezes of closures, and what hangs on it (chains, the member)."""
    return store_all([(history, moves)], moment)


def store_all(planned: Sequence[tuple[History, Moves]], moment: Moment) -> Stored:
    """The same for many members at once.

    The memberships of one member go one after another, later ones first where days move forward and earlier ones
    first where they move back: no two of them ever share a day on the way.
    """
    waves: list[list[Placed]] = []
    for history, moves in planned:
        for place_in_order, move in enumerate(_without_touching(moves)):
            if place_in_order == len(waves):
                waves.append([])
            waves[place_in_order].append((history.rows[move.membership], move.after))
    stored = Stored([], [], [])
    for wave in waves:
        made, opened = _write(wave, moment)
        stored.moved.extend(row for row, _placement in wave)
        stored.closed.extend(made)
        stored.opened.extend(opened)
    refresh([history for history, moves in planned if moves])
    stored.moved.sort(key=lambda row: (row.member_id, row.starts_on))
    return stored


def _without_touching(moves: Moves) -> list[chains.Move]:
    """The moves of one member in the order in which they can be written one by one."""
    forward, back = [], []
    for move in moves:
        later = (move.after.effective_ends_on, move.after.starts_on) > (
            move.before.effective_ends_on,
            move.before.starts_on,
        )
        (forward if later else back).append(move)
    return [*reversed(forward), *back]


def place(row: Membership, placement: chains.Placement, moment: Moment) -> None:
    """Write one membership's days and the freezes that closures make in it."""
    _write([(row, placement)], moment)


def _write(placed: Sequence[Placed], moment: Moment) -> tuple[list[Freeze], list[Freeze]]:
    """Write memberships of different members; answers the freezes of closures made anew and given up."""
    for row, placement in placed:
        row.starts_on, row.ends_on = placement.starts_on, placement.ends_on
        row.frozen_days, row.effective_ends_on = placement.frozen_days, placement.effective_ends_on
        row.last_covered_on = last_covered(row)
    names = ("pk", "starts_on", "ends_on", "frozen_days", "effective_ends_on", "last_covered_on")
    with connection.cursor() as cursor:
        cursor.execute(LIE, [[getattr(row, name) for row, _placement in placed] for name in names])
    return _write_closure_days({row.pk: placement.closure_days for row, placement in placed}, moment)


def last_covered(row: Membership) -> dt.date:
    """The last day that a membership covers; before its start where it covers none."""
    if row.cancelled_on is None:
        return row.effective_ends_on
    return min(row.effective_ends_on, row.cancelled_on - DAY)


def _write_closure_days(
    wanted: dict[int, tuple[chains.ClosureDays, ...]], moment: Moment
) -> tuple[list[Freeze], list[Freeze]]:
    """Bring the freezes of closures in line with what is wanted, by membership."""
    have: dict[tuple[int, int | None], list[Freeze]] = defaultdict(list)
    standing = Freeze.objects.filter(membership__in=wanted, voided=False, closure__isnull=False)
    for freeze in standing.select_related("membership__club").order_by("-starts_on"):
        have[freeze.membership_id, freeze.closure_id].append(freeze)
    changed, made = [], []
    for membership, rows in wanted.items():
        for days in rows:
            if not have[membership, days.closure]:
                made.append((membership, days))
                continue
            freeze = have[membership, days.closure].pop()
            if (freeze.starts_on, freeze.ends_on) != (days.days.first, days.days.last):
                freeze.starts_on, freeze.ends_on = days.days.first, days.days.last
                changed.append(freeze)
    gone = [freeze for freezes in have.values() for freeze in freezes]
    # void first: on the way to their new days two of them could share one
    Freeze.objects.filter(pk__in=[freeze.pk for freeze in [*gone, *changed]]).update(voided=True)
    for freeze in changed:
        freeze.save(update_fields=["starts_on", "ends_on", "voided"])
    closures = Closure.objects.in_bulk({days.closure for _membership, days in made})
    memberships = Membership.objects.select_related("club").in_bulk({membership for membership, _days in made})
    new = Freeze.objects.bulk_create(
        Freeze(
            membership=memberships[membership],
            starts_on=days.days.first,
            ends_on=days.days.last,
            reason=closures[days.closure].why,
            closure=closures[days.closure],
            made_at=moment.now,
            made_by=moment.by,
        )
        for membership, days in made
    )
    return new, gone


def refresh(histories: Iterable[History]) -> None:
    """Bring up to date what hangs on the days: where each chain began, and the members' last covered days."""
    members = set()
    for history in histories:
        rows = list(history.rows.values())
        now_sold = [sold(row) for row in rows]
        for row, as_sold in zip(rows, now_sold, strict=True):
            members.add(row.member_id)
            begun = sales.chain_start(now_sold, as_sold)
            if row.chain_starts_on != begun:
                row.chain_starts_on = begun
                row.save(update_fields=["chain_starts_on"])
    refresh_members(members)


def refresh_members(members: Collection[int]) -> None:
    """Store the members' last covered days: the latest of all memberships that cover a day."""
    if members:
        with connection.cursor() as cursor:
            cursor.execute(COVERED, [list(members)])
