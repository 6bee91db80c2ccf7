"""Sold memberships and their freezes, such that a load puts each where it lies.

A freeze that has started is part of the last day that its membership is given, and is loaded as history. One that
lies ahead moves what stands behind it once it is loaded: so memberships are written as they lie without it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace

from memberships import histories
from memberships.exports.stock import ONLY_ELSEWHERE
from memberships.exports.writing import File, Snapshot
from memberships.imports.freezes import Freezes
from memberships.imports.memberships import Memberships
from memberships.models import Member, PromotionKind, SaleKind
from memberships.rules import chains, terms
from memberships.rules.terms import Term

Days = tuple[dt.date, dt.date]

PLANNED = """
    SELECT DISTINCT m.member_id FROM memberships_freeze z JOIN memberships_membership m ON m.id = z.membership_id
    WHERE m.club_id = %(club)s AND NOT z.voided AND z.starts_on >= %(as_of)s
"""
ROWS = f"""
    SELECT m.id, m.external_id, o.external_id, p.code, m.starts_on, m.effective_ends_on,
        m.ends_given OR m.closed_on IS NOT NULL OR z.membership_id IS NOT NULL AS given,
        p.term_count, p.term_unit, u.bonus_days,
        m.sold_on, m.price_paid, u.promotions, m.special_terms, m.balance_due, m.balance_due_on,
        m.cancelled_on, m.cancel_reason, k.external_id, m.credit
    FROM memberships_membership m
    JOIN memberships_member o ON o.id = m.member_id
    JOIN memberships_plan p ON p.id = m.plan_id
    LEFT JOIN memberships_membership k ON k.id = m.renewed_from_id AND m.sale_kind = '{SaleKind.CHANGE.value}'
    LEFT JOIN (
        SELECT DISTINCT membership_id FROM memberships_freeze WHERE NOT voided AND starts_on < %(as_of)s
    ) z ON z.membership_id = m.id
    LEFT JOIN (
        SELECT u.membership_id, string_agg(p.code, ';' ORDER BY p.id) AS promotions,
            sum(trunc(p.value)) FILTER (WHERE p.kind = '{PromotionKind.BONUS_DAYS.value}') AS bonus_days
        FROM memberships_promotionuse u JOIN memberships_promotion p ON p.id = u.promotion_id
        WHERE NOT ({ONLY_ELSEWHERE}) GROUP BY 1
    ) u ON u.membership_id = m.id
    WHERE m.club_id = %(club)s ORDER BY o.id, m.starts_on, m.external_id COLLATE "C"
"""


def _memberships(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    """The last day stands where term, plan and promotions do not count it."""
    lying = _without_planned(snapshot)
    for row in snapshot.rows(ROWS):
        pk, external_id, member, plan, starts_on, ends_on, given, count, unit, bonus = row[:10]
        sold_on, paid, promotions, special_terms, due, due_on, cancelled_on, cancel_reason, changed_from, credit = row[
            10:
        ]
        starts_on, ends_on = lying.get(pk, (starts_on, ends_on))
        counted = terms.ends_on(starts_on, Term(count, unit)) + dt.timedelta(days=int(bonus or 0))
        yield (
            *(external_id, member, plan, starts_on, ends_on if given or counted != ends_on else None, sold_on),
            *(snapshot.amount(paid), promotions, special_terms, snapshot.amount(due), due_on),
            *(cancelled_on, cancel_reason, changed_from, snapshot.amount(credit)),
        )


def _without_planned(snapshot: Snapshot) -> dict[int, Days]:
    """First and last day as they would be without the freezes that lie ahead, of those that these move."""
    moved: dict[int, Days] = {}
    members = [pk for (pk,) in snapshot.rows(PLANNED)]
    for member in members:
        held = histories.of(Member.objects.get(pk=member)).held
        state = chains.in_order(held)
        for each in reversed(state):  # what is planned in a later one must not be in the way of an earlier one
            now = next(other for other in state if other.id == each.id)
            started = replace(
                now,
                freezes=tuple(freeze for freeze in now.freezes if freeze.starts_on < snapshot.as_of),
                closures=tuple(
                    closure for closure in now.closures if max(closure.starts_on, now.starts_on) < snapshot.as_of
                ),
            )
            if started != now:
                state = chains.settle(state, started, snapshot.as_of)
        moved |= {each.id: (each.starts_on, each.effective_ends_on) for each in state}
    return moved


def _freezes(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    """Those of closures too: the days were frozen, whoever asked for it."""
    yield from snapshot.rows("""
        SELECT m.external_id, z.starts_on, z.ends_on, z.reason
        FROM memberships_freeze z JOIN memberships_membership m ON m.id = z.membership_id
        WHERE m.club_id = %(club)s AND NOT z.voided ORDER BY m.member_id, z.starts_on
    """)


MEMBERSHIPS = File("memberships", Memberships.fields, _memberships)
FREEZES = File("freezes", Freezes.fields, _freezes)
