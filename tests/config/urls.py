"""Views that do nothing but what the frame around them is tested with."""

from __future__ import annotations

import time

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import api, urls
from config.access import policy, public
from config.idempotency import own_transactions
from config.paging import By
from memberships.models import Club
from memberships.rules.errors import Conflict, Invalid

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


class SlotTaken(Conflict):
    code = "slot_taken"


class HoursSerializer(serializers.Serializer):
    host = serializers.IntegerField()


class BodySerializer(serializers.Serializer):
    name = serializers.CharField()
    hours = HoursSerializer(many=True, required=False)


FAILURES = {
    "conflict": SlotTaken("That time was just taken.", extra={"blocks": [1]}),
    "invalid": Invalid("A freeze has at least 7 days.", fields={"ends_on": ["At least 7 days."]}),
    "missing": Http404(),
    "forbidden": PermissionDenied(),
    "parse": exceptions.ParseError(),
    "django": ValidationError({"name": ["No."]}),
    "database": OperationalError("the server went away"),
    "defect": ZeroDivisionError("Ivanova +7 912 345-67-89"),
}


@policy()
@api_view(["GET", "POST"])
def failing(request: Request, kind: str) -> Response:
    raise FAILURES[kind]


@policy()
@api_view(["POST"])
def checked(request: Request) -> Response:
    body = BodySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return Response(body.validated_data)


def _club(request: Request) -> Response:
    slug = request.data["slug"]
    try:
        with transaction.atomic():
            club = Club.objects.create(slug=slug, name=slug, timezone="UTC", country="US", currency="USD")
    except IntegrityError:
        raise SlotTaken("There is one.") from None
    if pause := request.data.get("pause"):
        time.sleep(pause)
    if request.data.get("break"):
        raise ZeroDivisionError
    return Response({"id": club.pk, "slug": slug}, status=201, headers={"Location": f"/clubs/{slug}"})


@policy()
@api_view(["POST"])
def clubs(request: Request) -> Response:
    return _club(request)


@policy()
@own_transactions
@api_view(["POST"])
def own_clubs(request: Request) -> Response:
    return _club(request)


@policy()
@api_view(["GET"])
def club_list(request: Request) -> Response:
    return api.page(request, Club.objects.all(), lambda club: club.slug, order=[By("name"), By("pk")])


@policy()
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


@public("a test")
def web_failing(request: HttpRequest, kind: str) -> HttpResponse:
    raise FAILURES[kind]


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("api/v1/failing/<kind>", failing),
    path("api/v1/checked", checked),
    path("api/v1/clubs", clubs),
    path("api/v1/own-clubs", own_clubs),
    path("api/v1/club-list", club_list),
    path("page/", page),
    path("web/<kind>/", web_failing),
    path("undeclared/", undeclared),
    *urls.urlpatterns,
]
