"""Settings of a club: its numbers, hours, calling windows and holidays, with their history."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calls import adjusting, policy_changes
from calls.forms.policy import RegionForm, forms_of
from calls.rules import hours, ready_made
from config import clock
from config.access import policy
from config.forms import refuse, sent
from config.words import said
from memberships import access, clubs, frame
from memberships.models import Employee
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting

SHOWN_HOLIDAYS = 6


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
    """The club's policy: every number that a manager may change, what a change would do, who changed what before."""
    club = frame.current_club(request, Right.SETTINGS)
    selling, calling, windows = forms_of(club, sent(request))
    foreseen = None
    if request.method == "POST" and all([selling.is_valid(), calling.is_valid(), windows.is_valid()]):
        wanted = {
            "club": club,
            "values": {**selling.cleaned_data, **calling.cleaned_data},
            "calling_windows": windows.windows if windows.has_changed() else None,
            "now": clock.now(),
        }
        try:
            if "preview" in request.POST:
                foreseen = policy_changes.foresee(**wanted)
            else:
                adjusting.change(**wanted, by=acting(request))
                messages.success(request, _("Saved. What was sold before keeps its own terms."))
                return redirect("settings_policy")
        except Refused as error:
            refuse(_form_of(error, selling, calling, windows), error)
    today = clock.today(club.zone)
    context = {
        "selling": selling,
        "calling": calling,
        "windows": windows,
        "foreseen": foreseen,
        "ready_made": ready_made.READY_MADE,
        "no_legal_advice": _(ready_made.NO_LEGAL_ADVICE),
        "holidays": hours.next_holidays(club.country, club.region, today, SHOWN_HOLIDAYS),
        "region": RegionForm(club=club) if access.may(acting(request), Right.OWN_CLUBS, club) else None,
        "changes": policy_changes.history(club),
    }
    wrong = selling.errors or calling.errors or windows.errors
    return render(request, "calls/settings_policy.html", context, status=422 if wrong else 200)


def _form_of(error: Refused, *found: forms.BaseForm) -> forms.BaseForm:
    """The form that has the field an operation refused; else the one of the windows."""
    return next((form for form in found if set(error.fields) & set(form.fields)), found[-1])


@policy(Right.SETTINGS)
@require_http_methods(["GET", "POST"])
def ready(request: HttpRequest, code: str) -> HttpResponse:
    """A ready-made policy: what it would change here, and taking it over."""
    club = frame.current_club(request, Right.SETTINGS)
    found = ready_made.by_code(code)
    if found is None:
        raise Http404
    windows = [(weekday, *span) for weekday, spans in found.windows.items() for span in spans]
    now = clock.now()
    if request.method == "POST":
        source = f"ready-made: {found.name}"
        adjusting.change(
            club=club, values=found.values, calling_windows=windows, by=acting(request), now=now, source=source
        )
        messages.success(request, _("The values of %(name)s hold now. Change what you need.") % {"name": _(found.name)})
        return redirect("settings_policy")
    context = {
        "name": _(found.name),
        "why": [_(sentence) for sentence in found.why],
        "no_legal_advice": _(ready_made.NO_LEGAL_ADVICE),
        "foreseen": policy_changes.foresee(club=club, values=found.values, calling_windows=windows, now=now),
    }
    return render(request, "calls/settings_ready.html", context)


@policy(Right.OWN_CLUBS)
@require_POST
def region(request: HttpRequest) -> HttpResponse:
    """Whose holidays count: an owner says in which region the club is."""
    club = frame.current_club(request, Right.OWN_CLUBS)
    form = RegionForm(request.POST, club=club)
    if form.is_valid():
        clubs.change_club(club=club, changes={"region": form.cleaned_data["region"]})
        messages.success(request, _("Saved. These holidays count now."))
    else:
        messages.error(request, said(form.errors["region"][0]))
    return redirect("settings_policy")
