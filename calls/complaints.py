"""Complaints (§11): while one waits for its answer, the member gets no calls but promised ones."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from calls import settling
from calls.models import CallTask, Complaint, ContactPolicy, TaskStatus
from memberships import holding
from memberships.models import Club, Employee, User
from memberships.rules import local_time
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence


class AnswerRefused(Invalid):
    """An answer says something."""

    field = "text"


class NotOpen(Conflict):
    """The complaint was answered or taken back already."""

    code = "already_recorded"


def seen_by(user: User) -> QuerySet[Complaint]:
    """Complaints as far as they are not about the reader: nobody sees one about themselves."""
    return not_about(user, Complaint.objects.select_related("club__contact_policy", "member", "about", "owner"))


def not_about(user: User, rows: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """These complaints without those about the reader."""
    return rows.exclude(about__in=Employee.objects.filter(user=user))


def over_people() -> QuerySet[Complaint]:
    """Complaints about somebody who works here, as long as they stand."""
    return Complaint.objects.filter(about__isnull=False).exclude(status=Complaint.Status.WITHDRAWN)


def open_ones(club: Club, user: User) -> QuerySet[Complaint]:
    """The club's complaints that wait for an answer."""
    return seen_by(user).filter(club=club, status=Complaint.Status.OPEN)


def answer(*, complaint: Complaint, text: str, by: User, now: dt.datetime) -> Complaint:
    """The member has an answer: they may be rung again. Raises AnswerRefused, NotOpen."""
    words = text.strip()
    if not words:
        raise AnswerRefused(sentence(N_("Write what was answered.")))
    with holding.operation(by=by):
        row = Complaint.objects.select_for_update().get(pk=complaint.pk)
        if row.status != Complaint.Status.OPEN:
            raise NotOpen(
                sentence(N_("This complaint is closed already: %(status)s."), status=row.get_status_display())
            )
        row.status, row.answer, row.answered_at = Complaint.Status.ANSWERED, words, now
        if row.owner_id is None:
            row.owner = Employee.objects.filter(club=row.club_id, user=by, active=True).order_by("pk").first()
        row.save(update_fields=["status", "answer", "answered_at", "owner"])
        if row.member_id is not None:
            waiting = CallTask.objects.filter(member=row.member_id, status__in=(TaskStatus.WAITING, TaskStatus.READY))
            settling.settle(tasks=list(waiting.values_list("pk", flat=True)), now=now)
    return row


def due_on(complaint: Complaint) -> dt.date:
    """The club's last day for the answer."""
    received_on = complaint.received_at.astimezone(complaint.club.zone).date()
    return received_on + _time_to_answer(complaint.club)


def overdue_q(club: Club, today: dt.date) -> Q:
    """The club's complaints whose last day for an answer is over."""
    return Q(received_at__lt=local_time.first_instant(today - _time_to_answer(club), club.zone))


def _time_to_answer(club: Club) -> dt.timedelta:
    rules = getattr(club, "contact_policy", None) or ContactPolicy()
    return dt.timedelta(days=rules.complaint_answer_days)
