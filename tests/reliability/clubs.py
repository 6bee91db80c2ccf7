"""A club with a full queue, made in bulk, and its people with their tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from calls.models import CallTask, TaskStatus
from calls.rules import position
from calls.rules.kinds import Kind
from config import authentication, clock
from config.models import ClockOffset
from memberships.models import Club, Member, User
from memberships.rules.sentences import sentence
from tests import days, factories

HOUSEHOLD_EVERY = 5
"""Every fifth number is that of two members."""


@dataclass(frozen=True)
class Person:
    """Somebody of a club with their key to the API."""

    user: User
    token: str


def set_clock(to: dt.datetime = days.NOW) -> None:
    """The clock of all processes on this database, this one included."""
    ClockOffset.objects.update_or_create(pk=clock.ROW, defaults={"offset": to - dt.datetime.now(dt.UTC)})
    clock.pretend(to)


def make_people(club: Club, count: int, role: str = "operator") -> list[Person]:
    made = []
    for number in range(count):
        user = factories.make_user(club, role, f"{club.slug}-{role}-{number}", password="")
        made.append(Person(user, authentication.issue(user, now=days.NOW)))
    return made


def phone(number: int) -> str:
    """One of the numbers that each area of North America keeps for fiction; 0–58 999."""
    return f"+1{210 + number // 100}55501{number % 100:02d}"


def fill(club: Club, calls: int) -> None:
    """So many members whose call is ready, some of them two to a number."""
    numbers, number = [], -1
    for place in range(calls):
        shares = place % HOUSEHOLD_EVERY == HOUSEHOLD_EVERY - 1
        number += not shares
        numbers.append(phone(number))
    members = Member.objects.bulk_create(
        Member(club=club, last_name=f"Member {place}", first_name="Robin", phone=given, created_at=days.NOW)
        for place, given in enumerate(numbers)
    )
    due_at = days.NOW - dt.timedelta(hours=9)
    CallTask.objects.bulk_create(
        CallTask(
            club=club, member=member, kind=Kind.CARE, key=f"load-{member.pk}", status=TaskStatus.READY, due_at=due_at,
            tz=club.timezone, phone=member.phone, sort_key=position.sort_key(Kind.CARE), made_at=due_at,
            facts={"reason": sentence("A call is due.").to_json()},
        )
        for member in members
    )  # fmt: skip
