"""*Why (not) call?* for any instant."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from calls import panels
from config import clock
from config.access import policy
from config.widgets import InstantInput
from memberships import access, frame
from memberships.models import Member
from memberships.rights import Right
from memberships.rules import local_time


class AtForm(forms.Form):
    at = forms.DateTimeField(label=_("When, in the club's time"), widget=InstantInput)


@policy(Right.READ_MEMBERS)
@require_safe
def member_why(request: HttpRequest, pk: int) -> HttpResponse:
    """The contact policy's answer for every kind of call, now or at ``?at=``."""
    member = access.one(frame.person(request), Member.objects.select_related("club"), pk, Right.READ_MEMBERS)
    frame.enter(request, member.club)
    now = clock.now()
    here = now.astimezone(member.club.zone).replace(tzinfo=None)
    form = AtForm(request.GET if "at" in request.GET else None, initial={"at": here})
    at = now
    if form.is_bound and form.is_valid():
        asked = form.cleaned_data["at"]
        at = local_time.instant(asked.date(), asked.time(), member.club.zone)
    local = at.astimezone(member.zone(member.club))
    found = panels.verdicts(member=member, at=at)
    context = {"member": member, "form": form, "at": at, "there": local, "verdicts": found}
    return render(request, "calls/member_why.html", context, status=422 if form.errors else 200)
