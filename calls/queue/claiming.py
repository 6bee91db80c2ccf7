"""The next call: found, leased, and asked about."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from calls import policy, prepared, settling
from calls.models import CallTask
from calls.queue import leases, statements
from calls.rules import openings
from calls.rules.facts import Policy
from memberships.models import User

TRIES = 100
SIFT_AT_ONCE = 200
BEHIND_ALL_ZONES = "zzzz"
FACTS_AT = statements.COLUMNS.index("facts")


@dataclass(frozen=True, slots=True)
class Look:
    """What the queues of some clubs looked like: ``zones``, club and time zone of whatever is ready, open or not;
    by which ``policies`` they are rung. ``told``: the same as the claim takes it.
    """

    policies: Mapping[int, Policy]
    zones: Sequence[tuple[int, zoneinfo.ZoneInfo]]
    told: Mapping[str, object]

    @property
    def due(self) -> bool:
        return bool(self.told["due"])

    @property
    def one(self) -> bool:
        """Whether it is of one club in which one zone was seen."""
        return "version" in self.told

    def open_at(self, now: dt.datetime) -> list[tuple[int, str, openings.Opening]]:
        """The zones in which somebody may be rung at an instant, and which calls."""
        found = ((club, zone.key, openings.opening(self.policies[club], zone, now)) for club, zone in self.zones)
        return [(club, zone, open_now) for club, zone, open_now in found if open_now]


YOUNG = dt.timedelta(seconds=1)
"""For how long a look is claimed by without asking what has become due or ready elsewhere."""
MOST_REMEMBERED = 1000
_remembered: dict[tuple[int, ...], tuple[Look, dt.datetime]] = {}
"""The last look at each choice of clubs, and when it last held. No claim is made by it unless its policies are those
of now; and whether anything has become due or ready elsewhere meanwhile is asked once a second.
"""


def next_task(*, operator: User, clubs: Collection[int], now: dt.datetime) -> CallTask | None:
    """The task that the operator rings next, leased to them: the one they hold already, else the first that is free.

    ``clubs``: ids of those whose queue the operator works. ``None``: nothing may be rung now (``look`` says why).
    """
    seen, held_at = _remembered.get(tuple(clubs), (None, now))
    for tried in range(TRIES):
        row, refused = None, False
        young = held_at < now < held_at + YOUNG
        params = parameters(operator, seen, now) if seen else None
        if seen and params:
            try:
                with prepared.guarded():
                    row = next(iter(prepared.rows(claim_of(seen, young=young), params)), None)
            except IntegrityError:
                refused = True  # the operator holds one, or another member of the household was quicker
        if row is None:
            if held := _held(operator, now):
                return held
            if refused:
                continue
            again = _looked_again(seen, clubs, now)
            if again is None:
                return None
            seen, held_at = again, now
            continue
        if not young:
            _remembered[tuple(clubs)] = seen, now
        task = _task(row[: len(statements.COLUMNS)])
        rules = seen.policies[task.club_id]
        known = policy.facts_in(row[len(statements.COLUMNS) :], rules)
        if not policy.of_task(task, known, rules, at=now):
            return task
        settling.settle(tasks=[task.pk], now=now, held_by=operator)
        if tried:  # more than one in a row: look through the head at once
            heads = prepared.rows(
                statements.HEADS_OF_ONE if seen.one else statements.HEADS, params | {"many": SIFT_AT_ONCE}
            )
            settling.settle(tasks=[pk for (pk,) in heads], now=now)
    return None


def _held(operator: User, now: dt.datetime) -> CallTask | None:
    """What the operator holds already; their lease begins anew."""
    found = prepared.rows(statements.AGAIN, {"operator": operator.pk, "now": now})
    return _task(found[0]) if found else None


def _looked_again(before: Look | None, clubs: Collection[int], now: dt.datetime) -> Look | None:
    """A new look at the queues, after whatever is due to move has moved; remembered. ``None``: all is as before."""
    seen = look(clubs=clubs, now=now)
    if seen == before:
        _remembered[tuple(clubs)] = seen, now
        return None
    if seen.due:
        leases.sweep(now=now)
        seen = look(clubs=clubs, now=now)
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[tuple(clubs)] = seen, now
    return seen


def look(*, clubs: Collection[int], now: dt.datetime) -> Look:
    """In which zones of these clubs anything is ready, and by which policies they are rung."""
    [(due, versions, found)] = prepared.rows(statements.LOOK, {"clubs": _array(clubs), "now": now})
    zones: list[tuple[int, str]] = json.loads(found or "[]")
    known = dict(json.loads(versions or "[]"))
    policies = policy.of_versions(known)
    told: dict[str, object] = {"due": due}
    if len(known) == len(zones) == 1:
        told["version"] = known[zones[0][0]]
    else:
        told |= {"clubs": _array(clubs), "versions": versions, **_gaps(clubs, zones)}
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


def claim_of(seen: Look, *, young: bool = False) -> str:
    """The statement that claims by a look; by a young one without asking what has become due or ready elsewhere."""
    if young:
        return statements.CLAIM_IN_ONE_BY_YOUNG_LOOK if seen.one else statements.CLAIM_BY_YOUNG_LOOK
    return statements.CLAIM_IN_ONE if seen.one else statements.CLAIM


def parameters(operator: User, seen: Look, now: dt.datetime) -> dict[str, object] | None:
    """What the claim is told: who asks, when, what was seen and the zones that are open; ``None`` where none is."""
    zones = [
        {"club_id": club, "tz": tz, "below": open_now.below, "due_from": open_now.due_from}
        | _by_rules(seen.policies[club], now)
        for club, tz, open_now in seen.open_at(now)
    ]
    if not zones:
        return None
    told = {"operator": operator.pk, "now": now, **seen.told}
    return told | (zones[0] if seen.one else {"open": json.dumps(zones, default=str)})


def _by_rules(rules: Policy, now: dt.datetime) -> dict[str, object]:
    """What the claim is told of a club's rules."""
    return {
        "pause": dt.timedelta(minutes=rules.release_pause_minutes),
        "lease": dt.timedelta(minutes=rules.lease_minutes),
        "since": policy.looks_back([rules], now),
        "day": now.astimezone(rules.zone).date(),
    }


def _array(values: Iterable[object]) -> str:
    """Ids or names of zones as PostgreSQL writes an array."""
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


def _task(row: Sequence[object]) -> CallTask:
    values = list(row)
    values[FACTS_AT] = json.loads(str(values[FACTS_AT]))
    return CallTask.from_db("default", statements.COLUMNS, values)
