"""Why the queue is empty, honestly: what waits and for what, who holds what, when the next call may be made."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from calls import policy, prepared, settling
from calls.queue import statements
from calls.rules import openings
from calls.rules.facts import Policy
from calls.rules.kinds import Code
from memberships.models import User

COUNTS_TO = 10_000
"""Beyond so many per zone *ready* is not counted on."""

COUNTS_BESIDE_A_CARD_TO = 1_000
"""The same where nobody waits for the number: counting takes a microsecond or two a call."""

READY = """
SELECT z.club_id, z.tz, z.bound, (SELECT count(*) FROM (
    SELECT FROM calls_calltask t WHERE t.status = 'ready' AND t.club_id = z.club_id AND t.tz = z.tz
    AND t.sort_key < z.bound AND t.due_at >= z.due_from AND t.due_at <= %(now)s
    ORDER BY t.sort_key, t.due_at, t.id LIMIT %(most)s) x)
FROM unnest(%(clubs)s::bigint[], %(tzs)s::text[], %(bounds)s::bigint[], %(due_from)s::timestamptz[])
    AS z(club_id, tz, bound, due_from)
"""
"""In the order of the queue, whose index knows everything that is asked: then no row is read."""

ZONES = f"WITH RECURSIVE {statements.READY_ZONES} SELECT club_id, tz FROM zone WHERE tz IS NOT NULL"

WAITING = """
SELECT t.club_id, t.waits_for, t.tz, count(*), min(t.ready_at),
    count(*) FILTER (WHERE t.kind = 'callback')
FROM calls_calltask t WHERE t.status = 'waiting' AND t.club_id = ANY (%(clubs)s::bigint[])
GROUP BY t.club_id, t.waits_for, t.tz
"""

LEASED = """
SELECT count(*) FROM calls_calltask t
WHERE t.status = 'leased' AND t.holder_id IS NOT NULL AND t.club_id = ANY (%(clubs)s::bigint[])
AND t.holder_id IS DISTINCT FROM %(operator)s
"""

WITHHELD = """
SELECT t.id, t.club_id, t.tz, t.sort_key, t.due_at, max(x.skipped_at), max(x.promised_until)
FROM (SELECT r.task_id AS id, r.at AS skipped_at, NULL::timestamptz AS promised_until FROM calls_taskrelease r
      WHERE r.operator_id = %(operator)s AND r.at > %(now)s - interval '1 day'
      UNION ALL
      SELECT m.id, NULL, NULL FROM calls_calltask h CROSS JOIN LATERAL (
          SELECT n.id FROM memberships_member n WHERE n.club_id = h.club_id AND n.phone = h.phone AND n.phone <> ''
          UNION ALL
          SELECT n.id FROM memberships_member n
          WHERE n.club_id = h.club_id AND n.guardian_phone = h.phone AND n.guardian_phone <> '') n
      JOIN calls_calltask m ON m.member_id = n.id AND m.phone = h.phone
      WHERE h.status = 'leased' AND h.club_id = ANY (%(clubs)s::bigint[]) AND h.phone <> ''
      AND h.holder_id IS DISTINCT FROM %(operator)s AND m.status = 'ready'
      UNION ALL
      SELECT p.id, NULL, p.promised_until
      FROM unnest(%(zone_clubs)s::bigint[], %(zone_tzs)s::text[]) AS z(club_id, tz) CROSS JOIN LATERAL (
          SELECT c.id, c.promised_until FROM calls_calltask c
          WHERE c.status = 'ready' AND c.club_id = z.club_id AND c.tz = z.tz AND c.sort_key < %(callbacks_below)s
          AND c.promised_to_id <> %(operator)s AND c.promised_until > %(now)s OFFSET 0) p) x
JOIN calls_calltask t ON t.id = x.id
WHERE t.status = 'ready' AND t.club_id = ANY (%(clubs)s::bigint[]) AND t.due_at <= %(now)s
GROUP BY t.id
"""
"""Ready tasks that the claim does not give this operator: skipped by them (when), promised to somebody else (until
when), or on a number held (neither). Whoever is rung on a held number is found through the members, whose numbers have
an index; the promised ones at the head of each zone's queue (``OFFSET 0``: one zone after the other).
"""

SKIPPED, ANOTHERS = "skipped", "anothers"


@dataclass(frozen=True)
class Backlog:
    """``ready``: may be rung now, as many per zone as were counted (``more``: and further ones); ``leased``: held by
    others, with what else is on their numbers; ``waiting`` by code.

    ``callbacks``: promised ones among those that wait. ``next_at``: when the next call may be made; ``None``: not
    known, or now. ``first_at``: the same for each code that says when.
    """

    ready: int = 0
    leased: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)
    callbacks: int = 0
    next_at: dt.datetime | None = None
    first_at: Mapping[str, dt.datetime] = field(default_factory=dict)
    more: bool = False


def of(
    *,
    clubs: Collection[int],
    now: dt.datetime,
    operator: User | None = None,
    policies: Mapping[int, Policy] | None = None,
    most: int = COUNTS_TO,
) -> Backlog:
    """What the queues of these clubs hold for an operator. ``policies``: those of the clubs, where known already.
    ``most``: so many per zone are counted as ready.
    """
    operator_id = operator.pk if operator else None
    params: dict[str, object] = {"clubs": list(clubs), "operator": operator_id, "now": now}
    policies = policies or policy.of_clubs(clubs)
    zones = prepared.rows(ZONES, params)
    ready, more, shut, opens = _ready(zones, policies, now, most)
    waiting: Counter[str] = Counter(shut)
    first: dict[str, dt.datetime] = {}
    callbacks = 0
    for club, code, tz, count, ready_at, promised in prepared.rows(WAITING, params):
        waiting[code] += count
        callbacks += promised
        if ready_at is not None:
            begins = _may_begin(policies[club], tz, max(ready_at, now), promised=code == settling.PROMISED)
            opens.append((code, begins))
    ((leased,),) = prepared.rows(LEASED, params)
    heads = {
        "callbacks_below": openings.CALLBACKS_BELOW,
        "zone_clubs": [club for club, _tz in zones],
        "zone_tzs": [tz for _club, tz in zones],
    }
    for _pk, club, tz, sort_key, due_at, skipped_at, promised_until in prepared.rows(WITHHELD, params | heads):
        rules = policies[club]
        open_now = openings.opening(rules, zoneinfo.ZoneInfo(tz), now)
        if open_now is None or sort_key >= open_now.below or due_at < open_now.due_from:
            continue
        back_at = skipped_at and skipped_at + dt.timedelta(minutes=rules.release_pause_minutes)
        if promised_until is not None:
            waiting[ANOTHERS] += 1
            opens.append((ANOTHERS, _may_begin(rules, tz, promised_until, promised=True)))
        elif back_at is None:
            leased += 1
        elif back_at > now:
            waiting[SKIPPED] += 1
            opens.append((SKIPPED, _may_begin(rules, tz, back_at, promised=False)))
        else:
            continue
        ready -= 1
    for code, begins in opens:
        if begins is not None:
            first[code] = min(first.get(code, begins), begins)
    next_at = min(first.values(), default=None) if not ready else None
    return Backlog(ready, leased, dict(waiting), callbacks, next_at, first, more)


def _ready(
    zones: Sequence[tuple], policies: Mapping[int, Policy], now: dt.datetime, most: int
) -> tuple[int, bool, Counter[str], list[tuple[str, dt.datetime | None]]]:
    """How many may be rung now, whether there are more, how many wait for their zone by code, and for each code when
    those zones open.
    """
    asked: list[tuple[int, str, openings.Opening]] = []
    opens: list[tuple[str, dt.datetime | None]] = []
    for club, tz in zones:
        asked.append((club, tz, openings.EVERYTHING))
        open_now = openings.opening(policies[club], zoneinfo.ZoneInfo(tz), now)
        if open_now is not None and open_now is not openings.EVERYTHING:
            asked.append((club, tz, open_now))
    shut: Counter[str] = Counter()
    ready, more = 0, False
    counted = prepared.rows(
        READY,
        {
            "now": now,
            "most": most + 1,
            "clubs": [club for club, _tz, _open in asked],
            "tzs": [tz for _club, tz, _open in asked],
            "bounds": [open_now.below for _club, _tz, open_now in asked],
            "due_from": [open_now.due_from for _club, _tz, open_now in asked],
        },
    )
    numbers = {(club, tz, bound): count for club, tz, bound, count in counted}
    for club, tz in zones:
        rules, zone = policies[club], zoneinfo.ZoneInfo(tz)
        everything = numbers[club, tz, openings.EVERYTHING.below]
        open_now = openings.opening(rules, zone, now)
        may = numbers[club, tz, open_now.below] if open_now is not None else 0
        ready += min(may, most)
        more |= may > most
        if everything > may:
            holiday = rules.holiday_name(now.astimezone(rules.zone).date())
            code = Code.HOLIDAY if holiday else Code.OUTSIDE_HOURS
            shut[code] += everything - may
            opens.append((code, openings.next_opening(rules, zone, now)))
    return ready, more, shut, opens


def _may_begin(rules: Policy, tz: str, at: dt.datetime, *, promised: bool) -> dt.datetime | None:
    """When a task that wakes at an instant may be rung: then, if it was promised for then, else in a window."""
    return at if promised else openings.next_opening(rules, zoneinfo.ZoneInfo(tz), at)
