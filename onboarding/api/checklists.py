"""Checklists of new members over HTTP."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access
from memberships.api import fields, finding
from memberships.rights import Right
from onboarding import checklists
from onboarding.models import Checklist, Step, StepStatus


class StepSerializer(serializers.Serializer[Step]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    due_on = serializers.DateField()
    who = serializers.SerializerMethodField(help_text="An employee's name, else a role.")
    status = serializers.ChoiceField(choices=StepStatus.values)
    done_at = fields.Moment(club="checklist.club", allow_null=True)
    result = serializers.CharField()

    def get_who(self, step: Step) -> str:
        return step.employee.name if step.employee else step.role


class ChecklistSerializer(serializers.Serializer[Checklist]):
    """A member's way through the first weeks."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    membership = serializers.IntegerField(source="membership_id")
    started_at = fields.Moment()
    closed_at = fields.Moment(allow_null=True)
    steps = StepSerializer(many=True)


class ChecklistsQuery(fields.ClubQuery):
    member = fields.QueryId(required=False)


class ChecklistBody(serializers.Serializer[Any]):
    member = fields.MemberField()


class DoneBody(serializers.Serializer[Any]):
    result = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=4000)


class SkipBody(serializers.Serializer[Any]):
    reason = fields.Text(required=False, allow_blank=True, max_length=200, default="")


@extend_schema(
    methods=["GET"],
    operation_id="checklists_list",
    summary="Checklists",
    parameters=[ChecklistsQuery],
    responses=api.page_of(ChecklistSerializer),
)
@extend_schema(
    methods=["POST"],
    summary="Start a checklist by hand",
    request=ChecklistBody,
    responses={201: ChecklistSerializer},
)
@policy(Right.WORK_CHECKLISTS)
@api_view(["GET", "POST"])
def checklist_list(request: Request) -> Response:
    user = finding.acting(request)
    if request.method == "POST":
        finding.require_somewhere(user, Right.WORK_CHECKLISTS)
        data = finding.body(request, ChecklistBody)
        member = finding.member(user, data["member"], Right.WORK_CHECKLISTS)
        started = checklists.start(member=member, by=user, now=clock.now())
        return Response(ChecklistSerializer(_rows().get(pk=started.pk)).data, status=201)
    asked = finding.query(request, ChecklistsQuery)
    club = finding.club_or_of_member(request, Right.WORK_CHECKLISTS, asked.get("club"), asked.get("member"))
    rows = _rows().filter(club=club) if club else Checklist.objects.none()
    if "member" in asked:
        rows = rows.filter(member=asked["member"])
    return api.page(request, rows, ChecklistSerializer().to_representation, order=[By("pk")])


def _rows() -> QuerySet[Checklist]:
    steps = Step.objects.select_related("checklist__club", "employee").order_by("position")
    return Checklist.objects.select_related("club").prefetch_related(Prefetch("steps", queryset=steps))


def _step(request: Request, pk: int) -> Step:
    rows = Step.objects.select_related("checklist__club", "employee")
    return access.one(finding.acting(request), rows, pk, Right.WORK_CHECKLISTS, club_path="checklist__club_id")


@extend_schema(summary="Tick a step", request=DoneBody, responses={200: StepSerializer})
@policy(Right.WORK_CHECKLISTS)
@api_view(["POST"])
def done(request: Request, pk: int) -> Response:
    step = _step(request, pk)
    result = finding.body(request, DoneBody).get("result") or ""
    step = checklists.done(step=step, result=result, by=finding.acting(request), now=clock.now())
    return Response(StepSerializer(step).data)


@extend_schema(summary="Skip a step", request=SkipBody, responses={200: StepSerializer})
@policy(Right.WORK_CHECKLISTS)
@api_view(["POST"])
def skip(request: Request, pk: int) -> Response:
    step = _step(request, pk)
    reason = finding.body(request, SkipBody)["reason"]
    step = checklists.skip(step=step, reason=reason, by=finding.acting(request), now=clock.now())
    return Response(StepSerializer(step).data)


@extend_schema(summary="Open a step again", request=None, responses={200: StepSerializer})
@policy(Right.WORK_CHECKLISTS)
@api_view(["POST"])
def undo(request: Request, pk: int) -> Response:
    step = checklists.undo(step=_step(request, pk), by=finding.acting(request), now=clock.now())
    return Response(StepSerializer(step).data)
