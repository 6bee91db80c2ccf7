"""Requests and complaints: what the club owes a member an answer to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Club, Employee, Member, User
from memberships.models.history import tracked


@tracked()
class Request(models.Model):
    """Anything asked that is not a complaint, and what an outcome leaves for the desk."""

    class About(models.TextChoices):
        OTHER = "other", _("something else")
        PHONE = "phone", _("mend the phone number")
        FREEZE = "freeze", _("a freeze is wanted")
        RENEWED = "renewed", _("says that the membership is renewed")
        MISSED_CALL = "missed_call", _("rang, and must not be rung")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("taken back")

    club = models.ForeignKey(Club, models.CASCADE, related_name="requests")
    member = models.ForeignKey(Member, models.CASCADE, null=True, blank=True, related_name="requests")
    about = models.CharField(max_length=12, choices=About, default=About.OTHER)
    text = models.TextField()
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    owner = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="requests")
    due_on = models.DateField(null=True, blank=True)
    attempt = models.ForeignKey("calls.CallAttempt", models.SET_NULL, null=True, blank=True, related_name="requests")
    answer = models.TextField(blank=True, default="")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["club", "due_on"], name="request_open", condition=Q(status="open"))]


@tracked()
class Complaint(models.Model):
    """Somebody is dissatisfied. Open until answered; while open, only promised calls are made to the member."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        ANSWERED = "answered", _("answered")
        WITHDRAWN = "withdrawn", _("taken back")

    club = models.ForeignKey(Club, models.CASCADE, related_name="complaints")
    member = models.ForeignKey(Member, models.CASCADE, null=True, blank=True, related_name="complaints")
    text = models.TextField()
    about = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="complaints_about")
    owner = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="complaints_owned")
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    attempt = models.ForeignKey("calls.CallAttempt", models.SET_NULL, null=True, blank=True, related_name="complaints")
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["member"], name="complaint_open", condition=Q(status="open"))]
