"""What the club sells: plans and promotions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memberships.exports.writing import File, Snapshot, yes_or_no
from memberships.imports.plans import Plans
from memberships.imports.promotions import Promotions
from memberships.models import PromotionKind
from memberships.rules import money

ONLY_ELSEWHERE = """
    EXISTS (SELECT FROM memberships_promotion_plans e WHERE e.promotion_id = p.id)
    AND NOT EXISTS (
        SELECT FROM memberships_promotion_plans e JOIN memberships_plan f ON f.id = e.plan_id
        WHERE e.promotion_id = p.id AND f.club_id = %(club)s
    )
"""
"""A promotion ``p`` for plans of other clubs alone: without its plans it would be one for all plans of this club."""


def _plans(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    query = """
        SELECT code, name, term_count || term_unit, price, freeze_days, freeze_min_days, freeze_max_count, zones, active
        FROM memberships_plan WHERE club_id = %(club)s ORDER BY id
    """
    for code, name, term, price, days, shortest, most, zones, active in snapshot.rows(query):
        yield (
            *(code, name, term, snapshot.amount(price), days, shortest, most),
            *(";".join(zones), yes_or_no(active)),
        )


def _promotions(snapshot: Snapshot) -> Iterator[Sequence[object]]:
    query = f"""
        SELECT p.code, p.name, p.kind, p.value, p.gift, p.audience, p.starts_on, p.ends_on,
            (SELECT string_agg(f.code, ';' ORDER BY f.id)
             FROM memberships_promotion_plans e JOIN memberships_plan f ON f.id = e.plan_id
             WHERE e.promotion_id = p.id AND f.club_id = %(club)s),
            p.segments, p.stackable, p.needs_code, p.min_tenure_months, p.early_days, p.max_uses,
            p.phone_summary, p.details
        FROM memberships_promotion p JOIN memberships_promotion_clubs c ON c.promotion_id = p.id
        WHERE c.club_id = %(club)s AND NOT ({ONLY_ELSEWHERE}) ORDER BY p.id
    """
    for row in snapshot.rows(query):
        code, name, kind, value, gift, audience, starts_on, ends_on, plans, segments, stackable, needs_code = row[:12]
        yield (
            *(code, name, kind, gift if kind == PromotionKind.GIFT else money.number_text(value)),
            *(";".join(audience), starts_on, ends_on, plans, ";".join(segments)),
            *(yes_or_no(stackable), yes_or_no(needs_code), *row[12:]),
        )


PLANS = File("plans", Plans.fields, _plans)
PROMOTIONS = File("promotions", Promotions.fields, _promotions)
