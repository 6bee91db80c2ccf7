"""How calls end: outcomes, attempts, corrections, reasons."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls import outcomes, presence
from calls.api import shapes, work
from calls.models import Attends, CallAttempt, CallTask, Outcome, Purpose, RefusalReason
from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access
from memberships.api import fields, finding
from memberships.models import Club, Employee, User
from memberships.rights import Right
from memberships.rules import local_time

NO_HOST = "There is no such host."

# ---- an outcome ------------------------------------------------------------------------------------------


class BookingBody(serializers.Serializer[Any]):
    host = fields.Id()
    starts_at = fields.Instant()
    purpose = serializers.ChoiceField(required=False, choices=Purpose.values, help_text="The call's own.")


class SaidBody(serializers.Serializer[Any]):
    """How the call ended for one member."""

    outcome = serializers.ChoiceField(choices=Outcome.values)
    reason = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=40)
    competitor = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=120)
    note = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=4000)
    attends = serializers.ChoiceField(required=False, allow_null=True, choices=Attends.values)
    absence_reason = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=40)
    callback_at = fields.Instant(required=False, allow_null=True)
    meeting = BookingBody(required=False, allow_null=True)
    complaint = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=4000)


class AlsoBody(SaidBody):
    """How it ended for another member on the same number."""

    member = fields.MemberField()
    task = fields.Id(required=False, allow_null=True)


class OutcomeBody(SaidBody):
    duration_s = fields.Whole(required=False, allow_null=True, min_value=0, max_value=86_400)
    close_also = serializers.ListField(
        child=fields.Id(), required=False, allow_null=True, max_length=50, help_text="The member's other tasks."
    )
    also = AlsoBody(many=True, required=False, max_length=20)


@extend_schema(summary="Say how a call ended", request=OutcomeBody, responses={200: shapes.RecordedSerializer})
@policy(Right.WORK_QUEUE)
@api_view(["POST"])
def outcome(request: Request, pk: int) -> Response:
    """Stored with all that follows from it, or not at all. The same outcome again answers what the first did."""
    user = finding.acting(request)
    rows = CallTask.objects.select_related("club", "member__club")
    task = access.one(user, rows, pk, Right.WORK_QUEUE)
    data = finding.body(request, OutcomeBody)
    said = _said(data, task.club, duration_s=data.get("duration_s"), close_also=data.get("close_also"))
    also = [_also(one, place, task, user) for place, one in enumerate(data.get("also", []))]
    now = clock.now()
    done = outcomes.record(task=task, operator=user, said=said, also=also, now=now)
    presence.heard(operator=user, clubs=[task.club_id], now=now)
    attempt = work.attempt_of(request, done.attempt, task.club)
    shown = {"task": done.task, "attempt": attempt, "created": done.created}
    return Response(shapes.RecordedSerializer(shown).data)


def _said(data: dict[str, Any], club: Club, at: str = "", **more: Any) -> outcomes.Said:
    words = ("reason", "competitor", "note", "attends", "absence_reason", "complaint")
    meeting = data.get("meeting")
    booking = None
    if meeting is not None:
        host = finding.one_of(Employee.objects.filter(club=club, pk=meeting["host"]), _(NO_HOST), f"{at}meeting.host")
        booking = outcomes.Booking(host=host, starts_at=meeting["starts_at"], purpose=meeting.get("purpose", ""))
    return outcomes.Said(
        outcome=data["outcome"],
        callback_at=data.get("callback_at"),
        meeting=booking,
        **{name: data.get(name) or "" for name in words},
        **more,
    )


def _also(data: dict[str, Any], place: int, main: CallTask, user: User) -> outcomes.Also:
    at = f"also.{place}."
    member = finding.member(user, data["member"], Right.WORK_QUEUE, within=main.club, field=f"{at}member")
    task = None
    if data.get("task") is not None:
        rows = CallTask.objects.filter(club=main.club, pk=data["task"])
        task = finding.one_of(rows, _("There is no such call."), f"{at}task")
    return outcomes.Also(member=member, said=_said(data, main.club, at), task=task)


# ---- attempts --------------------------------------------------------------------------------------------


AttemptsQuery: type[serializers.Serializer[Any]] = type(
    "AttemptsQuery",
    (fields.ClubQuery,),
    {
        "member": fields.QueryId(required=False),
        "from": fields.Day(required=False, help_text="The first day, the club's."),
        "to": fields.Day(required=False, help_text="The last day."),
    },
)


class CorrectBody(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=Outcome.values)
    reason = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=40)
    note = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=4000)
    why = fields.Text(allow_blank=True, max_length=400)


@extend_schema(
    operation_id="attempts_list",
    summary="Call attempts",
    description="Supervisors see all; others their own, and with `member` all of theirs.",
    parameters=[AttemptsQuery],
    responses=api.page_of(shapes.AnyAttemptSerializer),
)
@policy(Right.WORK_QUEUE)
@api_view(["GET"])
def attempts(request: Request) -> Response:
    user = finding.acting(request)
    asked = finding.query(request, AttemptsQuery)
    club = finding.club_or_of_member(request, Right.WORK_QUEUE, asked.get("club"), asked.get("member"))
    if club is None:
        return api.page(request, CallAttempt.objects.none(), dict, order=[By("pk")])
    rows = _rows().filter(club=club)
    if "member" in asked:
        rows = rows.filter(member=asked["member"])
    elif not access.may(user, Right.SUPERVISE, club):
        rows = rows.filter(operator=user)
    if "from" in asked:
        rows = rows.filter(at__gte=local_time.first_instant(asked["from"], club.zone))
    if "to" in asked:
        rows = rows.filter(at__lt=local_time.end_of_day(asked["to"], club.zone))
    operator = access.is_operator(user, club)
    shape = shapes.PhoneAttemptSerializer() if operator else shapes.AttemptSerializer()
    return api.page(request, rows, shape.to_representation, order=[By("pk")])


@extend_schema(summary="Correct an outcome", request=CorrectBody, responses={200: shapes.AttemptSerializer})
@policy(Right.SUPERVISE)
@api_view(["POST"])
def correct(request: Request, pk: int) -> Response:
    """By a supervisor, with a reason. What the outcome made stays; what is counted from it follows."""
    user = finding.acting(request)
    attempt = access.one(user, _rows(), pk, Right.SUPERVISE)
    data = finding.body(request, CorrectBody)
    done = outcomes.correct(
        attempt=attempt,
        outcome=data["outcome"],
        reason=data.get("reason") or "",
        note=data.get("note"),
        why=data["why"],
        by=user,
        now=clock.now(),
    )
    return Response(shapes.AttemptSerializer(done).data)


def _rows() -> QuerySet[CallAttempt]:
    return CallAttempt.objects.select_related("club", "operator", "reason", "absence_reason")


# ---- reasons ---------------------------------------------------------------------------------------------


@extend_schema(
    operation_id="reasons_list",
    summary="Refusal reasons of a club",
    parameters=[fields.ClubQuery],
    responses=api.page_of(shapes.ReasonSerializer),
)
@policy(Right.WORK_QUEUE)
@api_view(["GET"])
def reasons(request: Request) -> Response:
    club = finding.club(request, Right.WORK_QUEUE, finding.query(request, fields.ClubQuery).get("club"))
    rows = RefusalReason.objects.filter(club=club).select_related("parent")
    shape = shapes.ReasonSerializer()
    return api.page(request, rows, shape.to_representation, order=[By("position"), By("pk")])
