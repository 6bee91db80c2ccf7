"""Closing a meeting on the host's page: the member came, and how it went."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from calls import meetings
from calls.forms.meetings import ChangedPlanForm, CloseForm, RefusedForm, ThinkingForm
from calls.models import Meeting, MeetingStatus
from calls.views.meetings import day_page, day_url, find, refused
from config import clock, forms
from config.access import policy
from config.forms import sent
from memberships import access, frame
from memberships.forms.offers import SellForm
from memberships.models import Membership, Quote
from memberships.rights import Right
from memberships.rules import local_time
from memberships.rules.errors import Refused
from memberships.views import offers


@policy(Right.HOLD_MEETINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_close(request: HttpRequest, pk: int, how: str) -> HttpResponse:
    """The host's page with the fields that a close asks for; POST stores it. A member not marked yet came.

    With ``preview`` in what is posted everything is done, shown and taken back.
    """
    meeting = find(request, pk, Right.HOLD_MEETINGS)
    if how not in HOW:
        raise Http404
    make_form, close = HOW[how]
    form = make_form(request, meeting)
    day = local_time.local_day(meeting.starts_at, meeting.club.zone)
    status = 200
    preview = None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            only_look = "preview" in request.POST
            try:
                with transaction.atomic():
                    came(request, meeting)
                    sold = close(request, meeting, form)
                    transaction.set_rollback(only_look)
            except Refused as error:
                forms.refuse(form, error)
                status = error.status
            else:
                if not only_look:
                    if sold is not None:
                        messages.success(request, offers.sold_words(sold))
                    return redirect(day_url(meeting))
                preview, status = sold, 200
            meeting.refresh_from_db()
    return day_page(
        request, meeting.host, day, chosen=str(meeting.pk), form=form, asking=how, status=status, preview=preview
    )


def came(request: HttpRequest, meeting: Meeting) -> None:
    """Whoever is closed has come: marks it where nobody did. Raises what ``meetings.attended`` raises."""
    if meeting.status in (MeetingStatus.SCHEDULED, MeetingStatus.NO_SHOW):
        meetings.attended(meeting=meeting, by=frame.person(request), now=clock.now())


def _thinking(request: HttpRequest, meeting: Meeting, form: ThinkingForm) -> None:
    meetings.close_thinking(
        meeting=meeting,
        ring_on=form.cleaned_data["ring_on"],
        note=form.cleaned_data["note"],
        satisfied=form.is_satisfied,
        by=frame.person(request),
        now=clock.now(),
    )


def _refused(request: HttpRequest, meeting: Meeting, form: RefusedForm) -> None:
    meetings.close_refused(
        meeting=meeting,
        reason=form.cleaned_data["reason"],
        competitor=form.cleaned_data["competitor"],
        note=form.cleaned_data["note"],
        satisfied=form.is_satisfied,
        by=frame.person(request),
        now=clock.now(),
    )


def _changed_plan(request: HttpRequest, meeting: Meeting, form: ChangedPlanForm) -> Membership | None:
    user = frame.person(request)
    closed = meetings.close_changed_plan(
        meeting=meeting,
        plan=form.cleaned_data["plan"],
        on=form.cleaned_data.get("on"),
        codes=form.cleaned_data["codes"],
        satisfied=form.is_satisfied,
        supervisor=access.may(user, Right.OVERRIDE, meeting.club),
        by=user,
        now=clock.now(),
    )
    return closed.membership


def _held(request: HttpRequest, meeting: Meeting, form: CloseForm) -> None:
    meetings.close_satisfied(
        meeting=meeting,
        satisfied=form.is_satisfied,
        note=form.cleaned_data["note"],
        by=frame.person(request),
        now=clock.now(),
    )


def _changed_plan_form(request: HttpRequest, meeting: Meeting) -> Form:
    supervisor = access.may(frame.person(request), Right.OVERRIDE, meeting.club)
    return ChangedPlanForm(sent(request), club=meeting.club, supervisor=supervisor)


HOW: dict[str, tuple[Callable[[HttpRequest, Meeting], Form], Callable[..., Membership | None]]] = {
    "changed-plan": (_changed_plan_form, _changed_plan),
    "thinking": (lambda request, meeting: ThinkingForm(sent(request)), _thinking),
    "refused": (
        lambda request, meeting: RefusedForm(sent(request), club=meeting.club),
        _refused,
    ),
    "held": (lambda request, meeting: CloseForm(sent(request)), _held),
}
"""What closes a meeting besides a sale: the fields, and what is done with them."""


@policy(Right.HOLD_MEETINGS)
@require_POST
def meeting_renewed(request: HttpRequest, pk: int) -> HttpResponse:
    """Sells an offer to the member who came for it, and closes the meeting as renewed."""
    meeting = find(request, pk, Right.HOLD_MEETINGS)
    user = frame.person(request)
    rows = Quote.objects.select_related("member__club", "plan", "club", "prior", "made_by")
    quote = access.one(user, rows.filter(member=meeting.member_id), request.POST.get("quote", ""), Right.SELL)
    form = SellForm(request.POST)
    if not form.is_valid():
        return offers.sheet(request, quote, form, status=422)
    try:
        with transaction.atomic():
            came(request, meeting)
            closed = meetings.close_renewed(
                meeting=meeting,
                quote=quote,
                payment=form.payment,
                special_terms=form.cleaned_data["special_terms"],
                by=user,
                now=clock.now(),
            )
    except Refused as error:
        forms.refuse(form, error)
        return offers.sheet(request, quote, form, status=error.status)
    assert closed.membership is not None
    messages.success(request, offers.sold_words(closed.membership))
    return redirect(day_url(closed))


@policy(Right.HOLD_MEETINGS)
@require_POST
def meeting_sold(request: HttpRequest, pk: int) -> HttpResponse:
    """Closes a meeting as renewed by a sale that was made beside it."""
    meeting = find(request, pk, Right.HOLD_MEETINGS)
    rows = Membership.objects.filter(member=meeting.member_id)
    sold = access.one(frame.person(request), rows, request.POST.get("membership", ""), Right.SELL)
    try:
        with transaction.atomic():
            came(request, meeting)
            meetings.close_with_sale(meeting=meeting, sold=sold, by=frame.person(request), now=clock.now())
    except Refused as error:
        return refused(request, meeting, error)
    messages.success(request, _("Closed as renewed."))
    return redirect(day_url(meeting))
