"""Days on which the club is shut: the list, a new one with its preview, taking one back."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from config import clock, exports
from config.access import policy
from config.forms import refuse
from config.widgets import DayInput
from config.words import said
from memberships import access, frame, freezing
from memberships.models import Closure
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.rules.terms import DAY
from memberships.views.people import acting

SHOWN = 50
"""Moves that a preview names one by one; the rest is counted."""


EXPORT_HEADER = ("why", "starts_on", "ends_on", "taken_back_on", "memberships_frozen", "made_by")


class ClosureForm(forms.Form):
    starts_on = forms.DateField(label=gettext_lazy("First day"), widget=DayInput)
    ends_on = forms.DateField(label=gettext_lazy("Last day"), widget=DayInput)
    why = forms.CharField(label=gettext_lazy("Why"), max_length=200)


class TakeBackForm(forms.Form):
    on = forms.DateField(
        label=gettext_lazy("Open again from"),
        widget=DayInput,
        help_text=gettext_lazy("The days from this one on are given back; those before stay frozen."),
    )


@policy(Right.OVERRIDE)
@require_safe
def closure_list(request: HttpRequest) -> HttpResponseBase:
    """The club's closures, the latest first, each with how many memberships it freezes."""
    club = frame.current_club(request, Right.OVERRIDE)
    standing = Count("freezes__membership", filter=Q(freezes__voided=False), distinct=True)
    rows = Closure.objects.filter(club=club).select_related("made_by").annotate(frozen=standing)
    rows = rows.order_by("-starts_on", "-pk")
    lines = (
        (row.why, row.starts_on, row.ends_on, row.taken_back_on, row.frozen, str(row.made_by or "")) for row in rows
    )
    if download := exports.asked(request, f"{club.slug}-closures", EXPORT_HEADER, lambda: lines):
        return download
    context = {"closures": rows, "today": clock.today(club.zone)}
    return render(request, "memberships/closure_list.html", context)


@policy(Right.OVERRIDE)
@require_http_methods(["GET", "POST"])
def closure_new(request: HttpRequest) -> HttpResponse:
    """Closes the club. ``?preview=1`` answers only the part that shows who would be frozen, and who left."""
    club = frame.current_club(request, Right.OVERRIDE)
    form = ClosureForm(request.POST or None)
    previewing = "preview" in request.GET
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        days = {"starts_on": form.cleaned_data["starts_on"], "ends_on": form.cleaned_data["ends_on"]}
        try:
            if previewing:
                preview = freezing.preview_closure(club=club, **days, now=clock.now())
                context |= {
                    "previewed": True,
                    "frozen": len(preview.frozen),
                    "moves": preview.moves[:SHOWN],
                    "more": max(0, len(preview.moves) - SHOWN),
                    "left": [(one.membership, said(one.why)) for one in preview.left],
                }
            else:
                why = form.cleaned_data["why"]
                done = freezing.close_club(club=club, **days, why=why, now=clock.now(), by=acting(request))
                messages.success(request, _("The closure is saved."))
                return redirect("closure_detail", done.closure.pk)
        except Refused as error:
            refuse(form, error)
    template = "memberships/_closure_preview.html" if previewing else "memberships/closure_form.html"
    return render(request, template, context, status=422 if form.errors and not previewing else 200)


@policy(Right.OVERRIDE)
@require_http_methods(["GET", "POST"])
def closure_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom a closure freezes, whom it had to leave; opens the club again from a day on."""
    closure = access.one(acting(request), Closure.objects.select_related("club", "made_by"), pk, Right.OVERRIDE)
    frame.enter(request, closure.club)
    today = clock.today(closure.club.zone)
    last = min(closure.ends_on, closure.taken_back_on - DAY) if closure.taken_back_on else closure.ends_on
    form = TakeBackForm(request.POST or None, initial={"on": max(today, closure.starts_on)})
    if request.method == "POST" and form.is_valid():
        try:
            freezing.reopen(closure=closure, on=form.cleaned_data["on"], now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("The days are given back."))
            return redirect("closure_detail", closure.pk)
    freezes = closure.freezes.filter(voided=False).select_related("membership__member", "membership__plan")
    left = freezing.left_of(closure=closure, now=clock.now())
    context = {
        "closure": closure,
        "form": form,
        "last": last,
        "over": last < max(today, closure.starts_on),
        "frozen": freezes.values("membership").distinct().count(),
        "freezes": freezes.order_by("membership__member__last_name", "pk")[:SHOWN],
        "left": [(one.membership, said(one.why)) for one in left],
    }
    return render(request, "memberships/closure_detail.html", context, status=422 if form.errors else 200)
