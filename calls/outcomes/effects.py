"""What an outcome makes and changes beside its own attempt, kept on the attempt (``made``) so that it can be undone.

``made``: ``meeting callback request complaint`` ids of what was made; ``confirmed``: the meeting; ``do_not_call
phone_bad``: the instant written on the member; ``deceased``: true if this marked the member; ``tasks``: the other
tasks that it closed, each as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from calls import callbacks, meetings
from calls.fixed import Among, Fixed, Given
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, Complaint, Request, TaskStatus
from calls.outcomes.saying import Said
from calls.rules import hours, outcomes, reasons
from calls.rules.policy import Policy
from memberships import people
from memberships.models import Member, User

WAS = ("status", "waits_for", "lapsed_because")
OTHERS = Fixed(
    lambda: (
        CallTask.objects.select_for_update(no_key=True)
        .filter(member=Given("member"), status__in=OPEN_STATUSES)
        .order_by("pk")
    )
)
CLOSED = Fixed(lambda: CallTask.objects.filter(pk=Among("tasks")).exclude(status__in=OPEN_STATUSES))
REQUESTS = {
    outcomes.Outcome.ALREADY_RENEWED: Request.About.RENEWED,
    outcomes.Outcome.FREEZE_WANTED: Request.About.FREEZE,
    outcomes.Outcome.WRONG_NUMBER: Request.About.PHONE,
}


def take(
    *,
    attempt: CallAttempt,
    member: Member,
    task: CallTask | None,
    said: Said,
    policy: Policy,
    by: User,
    now: dt.datetime,
) -> dict[str, object]:
    """Does what the outcome asks for; answers what it made, as ``made`` keeps it.

    Raises what ``meetings.book`` and ``meetings.confirm`` raise.
    """
    outcome = outcomes.Outcome(said.outcome)
    before = {other.pk: other for other in _others(member, task)}
    made: dict[str, object] = {}
    if outcome is outcomes.Outcome.BOOKED and said.meeting is not None:
        meeting = meetings.book(
            club=member.club,
            member=member,
            host=said.meeting.host,
            starts_at=said.meeting.starts_at,
            purpose=said.meeting.purpose,
            task=task,
            attempt=attempt,
            by=by,
            now=now,
        )
        made["meeting"] = meeting.pk
    if outcome is outcomes.Outcome.CALLBACK and said.callback_at is not None:
        made["callback"] = callbacks.promise(
            member=member,
            promised_at=said.callback_at,
            cause=str(attempt.pk),
            note=said.note,
            origin=attempt.origin or attempt.kind,
            membership=attempt.membership,
            promised_to=by,
            attempt=attempt,
            by=by,
            now=now,
        ).pk
    if outcome is outcomes.Outcome.CONFIRMED and task is not None and task.meeting is not None:
        meetings.confirm(meeting=task.meeting, now=now)
        made["confirmed"] = task.meeting_id
    made |= _marks(outcome, attempt, member, said, by, now)
    if outcome in REQUESTS:
        made["request"] = _request(outcome, attempt, said, policy, by, now).pk
    if outcome is outcomes.Outcome.COMPLAINT or said.complaint.strip():
        made["complaint"] = _complaint(attempt, said, by, now).pk
    if before and outcomes.RULES[outcome].reached:
        _close_also(before, said.close_also, now)
    closed = _closed(before)
    if closed:
        made["tasks"] = closed
    return made


def _others(member: Member, task: CallTask | None) -> Sequence[CallTask]:
    """The member's other open tasks, held by nobody else meanwhile."""
    return [other for other in OTHERS(member=member.pk) if task is None or other.pk != task.pk]


def _marks(
    outcome: outcomes.Outcome, attempt: CallAttempt, member: Member, said: Said, by: User, now: dt.datetime
) -> dict[str, object]:
    """What is written on the member: do not call, a wrong number, a death."""
    if outcome is outcomes.Outcome.DO_NOT_CALL and member.do_not_call_since is None:
        people.set_do_not_call(member=member, note=said.note, now=now, by=by)
        return {"do_not_call": now.isoformat()}
    if outcome is outcomes.Outcome.WRONG_NUMBER and member.phone_bad_since is None:
        people.mark_phone_bad(member=member, now=now, by=by)
        return {"phone_bad": now.isoformat()}
    if outcome is outcomes.Outcome.REFUSED and said.reason == reasons.DECEASED and member.deceased_on is None:
        people.mark_deceased(member=member, now=now, by=by)
        return {"deceased": True}
    return {}


def _request(
    outcome: outcomes.Outcome, attempt: CallAttempt, said: Said, policy: Policy, by: User, now: dt.datetime
) -> Request:
    """What the call leaves for the desk, due at the end of the club's next working day."""
    about = REQUESTS[outcome]
    return Request.objects.create(
        club_id=attempt.club_id,
        member_id=attempt.member_id,
        about=about,
        text=said.note.strip(),
        due_on=hours.next_working_day(policy.country, policy.region, now.astimezone(policy.zone).date()),
        attempt=attempt,
        made_at=now,
        made_by=by,
    )


def _complaint(attempt: CallAttempt, said: Said, by: User, now: dt.datetime) -> Complaint:
    return Complaint.objects.create(
        club_id=attempt.club_id,
        member_id=attempt.member_id,
        text=(said.complaint or said.note).strip(),
        attempt=attempt,
        received_at=now,
        received_by=by,
    )


def _close_also(before: Mapping[int, CallTask], ticked: Sequence[int] | None, now: dt.datetime) -> None:
    """A conversation closes the member's other tasks that were ticked; nobody else's call is taken away."""
    if ticked is None:
        ids = [pk for pk, other in before.items() if other.kind in outcomes.CLOSED_ALSO]
    else:
        ids = [pk for pk in ticked if pk in before]
    free = CallTask.objects.filter(pk__in=ids, status__in=(TaskStatus.WAITING, TaskStatus.READY))
    free.update(status=TaskStatus.DONE, closed_at=now, ready_at=None, waits_for="")


def _closed(before: Mapping[int, CallTask]) -> list[dict[str, object]]:
    """Which of the tasks are open no more, and what they were."""
    after = CLOSED(tasks=list(before)) if before else []
    return [
        {
            "id": task.pk,
            "now": task.status,
            "ready_at": was.ready_at.isoformat() if was.ready_at else None,
            **{name: getattr(was, name) for name in WAS},
        }
        for task in after
        if (was := before[task.pk])
    ]
