"""May we ring this member now? And the numbers of a club that decide it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from calls import adjusting
from calls import policy as contact
from calls.models import ContactPolicy
from calls.rules import hours
from calls.rules.kinds import Code
from calls.rules.policy import Block
from config import clock
from config.access import policy
from config.words import said
from memberships import access, clubs
from memberships.api import fields, finding
from memberships.models import Club, ClubPolicy, Member
from memberships.rights import Right

# ---- why (not) call --------------------------------------------------------------------------------------


class BlockSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=[code.value for code in Code])
    detail = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="When it lapses; null: no time makes it go.")


class VerdictSerializer(serializers.Serializer[Any]):
    allowed = serializers.BooleanField()
    blocks = BlockSerializer(many=True)


class ContactPolicySerializer(serializers.Serializer[Any]):
    at = fields.Moment(club=None)
    kinds = serializers.DictField(child=VerdictSerializer(), help_text="By kind of call.")


class AtQuery(serializers.Serializer[Any]):
    at = fields.QueryInstant(required=False, help_text="Asked for this instant; now.")


@extend_schema(
    summary="Why (not) call?",
    operation_id="members_contact_policy",
    parameters=[AtQuery],
    responses=ContactPolicySerializer,
)
@policy(Right.READ_MEMBERS)
@api_view(["GET"])
def contact_policy(request: Request, pk: int) -> Response:
    member = access.one(finding.acting(request), Member.objects.select_related("club"), pk, Right.READ_MEMBERS)
    at = finding.query(request, AtQuery).get("at") or clock.now()
    kinds = {
        kind.value: {"allowed": not blocks, "blocks": shown_blocks(blocks, member.club)}
        for kind, blocks in contact.why_all(member=member, at=at).items()
    }
    return Response({"at": fields.shown_instant(at, member.club.zone), "kinds": kinds})


def shown_blocks(blocks: Iterable[Block], club: Club) -> list[dict[str, object]]:
    """Reasons not to ring on the club's clock. An end between two seconds is told as the later one."""
    return [
        {
            "code": block.code.value,
            "detail": said(block.sentence),
            "until": fields.shown_instant(_whole_second(block.until), club.zone) if block.until else None,
        }
        for block in blocks
    ]


def _whole_second(at: dt.datetime) -> dt.datetime:
    return at.replace(microsecond=0) + dt.timedelta(seconds=1) if at.microsecond else at


# ---- a club and its numbers ------------------------------------------------------------------------------


SpanSerializer: type[serializers.Serializer[Any]] = type(  # "from" is no name that a class could give
    "SpanSerializer",
    (serializers.Serializer,),
    {
        "__doc__": "Some hours of a weekday.",
        "weekday": fields.Whole(min_value=0, max_value=6, help_text="0 is Monday."),
        "from": fields.TimeOfDay(),
        "to": fields.TimeOfDay(),
    },
)


def shown_span(weekday: int, begins: dt.time, ends: dt.time) -> dict[str, object]:
    return {"weekday": weekday, "from": begins, "to": ends}


def _days(most: int = 3660, least: int = 0) -> fields.Whole:
    return fields.Whole(min_value=least, max_value=most, required=False)


def _rungs(least: int) -> serializers.ListField:
    return serializers.ListField(
        child=fields.Whole(min_value=least, max_value=365), required=False, min_length=1, max_length=12
    )


class NumbersSerializer(serializers.Serializer[Any]):
    """The club's policy. Days, hours, minutes and percent as the names say."""

    grace_days = _days(365)
    max_start_ahead_days = _days()
    freeze_min_days = _days(365)
    price_floor_percent = _days(100)
    quote_valid_days = _days(365, 1)
    gold_percent = _days(100)
    silver_percent = _days(100)
    absent_days = _days(365)
    no_visits_days = _days(365)
    frozen_visit = serializers.ChoiceField(choices=ClubPolicy.FrozenVisit.values, required=False)
    consent_scope = serializers.ChoiceField(choices=ContactPolicy.ConsentScope.values, required=False)
    cap_counts = serializers.ChoiceField(choices=ContactPolicy.CapCounts.values, required=False)
    cap_7_days = _days(1000)
    cap_30_days = _days(1000)
    attempts_a_day = _days(100)
    min_gap_hours = _days(720)
    silence_days = _days(365)
    refused_days = _days(365)
    busy_minutes = _days(1440)
    max_attempts = _days(100, 1)
    callback_days_ahead = _days(365)
    lease_minutes = _days(1440, 1)
    release_pause_minutes = _days(10080)
    max_releases = _days(100, 1)
    renewal_rungs = _rungs(-365)
    winback_rungs = _rungs(1)
    welcome_from_day = _days(365)
    welcome_to_day = _days(365)
    care_days = _days(365, 1)
    care_days_left = _days(365)
    at_risk_pause_days = _days(365)
    freeze_ending_days = _days(365)
    complaint_answer_days = _days(365)
    complaint_followup_days = _days(365)
    unsaid_warning_percent = _days(100)
    slot_minutes = _days(720, 5)
    slot_days_ahead = _days(365)
    reminder_hours = serializers.ListField(
        child=fields.Whole(min_value=1, max_value=336), required=False, max_length=12
    )


class HoursSerializer(serializers.Serializer[Any]):
    """Of the club, and of hosts who have none of their own."""

    opens_at = fields.TimeOfDay(required=False)
    closes_at = fields.TimeOfDay(required=False)
    host_from = fields.TimeOfDay(required=False)
    host_to = fields.TimeOfDay(required=False)


class HolidaySerializer(serializers.Serializer[Any]):
    on = serializers.DateField()
    name = serializers.CharField()


class ClubSerializer(serializers.Serializer[Club]):
    """A club, its policy, its hours, and when its members may be rung."""

    slug = serializers.CharField()
    name = serializers.CharField()
    timezone = serializers.CharField()
    country = serializers.CharField()
    region = serializers.CharField()
    currency = serializers.CharField()
    language = serializers.CharField()
    phone = serializers.CharField()
    policy = NumbersSerializer()
    hours = HoursSerializer()
    calling_windows = SpanSerializer(many=True)
    holidays = HolidaySerializer(many=True, help_text="The next ones of its country and region: nobody is rung.")


class ClubBody(serializers.Serializer[Any]):
    """What is left out stays. Name, phone, language and region are an owner's to change."""

    name = fields.Text(required=False, max_length=120)
    phone = fields.Text(required=False, allow_blank=True, max_length=32)
    language = serializers.ChoiceField(required=False, choices=["en", "ru"])
    region = fields.Text(required=False, allow_blank=True, max_length=16)
    policy = NumbersSerializer(required=False)
    hours = HoursSerializer(required=False)
    calling_windows = SpanSerializer(
        many=True, required=False, allow_null=True, max_length=70, help_text="null: those of a new club."
    )


NEXT_HOLIDAYS = 6
OWNERS = ("name", "phone", "language", "region")


@extend_schema(methods=["GET"], summary="A club and its policy", responses=ClubSerializer)
@extend_schema(methods=["PATCH"], summary="Change a club's policy", request=ClubBody, responses=ClubSerializer)
@policy(Right.SETTINGS)
@api_view(["GET", "PATCH"])
def club(request: Request, slug: str) -> Response:
    user = finding.acting(request)
    found = access.club(user, slug, Right.SETTINGS)
    if request.method == "PATCH":
        data = finding.body(request, ClubBody)
        own = {name: data[name] for name in OWNERS if name in data}
        if own:
            access.require(user, Right.OWN_CLUBS, found)
        windows = data.get("calling_windows")
        with transaction.atomic():
            if own:
                found = clubs.change_club(club=found, changes=own)
            adjusting.change(
                club=found,
                values={**data.get("policy", {}), **data.get("hours", {})},
                calling_windows=None if windows is None else [_window(one) for one in windows],
                default_windows="calling_windows" in data and windows is None,
                by=user,
                now=clock.now(),
            )
    return Response(_shown(found))


def _window(one: dict[str, Any]) -> adjusting.Window:
    return one["weekday"], one["from"], one["to"]


def _shown(found: Club) -> dict[str, Any]:
    numbers = adjusting.numbers(found)
    names = ("slug", "name", "timezone", "country", "region", "currency", "language", "phone")
    told = {name: getattr(found, name) for name in names}
    told |= {"policy": numbers, "hours": numbers}
    told["calling_windows"] = [shown_span(*window) for window in adjusting.windows(found)]
    coming = hours.next_holidays(found.country, found.region, clock.today(found.zone), NEXT_HOLIDAYS)
    told["holidays"] = [{"on": on, "name": name} for on, name in coming]
    return ClubSerializer(told).data
