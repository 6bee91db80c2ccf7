"""The household of a call: everybody else who is rung on the number (§6)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from calls import policy
from calls.fixed import Fixed, Given
from calls.models import CallTask
from memberships.models import Member
from memberships.rules import terms


def mates(*, task: CallTask, today: dt.date) -> QuerySet[Member]:
    """By name; nobody where the task has no number. Minors count by their guardian's number as well as by their own."""
    if not task.phone:
        return Member.objects.none()
    return _on_number(task.phone, _adult_since(today), task.club_id, task.member_id)


def named(*, task: CallTask, today: dt.date) -> list[Member]:
    """The same people, read."""
    if not task.phone:
        return []
    return MATES(phone=task.phone, adult_since=_adult_since(today), club=task.club_id, member=task.member_id)


def _adult_since(today: dt.date) -> dt.date:
    """Who was born later is a minor."""
    return terms.add_months(today, -12 * policy.ADULT_YEARS)


def _on_number(phone: object, adult_since: object, club: object, member: object) -> QuerySet[Member]:
    theirs = Q(phone=phone) & ~Q(phone="")  # no number is nobody's, and the indexes hold none
    guardians = Q(guardian_phone=phone) & ~Q(guardian_phone="") & Q(birthday__gt=adult_since)
    there = theirs | guardians
    rows = Member.objects.filter(there, club=club, merged_into=None, deceased_on=None)
    return rows.exclude(pk=member).order_by("last_name", "first_name", "pk")


def on_number(*, club: int, phone: str) -> list[int]:
    """The ids of all on whose behalf a number may be rung: it is theirs or their guardian's."""
    return [pk for (pk,) in ON_NUMBER(club=club, phone=phone)] if phone else []


ON_NUMBER = Fixed(
    lambda: Member.objects.filter(
        Q(phone=Given("phone")) & ~Q(phone="") | Q(guardian_phone=Given("phone")) & ~Q(guardian_phone=""),
        club=Given("club"),
    ).values_list("pk")
)
MATES = Fixed(lambda: _on_number(Given("phone"), Given("adult_since"), Given("club"), Given("member")))
