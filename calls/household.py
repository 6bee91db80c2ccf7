"""The household of a call: everybody else who is rung on the number (§6)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from calls import policy
from calls.fixed import Fixed, Given
from calls.models import CallTask
from memberships.models import Member
from memberships.rules import terms


def mates(*, task: CallTask, today: dt.date) -> list[Member]:
    """By name; nobody where the task has no number. Minors count by their guardian's number as well as by their own."""
    if not task.phone:
        return []
    adult_since = terms.add_months(today, -12 * policy.ADULT_YEARS)
    return MATES(phone=task.phone, adult_since=adult_since, club=task.club_id, member=task.member_id)


def on_number(*, club: int, phone: str) -> list[int]:
    """The ids of all on whose behalf a number may be rung: it is theirs or their guardian's."""
    return [pk for (pk,) in ON_NUMBER(club=club, phone=phone)] if phone else []


# No number is nobody's, and the indexes hold none.
THEIRS = Q(phone=Given("phone")) & ~Q(phone="")
GUARDIANS = Q(guardian_phone=Given("phone")) & ~Q(guardian_phone="")
MATES = Fixed(
    lambda: (
        Member.objects.filter(
            THEIRS | GUARDIANS & Q(birthday__gt=Given("adult_since")),
            club=Given("club"),
            merged_into=None,
            deceased_on=None,
        )
        .exclude(pk=Given("member"))
        .order_by("last_name", "first_name", "pk")
    )
)
ON_NUMBER = Fixed(lambda: Member.objects.filter(THEIRS | GUARDIANS, club=Given("club")).values_list("pk"))
