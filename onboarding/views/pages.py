"""The board of new members, the list of today, and ticking steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config import clock, exports
from config.access import policy
from memberships import access, frame
from memberships.models import Club, Member, Visit
from memberships.rights import Right
from memberships.rules import local_time
from memberships.rules.errors import Refused
from onboarding import checklists
from onboarding.models import Checklist, Step
from onboarding.views import board


@policy(Right.WORK_CHECKLISTS)
@require_safe
def onboarding_list(request: HttpRequest) -> HttpResponse:
    """New members by stage, who is late and with what; one member's checklist at the side."""
    club = frame.current_club(request, Right.WORK_CHECKLISTS)
    return _board(request, club)


def _board(
    request: HttpRequest,
    club: Club,
    *,
    chosen: Checklist | None = None,
    refusal: Refused | None = None,
    wrong_step: int | None = None,
) -> HttpResponse:
    """The board; ``refusal`` says why something could not be done to the step ``wrong_step``."""
    now = clock.now()
    today = board.today_of(club, now)
    who = request.GET.get("who", "")
    me = access.employee(frame.person(request), club)
    shown = board.of_club(club, today, who=who, me=me, stage=request.GET.get("stage", ""))
    opened = chosen.pk if chosen else _opened(request, club) or shown.first
    card = next(iter(board.cards_of([opened], today)), None) if opened else None
    context = {
        "board": shown,
        "who": who,
        "card": card,
        "visits": _visits(card.checklist) if card else 0,
        "today": today,
        "here": request.get_full_path() if request.method == "GET" else reverse("onboarding_list"),
        "refusal": refusal,
        "wrong_step": wrong_step,
    }
    return render(request, "onboarding/board.html", context, status=refusal.status if refusal else 200)


def _opened(request: HttpRequest, club: Club) -> int | None:
    """The checklist that the address opens; one of another club reads like none."""
    asked = request.GET.get("open", "")
    if not asked.isdecimal():
        return None
    return Checklist.objects.filter(club=club, pk=int(asked[:18])).values_list("pk", flat=True).first()


def _visits(checklist: Checklist) -> int:
    since = local_time.first_instant(checklist.membership.chain_starts_on, checklist.club.zone)
    return Visit.objects.filter(member=checklist.member_id, at__gte=since).count()


DUE_HEADER = ("who", "step", "member", "due_on", "state")


@policy(Right.WORK_CHECKLISTS)
@require_safe
def onboarding_due(request: HttpRequest) -> HttpResponseBase:
    """What is due today or overdue, by person; made to be printed."""
    club = frame.current_club(request, Right.WORK_CHECKLISTS)
    today = board.today_of(club, clock.now())
    people = board.due_by_person(club, today)
    may_export = access.may(frame.person(request), Right.EXPORT_MEMBERS, club)
    if may_export:
        lines = [
            (who, line.title, line.step.checklist.member.name, line.step.due_on, line.state)
            for who, due in people.items()
            for line in due
        ]
        if download := exports.asked(request, f"{club.slug}-due-{today}", DUE_HEADER, lambda: lines):
            return download
    total = sum(map(len, people.values()))
    late = sum(line.state == "late" for lines in people.values() for line in lines)
    return render(
        request,
        "onboarding/due.html",
        {
            "people": people,
            "total": total,
            "late": late,
            "today": today,
            "here": request.get_full_path(),
            "may_export": may_export,
        },
    )


@policy(Right.WORK_CHECKLISTS)
@require_POST
def step_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Ticks a step, with its result."""
    return _change(request, pk, checklists.done, result=request.POST.get("result", ""))


@policy(Right.WORK_CHECKLISTS)
@require_POST
def step_skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Leaves a step out, with the reason."""
    return _change(request, pk, checklists.skip, reason=request.POST.get("reason", ""))


@policy(Right.WORK_CHECKLISTS)
@require_POST
def step_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Opens a step again."""
    return _change(request, pk, checklists.undo)


def _change(request: HttpRequest, pk: int, verb: Callable[..., Step], **more: Any) -> HttpResponse:
    user = frame.person(request)
    rows = Step.objects.select_related("checklist__club", "checklist__member", "checklist__membership")
    step = access.one(user, rows, pk, Right.WORK_CHECKLISTS, club_path="checklist__club_id")
    frame.enter(request, step.checklist.club)
    try:
        verb(step=step, by=user, now=clock.now(), **more)
    except Refused as error:
        return _board(request, step.checklist.club, chosen=step.checklist, refusal=error, wrong_step=step.pk)
    return redirect(_back(request, f"{reverse('onboarding_list')}?open={step.checklist_id}"))


def _back(request: HttpRequest, otherwise: str) -> str:
    """The page that the form came from, if it is one of ours."""
    asked = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=False)
    return asked if asked.startswith("/") and safe else otherwise


@policy(Right.WORK_CHECKLISTS)
@require_POST
def checklist_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Starts a checklist by hand, for a member who has none."""
    user = frame.person(request)
    member = access.one(user, Member.objects.select_related("club"), pk, Right.WORK_CHECKLISTS)
    frame.enter(request, member.club)
    checklists.start(member=member, by=user, now=clock.now())
    messages.success(request, _("A checklist was started."))
    return redirect("member_detail", member.pk)


def started_lately(started_on: dt.date, today: dt.date) -> bool:
    """Whether a membership is young enough for a checklist to be offered."""
    return (today - started_on).days <= 30
