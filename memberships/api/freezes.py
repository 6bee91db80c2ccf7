"""Freezes, early returns, and closures of a club."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import clock
from config.access import policy
from config.words import said
from memberships import access, freezing
from memberships.api import fields, finding, offers
from memberships.models import Closure, Freeze, Membership
from memberships.rights import Right
from memberships.rules import chains
from memberships.rules import freezing as rules

# ---- shapes ----------------------------------------------------------------------------------------------


class FreezeSerializer(serializers.Serializer[Freeze]):
    id = serializers.IntegerField()
    membership = serializers.IntegerField(source="membership_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    days = serializers.IntegerField()
    voided = serializers.BooleanField()
    closure = serializers.IntegerField(source="closure_id", allow_null=True)


class DaysSerializer(serializers.Serializer[Any]):
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    effective_ends_on = serializers.DateField()


class MoveSerializer(serializers.Serializer[Any]):
    """A membership whose days change."""

    membership = serializers.IntegerField()
    before = DaysSerializer()
    after = DaysSerializer()


class PreviewSerializer(serializers.Serializer[Any]):
    """A freeze that is not saved, and all that it would move."""

    membership = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    days = serializers.IntegerField()
    allowance_left = serializers.IntegerField()
    moves = MoveSerializer(many=True)


class LeftSerializer(serializers.Serializer[Any]):
    membership = serializers.IntegerField()
    why = serializers.CharField()


class ClosureSerializer(serializers.Serializer[Any]):
    """What a closure, or its taking back, did. ``frozen``: how many memberships it freezes now."""

    id = serializers.IntegerField()
    frozen = serializers.IntegerField()
    left = LeftSerializer(many=True, help_text="Memberships that it could not move.")


class FreezeBody(serializers.Serializer[Any]):
    starts_on = fields.Day()
    ends_on = fields.Day()
    reason = fields.Text(required=False, allow_blank=True, max_length=200, default="")
    override_reason = fields.Text(
        required=False, allow_null=True, allow_blank=True, max_length=400, help_text="A manager: beyond the rules."
    )


class PreviewQuery(serializers.Serializer[Any]):
    preview = fields.Flag(required=False, help_text="Saves nothing, tells what would move.")


class ReturnBody(serializers.Serializer[Any]):
    returned_on = fields.Day()


class ClosureBody(serializers.Serializer[Any]):
    club = fields.Text(max_length=50)
    starts_on = fields.Day()
    ends_on = fields.Day()
    why = fields.Text(max_length=200)


# ---- calls -----------------------------------------------------------------------------------------------


@extend_schema(
    summary="Freeze a membership",
    parameters=[PreviewQuery],
    request=FreezeBody,
    responses={200: PreviewSerializer, 201: FreezeSerializer},
)
@policy(Right.SELL)
@api_view(["POST"])
def new_freeze(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    row = access.one(user, Membership.objects.select_related("club", "member"), pk, Right.SELL)
    preview = finding.query(request, PreviewQuery).get("preview", False)
    data = finding.body(request, FreezeBody)
    days = {"starts_on": data["starts_on"], "ends_on": data["ends_on"]}
    reason, now = offers.override(request, row.club, data), clock.now()
    if preview:
        plan = freezing.preview(membership=row, **days, now=now, override_reason=reason)
        return Response(PreviewSerializer(_preview(plan)).data)
    freeze = freezing.give(membership=row, **days, now=now, by=user, reason=data["reason"], override_reason=reason)
    return Response(FreezeSerializer(freeze).data, status=201)


def _preview(plan: rules.FreezePlan) -> dict[str, object]:
    first, last = plan.freeze.starts_on, plan.freeze.ends_on
    return {
        "membership": plan.membership,
        "starts_on": first,
        "ends_on": last,
        "days": (last - first).days + 1,
        "allowance_left": plan.allowance_left,
        "moves": [_move(move) for move in plan.moves],
    }


def _move(move: chains.Move) -> dict[str, object]:
    return {"membership": move.membership, "before": move.before, "after": move.after}


@extend_schema(summary="End a freeze early", request=ReturnBody, responses={200: FreezeSerializer})
@policy(Right.SELL)
@api_view(["POST"])
def end_freeze(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    rows = Freeze.objects.select_related("membership")
    freeze = access.one(user, rows, pk, Right.SELL, club_path="membership__club_id")
    data = finding.body(request, ReturnBody)
    ended = freezing.end(
        freeze=freeze,
        returned_on=data["returned_on"],
        now=clock.now(),
        by=user,
        supervisor=access.may(user, Right.OVERRIDE, freeze.membership.club_id),
    )
    return Response(FreezeSerializer(ended).data)


@extend_schema(summary="Close a club for some days", request=ClosureBody, responses={201: ClosureSerializer})
@policy(Right.OVERRIDE)
@api_view(["POST"])
def new_closure(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.OVERRIDE)
    data = finding.body(request, ClosureBody)
    club = finding.club_in_body(user, data["club"], Right.OVERRIDE)
    done = freezing.close_club(
        club=club, starts_on=data["starts_on"], ends_on=data["ends_on"], why=data["why"], now=clock.now(), by=user
    )
    return Response(_closed(done), status=201)


@extend_schema(summary="Take a closure back from today on", responses={200: ClosureSerializer})
@policy(Right.OVERRIDE)
@api_view(["DELETE"])
def closure(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    found = access.one(user, Closure.objects.select_related("club"), pk, Right.OVERRIDE)
    return Response(_closed(freezing.reopen(closure=found, now=clock.now(), by=user)))


def _closed(done: freezing.Closed) -> dict[str, object]:
    left = [{"membership": one.membership.pk, "why": said(one.why)} for one in done.left]
    return {"id": done.closure.pk, "frozen": len(done.frozen), "left": left}
