"""Clubs, their policy, and the people who work in them."""

from __future__ import annotations

import zoneinfo
from decimal import Decimal

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.history import renews_club, tracked


class User(AbstractUser):
    """A login. What it may do is said by its employees, one per club."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("as the computer")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    language = models.CharField(
        _("language"), max_length=8, default="en", choices=[("en", "English"), ("ru", "Русский")]
    )
    theme = models.CharField(_("colours"), max_length=8, default=Theme.SYSTEM, choices=Theme)
    shortcut_keys = models.BooleanField(_("shortcut keys"), default=True)

    class Meta(AbstractUser.Meta):
        swappable = "AUTH_USER_MODEL"

    def __str__(self) -> str:
        return self.get_full_name() or self.username


def check_timezone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(name)s is not a time zone."), params={"name": name})


@tracked()
class Club(models.Model):
    """One gym. Everything else belongs to exactly one of these (promotions: to those that they name)."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[check_timezone])
    country = models.CharField(_("country"), max_length=2)
    region = models.CharField(_("region"), max_length=16, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=8, default="en")
    phone = models.CharField(_("phone"), max_length=32, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)


@tracked()
class ClubPolicy(models.Model):
    """The numbers of §3 that a manager can change. One row per club, its history kept."""

    class FrozenVisit(models.TextChoices):
        FLAG = "flag", _("flag it for the administrator")
        EARLY_RETURN = "early_return", _("take it as an early return")

    club = models.OneToOneField(Club, models.CASCADE, related_name="policy")
    grace_days = models.PositiveSmallIntegerField(_("grace after the last day, days"), default=30)
    max_start_ahead_days = models.PositiveSmallIntegerField(_("a start at most so many days ahead"), default=365)
    freeze_min_days = models.PositiveSmallIntegerField(_("shortest freeze, days"), default=7)
    price_floor_percent = models.PositiveSmallIntegerField(
        _("club limit: reductions at most, percent"), default=50, validators=[MaxValueValidator(100)]
    )
    quote_valid_days = models.PositiveSmallIntegerField(
        _("an offer is valid, days"), default=14, validators=[MinValueValidator(1)]
    )
    gold_percent = models.PositiveSmallIntegerField(
        _("gold: the best paying, %"), default=20, validators=[MaxValueValidator(100)]
    )
    silver_percent = models.PositiveSmallIntegerField(
        _("silver: up to, %"), default=60, validators=[MaxValueValidator(100)]
    )
    absent_days = models.PositiveSmallIntegerField(_("absent after, days"), default=14)
    no_visits_days = models.PositiveSmallIntegerField(_("visits count as missing after, days"), default=7)
    frozen_visit = models.CharField(
        _("a visit on a frozen day"), max_length=16, choices=FrozenVisit, default=FrozenVisit.FLAG
    )

    class Meta:
        triggers = [renews_club()]
        constraints = [
            models.CheckConstraint(
                condition=Q(gold_percent__lte=F("silver_percent")),
                name="policy_gold_within_silver",
                violation_error_message=_("Gold cannot reach further than silver."),
            )
        ]

    @property
    def floor_share(self) -> Decimal:
        """The lowest price as a share of the list price."""
        return 1 - Decimal(self.price_floor_percent) / 100


class Role(models.TextChoices):
    OPERATOR = "operator", _("operator")
    ADMINISTRATOR = "administrator", _("administrator")
    MANAGER = "manager", _("manager")
    OWNER = "owner", _("owner")


@tracked()
class Employee(models.Model):
    """A person of a club, with or without login and role. Hosts, owners of steps and complaints are employees."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="employees")
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="employees")
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=16, choices=Role, blank=True, default="")
    is_host = models.BooleanField(_("receives members in the club"), default=False)
    active = models.BooleanField(_("works here"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "user"], name="employee_one_per_club_and_user"),
            models.CheckConstraint(condition=Q(role__in=["", *Role.values]), name="employee_role_known"),
        ]

    def __str__(self) -> str:
        return self.name


class WeeklyHours(models.Model):
    """One stretch of a host's week, local to the club; a host without rows has the default hours."""

    employee = models.ForeignKey(Employee, models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), validators=[MaxValueValidator(6)])
    from_time = models.TimeField(_("from"))
    to_time = models.TimeField(_("to"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_time__gt=F("from_time")), name="weekly_hours_end_after_start"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekly_hours_weekday"),
        ]


class DayOff(models.Model):
    employee = models.ForeignKey(Employee, models.CASCADE, related_name="days_off")
    day = models.DateField(_("day"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["employee", "day"], name="day_off_once")]
