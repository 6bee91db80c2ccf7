"""Members: found, added, edited."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access, merging, people, searching
from memberships.api import fields, finding
from memberships.api.describing import either
from memberships.models import Club, Member, Segment
from memberships.rights import Right
from memberships.rules import amounts

DETAILS = (
    "external_id", "last_name", "first_name", "middle_name", "phone", "email", "birthday", "language", "timezone",
    "source", "guardian", "guardian_phone", "consent_calls", "consent_sms", "consent_email", "interests", "goal",
    "notes",
)  # fmt: skip
"""What a body may hold of ``people.Details`` as it is."""
FREE_TEXTS = ("source", "guardian", "interests", "goal", "notes")


# ---- shapes ----------------------------------------------------------------------------------------------


class DoNotCallSerializer(serializers.Serializer[Any]):
    since = serializers.CharField(help_text="An instant on the club's clock.")
    by = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_blank=True)


class MemberSerializer(serializers.Serializer[Member]):
    """A member of one club. Money is not among it."""

    id = serializers.IntegerField()
    club = serializers.CharField(source="club.slug")
    external_id = serializers.CharField(allow_null=True)
    last_name = serializers.CharField()
    first_name = serializers.CharField()
    middle_name = serializers.CharField()
    phone = serializers.CharField(help_text="E.164; empty for none.")
    email = serializers.CharField()
    birthday = serializers.DateField(allow_null=True)
    language = serializers.CharField()
    timezone = serializers.CharField(help_text="Empty: the club's.")
    source = serializers.CharField()
    referred_by = serializers.IntegerField(source="referred_by_id", allow_null=True)
    guardian = serializers.CharField()
    guardian_phone = serializers.CharField()
    consent_calls = serializers.BooleanField(allow_null=True)
    consent_sms = serializers.BooleanField(allow_null=True)
    consent_email = serializers.BooleanField(allow_null=True)
    interests = serializers.CharField()
    goal = serializers.CharField()
    notes = serializers.CharField()
    segment = fields.OrNull(help_text="gold, silver or copper.")
    household = serializers.ListField(
        child=serializers.IntegerField(), help_text="The other members with the same number."
    )
    do_not_call = serializers.SerializerMethodField()
    deceased = serializers.SerializerMethodField()

    @extend_schema_field(DoNotCallSerializer(allow_null=True))
    def get_do_not_call(self, member: Member) -> dict[str, object] | None:
        if member.do_not_call_since is None:
            return None
        by = member.do_not_call_by
        return {
            "since": fields.shown_instant(member.do_not_call_since, member.club.zone),
            "by": by.username if by else None,
            "note": member.do_not_call_note,
        }

    def get_deceased(self, member: Member) -> bool:
        return member.deceased_on is not None


class PhoneMemberSerializer(MemberSerializer):
    """The same for operators: amounts in free texts are •••."""

    def to_representation(self, instance: Member) -> dict[str, Any]:
        shown = super().to_representation(instance)
        for name in FREE_TEXTS:
            shown[name] = amounts.mask_amounts(shown[name])
        if shown["do_not_call"]:
            shown["do_not_call"]["note"] = amounts.mask_amounts(shown["do_not_call"]["note"])
        return shown


AnyMemberSerializer = either("AnyMember", MemberSerializer, PhoneMemberSerializer)


class DoNotCallBody(serializers.Serializer[Any]):
    note = fields.Text(required=False, allow_blank=True, max_length=400, default="")


class DetailsBody(serializers.Serializer[Any]):
    """What a desk enters. What is left out stays as it is; an empty text empties."""

    external_id = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=64)
    last_name = fields.Text(max_length=80)
    first_name = fields.Text(required=False, allow_blank=True, max_length=80)
    middle_name = fields.Text(required=False, allow_blank=True, max_length=80)
    phone = fields.Text(required=False, allow_blank=True, max_length=64, help_text="In any writing.")
    email = fields.Text(required=False, allow_blank=True, max_length=254)
    birthday = fields.Day(required=False, allow_null=True)
    language = fields.Text(required=False, allow_blank=True, max_length=8)
    timezone = fields.Text(required=False, allow_blank=True, max_length=64)
    source = fields.Text(required=False, allow_blank=True, max_length=80)
    referred_by = fields.MemberField(required=False, allow_null=True)
    guardian = fields.Text(required=False, allow_blank=True, max_length=160)
    guardian_phone = fields.Text(required=False, allow_blank=True, max_length=64)
    consent_calls = fields.Truth(required=False, allow_null=True)
    consent_sms = fields.Truth(required=False, allow_null=True)
    consent_email = fields.Truth(required=False, allow_null=True)
    interests = fields.Text(required=False, allow_blank=True, max_length=4000)
    goal = fields.Text(required=False, allow_blank=True, max_length=4000)
    notes = fields.Text(required=False, allow_blank=True, max_length=20000)
    do_not_call = DoNotCallBody(required=False, allow_null=True, help_text="null: may be called again (a manager).")
    deceased = fields.Truth(required=False, help_text="false: it was a mistake (a manager).")


class NewMemberBody(DetailsBody):
    club = fields.Text(max_length=50)


class ChangedMemberBody(DetailsBody):
    last_name = fields.Text(required=False, max_length=80)
    reason = fields.Text(
        required=False, allow_blank=True, max_length=400, default="", help_text="Why a mark is taken away."
    )


class MergeBody(serializers.Serializer[Any]):
    other = fields.MemberField(help_text="The member that goes into this one.")


class MembersQuery(fields.ClubQuery):
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Part of a name, or of a number."
    )
    external_id = serializers.CharField(required=False, allow_blank=True, max_length=200)
    segment = serializers.ChoiceField(required=False, choices=Segment.values)


# ---- calls -----------------------------------------------------------------------------------------------


@extend_schema(
    methods=["GET"],
    operation_id="members_list",
    summary="Members of a club",
    parameters=[MembersQuery],
    responses=api.page_of(AnyMemberSerializer),
)
@extend_schema(methods=["POST"], summary="Add a member", request=NewMemberBody, responses={201: MemberSerializer})
@policy(Right.READ_MEMBERS)
@api_view(["GET", "POST"])
def members(request: Request) -> Response:
    if request.method == "POST":
        return _add(request)
    asked = finding.query(request, MembersQuery)
    club = finding.club(request, Right.READ_MEMBERS, asked.get("club"))
    rows = Member.objects.filter(club=club, merged_into=None)
    if "external_id" in asked:
        rows = rows.filter(external_id=asked["external_id"])
    if "segment" in asked:
        rows = rows.filter(segment=asked["segment"])
    rows = _with_all(searching.matching(rows, asked.get("q", "")))
    return api.page(request, rows, _shape(request, club).to_representation, order=[By("pk")])


def _add(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.EDIT_MEMBERS)
    data = finding.body(request, NewMemberBody)
    club = finding.club_in_body(user, data["club"], Right.EDIT_MEMBERS)
    now = clock.now()
    with transaction.atomic():
        member = people.create(club=club, details=_details(data, club, request), now=now, by=user)
        _mark(request, member, data, now)
    return Response(MemberSerializer(_rows().get(pk=member.pk)).data, status=201)


@extend_schema(methods=["GET"], summary="One member", responses=AnyMemberSerializer)
@extend_schema(methods=["PATCH"], summary="Change a member", request=ChangedMemberBody, responses=MemberSerializer)
@policy(Right.READ_MEMBERS)
@api_view(["GET", "PATCH"])
def member(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    if request.method == "GET":
        found = access.one(user, _rows(), pk, Right.READ_MEMBERS)
        return Response(_shape(request, found.club).to_representation(found))
    found = access.one(user, _rows(), pk, Right.EDIT_MEMBERS)
    data = finding.body(request, ChangedMemberBody)
    now = clock.now()
    with transaction.atomic():
        people.edit(member=found, details=_details(data, found.club, request), now=now, by=user)
        _mark(request, found, data, now)
    return Response(MemberSerializer(_rows().get(pk=found.pk)).data)


@extend_schema(summary="Merge another member into this one", request=MergeBody, responses={200: MemberSerializer})
@policy(Right.EDIT_MEMBERS)
@api_view(["POST"])
def merge(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    kept = access.one(user, _rows(), pk, Right.EDIT_MEMBERS)
    data = finding.body(request, MergeBody)
    gone = finding.member(user, data["other"], Right.EDIT_MEMBERS, within=kept.club, field="other")
    merging.merge(kept=kept, gone=gone, now=clock.now(), by=user)
    return Response(MemberSerializer(_rows().get(pk=kept.pk)).data)


def _rows() -> QuerySet[Member]:
    return _with_all(Member.objects.all())


def _with_all(rows: QuerySet[Member]) -> QuerySet[Member]:
    """Members with everything that is shown of them, in one query."""
    same_number = Q(club=OuterRef("club"), phone=OuterRef("phone"), merged_into=None) & ~Q(phone="")
    others = Member.objects.filter(same_number).exclude(pk=OuterRef("pk"))
    household = ArraySubquery(others.order_by("last_name", "first_name", "pk").values("pk"))
    return rows.select_related("club", "do_not_call_by").annotate(household=household)


def _shape(request: Request, club: Club) -> MemberSerializer:
    return PhoneMemberSerializer() if access.is_operator(finding.acting(request), club) else MemberSerializer()


def _details(data: dict[str, Any], club: Club, request: Request) -> people.Details:
    details: dict[str, Any] = {name: data[name] for name in DETAILS if name in data}
    if "referred_by" in data:
        named, user = data["referred_by"], finding.acting(request)
        details["referred_by"] = (
            finding.member(user, named, Right.EDIT_MEMBERS, within=club, field="referred_by") if named else None
        )
    return details  # type: ignore[return-value]


def _mark(request: Request, member: Member, data: dict[str, Any], now: dt.datetime) -> None:
    """Sets do-not-call and *deceased*; takes them away for who may, with a reason."""
    user, reason = finding.acting(request), data.get("reason", "")
    if "do_not_call" in data:
        if data["do_not_call"] is not None:
            people.set_do_not_call(member=member, note=data["do_not_call"]["note"], now=now, by=user)
        elif member.do_not_call:
            access.require(user, Right.CLEAR_DNC, member.club_id)
            people.clear_do_not_call(member=member, reason=reason, now=now, by=user)
    if "deceased" in data:
        if data["deceased"]:
            people.mark_deceased(member=member, now=now, by=user)
        elif member.deceased_on is not None:
            access.require(user, Right.CLEAR_DNC, member.club_id)
            people.undo_deceased(member=member, reason=reason, now=now, by=user)
