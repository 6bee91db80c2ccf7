"""Taking an outcome back, with everything that it made, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from calls import events, meetings, policy
from calls.fixed import Fixed, Given
from calls.models import ON_LEASE, CallAttempt, CallTask, Complaint, Lapse, Meeting, Request, TaskStatus
from calls.outcomes import recording
from calls.queue import NotYours
from calls.rules import outcomes
from memberships import holding, people
from memberships.models import Member, User
from memberships.rules.errors import Conflict
from memberships.rules.sentences import N_, sentence

LAST = Fixed(
    lambda: (
        CallAttempt.objects.filter(
            operator=Given("operator"), outcome_at__gt=Given("since"), same_dial_as=None, task__isnull=False
        )
        .exclude(outcome="")
        .select_related("member")
        .order_by("-outcome_at", "-pk")[:1]
    )
)
TAKEN_UP = N_("The call was taken up again meanwhile.")


class UndoTooLate(Conflict):
    """The five minutes are over, or somebody has gone on from what the outcome made."""

    code = "undo_too_late"


def last_of(*, operator: User, now: dt.datetime) -> CallAttempt | None:
    """The operator's last outcome if it may still be taken back (the main one of a household)."""
    last = LAST.first(operator=operator.pk, since=now - outcomes.UNDO_FOR)
    return last if last is not None and last.outcome_at and outcomes.may_undo(last.outcome_at, now) else None


def undo(*, task: CallTask, operator: User, now: dt.datetime) -> CallTask:
    """Takes the last outcome of a task back, its household's too: the task is the operator's again, beside the one
    they hold, and its attempt waits for another outcome.

    Raises NotYours for somebody else's outcome, UndoTooLate.
    """
    with holding.operation(by=operator, undo=True):
        first = task.attempts_made.exclude(outcome="").order_by("-outcome_at", "-pk").first()
        if first is None or first.operator_id != operator.pk or first.outcome_at is None:
            raise NotYours(sentence(N_("This is not your outcome to take back.")))
        if first.same_dial_as_id is not None:
            first = CallAttempt.objects.get(pk=first.same_dial_as_id)
        together = CallAttempt.objects.filter(Q(pk=first.pk) | Q(same_dial_as=first)).exclude(outcome="")
        ids = [attempt.member_id for attempt in together]
        list(Member.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        attempts = list(together.select_for_update(of=("self",)).select_related("member", "task").order_by("pk"))
        if not attempts or not all(one.outcome_at and outcomes.may_undo(one.outcome_at, now) for one in attempts):
            raise UndoTooLate(sentence(N_("An outcome can be taken back for five minutes.")))
        moment = holding.moment_in(task.club, now, operator)
        for attempt in attempts:
            for listener in events.outcome_undone:
                listener(attempt=attempt, moment=moment)
        made = [attempt.made for attempt in attempts]
        for attempt in attempts:
            if attempt.task_id is not None:
                _reopen(attempt, operator, now, main=attempt.pk == first.pk)
            _restore(attempt)
            _empty(attempt, now)
        # last, because whoever hears that a mark is gone plans anew and must find the tasks open
        for attempt, was in zip(attempts, made, strict=True):
            _take_back(was, attempt.member, operator, now)
        recording.settle_number(task=task, members=ids, now=now)
    task.refresh_from_db()
    return task


def _restore(attempt: CallAttempt) -> None:
    """The member's other tasks that the outcome closed are open again, as they were."""
    for was in attempt.made.get("tasks", ()):
        ready_at = was["ready_at"] and dt.datetime.fromisoformat(was["ready_at"])
        status = TaskStatus.READY if was["status"] == TaskStatus.LEASED else was["status"]
        CallTask.objects.filter(pk=was["id"], status=was["now"], closed_at=attempt.outcome_at).update(
            status=status,
            ready_at=ready_at,
            waits_for=was["waits_for"],
            lapsed_because=was["lapsed_because"],
            closed_at=None,
        )


def _take_back(made: Mapping[str, Any], member: Member, operator: User, now: dt.datetime) -> None:
    """What the outcome made is withdrawn, what it wrote on the member is taken away. Raises UndoTooLate."""
    if "meeting" in made:
        try:
            meetings.withdraw(meeting=Meeting.objects.get(pk=made["meeting"]), by=operator, now=now)
        except meetings.UndoTooLate as error:
            raise UndoTooLate(error.message) from error
    if "confirmed" in made:
        Meeting.objects.filter(pk=made["confirmed"], status="scheduled").update(confirmed_at=None)
    if "callback" in made:
        untouched = CallTask.objects.filter(pk=made["callback"], attempts=0).exclude(status=TaskStatus.LEASED)
        if not untouched.update(
            status=TaskStatus.LAPSED, lapsed_because=Lapse.SUPERSEDED, closed_at=now, ready_at=None, waits_for=""
        ):
            raise UndoTooLate(sentence(N_("The promised call was taken up meanwhile.")))
    if "do_not_call" in made:
        set_at = dt.datetime.fromisoformat(made["do_not_call"])
        people.take_back_do_not_call(member=member, set_at=set_at, now=now, by=operator)
    if "phone_bad" in made:
        marked_at = dt.datetime.fromisoformat(made["phone_bad"])
        people.take_back_phone_bad(member=member, marked_at=marked_at, now=now, by=operator)
    if made.get("deceased") and member.deceased_on is not None:
        people.undo_deceased(member=member, reason="The outcome was taken back.", now=now, by=operator)
    if "request" in made:
        Request.objects.filter(pk=made["request"], status="open").update(status=Request.Status.WITHDRAWN)
    if "complaint" in made:
        Complaint.objects.filter(pk=made["complaint"], status="open").update(status=Complaint.Status.WITHDRAWN)


def _empty(attempt: CallAttempt, now: dt.datetime) -> None:
    """The attempt stays and waits for another outcome; what was said first is kept beside it."""
    said = {
        "outcome": attempt.outcome,
        "reason": attempt.reason.code if attempt.reason else "",
        "recorded_at": attempt.outcome_at.isoformat() if attempt.outcome_at else None,
        "undone_at": now.isoformat(),
        "made": attempt.made,
    }
    attempt.undone = [*attempt.undone, said]
    attempt.outcome, attempt.outcome_at, attempt.reached = "", None, False
    attempt.reason = attempt.absence_reason = None
    attempt.competitor = attempt.attends = ""
    attempt.made = {}
    attempt.save()


def _reopen(attempt: CallAttempt, operator: User, now: dt.datetime, *, main: bool) -> None:
    """The main task is held by the operator again, as after dialling; those of the household wait for their outcome."""
    task = CallTask.objects.select_for_update().get(pk=attempt.task_id)
    if task.status == TaskStatus.LEASED:
        raise UndoTooLate(sentence(TAKEN_UP))
    task.closed_at = task.ready_at = None
    task.lapsed_because = task.waits_for = ""
    task.status = TaskStatus.READY
    if main:
        task.status, task.holder, task.call_live = TaskStatus.LEASED, operator, True
        task.lease_until = now.astimezone(dt.UTC) + dt.timedelta(minutes=policy.of_club(task.club_id).lease_minutes)
        leased = CallTask.objects.filter(ON_LEASE, undoing=False)
        task.undoing = leased.filter(Q(holder=operator) | Q(club=task.club_id, phone=task.phone)).exists()
    try:
        with transaction.atomic():
            task.save()
    except IntegrityError as error:  # a newer task has taken its place
        raise UndoTooLate(sentence(TAKEN_UP)) from error
