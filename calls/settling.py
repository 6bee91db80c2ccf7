"""Puts open tasks where the contact policy wants them: ready, waiting until an instant, or lapsed.

What closes a whole time zone for everybody (outside_hours, holiday) moves no task: the queue knows which zones are
open. Whatever blocks this member alone takes the task out of *ready*, so that the queue's head stays clean.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from calls import events, policy, prepared
from calls.fixed import Among, Fixed
from calls.models import OPEN_STATUSES, CallTask, Lapse, TaskStatus
from calls.rules import policy as rules
from calls.rules.kinds import Code, Kind
from calls.rules.policy import Block, Facts
from memberships import holding
from memberships.events import Moment
from memberships.models import User

AT_ONCE = 1000
ZONE_WIDE = frozenset({Code.OUTSIDE_HOURS, Code.HOLIDAY})

RETRY, BUSY, PROMISED, DUE, SUPERVISOR = "retry", "busy", "promised", "due", "supervisor"
OWN_TIMES = frozenset({RETRY, BUSY, PROMISED, DUE})
"""What a task waits for besides the codes of the policy: its next try, the promised time, the day it is due."""

OPEN = Fixed(lambda: CallTask.objects.filter(pk=Among("tasks"), status__in=OPEN_STATUSES))
OPEN_NOW = "(t.status IN ('waiting', 'ready') OR t.status = 'leased' AND NOT t.call_live)"
"""Open, and nobody is talking: a call that is under way ends with its outcome, whatever happens meanwhile."""

MOVE = f"""
UPDATE calls_calltask t SET status = x.status, ready_at = x.ready_at, waits_for = x.waits_for, tz = x.tz,
    phone = x.phone, holder_id = NULL, lease_until = NULL, undoing = false
FROM unnest(%(ids)s::bigint[], %(statuses)s::text[], %(ready)s::timestamptz[], %(waits)s::text[], %(tzs)s::text[],
            %(phones)s::text[]) AS x(id, status, ready_at, waits_for, tz, phone)
WHERE t.id = x.id AND NOT t.to_supervisor AND {OPEN_NOW} AND (t.status <> 'leased' OR t.holder_id = %(held_by)s)
"""

LAPSE = f"""
UPDATE calls_calltask t SET status = 'lapsed', lapsed_because = %(because)s, closed_at = %(now)s, ready_at = NULL,
    waits_for = '', holder_id = NULL, lease_until = NULL, undoing = false
WHERE t.id = ANY (%(ids)s::bigint[]) AND {OPEN_NOW}
RETURNING t.id
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an open task belongs. ``waits_for``: the code that lasts longest, or one of ``OWN_TIMES``."""

    status: TaskStatus
    ready_at: dt.datetime | None = None
    waits_for: str = ""
    because: Lapse | None = None


def place(blocks: Sequence[Block], *, now: dt.datetime, not_before: dt.datetime | None = None, own: str = "") -> Place:
    """Where a task with these blocks belongs; ``not_before``: its own time, for the reason ``own``."""
    if any(block.code not in ZONE_WIDE for block in blocks):
        state, until, because = rules.standing(blocks)
        if because is not None:
            return Place(TaskStatus.LAPSED, because=Lapse(because))
        if until is None or not_before is None or until >= not_before:
            return Place(TaskStatus(state), until, next(block.code for block in blocks if block.until == until))
    if not_before is not None and not_before > now:
        return Place(TaskStatus.WAITING, not_before, own)
    return Place(TaskStatus.READY)


def own_time(task: CallTask, now: dt.datetime) -> tuple[dt.datetime | None, str]:
    """Before which instant a task is not to be rung whatever the policy says, and why."""
    if task.due_at > now:
        return task.due_at, PROMISED if task.kind == Kind.CALLBACK else DUE
    if task.waits_for in OWN_TIMES and task.ready_at is not None and task.ready_at > now:
        return task.ready_at, task.waits_for
    return None, ""


def settle(*, tasks: Collection[int], now: dt.datetime, held_by: User | None = None) -> dict[str, int]:
    """Asks the policy about open tasks (by id) and moves each where it belongs; how many, by status or cause of lapse.

    A task that somebody holds is left alone unless ``held_by`` holds it: then it goes back.
    """
    counts: dict[str, int] = {}
    ids = list(tasks)
    for start in range(0, len(ids), AT_ONCE):
        found = OPEN(tasks=ids[start : start + AT_ONCE])
        if not found:
            continue
        policies = policy.of_clubs({task.club_id for task in found})
        known = policy.facts([task.member_id for task in found], at=now, policies=policies)
        places = []
        for task in found:
            facts = known[task.member_id]
            not_before, own = own_time(task, now)
            blocks = policy.of_task(task, facts, policies[task.club_id], at=max(now, task.due_at))
            places.append((task, facts, place(blocks, now=now, not_before=not_before, own=own)))
        for name, number in _move(places, now=now, held_by=held_by).items():
            counts[name] = counts.get(name, 0) + number
    return counts


def lapse(*, tasks: Iterable[int], because: Lapse, moment: Moment) -> list[CallTask]:
    """Open tasks go without a call; answers those that did. A call that is under way is left to its outcome."""
    ids = list(tasks)
    gone = [pk for (pk,) in prepared.rows(LAPSE, {"ids": ids, "because": because.value, "now": moment.now})]
    lapsed = list(CallTask.objects.filter(pk__in=gone).order_by("pk")) if gone else []
    if lapsed:
        for listener in events.tasks_lapsed:
            listener(tasks=lapsed, moment=moment)
    return lapsed


def _move(places: list[tuple[CallTask, Facts, Place]], *, now: dt.datetime, held_by: User | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _task, _facts, where in places:
        if where.because is None:
            counts[where.status] = counts.get(where.status, 0) + 1
    staying = [one for one in places if one[2].because is None and _differs(*one)]
    if staying:
        params = {
            "ids": [task.pk for task, _, _ in staying],
            "statuses": [where.status.value for _, _, where in staying],
            "ready": [where.ready_at for _, _, where in staying],
            "waits": [where.waits_for for _, _, where in staying],
            "tzs": [facts.zone.key for _, facts, _ in staying],
            "phones": [facts.phone for _, facts, _ in staying],
            "held_by": held_by.pk if held_by else None,
        }
        prepared.count(MOVE, params)
    for because in {where.because for _, _, where in places if where.because is not None}:
        ids = [task.pk for task, _, where in places if where.because is because]
        club = next(task.club for task, _, where in places if where.because is because)
        moment = holding.moment_in(club, now, None)
        counts[because] = counts.get(because, 0) + len(lapse(tasks=ids, because=because, moment=moment))
    return counts


def _differs(task: CallTask, facts: Facts, where: Place) -> bool:
    before = (task.status, task.ready_at, task.waits_for, task.tz, task.phone)
    return before != (where.status, where.ready_at, where.waits_for, facts.zone.key, facts.phone)
