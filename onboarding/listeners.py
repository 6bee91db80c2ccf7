"""What other rooms tell this one, and what it means for a checklist. Registered in ``onboarding.apps``."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator

from calls.models import CallAttempt, CallTask, Kind, Meeting, MeetingStatus, Purpose, TaskStatus
from calls.places import Asked
from calls.rules import kinds, occasions
from memberships.events import Moment
from memberships.models import Club, Freeze, Membership, Visit
from onboarding import checklists
from onboarding.models import Fact, Step, StepStatus
from onboarding.rules import checklist as rules


def sold(*, membership: Membership, moment: Moment) -> None:
    checklists.start_on_sale(membership=membership, now=moment.now)


def changed(*, old: Membership, new: Membership, moment: Moment) -> None:
    checklists.carry_on(old=old, new=new)


def frozen_or_not(*, freezes: list[Freeze], moved: list[Membership], moment: Moment) -> None:
    checklists.recount(members={freeze.membership.member_id for freeze in freezes})


def visited(*, visits: list[Visit], moment: Moment) -> None:
    """The first visit of each member since the start closes the step that waits for it."""
    by_member: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits:
        by_member[visit.member_id].append(visit)
    waiting = Step.objects.filter(
        checklist__member__in=by_member, checklist__closed_at=None, fact=Fact.FIRST_VISIT, status=StepStatus.OPEN
    ).select_related("checklist__membership", "checklist__club")
    for step in waiting:
        checklist = step.checklist
        since, zone = checklist.membership.chain_starts_on, checklist.club.zone
        times = [visit.at for visit in by_member[checklist.member_id] if visit.at.astimezone(zone).date() >= since]
        if times:
            checklists.close_by_fact(member_id=checklist.member_id, facts=[Fact.FIRST_VISIT], at=min(times), by=None)


def outcome_recorded(*, attempt: CallAttempt, moment: Moment) -> None:
    if attempt.kind == Kind.ONBOARDING and attempt.reached and attempt.task:
        checklists.close_step(pk=int(attempt.task.key), at=attempt.outcome_at or moment.now, by=moment.by)
    if not _is_welcome(attempt):
        return
    if attempt.reached:
        checklists.close_by_fact(
            member_id=attempt.member_id, facts=[Fact.WELCOME_CALL], at=attempt.outcome_at or moment.now, by=moment.by
        )
        return
    if attempt.outcome_at:  # corrected: what had closed the step was none
        checklists.reopen_by_fact(member_id=attempt.member_id, fact=Fact.WELCOME_CALL, at=[attempt.outcome_at])
    if attempt.task and attempt.task.status == TaskStatus.UNREACHABLE and attempt.membership_id:
        checklists.skip_unreached(membership_id=attempt.membership_id, at=moment.now)


def outcome_undone(*, attempt: CallAttempt, moment: Moment) -> None:
    if attempt.kind == Kind.ONBOARDING and attempt.task and attempt.outcome_at:
        checklists.reopen_step(pk=int(attempt.task.key), at=attempt.outcome_at)
    if _is_welcome(attempt) and attempt.outcome_at:
        checklists.reopen_by_fact(member_id=attempt.member_id, fact=Fact.WELCOME_CALL, at=[attempt.outcome_at])


def _is_welcome(attempt: CallAttempt) -> bool:
    return Kind.WELCOME in (attempt.kind, attempt.origin)


def tasks_lapsed(*, tasks: list[CallTask], moment: Moment) -> None:
    for task in tasks:
        if task.kind == Kind.WELCOME and task.membership_id:
            checklists.skip_unreached(membership_id=task.membership_id, at=moment.now)


def meeting_booked(*, meeting: Meeting, moment: Moment) -> None:
    facts = rules.facts(booked=meeting.purpose)
    checklists.close_by_fact(member_id=meeting.member_id, facts=facts, at=meeting.booked_at, by=moment.by)


def meeting_attended(*, meeting: Meeting, moment: Moment) -> None:
    facts = rules.facts(meeting_attended=meeting.purpose)
    checklists.close_by_fact(
        member_id=meeting.member_id, facts=facts, at=meeting.attended_at or moment.now, by=moment.by
    )


def meeting_off(*, meeting: Meeting, moment: Moment) -> None:
    """A session that is called off is booked no more, unless there is another one."""
    sessions = Meeting.objects.filter(member=meeting.member_id, purpose=Purpose.SESSION)
    if (
        meeting.purpose != Purpose.SESSION
        or sessions.filter(status__in=[MeetingStatus.SCHEDULED, MeetingStatus.ATTENDED]).exists()
    ):
        return
    booked = sessions.filter(calendar_uid=meeting.calendar_uid).values_list("booked_at", flat=True)
    checklists.reopen_by_fact(member_id=meeting.member_id, fact=Fact.SESSION, at=booked)


class Calls:
    """The calls that checklists ask for: steps that are calls, but for the welcome step, which has its own kind."""

    kind = kinds.Kind.ONBOARDING

    def __call__(self, *, club: Club, on: dt.date, members: Collection[int] | None) -> Iterator[Asked]:
        steps = (
            Step.objects.filter(
                checklist__in=checklists.running(club, on), status=StepStatus.OPEN, is_call=True, due_on__lte=on
            )
            .exclude(fact=Fact.WELCOME_CALL)
            .select_related("checklist")
            .order_by("pk")
        )
        for step in steps if members is None else steps.filter(checklist__member__in=members):
            wanted = occasions.onboarding_call(on=on, step=step.pk, step_due_on=step.due_on, title=step.title)
            if wanted is not None:
                yield Asked(wanted=wanted, member=step.checklist.member_id, membership=step.checklist.membership_id)
