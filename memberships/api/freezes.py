"""Freezes, early returns, and closures of a club."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import clock
from config.access import policy
from config.words import said
from memberships import access, foreseeing, freezing
from memberships.api import fields, finding, offers
from memberships.api.describing import either
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

    kind = serializers.ChoiceField(choices=["membership"])
    membership = serializers.IntegerField()
    before = DaysSerializer()
    after = DaysSerializer()


class StandSerializer(serializers.Serializer[Any]):
    on = serializers.DateField(allow_null=True)
    state = serializers.CharField(help_text="What else there is to say, as in: lapses: frozen.")


class TouchedSerializer(serializers.Serializer[Any]):
    """A call, a meeting or a step of a checklist that would stand otherwise."""

    kind = serializers.CharField(help_text="call, meeting or checklist.")
    membership = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()
    before = StandSerializer(allow_null=True, help_text="null: it comes.")
    after = StandSerializer(allow_null=True, help_text="null: it goes.")


class MovesSerializer(serializers.Serializer[Any]):
    """All that would move: memberships first, then what hangs on their days."""

    moves = serializers.SerializerMethodField()

    @extend_schema_field(either("AnyMove", MoveSerializer, TouchedSerializer)(many=True))
    def get_moves(self, found: Any) -> list[dict[str, object]]:
        return [
            *(MoveSerializer(_move(move)).data for move in found["moves"]),
            *(TouchedSerializer(_touched(one)).data for one in found["touched"]),
        ]


class PreviewSerializer(MovesSerializer):
    """A freeze (or an early return) that is not saved, and all that it would move."""

    membership = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    days = serializers.IntegerField()
    allowance_left = serializers.IntegerField()


class LeftSerializer(serializers.Serializer[Any]):
    membership = serializers.IntegerField()
    why = serializers.CharField()


class ClosureSerializer(serializers.Serializer[Any]):
    """What a closure, or its taking back, did. ``frozen``: how many memberships it freezes now."""

    id = serializers.IntegerField()
    frozen = serializers.IntegerField()
    left = LeftSerializer(many=True, help_text="Memberships that it could not move.")


class ClosurePreviewSerializer(MovesSerializer):
    """A closure that is not saved, and all that it would move."""

    frozen = serializers.IntegerField()
    left = LeftSerializer(many=True)


class FreezeBody(serializers.Serializer[Any]):
    starts_on = fields.Day()
    ends_on = fields.Day()
    reason = fields.Text(required=False, allow_blank=True, max_length=200, default="")
    override_reason = fields.Text(
        required=False, allow_null=True, allow_blank=True, max_length=400, help_text="A manager: beyond the rules."
    )


class PreviewQuery(serializers.Serializer[Any]):
    preview = fields.Flag(required=False, help_text="Saves nothing, tells what would move.")


class ReopeningQuery(serializers.Serializer[Any]):
    on = fields.Day(required=False, help_text="Today, or a later day.")


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
        return Response(_preview(*foreseeing.freeze(membership=row, **days, now=now, by=user, override_reason=reason)))
    freeze = freezing.give(membership=row, **days, now=now, by=user, reason=data["reason"], override_reason=reason)
    return Response(FreezeSerializer(freeze).data, status=201)


def _preview(plan: rules.FreezePlan, touched: list[foreseeing.Touched]) -> dict[str, Any]:
    freeze = plan.freeze
    return PreviewSerializer(
        {
            "membership": plan.membership,
            "starts_on": freeze.starts_on,
            "ends_on": freeze.ends_on,
            "days": freeze.span.days if freeze.span else 0,
            "allowance_left": plan.allowance_left,
            "moves": plan.moves,
            "touched": touched,
        }
    ).data


def _move(move: chains.Move) -> dict[str, object]:
    return {"kind": "membership", "membership": move.membership, "before": move.before, "after": move.after}


def _touched(one: foreseeing.Touched) -> dict[str, object]:
    told = one.either
    return {
        "kind": told.kind,
        "membership": told.membership,
        "label": told.label,
        "before": one.before,
        "after": one.after,
    }


@extend_schema(
    summary="End a freeze early",
    parameters=[PreviewQuery],
    request=ReturnBody,
    responses={200: either("FreezeOrPreview", FreezeSerializer, PreviewSerializer)},
)
@policy(Right.SELL)
@api_view(["POST"])
def end_freeze(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    rows = Freeze.objects.select_related("membership__club")
    freeze = access.one(user, rows, pk, Right.SELL, club_path="membership__club_id")
    preview = finding.query(request, PreviewQuery).get("preview", False)
    data = finding.body(request, ReturnBody)
    supervisor = access.may(user, Right.OVERRIDE, freeze.membership.club_id)
    asked = {"freeze": freeze, "returned_on": data["returned_on"], "now": clock.now(), "by": user}
    if preview:
        return Response(_preview(*foreseeing.early_return(**asked, supervisor=supervisor)))
    return Response(FreezeSerializer(freezing.end(**asked, supervisor=supervisor)).data)


@extend_schema(
    summary="Close a club for some days",
    parameters=[PreviewQuery],
    request=ClosureBody,
    responses={200: ClosurePreviewSerializer, 201: ClosureSerializer},
)
@policy(Right.OVERRIDE)
@api_view(["POST"])
def new_closure(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.OVERRIDE)
    preview = finding.query(request, PreviewQuery).get("preview", False)
    data = finding.body(request, ClosureBody)
    club = finding.club_in_body(user, data["club"], Right.OVERRIDE)
    days = {"starts_on": data["starts_on"], "ends_on": data["ends_on"]}
    if preview:
        found, touched = foreseeing.closure(club=club, **days, now=clock.now(), by=user)
        moves = [move for _membership, move in found.moves]
        told = {"frozen": len(found.frozen), "left": _left(found.left), "moves": moves, "touched": touched}
        return Response(ClosurePreviewSerializer(told).data)
    done = freezing.close_club(club=club, **days, why=data["why"], now=clock.now(), by=user)
    return Response(_closed(done), status=201)


@extend_schema(
    summary="Take a closure back from a day on", parameters=[ReopeningQuery], responses={200: ClosureSerializer}
)
@policy(Right.OVERRIDE)
@api_view(["DELETE"])
def closure(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    found = access.one(user, Closure.objects.select_related("club"), pk, Right.OVERRIDE)
    on = finding.query(request, ReopeningQuery).get("on")
    return Response(_closed(freezing.reopen(closure=found, on=on, now=clock.now(), by=user)))


def _closed(done: freezing.Closed) -> dict[str, object]:
    return {"id": done.closure.pk, "frozen": len(done.frozen), "left": _left(done.left)}


def _left(left: list[freezing.Left]) -> list[dict[str, object]]:
    return [{"membership": one.membership.pk, "why": said(one.why)} for one in left]
