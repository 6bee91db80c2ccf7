"""Which rows of this room belong to a member, and which of their columns hold words about the person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from memberships.places import MemberRows
from onboarding.models import Checklist, Step

ROWS = (
    MemberRows("checklists", _("Checklists"), Checklist),
    MemberRows("steps", _("Steps"), Step, path="checklist__member", words=("result", "skip_reason")),
)
