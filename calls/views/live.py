"""The supervisor's live page: polled, only its part swapped; taking a held call back, with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calls import callbacks, live, queue
from calls.models import CallTask
from config import clock
from config.access import policy
from memberships import access, frame
from memberships.models import Employee
from memberships.rights import Right
from memberships.views.people import acting


@policy(Right.SUPERVISE)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Who needs help, before any total."""
    club = frame.current_club(request, Right.SUPERVISE)
    template = "calls/_live.html" if request.headers.get("HX-Request") else "calls/live.html"
    return render(request, template, live.state(club=club, now=clock.now()))


@policy(Right.SUPERVISE)
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Frees a call that somebody holds."""
    task = _task(request, pk)
    queue.force_release(task=task, by=acting(request), why=request.POST.get("why", ""), now=clock.now())
    messages.success(request, _("The call is back in the queue."))
    return redirect("live")


@policy(Right.SUPERVISE)
@require_POST
def to_queue(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts a call that was skipped too often back into the queue."""
    queue.back_to_queue(task=_task(request, pk), now=clock.now())
    messages.success(request, _("The call is back in the queue."))
    return redirect("live")


@policy(Right.SUPERVISE)
@require_POST
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """A promised call goes to somebody who is at the desk."""
    task = _task(request, pk)
    people = Employee.objects.filter(club=task.club_id, active=True, user__isnull=False).select_related("user")
    to = people.filter(pk=access.id_in(request.POST.get("to", ""))).order_by("pk").first()
    if to is None or to.user is None:
        raise callbacks.GivenToNobody(_("Choose somebody who works here."))
    callbacks.give(task=task, to=to.user, by=acting(request), now=clock.now())
    messages.success(request, _("%(name)s has the call now, for a quarter of an hour.") % {"name": to.name})
    return redirect("live")


def _task(request: HttpRequest, pk: int) -> CallTask:
    task = access.one(acting(request), CallTask.objects.select_related("club", "member"), pk, Right.SUPERVISE)
    frame.enter(request, task.club)
    return task
