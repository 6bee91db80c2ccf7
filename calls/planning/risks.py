"""Who comes less or not at all: the causes of calls at risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from calls import places, prepared
from calls.planning.scope import Scope
from calls.rules import planning, position
from calls.rules.kinds import Kind
from calls.rules.planning import Risk
from memberships.rules import attendance
from memberships.rules.attendance import Counts
from memberships.rules.terms import DAY, Span

RISKY = """
WITH seen AS (
    SELECT v.member_id, count(*) FILTER (WHERE v.at >= %(lately_from)s) AS lately,
        count(*) FILTER (WHERE v.at < %(lately_from)s) AS before, max(v.at) AS last
    FROM memberships_visit v
    WHERE v.club_id = %(club)s AND v.at >= %(before_from)s AND v.at < %(until)s {visitors}
    GROUP BY v.member_id
), standing AS (
    SELECT DISTINCT ON (t.member_id) t.member_id, t.id FROM calls_calltask t
    WHERE t.club_id = %(club)s AND t.kind = 'at_risk' AND t.status IN ('waiting', 'ready', 'leased')
      AND (t.status = 'leased' OR t.sort_key = %(absent_key)s)
    ORDER BY t.member_id, t.due_at DESC
), risky AS (
    SELECT s.member_id, s.chain_starts_on, coalesce(seen.lately, 0) AS lately, coalesce(seen.before, 0) AS before,
        seen.last, (seen.last < %(unseen_from)s OR seen.last IS NULL AND %(unseen_from)s >= %(before_from)s)
            AND s.chain_starts_on <= %(absent_from)s
            AND NOT EXISTS (SELECT FROM memberships_freeze f JOIN memberships_membership o ON o.id = f.membership_id
                            WHERE o.member_id = s.member_id AND NOT f.voided
                              AND f.ends_on > %(absent_from)s AND f.ends_on <= %(on)s) AS absent
    FROM memberships_membership s JOIN memberships_member m ON m.id = s.member_id
    LEFT JOIN seen ON seen.member_id = s.member_id
    WHERE s.club_id = %(club)s AND s.starts_on <= %(on)s AND s.last_covered_on >= %(on)s AND m.merged_into_id IS NULL
      AND NOT EXISTS (SELECT FROM memberships_freeze f WHERE f.membership_id = s.id AND NOT f.voided
                      AND f.starts_on <= %(on)s AND f.ends_on >= %(on)s)
      AND (seen.last IS NULL OR seen.last < %(unseen_from)s OR 2 * 84 * seen.lately <= 28 * seen.before) {members}
)
SELECT x.member_id, CASE WHEN x.absent THEN t.id END, x.chain_starts_on, x.lately, x.before,
    CASE WHEN x.absent AND t.id IS NOT NULL THEN NULL ELSE coalesce(
        x.last, (SELECT max(v.at) FROM memberships_visit v WHERE v.member_id = x.member_id AND v.at < %(until)s)) END
FROM risky x LEFT JOIN standing t ON t.member_id = x.member_id
"""
"""Members active today who may be absent or falling; the rules decide on them. Of those who are surely absent also
the open task that says so already: about them nothing is left to decide."""

SPANS = """
SELECT s.member_id, s.starts_on, s.last_covered_on, f.starts_on, f.ends_on
FROM memberships_membership s
LEFT JOIN memberships_freeze f ON f.membership_id = s.id AND NOT f.voided AND f.ends_on >= %(first)s
WHERE s.member_id = ANY (%(members)s::bigint[]) AND s.last_covered_on >= %(first)s AND s.last_covered_on >= s.starts_on
"""


@dataclass
class Risks:
    """Who is at risk. ``standing``: by member the open task that says so already; ``causes``: of all the others."""

    standing: dict[int, int] = field(default_factory=dict)
    causes: dict[int, list[Risk]] = field(default_factory=lambda: defaultdict(list))

    def __contains__(self, member: object) -> bool:
        return member in self.standing or member in self.causes


def risks(scope: Scope) -> Risks:
    """The causes that hold, by member. Without visits in the club nobody is asked for absence."""
    found = Risks()
    if scope.counts_visits:
        _ask_for_absence(scope, found)
    for source in places.risk_sources:
        for member, risk in source(club=scope.club, on=scope.on, members=scope.members).items():
            if member not in found.standing:
                found.causes[member].append(risk)
    return found


def _ask_for_absence(scope: Scope, found: Risks) -> None:
    statement = RISKY.format(visitors=scope.only("v.member_id"), members=scope.only("s.member_id"))
    days = {
        "absent_from": scope.on - scope.absent_days * DAY,
        "unseen_from": scope.midnight(scope.on - (scope.absent_days - 1) * DAY),
        "absent_key": position.sort_key(Kind.AT_RISK, score=1),
    }
    rows = []
    for row in scope.stream(statement, **days, **scope.visit_bounds()):
        if row[1] is not None:
            found.standing[row[0]] = row[1]
        else:
            rows.append(row)
    covered, frozen = _spans(scope, [row[0] for row in rows])
    for member, _task, chain_starts_on, lately, before, last in rows:
        counts = Counts(lately, before)
        seen_on = last.astimezone(scope.policy.zone).date() if last else None
        since = attendance.not_seen_since(seen_on, chain_starts_on, frozen[member], scope.on)
        if attendance.absent(since, scope.on, active=True, absent_days=scope.absent_days):
            came = seen_on == since
            found.causes[member].append(planning.absent(last_seen_on=since, absent_days=scope.absent_days, came=came))
        if attendance.falling(counts, covered[member], frozen[member], scope.on):
            found.causes[member].append(planning.falling(counts))


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
