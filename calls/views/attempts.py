"""One call as it was: who rang, what was said, by which script; a supervisor puts its outcome right."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calls import outcomes
from calls.forms.attempts import CorrectForm
from calls.models import CallAttempt, Outcome, Script
from config import clock
from config.access import policy
from config.forms import refuse
from memberships import access, frame
from memberships.rights import Right
from memberships.rules.amounts import mask_amounts
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.WORK_QUEUE)
@require_safe
def attempt_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that is known of the call; amounts are masked for operators."""
    return _page(request, _attempt(request, pk, Right.WORK_QUEUE))


@policy(Right.SUPERVISE)
@require_POST
def attempt_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Another outcome, and why; what is counted from it follows."""
    row = _attempt(request, pk, Right.SUPERVISE)
    form = CorrectForm(request.POST, attempt=row)
    if form.is_valid():
        said = form.cleaned_data
        try:
            outcomes.correct(
                attempt=row,
                outcome=said["outcome"],
                reason=said["reason"] if said["outcome"] == Outcome.REFUSED else "",
                note=said["note"],
                why=said["why"],
                by=acting(request),
                now=clock.now(),
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Corrected. What is counted from it follows."))
            return redirect("attempt_detail", row.pk)
    return _page(request, row, form)


def _attempt(request: HttpRequest, pk: int, right: Right) -> CallAttempt:
    rows = CallAttempt.objects.select_related("club", "member", "operator", "reason", "absence_reason", "task")
    row = access.one(acting(request), rows, pk, right)
    frame.enter(request, row.club)
    return row


def _page(request: HttpRequest, row: CallAttempt, form: CorrectForm | None = None) -> HttpResponse:
    person, club = acting(request), row.club
    supervises = access.may(person, Right.SUPERVISE, club)
    script = None
    if row.script_version is not None:
        same = Script.objects.filter(club=club, kind=row.kind, version=row.script_version)
        spoken = [row.member.language, club.language, "en"]
        found = {one.language: one for one in same.filter(language__in=spoken).order_by("pk")}
        script = next((found[name] for name in spoken if name in found), None)
    if not access.may(person, Right.READ_PRICES, club):
        row.note, row.competitor = mask_amounts(row.note), mask_amounts(row.competitor)
    context = {
        "row": row,
        "kind": row.get_kind_display(),
        "household": list(
            CallAttempt.objects.filter(same_dial_as=row.same_dial_as_id or row.pk)
            .exclude(pk=row.pk)
            .select_related("member")
            .order_by("pk")
        ),
        "undone": [str(Outcome(one["outcome"]).label) for one in row.undone if one.get("outcome") in Outcome.values],
        "script": script,
        "edits_scripts": access.may(person, Right.SETTINGS, club),
        "form": (form or CorrectForm(attempt=row)) if supervises else None,
    }
    return render(request, "calls/attempt_detail.html", context, status=422 if form is not None else 200)
