"""Requests: what members ask that is no complaint."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from calls import requests
from calls.models import Request
from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access
from memberships.api import fields, finding
from memberships.models import Employee
from memberships.rights import Right


class RequestSerializer(serializers.Serializer[Request]):
    """``answer``: what was answered, or why it was declined; ``due_on`` is the club's day at whose end it is due."""

    id = serializers.IntegerField()
    club = serializers.CharField(source="club.slug")
    member = serializers.IntegerField(source="member_id", allow_null=True)
    about = serializers.ChoiceField(choices=Request.About.values)
    text = serializers.CharField()
    status = serializers.ChoiceField(choices=Request.Status.values)
    owner = serializers.IntegerField(source="owner_id", allow_null=True, help_text="An employee.")
    due_on = serializers.DateField(allow_null=True)
    made_at = fields.Moment()
    answered_at = fields.Moment(allow_null=True)
    answer = serializers.CharField()


class RequestsQuery(fields.ClubQuery):
    member = fields.QueryId(required=False)
    status = serializers.ChoiceField(required=False, choices=Request.Status.values)


class RequestBody(serializers.Serializer[Any]):
    club = fields.Text(max_length=60)
    member = fields.MemberField(required=False, allow_null=True)
    text = fields.Text(max_length=requests.LONGEST)
    about = serializers.ChoiceField(required=False, choices=[one.value for one in requests.BY_HAND], help_text="other.")


class AnswerBody(serializers.Serializer[Any]):
    text = fields.Text(max_length=requests.LONGEST)


class DeclineBody(serializers.Serializer[Any]):
    why = fields.Text(max_length=400)


class HandOverBody(DeclineBody):
    to = fields.Id(help_text="An employee who works on requests.")


@extend_schema(
    methods=["GET"],
    operation_id="requests_list",
    summary="Requests",
    parameters=[RequestsQuery],
    responses=api.page_of(RequestSerializer),
)
@extend_schema(
    methods=["POST"],
    summary="Open a request",
    description="Every role may open one; it is due at the end of the club's next working day.",
    request=RequestBody,
    responses={201: RequestSerializer},
)
@policy(Right.OPEN_REQUESTS)
@api_view(["GET", "POST"])
def requests_of(request: HttpRequest) -> Response:
    if request.method == "POST":
        return _open(request)
    asked = finding.query(request, RequestsQuery)
    club = finding.club_or_of_member(request, Right.WORK_REQUESTS, asked.get("club"), asked.get("member"))
    rows = _rows().filter(club=club) if club is not None else Request.objects.none()
    for name in ("member", "status"):
        if name in asked:
            rows = rows.filter(**{name: asked[name]})
    return api.page(request, rows, RequestSerializer().to_representation, order=[By("pk")])


def _open(request: HttpRequest) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.OPEN_REQUESTS)
    data = finding.body(request, RequestBody)
    club = finding.club_in_body(user, data["club"], Right.OPEN_REQUESTS)
    named = data.get("member")
    member = finding.member(user, named, Right.OPEN_REQUESTS, within=club) if named is not None else None
    about = data.get("about", Request.About.OTHER)
    made = requests.ask(club=club, text=data["text"], member=member, about=about, by=user, now=clock.now())
    return Response(RequestSerializer(made).data, status=201)


@extend_schema(summary="Answer a request", request=AnswerBody, responses={200: RequestSerializer})
@policy(Right.WORK_REQUESTS)
@api_view(["POST"])
def answer(request: HttpRequest, pk: int) -> Response:
    row = _one(request, pk)
    text = finding.body(request, AnswerBody)["text"]
    done = requests.answer(request=row, text=text, by=finding.acting(request), now=clock.now())
    return Response(RequestSerializer(done).data)


@extend_schema(summary="Decline a request", request=DeclineBody, responses={200: RequestSerializer})
@policy(Right.WORK_REQUESTS)
@api_view(["POST"])
def decline(request: HttpRequest, pk: int) -> Response:
    row = _one(request, pk)
    why = finding.body(request, DeclineBody)["why"]
    done = requests.decline(request=row, why=why, by=finding.acting(request), now=clock.now())
    return Response(RequestSerializer(done).data)


@extend_schema(summary="Hand a request over", request=HandOverBody, responses={200: RequestSerializer})
@policy(Right.WORK_REQUESTS)
@api_view(["POST"])
def hand_over(request: HttpRequest, pk: int) -> Response:
    row = _one(request, pk)
    data = finding.body(request, HandOverBody)
    to = finding.one_of(Employee.objects.filter(club=row.club_id, pk=data["to"]), _("There is no such employee."), "to")
    done = requests.hand_over(request=row, to=to, why=data["why"], by=finding.acting(request), now=clock.now())
    return Response(RequestSerializer(done).data)


def _one(request: HttpRequest, pk: int) -> Request:
    return access.one(finding.acting(request), _rows(), pk, Right.WORK_REQUESTS)


def _rows() -> QuerySet[Request]:
    return Request.objects.select_related("club")
