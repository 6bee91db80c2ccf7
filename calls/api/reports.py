"""Figures over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls import figures
from calls.rules.refusals import GROUPINGS
from config import clock
from config.access import policy
from memberships.api import fields, finding
from memberships.rights import Right

DAYS = dt.timedelta(days=29)

RefusalsQuery: type[serializers.Serializer[Any]] = type(
    "RefusalsQuery",
    (serializers.Serializer,),
    {
        "club": serializers.CharField(required=False, allow_blank=True, max_length=100),
        "from": fields.Day(required=False, help_text="The first day; 29 days before the last."),
        "to": fields.Day(required=False, help_text="The last day; today."),
        "by": serializers.ChoiceField(required=False, choices=list(GROUPINGS), help_text="reason."),
    },
)


class RefusalLineSerializer(serializers.Serializer[figures.Line]):
    key = serializers.CharField()
    label = serializers.CharField()
    group = fields.OrNull(help_text="Who can act, for reasons and groups.")
    count = serializers.IntegerField()
    share = serializers.DecimalField(max_digits=5, decimal_places=4, allow_null=True)


class RefusalsSerializer(serializers.Serializer[figures.Report]):
    rows = RefusalLineSerializer(many=True)
    total = serializers.IntegerField()
    formula = serializers.CharField()


@extend_schema(
    summary="Why members refuse",
    operation_id="reports_refusals",
    parameters=[RefusalsQuery],
    responses=RefusalsSerializer,
)
@policy(Right.READ_REPORTS)
@api_view(["GET"])
def refusals(request: Request) -> Response:
    asked = finding.query(request, RefusalsQuery)
    club = finding.club(request, Right.READ_REPORTS, asked.get("club"))
    last = asked.get("to") or clock.today(club.zone)
    first = asked.get("from") or last - DAYS
    found = figures.report(club=club, first=first, last=last, by=asked.get("by", "reason"))
    return Response(RefusalsSerializer(found).data)
