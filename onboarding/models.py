"""Checklist templates, and the checklists that new members are walked through."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.models import Club, Employee, Member, Membership, Plan, Role, User
from memberships.models.history import tracked


class Result(models.TextChoices):
    NONE = "none", _("nothing to write down")
    CHOICE = "choice", _("one of several answers")
    NUMBER = "number", _("a number")
    TEXT = "text", _("words")
    FILE = "file", _("a file")


class Fact(models.TextChoices):
    """What closes a step by itself."""

    NONE = "", _("nothing: somebody ticks it")
    WELCOME_CALL = "welcome_call", _("a welcome call that reached the member")
    FIRST_VISIT = "first_visit", _("the first visit")
    SESSION = "session", _("a first session booked")
    REVIEW = "review", _("a review meeting")


@tracked()
class ChecklistTemplate(models.Model):
    """What a club does with a new member. One without plans serves every plan that has none of its own."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="checklist_templates")
    name = models.CharField(_("name"), max_length=120)
    plans = models.ManyToManyField(Plan, blank=True, related_name="checklist_templates", verbose_name=_("plans"))
    for_returns = models.BooleanField(_("for returning members too"), default=True)
    active = models.BooleanField(_("in use"), default=True)


class TemplateStep(models.Model):
    """One step of a template. ``due_day`` counts from the start (day 0), frozen days left out."""

    template = models.ForeignKey(ChecklistTemplate, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(_("step"), max_length=120)
    why = models.CharField(_("why"), max_length=300, blank=True)
    role = models.CharField(_("who"), max_length=16, choices=Role, default=Role.ADMINISTRATOR)
    employee = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="+")
    due_day = models.PositiveSmallIntegerField(_("due on day"))
    is_call = models.BooleanField(_("is a call"), default=False)
    fact = models.CharField(_("closes by itself"), max_length=16, choices=Fact, blank=True, default="")
    result = models.CharField(_("result"), max_length=8, choices=Result, default=Result.NONE)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "position"], name="template_step_position_once")]


class Checklist(models.Model):
    """One member's way through the first weeks. A change of plan carries it on to the new membership."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="checklists")
    member = models.ForeignKey(Member, models.CASCADE, related_name="checklists")
    membership = models.OneToOneField(Membership, models.CASCADE, related_name="checklist")
    template = models.ForeignKey(ChecklistTemplate, models.SET_NULL, null=True, related_name="checklists")
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["club"], name="checklist_open", condition=Q(closed_at__isnull=True))]


class StepStatus(models.TextChoices):
    OPEN = "open", _("open")
    DONE = "done", _("done")
    SKIPPED = "skipped", _("skipped")


@tracked()
class Step(models.Model):
    """A step of one member's checklist, with its own copy of the template's words."""

    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    why = models.CharField(max_length=300, blank=True)
    role = models.CharField(max_length=16, choices=Role)
    employee = models.ForeignKey(Employee, models.SET_NULL, null=True, blank=True, related_name="steps")
    due_day = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    is_call = models.BooleanField(default=False)
    fact = models.CharField(max_length=16, choices=Fact, blank=True, default="")
    result_kind = models.CharField(max_length=8, choices=Result, default=Result.NONE)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    status = models.CharField(max_length=8, choices=StepStatus, default=StepStatus.OPEN)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    result = models.TextField(blank=True, default="")
    skip_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checklist", "position"], name="step_position_once")]
        indexes = [models.Index(fields=["due_on"], name="step_due", condition=Q(status="open"))]
