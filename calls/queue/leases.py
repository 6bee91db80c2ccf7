"""Who holds what: leases run on, go back with a word why, or lapse."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from calls import policy, prepared, settling
from calls.models import CallTask, TaskRelease, TaskStatus
from calls.queue import statements
from memberships.models import User
from memberships.rules.errors import Conflict, Invalid

SWEEP_AT_ONCE = 5000


class NotYours(Conflict):
    """Somebody else holds the task, or nobody does any more."""

    code = "not_yours"


class NoWord(Invalid):
    """A release says why."""

    field = "why"


def extend(*, task: CallTask, operator: User, now: dt.datetime) -> CallTask:
    """The heartbeat of an open card: the lease runs on from now. Raises NotYours (the card must close)."""
    minutes = policy.of_club(task.club_id).lease_minutes
    held = CallTask.objects.filter(pk=task.pk, status=TaskStatus.LEASED, holder=operator)
    if not held.update(lease_until=now.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)):
        raise NotYours(_("You no longer hold this call."))
    task.refresh_from_db()
    return task


def release(*, task: CallTask, operator: User, why: str, now: dt.datetime) -> CallTask:
    """Gives a task back unrung: to others at once, to this operator after the pause.

    After ``max_releases`` by different operators it leaves the queue for the supervisor's list; put back from there,
    after as many more.
    Raises NoWord without a word why, NotYours.
    """
    if not why.strip():
        raise NoWord(_("Say in a word why you skip this call."))
    with transaction.atomic():
        locked = CallTask.objects.select_for_update().get(pk=task.pk)
        if locked.status != TaskStatus.LEASED or locked.holder_id != operator.pk:
            raise NotYours(_("You no longer hold this call."))
        TaskRelease.objects.create(task=locked, operator=operator, at=now, why=why.strip()[:200])
        most = policy.of_club(locked.club_id).max_releases
        to_supervisor = _skipped_by(locked, most) >= most
        free(locked, now=now, to_supervisor=to_supervisor)
    task.refresh_from_db()
    return task


def _skipped_by(task: CallTask, most: int) -> int:
    """How many operators gave the task back since it last came off the supervisor's list.

    Whoever skips it after ``most`` had done so got it from the supervisor: the count began anew.
    """
    by: set[int] = set()
    for operator in task.releases.order_by("at", "pk").values_list("operator_id", flat=True):
        if len(by) >= most:
            by = set()
        by.add(operator)
    return len(by)


def force_release(*, task: CallTask, by: User, why: str, now: dt.datetime) -> CallTask:
    """A supervisor takes a lease back, with a reason; not during a live call, as long as its desk is heard of.

    Raises NoWord, NotYours.
    """
    if not why.strip():
        raise NoWord(_("Say why you take this call back."))
    with transaction.atomic():
        locked = CallTask.objects.select_for_update().get(pk=task.pk)
        if locked.status != TaskStatus.LEASED:
            raise NotYours(_("Nobody holds this call any more."))
        if locked.call_live and locked.lease_until is not None and locked.lease_until > now:
            raise NotYours(_("They are talking; wait until the call is over."))
        free(locked, now=now, to_supervisor=locked.to_supervisor)
    task.refresh_from_db()
    return task


def back_to_queue(*, task: CallTask, now: dt.datetime) -> CallTask:
    """A supervisor puts a task of their list back into the queue."""
    CallTask.objects.filter(pk=task.pk, to_supervisor=True).update(to_supervisor=False, waits_for="")
    settling.settle(tasks=[task.pk], now=now)
    task.refresh_from_db()
    return task


def free(task: CallTask, *, now: dt.datetime, to_supervisor: bool) -> None:
    """Ends the lease of a locked task and stores it: ready for others, or on the supervisor's list."""
    task.holder = task.lease_until = None
    task.undoing = task.call_live = False
    task.to_supervisor = to_supervisor
    task.status = TaskStatus.WAITING if to_supervisor else TaskStatus.READY
    task.waits_for = settling.SUPERVISOR if to_supervisor else ""
    task.ready_at = None
    task.save()


def sweep(*, now: dt.datetime) -> dict[str, int]:
    """What the minute brings: waiting tasks whose instant has come are ready again, lapsed leases go back."""
    params = {"now": now, "many": SWEEP_AT_ONCE}
    counts = {"woken": 0, "expired": 0}
    for name, statement in (("woken", statements.WAKE), ("expired", statements.EXPIRE)):
        while touched := prepared.count(statement, params):
            counts[name] += touched
            if touched < SWEEP_AT_ONCE:
                break
    return counts
