"""Members of a club and their segments."""

from __future__ import annotations

import zoneinfo

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Concat, Lower
from django.utils.translation import gettext_lazy as _

from memberships.models.clubs import Club, User
from memberships.models.history import tracked


class Segment(models.TextChoices):
    GOLD = "gold", _("gold")
    SILVER = "silver", _("silver")
    COPPER = "copper", _("copper")


@tracked(exclude=["search", "last_covered_on"])
class Member(models.Model):
    """Somebody who is or was a member of one club. One person in two clubs is two of these.

    ``phone`` is E.164 or empty; ``phone_raw`` what was written where it could not be read.
    ``last_covered_on`` is the latest last covered day of the memberships: stored, because lists sort by it,
    and it depends on no date of asking. Changed only by ``memberships.sales``, ``memberships.freezing`` and imports.
    """

    club = models.ForeignKey(Club, models.CASCADE, related_name="members")
    external_id = models.CharField(_("number"), max_length=64, null=True, blank=True)
    last_name = models.CharField(_("last name"), max_length=80)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    middle_name = models.CharField(_("middle name"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    phone_raw = models.CharField(_("phone as written"), max_length=64, blank=True)
    phone_changed_at = models.DateTimeField(null=True, blank=True)
    phone_bad_since = models.DateTimeField(_("marked wrong"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    referred_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="referrals", verbose_name=_("brought by")
    )
    guardian = models.CharField(_("guardian"), max_length=160, blank=True)
    guardian_phone = models.CharField(_("guardian's phone"), max_length=20, blank=True)
    consent_calls = models.BooleanField(_("consent to calls"), null=True, blank=True)
    consent_sms = models.BooleanField(_("consent to SMS"), null=True, blank=True)
    consent_email = models.BooleanField(_("consent to e-mail"), null=True, blank=True)
    consent_evidence = models.TextField(_("evidence of consent"), blank=True)
    do_not_call_since = models.DateTimeField(_("do not call since"), null=True, blank=True)
    do_not_call_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    do_not_call_note = models.CharField(_("why not call"), max_length=400, blank=True)
    deceased_on = models.DateField(_("deceased"), null=True, blank=True)
    interests = models.TextField(_("interests"), blank=True)
    goal = models.TextField(_("goal"), blank=True)
    notes = models.TextField(_("notes"), blank=True)
    segment = models.CharField(_("segment"), max_length=8, choices=Segment, blank=True, default="")
    last_covered_on = models.DateField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged_from")
    created_at = models.DateTimeField()
    search = models.GeneratedField(
        expression=Lower(
            Concat(
                F("last_name"),
                Value(" "),
                F("first_name"),
                Value(" "),
                F("middle_name"),
                Value(" "),
                F("last_name"),
                Value(" "),
                F("phone"),
                Value(" "),
                Coalesce(F("external_id"), Value("")),
                Value(" "),
                F("email"),
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["club", "external_id"], name="member_external_id_once"),
        ]
        indexes = [
            GinIndex(OpClass(F("search"), name="gin_trgm_ops"), name="member_search"),
            models.Index(fields=["club", "last_name", "first_name", "id"], name="member_by_name"),
            models.Index(fields=["club", "last_covered_on", "id"], name="member_by_last_covered"),
            models.Index(fields=["club", "phone"], name="member_by_phone", condition=~Q(phone="")),
            models.Index(
                fields=["club", "guardian_phone"], name="member_by_guardian_phone", condition=~Q(guardian_phone="")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """First and last name, as one is addressed; a dash for one whose words were erased."""
        return f"{self.first_name} {self.last_name}".strip() or "—"

    @property
    def do_not_call(self) -> bool:
        return self.do_not_call_since is not None

    def zone(self, club: Club) -> zoneinfo.ZoneInfo:
        """The member's own time zone, else the club's."""
        return zoneinfo.ZoneInfo(self.timezone or club.timezone)


@tracked()
class SpecialDate(models.Model):
    """A day that matters to a member besides the birthday: an anniversary, a marathon. Told each year anew."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="special_dates")
    on = models.DateField(_("day"))
    name = models.CharField(_("what it is"), max_length=80)

    def __str__(self) -> str:
        return self.name


class SegmentChange(models.Model):
    """From which day a member has been of which segment, and why."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="segment_changes")
    on = models.DateField()
    segment = models.CharField(max_length=8, choices=Segment)
    why = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "on"], name="segment_change_once_a_day")]


class MemberMerge(models.Model):
    """Two rows of the list were one person: ``gone`` went into ``kept``.

    ``moved`` is what it takes to undo it (``memberships.merging``): ids of rows and names of fields, no words.
    """

    kept = models.ForeignKey(Member, models.CASCADE, related_name="merges")
    gone = models.ForeignKey(Member, models.CASCADE, related_name="merges_away")
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at__isnull=True), name="member_merge_once_at_a_time"
            ),
        ]


class MemberErasure(models.Model):
    """The words of a member were erased, when and by whom. Written only by the database function that does it."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="erasure")
    erased_at = models.DateTimeField()
    erased_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
