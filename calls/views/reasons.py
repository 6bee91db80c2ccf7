"""Refusal reasons of a club: the list by group, and its own ones to write."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calls import reasons
from calls.forms.reasons import MergeForm, NewReasonForm, ReasonForm
from calls.models import ReasonGroup, RefusalReason
from config import clock
from config.access import policy
from config.forms import refuse, sent
from memberships import access, audit, frame
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.SETTINGS)
@require_safe
def reason_list(request: HttpRequest) -> HttpResponse:
    """Every reason below who can act on it, with how often it was given."""
    club = frame.current_club(request, Right.SETTINGS)
    given = reasons.uses(club)
    rows = list(RefusalReason.objects.filter(club=club).select_related("merged_into").order_by("position", "pk"))
    for row in rows:
        row.given = given.get(row.pk, 0)  # type: ignore[attr-defined]
    groups = [
        (group.value, group.label, sorted((row for row in rows if row.group == group), key=lambda row: row.retired))
        for group in ReasonGroup
    ]
    return render(request, "calls/reason_list.html", {"groups": groups})


@policy(Right.SETTINGS)
@require_http_methods(["GET", "POST"])
def reason_new(request: HttpRequest) -> HttpResponse:
    """Adds a reason of the club's own below a group."""
    club = frame.current_club(request, Right.SETTINGS)
    form = NewReasonForm(sent(request), initial={"group": request.GET.get("group", "")})
    if request.method == "POST" and form.is_valid():
        group, label = form.cleaned_data["group"], form.cleaned_data["label"]
        try:
            made = reasons.add(
                club=club, group=group, label=label, marks=form.marks, by=acting(request), now=clock.now()
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("“%(reason)s” can be chosen now.") % {"reason": made.name})
            return redirect("reason_list")
    context = {"form": form, "reason": None}
    return render(request, "calls/reason_form.html", context, status=422 if form.errors else 200)


@policy(Right.SETTINGS)
@require_http_methods(["GET", "POST"])
def reason_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames an own reason and sets its marks; below: retire, delete, merge, and what changed before."""
    reason = _reason(request, pk)
    form = ReasonForm(sent(request), initial=ReasonForm.of(reason))
    if request.method == "POST" and form.is_valid():
        try:
            reasons.change(
                reason=reason, label=form.cleaned_data["label"], marks=form.marks, by=acting(request), now=clock.now()
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("reason_list")
    return _page(request, reason, form, MergeForm(reason=reason))


@policy(Right.SETTINGS)
@require_POST
def reason_retire(request: HttpRequest, pk: int) -> HttpResponse:
    return _said(request, pk, reasons.retire, _("“%(reason)s” can be chosen no more. What was counted stays."))


@policy(Right.SETTINGS)
@require_POST
def reason_bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    return _said(request, pk, reasons.bring_back, _("“%(reason)s” can be chosen again."))


@policy(Right.SETTINGS)
@require_POST
def reason_delete(request: HttpRequest, pk: int) -> HttpResponse:
    return _said(request, pk, reasons.delete, _("“%(reason)s” is deleted."))


@policy(Right.SETTINGS)
@require_POST
def reason_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """All that was counted for one counts for another from now on."""
    reason = _reason(request, pk)
    form = MergeForm(request.POST, reason=reason)
    if form.is_valid():
        into = form.cleaned_data["into"]
        try:
            moved = reasons.merge(reason=reason, into=into, by=acting(request), now=clock.now())
        except Refused as error:
            refuse(form, error)
        else:
            text = ngettext(
                "%(n)s answer counts for “%(reason)s” now.", "%(n)s answers count for “%(reason)s” now.", moved
            )
            messages.success(request, text % {"n": moved, "reason": into.name})
            return redirect("reason_list")
    return _page(request, reason, ReasonForm(initial=ReasonForm.of(reason)), form)


def _reason(request: HttpRequest, pk: int) -> RefusalReason:
    rows = RefusalReason.objects.select_related("club", "merged_into")
    reason = access.one(acting(request), rows, pk, Right.SETTINGS)
    frame.enter(request, reason.club)
    return reason


def _page(request: HttpRequest, reason: RefusalReason, form: ReasonForm, merging: MergeForm) -> HttpResponse:
    context = {
        "form": form,
        "reason": reason,
        "merging": merging,
        "given": reasons.uses(reason.club).get(reason.pk, 0),
        "changes": [change for change in audit.changes([reason], limit=20) if change.label == "update"],
    }
    return render(request, "calls/reason_form.html", context, status=422 if form.errors or merging.errors else 200)


def _said(request: HttpRequest, pk: int, verb: Callable[..., object], words: str) -> HttpResponse:
    reason = _reason(request, pk)
    verb(reason=reason, by=acting(request), now=clock.now())
    messages.success(request, words % {"reason": reason.name})
    return redirect("reason_list")
