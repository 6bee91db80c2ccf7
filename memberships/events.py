"""What happened to a membership, told in the same transaction to those who asked.

An upper room adds its listener in ``apps.py``: ``events.sold.append(start_checklist)``. A listener that raises
takes the whole operation back. Nothing else of Ringback's own logic travels by signals.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from memberships.models import Freeze, Member, Membership, User, Visit


@dataclass(frozen=True)
class Moment:
    """When it happened, on which club day, and who did it (None: the system)."""

    now: dt.datetime
    today: dt.date
    by: User | None


class OnMembership(Protocol):
    def __call__(self, *, membership: Membership, moment: Moment) -> None: ...


class OnChanged(Protocol):
    def __call__(self, *, old: Membership, new: Membership, moment: Moment) -> None: ...


class OnFreezes(Protocol):
    def __call__(self, *, freezes: list[Freeze], moved: list[Membership], moment: Moment) -> None: ...


class OnVisits(Protocol):
    def __call__(self, *, visits: list[Visit], moment: Moment) -> None: ...


class OnMembers(Protocol):
    def __call__(self, *, member: Member, moment: Moment) -> None: ...


class OnMerged(Protocol):
    def __call__(self, *, kept: Member, gone: Member, moment: Moment) -> None: ...


sold: list[OnMembership] = []  # a new, renewed or returning membership
changed: list[OnChanged] = []  # a change of plan: the old one closed, the new one begun
cancelled: list[OnMembership] = []
frozen: list[OnFreezes] = []  # a freeze, or all those of a closure, with the memberships whose days moved
unfrozen: list[OnFreezes] = []  # ended early or voided; a closure taken back
visited: list[OnVisits] = []
member_changed: list[OnMembers] = []  # phone, consent, do-not-call or deceased changed
merged: list[OnMerged] = []
erased: list[OnMembers] = []
