"""The nightly ranking of a club's members as gold, silver and copper, with its dated history (PRODUCT.md §3.5)."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from memberships import holding
from memberships.models import Club, Member, SegmentChange
from memberships.rules import segments as rules

BATCH = 5000

CHANGED = """
WITH running AS (
    SELECT m.id, m.segment, coalesce(p.paid, 0) AS paid
    FROM memberships_member m
    LEFT JOIN (SELECT s.member_id, sum(s.price_paid) AS paid FROM memberships_membership s
               WHERE s.club_id = %(club)s AND s.sold_on BETWEEN %(first)s AND %(last)s GROUP BY s.member_id) p
        ON p.member_id = m.id
    WHERE m.club_id = %(club)s AND m.merged_into_id IS NULL AND EXISTS (
        SELECT FROM memberships_membership s
        WHERE s.member_id = m.id AND s.starts_on <= %(on)s AND s.effective_ends_on >= %(on)s
          AND (s.cancelled_on IS NULL OR s.cancelled_on > %(on)s))
), ranked AS (
    SELECT r.*, rank() OVER (ORDER BY r.paid DESC) - 1 AS above, count(*) OVER () AS everybody FROM running r
)
SELECT r.id, r.segment, r.paid, r.above, r.everybody FROM ranked r
WHERE r.segment <> CASE WHEN r.paid <= 0 THEN 'copper'
                        WHEN r.above * 100 < %(gold)s * r.everybody THEN 'gold'
                        WHEN r.above * 100 < %(silver)s * r.everybody THEN 'silver' ELSE 'copper' END
"""
"""Members of the day whose segment is another than the one they have; which, and why, the rules say."""


def rank(*, club: Club, on: dt.date) -> int:
    """Give every member active or frozen on the day their segment as of it; others keep their last. Answers how many
    changed. Running it twice changes nothing; a day before somebody's latest change leaves them as they are.
    """
    with holding.operation(by=None):
        changes = _changes(club, on)
        SegmentChange.objects.bulk_create(
            changes,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["member", "on"],
            update_fields=["segment", "why"],
        )
        for segment in rules.Segment:
            ids = [change.member_id for change in changes if change.segment == segment]
            for first in range(0, len(ids), BATCH):
                # in order of id, as every other operation locks members
                rows = Member.objects.filter(pk__in=ids[first : first + BATCH]).order_by("pk")
                locked = list(rows.select_for_update().values_list("pk", flat=True))
                Member.objects.filter(pk__in=locked).update(segment=segment.value)
        return len(changes)


def history(member: Member) -> list[SegmentChange]:
    """From which day the member was of which segment, newest first."""
    return list(SegmentChange.objects.filter(member=member).order_by("-on"))


def _changes(club: Club, on: dt.date) -> list[SegmentChange]:
    policy, days = holding.policy_of(club), rules.money_days(on)
    borders = {"gold": policy.gold_percent, "silver": policy.silver_percent}
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"club": club.pk, "on": on, "first": days.first, "last": days.last, **borders})
        rows = cursor.fetchall()
    later = set(SegmentChange.objects.filter(member__club=club, on__gt=on).values_list("member", flat=True))
    changes = []
    for member, known, paid, above, everybody in rows:
        new = rules.ranked(
            paid, above, everybody, gold_percent=policy.gold_percent, silver_percent=policy.silver_percent
        )
        if new.segment != known and member not in later:
            changes.append(SegmentChange(member_id=member, on=on, segment=new.segment.value, why=new.why.to_json()))
    return changes
