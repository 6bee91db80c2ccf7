"""Employees of a club, with the hours in which they receive members."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls import meetings
from calls.api.policies import SpanSerializer, shown_span
from calls.meetings import hosting
from calls.models import ContactPolicy
from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access, staffing
from memberships.api import fields, finding
from memberships.models import Employee, Role
from memberships.rights import Right


class EmployeeSerializer(serializers.Serializer[Employee]):
    """A person of a club, with or without login and role."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    user = serializers.CharField(source="user.username", allow_null=True, help_text="The name of the login.")
    role = fields.OrNull()
    is_host = serializers.BooleanField(help_text="Receives members in the club.")
    active = serializers.BooleanField()
    weekly_hours = serializers.SerializerMethodField(help_text="A host without hours of their own has the club's.")
    days_off = serializers.SerializerMethodField()

    @extend_schema_field(SpanSerializer(many=True))
    def get_weekly_hours(self, employee: Employee) -> list[dict[str, Any]]:
        own = [(row.weekday, row.from_time, row.to_time) for row in employee.weekly_hours.all()]
        if not own and employee.is_host:
            numbers: ContactPolicy = self.context["numbers"]
            own = [(weekday, numbers.host_from, numbers.host_to) for weekday in range(7)]
        return [SpanSerializer(shown_span(*stretch)).data for stretch in sorted(own)]

    @extend_schema_field(serializers.ListField(child=serializers.DateField()))
    def get_days_off(self, employee: Employee) -> list[str]:
        return sorted(row.day.isoformat() for row in employee.days_off.all())


class EmployeeBody(serializers.Serializer[Any]):
    """What is left out stays."""

    name = fields.Text(required=False, max_length=120)
    user = fields.Text(
        required=False, allow_null=True, allow_blank=True, max_length=150, help_text="Made where it is missing."
    )
    role = serializers.ChoiceField(required=False, allow_null=True, allow_blank=True, choices=Role.values)
    is_host = fields.Truth(required=False)
    active = fields.Truth(required=False)
    weekly_hours = SpanSerializer(many=True, required=False, max_length=70)
    days_off = serializers.ListField(child=fields.Day(), required=False, max_length=1000)


class NewEmployeeBody(EmployeeBody):
    name = fields.Text(max_length=120)
    club = fields.Text(max_length=50)


@extend_schema(
    methods=["GET"],
    operation_id="employees_list",
    summary="Employees of a club",
    parameters=[fields.ClubQuery],
    responses=api.page_of(EmployeeSerializer),
)
@extend_schema(
    methods=["POST"], summary="Add an employee", request=NewEmployeeBody, responses={201: EmployeeSerializer}
)
@policy(Right.BOOK_MEETINGS)
@api_view(["GET", "POST"])
def employees(request: Request) -> Response:
    if request.method == "POST":
        return _add(request)
    club = finding.club(request, Right.BOOK_MEETINGS, finding.query(request, fields.ClubQuery).get("club"))
    shape = EmployeeSerializer(context={"numbers": hosting.numbers(club)})
    return api.page(request, _rows().filter(club=club, active=True), shape.to_representation, order=[By("pk")])


def _add(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.SETTINGS)
    data = finding.body(request, NewEmployeeBody)
    club = finding.club_in_body(user, data["club"], Right.SETTINGS)
    owner = access.may(user, Right.OWN_CLUBS, club)
    with transaction.atomic():
        employee = staffing.add(club=club, person=_person(data), by=user, owner=owner, now=clock.now())
        _set_hours(employee, data)
    return Response(_shown(employee), status=201)


@extend_schema(summary="Change an employee", request=EmployeeBody, responses=EmployeeSerializer)
@policy(Right.SETTINGS)
@api_view(["PATCH"])
def employee(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    found = access.one(user, _rows(), pk, Right.SETTINGS)
    data = finding.body(request, EmployeeBody)
    owner = access.may(user, Right.OWN_CLUBS, found.club)
    with transaction.atomic():
        staffing.change(employee=found, person=_person(data), by=user, owner=owner, now=clock.now())
        _set_hours(found, data)
    return Response(_shown(found))


def _person(data: dict[str, Any]) -> staffing.Person:
    person: staffing.Person = {}
    for name in ("name", "is_host", "active"):
        if name in data:
            person[name] = data[name]  # type: ignore[literal-required]
    for name in ("user", "role"):
        if name in data:
            person[name] = data[name] or ""  # type: ignore[literal-required]
    return person


def _set_hours(employee: Employee, data: dict[str, Any]) -> None:
    if "weekly_hours" in data:
        stretches = [(one["weekday"], one["from"], one["to"]) for one in data["weekly_hours"]]
        meetings.set_hours(employee=employee, hours=stretches)
    if "days_off" in data:
        meetings.set_days_off(employee=employee, days=data["days_off"])


def _rows() -> QuerySet[Employee]:
    return Employee.objects.select_related("club", "user").prefetch_related("weekly_hours", "days_off")


def _shown(employee: Employee) -> dict[str, Any]:
    numbers = hosting.numbers(employee.club)
    return EmployeeSerializer(_rows().get(pk=employee.pk), context={"numbers": numbers}).data
