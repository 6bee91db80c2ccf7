"""For whom and when a plan is made, and what it wants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from calls import policy, prepared
from calls.rules import position
from calls.rules.facts import Policy
from calls.rules.planning import Wanted
from memberships import holding
from memberships.models import Club
from memberships.rules import attendance, local_time
from memberships.rules.attendance import Counts
from memberships.rules.terms import DAY


@dataclass(frozen=True)
class Scope:
    """A club and one of its days; ``members``: only these are looked at (``None``: all). ``now``: when it is made."""

    club: Club
    on: dt.date
    now: dt.datetime
    members: Collection[int] | None = None

    @cached_property
    def policy(self) -> Policy:
        return policy.of_club(self.club)

    @cached_property
    def at(self) -> dt.datetime:
        """The instant at which the policy is asked: now, or for another day its first instant."""
        today = self.now.astimezone(self.policy.zone).date()
        return self.now if self.on == today else self.midnight(self.on)

    @cached_property
    def absent_days(self) -> int:
        return holding.policy_of(self.club).absent_days

    @cached_property
    def counts_visits(self) -> bool:
        """Whether visits can be told from missing data: the club has had one in its last days."""
        quiet_days = holding.policy_of(self.club).no_visits_days
        since = self.midnight(self.on - (quiet_days - 1) * DAY)
        found = prepared.rows(
            "SELECT EXISTS (SELECT FROM memberships_visit v WHERE v.club_id = %(club)s"
            " AND v.at >= %(since)s AND v.at < %(until)s)",
            {"club": self.club.pk, "since": since, "until": self.midnight(self.on + DAY)},
        )
        return bool(found[0][0])

    def midnight(self, day: dt.date) -> dt.datetime:
        """The club's midnight that begins a day."""
        if day not in self._midnights:
            self._midnights[day] = local_time.first_instant(day, self.policy.zone)
        return self._midnights[day]

    @cached_property
    def _midnights(self) -> dict[dt.date, dt.datetime]:
        return {}

    def due_at(self, wanted: Wanted) -> dt.datetime:
        """When the task is due: at its instant, else when its day begins."""
        return wanted.due_at or self.midnight(wanted.due_on)

    def only(self, column: str) -> str:
        """The condition that keeps a statement to the members that are looked at."""
        return "" if self.members is None else f"AND {column} = ANY (%(members)s::bigint[])"

    def params(self, **more: object) -> dict[str, object]:
        """Parameters that every statement may use: ``club on at``, ``members`` where they are named, and ``more``."""
        given: dict[str, object] = {"club": self.club.pk, "on": self.on, "at": self.at, **more}
        if self.members is not None:
            given["members"] = list(self.members)
        return given

    def visit_bounds(self) -> dict[str, object]:
        """The instants between which visits are counted: ``before_from lately_from until``."""
        return {
            "before_from": self.midnight(attendance.days_before(self.on).first),
            "lately_from": self.midnight(attendance.lately(self.on).first),
            "until": self.midnight(self.on + DAY),
        }

    def stream(self, statement: str, **more: object) -> Iterator[tuple]:
        """The rows of a statement, a chunk at a time."""
        for chunk in prepared.stream(statement, self.params(**more)):
            yield from chunk


class Kept(NamedTuple):
    """A task that is wanted and stands already as it should."""

    member: int
    task: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A call that the rules want, with what its task is about. ``again``: the same, its reason naming visits."""

    wanted: Wanted
    member: int
    due_at: dt.datetime
    sort_key: int
    membership: int | None = None
    meeting: int | None = None
    origin: str = ""
    again: Callable[[Counts], Wanted | None] | None = None


def simple(scope: Scope, wanted: Wanted, *, member: int, **about: object) -> Want:
    """A wanted call of a kind that has no order of its own within the kind."""
    return Want(
        wanted=wanted,
        member=member,
        due_at=scope.due_at(wanted),
        sort_key=position.sort_key(wanted.kind, score=wanted.score),
        **about,  # type: ignore[arg-type]
    )
