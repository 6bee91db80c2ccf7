"""Sold memberships, their freezes, and closures of a club."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.clubs import Club, User
from memberships.models.history import tracked
from memberships.models.offers import Plan, Promotion, Quote, SaleKind, TermUnit, money_field
from memberships.models.people import Member


class DateRange(Func):
    """``daterange(first, last, '[]')``: days inclusive at both ends."""

    function = "DATERANGE"
    output_field = DateRangeField()


def days(first: str, last: str) -> DateRange:
    return DateRange(F(first), F(last), RangeBoundary(inclusive_lower=True, inclusive_upper=True))


@tracked()
class Membership(models.Model):
    """One sold term of a plan, with the terms it was sold on.

    ``ends_on`` = start + term − 1 day (or as given by an old program); ``effective_ends_on`` = ``ends_on`` + bonus
    days + frozen days, or the day it was closed; ``last_covered_on`` = the same, but for a cancelled one the day
    before its cancellation (before ``starts_on`` where it covers nothing). All three are stored and change only in
    ``memberships.sales``, ``memberships.freezing`` and imports, in the transaction that changes their cause.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="memberships")
    member = models.ForeignKey(Member, models.CASCADE, related_name="memberships")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="memberships")
    external_id = models.CharField(max_length=64, null=True, blank=True)
    sale_kind = models.CharField(_("kind of sale"), max_length=8, choices=SaleKind)
    sold_on = models.DateField(_("sold on"))
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day of the term"))
    bonus_days = models.PositiveSmallIntegerField(default=0)
    frozen_days = models.PositiveSmallIntegerField(default=0)
    effective_ends_on = models.DateField(_("last day"))
    last_covered_on = models.DateField()
    cancelled_on = models.DateField(_("cancelled from"), null=True, blank=True)
    cancel_reason = models.CharField(max_length=400, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    # the chain: what it renews, whether it moves with it, where the unbroken chain began
    renewed_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="renewals")
    follows = models.BooleanField(default=False)
    given_starts_on = models.DateField(null=True, blank=True)
    ends_given = models.BooleanField(default=False)
    chain_starts_on = models.DateField()
    # the terms it was sold on
    term_count = models.PositiveSmallIntegerField()
    term_unit = models.CharField(max_length=1, choices=TermUnit)
    freeze_allowance = models.PositiveSmallIntegerField(default=0)
    freeze_min_days = models.PositiveSmallIntegerField(default=7)
    freeze_max_count = models.PositiveSmallIntegerField(null=True, blank=True)
    special_terms = models.CharField(_("special terms"), max_length=400, blank=True)
    # money
    list_price = money_field(_("list price"))
    price = money_field(_("agreed price"))
    credit = money_field(default=Decimal(0))
    price_paid = money_field(_("paid"), default=Decimal(0))
    balance_due = money_field(_("balance due"), default=Decimal(0))
    balance_due_on = models.DateField(_("balance due on"), null=True, blank=True)
    quote = models.OneToOneField(Quote, models.SET_NULL, null=True, blank=True, related_name="membership")
    promotions = models.ManyToManyField(
        Promotion, through="memberships.PromotionUse", related_name="memberships", blank=True
    )
    sold_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "external_id"], name="membership_external_id_once"),
            ExclusionConstraint(
                name="membership_no_shared_day",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    (days("starts_on", "last_covered_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(last_covered_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="membership_end_after_start"),
            models.CheckConstraint(
                condition=Q(price__gte=0, price_paid__gte=0, balance_due__gte=0),
                name="membership_money_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "starts_on"], name="membership_by_member"),
            models.Index(fields=["club", "effective_ends_on", "id"], name="membership_by_end"),
            models.Index(fields=["club", "starts_on"], name="membership_by_start"),
            models.Index(fields=["club", "sold_on"], name="membership_by_sale"),
            models.Index(fields=["renewed_from"], name="membership_by_prior"),
        ]


class PromotionUse(models.Model):
    """One promotion that a membership was sold with. ``given_back``: the sale was cancelled before its start."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="promotion_uses")
    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="sold_uses")
    given_back = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "promotion"], name="promotion_use_once")]


@tracked()
class Closure(models.Model):
    """Days on which a club is shut; they freeze the memberships that cover them."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="closures")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    why = models.CharField(_("why"), max_length=200)
    taken_back_on = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="closure_end_after_start"),
        ]


@tracked()
class Freeze(models.Model):
    """Days of a membership that do not run. Of a closure where ``closure`` is set.

    ``history`` marks one that came from an old program whose last day already held it: it moves nothing.
    """

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="freezes")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    override_reason = models.CharField(_("why beyond the rules"), max_length=400, blank=True)
    planned_ends_on = models.DateField(null=True, blank=True)
    returned_on = models.DateField(null=True, blank=True)
    voided = models.BooleanField(default=False)
    history = models.BooleanField(default=False)
    closure = models.ForeignKey(Closure, models.SET_NULL, null=True, blank=True, related_name="freezes")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="freeze_no_shared_day",
                expressions=[
                    ("membership", RangeOperators.EQUAL),
                    (days("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(voided=False),
            ),
            models.CheckConstraint(
                condition=Q(voided=True) | Q(ends_on__gte=F("starts_on")), name="freeze_end_after_start"
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="freeze_by_end", condition=Q(voided=False))]

    @property
    def days(self) -> int:
        """How many days it holds; a void one none."""
        return 0 if self.voided else (self.ends_on - self.starts_on).days + 1
