"""Which rows of this room belong to a member, and which of their columns hold words about the person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from memberships.models import Freeze, Member, Membership, Quote, SegmentChange, SpecialDate, Visit
from memberships.places import MemberRows

DETAILS = (
    "external_id", "last_name", "first_name", "middle_name", "phone", "phone_raw", "email", "birthday", "guardian",
    "guardian_phone", "consent_evidence", "do_not_call_note", "interests", "goal", "notes",
)  # fmt: skip

ROWS = (
    MemberRows("member", _("Member"), Member, path="pk", words=DETAILS),
    MemberRows("memberships", _("Memberships"), Membership, words=("external_id", "cancel_reason", "special_terms")),
    MemberRows("freezes", _("Freezes"), Freeze, path="membership__member", words=("reason", "override_reason")),
    MemberRows("visits", _("Visits"), Visit, once="at"),
    MemberRows("quotes", _("Offers"), Quote, words=("override_reason",)),
    MemberRows("special_dates", _("Special dates"), SpecialDate, words=("name",)),
    MemberRows("segments", _("Segments"), SegmentChange, once="on"),
)
