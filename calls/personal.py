"""Which rows of this room belong to a member, which of their columns hold words, and what a merge does to calls."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from calls import meetings, settling
from calls.models import (
    OPEN_STATUSES,
    CallAttempt,
    CallTask,
    Complaint,
    Lapse,
    Meeting,
    MeetingStatus,
    Request,
    TaskRelease,
    TaskStatus,
)
from memberships.events import Moment
from memberships.models import Member, Role, User
from memberships.places import MemberRows

MERGED = "merged"


def _not_about(rows: QuerySet, user: User) -> QuerySet:
    """Complaints but for those about the reader; an owner of the club sees all."""
    return rows.exclude(about__user=user) | rows.filter(
        club__employees__user=user, club__employees__role=Role.OWNER, club__employees__active=True
    )


ROWS = (
    MemberRows("tasks", _("Calls to make"), CallTask, words=("phone", "facts")),
    MemberRows("releases", _("Calls given back"), TaskRelease, path="task__member", words=("why",)),
    MemberRows(
        "attempts", _("Calls"), CallAttempt, words=("phone", "note", "corrected_why", "undone"), once="at"
    ),
    MemberRows("meetings", _("Meetings"), Meeting, words=("note", "why")),
    MemberRows("requests", _("Requests"), Request, words=("text", "answer")),
    MemberRows("complaints", _("Complaints"), Complaint, words=("text", "answer"), seen_by=_not_about),
)  # fmt: skip


class Merging:
    """Open calls to the one that goes lapse; of two meetings ahead for the same purpose theirs is called off."""

    def before(self, *, kept: Member, gone: Member, moment: Moment) -> dict[str, list[int]]:
        mine = CallTask.objects.filter(member=gone, status__in=OPEN_STATUSES)
        lapsed = settling.lapse(tasks=mine.values_list("pk", flat=True), because=Lapse.MERGED, moment=moment)
        ahead = Meeting.objects.filter(status=MeetingStatus.SCHEDULED, overtaken=False)
        twice = list(ahead.filter(member=gone, purpose__in=ahead.filter(member=kept).values("purpose")).order_by("pk"))
        for meeting in twice:
            meetings.cancel(meeting=meeting, why=MERGED, by=moment.by, now=moment.now)
        return {"tasks": [task.pk for task in lapsed], "meetings": [meeting.pk for meeting in twice]}

    def undo(self, *, kept: Member, gone: Member, made: dict[str, list[int]], moment: Moment) -> None:
        for pk in made["meetings"]:
            called_off = Meeting.objects.filter(pk=pk, status=MeetingStatus.CANCELLED, why=MERGED)
            self._put_back(called_off.filter(starts_at__gt=moment.now), status=MeetingStatus.SCHEDULED, why="")
        for pk in made["tasks"]:
            lapsed = CallTask.objects.filter(pk=pk, status=TaskStatus.LAPSED, lapsed_because=Lapse.MERGED)
            self._put_back(lapsed, status=TaskStatus.READY, lapsed_because="", closed_at=None)
        settling.settle(tasks=made["tasks"], now=moment.now)

    def _put_back(self, rows: QuerySet, **values: object) -> None:
        """A row whose place somebody has taken since stays as the merge left it."""
        try:
            with transaction.atomic():
                rows.update(**values)
        except IntegrityError:
            return
