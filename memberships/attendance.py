"""How often members come: weeks for one, falling and absent for one or a whole club (PRODUCT.md §3.5)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Count, Max, OuterRef, Q, Subquery

from memberships import holding, standing
from memberships.models import Club, ClubPolicy, Freeze, Member, Membership, Visit
from memberships.rules import attendance as rules
from memberships.rules import local_time, terms
from memberships.rules.terms import Span, Status


@dataclass(frozen=True)
class Attendance:
    """How one member comes, as of a day. ``weeks``: visits in each of the last 12 weeks, oldest first."""

    weeks: list[int]
    counts: rules.Counts
    last_visit_on: dt.date | None


@dataclass(frozen=True)
class Lapse:
    """A member who is absent or falling (or both) on a day. ``not_seen_since``: from when absence counts."""

    member: int
    membership: int
    absent: bool
    falling: bool
    not_seen_since: dt.date
    counts: rules.Counts


def of_member(*, member: Member, on: dt.date) -> Attendance:
    """How often a member came, up to and including the day. Four months are read, and the last visit."""
    zone = member.club.zone
    found = of_members(club=member.club, members=[member.pk], on=on)[member.pk]
    mine = Visit.objects.filter(member=member, at__lt=local_time.end_of_day(on, zone))
    last = mine.aggregate(last=Max("at"))["last"]
    return replace(found, last_visit_on=local_time.local_day(last, zone) if last else None)


def of_members(*, club: Club, members: Collection[int], on: dt.date) -> dict[int, Attendance]:
    """How often each of these members (ids) came lately, in one query; ``last_visit_on`` reaches as far."""
    since, until = shown(club, on)
    recent = Visit.objects.filter(member__in=list(members), at__gte=since, at__lt=until)
    came: dict[int, list[dt.datetime]] = {member: [] for member in members}
    for member, at in recent.values_list("member", "at"):
        came[member].append(at)
    return {member: of_visits(visits, club=club, on=on) for member, visits in came.items()}


def shown(club: Club, on: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """From when on visits count as of a day, and the instant before which they lie."""
    first = min(rules.days_before(on).first, on - dt.timedelta(days=7 * rules.WEEKS_SHOWN))
    return local_time.first_instant(first, club.zone), local_time.end_of_day(on, club.zone)


def of_visits(visits: Iterable[dt.datetime], *, club: Club, on: dt.date) -> Attendance:
    """How often a member came, from all their visits of the time that is ``shown``."""
    days = [local_time.local_day(at, club.zone) for at in visits]
    return Attendance(rules.weekly(days, on), rules.counts(days, on), max(days, default=None))


def counted(*, club: Club, on: dt.date, policy: ClubPolicy | None = None) -> bool:
    """Whether the club's visits are fresh enough to ask who is falling or absent. ``policy``: the club's, if known."""
    policy = policy or holding.policy_of(club)
    before = Visit.objects.filter(club=club, at__lt=local_time.end_of_day(on, club.zone))
    last = before.order_by("-at").values_list("at", flat=True)[:1]
    day = next((local_time.local_day(at, club.zone) for at in last), None)
    return rules.club_counts_visits(day, on, policy.no_visits_days)


def falling(*, club: Club, on: dt.date, came: Mapping[int, Attendance]) -> set[int]:
    """Whose visits fell, of members whose visits are counted already (``of_members``).

    Nothing is read where nobody's did, which is so on most pages of a list.
    """
    fallen = [member for member, one in came.items() if one.counts.fallen]
    if not fallen or not counted(club=club, on=on):
        return set()
    freezes, covered = _freezes(fallen), _covered(fallen, rules.days_before(on).first)
    return {member for member in fallen if rules.falling(came[member].counts, covered[member], freezes[member], on)}


def lapse_of(*, member: Member, on: dt.date) -> Lapse | None:
    """Whether a member is falling or absent on a day; None also where the club has no fresh visits."""
    return lapses(club=member.club, on=on, members=[member.pk]).get(member.pk)


def lapses(*, club: Club, on: dt.date, members: Collection[int] | None = None) -> dict[int, Lapse]:
    """Who of the club (or of these members, by id) is falling or absent on a day; a handful of queries for all.

    Nobody where the club has no fresh visits (``counted``).
    """
    if members is not None and not members:
        return {}
    policy = holding.policy_of(club)
    if not counted(club=club, on=on, policy=policy):
        return {}
    absent_days = policy.absent_days
    counts = _counts(club, on, members)
    rows = [row for row in _members_of_the_day(club, on, members) if _suspect(row, counts, on, absent_days)]
    freezes = _freezes([row.member for row in rows])
    covered = _covered([row.member for row in rows if counts[row.member].fallen], rules.days_before(on).first)
    found = {}
    for row in rows:
        frozen = freezes[row.member]
        since = rules.not_seen_since(row.last_visit_on, row.chain_starts_on, frozen, on)
        active = not any(on in span for span in frozen)
        absent = rules.absent(since, on, active=active, absent_days=absent_days)
        falling = rules.falling(counts[row.member], covered[row.member], frozen, on)
        if absent or falling:
            found[row.member] = Lapse(row.member, row.membership, absent, falling, since, counts[row.member])
    return found


@dataclass(frozen=True)
class _Row:
    """A member of the day, frozen or not."""

    member: int
    membership: int
    chain_starts_on: dt.date
    last_visit_on: dt.date | None


def _suspect(row: _Row, counts: dict[int, rules.Counts], on: dt.date, absent_days: int) -> bool:
    """Freezes left aside: they only make absence shorter and falling impossible."""
    since = rules.not_seen_since(row.last_visit_on, row.chain_starts_on, (), on)
    return counts[row.member].fallen or rules.absent(since, on, active=True, absent_days=absent_days)


def _members_of_the_day(club: Club, on: dt.date, members: Collection[int] | None) -> list[_Row]:
    last = Visit.objects.filter(member=OuterRef("member"), at__lt=local_time.end_of_day(on, club.zone))
    running = standing.status_q(Status.ACTIVE, on) | standing.status_q(Status.FROZEN, on)
    rows = Membership.objects.filter(running, club=club).annotate(
        last_visit_at=Subquery(last.order_by("-at").values("at")[:1])
    )
    if members is not None:
        rows = rows.filter(member__in=members)
    return [
        _Row(member, membership, chain, local_time.local_day(at, club.zone) if at else None)
        for member, membership, chain, at in rows.values_list("member", "pk", "chain_starts_on", "last_visit_at")
    ]


def _counts(club: Club, on: dt.date, members: Collection[int] | None) -> dict[int, rules.Counts]:
    """Visits in the last 28 days and the 84 before, by member; nothing for who did not come at all."""
    zone = club.zone
    recent = Q(at__gte=local_time.first_instant(rules.lately(on).first, zone))
    visits = Visit.objects.filter(
        club=club,
        at__gte=local_time.first_instant(rules.days_before(on).first, zone),
        at__lt=local_time.end_of_day(on, zone),
    )
    if members is not None:
        visits = visits.filter(member__in=members)
    found: dict[int, rules.Counts] = defaultdict(lambda: rules.Counts(0, 0))
    grouped = visits.order_by().values("member").annotate(lately=Count("pk", recent), before=Count("pk", ~recent))
    for member, lately, before in grouped.values_list("member", "lately", "before"):
        found[member] = rules.Counts(lately, before)
    return found


def _freezes(members: Collection[int]) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = Freeze.objects.filter(membership__member__in=members, voided=False)
    for member, first, last in rows.values_list("membership__member", "starts_on", "ends_on"):
        spans[member].append(Span(first, last))
    return spans


def _covered(members: Collection[int], since: dt.date) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = Membership.objects.filter(member__in=members, last_covered_on__gte=since)
    for member, first, last in rows.values_list("member", "starts_on", "last_covered_on"):
        span = terms.span_or_none(first, last)
        if span is not None:
            spans[member].append(span)
    return spans
