"""What a club sells: plans, promotions, quotes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from config import api, clock
from config.access import policy
from config.paging import By
from config.words import said
from memberships import access, quotes
from memberships.api import fields, finding
from memberships.api.describing import either
from memberships.models import Club, Plan, Promotion, PromotionKind, Quote, SaleKind
from memberships.rights import Right
from memberships.rules.sentences import Sentence

# ---- plans -----------------------------------------------------------------------------------------------


class PlanSerializer(serializers.Serializer[Plan]):
    code = serializers.CharField()
    name = serializers.CharField()
    term = serializers.CharField(help_text="12m or 30d.")
    price = fields.Money()
    currency = serializers.CharField(source="club.currency")
    freeze_days = serializers.IntegerField()
    freeze_min_days = serializers.IntegerField()
    freeze_max_count = serializers.IntegerField(allow_null=True)
    zones = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField(help_text="For sale.")


class PhonePlanSerializer(serializers.Serializer[Plan]):
    """A plan for operators: nothing of its price."""

    code = serializers.CharField()
    name = fields.MaskedText()
    term = serializers.CharField()
    zones = serializers.ListField(child=serializers.CharField())


@extend_schema(
    operation_id="plans_list",
    summary="Plans of a club",
    parameters=[fields.ClubQuery],
    responses=api.page_of(either("AnyPlan", PlanSerializer, PhonePlanSerializer)),
)
@policy(Right.READ_OFFERS)
@api_view(["GET"])
def plans(request: Request) -> Response:
    club = finding.club(request, Right.READ_OFFERS, finding.query(request, fields.ClubQuery).get("club"))
    shape = PlanSerializer() if _sees_prices(request, club) else PhonePlanSerializer()
    rows = Plan.objects.filter(club=club).select_related("club")
    return api.page(request, rows, shape.to_representation, order=[By("pk")])


# ---- promotions ------------------------------------------------------------------------------------------


class PromotionSerializer(serializers.Serializer[Promotion]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=PromotionKind.values)
    value = serializers.SerializerMethodField(help_text="Percent, amount, price or days; null for a gift.")
    gift = serializers.CharField()
    audience = serializers.ListField(child=serializers.CharField())
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    plans = serializers.SerializerMethodField(help_text="Codes; none: all.")
    segments = serializers.ListField(child=serializers.CharField())
    stackable = serializers.BooleanField()
    needs_code = serializers.BooleanField()
    min_tenure_months = serializers.IntegerField(allow_null=True)
    early_days = serializers.IntegerField(allow_null=True)
    max_uses = serializers.IntegerField(allow_null=True)
    uses = serializers.IntegerField()
    phone_summary = serializers.CharField()
    details = serializers.CharField()
    currency = serializers.SerializerMethodField()

    def __init__(self, *args: Any, club: Club | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.club = club

    @extend_schema_field({"type": "string", "nullable": True})
    def get_value(self, promotion: Promotion) -> str | None:
        if promotion.kind == PromotionKind.GIFT:
            return None
        if promotion.kind in (PromotionKind.AMOUNT, PromotionKind.FIXED_PRICE):
            return fields.shown_money(promotion.value, self.get_currency(promotion))
        return f"{promotion.value.normalize():f}"

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_plans(self, promotion: Promotion) -> list[str]:
        return sorted(plan.code for plan in promotion.plans.all() if self.club and plan.club_id == self.club.pk)

    def get_currency(self, promotion: Promotion) -> str:
        return self.club.currency if self.club else ""


class PhonePromotionSerializer(serializers.Serializer[Promotion]):
    """A promotion for operators: what may be said on the phone, and until when."""

    name = fields.MaskedText()
    phone_summary = fields.MaskedText()
    ends_on = serializers.DateField(allow_null=True)


@extend_schema(
    operation_id="promotions_list",
    summary="Promotions of a club",
    parameters=[fields.ClubQuery],
    responses=api.page_of(either("AnyPromotion", PromotionSerializer, PhonePromotionSerializer)),
)
@policy(Right.READ_OFFERS)
@api_view(["GET"])
def promotions(request: Request) -> Response:
    club = finding.club(request, Right.READ_OFFERS, finding.query(request, fields.ClubQuery).get("club"))
    full = _sees_prices(request, club)
    rows = Promotion.objects.filter(clubs=club).prefetch_related("plans")
    shape = PromotionSerializer(club=club) if full else PhonePromotionSerializer()
    return api.page(request, rows, shape.to_representation, order=[By("pk")])


def _sees_prices(request: Request, club: Club) -> bool:
    return access.may(finding.acting(request), Right.READ_PRICES, club)


# ---- quotes ----------------------------------------------------------------------------------------------


class LineSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="A kind of promotion, or club_limit.")
    promotion = serializers.CharField(allow_null=True)
    label = serializers.CharField()
    amount = serializers.CharField(help_text="Signed.")
    days = serializers.IntegerField()


class NotUsedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    why = serializers.CharField()


class QuoteSerializer(serializers.Serializer[Quote]):
    """An offer: its lines add up to final − list."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    plan = serializers.CharField(source="plan.code")
    sale_kind = serializers.ChoiceField(choices=SaleKind.values)
    sold_on = serializers.DateField()
    list_price = fields.Money()
    lines = serializers.SerializerMethodField()
    final_price = fields.Money()
    currency = serializers.CharField(source="club.currency")
    bonus_days = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    valid_until = serializers.DateField()
    newcomer_price = fields.Money()
    not_used = serializers.SerializerMethodField()

    @extend_schema_field(LineSerializer(many=True))
    def get_lines(self, quote: Quote) -> list[dict[str, object]]:
        return [
            {
                "kind": line["kind"],
                "promotion": line["promotion"] or None,
                "label": said(Sentence.from_json(line["label"])),
                "amount": line["amount"],
                "days": line["days"],
            }
            for line in quote.lines
        ]

    @extend_schema_field(NotUsedSerializer(many=True))
    def get_not_used(self, quote: Quote) -> list[dict[str, str]]:
        return [{"code": one["code"], "why": said(Sentence.from_json(one["why"]))} for one in quote.not_used]


class QuoteBody(serializers.Serializer[Any]):
    member = fields.MemberField()
    plan = fields.Text(max_length=32)
    sold_on = fields.Day(required=False, allow_null=True, help_text="A manager: an earlier sale date.")
    starts_on = fields.Day(required=False, allow_null=True)
    codes = serializers.ListField(child=fields.Text(max_length=32), required=False, max_length=20)
    override_reason = fields.Text(
        required=False, allow_null=True, allow_blank=True, max_length=400, help_text="A manager: below the club limit."
    )


@extend_schema(summary="Make a quote", request=QuoteBody, responses={201: QuoteSerializer})
@policy(Right.SELL)
@api_view(["POST"])
def new_quote(request: Request) -> Response:
    user = finding.acting(request)
    finding.require_somewhere(user, Right.SELL)
    data = finding.body(request, QuoteBody)
    member = finding.member(user, data["member"], Right.SELL)
    plan = finding.plan(member.club, data["plan"])
    made = quotes.make(
        member=member,
        plan=plan,
        now=clock.now(),
        by=user,
        sold_on=data.get("sold_on"),
        starts_on=data.get("starts_on"),
        codes=data.get("codes", []),
        override_reason=override(request, member.club, data),
        supervisor=access.may(user, Right.OVERRIDE, member.club),
    )
    return Response(QuoteSerializer(made).data, status=201)


@extend_schema(summary="One quote", responses=QuoteSerializer)
@policy(Right.READ_PRICES)
@api_view(["GET"])
def quote(request: Request, pk: int) -> Response:
    found = access.one(finding.acting(request), _quotes(), pk, Right.READ_PRICES)
    return Response(QuoteSerializer(found).data)


def _quotes() -> QuerySet[Quote]:
    return Quote.objects.select_related("club", "plan")


def override(request: Request, club: Club, data: dict[str, Any]) -> str | None:
    """The reason to go beyond the rules, None where none is given. Raises 403 for who may not."""
    reason = data.get("override_reason")
    if reason is not None and not access.may(finding.acting(request), Right.OVERRIDE, club):
        raise PermissionDenied
    return reason
