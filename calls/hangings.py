"""Calls and meetings that hang on the days of a membership, for the preview of a freeze or a closure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from calls import cards, policy
from calls.models import OPEN_STATUSES, CallTask, Kind, Lapse, Meeting, MeetingStatus, Purpose, TaskStatus
from calls.rules import occasions
from config.templatetags.ringback import instant
from config.words import said
from memberships.events import Moment
from memberships.models import Freeze
from memberships.places import Hanging
from memberships.rules import local_time
from memberships.rules.terms import DAY, Span


def calls(*, members: Collection[int], moment: Moment) -> Iterator[Hanging]:
    """Open calls, those that lapse at this moment, and the calls that the ends of freezes will ask for."""
    lapsing = Q(status=TaskStatus.LAPSED, closed_at=moment.now)
    tasks = CallTask.objects.filter(Q(status__in=OPEN_STATUSES) | lapsing, member__in=members)
    known = set()
    for task in tasks.select_related("club").order_by("pk"):
        known.add((task.kind, task.key))
        zone = task.club.zone
        on = local_time.local_day(max(task.due_at, task.ready_at or task.due_at), zone)
        state = ""
        if task.status == TaskStatus.LAPSED:
            state = _("lapses: %(because)s") % {"because": Lapse(task.lapsed_because).label}
        label = f"{Kind(task.kind).label}: {said(cards.reason_of(task))}"
        yield Hanging(f"task:{task.pk}", "call", task.member_id, label, on, state, task.membership_id)
    for freeze in _ahead(members, moment):
        ways = policy.of_club(freeze.membership.club)
        on = freeze.ends_on - ways.freeze_ending_days * DAY
        days = Span(freeze.starts_on, freeze.ends_on)
        wanted = occasions.freeze_ending_call(on=on, freeze=freeze.pk, days=days, policy=ways)
        if wanted and on > moment.today and (Kind.FREEZE_ENDING, wanted.key) not in known:
            label = f"{Kind.FREEZE_ENDING.label}: {said(wanted.reason)}"
            yield Hanging(
                f"freeze:{freeze.pk}", "call", freeze.membership.member_id, label, on, "", freeze.membership_id
            )


def meetings(*, members: Collection[int], moment: Moment) -> Iterator[Hanging]:
    """Meetings ahead: they stay as they are, but on a frozen day the member may not come."""
    frozen: dict[int, list[Span]] = {}
    for freeze in _ahead(members, moment):
        frozen.setdefault(freeze.membership.member_id, []).append(Span(freeze.starts_on, freeze.ends_on))
    ahead = Meeting.objects.filter(member__in=members, status=MeetingStatus.SCHEDULED, starts_at__gte=moment.now)
    for meeting in ahead.select_related("host", "club").order_by("starts_at", "pk"):
        on = local_time.local_day(meeting.starts_at, meeting.club.zone)
        inside = any(on in days for days in frozen.get(meeting.member_id, ()))
        label = _("%(purpose)s meeting, %(when)s with %(host)s") % {
            "purpose": Purpose(meeting.purpose).label,
            "when": instant(meeting.starts_at, meeting.club),
            "host": meeting.host.name,
        }
        state = _("on a frozen day") if inside else ""
        url = reverse("meeting_detail", args=[meeting.pk])
        yield Hanging(f"meeting:{meeting.pk}", "meeting", meeting.member_id, label, on, state, url=url, stays=inside)


def _ahead(members: Collection[int], moment: Moment) -> list[Freeze]:
    rows = Freeze.objects.filter(membership__member__in=members, voided=False, ends_on__gte=moment.today)
    return list(rows.select_related("membership__club").order_by("pk"))
