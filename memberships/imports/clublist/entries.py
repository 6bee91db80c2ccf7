"""A row of a club's list as it was read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from memberships.models import Plan
from memberships.rules.same_person import Person


@dataclass(eq=False)
class Entry:
    """A person and, where it has a plan and a first day, a membership. ``unread``: fields of unreadable cells.

    ``person``: what tells whether it is the same one as another. ``problems``: field, cell and sentence of what
    refuses the row.
    """

    line: int
    last_name: str
    first_name: str
    middle_name: str
    phone: str
    phone_raw: str
    email: str
    birthday: dt.date | None
    notes: str
    consent: bool | None
    do_not_call: bool
    plan_text: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    price: Decimal | None
    unread: frozenset[str]
    person: Person
    plan: Plan | None = None
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name as the list has it."""
        return " ".join(filter(None, (self.last_name, self.first_name, self.middle_name)))

    @property
    def has_span(self) -> bool:
        """Whether both days are told."""
        return self.starts_on is not None and self.ends_on is not None

    @property
    def sells(self) -> bool:
        """Whether the row tells of a membership."""
        return self.plan is not None and self.starts_on is not None

    def refuse(self, field: str, value: str, sentence: str) -> None:
        """The row cannot be taken because of one of its cells."""
        self.problems.append((field, value, sentence))
