"""What a club allows its callers: the numbers of §4–§9 that a manager can change, and the calling windows."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Club
from memberships.models.history import renews_club, tracked


def default_renewal_rungs() -> list[int]:
    return [45, 30, 14, 3, -3]


def default_winback_rungs() -> list[int]:
    return [35, 90, 180]


@tracked()
class ContactPolicy(models.Model):
    """One row per club. Days, hours and minutes as the field's name says."""

    class ConsentScope(models.TextChoices):
        NONE = "none", _("for no kind of call")
        WINBACK = "winback", _("for win-back calls")
        ALL = "all", _("for every call")

    class CapCounts(models.TextChoices):
        CONVERSATIONS = "conversations", _("conversations")
        ATTEMPTS = "attempts", _("attempts")

    club = models.OneToOneField(Club, models.CASCADE, related_name="contact_policy")
    consent_scope = models.CharField(
        _("consent must be recorded"), max_length=8, choices=ConsentScope, default=ConsentScope.NONE
    )
    cap_counts = models.CharField(
        _("the cap counts"), max_length=16, choices=CapCounts, default=CapCounts.CONVERSATIONS
    )
    cap_7_days = models.PositiveSmallIntegerField(_("conversations in 7 days"), default=2)
    cap_30_days = models.PositiveSmallIntegerField(_("conversations in 30 days"), default=4)
    attempts_a_day = models.PositiveSmallIntegerField(_("attempts a day"), default=2)
    min_gap_hours = models.PositiveSmallIntegerField(_("hours between attempts"), default=3)
    silence_days = models.PositiveSmallIntegerField(_("silent after the start, to day"), default=2)
    refused_days = models.PositiveSmallIntegerField(_("silent after a refusal, days"), default=30)
    busy_minutes = models.PositiveSmallIntegerField(_("again after busy, minutes"), default=15)
    max_attempts = models.PositiveSmallIntegerField(
        _("attempts of a task"), default=6, validators=[MinValueValidator(1)]
    )
    callback_days_ahead = models.PositiveSmallIntegerField(_("a callback at most so many days ahead"), default=60)
    lease_minutes = models.PositiveSmallIntegerField(
        _("a task is held, minutes"), default=15, validators=[MinValueValidator(1)]
    )
    release_pause_minutes = models.PositiveSmallIntegerField(_("a skipped task pauses, minutes"), default=60)
    max_releases = models.PositiveSmallIntegerField(_("skips before it goes to the supervisor"), default=3)
    renewal_rungs = ArrayField(
        models.SmallIntegerField(validators=[MinValueValidator(-365), MaxValueValidator(365)]),
        verbose_name=_("renewal calls, days left"),
        default=default_renewal_rungs,
    )
    winback_rungs = ArrayField(
        models.SmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(365)]),
        verbose_name=_("win-back calls, days after"),
        default=default_winback_rungs,
    )
    welcome_from_day = models.PositiveSmallIntegerField(_("welcome call from day"), default=3)
    welcome_to_day = models.PositiveSmallIntegerField(_("welcome call to day"), default=7)
    care_days = models.PositiveSmallIntegerField(_("care call after days without a word"), default=90)
    care_days_left = models.PositiveSmallIntegerField(_("no care call with so many days left"), default=45)
    at_risk_pause_days = models.PositiveSmallIntegerField(_("at-risk calls apart, days"), default=30)
    freeze_ending_days = models.PositiveSmallIntegerField(_("before a freeze ends, days"), default=3)
    complaint_answer_days = models.PositiveSmallIntegerField(
        _("a complaint is answered within, days"), default=3, db_default=3
    )
    complaint_followup_days = models.PositiveSmallIntegerField(
        _("call after a complaint was answered, days"), default=3, db_default=3
    )
    unsaid_warning_percent = models.PositiveSmallIntegerField(
        _("warn above unsaid refusals, %"), default=15, validators=[MaxValueValidator(100)]
    )
    slot_minutes = models.PositiveSmallIntegerField(
        _("a meeting takes, minutes"), default=30, validators=[MinValueValidator(5)]
    )
    slot_days_ahead = models.PositiveSmallIntegerField(_("meetings at most so many days ahead"), default=30)
    opens_at = models.TimeField(_("club opens"), default=dt.time(7))
    closes_at = models.TimeField(_("club closes"), default=dt.time(22))
    host_from = models.TimeField(_("hosts from"), default=dt.time(10))
    host_to = models.TimeField(_("hosts to"), default=dt.time(20))
    reminder_hours = ArrayField(
        models.PositiveSmallIntegerField(),
        verbose_name=_("reminders, hours before"),
        default=list,
        blank=True,
    )
    own_windows = models.BooleanField(
        _("own calling windows"),
        default=False,
        help_text=_("Without own windows: Mon–Fri 10:00–20:00, Sat–Sun 11:00–18:00."),
    )

    class Meta:
        triggers = [renews_club()]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="contact_policy_closes_after_opening",
                violation_error_message=_("The club must close after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(host_to__gt=F("host_from")),
                name="contact_policy_hosts_end_after_start",
                violation_error_message=_("Hosts must end after they begin."),
            ),
            models.CheckConstraint(
                condition=Q(welcome_to_day__gte=F("welcome_from_day")),
                name="contact_policy_welcome_ends_after_start",
                violation_error_message=_("Welcome calls must end on a later day than they begin."),
            ),
        ]


@tracked()
class CallingWindow(models.Model):
    """When members may be rung, in the member's time: the first minute is in, the last is not."""

    policy = models.ForeignKey(ContactPolicy, models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(_("weekday"), validators=[MaxValueValidator(6)])
    from_time = models.TimeField(_("from"))
    to_time = models.TimeField(_("to"))

    class Meta:
        triggers = [
            renews_club(
                "(SELECT p.club_id FROM calls_contactpolicy p WHERE p.id = COALESCE(NEW.policy_id, OLD.policy_id))"
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(to_time__gt=F("from_time")), name="calling_window_end_after_start"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="calling_window_weekday"),
            models.CheckConstraint(
                condition=Q(from_time__gte=dt.time(8), to_time__lte=dt.time(21)),
                name="calling_window_8_to_21",
            ),
        ]
