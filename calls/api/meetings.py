"""Meetings: free slots, booking, and how they went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls import meetings
from calls.api import shapes
from calls.models import Meeting, MeetingResult, MeetingStatus, Purpose
from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access
from memberships.api import fields, finding, offers, terms
from memberships.models import Club, Employee, Quote
from memberships.rights import Right
from memberships.rules import local_time

# ---- bodies ----------------------------------------------------------------------------------------------

PERIOD = {
    "from": fields.Day(required=False, help_text="The first day, the club's."),
    "to": fields.Day(required=False, help_text="The last day."),
}
SlotsQuery: type[serializers.Serializer[Any]] = type(
    "SlotsQuery", (fields.ClubQuery,), {"host": fields.QueryId(required=False), **PERIOD}
)
MeetingsQuery: type[serializers.Serializer[Any]] = type(
    "MeetingsQuery",
    (fields.ClubQuery,),
    {
        "member": fields.QueryId(required=False),
        "host": fields.QueryId(required=False),
        "status": serializers.ChoiceField(required=False, choices=MeetingStatus.values),
        **PERIOD,
    },
)


class MeetingBody(serializers.Serializer[Any]):
    member = fields.MemberField()
    host = fields.Id()
    starts_at = fields.Instant()
    purpose = serializers.ChoiceField(required=False, choices=Purpose.values, help_text="renewal.")


class WhyBody(serializers.Serializer[Any]):
    why = fields.Text(required=False, allow_blank=True, max_length=200, default="")


class RescheduleBody(WhyBody):
    host = fields.Id(required=False, allow_null=True, help_text="The same.")
    starts_at = fields.Instant()


class CloseBody(terms.PaymentBody):
    """``result`` decides what else is asked for; without one the meeting asked for no sale, and says ``satisfied``."""

    result = serializers.ChoiceField(required=False, allow_null=True, choices=MeetingResult.values)
    satisfied = fields.Truth(required=False, allow_null=True)
    quote = fields.Id(required=False, allow_null=True, help_text="renewed: what is sold.")
    plan = fields.Text(required=False, allow_null=True, max_length=32, help_text="changed_plan.")
    on = fields.Day(required=False, allow_null=True, help_text="changed_plan: today; a manager: another day.")
    codes = serializers.ListField(child=fields.Text(max_length=32), required=False, max_length=20)
    override_reason = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=400)
    ring_on = fields.Day(required=False, allow_null=True, help_text="thinking: when to ring.")
    reason = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=40, help_text="refused.")
    competitor = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=120)
    note = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=4000)


# ---- slots and booking -----------------------------------------------------------------------------------


@extend_schema(
    operation_id="slots_list",
    summary="Free slots of hosts",
    parameters=[SlotsQuery],
    responses=api.page_of(shapes.SlotSerializer),
)
@policy(Right.BOOK_MEETINGS)
@api_view(["GET"])
def slots(request: Request) -> Response:
    asked = finding.query(request, SlotsQuery)
    club = finding.club(request, Right.BOOK_MEETINGS, asked.get("club"))
    host = None
    if "host" in asked:
        host = meetings.hosts(club).filter(pk=asked["host"]).first()
        if host is None:
            return api.listed(request, [], dict)
    free = meetings.slots(
        club=club, now=clock.now(), first=asked.get("from"), last=asked.get("to"), host=host, limit=MOST_SLOTS
    )
    return api.listed(request, free, shapes.SlotSerializer().to_representation)


MOST_SLOTS = 20_000


@extend_schema(
    methods=["GET"],
    operation_id="meetings_list",
    summary="Meetings",
    description="Operators see those that they booked, and with `member` all of theirs.",
    parameters=[MeetingsQuery],
    responses=api.page_of(shapes.MeetingSerializer),
)
@extend_schema(
    methods=["POST"], summary="Book a meeting", request=MeetingBody, responses={201: shapes.MeetingSerializer}
)
@policy(Right.BOOK_MEETINGS)
@api_view(["GET", "POST"])
def meeting_list(request: Request) -> Response:
    if request.method == "POST":
        return _book(request)
    user = finding.acting(request)
    asked = finding.query(request, MeetingsQuery)
    club = finding.club_or_of_member(request, Right.BOOK_MEETINGS, asked.get("club"), asked.get("member"))
    if club is None:
        return api.page(request, Meeting.objects.none(), dict, order=[By("pk")])
    rows = _rows().filter(club=club)
    for name in ("member", "host", "status"):
        if name in asked:
            rows = rows.filter(**{name: asked[name]})
    if "member" not in asked and not access.may(user, Right.HOLD_MEETINGS, club):
        rows = rows.filter(Q(booked_by=user))
    if "from" in asked:
        rows = rows.filter(starts_at__gte=local_time.first_instant(asked["from"], club.zone))
    if "to" in asked:
        rows = rows.filter(starts_at__lt=local_time.end_of_day(asked["to"], club.zone))
    return api.page(request, rows, shapes.MeetingSerializer().to_representation, order=[By("pk")])


def _rows() -> QuerySet[Meeting]:
    return Meeting.objects.select_related("club", "member", "host__club", "task__membership", "attempt")


def _book(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.BOOK_MEETINGS)
    data = finding.body(request, MeetingBody)
    member = finding.member(user, data["member"], Right.BOOK_MEETINGS)
    made = meetings.book(
        club=member.club,
        member=member,
        host=_host(member.club, data["host"]),
        starts_at=data["starts_at"],
        purpose=data.get("purpose", ""),
        by=user,
        now=clock.now(),
    )
    return Response(shapes.MeetingSerializer(made).data, status=201)


def _host(club: Club, pk: int) -> Employee:
    return finding.one_of(Employee.objects.filter(club=club, pk=pk), _("There is no such host."), "host")


# ---- how it went -----------------------------------------------------------------------------------------


def _meeting(request: Request, pk: int, right: Right = Right.HOLD_MEETINGS) -> Meeting:
    return access.one(finding.acting(request), _rows(), pk, right)


def _say(request: Request, pk: int, verb: Callable[..., Meeting], **more: Any) -> Response:
    done = verb(meeting=_meeting(request, pk), by=finding.acting(request), now=clock.now(), **more)
    return Response(shapes.MeetingSerializer(done).data)


@extend_schema(summary="The member came", request=None, responses={200: shapes.MeetingSerializer})
@policy(Right.HOLD_MEETINGS)
@api_view(["POST"])
def attended(request: Request, pk: int) -> Response:
    return _say(request, pk, meetings.attended)


@extend_schema(summary="The member did not come", request=None, responses={200: shapes.MeetingSerializer})
@policy(Right.HOLD_MEETINGS)
@api_view(["POST"])
def no_show(request: Request, pk: int) -> Response:
    return _say(request, pk, meetings.no_show)


@extend_schema(summary="Call a meeting off", request=WhyBody, responses={200: shapes.MeetingSerializer})
@policy(Right.HOLD_MEETINGS)
@api_view(["POST"])
def cancel(request: Request, pk: int) -> Response:
    _meeting(request, pk)
    return _say(request, pk, meetings.cancel, why=finding.body(request, WhyBody)["why"])


@extend_schema(
    summary="Move a meeting",
    description="Answers the new one. An operator moves those that they booked.",
    request=RescheduleBody,
    responses={200: shapes.MeetingSerializer},
)
@policy(Right.BOOK_MEETINGS)
@api_view(["POST"])
def reschedule(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    meeting = _meeting(request, pk, Right.BOOK_MEETINGS)
    if not access.may(user, Right.HOLD_MEETINGS, meeting.club) and meeting.booked_by_id != user.pk:
        raise PermissionDenied
    data = finding.body(request, RescheduleBody)
    host = _host(meeting.club, data["host"]) if data.get("host") is not None else None
    new = meetings.reschedule(
        meeting=meeting, starts_at=data["starts_at"], host=host, why=data["why"], by=user, now=clock.now()
    )
    return Response(shapes.MeetingSerializer(new).data)


@extend_schema(summary="Close an attended meeting", request=CloseBody, responses={200: shapes.MeetingSerializer})
@policy(Right.HOLD_MEETINGS)
@api_view(["POST"])
def close(request: Request, pk: int) -> Response:
    """As renewed or changed plan it makes the sale in the same transaction."""
    meeting = _meeting(request, pk)
    data = finding.body(request, CloseBody)
    done = CLOSES[data.get("result")](request, meeting, data)
    return Response(shapes.MeetingSerializer(done).data)


def _common(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    return {"satisfied": data.get("satisfied"), "by": finding.acting(request), "now": clock.now()}


def _required(data: dict[str, Any], name: str) -> Any:
    if data.get(name) is None:
        raise finding.refuse(name, _("This field is required."))
    return data[name]


def _renewed(request: Request, meeting: Meeting, data: dict[str, Any]) -> Meeting:
    quotes = Quote.objects.filter(pk=_required(data, "quote"), member=meeting.member)
    return meetings.close_renewed(
        meeting=meeting,
        quote=finding.one_of(quotes, _("There is no such quote."), "quote"),
        payment=terms.payment(data),
        special_terms=data["special_terms"],
        **_common(request, data),
    )


def _changed_plan(request: Request, meeting: Meeting, data: dict[str, Any]) -> Meeting:
    return meetings.close_changed_plan(
        meeting=meeting,
        plan=finding.plan(meeting.club, _required(data, "plan")),
        on=data.get("on"),
        codes=data.get("codes", []),
        payment=terms.payment(data),
        special_terms=data["special_terms"],
        override_reason=offers.override(request, meeting.club, data),
        supervisor=access.may(finding.acting(request), Right.OVERRIDE, meeting.club),
        **_common(request, data),
    )


def _thinking(request: Request, meeting: Meeting, data: dict[str, Any]) -> Meeting:
    note, ring_on = data.get("note") or "", _required(data, "ring_on")
    return meetings.close_thinking(meeting=meeting, ring_on=ring_on, note=note, **_common(request, data))


def _refused(request: Request, meeting: Meeting, data: dict[str, Any]) -> Meeting:
    return meetings.close_refused(
        meeting=meeting,
        reason=data.get("reason") or "",
        note=data.get("note") or "",
        competitor=data.get("competitor") or "",
        **_common(request, data),
    )


def _held(request: Request, meeting: Meeting, data: dict[str, Any]) -> Meeting:
    if data.get("satisfied") is None:
        raise finding.refuse("result", _("Say how the meeting ended, or whether the member is satisfied."))
    return meetings.close_satisfied(meeting=meeting, note=data.get("note") or "", **_common(request, data))


CLOSES: dict[str | None, Callable[[Request, Meeting, dict[str, Any]], Meeting]] = {
    MeetingResult.RENEWED: _renewed,
    MeetingResult.CHANGED_PLAN: _changed_plan,
    MeetingResult.THINKING: _thinking,
    MeetingResult.REFUSED: _refused,
    None: _held,
}
