"""Brings the tasks of a club in line with what the rules want: makes, raises, reopens, lapses."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from calls import policy, prepared, settling
from calls.models import CallTask, Lapse, TaskStatus
from calls.planning.scope import Kept, Scope, Want
from calls.rules import planning
from calls.rules import policy as rules
from calls.rules.kinds import Kind
from calls.rules.policy import Block
from calls.rules.states import LAPSES_BY
from memberships import holding
from memberships.rules.attendance import Counts

AT_ONCE = 1000

KNOWN = """
SELECT t.key, t.id, t.status, t.lapsed_because, t.sort_key FROM calls_calltask t
WHERE t.club_id = %(club)s AND t.kind = %(kind)s AND t.key = ANY (%(keys)s::text[])
"""

OPEN_RENEWALS = """
SELECT t.membership_id, t.id FROM calls_calltask t
WHERE t.kind = 'renewal' AND t.status IN ('waiting', 'ready', 'leased') AND t.membership_id = ANY (%(ids)s::bigint[])
"""

RESORT = """
UPDATE calls_calltask t SET sort_key = x.sort_key
FROM unnest(%(ids)s::bigint[], %(sort_keys)s::bigint[]) AS x(id, sort_key) WHERE t.id = x.id
"""

RAISE = """
UPDATE calls_calltask t SET key = x.key, rung = x.rung, due_at = x.due_at, sort_key = x.sort_key, facts = x.facts
FROM unnest(%(ids)s::bigint[], %(keys)s::text[], %(rungs)s::int[], %(due)s::timestamptz[], %(sort_keys)s::bigint[],
            %(facts)s::jsonb[]) AS x(id, key, rung, due_at, sort_key, facts)
WHERE t.id = x.id AND t.status IN ('waiting', 'ready', 'leased')
"""

MAKE = """
INSERT INTO calls_calltask AS t (club_id, member_id, membership_id, kind, origin, key, rung, status, due_at, ready_at,
    waits_for, tz, phone, sort_key, facts, attempts, call_live, undoing, lapsed_because, meeting_id, made_at,
    to_supervisor)
SELECT %(club)s, x.member, x.membership, %(kind)s, x.origin, x.key, x.rung, x.status, x.due, x.ready, x.waits, x.tz,
    x.phone, x.sort_key, x.facts, 0, false, false, '', x.meeting, %(now)s, false
FROM unnest(%(members)s::bigint[], %(memberships)s::bigint[], %(origins)s::text[], %(keys)s::text[], %(rungs)s::int[],
    %(statuses)s::text[], %(due)s::timestamptz[], %(ready)s::timestamptz[], %(waits)s::text[], %(tzs)s::text[],
    %(phones)s::text[], %(sort_keys)s::bigint[], %(facts)s::jsonb[], %(meetings)s::bigint[])
  AS x(member, membership, origin, key, rung, status, due, ready, waits, tz, phone, sort_key, facts, meeting)
ON CONFLICT {conflict}
"""

REOPEN = """(club_id, kind, key) DO UPDATE SET status = excluded.status, ready_at = excluded.ready_at,
    waits_for = excluded.waits_for, lapsed_because = '', closed_at = NULL, tz = excluded.tz, phone = excluded.phone,
    sort_key = excluded.sort_key, facts = excluded.facts, to_supervisor = false
WHERE t.status = 'lapsed'"""

GIVE_WAY = """
UPDATE calls_calltask t SET key = t.key || ':' || t.id WHERE t.id = ANY (%(ids)s::bigint[]) AND t.status = 'lapsed'
"""
"""A lapsed task leaves its key to the open one that is raised to it: one cause is one task."""

VISITS = """
SELECT v.member_id, count(*) FILTER (WHERE v.at >= %(lately_from)s), count(*) FILTER (WHERE v.at < %(lately_from)s)
FROM memberships_visit v
WHERE v.member_id = ANY (%(of)s::bigint[]) AND v.at >= %(before_from)s AND v.at < %(until)s
GROUP BY v.member_id
"""

OPEN = """
SELECT t.id, t.kind, t.key, t.member_id FROM calls_calltask t
WHERE t.club_id = %(club)s AND t.status IN ('waiting', 'ready', 'leased') AND t.kind = ANY (%(kinds)s::text[])
  AND NOT EXISTS (SELECT FROM unnest(%(kept)s::bigint[]) k(id) WHERE k.id = t.id)
"""

UNSETTLED = """
SELECT t.id FROM calls_calltask t JOIN memberships_member m ON m.id = t.member_id
JOIN memberships_club c ON c.id = t.club_id LEFT JOIN memberships_membership s ON s.id = t.membership_id
WHERE t.club_id = %(club)s AND t.status IN ('waiting', 'ready') AND NOT t.to_supervisor AND (
    t.status = 'waiting' AND t.ready_at IS NULL
    OR m.deceased_on IS NOT NULL OR m.do_not_call_since IS NOT NULL OR m.phone_bad_since IS NOT NULL
    OR t.phone = '' OR t.phone <> m.phone OR t.tz <> coalesce(nullif(m.timezone, ''), c.timezone)
    OR EXISTS (SELECT FROM calls_complaint q WHERE q.member_id = t.member_id AND q.status = 'open')
    OR EXISTS (SELECT FROM calls_meeting b WHERE b.member_id = t.member_id AND b.status = 'scheduled'
               AND b.purpose = 'renewal' AND b.ends_at > %(at)s)
    OR m.consent_calls IS FALSE OR m.consent_calls IS NULL AND %(consent)s OR s.cancelled_on IS NOT NULL
    OR EXISTS (SELECT FROM memberships_freeze f JOIN memberships_membership h ON h.id = f.membership_id
               WHERE h.member_id = t.member_id AND NOT f.voided AND f.starts_on <= %(on)s AND f.ends_on >= %(on)s))
"""
"""Open tasks about which the policy may have changed its mind over night (imports tell nobody); it is asked about each.
A number or a time zone that changed is copied."""


@dataclass
class Stored:
    """What storing has done so far. ``served``: members with a task that the plan wants, made now or before.
    ``kept``: tasks that stand as they are wanted; ``wanted``: the keys of the other wants.
    """

    created: Counter[str] = field(default_factory=Counter)
    lapsed: Counter[str] = field(default_factory=Counter)
    raised: int = 0
    reopened: int = 0
    for_manager: list[int] = field(default_factory=list)
    wanted: dict[Kind, set[str]] = field(default_factory=lambda: defaultdict(set))
    kept: list[int] = field(default_factory=list)
    served: set[int] = field(default_factory=set)
    blocked: dict[int, dict[Kind, list[Block]]] = field(default_factory=lambda: defaultdict(dict))

    def left_out(self) -> Counter[str]:
        """How many members no task was made for, each under one code."""
        return Counter({code: len(members) for code, members in self.left_out_members().items()})

    def left_out_members(self) -> dict[str, list[int]]:
        """The members for whom no task was made, each under one code."""
        found: dict[str, list[int]] = defaultdict(list)
        for member, blocked in self.blocked.items():
            code = planning.left_out_under(blocked) if member not in self.served else None
            if code is not None:
                found[code.value].append(member)
        return found


def store(scope: Scope, kind: Kind, wants: Iterable[Want | Kept], stored: Stored) -> None:
    """Makes, raises or reopens the tasks of one kind, a chunk at a time."""
    chunk: list[Want] = []
    for want in wants:
        if isinstance(want, Kept):
            stored.kept.append(want.task)
            stored.served.add(want.member)
            continue
        if want.wanted.for_manager:
            stored.for_manager.append(want.member)
            continue
        chunk.append(want)
        if len(chunk) == AT_ONCE:
            _store(scope, kind, chunk, stored)
            chunk = []
    if chunk:
        _store(scope, kind, chunk, stored)


def _store(scope: Scope, kind: Kind, wants: list[Want], stored: Stored) -> None:
    keys = [want.wanted.key for want in wants]
    stored.wanted[kind].update(keys)
    params = {"club": scope.club.pk, "kind": kind.value, "keys": keys}
    known = {key: row for key, *row in prepared.rows(KNOWN, params)}
    fresh: list[Want] = []
    moved: list[tuple[int, int]] = []
    for want in wants:
        row = known.get(want.wanted.key)
        if row is None or row[1] == TaskStatus.LAPSED:
            fresh.append(want)
            continue
        stored.served.add(want.member)
        if row[1] in (TaskStatus.WAITING, TaskStatus.READY) and row[3] != want.sort_key:
            moved.append((row[0], want.sort_key))
    if moved:
        prepared.count(RESORT, {"ids": [pk for pk, _key in moved], "sort_keys": [key for _pk, key in moved]})
    fresh = _with_visits(scope, fresh)
    if kind is Kind.RENEWAL:
        fresh = _raise(fresh, known, stored)
    if fresh:
        _make(scope, kind, fresh, known, stored)


def _with_visits(scope: Scope, fresh: list[Want]) -> list[Want]:
    """The same wants, with visits in the reasons that name them. Only new tasks need the counting."""
    asked = [want.member for want in fresh if want.again is not None]
    if not asked or not scope.counts_visits:
        return fresh
    counted = {
        member: Counts(lately, before)
        for member, lately, before in prepared.rows(VISITS, {"of": asked, **scope.visit_bounds()})
    }
    told = []
    for want in fresh:
        wanted = want.again(counted.get(want.member, Counts(0, 0))) if want.again is not None else None
        told.append(dataclasses.replace(want, wanted=wanted) if wanted else want)
    return told


def _raise(fresh: list[Want], known: dict[str, list], stored: Stored) -> list[Want]:
    """Lifts open renewal tasks to the rung now reached; answers the wants that have none open."""
    ids = [want.membership for want in fresh]
    waiting = dict(prepared.rows(OPEN_RENEWALS, {"ids": ids}))
    raised = [want for want in fresh if want.membership in waiting]
    if raised:
        lapsed = [known[want.wanted.key][0] for want in raised if want.wanted.key in known]
        if lapsed:
            prepared.count(GIVE_WAY, {"ids": lapsed})
        params = {
            "ids": [waiting[want.membership] for want in raised],
            "keys": [want.wanted.key for want in raised],
            "rungs": [want.wanted.rung for want in raised],
            "due": [want.due_at for want in raised],
            "sort_keys": [want.sort_key for want in raised],
            "facts": [_facts(want) for want in raised],
        }
        stored.raised += prepared.count(RAISE, params)
        stored.served.update(want.member for want in raised)
    return [want for want in fresh if want.membership not in waiting]


def _make(scope: Scope, kind: Kind, fresh: list[Want], known: dict[str, list], stored: Stored) -> None:
    """Asks the policy and makes the tasks that it allows; a lapsed task with the same key is reopened."""
    facts = policy.facts([want.member for want in fresh], at=scope.at, policies={scope.club.pk: scope.policy})
    made: list[tuple[Want, settling.Place]] = []
    for want in fresh:
        found = rules.blocks(facts[want.member], scope.policy, kind, at=scope.at, membership=want.membership)
        if planning.hindering(found):
            stored.blocked[want.member][kind] = found
            continue
        not_before = want.due_at if want.due_at > scope.now else None
        made.append((want, settling.place(found, now=scope.now, not_before=not_before, own=settling.DUE)))
    for again, conflict in ((False, "DO NOTHING"), (True, REOPEN)):
        rows = [(want, where) for want, where in made if (want.wanted.key in known) is again]
        if not rows:
            continue
        params = {
            "club": scope.club.pk,
            "kind": kind.value,
            "now": scope.now,
            "members": [want.member for want, _ in rows],
            "memberships": [want.membership for want, _ in rows],
            "origins": [want.origin for want, _ in rows],
            "keys": [want.wanted.key for want, _ in rows],
            "rungs": [want.wanted.rung for want, _ in rows],
            "statuses": [where.status.value for _, where in rows],
            "due": [want.due_at for want, _ in rows],
            "ready": [where.ready_at for _, where in rows],
            "waits": [where.waits_for for _, where in rows],
            "tzs": [facts[want.member].zone.key for want, _ in rows],
            "phones": [facts[want.member].phone for want, _ in rows],
            "sort_keys": [want.sort_key for want, _ in rows],
            "facts": [_facts(want) for want, _ in rows],
            "meetings": [want.meeting for want, _ in rows],
        }
        count = prepared.count(MAKE.format(conflict=conflict), params)
        stored.served.update(want.member for want, _ in rows)
        if again:
            stored.reopened += count
        elif count:
            stored.created[kind.value] += count


def drop(scope: Scope, kinds: Collection[Kind], renewing: Collection[int], stored: Stored) -> None:
    """Lapses open tasks of these kinds that nothing wants any more, each with the best cause that is known."""
    gone: list[tuple[int, Kind, int]] = []
    names = [kind.value for kind in kinds]
    kept = f"{{{','.join(map(str, stored.kept))}}}"  # quicker said in one word than in thousands
    for pk, name, key, member in prepared.rows(OPEN + scope.only("t.member_id"), scope.params(kinds=names, kept=kept)):
        if key not in stored.wanted[Kind(name)]:
            gone.append((pk, Kind(name), member))
    moment = holding.moment_in(scope.club, scope.now, None)
    for start in range(0, len(gone), AT_ONCE):
        chunk = gone[start : start + AT_ONCE]
        tasks = CallTask.objects.in_bulk([pk for pk, _kind, _member in chunk])
        policies = {scope.club.pk: scope.policy}
        facts = policy.facts([member for _pk, _kind, member in chunk], at=scope.at, policies=policies)
        by_cause: dict[Lapse, list[int]] = defaultdict(list)
        for pk, kind, member in chunk:
            found = policy.of_task(tasks[pk], facts[member], scope.policy, at=scope.at)
            ends = next((LAPSES_BY[block.code] for block in found if block.code in LAPSES_BY), None)
            if ends is None and kind is Kind.AT_RISK and member in renewing:
                ends = planning.Lapse.SUPERSEDED
            by_cause[Lapse(ends or planning.WHEN_GONE[kind])].append(pk)
        for cause, ids in by_cause.items():
            lapsed = settling.lapse(tasks=ids, because=cause, moment=moment)
            if lapsed:
                stored.lapsed[cause.value] += len(lapsed)


def settle(scope: Scope, stored: Stored) -> None:
    """Asks the policy again about open tasks that it may see otherwise today."""
    params = scope.params(consent=scope.policy.consent_scope != "none")
    ids = [pk for (pk,) in prepared.rows(UNSETTLED + scope.only("t.member_id"), params)]
    for cause, count in settling.settle(tasks=ids, now=scope.now).items():
        if cause in Lapse.values:
            stored.lapsed[cause] += count


def _facts(want: Want) -> str:
    return json.dumps({"reason": want.wanted.reason.to_json()})
