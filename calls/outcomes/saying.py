"""What an operator says about a call, and whether it can be right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from calls.fixed import Fixed, Given
from calls.models import CallTask, RefusalReason
from calls.rules import outcomes, reasons
from calls.rules.kinds import Kind
from calls.rules.policy import Policy
from memberships.models import Club, Employee, Member
from memberships.rules.errors import Refused
from memberships.rules.sentences import N_, sentence

REASONS = Fixed(lambda: RefusalReason.objects.filter(club=Given("club"), retired=False).order_by("position", "pk"))
"""Those that a club lets choose now, in its order."""


class OutcomeRefused(Refused):
    """An outcome that cannot be stored as it was sent; ``fields`` says why, ``code`` is that of the first problem."""

    def __init__(self, problems: Sequence[outcomes.Problem]) -> None:
        fields: dict[str, list[object]] = {}
        for problem in problems:
            fields.setdefault(problem.field, []).append(problem.sentence)
        super().__init__(problems[0].sentence, fields=fields)
        self.code = problems[0].code


@dataclass(frozen=True, kw_only=True)
class Booking:
    """The meeting that was agreed; without a purpose the call's own."""

    host: Employee
    starts_at: dt.datetime
    purpose: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """How the call ended for one member. Reasons by code; ``close_also``: ids of the member's other tasks that this
    conversation closes too (``None``: welcome, birthday, care, at_risk).
    """

    outcome: str
    reason: str = ""
    competitor: str = ""
    note: str = ""
    attends: str = ""
    absence_reason: str = ""
    callback_at: dt.datetime | None = None
    meeting: Booking | None = None
    complaint: str = ""
    duration_s: int | None = None
    close_also: Sequence[int] | None = None


@dataclass(frozen=True, kw_only=True)
class Also:
    """What was said to another member of the household in the same call."""

    member: Member
    said: Said
    task: CallTask | None = None


@dataclass(frozen=True)
class Reasons:
    """The reasons that a club lets choose now, by code."""

    rows: dict[str, RefusalReason]
    rules: dict[str, reasons.Reason] = field(default_factory=dict)

    @classmethod
    def of(cls, club: Club | int) -> Reasons:
        pk = club if isinstance(club, int) else club.pk
        rows = {row.code: row for row in REASONS(club=pk)}
        return cls(rows, {code: row.rule for code, row in rows.items()})


def check(said: Said, *, kind: str, member: Member, known: Reasons, policy: Policy, now: dt.datetime) -> None:
    """Raises OutcomeRefused with everything that cannot be right about it."""
    if said.outcome not in set(outcomes.Outcome):
        raise OutcomeRefused([outcomes.Problem("outcome", "invalid", sentence(N_("There is no such outcome.")))])
    answer = outcomes.Answer(
        outcome=outcomes.Outcome(said.outcome),
        reason=said.reason,
        note=said.note,
        attends=said.attends,
        absence_reason=said.absence_reason,
        callback_at=said.callback_at,
        has_meeting=said.meeting is not None,
        complaint=said.complaint,
    )
    problems = outcomes.problems(
        answer, kind=Kind(kind), reasons=known.rules, policy=policy, zone=member.zone(member.club), now=now
    )
    if problems:
        raise OutcomeRefused(problems)
