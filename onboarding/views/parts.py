"""What checklists hang on pages of the other rooms: a panel, lines of history, a line before a meeting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.templatetags.ringback import short_day
from memberships import access, frame, standing
from memberships.events import Moment
from memberships.models import Member
from memberships.places import Hanging, Happening, Panel
from memberships.rights import Right
from onboarding.models import Checklist, Step, StepStatus
from onboarding.views import board
from onboarding.views.pages import started_lately


def panel(*, request: HttpRequest, member: Member, now: dt.datetime) -> Panel | None:
    """The member's checklist with its steps to tick; where there is none and the member is new, a way to start one."""
    if not access.may(frame.person(request), Right.WORK_CHECKLISTS, member.club):
        return None
    today = board.today_of(member.club, now)
    latest = Checklist.objects.filter(member=member).order_by("-started_at", "-pk").first()
    context: dict[str, object] = {"member": member, "today": today, "here": request.path}
    if latest is not None:
        (card,) = board.cards_of([latest.pk], today)
        return Panel("onboarding/_panel.html", {**context, "card": card}, position=20)
    current = standing.current(member=member, on=today)
    if current is None or not started_lately(current.chain_starts_on, today):
        return None
    return Panel("onboarding/_panel.html", context, position=20)


def happenings(*, member: Member, now: dt.datetime, prices: bool) -> list[Happening]:
    """Steps that were done or skipped."""
    steps = (
        Step.objects.filter(checklist__member=member, done_at__isnull=False)
        .exclude(status=StepStatus.OPEN)
        .select_related("done_by")
        .order_by("done_at", "pk")
    )
    return [
        Happening(
            at=step.done_at,
            kind="step",
            icon="list-check",
            title=step.title if step.status == StepStatus.DONE else _("Skipped: %(step)s") % {"step": step.title},
            text=step.result or _(step.skip_reason) if step.skip_reason or step.result else "",
            by=str(step.done_by or ""),
        )
        for step in steps
        if step.done_at
    ]


def meeting_line(*, member: Member, on: dt.date) -> list[tuple[str, str]]:
    """How far the checklist is."""
    latest = Checklist.objects.filter(member=member).order_by("-started_at", "-pk").first()
    if latest is None:
        return []
    (card,) = board.cards_of([latest.pk], on)
    words = _("%(done)s of %(all)s steps") % {"done": card.done, "all": len(card.steps)}
    if card.now:
        words += f"; {card.now.title}, {short_day(card.now.step.due_on)}"
    return [(_("Onboarding"), words)]


def hangings(*, members: Collection[int], moment: Moment) -> Iterator[Hanging]:
    """Open steps with the day on which they are due; frozen days do not count, so that it moves."""
    steps = Step.objects.filter(checklist__member__in=members, checklist__closed_at=None, status=StepStatus.OPEN)
    for step in steps.select_related("checklist").order_by("due_on", "position", "pk"):
        card = step.checklist
        label = _("Checklist: %(step)s") % {"step": step.title}
        yield Hanging(f"step:{step.pk}", "checklist", card.member_id, label, step.due_on, membership=card.membership_id)
