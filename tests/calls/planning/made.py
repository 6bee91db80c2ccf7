"""Plans of a day, and what they are made of."""

from __future__ import annotations

import datetime as dt

from calls import planning
from calls.models import CallTask, Meeting
from calls.planning import Plan
from memberships.models import Club, Member, Membership
from memberships.rules.sentences import Sentence
from tests import days
from tests.factories import (
    make_employee,
    make_member,
    make_membership,
    make_visit,
    phone,
)

TODAY = days.TODAY
DAY = days.DAY


def plan(club: Club, on: dt.date = TODAY, **options: object) -> Plan:
    now = dt.datetime.combine(on, dt.time(0, 30), club.zone)
    return planning.plan(club=club, on=on, now=now, **options)


def member_since(club: Club, starts_on: str, number: int = 1, **fields: object) -> tuple[Member, Membership]:
    member = make_member(club, phone=phone(number))
    return member, make_membership(member, starts_on=days.day(starts_on), **fields)


def reason(task: CallTask) -> str:
    return str(Sentence.from_json(task.facts["reason"]))


def somebody_comes(club: Club, on: dt.date = TODAY) -> None:
    """The club counts visits: somebody, who is no member any more, was there."""
    make_visit(make_member(club, last_name="Guest", phone=""), f"{on - DAY}T09:00")


def a_meeting(member: Member, at: str, **fields: object) -> Meeting:
    host = make_employee(member.club, "administrator")
    starts_at = days.at(at)
    return Meeting.objects.create(
        club=member.club, member=member, host=host, starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=30), calendar_uid="0" * 32, booked_at=starts_at,
        **{"purpose": "renewal", **fields},
    )  # fmt: skip
