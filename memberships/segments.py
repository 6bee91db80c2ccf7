"""The nightly ranking of a club's members as gold, silver and copper, with its dated history (PRODUCT.md §3.5)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Q, Sum

from memberships import holding, standing
from memberships.models import Club, Member, Membership, SegmentChange
from memberships.rules import segments as rules

BATCH = 5000


def rank(*, club: Club, on: dt.date) -> int:
    """Give every member active or frozen on the day their segment as of it; others keep their last. Answers how many
    changed. Running it twice changes nothing; a day before somebody's latest change leaves them as they are.
    """
    with holding.operation(by=None):
        policy = holding.policy_of(club)
        ranked = rules.segments(
            paid(club=club, on=on), gold_percent=policy.gold_percent, silver_percent=policy.silver_percent
        )
        changes = _changes(club, on, ranked)
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


def paid(*, club: Club, on: dt.date) -> dict[int, Decimal]:
    """What each member active or frozen on the day paid for sales of the last 365 days, by id (two queries)."""
    members = Member.objects.filter(standing.members_on(on), club=club, merged_into=None)
    sums = dict.fromkeys(members.values_list("pk", flat=True), Decimal(0))
    days = rules.money_days(on)
    recent = Q(club=club, sold_on__gte=days.first, sold_on__lte=days.last)
    rows = Membership.objects.filter(recent).order_by().values("member").annotate(sum=Sum("price_paid"))
    for member, amount in rows.values_list("member", "sum"):
        if member in sums:
            sums[member] = amount
    return sums


def history(member: Member) -> list[SegmentChange]:
    """From which day the member was of which segment, newest first."""
    return list(SegmentChange.objects.filter(member=member).order_by("-on"))


def _changes(club: Club, on: dt.date, ranked: dict[int, rules.Ranked]) -> list[SegmentChange]:
    known = dict(Member.objects.filter(club=club).exclude(segment="").values_list("pk", "segment"))
    later = set(SegmentChange.objects.filter(member__club=club, on__gt=on).values_list("member", flat=True))
    return [
        SegmentChange(member_id=member, on=on, segment=new.segment.value, why=new.why.to_json())
        for member, new in ranked.items()
        if known.get(member) != new.segment and member not in later
    ]
