"""Visits, many at once: what a turnstile sends."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import clock
from config.access import policy
from config.words import said
from memberships import visits
from memberships.api import fields, finding
from memberships.rights import Right

ERRORS_TOLD = 100
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)


class VisitBody(serializers.Serializer[Any]):
    member = fields.MemberField()
    at = fields.Text(max_length=40, help_text="Local to the club unless it has an offset.")
    zone = fields.Text(required=False, allow_blank=True, max_length=32, default="")


class VisitsBody(serializers.Serializer[Any]):
    club = fields.Text(max_length=50)
    visits = serializers.ListField(child=VisitBody(), max_length=visits.MOST_AT_ONCE)


class BadVisitSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Its place in the list, from 0.")
    field = serializers.CharField()
    message = serializers.CharField()


class VisitsSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    errors = BadVisitSerializer(many=True, help_text="The first 100.")


@extend_schema(summary="Store visits", request=VisitsBody, responses={200: VisitsSerializer})
@policy(Right.EDIT_MEMBERS)
@api_view(["POST"])
def new_visits(request: Request) -> Response:
    """Up to 10 000 visits. The same visit twice is one; a bad one is left out and named, the others are stored."""
    user = finding.acting(request)
    finding.require_somewhere(user, Right.EDIT_MEMBERS)
    data = finding.body(request, VisitsBody)
    club = finding.club_in_body(user, data["club"], Right.EDIT_MEMBERS)
    arrivals, places, errors = [], [], []
    for index, row in enumerate(data["visits"]):
        at = _read(row["at"])
        if at is None:
            errors.append({"index": index, "field": "at", "message": _("This is not a time.")})
        else:
            arrivals.append(visits.Arrival(row["member"], at, row["zone"]))
            places.append(index)
    added = visits.add(club=club, arrivals=arrivals, now=clock.now(), by=user)
    errors += [{"index": places[bad.index], "field": bad.field, "message": said(bad.why)} for bad in added.bad]
    errors.sort(key=lambda error: int(str(error["index"])))
    return Response(
        {
            "created": len(added.created),
            "unchanged": added.unchanged,
            "refused": len(errors),
            "errors": errors[:ERRORS_TOLD],
        }
    )


def _read(text: str) -> dt.datetime | None:
    """A time with an offset, or a naive one that is local to the club; None for neither."""
    if not _LOCAL.fullmatch(text):
        return fields.read_instant(text)
    try:
        read = dt.datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return read if fields.EARLIEST <= read.year <= fields.LATEST else None
