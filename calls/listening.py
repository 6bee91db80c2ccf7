"""What calls do when something happens to a membership or a member, in the same transaction."""

from __future__ import annotations

from types import ModuleType

from calls import settling
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, Complaint, Kind, Lapse, Meeting, Request
from memberships.events import Moment
from memberships.models import Freeze, Member, Membership, Visit


def register(events: ModuleType) -> None:
    """Hangs the listeners into the events of memberships."""
    events.sold.append(on_sold)
    events.changed.append(on_changed)
    events.cancelled.append(on_cancelled)
    events.frozen.append(on_freeze)
    events.unfrozen.append(on_freeze)
    events.visited.append(on_visits)
    events.member_changed.append(on_member_changed)
    events.merged.append(on_merged)
    events.erased.append(on_erased)


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
    about = CallTask.objects.filter(membership=old, status__in=OPEN_STATUSES)
    settling.lapse(tasks=about.values_list("pk", flat=True), because=Lapse.RENEWED, moment=moment)


def on_cancelled(*, membership: Membership, moment: Moment) -> None:
    """Open tasks about a cancelled membership lapse."""
    about = CallTask.objects.filter(membership=membership, status__in=OPEN_STATUSES)
    settling.lapse(tasks=about.values_list("pk", flat=True), because=Lapse.CANCELLED, moment=moment)


def on_freeze(*, freeze: Freeze, moved: list[Membership], moment: Moment) -> None:
    """Frozen members are not rung; days that moved make other calls due."""


def on_visits(*, visits: list[Visit], moment: Moment) -> None:
    """Who came is not absent any more."""


def on_member_changed(*, member: Member, moment: Moment) -> None:
    """A changed number, consent, do-not-call mark or death counts at once."""
    settling.settle(tasks=_open(member), now=moment.now)


def on_merged(*, kept: Member, gone: Member, moment: Moment) -> None:
    """What was said with either is the history of the one that is kept; calls to the other lapse."""
    settling.lapse(tasks=_open(gone), because=Lapse.MERGED, moment=moment)
    CallTask.objects.filter(member=gone).update(member=kept)
    at_the_same_instant = CallAttempt.objects.filter(member=kept).values("at")
    CallAttempt.objects.filter(member=gone).exclude(at__in=at_the_same_instant).update(member=kept)
    for model in (Meeting, Complaint, Request):
        model._default_manager.filter(member=gone).update(member=kept)


def on_erased(*, member: Member, moment: Moment) -> None:
    """The words and numbers go, the counts stay."""
    CallAttempt.objects.filter(member=member).update(note="", phone="")
    CallTask.objects.filter(member=member).update(phone="")
    Meeting.objects.filter(member=member).update(note="", why="")
    Complaint.objects.filter(member=member).update(text="", answer="")
    Request.objects.filter(member=member).update(text="", answer="")


def _open(member: Member) -> list[int]:
    return list(CallTask.objects.filter(member=member, status__in=OPEN_STATUSES).values_list("pk", flat=True))
