"""What a club sells, and on which terms: plans, promotions, quotes."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.clubs import Club, User
from memberships.models.history import tracked
from memberships.models.people import Member, Segment


class TermUnit(models.TextChoices):
    MONTHS = "m", _("months")
    DAYS = "d", _("days")


def money_field(verbose_name: object = None, **options: object) -> models.DecimalField:
    """Money in the club's currency: twelve digits, three decimals (some currencies have three)."""
    return models.DecimalField(verbose_name, max_digits=12, decimal_places=3, **options)  # type: ignore[arg-type]


@tracked()
class Plan(models.Model):
    """What is sold. What was sold keeps its own terms when this changes."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="plans")
    code = models.CharField(_("code"), max_length=32)
    name = models.CharField(_("name"), max_length=120)
    term_count = models.PositiveSmallIntegerField(_("term"), validators=[MinValueValidator(1)])
    term_unit = models.CharField(_("in"), max_length=1, choices=TermUnit)
    price = money_field(_("list price"), validators=[MinValueValidator(Decimal(0))])
    freeze_days = models.PositiveSmallIntegerField(_("freeze days"), default=0)
    freeze_min_days = models.PositiveSmallIntegerField(_("shortest freeze, days"), default=7)
    freeze_max_count = models.PositiveSmallIntegerField(_("freezes at most"), null=True, blank=True)
    zones = ArrayField(models.CharField(max_length=32), verbose_name=_("zones"), default=list, blank=True)
    active = models.BooleanField(_("for sale"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "code"], name="plan_code_once"),
            models.CheckConstraint(condition=Q(price__gte=0), name="plan_price_not_negative"),
            models.CheckConstraint(condition=Q(term_count__gte=1), name="plan_term_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def term(self) -> str:
        return f"{self.term_count}{self.term_unit}"


class PromotionKind(models.TextChoices):
    PERCENT = "percent", _("percent off")
    AMOUNT = "amount", _("amount off")
    FIXED_PRICE = "fixed_price", _("fixed price")
    BONUS_DAYS = "bonus_days", _("bonus days")
    GIFT = "gift", _("gift")


class Audience(models.TextChoices):
    NEW = "new", _("new members")
    RENEWAL = "renewal", _("renewals")
    RETURN = "return", _("returning members")


@tracked(exclude=["uses"])
class Promotion(models.Model):
    """A reduction, bonus or gift. Belongs to the clubs that it names; plans none named = all.

    ``value`` is the percent, the amount, the price or the days; for a gift ``gift`` holds the words.
    ``uses`` counts sales (less those cancelled before their start) and never passes ``max_uses``.
    """

    code = models.CharField(_("code"), max_length=32)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=PromotionKind)
    value = money_field(_("value"), default=Decimal(0), validators=[MinValueValidator(Decimal(0))])
    gift = models.CharField(_("gift"), max_length=160, blank=True)
    audience = ArrayField(models.CharField(max_length=8, choices=Audience), verbose_name=_("audience"))
    starts_on = models.DateField(_("first sale day"))
    ends_on = models.DateField(_("last sale day"), null=True, blank=True)
    clubs = models.ManyToManyField(Club, related_name="promotions", verbose_name=_("clubs"))
    plans = models.ManyToManyField(Plan, related_name="promotions", blank=True, verbose_name=_("plans"))
    segments = ArrayField(
        models.CharField(max_length=8, choices=Segment), verbose_name=_("segments"), default=list, blank=True
    )
    stackable = models.BooleanField(_("together with others"), default=False)
    needs_code = models.BooleanField(_("only with its code"), default=False)
    min_tenure_months = models.PositiveSmallIntegerField(_("months with us at least"), null=True, blank=True)
    early_days = models.PositiveSmallIntegerField(_("sold so many days before the end"), null=True, blank=True)
    max_uses = models.PositiveIntegerField(_("uses at most"), null=True, blank=True)
    uses = models.PositiveIntegerField(_("uses so far"), default=0, editable=False)
    phone_summary = models.CharField(_("may be said on the phone"), max_length=300, blank=True)
    details = models.TextField(_("details (in the club only)"), blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=0), name="promotion_value_not_negative"),
            models.CheckConstraint(
                condition=~Q(kind="percent") | Q(value__gt=0, value__lte=100),
                name="promotion_percent_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(kind="bonus_days") | Q(value__gte=1, value__lte=366),
                name="promotion_days_in_range",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="promotion_end_after_start",
            ),
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(uses__lte=F("max_uses")),
                name="promotion_uses_in_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SaleKind(models.TextChoices):
    NEW = "new", _("new")
    RENEWAL = "renewal", _("renewal")
    RETURN = "return", _("return")
    CHANGE = "change", _("change of plan")


class Quote(models.Model):
    """The offer sheet: a snapshot of price, lines and dates that sells once.

    ``lines`` is a list of ``{kind, promotion, label: {msgid, params}, amount, days}`` whose amounts (decimal
    strings) add up to ``final_price − list_price``; ``not_used`` of ``{code, why: {msgid, params}}``.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="quotes")
    member = models.ForeignKey(Member, models.CASCADE, related_name="quotes")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="quotes")
    sale_kind = models.CharField(max_length=8, choices=SaleKind)
    prior = models.ForeignKey("memberships.Membership", models.SET_NULL, null=True, blank=True, related_name="+")
    sold_on = models.DateField()
    list_price = money_field()
    lines = models.JSONField(default=list)
    final_price = money_field()
    bonus_days = models.PositiveSmallIntegerField(default=0)
    starts_on = models.DateField()
    start_given = models.BooleanField(default=False)
    ends_on = models.DateField()
    term_count = models.PositiveSmallIntegerField()
    term_unit = models.CharField(max_length=1, choices=TermUnit)
    valid_until = models.DateField()
    newcomer_price = money_field()
    not_used = models.JSONField(default=list)
    codes = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    override_reason = models.CharField(max_length=400, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
