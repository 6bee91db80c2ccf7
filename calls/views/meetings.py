"""The host's page: whom they see today, how each meeting went, and the week; booking and moving meetings."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calls import meetings
from calls.forms.meetings import BookForm, CancelForm, HostForm, MoveForm
from calls.meetings import hosting
from calls.models import CallTask, Kind, Meeting, MeetingStatus, Purpose
from calls.rules import kinds
from calls.views import meeting_day
from config import clock, exports, forms
from config.access import policy
from config.forms import sent
from config.templatetags.ringback import instant
from memberships import access, frame
from memberships.models import Club, Employee, Member, User
from memberships.rights import Right
from memberships.rules import local_time
from memberships.rules.errors import Refused

DAY = dt.timedelta(days=1)
DAYS_OF_SLOTS = 4


@policy(Right.BOOK_MEETINGS)
@require_safe
def meeting_list(request: HttpRequest) -> HttpResponseBase:
    """A host's day; for operators the meetings that they booked. The week of all hosts goes out as a table."""
    club = frame.current_club(request, Right.BOOK_MEETINGS)
    if not access.may(frame.person(request), Right.HOLD_MEETINGS, club):
        return _own_bookings(request, club)
    host = _host(request, club)
    if host is None:
        return render(request, "calls/meeting_no_host.html", {})
    day = _day(request, club)
    if access.may(frame.person(request), Right.EXPORT_MEMBERS, club):
        name = f"{club.slug}-meetings-{day:%G-W%V}"
        lines = functools.partial(meeting_day.lines_of_week, club, day)
        if download := exports.asked(request, name, meeting_day.WEEK_HEADER, lines):
            return download
    return day_page(request, host, day, chosen=request.GET.get("meeting", ""))


def day_page(
    request: HttpRequest,
    host: Employee,
    day: dt.date,
    *,
    chosen: str = "",
    form: Form | None = None,
    asking: str = "",
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """The page of a host's day with one meeting open; ``asking``: which close is being filled in, with its ``form``."""
    now = clock.now()
    club = host.club
    user = frame.person(request)
    found = meeting_day.on_day(host, day)
    open_one = next((meeting for meeting in found if str(meeting.pk) == chosen), None)
    open_one = open_one or meeting_day.next_of(found, now)
    today = local_time.local_day(now, club.zone)
    free = meetings.slots(club=club, host=host, now=now, first=day, last=day)
    ahead = [meeting for meeting in found if meeting.status == MeetingStatus.SCHEDULED and meeting.starts_at > now]
    context = {
        "host": host,
        "hosts": list(meetings.hosts(club)),
        "day": day,
        "is_today": day == today,
        "before": day - DAY,
        "after": day + DAY,
        "lines": meeting_day.lines(found, club, now),
        "came": sum(meeting.status == MeetingStatus.ATTENDED for meeting in found),
        "missed": sum(meeting.status == MeetingStatus.NO_SHOW for meeting in found),
        "next_in": _minutes(ahead[0].starts_at - now) if ahead and day == today else None,
        "unclosed": [meeting for meeting in meeting_day.unclosed(host, now) if meeting != open_one],
        "free": free[:12],
        "free_until": free[-1].ends_at if free else None,
        "card": meeting_day.card(open_one, user, now) if open_one else None,
        "may": _may(open_one, now) if open_one else {},
        "week": meeting_day.week(host, day, now),
        "now": now,
        "form": form,
        "asking": asking,
        "may_edit_hosts": access.may(user, Right.EDIT_HOSTS, club),
        "may_export": access.may(user, Right.EXPORT_MEMBERS, club),
        **more,
    }
    return render(request, "calls/meeting_day.html", context, status=status)


def _may(meeting: Meeting, now: dt.datetime) -> dict[str, bool]:
    """What can be said about a meeting now."""
    coming = meeting.status == MeetingStatus.SCHEDULED
    missed = meeting.status == MeetingStatus.NO_SHOW
    same_day = local_time.local_day(now, meeting.club.zone) == local_time.local_day(
        meeting.starts_at, meeting.club.zone
    )
    early = now >= meeting.starts_at - dt.timedelta(minutes=60)
    came = (coming and early) or (missed and same_day)
    return {
        "come": came,
        "close": came or (meeting.status == MeetingStatus.ATTENDED and meeting.closed_at is None),
        "miss": coming and now >= meeting.ends_at,
        "move": coming and now < meeting.ends_at,
        "no_sale": meeting.purpose != Purpose.RENEWAL,
    }


def _minutes(left: dt.timedelta) -> int:
    return int(left.total_seconds() // 60)


def _host(request: HttpRequest, club: Club) -> Employee | None:
    """The host that the address names, else the user, else the first."""
    receiving = list(meetings.hosts(club).select_related("club"))
    asked = request.GET.get("host", "")
    if asked:
        named = next((one for one in receiving if str(one.pk) == asked), None)
        if named is None:
            raise Http404
        return named
    me = next((one for one in receiving if one.user_id == frame.person(request).pk), None)
    return me or next(iter(receiving), None)


def _day(request: HttpRequest, club: Club, name: str = "day") -> dt.date:
    """The day that the address names; anything else is today."""
    try:
        return dt.date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return clock.today(club.zone)


def _own_bookings(request: HttpRequest, club: Club) -> HttpResponse:
    rows = (
        Meeting.objects.filter(club=club, booked_by=frame.person(request).pk, status=MeetingStatus.SCHEDULED)
        .filter(ends_at__gt=clock.now())
        .select_related("member", "host")
        .order_by("starts_at", "pk")[:200]
    )
    return render(request, "calls/meeting_own.html", {"rows": rows})


def find(request: HttpRequest, pk: int, right: Right) -> Meeting:
    """A meeting of a club in which the user has the right; the session goes into that club."""
    rows = Meeting.objects.select_related("club", "member", "host__club", "task__membership", "attempt")
    meeting = access.one(frame.person(request), rows, pk, right)
    frame.enter(request, meeting.club)
    return meeting


def day_url(meeting: Meeting) -> str:
    """The host's page of the meeting's day, with the meeting open."""
    day = local_time.local_day(meeting.starts_at, meeting.club.zone)
    return f"{reverse('meeting_list')}?day={day}&host={meeting.host_id}&meeting={meeting.pk}"


@policy(Right.HOLD_MEETINGS)
@require_safe
def meeting_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to the meeting on its host's day."""
    return redirect(day_url(find(request, pk, Right.HOLD_MEETINGS)))


@policy(Right.HOLD_MEETINGS)
@require_POST
def meeting_attended(request: HttpRequest, pk: int) -> HttpResponse:
    """The member came."""
    return _say(request, pk, meetings.attended)


@policy(Right.HOLD_MEETINGS)
@require_POST
def meeting_no_show(request: HttpRequest, pk: int) -> HttpResponse:
    """The member did not come."""
    return _say(request, pk, meetings.no_show)


def _say(request: HttpRequest, pk: int, verb: Callable[..., Meeting]) -> HttpResponse:
    meeting = find(request, pk, Right.HOLD_MEETINGS)
    try:
        verb(meeting=meeting, by=frame.person(request), now=clock.now())
    except Refused as error:
        return refused(request, meeting, error)
    return redirect(day_url(meeting))


def refused(request: HttpRequest, meeting: Meeting, error: Refused) -> HttpResponse:
    """The host's page again, saying why not."""
    meeting.refresh_from_db()
    day = local_time.local_day(meeting.starts_at, meeting.club.zone)
    return day_page(request, meeting.host, day, chosen=str(meeting.pk), status=error.status, refusal=error)


# ---- booking and moving ----------------------------------------------------------------------------------


@policy(Right.BOOK_MEETINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_book(request: HttpRequest, pk: int) -> HttpResponse:
    """Books a meeting for a member: what for, and which free slot."""
    user = frame.person(request)
    member = access.one(user, Member.objects.select_related("club"), pk, Right.BOOK_MEETINGS)
    frame.enter(request, member.club)
    form = BookForm(sent(request), initial={"purpose": _purpose(member)})
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        host, starts_at = form.cleaned_data["slot"]
        try:
            made = meetings.book(
                club=member.club,
                member=member,
                host=_receiving(member.club, host),
                starts_at=starts_at,
                purpose=form.cleaned_data["purpose"],
                by=user,
                now=clock.now(),
            )
        except Refused as error:
            forms.refuse(form, error)
            status = error.status
        else:
            messages.success(request, _booked_words(made))
            return redirect("member_detail", member.pk)
    context = {"member": member, "form": form, "ahead": meeting_day.of_member(member).order_by("starts_at")}
    return _with_slots(request, "calls/meeting_book.html", member.club, context, status)


def _purpose(member: Member) -> str:
    """What a meeting is probably for: as the member's open call says, else renewal."""
    task = CallTask.objects.filter(member=member).order_by("-made_at", "-pk").first()
    if task is None:
        return Purpose.RENEWAL
    return kinds.purpose_of(Kind(task.kind), Kind(task.origin) if task.origin else None)


def _receiving(club: Club, pk: int) -> Employee:
    """The host by id; one of another club reads exactly as a missing one."""
    return Employee.objects.filter(club=club, pk=pk).order_by("pk").first() or Employee(club=club, active=False)


def _booked_words(meeting: Meeting) -> str:
    at = {"at": instant(meeting.starts_at, meeting.club), "host": meeting.host.name}
    return _("Booked: %(at)s with %(host)s.") % at


def _with_slots(request: HttpRequest, template: str, club: Club, context: dict[str, Any], status: int) -> HttpResponse:
    """The page with free slots of a few days; the address chooses the first day and the host."""
    now = clock.now()
    today = local_time.local_day(now, club.zone)
    furthest = today + hosting.numbers(club).slot_days_ahead * DAY
    first = min(max(_day(request, club, "from"), today), furthest)
    receiving = list(meetings.hosts(club))
    host = next((one for one in receiving if str(one.pk) == request.GET.get("host", "")), None)
    last = first + (DAYS_OF_SLOTS - 1) * DAY
    by_day: dict[dt.date, dict[Employee, list[meetings.Slot]]] = {first + n * DAY: {} for n in range(DAYS_OF_SLOTS)}
    for slot in meetings.slots(club=club, now=now, first=first, last=last, host=host):
        by_day[slot.starts_at.date()].setdefault(slot.host, []).append(slot)
    context |= {
        "by_day": by_day,
        "hosts": receiving,
        "only": host,
        "earlier": max(first - DAYS_OF_SLOTS * DAY, today) if first > today else None,
        "later": last + DAY if last < furthest else None,
        "first": first,
    }
    return render(request, template, context, status=status)


@policy(Right.BOOK_MEETINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Moves a meeting; an operator those that they booked."""
    meeting = _movable(request, pk)
    user = frame.person(request)
    form = MoveForm(sent(request))
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        host, starts_at = form.cleaned_data["slot"]
        try:
            new = meetings.reschedule(
                meeting=meeting,
                host=_receiving(meeting.club, host),
                starts_at=starts_at,
                why=form.cleaned_data["why"],
                by=user,
                now=clock.now(),
            )
        except Refused as error:
            meeting.refresh_from_db()
            forms.refuse(form, error)
            status = error.status
        else:
            messages.success(request, _booked_words(new))
            return redirect("member_detail", new.member_id)
    context = {
        "meeting": meeting,
        "member": meeting.member,
        "form": form,
        "cancel": CancelForm() if access.may(user, Right.HOLD_MEETINGS, meeting.club) else None,
    }
    return _with_slots(request, "calls/meeting_move.html", meeting.club, context, status)


def _movable(request: HttpRequest, pk: int) -> Meeting:
    meeting = find(request, pk, Right.BOOK_MEETINGS)
    user: User = frame.person(request)  # type: ignore[assignment]
    if not access.may(user, Right.HOLD_MEETINGS, meeting.club) and meeting.booked_by_id != user.pk:
        raise PermissionDenied
    return meeting


@policy(Right.HOLD_MEETINGS)
@require_POST
def meeting_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Calls a meeting off beforehand."""
    meeting = find(request, pk, Right.HOLD_MEETINGS)
    form = CancelForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    try:
        meetings.cancel(meeting=meeting, why=why, by=frame.person(request), now=clock.now())
    except Refused as error:
        return refused(request, meeting, error)
    messages.success(request, _("Cancelled: %(at)s.") % {"at": instant(meeting.starts_at, meeting.club)})
    return redirect("member_detail", meeting.member_id)


# ---- hours -----------------------------------------------------------------------------------------------


@policy(Right.EDIT_HOSTS)
@require_http_methods(["GET", "HEAD", "POST"])
def host_hours(request: HttpRequest, pk: int) -> HttpResponse:
    """A host's weekly hours and days off."""
    user = frame.person(request)
    host = access.one(user, Employee.objects.select_related("club"), pk, Right.EDIT_HOSTS)
    frame.enter(request, host.club)
    today = clock.today(host.club.zone)
    form = HostForm(request.POST) if request.method == "POST" else HostForm.of(host, today)
    if request.method == "POST" and form.is_valid():
        try:
            meetings.set_hours(employee=host, hours=form.hours)
        except Refused as error:
            forms.refuse(form, error)
        else:
            meetings.set_days_off(employee=host, days=form.cleaned_data["days_off"])
            messages.success(request, _("Saved: the hours of %(name)s.") % {"name": host.name})
            return redirect(f"{reverse('meeting_list')}?host={host.pk}" if host.is_host else reverse("meeting_list"))
    context = {"host": host, "form": form, "default": hosting.numbers(host.club)}
    return render(request, "calls/host_hours.html", context, status=422 if form.is_bound else 200)
