"""One member held for an operation: its transaction, its lock, its moment.

Locks are taken in one order everywhere, so that no two operations wait for each other: the club's closures (shared;
a closure being made or taken back takes them alone), members by id, promotions by id.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pghistory
from django.db import IntegrityError, connection, transaction

from memberships.events import Moment
from memberships.models import Club, ClubPolicy, Member, User
from memberships.rules.errors import Conflict, Refused
from memberships.rules.sentences import N_, sentence

CLOSURES = 731_001
"""The class of the advisory locks on a club's closures."""


violations: dict[str, Callable[[], Refused]] = {}
"""What it means when the database refuses, by the name of the constraint; each module adds those of its rows."""


class MemberGone(Conflict):
    """The member was merged into another one."""

    code = "invalid"
    field = "member"


@dataclass(frozen=True)
class Holding:
    """A member as read under its lock."""

    member: Member
    club: Club
    policy: ClubPolicy
    moment: Moment


def moment_in(club: Club, now: dt.datetime, by: User | None) -> Moment:
    """The instant, and the club's day that it falls on."""
    return Moment(now=now, today=now.astimezone(club.zone).date(), by=by)


def policy_of(club: Club) -> ClubPolicy:
    """The club's numbers; the defaults where nobody has touched them."""
    return ClubPolicy.objects.filter(club=club).order_by("pk").first() or ClubPolicy(club=club)


@contextlib.contextmanager
def operation(*, by: User | None, **why: object) -> Iterator[None]:
    """A transaction whose history rows say who did it and, where given, why.

    A constraint that the database holds against a race is told as the refusal in ``violations``.
    """
    told = {"user": by.pk if by else None, **why}
    known = {name: value for name, value in told.items() if value is not None}
    try:
        with transaction.atomic(), pghistory.context(**known):
            yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        refusal = violations.get(getattr(diagnosis, "constraint_name", None) or "")
        if refusal is None:
            raise
        raise refusal() from error


@contextlib.contextmanager
def member(
    member_id: int, *, now: dt.datetime, by: User | None, terms: bool = False, **why: object
) -> Iterator[Holding]:
    """Hold a member's row until the operation is over, so that two operations on one member go one by one.

    ``terms``: the operation changes days of memberships, so the club's closures stand still meanwhile.
    Raises ``MemberGone`` for one that was merged into another, ``Member.DoesNotExist``.
    """
    with operation(by=by, **why):
        club = Club.objects.get(members=member_id)
        if terms:
            share_closures(club)
        held = Member.objects.select_for_update().get(pk=member_id)
        if held.merged_into_id is not None:
            raise MemberGone(sentence(N_("This member was merged into another one.")))
        yield Holding(held, club, policy_of(club), moment_in(club, now, by))


def share_closures(club: Club) -> None:
    """Keep closures from being made or taken back until the transaction ends."""
    _advisory("pg_advisory_xact_lock_shared", club)


def hold_closures(club: Club) -> None:
    """Wait until nobody changes days of memberships, and keep it so until the transaction ends."""
    _advisory("pg_advisory_xact_lock", club)


def _advisory(function: str, club: Club) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [CLOSURES, club.pk])
