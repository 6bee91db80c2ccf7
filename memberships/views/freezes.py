"""Freezes and early returns on the web, each with a preview of all that moves."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config import charts, clock
from config.access import policy
from config.forms import refuse, sent
from memberships import access, foreseeing, frame, freezing, histories
from memberships.forms.terms import FreezeForm, ReturnForm
from memberships.models import Freeze, Membership
from memberships.rights import Right
from memberships.rules import freezing as rules
from memberships.rules.errors import Refused
from memberships.views.moving import shown
from memberships.views.people import acting
from memberships.views.terms import membership_of

WEEK = 7
"""Days of the shortest freeze that a click gives where the plan names no minimum."""


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
    plan: rules.FreezePlan | None = None
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
                plan, touched = foreseeing.freeze(**asked)
                context |= shown(row, plan, touched, today=today)
            else:
                freezing.give(**asked, reason=data["reason"])
                messages.success(request, _("The freeze is saved."))
                return redirect("member_detail", row.member_id)
        except Refused as error:
            refuse(form, error)
    context |= {"allowance": _allowance(row, plan), "previewing": previewing}
    template = "memberships/_freeze_moves.html" if previewing else "memberships/freeze_form.html"
    return render(request, template, context, status=422 if form.errors and not previewing else 200)


@dataclass(frozen=True)
class Allowance:
    """The days that a membership may be frozen: used so far, in the freeze at hand, left after it, of how many.

    ``lengths``: freezes of a click that still fit, the last one all that is left. ``count``: which freeze it is.
    """

    used: int
    now: int
    left: int
    all: int
    count: int
    lengths: list[int]

    @property
    def bar(self) -> SafeString:
        """The three beside each other."""
        said = _("%(used)s days used, %(now)s in this freeze, %(left)s left")
        parts = [charts.Part(self.used, "f-ink", ""), charts.Part(self.now, "f-freeze", "")]
        return charts.parts_bar(
            parts, self.all, sentence=said % {"used": self.used, "now": self.now, "left": self.left}
        )


def _allowance(row: Membership, plan: rules.FreezePlan | None) -> Allowance:
    """How far the allowance of a membership goes, with a freeze that is being previewed (None: without one)."""
    held = next(one for one in histories.of(row.member).held if one.id == row.pk)
    used = rules.allowance_used(held)
    spare = max(0, held.allowance_days - used)
    left = plan.allowance_left if plan else spare
    shortest = held.minimum_days or WEEK
    lengths = [days for days in (shortest, 2 * shortest, 3 * shortest) if days < spare]
    return Allowance(
        used=used,
        now=plan.freeze.span.days if plan and plan.freeze.span else 0,
        left=left,
        all=held.allowance_days,
        count=plan.count if plan else len(held.own_days) + 1,
        lengths=[*lengths, spare] if spare >= shortest else [],
    )


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
