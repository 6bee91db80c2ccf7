"""Calls that the days of a membership ask for: renewal, welcome, care, at_risk, winback, freeze_ending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

from calls import prepared
from calls.planning.risks import Risks
from calls.planning.scope import Kept, Scope, Want, simple
from calls.rules import occasions, planning, position
from calls.rules.kinds import Kind
from calls.rules.planning import Earlier
from memberships.rules.attendance import Counts
from memberships.rules.terms import DAY, Span

LONGEST = 1_000_000
"""More days than any membership has."""

RENEWAL = """
SELECT s.member_id, s.id, s.starts_on, s.effective_ends_on, s.price, m.segment, EXISTS (
    SELECT FROM calls_callattempt a JOIN calls_refusalreason r ON r.id = a.reason_id AND r.final
    WHERE a.member_id = s.member_id AND a.outcome = 'refused'
      AND (a.membership_id = s.id OR a.membership_id IS NULL AND a.at >= s.starts_on)
  ) OR EXISTS (
    SELECT FROM calls_meeting b JOIN calls_refusalreason r ON r.id = b.reason_id AND r.final
    WHERE b.member_id = s.member_id AND b.result = 'refused' AND b.starts_at >= s.starts_on), t.id
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
LEFT JOIN unnest(%(ends)s::date[], %(least)s::int[], %(most)s::int[], %(segments)s::text[], %(rungs)s::int[],
                 %(free)s::bigint[]) d(ends_on, least, most, segment, rung, free)
    ON d.ends_on = s.effective_ends_on AND s.effective_ends_on - s.starts_on BETWEEN d.least AND d.most
   AND d.segment = m.segment
LEFT JOIN calls_calltask t ON t.club_id = s.club_id AND t.kind = 'renewal' AND t.status <> 'lapsed'
    AND t.key = s.id || ':' || d.rung || ':' || d.ends_on
    AND (t.status NOT IN ('waiting', 'ready') OR t.sort_key = d.free - trunc(1000 * s.price)::bigint)
WHERE s.club_id = %(club)s AND s.effective_ends_on BETWEEN %(first)s AND %(last)s AND s.closed_on IS NULL
  AND s.last_covered_on >= s.starts_on AND s.last_covered_on = m.last_covered_on AND m.merged_into_id IS NULL
"""
"""With the task that stands already as it is wanted, where the days passed in tell it (``free``: its place in the
queue if the membership had cost nothing)."""

WELCOME = """
SELECT s.member_id, s.id, s.starts_on, s.sale_kind
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
WHERE s.club_id = %(club)s AND s.starts_on BETWEEN %(first)s AND %(last)s AND s.sale_kind IN ('new', 'return')
  AND s.cancelled_on IS NULL AND s.closed_on IS NULL AND m.merged_into_id IS NULL
"""

EARLIER = """
SELECT DISTINCT ON (t.member_id) t.member_id, t.due_at, t.closed_at,
    t.status IN ('waiting', 'ready', 'leased')
FROM calls_calltask t
WHERE t.member_id = ANY (%(members)s::bigint[]) AND t.kind = %(kind)s AND t.status <> 'lapsed'
ORDER BY t.member_id, t.due_at DESC
"""

STILL_OPEN = """
SELECT t.member_id FROM calls_calltask t
WHERE t.club_id = %(club)s AND t.kind = %(kind)s AND t.status IN ('waiting', 'ready', 'leased')
"""

CARE = """
SELECT s.member_id, CASE WHEN t.stands THEN t.id END, s.effective_ends_on, s.chain_starts_on,
    CASE WHEN NOT coalesce(t.stands, false) THEN
        (SELECT max(a.at) FROM calls_callattempt a WHERE a.member_id = s.member_id AND a.reached) END,
    CASE WHEN NOT coalesce(t.stands, false) THEN
        (SELECT max(b.starts_at) FROM calls_meeting b WHERE b.member_id = s.member_id AND b.status = 'attended') END,
    CASE WHEN NOT t.stands THEN t.due_at END, CASE WHEN NOT t.stands THEN t.closed_at END, t.open
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
LEFT JOIN LATERAL (
    SELECT t.id, t.due_at, t.closed_at, t.status IN ('waiting', 'ready', 'leased') AS open,
        (t.status = 'leased' OR t.status IN ('waiting', 'ready') AND t.sort_key = %(sort_key)s)
            AND t.due_at < %(until)s AS stands
    FROM calls_calltask t WHERE t.member_id = s.member_id AND t.kind = 'care' AND t.status <> 'lapsed'
    ORDER BY t.due_at DESC LIMIT 1) t ON true
WHERE s.club_id = %(club)s AND s.starts_on <= %(on)s AND s.last_covered_on >= %(on)s
  AND s.effective_ends_on > %(left)s AND s.chain_starts_on <= %(quiet)s AND m.merged_into_id IS NULL
  AND s.last_covered_on = m.last_covered_on
  AND NOT EXISTS (SELECT FROM calls_callattempt a WHERE a.member_id = s.member_id AND a.reached
                  AND a.at >= %(quiet_at)s)
  AND NOT EXISTS (SELECT FROM calls_meeting b WHERE b.member_id = s.member_id AND b.status = 'attended'
                  AND b.starts_at >= %(quiet_at)s)
  AND (t.id IS NULL OR t.open OR coalesce(t.closed_at, t.due_at) < %(quiet_at)s)
  AND NOT EXISTS (SELECT FROM memberships_freeze f WHERE f.membership_id = s.id AND NOT f.voided
                  AND f.starts_on <= %(on)s AND f.ends_on >= %(on)s)
"""

LEFT_FOR = """
FROM calls_refusalreason r WHERE r.club_id = s.club_id AND s.cancel_reason <> ''
    AND lower(btrim(s.cancel_reason)) IN (lower(r.code), lower(r.label))
"""
"""The club's reasons for which a membership was cancelled: its words may name one, by code or name."""

WINBACK = f"""
SELECT s.member_id, s.id, s.last_covered_on,
    coalesce(said.no_winback, false) OR EXISTS (SELECT {LEFT_FOR} AND r.no_winback),
    coalesce(said.code = 'staff', false) OR EXISTS (SELECT {LEFT_FOR} AND r.code = 'staff')
        OR EXISTS (SELECT FROM calls_complaint q WHERE q.member_id = s.member_id AND q.about_id IS NOT NULL
                   AND q.status <> 'withdrawn'), t.id
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
LEFT JOIN unnest(%(firsts)s::date[], %(lasts)s::date[], %(rungs)s::int[]) d(first, last, rung)
    ON s.last_covered_on BETWEEN d.first AND d.last
LEFT JOIN calls_calltask t ON t.club_id = s.club_id AND t.kind = 'winback' AND t.status <> 'lapsed'
    AND t.key = s.id || ':' || d.rung || ':' || s.last_covered_on
    AND (t.status NOT IN ('waiting', 'ready') OR t.sort_key = %(sort_key)s)
LEFT JOIN LATERAL (
    SELECT r.code, r.no_winback FROM (
        SELECT a.at, a.reason_id FROM calls_callattempt a WHERE a.member_id = s.member_id AND a.outcome = 'refused'
        UNION ALL
        SELECT b.closed_at, b.reason_id FROM calls_meeting b WHERE b.member_id = s.member_id AND b.result = 'refused'
    ) x JOIN calls_refusalreason r ON r.id = x.reason_id ORDER BY x.at DESC LIMIT 1) said ON true
WHERE s.club_id = %(club)s AND s.last_covered_on BETWEEN %(first)s AND %(last)s AND s.closed_on IS NULL
  AND s.last_covered_on >= s.starts_on AND s.last_covered_on = m.last_covered_on AND m.merged_into_id IS NULL
"""

OFFER_RUNS = """
SELECT EXISTS (SELECT FROM memberships_promotion p JOIN memberships_promotion_clubs c ON c.promotion_id = p.id
    WHERE c.club_id = %(club)s AND 'return' = ANY (p.audience) AND p.starts_on <= %(on)s
      AND (p.ends_on IS NULL OR p.ends_on >= %(on)s) AND (p.max_uses IS NULL OR p.uses < p.max_uses))
"""

FREEZES = """
SELECT s.member_id, s.id, f.id, f.starts_on, f.ends_on
FROM memberships_freeze f JOIN memberships_membership s ON s.id = f.membership_id
JOIN memberships_member m ON m.id = s.member_id
WHERE s.club_id = %(club)s AND NOT f.voided AND f.ends_on BETWEEN %(on)s AND %(last)s AND f.starts_on <= %(on)s
  AND m.merged_into_id IS NULL
"""


def renewals(scope: Scope) -> Iterator[Want | Kept]:
    rules = scope.policy
    first, last = scope.on - rules.grace_days * DAY, scope.on + max(rules.renewal_rungs, default=0) * DAY
    for member, pk, starts_on, ends_on, price, segment, refused, task in scope.stream(
        RENEWAL + scope.only("s.member_id"), first=first, last=last, **_renewal_days(scope, first, last)
    ):
        if task is not None and not refused:
            yield Kept(member, task)
            continue
        call = partial(
            planning.renewal_call,
            on=scope.on,
            membership=pk,
            starts_on=starts_on,
            effective_ends_on=ends_on,
            policy=rules,
            refused_for_good=refused,
        )
        if wanted := call():
            yield Want(
                wanted=wanted,
                member=member,
                membership=pk,
                due_at=scope.due_at(wanted),
                sort_key=position.sort_key(Kind.RENEWAL, effective_ends_on=ends_on, segment=segment, price=price),
                again=partial(_with_visits, call),
            )


def _renewal_days(scope: Scope, first: dt.date, last: dt.date) -> dict[str, list]:
    """For each last day, term (its days but one) and segment: the rung that the rules say is reached. A plan of a few
    members does without: it looks at each of them anyway.
    """
    days: dict[str, list] = {name: [] for name in ("ends", "least", "most", "segments", "rungs", "free")}
    if scope.members is not None:
        return days
    rungs = scope.policy.renewal_rungs
    lengths = sorted({0, *(2 * rung - 1 for rung in rungs if rung > 0)})
    for ends_on in (first + away * DAY for away in range((last - first).days + 1)):
        for least, longer in zip(lengths, [*lengths[1:], LONGEST], strict=True):
            rung = planning.reached_rung(
                on=scope.on, starts_on=ends_on - least * DAY, effective_ends_on=ends_on, policy=scope.policy
            )
            for segment in ("", *position.SEGMENT_RANK) if rung is not None else ():
                free = position.sort_key(Kind.RENEWAL, effective_ends_on=ends_on, segment=segment)
                for name, value in zip(days, (ends_on, least, longer - 1, segment, rung, free), strict=True):
                    days[name].append(value)
    return days


def _with_visits(call: partial, visits: Counts) -> planning.Wanted | None:
    return call(visits=visits)


def welcomes(scope: Scope) -> Iterator[Want]:
    rules = scope.policy
    days = {"first": scope.on - rules.welcome_to_day * DAY, "last": scope.on - rules.welcome_from_day * DAY}
    for member, pk, starts_on, sale_kind in scope.stream(WELCOME + scope.only("s.member_id"), **days):
        wanted = planning.welcome_call(
            on=scope.on, membership=pk, starts_on=starts_on, sale_kind=sale_kind, policy=rules
        )
        if wanted:
            yield simple(scope, wanted, member=member, membership=pk)


def at_risk(scope: Scope, risks: Callable[[], Risks]) -> Iterator[Want | Kept]:
    """``risks``: asked for once the renewals are stored, because an open renewal task says it all."""
    renewing = still_open(scope, Kind.RENEWAL)
    for member, task in risks().standing.items():
        if member not in renewing:
            yield Kept(member, task)
    undecided = {member: causes for member, causes in risks().causes.items() if member not in renewing}
    earlier = {
        member: _earlier(scope, due_at, closed_at, is_open)
        for member, due_at, closed_at, is_open in prepared.rows(
            EARLIER, {"members": list(undecided), "kind": Kind.AT_RISK.value}
        )
    }
    for member, causes in undecided.items():
        wanted = planning.at_risk_call(
            on=scope.on, member=member, causes=causes, policy=scope.policy, earlier=earlier.get(member)
        )
        if wanted:
            yield simple(scope, wanted, member=member)


def still_open(scope: Scope, kind: Kind) -> set[int]:
    """The members who have an open task of this kind."""
    rows = prepared.rows(STILL_OPEN + scope.only("t.member_id"), scope.params(kind=kind.value))
    return {member for (member,) in rows}


def care(scope: Scope, risks: Callable[[], Risks]) -> Iterator[Want | Kept]:
    """Where visits are missing, an open at_risk task is all that is known of a risk."""
    rules = scope.policy
    at_risk, suspected = risks(), set() if scope.counts_visits else still_open(scope, Kind.AT_RISK)
    quiet = scope.on - rules.care_days * DAY
    for member, task, ends_on, chain_starts_on, spoke_at, met_at, due_at, closed_at, is_open in scope.stream(
        CARE + scope.only("s.member_id"),
        left=scope.on + rules.care_days_left * DAY,
        quiet=quiet,
        quiet_at=scope.midnight(quiet + DAY),
        until=scope.midnight(scope.on + DAY),
        sort_key=position.sort_key(Kind.CARE),
    ):
        if member in at_risk or member in suspected:
            continue
        if task is not None:
            yield Kept(member, task)
            continue
        wanted = planning.care_call(
            on=scope.on,
            member=member,
            effective_ends_on=ends_on,
            chain_starts_on=chain_starts_on,
            policy=rules,
            last_conversation_on=_day(scope, spoke_at),
            last_meeting_on=_day(scope, met_at),
            earlier=_earlier(scope, due_at, closed_at, is_open) if due_at else None,
        )
        if wanted:
            yield simple(scope, wanted, member=member)


def winbacks(scope: Scope) -> Iterator[Want | Kept]:
    rules = scope.policy
    ((offer_runs,),) = prepared.rows(OFFER_RUNS, {"club": scope.club.pk, "on": scope.on})
    days = {"first": scope.on - rules.winback_days * DAY, "last": scope.on - min(rules.winback_rungs, default=0) * DAY}
    if not offer_runs or not rules.winback_rungs:
        return
    for member, pk, last_covered_on, no_winback, for_manager, task in scope.stream(
        WINBACK + scope.only("s.member_id"),
        **days,
        **_winback_days(scope),
        sort_key=position.sort_key(Kind.WINBACK),
    ):
        if task is not None and not no_winback and not for_manager:
            yield Kept(member, task)
            continue
        wanted = planning.winback_call(
            on=scope.on,
            membership=pk,
            last_covered_on=last_covered_on,
            policy=rules,
            offer_runs=offer_runs,
            no_winback=no_winback,
            for_manager=for_manager,
        )
        if wanted:
            yield simple(scope, wanted, member=member, membership=pk)


def _winback_days(scope: Scope) -> dict[str, list]:
    """The last days, from the first to the last of each rung, that have reached it and not the next."""
    rungs = sorted(set(scope.policy.winback_rungs))
    return {
        "firsts": [scope.on - (after - 1) * DAY for after in [*rungs[1:], scope.policy.winback_days + 1]],
        "lasts": [scope.on - rung * DAY for rung in rungs],
        "rungs": rungs,
    }


def freeze_endings(scope: Scope) -> Iterator[Want]:
    last = scope.on + scope.policy.freeze_ending_days * DAY
    for member, membership, pk, starts_on, ends_on in scope.stream(FREEZES + scope.only("s.member_id"), last=last):
        wanted = occasions.freeze_ending_call(
            on=scope.on, freeze=pk, days=Span(starts_on, ends_on), policy=scope.policy
        )
        if wanted:
            yield simple(scope, wanted, member=member, membership=membership)


def _earlier(scope: Scope, due_at: dt.datetime, closed_at: dt.datetime | None, is_open: bool) -> Earlier:
    due_on = due_at.astimezone(scope.policy.zone).date()
    return Earlier(due_on, None if is_open else _day(scope, closed_at) or due_on)


def _day(scope: Scope, at: dt.datetime | None) -> dt.date | None:
    return at.astimezone(scope.policy.zone).date() if at else None
