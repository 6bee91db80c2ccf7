"""The household of a call: everybody else who is rung on the number (§6)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from calls import policy
from calls.models import CallTask
from memberships.models import Member
from memberships.rules import terms


def mates(*, task: CallTask, today: dt.date) -> QuerySet[Member]:
    """By name; nobody where the task has no number. Minors count by their guardian's number as well as by their own."""
    if not task.phone:
        return Member.objects.none()
    minor = Q(birthday__gt=terms.add_months(today, -12 * policy.ADULT_YEARS))
    there = Q(phone=task.phone) | Q(guardian_phone=task.phone) & minor
    rows = Member.objects.filter(there, club=task.club_id, merged_into=None, deceased_on=None)
    return rows.exclude(pk=task.member_id).order_by("last_name", "first_name", "pk")
