"""The queue (§6): who is rung next, who holds what.

Claiming, in order:
1. A look (``LOOK``): in which time zones of the operator's clubs anything is ready, which version the clubs' policies
   are, and whether tasks are due to wake or leases to lapse; those are moved first. The process remembers it.
2. Which zones are open now is worked out here, never in SQL.
3. One statement (``CLAIM``) makes sure that the look still holds, peeks at the head of each open zone's queue without
   locking, walks the heads best first, leases one row and answers it with what the policy has to know of that member.
   Where it finds nothing, the operator holds a task already, or the look was an old one, or nothing may be rung.
4. The policy is asked about that member. A blocked task leaves *ready* for the instant when it may come back and
   the next is claimed: nothing is filtered behind a LIMIT, and the head stays clean.
The law lies below in partial unique constraints: one lease per operator, one per phone number. Two tabs, or two
members of one household, that slip past each other meet there; the loser claims again.
"""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from calls import policy, prepared, settling
from calls.models import CallTask, TaskRelease, TaskStatus
from calls.rules import openings
from calls.rules.facts import Policy
from memberships.models import User
from memberships.rules.errors import Conflict, Invalid

TRIES = 100
SIFT_AT_ONCE = 200
SWEEP_AT_ONCE = 5000
BEHIND_ALL_ZONES = "zzzz"


class NotYours(Conflict):
    """Somebody else holds the task, or nobody does any more."""

    code = "not_yours"


class NoWord(Invalid):
    """A release says why."""

    field = "why"


LEASE_OVER = """
t.status = 'leased' AND t.lease_until <= %(now)s
AND (NOT t.call_live OR t.lease_until <= %(now)s - interval '4 hours')
"""
"""Nobody keeps the card any more. Whoever dialled may be talking still, but not for hours without a heartbeat."""

READY_ZONES = """
zone AS (
    SELECT c.club_id, (SELECT min(t.tz) FROM calls_calltask t WHERE t.status = 'ready' AND t.club_id = c.club_id) AS tz
    FROM unnest(%(clubs)s::bigint[]) AS c(club_id)
    UNION ALL
    SELECT z.club_id,
        (SELECT min(t.tz) FROM calls_calltask t WHERE t.status = 'ready' AND t.club_id = z.club_id AND t.tz > z.tz)
    FROM zone z WHERE z.tz IS NOT NULL
)
"""
"""For ``WITH RECURSIVE``: the clubs' time zones in which anything is ready, found from one to the next."""

DUE = f"""
(EXISTS (SELECT FROM calls_calltask t WHERE t.status = 'waiting' AND t.ready_at <= %(now)s)
 OR EXISTS (SELECT FROM calls_calltask t WHERE {LEASE_OVER}))
"""
"""Whether a sweep has something to do."""

VERSIONS = f"""
(SELECT json_agg(json_build_array(v.club_id, v.version) ORDER BY v.club_id)::text
 FROM ({policy.VERSIONS}) AS v(club_id, version))
"""

LOOK = f"""
WITH RECURSIVE {READY_ZONES}
SELECT {DUE}, {VERSIONS}, (SELECT json_agg(json_build_array(z.club_id, z.tz) ORDER BY z.club_id, z.tz)::text
                           FROM zone z WHERE z.tz IS NOT NULL)
"""

HELD = "t.holder_id = %(operator)s AND t.status = 'leased' AND NOT t.undoing"
AS_SEEN = f"""
(%(due)s OR NOT {DUE}) AND {VERSIONS} = %(versions)s AND NOT EXISTS (
    SELECT FROM unnest(%(gap_clubs)s::bigint[], %(after)s::text[], %(before)s::text[]) AS g(club_id, after, before)
    JOIN calls_calltask t ON t.status = 'ready' AND t.club_id = g.club_id AND t.tz > g.after AND t.tz < g.before)
AND NOT EXISTS (SELECT FROM calls_calltask t WHERE {HELD})
"""
"""The look still holds, and the operator holds nothing. That nothing is ready between the zones that were seen is
quickly asked; to find those anew would mean to pass all that was claimed at the head of each.
"""

OPEN_ZONES = """
jsonb_to_recordset(%(open)s::jsonb)
    AS z(club_id bigint, tz text, below bigint, due_from timestamptz, pause interval, lease interval,
         since timestamptz, day date)
"""

ONE_ZONE = """
(SELECT %(club_id)s::bigint AS club_id, %(tz)s::text AS tz, %(below)s::bigint AS below,
    %(due_from)s::timestamptz AS due_from, %(pause)s::interval AS pause, %(lease)s::interval AS lease,
    %(since)s::timestamptz AS since, %(day)s::date AS day) z
"""

FREE = """
t.status = 'ready' AND t.club_id = z.club_id AND t.tz = z.tz AND t.sort_key < z.below
AND t.due_at >= z.due_from AND t.due_at <= %(now)s
AND (t.promised_to_id IS NULL OR t.promised_to_id = %(operator)s OR t.promised_until <= %(now)s)
AND NOT EXISTS (SELECT FROM calls_taskrelease r WHERE r.operator_id = %(operator)s AND r.task_id = t.id
                AND r.at > %(now)s - z.pause)
AND NOT EXISTS (SELECT FROM calls_calltask h WHERE h.club_id = t.club_id AND h.phone = t.phone AND h.phone <> ''
                AND h.status = 'leased' AND h.holder_id <> %(operator)s)
"""

FIRST_OF_MANY = f"""
open AS MATERIALIZED (
    SELECT z.* FROM {OPEN_ZONES} WHERE {AS_SEEN}
), heads AS MATERIALIZED (
    SELECT z.* FROM open z CROSS JOIN LATERAL (
        SELECT t.sort_key, t.due_at, t.id FROM calls_calltask t WHERE {FREE}
        ORDER BY t.sort_key, t.due_at, t.id LIMIT 1) x
    ORDER BY x.sort_key, x.due_at, x.id
), picked AS MATERIALIZED (
    SELECT y.id, z.lease, z.since, z.day FROM heads z CROSS JOIN LATERAL (
        SELECT t.id FROM calls_calltask t WHERE {FREE}
        ORDER BY t.sort_key, t.due_at, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED) y
    LIMIT 1
)
"""

FIRST_OF_ONE = f"""
picked AS MATERIALIZED (
    SELECT t.id, z.lease, z.since, z.day FROM calls_calltask t CROSS JOIN {ONE_ZONE} WHERE {FREE} AND {AS_SEEN}
    ORDER BY t.sort_key, t.due_at, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED
)
"""
"""Where one zone is open there is nothing to compare."""

COLUMNS = [column.attname for column in CallTask._meta.concrete_fields]
FACTS_AT = COLUMNS.index("facts")

FACTS_OF_CLAIMED = policy.facts_of("= claimed.member_id", since="claimed.since", day="claimed.day")

CLAIM, CLAIM_IN_ONE = (
    f"""
WITH {first}, claimed AS (
    UPDATE calls_calltask t SET status = 'leased', holder_id = %(operator)s, claimed_by_id = %(operator)s,
        claimed_at = %(now)s, lease_until = %(now)s + c.lease
    FROM picked c WHERE t.id = c.id AND t.status = 'ready'
    RETURNING t.*, c.since, c.day
)
SELECT {", ".join(f"claimed.{column}" for column in COLUMNS)}, known.*
FROM claimed CROSS JOIN LATERAL ({FACTS_OF_CLAIMED}) known
"""
    for first in (FIRST_OF_MANY, FIRST_OF_ONE)
)
"""The first of the best open zone, with the facts that the policy is asked about."""

AGAIN = f"""
UPDATE calls_calltask t SET lease_until = %(now)s + coalesce((
    SELECT make_interval(mins => p.lease_minutes) FROM calls_contactpolicy p WHERE p.club_id = t.club_id), '15 minutes')
WHERE {HELD} AND NOT ({LEASE_OVER})
RETURNING {", ".join(f"t.{column}" for column in COLUMNS)}
"""
"""The operator's own task again. A lease that lapsed meanwhile is not taken back."""

HEADS, HEADS_OF_ONE = (
    f"""
SELECT x.id FROM {zones}
CROSS JOIN LATERAL (SELECT t.id FROM calls_calltask t WHERE {FREE}
                    ORDER BY t.sort_key, t.due_at, t.id LIMIT %(many)s) x
"""
    for zones in (OPEN_ZONES, ONE_ZONE)
)

WAKE = """
UPDATE calls_calltask t SET status = 'ready', ready_at = NULL, waits_for = ''
WHERE t.id IN (SELECT w.id FROM calls_calltask w WHERE w.status = 'waiting' AND w.ready_at <= %(now)s
               AND NOT w.to_supervisor ORDER BY w.ready_at LIMIT %(many)s FOR UPDATE SKIP LOCKED)
"""

EXPIRE = f"""
UPDATE calls_calltask x SET status = 'ready', holder_id = NULL, lease_until = NULL, undoing = false, call_live = false
WHERE x.id IN (SELECT t.id FROM calls_calltask t WHERE {LEASE_OVER} LIMIT %(many)s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What the queues of some clubs looked like: ``zones``, club and time zone of whatever is ready, open or not;
    by which ``policies`` they are rung. ``told``: the same as ``AS_SEEN`` takes it.
    """

    policies: Mapping[int, Policy]
    zones: Sequence[tuple[int, zoneinfo.ZoneInfo]]
    told: Mapping[str, object]

    @property
    def due(self) -> bool:
        return bool(self.told["due"])

    def open_at(self, now: dt.datetime) -> list[tuple[int, str, openings.Opening]]:
        """The zones in which somebody may be rung at an instant, and which calls."""
        found = ((club, zone.key, openings.opening(self.policies[club], zone, now)) for club, zone in self.zones)
        return [(club, zone, open_now) for club, zone, open_now in found if open_now]


MOST_REMEMBERED = 1000
_remembered: dict[tuple[int, ...], Look] = {}
"""The last look at each choice of clubs: no claim is made by it unless it still holds."""


def next_task(*, operator: User, clubs: Collection[int], now: dt.datetime) -> CallTask | None:
    """The task that the operator rings next, leased to them: the one they hold already, else the first that is free.

    ``clubs``: ids of those whose queue the operator works. ``None``: nothing may be rung now (``look`` says why).
    """
    seen = _remembered.get(tuple(clubs))
    for tried in range(TRIES):
        row = None
        params = parameters(operator, seen, now) if seen else None
        if params:
            try:
                with prepared.guarded():
                    row = next(iter(prepared.rows(claim_of(params), params)), None)
            except IntegrityError:
                continue  # another tab of this operator, or another member of the household, was quicker
        if row is None:
            if held := prepared.rows(AGAIN, {"operator": operator.pk, "now": now}):
                return _task(held[0])
            again = _looked_again(seen, clubs, now)
            if again is None:
                return None
            seen = again
            continue
        task, known = _task(row[: len(COLUMNS)]), policy.facts_in(row[len(COLUMNS) :])
        if not policy.of_task(task, known, seen.policies[task.club_id], at=now):
            return task
        settling.settle(tasks=[task.pk], now=now, held_by=operator)
        if tried:  # more than one in a row: look through the head at once
            heads = prepared.rows(HEADS_OF_ONE if "tz" in params else HEADS, params | {"many": SIFT_AT_ONCE})
            settling.settle(tasks=[pk for (pk,) in heads], now=now)
    return None


def _looked_again(before: Look | None, clubs: Collection[int], now: dt.datetime) -> Look | None:
    """A new look at the queues, after whatever is due to move has moved; remembered. ``None``: all is as before."""
    seen = look(clubs=clubs, now=now)
    if before is not None and seen.told == before.told:
        return None
    if seen.due:
        sweep(now=now)
        seen = look(clubs=clubs, now=now)
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[tuple(clubs)] = seen
    return seen


def look(*, clubs: Collection[int], now: dt.datetime) -> Look:
    """In which zones of these clubs anything is ready, and by which policies they are rung."""
    [(due, versions, found)] = prepared.rows(LOOK, {"clubs": _array(clubs), "now": now})
    zones: list[tuple[int, str]] = json.loads(found or "[]")
    told = {"clubs": _array(clubs), "due": due, "versions": versions, **_gaps(clubs, zones)}
    policies = policy.of_versions(dict(json.loads(versions or "[]")))
    return Look(policies, [(club, zoneinfo.ZoneInfo(tz)) for club, tz in zones], told)


def _gaps(clubs: Collection[int], zones: Sequence[tuple[int, str]]) -> dict[str, object]:
    """The names before, between and behind the zones of each club, which are in the database's order."""
    gap_clubs, after, before = [], [], []
    for club in clubs:
        edges = ["", *(tz for of, tz in zones if of == club), BEHIND_ALL_ZONES]
        gap_clubs += [club] * (len(edges) - 1)
        after += edges[:-1]
        before += edges[1:]
    return {"gap_clubs": _array(gap_clubs), "after": _array(after), "before": _array(before)}


def claim_of(params: Mapping[str, object]) -> str:
    """The statement that claims with these parameters."""
    return CLAIM_IN_ONE if "tz" in params else CLAIM


def parameters(operator: User, seen: Look, now: dt.datetime) -> dict[str, object] | None:
    """What the claim is told: who asks, when, what was seen and the zones that are open; ``None`` where none is."""
    zones = [
        {
            "club_id": club,
            "tz": tz,
            "below": open_now.below,
            "due_from": open_now.due_from.isoformat(),
            "pause": f"{seen.policies[club].release_pause_minutes} minutes",
            "lease": f"{seen.policies[club].lease_minutes} minutes",
            "since": policy.looks_back([seen.policies[club]], now).isoformat(),
            "day": now.astimezone(seen.policies[club].zone).date().isoformat(),
        }
        for club, tz, open_now in seen.open_at(now)
    ]
    if not zones:
        return None
    told = {"operator": operator.pk, "now": now, **seen.told}
    return told | (zones[0] if len(zones) == 1 else {"open": json.dumps(zones)})


def _array(values: Iterable[object]) -> str:
    """Ids or names of zones as PostgreSQL writes an array."""
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


def _task(row: Sequence[object]) -> CallTask:
    values = list(row)
    values[FACTS_AT] = json.loads(str(values[FACTS_AT]))
    return CallTask.from_db("default", COLUMNS, values)


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
    for name, statement in (("woken", WAKE), ("expired", EXPIRE)):
        while touched := prepared.count(statement, params):
            counts[name] += touched
            if touched < SWEEP_AT_ONCE:
                break
    return counts
