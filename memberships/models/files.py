"""Files that people bring in on the web."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models.clubs import Club, User
from memberships.rules.intake import Stage

FOLDER = "imports"


def random_name(_instance: models.Model, _name: str) -> str:
    """Where a file is kept: nobody can tell from the name what it is, or guess another."""
    return f"{FOLDER}/{secrets.token_hex(16)}"


class FileImport(models.Model):
    """One file on its way into a club (``memberships.intake``). The row is the truth: workers only look at it.

    ``columns`` are the file's ``[name, [first values]]``; ``mapping`` the confirmed field by column. ``answer`` is what
    the check, then the load found (``memberships.imports.Answer``), ``first`` the first rows that it takes. What
    holds words of the file (it, the report, columns, answer's errors, first) goes after some days; counts stay.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="file_imports")
    kind = models.CharField(_("kind"), max_length=16)
    name = models.CharField(_("file"), max_length=120)
    file = models.FileField(upload_to=random_name, blank=True)
    report = models.FileField(upload_to=random_name, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    as_of = models.DateField(_("as of"))
    create_plans = models.BooleanField(_("make plans that are not known"), default=False)
    skip_bad = models.BooleanField(_("leave out the refused rows"), default=False)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    stage = models.CharField(max_length=8, choices=[(stage.value, stage.value) for stage in Stage])
    doing = models.CharField(max_length=16, blank=True, default="")
    rows_read = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict)
    first = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True, default="")
    made_at = models.DateTimeField(_("when"))
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who"))
    changed_at = models.DateTimeField()
    loaded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(stage__in=[stage.value for stage in Stage]), name="file_import_stage_known"
            ),
        ]
        indexes = [
            models.Index(fields=["club", "-made_at", "-id"], name="file_import_by_club"),
            models.Index(
                fields=["changed_at"], name="file_import_to_work_on", condition=models.Q(stage__in=["check", "load"])
            ),
        ]

    @property
    def working(self) -> bool:
        """Whether a worker is, or will be, on it."""
        return self.stage in (Stage.CHECK, Stage.LOAD)


class RememberedMapping(models.Model):
    """Which column of a club's files of a kind is which field, as somebody last confirmed it.

    ``plans``: the code of the plan that is meant, by the name that the files give it.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="remembered_mappings")
    kind = models.CharField(max_length=16)
    mapping = models.JSONField(default=dict)
    plans = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["club", "kind"], name="remembered_mapping_once")]
