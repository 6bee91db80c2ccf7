"""Checklists of new members: started by a sale, ticked by people, closed by facts, carried on by a change of plan."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal, InvalidOperation

from django.db.models import F, Q, QuerySet

from memberships import holding
from memberships.models import Club, Freeze, Member, Membership, User
from memberships.rules.errors import Conflict, Invalid, Refused
from memberships.rules.sentences import N_, sentence
from memberships.rules.terms import Span
from onboarding.models import Checklist, ChecklistTemplate, Fact, Result, Step, StepStatus
from onboarding.rules import checklist as rules


class AlreadyRecorded(Conflict):
    """Somebody has done, skipped or reopened the step meanwhile."""

    code = "already_recorded"


class HasChecklist(Conflict):
    """The membership has a checklist."""

    code = "already_recorded"
    field = "member"


class NothingToStart(Invalid):
    """The member has no membership, or the club no template for it."""

    field = "member"


class ResultRefused(Invalid):
    """The result is not of the kind that the step asks for."""

    field = "result"


class ReasonRequired(Refused):
    """A step is skipped for a reason."""

    code = "reason_required"
    field = "reason"


LONGEST_REASON = 200


def template_for(membership: Membership) -> ChecklistTemplate | None:
    """The club's template in use for this plan, else the one for all plans without their own."""
    known = ChecklistTemplate.objects.filter(club=membership.club_id, active=True)
    own = known.filter(plans=membership.plan_id).order_by("pk").first()
    return own or known.filter(plans=None).order_by("pk").first()


def start_on_sale(*, membership: Membership, now: dt.datetime) -> Checklist | None:
    """Starts the checklist of a membership just sold, if its kind and the club's template want one."""
    template = template_for(membership)
    if template is None or not rules.starts_checklist(membership.sale_kind, for_returns=template.for_returns):
        return None
    return _start(membership, template, now)


def start(*, member: Member, by: User | None, now: dt.datetime) -> Checklist:
    """Starts a checklist by hand for the member's latest membership. Raises HasChecklist, NothingToStart."""
    with holding.member(member.pk, now=now, by=by):
        membership = (
            Membership.objects.filter(member=member, last_covered_on__gte=F("starts_on"))
            .order_by("-last_covered_on", "-pk")
            .first()
        )
        if membership is None:
            raise NothingToStart(sentence(N_("There is no membership to start a checklist for.")))
        if Checklist.objects.filter(membership=membership).exists():
            raise HasChecklist(sentence(N_("This membership has a checklist already.")))
        template = template_for(membership)
        if template is None:
            raise NothingToStart(sentence(N_("The club has no checklist template for this plan.")))
        return _start(membership, template, now)


def _start(membership: Membership, template: ChecklistTemplate, now: dt.datetime) -> Checklist:
    """A checklist with its own copy of the template's steps; an open one of an earlier membership ends here."""
    Checklist.objects.filter(member=membership.member_id, closed_at=None).update(closed_at=now)
    checklist = Checklist.objects.create(
        club_id=membership.club_id,
        member_id=membership.member_id,
        membership=membership,
        template=template,
        started_at=now,
    )
    freezes = _frozen_days([membership])[membership.pk]
    Step.objects.bulk_create(
        Step(
            checklist=checklist,
            position=step.position,
            title=step.title,
            why=step.why,
            role=step.role,
            employee_id=step.employee_id,
            due_day=step.due_day,
            due_on=rules.due_on(membership.chain_starts_on, step.due_day, freezes),
            is_call=step.is_call,
            fact=step.fact,
            result_kind=step.result,
            choices=step.choices,
        )
        for step in template.steps.order_by("position")
    )
    return checklist


def _frozen_days(memberships: Collection[Membership]) -> dict[int, list[Span]]:
    """Frozen days of the chain of each so far, by its id.

    A change of plan carries the checklist on, with what was frozen before it.
    """
    by_member: dict[int, list[tuple[dt.date, Span]]] = defaultdict(list)
    rows = Freeze.objects.filter(membership__member__in={row.member_id for row in memberships}, voided=False)
    names = ("membership__member", "membership__starts_on", "starts_on", "ends_on")
    for member, starts_on, first, last in rows.values_list(*names):
        by_member[member].append((starts_on, Span(first, last)))
    return {
        row.pk: [days for starts_on, days in by_member[row.member_id] if starts_on >= row.chain_starts_on]
        for row in memberships
    }


def recount(*, members: Collection[int]) -> None:
    """Works out anew when the members' open steps are due, after freezes or a start have moved."""
    steps = Step.objects.filter(
        checklist__member__in=members, checklist__closed_at=None, status=StepStatus.OPEN
    ).select_related("checklist__membership")
    open_steps = list(steps.order_by("pk"))
    freezes = _frozen_days({step.checklist.membership for step in open_steps})
    late = []
    for step in open_steps:
        membership = step.checklist.membership
        due_on = rules.due_on(membership.chain_starts_on, step.due_day, freezes[membership.pk])
        if due_on != step.due_on:
            step.due_on = due_on
            late.append(step)
    Step.objects.bulk_update(late, ["due_on"])


def carry_on(*, old: Membership, new: Membership) -> None:
    """A change of plan: the checklist goes on with the new membership, its days as they were."""
    Checklist.objects.filter(membership=old).update(membership=new)
    recount(members=[new.member_id])


def done(*, step: Step, result: str = "", by: User | None, now: dt.datetime) -> Step:
    """Ticks an open (or skipped) step, with its result. Raises AlreadyRecorded, ResultRefused."""
    result = _checked(step, result.strip())
    with holding.operation(by=by):
        _move(step, StepStatus.DONE, done_at=now, done_by=by, result=result, skip_reason="")
        _close_if_over(step.checklist_id, now)
    return step


def _checked(step: Step, result: str) -> str:
    """The result as it is stored; empty is always allowed."""
    if not result:
        return ""
    if step.result_kind == Result.CHOICE and result not in step.choices:
        text = N_("Choose one of: %(choices)s.")
        raise ResultRefused(sentence(text, choices=", ".join(step.choices)))
    if step.result_kind == Result.NUMBER:
        try:
            number = Decimal(result.replace(",", ".").replace("\u00a0", "").replace(" ", ""))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise ResultRefused(sentence(N_("“%(value)s” is not a number."), value=result))
        return f"{number:f}"
    return result


def skip(*, step: Step, reason: str, by: User | None, now: dt.datetime) -> Step:
    """Leaves an open step out, with the reason. Raises ReasonRequired, AlreadyRecorded."""
    if not reason.strip():
        raise ReasonRequired(sentence(N_("Say why the step is skipped.")))
    if len(reason.strip()) > LONGEST_REASON:
        raise ReasonRequired(sentence(N_("This is too long: %(count)s characters at most."), count=LONGEST_REASON))
    with holding.operation(by=by):
        _move(step, StepStatus.SKIPPED, done_at=now, done_by=by, skip_reason=reason.strip())
        _close_if_over(step.checklist_id, now)
    return step


def undo(*, step: Step, by: User | None, now: dt.datetime) -> Step:
    """Opens a done or skipped step again; its result goes. Raises AlreadyRecorded for an open one."""
    with holding.operation(by=by):
        _move(step, StepStatus.OPEN, done_at=None, done_by=None, result="", skip_reason="")
        Checklist.objects.filter(pk=step.checklist_id).update(closed_at=None)
        recount(members=[step.checklist.member_id])
    step.refresh_from_db()
    return step


def _move(step: Step, to: StepStatus, **changes: object) -> None:
    """Takes a step to another state in one conditional update. Raises AlreadyRecorded."""
    was = [str(state) for state in rules.StepState if rules.StepState(to) in rules.STEP_MOVES[state]]
    changed = Step.objects.filter(pk=step.pk, status__in=was).update(status=to, **changes)
    step.refresh_from_db()
    if not changed:
        raise AlreadyRecorded(sentence(ALREADY[StepStatus(step.status)]))


ALREADY = {
    StepStatus.OPEN: N_("This step is open."),
    StepStatus.DONE: N_("This step is done already."),
    StepStatus.SKIPPED: N_("This step is skipped already."),
}


def _close_if_over(checklist_id: int, now: dt.datetime) -> None:
    """A checklist without an open step is over."""
    if not Step.objects.filter(checklist=checklist_id, status=StepStatus.OPEN).exists():
        Checklist.objects.filter(pk=checklist_id, closed_at=None).update(closed_at=now)


# ---- facts -----------------------------------------------------------------------------------------------


def close_by_fact(*, member_id: int, facts: Iterable[Fact | str], at: dt.datetime, by: User | None) -> None:
    """Ticks the member's steps that these facts close; ``at`` is when it happened and stays as the step's time."""
    steps = Step.objects.filter(
        checklist__member=member_id, fact__in=list(facts), status__in=[StepStatus.OPEN, StepStatus.SKIPPED]
    ).exclude(Q(status=StepStatus.OPEN) & Q(checklist__closed_at__isnull=False))
    for pk in steps.values_list("pk", flat=True):
        close_step(pk=pk, at=at, by=by)


def close_step(*, pk: int, at: dt.datetime, by: User | None) -> None:
    """Ticks one open or skipped step because of what happened at an instant, which stays as the step's time."""
    waiting = Step.objects.filter(pk=pk, status__in=[StepStatus.OPEN, StepStatus.SKIPPED])
    if waiting.update(status=StepStatus.DONE, done_at=at, done_by=by, skip_reason=""):
        _close_if_over(Step.objects.values_list("checklist", flat=True).get(pk=pk), at)


def reopen_by_fact(*, member_id: int, fact: Fact, at: Iterable[dt.datetime]) -> None:
    """Opens the steps again that a fact had closed at one of these instants: it turned out not to be one."""
    steps = Step.objects.filter(checklist__member=member_id, fact=fact, status=StepStatus.DONE, done_at__in=list(at))
    for pk, done_at in steps.values_list("pk", "done_at"):
        reopen_step(pk=pk, at=done_at)


def reopen_step(*, pk: int, at: dt.datetime) -> None:
    """Opens one step again if it was done at that very instant: what had closed it was taken back."""
    done = Step.objects.filter(pk=pk, status=StepStatus.DONE, done_at=at)
    if done.update(status=StepStatus.OPEN, done_at=None, done_by=None):
        checklist = Checklist.objects.get(steps=pk)
        Checklist.objects.filter(pk=checklist.pk).update(closed_at=None)
        recount(members=[checklist.member_id])


def skip_unreached(*, membership_id: int, at: dt.datetime) -> None:
    """The welcome call went without reaching the member: its step is skipped as that."""
    steps = Step.objects.filter(checklist__membership=membership_id, fact=Fact.WELCOME_CALL, status=StepStatus.OPEN)
    for step in steps:
        Step.objects.filter(pk=step.pk).update(
            status=StepStatus.SKIPPED, done_at=at, done_by=None, skip_reason=NOT_REACHED
        )
        _close_if_over(step.checklist_id, at)


NOT_REACHED = N_("not reached")


# ---- what is due -----------------------------------------------------------------------------------------


def running(club: Club, today: dt.date) -> QuerySet[Checklist]:
    """Checklists on the way: open, of a membership that is not over."""
    return Checklist.objects.filter(club=club, closed_at=None, membership__last_covered_on__gte=today)


def due(club: Club, today: dt.date) -> QuerySet[Step]:
    """Open steps that are due today or were due before, the oldest first."""
    return (
        Step.objects.filter(checklist__in=running(club, today), status=StepStatus.OPEN, due_on__lte=today)
        .select_related("checklist__member", "checklist__membership__plan", "employee")
        .order_by("due_on", "position", "pk")
    )
