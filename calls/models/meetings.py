"""Meetings in the club: what every call is for."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from calls.models.work import RefusalReason
from memberships.models import Club, Employee, Member, Membership, User
from memberships.models.history import tracked


class InstantRange(Func):
    """``tstzrange(from, to, '[)')``."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Purpose(models.TextChoices):
    RENEWAL = "renewal", _("Renewal")
    SESSION = "session", _("First session")
    REVIEW = "review", _("Review")
    COMPLAINT = "complaint", _("Complaint")


class MeetingStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("scheduled")
    ATTENDED = "attended", _("came")
    NO_SHOW = "no_show", _("did not come")
    RESCHEDULED = "rescheduled", _("moved")
    CANCELLED = "cancelled", _("cancelled")


class MeetingResult(models.TextChoices):
    RENEWED = "renewed", _("renewed")
    CHANGED_PLAN = "changed_plan", _("changed plan")
    THINKING = "thinking", _("thinking")
    REFUSED = "refused", _("refused")


@tracked()
class Meeting(models.Model):
    """A member comes to see a host. ``task`` is the call that booked it; a moved one keeps its ``calendar_uid``.

    ``overtaken``: it is over, nobody said how it ended, and the member has booked again.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="meetings")
    member = models.ForeignKey(Member, models.CASCADE, related_name="meetings")
    host = models.ForeignKey(Employee, models.PROTECT, related_name="meetings")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    status = models.CharField(max_length=12, choices=MeetingStatus, default=MeetingStatus.SCHEDULED)
    overtaken = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    task = models.ForeignKey("calls.CallTask", models.SET_NULL, null=True, blank=True, related_name="booked_meetings")
    attempt = models.ForeignKey("calls.CallAttempt", models.SET_NULL, null=True, blank=True, related_name="meetings")
    moved_from = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="moved_to")
    calendar_uid = models.UUIDField()
    why = models.CharField(max_length=200, blank=True, default="")
    result = models.CharField(max_length=12, choices=MeetingResult, blank=True, default="")
    satisfied = models.BooleanField(null=True, blank=True)
    ring_on = models.DateField(null=True, blank=True)
    reason = models.ForeignKey(RefusalReason, models.PROTECT, null=True, blank=True, related_name="meetings")
    competitor = models.CharField(max_length=120, blank=True, default="")
    note = models.TextField(blank=True, default="")
    membership = models.ForeignKey(Membership, models.SET_NULL, null=True, blank=True, related_name="sold_at_meetings")
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    attended_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="meeting_host_once_at_a_time",
                expressions=[
                    ("host", RangeOperators.EQUAL),
                    (
                        InstantRange(F("starts_at"), F("ends_at"), RangeBoundary(inclusive_lower=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(status__in=["scheduled", "attended"]),
            ),
            models.UniqueConstraint(
                fields=["member", "purpose"],
                condition=Q(status="scheduled", overtaken=False),
                name="meeting_one_ahead_per_purpose",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="meeting_end_after_start"),
        ]
        indexes = [
            models.Index(fields=["club", "starts_at"], name="meeting_by_club"),
            models.Index(fields=["member", "starts_at"], name="meeting_by_member"),
        ]
