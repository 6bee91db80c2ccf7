"""The desk: the next call, its card, how it ended, and the next one again.

Every answer is the part ``#desk`` as a whole (htmx) or a redirect to the desk (without scripts).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calls import backlog, cards, desk, dialling, outcomes, presence, queue
from calls.forms import desk as desk_form
from calls.models import OPEN_STATUSES, CallTask
from calls.views import desk_parts
from config import clock
from config.access import policy
from config.words import said
from memberships import access, frame
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.WORK_QUEUE)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The card that one holds; without one, what the queue holds."""
    frame.current_club(request, Right.WORK_QUEUE)
    return render(request, "calls/desk.html", _context(_seat(request)))


@policy(Right.WORK_QUEUE)
@require_POST
def next_call(request: HttpRequest) -> HttpResponse:
    """Takes the next call of one's clubs, or answers why there is none; a pause is over then."""
    frame.current_club(request, Right.WORK_QUEUE)
    seat = _seat(request)
    if seat.pause is not None:
        presence.resume(operator=seat.operator, clubs=seat.ids, now=seat.now)
    return _with_next(request, replace(seat, pause=None))


@policy(Right.WORK_QUEUE)
@require_POST
def dial(request: HttpRequest, pk: int) -> HttpResponse:
    """Notes the dial, if the member may still be rung; else the card says why and closes."""
    task = _task(request, pk)
    try:
        dialling.dial(task=task, operator=acting(request), now=clock.now())
        _keep_note(request, task)
    except dialling.Blocked as error:
        return _answer(request, gone=task, problem=error)
    except Refused as error:
        return _answer(request, problem=error)
    return _answer(request)


@policy(Right.WORK_QUEUE)
@require_POST
def outcome(request: HttpRequest, pk: int) -> HttpResponse:
    """Records how the call ended and takes the next one. What was typed stays where it is refused."""
    task = _task(request, pk)
    now = clock.now()
    try:
        sent = desk_form.read(request.POST, task=task, now=now)
        outcomes.record(task=task, operator=acting(request), said=sent.said, also=sent.also, now=now)
    except Refused as error:
        return _answer(request, problem=error, typed=request.POST.dict())
    return _with_next(request, _seat(request))


@policy(Right.WORK_QUEUE)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the call back with a word why, and takes the next one."""
    task = _task(request, pk)
    try:
        queue.release(task=task, operator=acting(request), why=request.POST.get("why", ""), now=clock.now())
    except Refused as error:
        return _answer(request, problem=error)
    return _with_next(request, _seat(request))


@policy(Right.WORK_QUEUE)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes one's last outcome back: its card opens again."""
    task = _task(request, pk)
    try:
        outcomes.undo(task=task, operator=acting(request), now=clock.now())
    except Refused as error:
        return _answer(request, problem=error)
    return _answer(request, shown=task.pk)


@policy(Right.WORK_QUEUE)
@require_POST
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """The heartbeat of an open card: answers until when it is held; 409 closes the card."""
    task = _task(request, pk)
    try:
        held = queue.extend(task=task, operator=acting(request), now=clock.now())
        _seat(request)
    except Refused as error:
        return _answer(request, gone=task if task.status not in OPEN_STATUSES else None, problem=error)
    return render(request, "calls/_lease.html", {"lease_until": held.lease_until})


@policy(Right.WORK_QUEUE)
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps the note as it is typed, so that neither a reload nor another window loses it."""
    _keep_note(request, _task(request, pk))
    return HttpResponse(status=204)


@policy(Right.WORK_QUEUE)
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """No new call for now, and why; the one in one's hands stays."""
    frame.current_club(request, Right.WORK_QUEUE)
    try:
        why = request.POST.get("why", "") or request.POST.get("word", "")
        presence.pause(operator=acting(request), clubs=_clubs(request), why=why, now=clock.now())
    except Refused as error:
        return _answer(request, problem=error)
    return _answer(request)


@policy(Right.WORK_QUEUE)
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Back from the pause: calls may come again."""
    frame.current_club(request, Right.WORK_QUEUE)
    presence.resume(operator=acting(request), clubs=_clubs(request), now=clock.now())
    return _answer(request)


@policy(Right.WORK_QUEUE)
@require_POST
def here(request: HttpRequest) -> HttpResponse:
    """The heartbeat of a desk without a card."""
    frame.current_club(request, Right.WORK_QUEUE)
    _seat(request)
    return HttpResponse(status=204)


@policy(Right.WORK_QUEUE)
@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """Demo only: moves the clock to the instant at which the next call opens: to try the desk at night."""
    frame.current_club(request, Right.WORK_QUEUE)
    if not settings.RINGBACK_DEMO:
        raise Http404
    opens = backlog.of(clubs=_clubs(request), operator=acting(request), now=clock.now()).next_at
    if opens is not None:
        clock.move(opens)
    return _answer(request)


def _task(request: HttpRequest, pk: int) -> CallTask:
    task = access.read(acting(request), cards.whole, pk, Right.WORK_QUEUE)
    frame.enter(request, task.club)
    return task


def _keep_note(request: HttpRequest, task: CallTask) -> None:
    if "note" in request.POST:
        dialling.note(task=task, operator=acting(request), text=request.POST["note"])


def _clubs(request: HttpRequest) -> list[int]:
    return access.club_ids(acting(request), Right.WORK_QUEUE)


def _seat(request: HttpRequest) -> desk.Seat:
    """What a request of the desk knows, read once; that the desk is open is noted."""
    user, now = acting(request), clock.now()
    clubs = [club for club in access.own_clubs(user) if access.may(user, Right.WORK_QUEUE, club)]
    pause = presence.seen(operator=user, clubs=[club.pk for club in clubs], now=now)
    return desk.Seat(user, clubs, now, pause)


def _with_next(request: HttpRequest, seat: desk.Seat) -> HttpResponse:
    """The next call, unless the operator is on a pause."""
    if seat.pause is None:
        queue.next_task(operator=seat.operator, clubs=seat.ids, now=seat.now)
    return _answer(request, seat)


def _context(seat: desk.Seat, *, shown: int | None = None) -> dict[str, Any]:
    context = desk.state(seat, shown=shown)
    context["pause_words"] = desk_parts.PAUSES
    context["demo"] = settings.RINGBACK_DEMO
    return context | desk_parts.drawn(context)


def _answer(
    request: HttpRequest,
    seat: desk.Seat | None = None,
    *,
    problem: Refused | None = None,
    gone: CallTask | None = None,
    typed: dict[str, str] | None = None,
    shown: int | None = None,
) -> HttpResponse:
    seat = seat or _seat(request)
    context = _context(seat, shown=shown)
    context |= {"typed": typed or {}, "problem": said(problem.message) if problem else ""}
    context["problem_fields"] = sorted(problem.fields) if problem else []
    if gone is not None:
        context |= desk.closed(seat, task=gone)
        context |= desk_parts.drawn(context)
    if not request.headers.get("HX-Request"):
        if problem is None:
            return redirect("desk")
        return render(request, "calls/desk.html", context, status=problem.status)
    if problem is None and context["entry"] is None:
        context["announce"] = _("No call can be made now.")
    response = render(request, "calls/_desk.html", context, status=problem.status if problem else 200)
    response["HX-Retarget"] = "#desk"
    response["HX-Reswap"] = "outerHTML"
    return response
