"""Typing in a member, changing one, and the do-not-call mark."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from config import clock
from config.access import policy
from config.forms import refuse, sent
from config.words import said
from memberships import access, frame, people, special_dates
from memberships.forms.people import DateForm, DeceasedForm, MemberForm, ReasonForm
from memberships.models import Member, SpecialDate, User
from memberships.rights import Right
from memberships.rules.errors import Refused


def acting(request: HttpRequest) -> User:
    """The user of a request that ``@policy`` let in."""
    return request.user  # type: ignore[return-value]


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_new(request: HttpRequest) -> HttpResponse:
    club = frame.current_club(request, Right.EDIT_MEMBERS)
    form = MemberForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            member = people.create(club=club, details=form.details(), now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(name)s is a member of the list now.") % {"name": member.name})
            return redirect("member_detail", member.pk)
    status = 422 if form.errors else 200
    return render(request, "memberships/member_form.html", {"form": form, "member": None}, status=status)


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_edit(request: HttpRequest, pk: int) -> HttpResponse:
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.EDIT_MEMBERS)
    frame.enter(request, member.club)
    form = MemberForm(sent(request), initial=MemberForm.of(member))
    if request.method == "POST" and form.is_valid():
        try:
            people.edit(member=member, details=form.details(), now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("member_detail", member.pk)
    status = 422 if form.errors else 200
    return render(request, "memberships/member_form.html", {"form": form, "member": member}, status=status)


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def do_not_call(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks a member as not to be called; taking the mark away is a manager's, with a reason."""
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.EDIT_MEMBERS)
    frame.enter(request, member.club)
    clearing = member.do_not_call
    if clearing:
        access.require(acting(request), Right.CLEAR_DNC, member.club)
    form = ReasonForm(sent(request))
    if request.method == "POST" and form.is_valid():
        reason, now, by = form.cleaned_data["reason"], clock.now(), acting(request)
        try:
            if clearing:
                people.clear_do_not_call(member=member, reason=reason, now=now, by=by)
            else:
                people.set_do_not_call(member=member, note=reason, now=now, by=by)
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(
                request, _("The member may be called again.") if clearing else _("Nobody rings this member any more.")
            )
            return redirect("member_detail", member.pk)
    context = {"form": form, "member": member, "clearing": clearing}
    return render(request, "memberships/do_not_call.html", context, status=422 if form.errors else 200)


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def deceased(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks a member as deceased; that it was a mistake is a manager's to say, with a reason."""
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.EDIT_MEMBERS)
    frame.enter(request, member.club)
    clearing = member.deceased_on is not None
    if clearing:
        access.require(acting(request), Right.CLEAR_DNC, member.club)
    form = ReasonForm(sent(request)) if clearing else DeceasedForm(sent(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            now, by = clock.now(), acting(request)
            try:
                if clearing:
                    people.undo_deceased(member=member, reason=form.cleaned_data["reason"], now=now, by=by)
                else:
                    people.mark_deceased(member=member, on=form.cleaned_data["on"], now=now, by=by)
            except Refused as error:
                refuse(form, error)
                status = error.status
            else:
                messages.success(request, _("The mark is taken away.") if clearing else _("Saved."))
                return redirect("member_detail", member.pk)
    context = {"form": form, "member": member, "clearing": clearing}
    return render(request, "memberships/member_deceased.html", context, status=status)


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """A member's special dates: read, added."""
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.EDIT_MEMBERS)
    frame.enter(request, member.club)
    form = DateForm(sent(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            asked = form.cleaned_data
            try:
                special_dates.add(
                    member=member, on=asked["on"], name=asked["name"], now=clock.now(), by=acting(request)
                )
            except Refused as error:
                refuse(form, error)
                status = error.status
            else:
                messages.success(request, _("Saved."))
                return redirect("member_dates", member.pk)
    dates = SpecialDate.objects.filter(member=member).order_by("on", "pk")
    context = {"form": form, "member": member, "dates": dates}
    return render(request, "memberships/member_dates.html", context, status=status)


@policy(Right.EDIT_MEMBERS)
@require_POST
def date_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forgets a special date."""
    rows = SpecialDate.objects.select_related("member__club")
    date = access.one(acting(request), rows, pk, Right.EDIT_MEMBERS, club_path="member__club_id")
    frame.enter(request, date.member.club)
    try:
        special_dates.remove(date=date, now=clock.now(), by=acting(request))
    except Refused as error:
        messages.error(request, said(error.message))
    else:
        messages.success(request, _("Removed."))
    return redirect("member_dates", date.member_id)
