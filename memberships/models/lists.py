"""What people keep of lists: saved views, and what was done to many rows at once."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from memberships.models.clubs import Club, User


class SavedView(models.Model):
    """A list as somebody wants to find it again: its filters and order, never what was searched for.

    ``list`` is the list's name, ``query`` its address without paging. ``shared``: everybody of the club sees it.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    list = models.CharField(max_length=32)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=500, blank=True)
    shared = models.BooleanField(_("everybody in the club sees it"), default=False)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("club", "owner", "list", Lower("name"), name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class BulkMark(models.Model):
    """Do-not-call set on many members at once: ``members`` are the ids of those who had it not before."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="bulk_marks")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    members = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["club", "made_at"], name="bulk_mark_by_club")]

    @property
    def count(self) -> int:
        return len(self.members)
