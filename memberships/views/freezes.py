"""Freezes and early returns on the web, each with a preview of all that moves."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config import clock
from config.access import policy
from config.forms import refuse, sent
from memberships import access, foreseeing, frame, freezing
from memberships.forms.terms import FreezeForm, ReturnForm
from memberships.models import Freeze
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.moving import shown
from memberships.views.people import acting
from memberships.views.terms import membership_of


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def freeze_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives a freeze. ``?preview=1`` answers only the part that shows what it would move."""
    row = membership_of(request, pk)
    overrides = access.may(acting(request), Right.OVERRIDE, row.club)
    today = clock.today(row.club.zone)
    initial = {"starts_on": max(today, row.starts_on)}
    form = FreezeForm(sent(request), overrides=overrides, initial=initial)
    previewing = "preview" in request.GET
    context: dict[str, object] = {"form": form, "row": row, "member": row.member, "today": today}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        asked = {
            "membership": row,
            "starts_on": data["starts_on"],
            "ends_on": data["ends_on"],
            "override_reason": data.get("override_reason") or None,
            "now": clock.now(),
            "by": acting(request),
        }
        try:
            if previewing:
                context |= shown(row, *foreseeing.freeze(**asked), today=today)
            else:
                freezing.give(**asked, reason=data["reason"])
                messages.success(request, _("The freeze is saved."))
                return redirect("member_detail", row.member_id)
        except Refused as error:
            refuse(form, error)
    template = "memberships/_freeze_moves.html" if previewing else "memberships/freeze_form.html"
    return render(request, template, context, status=422 if form.errors and not previewing else 200)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def freeze_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a freeze early; its unused days go back. ``?preview=1`` answers only what that would move."""
    rows = Freeze.objects.select_related("membership__club", "membership__member", "membership__plan")
    freeze = access.one(acting(request), rows, pk, Right.SELL, club_path="membership__club_id")
    row = freeze.membership
    frame.enter(request, row.club)
    today = clock.today(row.club.zone)
    form = ReturnForm(sent(request), initial={"returned_on": today})
    previewing = "preview" in request.GET
    context: dict[str, object] = {"form": form, "row": row, "member": row.member, "freeze": freeze, "today": today}
    if request.method == "POST" and form.is_valid():
        asked = {
            "freeze": freeze,
            "returned_on": form.cleaned_data["returned_on"],
            "now": clock.now(),
            "by": acting(request),
            "supervisor": access.may(acting(request), Right.OVERRIDE, row.club),
        }
        try:
            if previewing:
                context |= shown(row, *foreseeing.early_return(**asked), today=today)
            else:
                freezing.end(**asked)
                messages.success(request, _("The freeze is ended."))
                return redirect("member_detail", row.member_id)
        except Refused as error:
            refuse(form, error)
    template = "memberships/_freeze_moves.html" if previewing else "memberships/freeze_end.html"
    return render(request, template, context, status=422 if form.errors and not previewing else 200)
