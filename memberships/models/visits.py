"""Visits: who came when, into which zone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from memberships.models.clubs import Club
from memberships.models.people import Member


class Visit(models.Model):
    """One entry of a member. ``to_mend`` says why somebody should look at it (empty: nothing is wrong)."""

    class Mend(models.TextChoices):
        NO_MEMBERSHIP = "no_membership"
        FROZEN = "frozen"

    club = models.ForeignKey(Club, models.CASCADE, related_name="visits")
    member = models.ForeignKey(Member, models.CASCADE, related_name="visits")
    at = models.DateTimeField()
    zone = models.CharField(max_length=32, blank=True)
    to_mend = models.CharField(max_length=16, choices=Mend, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "at"], name="visit_once")]
        indexes = [
            models.Index(fields=["club", "at"], name="visit_by_club"),
            models.Index(fields=["club", "id"], name="visit_to_mend", condition=~Q(to_mend="")),
        ]
