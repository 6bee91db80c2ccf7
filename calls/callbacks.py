"""Callbacks: somebody was promised to be rung at a certain time."""

from __future__ import annotations

import datetime as dt

from calls import policy, settling
from calls.models import CallAttempt, CallTask, Kind, TaskStatus
from calls.rules import kinds, occasions, outcomes, position
from memberships import holding
from memberships.models import Member, Membership, User
from memberships.rules import amounts
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence


class CallbackRefused(Invalid):
    """The time cannot be promised: past, too far ahead, or at night for the member."""

    def __init__(self, problem: outcomes.Problem) -> None:
        super().__init__(problem.sentence, fields={"due_at": [problem.sentence]})
        self.code = problem.code


class GivenToNobody(Invalid):
    """A promise is given to somebody of the club with a login."""

    field = "to"


class NotOpen(Conflict):
    """Somebody makes the call already, or it is over."""


def ask(*, member: Member, due_at: dt.datetime, note: str = "", by: User | None, now: dt.datetime) -> CallTask:
    """A callback asked for at the desk, for whoever is free then. The same time asked for twice is one task.

    Raises CallbackRefused (``callback_in_past``, ``callback_out_of_hours``, ``invalid``).
    """
    rules = policy.of_club(member.club_id)
    for problem in outcomes.callback_problems(due_at, policy=rules, zone=member.zone(member.club), now=now):
        raise CallbackRefused(problem)
    cause = f"desk:{member.pk}:{due_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}"
    return promise(member=member, promised_at=due_at, cause=cause, note=note, by=by, now=now)


def promise(
    *,
    member: Member,
    promised_at: dt.datetime,
    cause: str,
    now: dt.datetime,
    by: User | None,
    note: str = "",
    origin: str = "",
    membership: Membership | None = None,
    promised_to: User | None = None,
    attempt: CallAttempt | None = None,
) -> CallTask:
    """Makes the task of a promise, or opens it again for another time where the same cause made one before.

    ``promised_to`` has it for themselves until a quarter of an hour after the time; ``origin``: the kind of call
    in which it was promised. The time is taken as it is.
    """
    with holding.operation(by=by):
        wanted = occasions.callback_call(
            cause=cause, promised_at=promised_at, zone=member.club.zone, note=amounts.mask_amounts(note.strip())
        )
        values = {
            "member": member,
            "membership": membership,
            "origin": "" if origin in kinds.PROMISED else origin,
            "status": TaskStatus.WAITING,
            "due_at": promised_at,
            "ready_at": promised_at,
            "waits_for": settling.PROMISED,
            "tz": member.timezone or member.club.timezone,
            "sort_key": position.sort_key(kinds.Kind.CALLBACK),
            "facts": {"reason": wanted.reason.to_json()},
            "promised_to": promised_to,
            "promised_until": occasions.own_until(promised_at) if promised_to else None,
            "made_by_attempt": attempt,
            "made_at": now,
            "lapsed_because": "",
            "closed_at": None,
        }
        task, _new = CallTask.objects.update_or_create(
            club_id=member.club_id, kind=Kind.CALLBACK, key=wanted.key, defaults=values
        )
        settling.settle(tasks=[task.pk], now=now)
        task.refresh_from_db()
    return task


def give(*, task: CallTask, to: User, by: User, now: dt.datetime) -> CallTask:
    """A promised call is kept for somebody else, for a quarter of an hour from now or from its time. Raises NotOpen."""
    with holding.operation(by=by):
        waiting = CallTask.objects.filter(
            pk=task.pk, kind=Kind.CALLBACK, status__in=(TaskStatus.WAITING, TaskStatus.READY)
        )
        until = occasions.own_until(max(now, task.due_at))
        if not waiting.update(promised_to=to, promised_until=until):
            raise NotOpen(sentence(N_("This call is taken or over.")))
    task.refresh_from_db()
    return task
