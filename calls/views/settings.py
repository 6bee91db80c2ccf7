"""Settings of a club: its numbers, hours and calling windows, with their history."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calls import adjusting
from calls.forms.policy import forms_of
from calls.models import ContactPolicy
from config import clock
from config.access import policy
from config.forms import refuse
from memberships import audit, frame, holding
from memberships.models import Employee
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.SETTINGS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What can be set, and who works here."""
    club = frame.current_club(request, Right.SETTINGS)
    staff = Employee.objects.filter(club=club).select_related("user").order_by("-active", "name", "pk")
    return render(request, "calls/settings.html", {"staff": staff})


@policy(Right.SETTINGS)
@require_http_methods(["GET", "POST"])
def numbers(request: HttpRequest) -> HttpResponse:
    """The club's policy: every number that a manager may change, and who changed what before."""
    club = frame.current_club(request, Right.SETTINGS)
    selling, calling, windows = forms_of(club, request.POST or None)
    if request.method == "POST" and all([selling.is_valid(), calling.is_valid(), windows.is_valid()]):
        try:
            adjusting.change(
                club=club,
                values={**selling.cleaned_data, **calling.cleaned_data},
                calling_windows=windows.windows if windows.has_changed() else None,
                by=acting(request),
                now=clock.now(),
            )
        except Refused as error:
            refuse(windows if "calling_windows" in error.fields else calling, error)
        else:
            messages.success(request, _("Saved. What was sold before keeps its own terms."))
            return redirect("settings_policy")
    rows = [holding.policy_of(club), *ContactPolicy.objects.filter(club=club)]
    context = {
        "selling": selling,
        "calling": calling,
        "windows": windows,
        "changes": [change for change in audit.changes(rows, limit=20) if change.label == "update"],
    }
    wrong = selling.errors or calling.errors or windows.errors
    return render(request, "calls/settings_policy.html", context, status=422 if wrong else 200)
