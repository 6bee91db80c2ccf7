"""Makes the rows of calls that tests begin with."""

from __future__ import annotations

import datetime as dt
import itertools

from calls.models import CallAttempt, CallTask, TaskStatus
from calls.rules import outcomes, position
from calls.rules.kinds import Kind
from memberships.models import Member, Membership, User
from memberships.rules.sentences import sentence
from tests import days

_keys = itertools.count(1)


def make_task(
    member: Member,
    kind: str = "care",
    *,
    due_at: dt.datetime = days.NOW - dt.timedelta(hours=9),
    membership: Membership | None = None,
    segment: str = "",
    score: float | None = None,
    reason: str = "Because.",
    **fields: object,
) -> CallTask:
    """A task in the queue, ready unless told otherwise, placed as the planner would place it."""
    place = position.sort_key(
        Kind(kind),
        effective_ends_on=membership.effective_ends_on if membership else None,
        segment=segment,
        price=membership.price if membership else None,
        score=score,
    )
    given = {
        "key": f"test-{next(_keys)}",
        "status": TaskStatus.READY,
        "tz": member.timezone or member.club.timezone,
        "phone": member.phone,
        "facts": {"reason": sentence(reason).to_json()},
        "made_at": due_at,
        **fields,
    }
    return CallTask.objects.create(
        club=member.club, member=member, membership=membership, kind=kind, due_at=due_at, sort_key=place, **given
    )


def make_attempt(
    member: Member,
    at: dt.datetime | str,
    outcome: str = "thinking",
    kind: str = "renewal",
    *,
    operator: User | None = None,
    phone: str | None = None,
    **fields: object,
) -> CallAttempt:
    """One dial of the past; a text is local to the club. Reached as the outcome says."""
    instant = days.at(at, member.club.zone) if isinstance(at, str) else at
    reached = outcome in set(outcomes.Outcome) and outcomes.RULES[outcomes.Outcome(outcome)].reached
    return CallAttempt.objects.create(
        club=member.club,
        member=member,
        kind=kind,
        operator=operator,
        phone=member.phone if phone is None else phone,
        at=instant,
        outcome=outcome,
        outcome_at=instant if outcome else None,
        reached=reached,
        **fields,
    )
