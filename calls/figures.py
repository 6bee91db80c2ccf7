"""Figures about refusals: who said no, why, and what changed. From call outcomes and from meetings closed refused."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from calls.models import CallAttempt, Kind, Meeting, MeetingResult, MeetingStatus, Outcome, ReasonGroup, RefusalReason
from calls.rules import refusals as rules
from calls.rules.refusals import Refusal
from memberships.models import Club, Employee, Member, Membership, Plan, Segment, SegmentChange
from memberships.rules import local_time
from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

DAY = dt.timedelta(days=1)
AT_A_MEETING = "meeting"
"""The kind of a refusal at a meeting that no call had booked."""

FORMULA = N_(
    "Refusals: call outcomes “refused” and meetings closed “refused”, by the club day on which they were"
    " recorded. Share: refusals with this value ÷ all refusals of the period."
)


class GroupingRefused(Invalid):
    """There is no such grouping."""

    field = "by"


class PeriodRefused(Invalid):
    """The period ends before it begins."""

    field = "to"


@dataclass(frozen=True)
class Line:
    """One row of the report. ``group``: who can act, for reasons and groups only; ``share`` ``None`` reads —."""

    key: str
    label: str
    group: str
    count: int
    share: Decimal | None


@dataclass(frozen=True)
class Report:
    rows: list[Line]
    total: int
    formula: str


@dataclass
class Names:
    """What the keys of a club's refusals are called."""

    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    """The group of a reason, by code."""

    def of(self, grouping: str, key: str) -> str:
        """How a key is shown; — where nothing is known."""
        return self.labels[grouping].get(key, key) or "—"

    def group_of(self, grouping: str, key: str) -> str:
        if grouping == "group":
            return key
        return self.groups.get(key, "") if grouping == "reason" else ""


def report(
    *,
    club: Club,
    first: dt.date,
    last: dt.date,
    by: str = "reason",
    filters: Mapping[str, Sequence[str]] | None = None,
) -> Report:
    """Refusals of a club from day to day (both included) by one of ``rules.GROUPINGS``.

    By competitor counts only those that name the group *competitor*. Raises GroupingRefused, PeriodRefused.
    """
    if by not in rules.GROUPINGS:
        text = N_("Refusals are counted by one of: %(groupings)s.")
        raise GroupingRefused(sentence(text, groupings=", ".join(rules.GROUPINGS)))
    found = rules.chosen(refusals(club=club, first=first, last=last), filters or {})
    if by == "competitor":
        found = [one for one in found if one.group == ReasonGroup.COMPETITOR or one.competitor]
    known = names(club, found)
    rows = [
        Line(row.key, known.of(by, row.key), known.group_of(by, row.key), row.count, row.share)
        for row in rules.counted(found, by)
    ]
    return Report(rows, len(found), _(FORMULA))


def refusals(*, club: Club, first: dt.date, last: dt.date) -> list[Refusal]:
    """Every refusal of a club from day to day, both included, oldest first. Raises PeriodRefused."""
    since, until = edges(club, first, last)
    found = [*_in_calls(club, since, until), *_at_meetings(club, since, until)]
    return sorted(_with_terms(club, found), key=lambda refusal: (refusal.at, refusal.member))


def conversations(*, club: Club, first: dt.date, last: dt.date) -> int:
    """How often somebody of the club spoke with a member who could refuse: attempts reached, meetings attended."""
    since, until = edges(club, first, last)
    reached = CallAttempt.objects.filter(club=club, at__gte=since, at__lt=until, reached=True).count()
    came = Meeting.objects.filter(
        club=club, status=MeetingStatus.ATTENDED, starts_at__gte=since, starts_at__lt=until
    ).count()
    return reached + came


def edges(club: Club, first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The instants at which a period of club days begins and is over. Raises PeriodRefused."""
    if last < first:
        raise PeriodRefused(sentence(N_("The period must end after it begins.")))
    return local_time.first_instant(first, club.zone), local_time.first_instant(last + DAY, club.zone)


@dataclass(slots=True)
class _Found:
    """A refusal as stored, before the member's terms on that day are added."""

    at: dt.datetime
    member: int
    reason: str
    group: str
    kind: str
    operator: str
    plan: str | None
    since: dt.date | None
    competitor: str
    note: str
    attempt: int | None = None
    meeting: int | None = None


def _in_calls(club: Club, since: dt.datetime, until: dt.datetime) -> Iterable[_Found]:
    rows = CallAttempt.objects.filter(club=club, outcome=Outcome.REFUSED, at__gte=since, at__lt=until).values_list(
        "at",
        "member_id",
        "reason__code",
        "reason__group",
        "kind",
        "operator__username",
        "membership__plan__code",
        "membership__chain_starts_on",
        "competitor",
        "note",
        "pk",
    )
    for at, member, reason, group, kind, operator, *rest in rows:
        yield _Found(at, member, reason or "", group or ReasonGroup.UNSAID, kind, operator or "", *rest)


def _at_meetings(club: Club, since: dt.datetime, until: dt.datetime) -> Iterable[_Found]:
    rows = Meeting.objects.filter(
        club=club, result=MeetingResult.REFUSED, closed_at__gte=since, closed_at__lt=until
    ).values_list(
        "closed_at",
        "member_id",
        "reason__code",
        "reason__group",
        "task__kind",
        "host__user__username",
        "host_id",
        "task__membership__plan__code",
        "task__membership__chain_starts_on",
        "competitor",
        "note",
        "pk",
    )
    for at, member, reason, group, kind, host_login, host, plan, chain, competitor, note, pk in rows:
        yield _Found(
            at,
            member,
            reason or "",
            group or ReasonGroup.UNSAID,
            kind or AT_A_MEETING,
            host_login or _host_key(host),
            plan,
            chain,
            competitor,
            note,
            meeting=pk,
        )


def _host_key(pk: int) -> str:
    return f"host:{pk}"


def _with_terms(club: Club, found: list[_Found]) -> Iterable[Refusal]:
    """Adds plan and chain where no membership was noted, and the segment: each as it was on that day."""
    members = {one.member for one in found}
    segments: dict[int, list[tuple[dt.date, str]]] = defaultdict(list)
    for member, on, segment in (
        SegmentChange.objects.filter(member__in=members).order_by("on").values_list("member_id", "on", "segment")
    ):
        segments[member].append((on, segment))
    lacking = {one.member for one in found if one.plan is None}
    held: dict[int, list[tuple[dt.date, str, dt.date]]] = defaultdict(list)
    for member, *terms in (
        Membership.objects.filter(member__in=lacking)
        .order_by("starts_on")
        .values_list("member_id", "starts_on", "plan__code", "chain_starts_on")
    ):
        held[member].append(tuple(terms))
    for one in found:
        on = one.at.astimezone(club.zone).date()
        plan, since = one.plan, one.since
        if plan is None:
            _start, plan, since = _latest(held[one.member], on) or (None, rules.UNKNOWN, None)
        segment = _latest(segments[one.member], on)
        yield Refusal(
            at=one.at,
            on=on,
            member=one.member,
            reason=one.reason,
            group=one.group,
            kind=one.kind,
            operator=one.operator,
            plan=plan or rules.UNKNOWN,
            segment=segment[1] if segment else rules.UNKNOWN,
            since=since,
            competitor=one.competitor.strip(),
            note=one.note.strip(),
            attempt=one.attempt,
            meeting=one.meeting,
        )


def _latest(dated: list[tuple], on: dt.date) -> tuple | None:
    """The last of rows in order of their first field, a day, that is not after the day."""
    place = bisect_right(dated, on, key=lambda row: row[0])
    return dated[place - 1] if place else None


def names(club: Club, found: Iterable[Refusal]) -> Names:
    """What the keys of these refusals are called, in the reader's language."""
    reasons = {reason.code: (reason.name, reason.group) for reason in RefusalReason.objects.filter(club=club)}
    staff = Employee.objects.filter(club=club).select_related("user").order_by("active", "pk")
    operators = {(one.user.username if one.user else _host_key(one.pk)): one.name for one in staff}
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    months: dict[str, str] = {}
    for one in found:
        spellings[one.competitor.casefold()][one.competitor] += 1
        months[one.month] = one.month
    return Names(
        labels={
            "reason": {code: label for code, (label, _group) in reasons.items()} | {"": _("Not recorded")},
            "group": {str(group): str(group.label) for group in ReasonGroup},
            "month": months,
            "plan": dict(Plan.objects.filter(club=club).values_list("code", "name")),
            "segment": {str(segment): str(segment.label).capitalize() for segment in Segment},
            "tenure": {key: str(label) for key, label in tenures().items()},
            "operator": operators,
            "kind": {str(kind): str(kind.label) for kind in Kind} | {AT_A_MEETING: _("Meeting without a call")},
            "competitor": {key: counts.most_common(1)[0][0] for key, counts in spellings.items()},
        },
        groups={code: group for code, (_label, group) in reasons.items()} | {"": ReasonGroup.UNSAID},
    )


def tenures() -> dict[str, str]:
    """The stretches of unbroken membership, as column heads."""
    return {
        "0-6m": _("under 6 months"),
        "6-12m": _("6–12 months"),
        "1-2y": _("1–2 years"),
        "2-3y": _("2–3 years"),
        "3y": _("over 3 years"),
    }


def people(found: Sequence[Refusal]) -> dict[int, Member]:
    """The members behind refusals, by id."""
    return Member.objects.in_bulk({one.member for one in found})
