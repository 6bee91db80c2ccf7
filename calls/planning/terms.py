"""Calls that the days of a membership ask for: renewal, welcome, care, at_risk, winback, freeze_ending."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import partial

from calls import places, prepared
from calls.planning.scope import Scope, Want, simple
from calls.rules import occasions, planning, position
from calls.rules.kinds import Kind
from calls.rules.planning import Earlier, Risk
from memberships.rules import attendance
from memberships.rules.attendance import Counts
from memberships.rules.terms import DAY, Span

RENEWAL = """
SELECT s.member_id, s.id, s.starts_on, s.effective_ends_on, s.price, m.segment, EXISTS (
    SELECT FROM calls_callattempt a JOIN calls_refusalreason r ON r.id = a.reason_id AND r.final
    WHERE a.member_id = s.member_id AND a.outcome = 'refused'
      AND (a.membership_id = s.id OR a.membership_id IS NULL AND a.at >= s.starts_on)
  ) OR EXISTS (
    SELECT FROM calls_meeting b JOIN calls_refusalreason r ON r.id = b.reason_id AND r.final
    WHERE b.member_id = s.member_id AND b.result = 'refused' AND b.starts_at >= s.starts_on)
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
WHERE s.club_id = %(club)s AND s.effective_ends_on BETWEEN %(first)s AND %(last)s AND s.closed_on IS NULL
  AND s.last_covered_on >= s.starts_on AND s.last_covered_on = m.last_covered_on AND m.merged_into_id IS NULL
"""

WELCOME = """
SELECT s.member_id, s.id, s.starts_on, s.sale_kind
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
WHERE s.club_id = %(club)s AND s.starts_on BETWEEN %(first)s AND %(last)s AND s.sale_kind IN ('new', 'return')
  AND s.cancelled_on IS NULL AND s.closed_on IS NULL AND m.merged_into_id IS NULL
"""

RISKY = """
WITH seen AS (
    SELECT v.member_id, count(*) FILTER (WHERE v.at >= %(lately_from)s) AS lately,
        count(*) FILTER (WHERE v.at < %(lately_from)s) AS before, max(v.at) AS last
    FROM memberships_visit v
    WHERE v.club_id = %(club)s AND v.at >= %(before_from)s AND v.at < %(until)s {visitors}
    GROUP BY v.member_id
)
SELECT s.member_id, s.chain_starts_on, coalesce(seen.lately, 0), coalesce(seen.before, 0),
    coalesce(seen.last, (SELECT max(v.at) FROM memberships_visit v
                         WHERE v.member_id = s.member_id AND v.at < %(until)s))
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
LEFT JOIN seen ON seen.member_id = s.member_id
WHERE s.club_id = %(club)s AND s.starts_on <= %(on)s AND s.last_covered_on >= %(on)s AND m.merged_into_id IS NULL
  AND NOT EXISTS (SELECT FROM memberships_freeze f WHERE f.membership_id = s.id AND NOT f.voided
                  AND f.starts_on <= %(on)s AND f.ends_on >= %(on)s)
  AND (seen.last IS NULL OR seen.last < %(unseen_from)s OR 2 * 84 * seen.lately <= 28 * seen.before) {members}
"""
"""Members active today who may be absent or falling; the rules decide on them."""

SPANS = """
SELECT s.member_id, s.starts_on, s.last_covered_on, f.starts_on, f.ends_on
FROM memberships_membership s
LEFT JOIN memberships_freeze f ON f.membership_id = s.id AND NOT f.voided AND f.ends_on >= %(first)s
WHERE s.member_id = ANY (%(members)s::bigint[]) AND s.last_covered_on >= %(first)s AND s.last_covered_on >= s.starts_on
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
SELECT s.member_id, s.effective_ends_on, s.chain_starts_on,
    (SELECT max(a.at) FROM calls_callattempt a WHERE a.member_id = s.member_id AND a.reached),
    (SELECT max(b.starts_at) FROM calls_meeting b WHERE b.member_id = s.member_id AND b.status = 'attended'),
    t.due_at, t.closed_at, t.status IN ('waiting', 'ready', 'leased')
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
LEFT JOIN LATERAL (
    SELECT t.due_at, t.closed_at, t.status FROM calls_calltask t
    WHERE t.member_id = s.member_id AND t.kind = 'care' AND t.status <> 'lapsed'
    ORDER BY t.due_at DESC LIMIT 1) t ON true
WHERE s.club_id = %(club)s AND s.starts_on <= %(on)s AND s.last_covered_on >= %(on)s
  AND s.effective_ends_on > %(left)s AND s.chain_starts_on <= %(quiet)s AND m.merged_into_id IS NULL
  AND s.last_covered_on = m.last_covered_on
  AND NOT EXISTS (SELECT FROM calls_callattempt a WHERE a.member_id = s.member_id AND a.reached
                  AND a.at >= %(quiet_at)s)
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
                   AND q.status <> 'withdrawn')
FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
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


def renewals(scope: Scope) -> Iterator[Want]:
    rules = scope.policy
    first, last = scope.on - rules.grace_days * DAY, scope.on + max(rules.renewal_rungs, default=0) * DAY
    for member, pk, starts_on, ends_on, price, segment, refused in scope.stream(
        RENEWAL + scope.only("s.member_id"), first=first, last=last
    ):
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


def risks(scope: Scope) -> dict[int, list[Risk]]:
    """The causes that hold, by member. Without visits in the club nobody is asked for absence."""
    found: dict[int, list[Risk]] = defaultdict(list)
    if scope.counts_visits:
        statement = RISKY.format(visitors=scope.only("v.member_id"), members=scope.only("s.member_id"))
        unseen_from = scope.midnight(scope.on - (scope.absent_days - 1) * DAY)
        rows = list(scope.stream(statement, unseen_from=unseen_from, **scope.visit_bounds()))
        covered, frozen = _spans(scope, [row[0] for row in rows])
        for member, chain_starts_on, lately, before, last in rows:
            counts = Counts(lately, before)
            seen_on = last.astimezone(scope.policy.zone).date() if last else None
            since = attendance.not_seen_since(seen_on, chain_starts_on, frozen[member], scope.on)
            if attendance.absent(since, scope.on, active=True, absent_days=scope.absent_days):
                came = seen_on == since
                found[member].append(planning.absent(last_seen_on=since, absent_days=scope.absent_days, came=came))
            if attendance.falling(counts, covered[member], frozen[member], scope.on):
                found[member].append(planning.falling(counts))
    for source in places.risk_sources:
        for member, risk in source(club=scope.club, on=scope.on, members=scope.members).items():
            found[member].append(risk)
    return found


def _spans(scope: Scope, members: Collection[int]) -> tuple[Mapping[int, list[Span]], Mapping[int, list[Span]]]:
    """The days that these members were covered and frozen, as far back as visits are counted."""
    covered: dict[int, list[Span]] = defaultdict(list)
    frozen: dict[int, list[Span]] = defaultdict(list)
    first = attendance.days_before(scope.on).first
    for member, starts_on, last, frozen_from, frozen_to in prepared.rows(
        SPANS, {"members": list(members), "first": first}
    ):
        covered[member].append(Span(starts_on, last))
        if frozen_from is not None:
            frozen[member].append(Span(frozen_from, frozen_to))
    return covered, frozen


def at_risk(scope: Scope, causes: Mapping[int, list[Risk]]) -> Iterator[Want]:
    members = list(causes)
    earlier = {
        member: _earlier(scope, due_at, closed_at, is_open)
        for member, due_at, closed_at, is_open in prepared.rows(
            EARLIER, {"members": members, "kind": Kind.AT_RISK.value}
        )
    }
    renewing = still_open(scope, Kind.RENEWAL)
    for member in members:
        wanted = planning.at_risk_call(
            on=scope.on,
            member=member,
            causes=causes[member],
            policy=scope.policy,
            earlier=earlier.get(member),
            renewal_is_open=member in renewing,
        )
        if wanted:
            yield simple(scope, wanted, member=member)


def still_open(scope: Scope, kind: Kind) -> set[int]:
    """The members who have an open task of this kind."""
    rows = prepared.rows(STILL_OPEN + scope.only("t.member_id"), scope.params(kind=kind.value))
    return {member for (member,) in rows}


def care(scope: Scope, causes: Collection[int]) -> Iterator[Want]:
    """Where visits are missing, an open at_risk task is all that is known of a risk."""
    rules = scope.policy
    at_risk = causes if scope.counts_visits else {*causes, *still_open(scope, Kind.AT_RISK)}
    quiet = scope.on - rules.care_days * DAY
    for member, ends_on, chain_starts_on, spoke_at, met_at, due_at, closed_at, is_open in scope.stream(
        CARE + scope.only("s.member_id"),
        left=scope.on + rules.care_days_left * DAY,
        quiet=quiet,
        quiet_at=scope.midnight(quiet + DAY),
    ):
        wanted = planning.care_call(
            on=scope.on,
            member=member,
            effective_ends_on=ends_on,
            chain_starts_on=chain_starts_on,
            policy=rules,
            last_conversation_on=_day(scope, spoke_at),
            last_meeting_on=_day(scope, met_at),
            earlier=_earlier(scope, due_at, closed_at, is_open) if due_at else None,
            at_risk=member in at_risk,
        )
        if wanted:
            yield simple(scope, wanted, member=member)


def winbacks(scope: Scope) -> Iterator[Want]:
    rules = scope.policy
    ((offer_runs,),) = prepared.rows(OFFER_RUNS, {"club": scope.club.pk, "on": scope.on})
    days = {"first": scope.on - rules.winback_days * DAY, "last": scope.on - min(rules.winback_rungs, default=0) * DAY}
    if not offer_runs or not rules.winback_rungs:
        return
    for member, pk, last_covered_on, no_winback, for_manager in scope.stream(
        WINBACK + scope.only("s.member_id"), **days
    ):
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
