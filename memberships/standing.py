"""How a member stands on a day: status and membership, for one, for a page of them, for filters."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from memberships.models import Freeze, Member, Membership
from memberships.rules import terms
from memberships.rules.terms import Period, Span, Status


class HeldPlan(NamedTuple):
    """What a list shows of a membership's plan."""

    code: str
    name: str


class Held(NamedTuple):
    """What a list shows of a membership, by the names that it has there: a row of a page is read without the rest."""

    pk: int
    member_id: int
    starts_on: dt.date
    chain_starts_on: dt.date
    effective_ends_on: dt.date
    cancelled_on: dt.date | None
    last_covered_on: dt.date
    plan: HeldPlan


Row = TypeVar("Row", Membership, Held)


@dataclass(frozen=True)
class Standing(Generic[Row]):
    """A member's membership on a day and its status; both None for one who never had any that covers a day.

    The membership is the one that covers the day, else the next to begin, else the latest that ended.
    """

    membership: Row | None
    status: Status | None

    @property
    def is_member(self) -> bool:
        """Active or frozen on the day."""
        return self.status in (Status.ACTIVE, Status.FROZEN)


NOBODY: Standing[Any] = Standing(None, None)


def status_of(*, membership: Membership, on: dt.date) -> Status:
    """The status of a membership on a day."""
    return statuses(memberships=[membership], on=on)[membership.pk]


def statuses(*, memberships: Iterable[Membership | Held], on: dt.date) -> dict[int, Status]:
    """The status of each membership on a day, by id (one query)."""
    rows = list(memberships)
    frozen = freeze_spans([row.pk for row in rows])
    return {row.pk: terms.status_on(period(row), frozen[row.pk], on) for row in rows}


def of_member(*, member: Member, on: dt.date) -> Standing[Membership]:
    """How one member stands on a day."""
    rows = list(_covering([member.pk]).select_related("plan"))
    picked = chosen(rows, on)
    return Standing(picked, status_of(membership=picked, on=on)) if picked else NOBODY


def of_members(*, members: Iterable[int], on: dt.date) -> dict[int, Standing[Held]]:
    """How each of these members (ids) stands on a day: two queries for a page of a list."""
    found: dict[int, Standing[Held]] = dict.fromkeys(members, NOBODY)
    by_member: dict[int, list[Held]] = defaultdict(list)
    names = ("pk", "member", "starts_on", "chain_starts_on", "effective_ends_on", "cancelled_on", "last_covered_on")
    for *own, code, name in _covering(list(found)).values_list(*names, "plan__code", "plan__name"):
        row = Held(*own, HeldPlan(code, name))
        by_member[row.member_id].append(row)
    picked = {member: row for member, rows in by_member.items() if (row := chosen(rows, on))}
    status = statuses(memberships=picked.values(), on=on)
    return found | {member: Standing(row, status[row.pk]) for member, row in picked.items()}


def _covering(members: Collection[int]) -> QuerySet[Membership]:
    """Those of these members, in order of start."""
    return covering().filter(member__in=members)


def covering() -> QuerySet[Membership]:
    """The memberships that cover a day at all, in order of start."""
    return Membership.objects.filter(last_covered_on__gte=F("starts_on")).order_by("starts_on")


def chosen(rows: Sequence[Row], on: dt.date) -> Row | None:
    """Of a member's memberships that cover a day, in order of start: the one not yet over, else the last."""
    return next((row for row in rows if row.last_covered_on >= on), rows[-1] if rows else None)


def current(*, member: Member, on: dt.date) -> Membership | None:
    """The membership that covers the day, active or frozen."""
    rows = Membership.objects.filter(member=member, starts_on__lte=on, last_covered_on__gte=on)
    return rows.select_related("plan").order_by("pk").first()


def latest_ended(*, member: Member, on: dt.date) -> Membership | None:
    """The membership that ended last before the day; one that covers no day does not count."""
    rows = Membership.objects.filter(member=member, last_covered_on__lt=on, last_covered_on__gte=F("starts_on"))
    return rows.select_related("plan").order_by("-last_covered_on", "-pk").first()


def latest(*, member: Member) -> Membership | None:
    """The membership with the latest last covered day, pending ones included."""
    rows = Membership.objects.filter(member=member, last_covered_on__gte=F("starts_on"))
    return rows.select_related("plan").order_by("-last_covered_on", "-pk").first()


def period(row: Membership | Held) -> Period:
    """What the rules ask of a membership's days."""
    return Period(row.starts_on, row.effective_ends_on, row.cancelled_on)


def freeze_spans(memberships: Iterable[int]) -> dict[int, list[Span]]:
    """The frozen days of memberships by id, void freezes left out (one query); empty lists for the others."""
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = Freeze.objects.filter(membership__in=list(memberships), voided=False).order_by("starts_on")
    for membership, first, last in rows.values_list("membership", "starts_on", "ends_on"):
        spans[membership].append(Span(first, last))
    return spans


# ---- in queries ------------------------------------------------------------------------------------------


def status_q(status: Status | str, on: dt.date) -> Q:
    """The memberships that have a status on a day, as a filter on ``Membership``."""
    match Status(status):
        case Status.CANCELLED:
            return Q(cancelled_on__lte=on)
        case Status.PENDING:
            return _not_cancelled(on) & Q(starts_on__gt=on)
        case Status.EXPIRED:
            return _not_cancelled(on) & Q(starts_on__lte=on, effective_ends_on__lt=on)
        case Status.FROZEN:
            return _running(on) & Exists(_freezes(OuterRef("pk"), on))
        case _:
            return _running(on) & ~Exists(_freezes(OuterRef("pk"), on))


def with_status(memberships: QuerySet[Membership], on: dt.date) -> QuerySet[Membership]:
    """The memberships with ``status`` as of a day on each row."""
    cases = [When(status_q(status, on), then=Value(status.value)) for status in Status]
    return memberships.annotate(status=Case(*cases, output_field=CharField()))


def members_on(on: dt.date) -> Q:
    """Those who are members on a day (active or frozen), as a filter on ``Member``."""
    return Q(Exists(Membership.objects.filter(_running(on), member=OuterRef("pk"))))


def member_status_q(status: Status | str, on: dt.date) -> Q:
    """The members who stand so on a day (as ``of_member`` says), as a filter on ``Member``."""
    mine = Membership.objects.filter(member=OuterRef("pk"), last_covered_on__gte=F("starts_on"))
    open_ones = mine.filter(last_covered_on__gte=on)
    status = Status(status)
    if status in (Status.ACTIVE, Status.FROZEN):
        return Q(Exists(mine.filter(status_q(status, on))))
    if status is Status.PENDING:
        return Q(Exists(open_ones)) & ~Q(Exists(mine.filter(starts_on__lte=on, last_covered_on__gte=on)))
    last_cancelled = mine.filter(cancelled_on__lte=on, last_covered_on=OuterRef("last_covered_on"))
    over = Q(last_covered_on__lt=on)
    return over & (Q(Exists(last_cancelled)) if status is Status.CANCELLED else ~Q(Exists(last_cancelled)))


def _not_cancelled(on: dt.date) -> Q:
    return Q(cancelled_on=None) | Q(cancelled_on__gt=on)


def _running(on: dt.date) -> Q:
    return _not_cancelled(on) & Q(starts_on__lte=on, effective_ends_on__gte=on)


def _freezes(membership: OuterRef, on: dt.date) -> QuerySet[Freeze]:
    return Freeze.objects.filter(membership=membership, voided=False, starts_on__lte=on, ends_on__gte=on)
