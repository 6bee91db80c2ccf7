"""The statements of the queue: hand-written, because every part of them is there for an index or a lock."""

from __future__ import annotations

from calls import policy
from calls.models import CallTask

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
 OR (SELECT t.id FROM calls_calltask t WHERE {LEASE_OVER} ORDER BY t.lease_until LIMIT 1) IS NOT NULL)
"""
"""Whether a sweep has something to do. In order, because only an index has it: asked for any lease that is over, the
database may rather read the table.
"""

VERSIONS = f"""
(SELECT json_agg(json_build_array(v.club_id, v.version) ORDER BY v.club_id)::text
 FROM ({policy.VERSIONS}) AS v(club_id, version))
"""

LOOK = f"""
WITH RECURSIVE {READY_ZONES}
SELECT {DUE}, {VERSIONS}, (SELECT json_agg(json_build_array(z.club_id, z.tz) ORDER BY z.club_id, z.tz)::text
                           FROM zone z WHERE z.tz IS NOT NULL)
"""

POLICIES_AS_SEEN = f"{VERSIONS} = %(versions)s"

QUEUES_AS_SEEN = f"""
(%(due)s OR NOT {DUE}) AND NOT EXISTS (
    SELECT FROM unnest(%(gap_clubs)s::bigint[], %(after)s::text[], %(before)s::text[]) AS g(club_id, after, before)
    JOIN calls_calltask t ON t.status = 'ready' AND t.club_id = g.club_id AND t.tz > g.after AND t.tz < g.before)
"""
"""Nothing is due to move that was not, and no zone is ready that was not. That nothing is ready between the zones that
were seen is quickly asked; to find those anew would mean to pass all that was claimed at the head of each.
"""

POLICY_AS_SEEN = f"""
EXISTS (SELECT FROM memberships_club c WHERE c.id = %(club_id)s AND {policy.VERSION} = %(version)s)
"""

NOTHING_READY = """
(SELECT t.id FROM calls_calltask t WHERE t.status = 'ready' AND t.club_id = %(club_id)s AND t.tz {beside} %(tz)s
 ORDER BY t.tz LIMIT 1) IS NULL
"""
"""In the zones beside one. In this order, because only an index has it: asked for any, the database expects so many
that it would rather read the table.
"""

QUEUE_AS_SEEN = f"""
(%(due)s OR NOT {DUE}) AND {NOTHING_READY.format(beside="<")} AND {NOTHING_READY.format(beside=">")}
"""
"""The same of one club in which one zone was seen."""

HELD = "t.holder_id = %(operator)s AND t.status = 'leased' AND NOT t.undoing"
"""What the operator holds. That they hold nothing at a claim is the constraint ``call_task_one_lease_per_holder``."""

OPEN_ZONES = """
jsonb_to_recordset(%(open)s::jsonb)
    AS z(club_id bigint, tz text, below bigint, due_from timestamptz, pause interval, lease interval,
         since timestamptz, day date)
"""

ONE_ZONE = """
(SELECT %(club_id)s::bigint AS club_id, %(tz)s::text AS tz, %(below)s::bigint AS below,
    %(due_from)s::timestamptz AS due_from, %(pause)s::interval AS pause) z
"""

FREE = """
t.status = 'ready' AND t.club_id = z.club_id AND t.tz = z.tz AND t.sort_key < z.below
AND t.due_at >= z.due_from AND t.due_at <= %(now)s
AND (t.promised_to_id IS NULL OR t.promised_to_id = %(operator)s OR t.promised_until <= %(now)s)
AND (SELECT r.id FROM calls_taskrelease r WHERE r.operator_id = %(operator)s AND r.task_id = t.id
     AND r.at > %(now)s - z.pause LIMIT 1) IS NULL
AND (SELECT h.id FROM calls_calltask h WHERE h.club_id = t.club_id AND h.phone = t.phone AND h.phone <> ''
     AND h.status = 'leased' AND h.holder_id IS DISTINCT FROM %(operator)s LIMIT 1) IS NULL
"""
"""The last two are asked of one call after the other, by their indexes: as ``NOT EXISTS`` they are a join, for which
the database first gathers all that the operator has skipped and all that is leased. ``IS DISTINCT FROM`` says less than
``<>``, which would let it look through the leases of all operators (``ON_LEASE``).
"""

COLUMNS = [column.attname for column in CallTask._meta.concrete_fields]
ZONE_VALUES = {"lease": "interval", "since": "timestamptz", "day": "date"}


def _claim(*, picked: str, pick: str, among: str = "", of: str = "%({})s") -> str:
    """Leases the ``picked`` row and answers it, with the facts that the policy is asked about. ``of``: where the
    values stand that belong to its zone.
    """
    lease, since, day = (f"{of.format(name)}::{kind}" for name, kind in ZONE_VALUES.items())
    return f"""
{pick}UPDATE calls_calltask t SET status = 'leased', holder_id = %(operator)s, claimed_by_id = %(operator)s,
    claimed_at = %(now)s, lease_until = %(now)s + {lease}
FROM {among}{policy.members_known(day=day)}
WHERE t.id = {picked} AND t.status = 'ready' AND m.id = t.member_id
RETURNING {", ".join(f"t.{column}" for column in COLUMNS)}, {policy.facts_known(since=since)}
"""


def _of_many(as_seen: str) -> str:
    """The first call of the best open zone."""
    pick = f"""
WITH open AS MATERIALIZED (
    SELECT z.* FROM {OPEN_ZONES} WHERE {as_seen}
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
    return _claim(pick=pick, among="picked p CROSS JOIN", picked="p.id", of="p.{}")


def _of_one(as_seen: str) -> str:
    """Where one club has one zone there is nothing to compare."""
    picked = f"""(
    SELECT t.id FROM calls_calltask t CROSS JOIN {ONE_ZONE} WHERE {FREE} AND {as_seen}
    ORDER BY t.sort_key, t.due_at, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED)"""
    return _claim(pick="", picked=picked)


CLAIM_BY_YOUNG_LOOK = _of_many(POLICIES_AS_SEEN)
CLAIM = _of_many(f"{POLICIES_AS_SEEN} AND {QUEUES_AS_SEEN}")
CLAIM_IN_ONE_BY_YOUNG_LOOK = _of_one(POLICY_AS_SEEN)
CLAIM_IN_ONE = _of_one(f"{POLICY_AS_SEEN} AND {QUEUE_AS_SEEN}")

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
WHERE x.id IN (SELECT t.id FROM calls_calltask t WHERE {LEASE_OVER} ORDER BY t.lease_until LIMIT %(many)s
               FOR UPDATE SKIP LOCKED)
"""
