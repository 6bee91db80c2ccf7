"""A call that is held, and what is said of it."""

from __future__ import annotations

import datetime as dt

from calls import outcomes, queue
from calls.models import CallTask
from calls.outcomes import Said
from memberships.models import Member, User
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_membership

NOW = days.NOW
MINUTE = dt.timedelta(minutes=1)
SLOT = days.at("2026-11-12T17:00")


def held(member: Member, operator: User, kind: str = "renewal", now: dt.datetime = NOW, **fields: object) -> CallTask:
    """A task that the operator has claimed."""
    if kind in ("renewal", "welcome", "winback") and "membership" not in fields:
        fields["membership"] = make_membership(member, starts_on=days.day("2025-12-01"))
    task = make_task(member, kind, **fields)
    assert queue.next_task(operator=operator, clubs=[member.club_id], now=now) == task
    return task


def record(task: CallTask, operator: User, outcome: str, now: dt.datetime = NOW, **said: object) -> outcomes.Recorded:
    also = said.pop("also", ())
    return outcomes.record(task=task, operator=operator, said=Said(outcome=outcome, **said), also=also, now=now)
