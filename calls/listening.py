"""What calls do when something happens to a membership or a member, in the same transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from types import ModuleType

from django.db.models import Q, QuerySet

from calls import planning, settling
from calls.models import (
    OPEN_STATUSES,
    CallTask,
    Kind,
    Lapse,
    TaskStatus,
)
from memberships.events import Moment
from memberships.models import Club, Freeze, Member, Membership, Visit

LATELY = dt.timedelta(days=90)
"""A call that lapsed longer ago is not opened again by an event; the nightly plan may."""


def register(events: ModuleType) -> None:
    """Hangs the listeners into the events of memberships."""
    events.sold.append(on_sold)
    events.changed.append(on_changed)
    events.cancelled.append(on_cancelled)
    events.frozen.append(on_freezes)
    events.unfrozen.append(on_freezes)
    events.visited.append(on_visits)
    events.member_changed.append(on_member_changed)


def on_sold(*, membership: Membership, moment: Moment) -> None:
    """Nobody is rung about a membership that has its successor."""
    earlier = CallTask.objects.filter(
        member=membership.member_id,
        kind__in=(Kind.RENEWAL, Kind.WINBACK),
        status__in=OPEN_STATUSES,
        membership__starts_on__lt=membership.starts_on,
    )
    settling.lapse(tasks=earlier.values_list("pk", flat=True), because=Lapse.RENEWED, moment=moment)


def on_changed(*, old: Membership, new: Membership, moment: Moment) -> None:
    """A change of plan is a successor too; the old one is over."""
    about = _about(old)
    settling.lapse(tasks=about.values_list("pk", flat=True), because=Lapse.RENEWED, moment=moment)


def on_cancelled(*, membership: Membership, moment: Moment) -> None:
    """Open tasks about a cancelled membership lapse; one that waited for its successor may be due again."""
    about = _about(membership)
    settling.lapse(tasks=about.values_list("pk", flat=True), because=Lapse.CANCELLED, moment=moment)
    _look_again(membership.club, [membership.member_id], moment, returned_from=(Lapse.RENEWED,))


def on_freezes(*, freezes: list[Freeze], moved: list[Membership], moment: Moment) -> None:
    """Frozen members are not rung; days that moved make other calls due."""
    members = {freeze.membership.member_id for freeze in freezes} | {membership.member_id for membership in moved}
    causes = (Lapse.FROZEN, Lapse.WINDOW_OVER)
    _look_again(freezes[0].membership.club, members, moment, is_open=True, returned_from=causes)


def on_visits(*, visits: list[Visit], moment: Moment) -> None:
    """Who came is not absent any more."""
    clubs = {visit.club for visit in visits}
    for club in clubs:
        members = {visit.member_id for visit in visits if visit.club_id == club.pk}
        missed = CallTask.objects.filter(club=club, kind=Kind.AT_RISK, status__in=OPEN_STATUSES, member__in=members)
        waiting = set(missed.values_list("member", flat=True))
        if waiting:
            planning.replan(club=club, members=waiting, now=moment.now)


def on_member_changed(*, member: Member, moment: Moment) -> None:
    """A changed number, consent, do-not-call mark or death counts at once; so does one that is taken away."""
    settling.settle(tasks=_open(member), now=moment.now)
    causes = (Lapse.DNC, Lapse.DECEASED, Lapse.BAD_PHONE, Lapse.POLICY)
    _look_again(member.club, [member.pk], moment, returned_from=causes)


def _look_again(
    club: Club, members: Collection[int], moment: Moment, *, is_open: bool = False, returned_from: Collection[str] = ()
) -> None:
    """Plans for those of the members who have open tasks (if asked), or tasks that lapsed for such a cause lately."""
    lately = Q(status=TaskStatus.LAPSED, lapsed_because__in=returned_from, closed_at__gt=moment.now - LATELY)
    wanted = lately | Q(status__in=OPEN_STATUSES) if is_open else lately
    touched = set(CallTask.objects.filter(wanted, member__in=members).values_list("member", flat=True))
    if touched:
        planning.replan(club=club, members=touched, now=moment.now)


def _about(membership: Membership) -> QuerySet[CallTask]:
    mine = CallTask.objects.filter(member=membership.member_id, status__in=OPEN_STATUSES)
    return mine.filter(membership=membership)


def _open(member: Member) -> list[int]:
    return list(CallTask.objects.filter(member=member, status__in=OPEN_STATUSES).values_list("pk", flat=True))
