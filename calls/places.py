"""Places where an upper room hangs its part into calls: Protocols and lists, nothing more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from calls.rules.kinds import Kind
from calls.rules.planning import Risk, Wanted
from memberships.models import Club, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that a room wants to be made to a member, and what it is about.

    ``origin``: the kind of call that it came from; a refusal counts for that kind too.
    """

    wanted: Wanted
    member: int
    membership: int | None = None
    origin: str = ""


class TaskSource(Protocol):
    """Calls of one kind wanted on a club day: all of them, the open ones too, or they lapse.

    ``members``: only theirs are asked for; ``None``: everybody's.
    """

    kind: Kind

    def __call__(self, *, club: Club, on: dt.date, members: Collection[int] | None) -> Iterable[Asked]: ...


class RiskSource(Protocol):
    """A cause of at_risk calls: by member, where it holds on a club day."""

    def __call__(self, *, club: Club, on: dt.date, members: Collection[int] | None) -> Mapping[int, Risk]: ...


class MeetingLines(Protocol):
    """What a room knows of a member that the host should see before a meeting: (label, words), both translated."""

    def __call__(self, *, member: Member, on: dt.date) -> list[tuple[str, str]]: ...


task_sources: list[TaskSource] = []
risk_sources: list[RiskSource] = []
meeting_lines: list[MeetingLines] = []
