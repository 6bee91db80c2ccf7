"""Memberships: read, sold, cancelled, changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import api, clock
from config.access import policy
from config.paging import By
from memberships import access, sales, standing
from memberships.api import fields, finding, offers
from memberships.api.describing import either
from memberships.models import Club, Membership, Quote, SaleKind
from memberships.rights import Right
from memberships.rules.terms import Status
from memberships.sales import Payment

# ---- shapes ----------------------------------------------------------------------------------------------


class MembershipSerializer(serializers.Serializer[Membership]):
    """One sold term of a plan; ``status`` as of the day that was asked for."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    plan = serializers.CharField(source="plan.code")
    sale_kind = serializers.ChoiceField(choices=SaleKind.values)
    sold_on = serializers.DateField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    bonus_days = serializers.IntegerField()
    frozen_days = serializers.IntegerField()
    effective_ends_on = serializers.DateField()
    status = serializers.ChoiceField(choices=[status.value for status in Status])
    list_price = fields.Money()
    price = fields.Money()
    price_paid = fields.Money()
    balance_due = fields.Money()
    currency = serializers.CharField(source="club.currency")
    special_terms = serializers.CharField()
    promotions = serializers.SerializerMethodField()
    renewed_from = serializers.IntegerField(source="renewed_from_id", allow_null=True)
    cancelled_on = serializers.DateField(allow_null=True)
    closed_on = serializers.DateField(allow_null=True)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_promotions(self, row: Membership) -> list[str]:
        return sorted(promotion.code for promotion in row.promotions.all())


class ChangedMembershipSerializer(MembershipSerializer):
    credit = fields.Money(help_text="What the days left of the old one were worth.")


class PhoneMembershipSerializer(serializers.Serializer[Membership]):
    """A membership for operators: status and dates."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    plan = serializers.CharField(source="plan.code")
    sale_kind = serializers.ChoiceField(choices=SaleKind.values)
    sold_on = serializers.DateField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    bonus_days = serializers.IntegerField()
    frozen_days = serializers.IntegerField()
    effective_ends_on = serializers.DateField()
    status = serializers.ChoiceField(choices=[status.value for status in Status])
    special_terms = fields.MaskedText()
    renewed_from = serializers.IntegerField(source="renewed_from_id", allow_null=True)
    cancelled_on = serializers.DateField(allow_null=True)
    closed_on = serializers.DateField(allow_null=True)


AnyMembershipSerializer = either("AnyMembership", MembershipSerializer, PhoneMembershipSerializer)


class PaymentBody(serializers.Serializer[Any]):
    price_paid = fields.Amount(required=False, allow_null=True, help_text="Nothing: all of it.")
    balance_due_on = fields.Day(required=False, allow_null=True)
    special_terms = fields.Text(required=False, allow_blank=True, max_length=400, default="")


class SaleBody(PaymentBody):
    member = fields.MemberField()
    plan = fields.Text(max_length=32)
    sold_on = fields.Day(required=False, allow_null=True, help_text="A manager: an earlier sale date.")
    starts_on = fields.Day(required=False, allow_null=True)
    quote = fields.Id(required=False, allow_null=True, help_text="Sells this offer; else one is made with codes.")
    codes = serializers.ListField(child=fields.Text(max_length=32), required=False, max_length=20)


class CancelBody(serializers.Serializer[Any]):
    on = fields.Day()
    reason = fields.Text(allow_blank=True, max_length=400, required=False, default="")


class ChangeBody(PaymentBody):
    plan = fields.Text(max_length=32)
    on = fields.Day(required=False, allow_null=True, help_text="Today; a manager: another day.")
    codes = serializers.ListField(child=fields.Text(max_length=32), required=False, max_length=20)
    override_reason = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=400)


class MembershipsQuery(fields.ClubQuery):
    member = fields.QueryId(required=False)
    status = serializers.ChoiceField(required=False, choices=[status.value for status in Status])
    ends_from = fields.Day(required=False)
    ends_to = fields.Day(required=False)
    on = fields.Day(required=False, help_text="The day of which status is told; today.")


class OnQuery(serializers.Serializer[Any]):
    on = fields.Day(required=False, help_text="The day of which status is told; today.")


# ---- read ------------------------------------------------------------------------------------------------


@extend_schema(
    methods=["GET"],
    operation_id="memberships_list",
    summary="Memberships",
    parameters=[MembershipsQuery],
    responses=api.page_of(AnyMembershipSerializer),
)
@extend_schema(methods=["POST"], summary="Sell a membership", request=SaleBody, responses={201: MembershipSerializer})
@policy(Right.READ_MEMBERS)
@api_view(["GET", "POST"])
def memberships(request: Request) -> Response:
    if request.method == "POST":
        return _sell(request)
    asked = finding.query(request, MembershipsQuery)
    club = finding.club_or_of_member(request, Right.READ_MEMBERS, asked.get("club"), asked.get("member"))
    if club is None:
        return api.page(request, Membership.objects.none(), dict, order=[By("pk")])
    on = asked.get("on") or clock.today(club.zone)
    rows = standing.with_status(_rows().filter(club=club), on)
    if "member" in asked:
        rows = rows.filter(member=asked["member"])
    if "status" in asked:
        rows = rows.filter(standing.status_q(asked["status"], on))
    if "ends_from" in asked:
        rows = rows.filter(effective_ends_on__gte=asked["ends_from"])
    if "ends_to" in asked:
        rows = rows.filter(effective_ends_on__lte=asked["ends_to"])
    return api.page(request, rows, _shape(request, club).to_representation, order=[By("pk")])


@extend_schema(summary="One membership", parameters=[OnQuery], responses=AnyMembershipSerializer)
@policy(Right.READ_MEMBERS)
@api_view(["GET"])
def membership(request: Request, pk: int) -> Response:
    row = access.one(finding.acting(request), _rows(), pk, Right.READ_MEMBERS)
    on = finding.query(request, OnQuery).get("on") or clock.today(row.club.zone)
    return Response(_shape(request, row.club).to_representation(_with_status(row, on)))


def _rows() -> QuerySet[Membership]:
    return Membership.objects.select_related("club", "plan").prefetch_related("promotions")


def _with_status(row: Membership, on: dt.date) -> Membership:
    row.status = standing.status_of(membership=row, on=on)  # type: ignore[attr-defined]
    return row


def _shape(request: Request, club: Club) -> serializers.Serializer[Membership]:
    prices = access.may(finding.acting(request), Right.READ_PRICES, club)
    return MembershipSerializer() if prices else PhoneMembershipSerializer()


def shown(row: Membership, shape: type[MembershipSerializer] = MembershipSerializer) -> dict[str, Any]:
    """A membership as it stands today, for who may read prices."""
    found = _rows().get(pk=row.pk)
    return shape(_with_status(found, clock.today(found.club.zone))).data


# ---- sold, cancelled, changed ----------------------------------------------------------------------------


def _sell(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.SELL)
    data = finding.body(request, SaleBody)
    member = finding.member(user, data["member"], Right.SELL)
    plan = finding.plan(member.club, data["plan"])
    now, supervisor = clock.now(), access.may(user, Right.OVERRIDE, member.club)
    if data.get("quote") is not None:
        quotes = Quote.objects.filter(pk=data["quote"], member=member)
        quote = finding.one_of(quotes, _("There is no such quote."), "quote")
        _fits(data, quote, plan.pk)
        sold = sales.sell_quote(
            quote=quote,
            now=now,
            by=user,
            sold_on=data.get("sold_on"),
            payment=payment(data),
            special_terms=data["special_terms"],
            supervisor=supervisor,
        )
    else:
        sold = sales.sell(
            member=member,
            plan=plan,
            now=now,
            by=user,
            sold_on=data.get("sold_on"),
            starts_on=data.get("starts_on"),
            codes=data.get("codes", []),
            payment=payment(data),
            special_terms=data["special_terms"],
            supervisor=supervisor,
        )
    return Response(shown(sold), status=201)


def _fits(data: dict[str, Any], quote: Quote, plan: int) -> None:
    """An offer has its own plan, start and codes: others beside it are a mistake. Raises 422."""
    if quote.plan_id != plan:
        raise finding.refuse("plan", _("This quote is for another plan."))
    if data.get("starts_on") not in (None, quote.starts_on):
        raise finding.refuse("starts_on", _("This quote starts on another day: make a new one."))
    if data.get("codes"):
        raise finding.refuse("codes", _("A quote has its codes already: make a new one."))


def payment(data: dict[str, Any]) -> Payment:
    """How a sale is paid, as a body says it."""
    return Payment(data.get("price_paid"), data.get("balance_due_on"))


@extend_schema(summary="Cancel a membership", request=CancelBody, responses={200: MembershipSerializer})
@policy(Right.SELL)
@api_view(["POST"])
def cancel(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    row = access.one(user, Membership.objects.select_related("club"), pk, Right.SELL)
    data = finding.body(request, CancelBody)
    supervisor = access.may(user, Right.OVERRIDE, row.club)
    done = sales.cancel(
        membership=row, on=data["on"], reason=data["reason"], now=clock.now(), by=user, supervisor=supervisor
    )
    return Response(shown(done))


@extend_schema(summary="Change the plan", request=ChangeBody, responses={201: ChangedMembershipSerializer})
@policy(Right.SELL)
@api_view(["POST"])
def change_plan(request: Request, pk: int) -> Response:
    user = finding.acting(request)
    row = access.one(user, Membership.objects.select_related("club"), pk, Right.SELL)
    data = finding.body(request, ChangeBody)
    new = sales.change_plan(
        membership=row,
        plan=finding.plan(row.club, data["plan"]),
        now=clock.now(),
        by=user,
        on=data.get("on"),
        codes=data.get("codes", []),
        payment=payment(data),
        special_terms=data["special_terms"],
        override_reason=offers.override(request, row.club, data),
        supervisor=access.may(user, Right.OVERRIDE, row.club),
    )
    return Response(shown(new, ChangedMembershipSerializer), status=201)
