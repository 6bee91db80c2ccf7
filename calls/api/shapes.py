"""How tasks, attempts, cards and meetings are shown. None of them has a price; operators get free texts masked."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls import cards
from calls.models import (
    CallAttempt,
    CallTask,
    Kind,
    Meeting,
    MeetingStatus,
    Purpose,
    RefusalReason,
    TaskStatus,
)
from config.words import said
from memberships.api import fields
from memberships.api.describing import either
from memberships.rules import amounts

USERNAME = "The name of a login."


class TaskSerializer(serializers.Serializer[CallTask]):
    """Somebody should ring a member, and why."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    membership = serializers.IntegerField(source="membership_id", allow_null=True)
    kind = serializers.ChoiceField(choices=Kind.values)
    origin = fields.OrNull(help_text="The kind of call that it came from.")
    status = serializers.ChoiceField(choices=TaskStatus.values)
    due_at = fields.Moment()
    ready_at = fields.Moment(allow_null=True)
    reason = serializers.SerializerMethodField()
    attempts = serializers.IntegerField()
    holder = serializers.CharField(source="holder.username", allow_null=True, help_text=USERNAME)
    promised_to = serializers.CharField(source="promised_to.username", allow_null=True)
    lapsed_because = fields.OrNull()

    def get_reason(self, task: CallTask) -> str:
        return amounts.mask_amounts(said(cards.reason_of(task)))


class AttemptSerializer(serializers.Serializer[CallAttempt]):
    """One dial, and how it ended; ``outcome`` is null while nobody has said."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    membership = serializers.IntegerField(source="membership_id", allow_null=True)
    task = serializers.IntegerField(source="task_id", allow_null=True)
    kind = serializers.ChoiceField(choices=Kind.values)
    origin = fields.OrNull()
    operator = serializers.CharField(source="operator.username", allow_null=True, help_text=USERNAME)
    at = fields.Moment()
    outcome = fields.OrNull()
    reached = serializers.BooleanField()
    reason = serializers.CharField(source="reason.code", allow_null=True)
    competitor = serializers.CharField()
    attends = fields.OrNull()
    absence_reason = serializers.CharField(source="absence_reason.code", allow_null=True)
    note = serializers.CharField()
    duration_s = serializers.IntegerField(allow_null=True)
    corrected_why = serializers.CharField()


class PhoneAttemptSerializer(AttemptSerializer):
    """The same for operators: amounts in free texts are •••."""

    competitor = fields.MaskedText()
    note = fields.MaskedText()
    corrected_why = fields.MaskedText()


AnyAttemptSerializer = either("AnyAttempt", AttemptSerializer, PhoneAttemptSerializer)


class MeetingSerializer(serializers.Serializer[Meeting]):
    """A member comes to see a host."""

    id = serializers.IntegerField()
    member = serializers.IntegerField(source="member_id")
    host = serializers.IntegerField(source="host_id")
    purpose = serializers.ChoiceField(choices=Purpose.values)
    starts_at = fields.Moment()
    ends_at = fields.Moment()
    status = serializers.ChoiceField(choices=MeetingStatus.values)
    result = fields.OrNull(help_text="How it closed.")
    task = serializers.IntegerField(source="task_id", allow_null=True, help_text="The call that booked it.")
    moved_from = serializers.IntegerField(source="moved_from_id", allow_null=True)
    membership = serializers.IntegerField(source="membership_id", allow_null=True, help_text="What was sold.")


class ReasonSerializer(serializers.Serializer[RefusalReason]):
    """Why members refuse, or do not attend."""

    code = serializers.CharField()
    group = serializers.CharField(help_text="Who can act: club, member, competitor; unsaid.")
    label = serializers.SerializerMethodField()
    parent = serializers.CharField(source="parent.code", allow_null=True)
    final = serializers.BooleanField()
    no_winback = serializers.BooleanField()
    note_required = serializers.BooleanField()
    retired = serializers.BooleanField(help_text="Was chosen once, can be no more.")

    def get_label(self, reason: RefusalReason) -> str:
        return amounts.mask_amounts(_(reason.label) if reason.built_in else reason.label)


# ---- the card --------------------------------------------------------------------------------------------


class CardMemberSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    phone = serializers.CharField()
    local_time = fields.Moment(club=None)
    language = serializers.CharField()
    segment = fields.OrNull()


class CardMembershipSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    plan = serializers.CharField()
    status = serializers.CharField()
    effective_ends_on = serializers.DateField()
    days_left = serializers.IntegerField()


class WarningSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = fields.Sentence(masked=True)


class MateSerializer(serializers.Serializer[Any]):
    """Somebody else on the number."""

    member = serializers.IntegerField()
    name = serializers.CharField()
    task = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField(allow_null=True)
    reason = fields.Sentence(masked=True, allow_null=True)
    days_left = serializers.IntegerField(allow_null=True)


class CardVisitsSerializer(serializers.Serializer[Any]):
    weeks = serializers.ListField(child=serializers.IntegerField(), help_text="12, the oldest first.")
    usual_per_week = serializers.FloatField()


class ContactSerializer(serializers.Serializer[Any]):
    at = fields.Moment(club=None)
    kind = serializers.CharField()
    outcome = serializers.CharField()
    by = serializers.CharField(allow_null=True)
    note = serializers.CharField()


class CardPromotionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone_summary = serializers.CharField()
    ends_on = serializers.DateField(allow_null=True)


class ScriptSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    steps = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    objections = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))


class SlotSerializer(serializers.Serializer[Any]):
    host = serializers.SerializerMethodField()
    starts_at = fields.Moment(club=None)
    ends_at = fields.Moment(club=None)

    def get_host(self, slot: Any) -> int:
        return slot["host"] if isinstance(slot, dict) else slot.host.pk


class OtherTaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    reason = fields.Sentence(masked=True)
    closes = serializers.BooleanField(help_text="A conversation closes it too, unless close_also says otherwise.")


class CardSerializer(serializers.Serializer[Any]):
    """All that is seen of a call before and while it is made. The same for every role: it has no price."""

    member = CardMemberSerializer()
    membership = CardMembershipSerializer(allow_null=True)
    special_terms = serializers.ListField(child=serializers.CharField())
    warnings = WarningSerializer(many=True)
    household = MateSerializer(many=True)
    visits = CardVisitsSerializer()
    contacts = ContactSerializer(many=True)
    promotions = CardPromotionSerializer(many=True)
    script = ScriptSerializer(allow_null=True)
    slots = SlotSerializer(many=True)
    other_tasks = OtherTaskSerializer(many=True)


class NextSerializer(serializers.Serializer[Any]):
    task = TaskSerializer()
    card = CardSerializer()
    lease_until = fields.Moment(club=None)


class RecordedSerializer(serializers.Serializer[Any]):
    """``created``: what the outcome made, each as ``{kind: id}``."""

    task = TaskSerializer()
    attempt = serializers.SerializerMethodField()
    created = serializers.ListField(child=serializers.DictField(child=serializers.IntegerField()))

    @extend_schema_field(AnyAttemptSerializer)
    def get_attempt(self, recorded: Any) -> dict[str, Any]:
        return recorded["attempt"]
