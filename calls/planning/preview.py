"""What a plan would do, with the members behind each number; nothing is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from calls import planning
from calls.models import OPEN_STATUSES, CallTask
from calls.planning.scope import Scope
from calls.planning.storing import Stored
from calls.rules.kinds import Kind
from memberships import segments
from memberships.models import Club
from memberships.rules.sentences import Sentence

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A member behind a number; ``reason``: of their task, where there is one."""

    member: int
    reason: Sentence | None = None
    due_at: dt.datetime | None = None


@dataclass(frozen=True)
class Preview:
    """A plan and, under the same names, the members behind its numbers, the first of the queue first."""

    plan: planning.Plan
    created: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    raised: Sequence[Line] = ()
    reopened: Sequence[Line] = ()
    lapsed: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    for_manager: Sequence[Line] = ()

    def behind(self, number: str, key: str = "") -> Sequence[Line]:
        """The members of one number: ``("created", "renewal")``, ``("raised", "")``; none for one that is not there."""
        found = getattr(self, number) if number in NUMBERS else ()
        return found.get(key, ()) if isinstance(found, Mapping) else found


NUMBERS = ("created", "raised", "reopened", "lapsed", "left_out", "for_manager")


def preview(*, club: Club, on: dt.date, now: dt.datetime) -> Preview:
    """The plan of a club for one of its days, as it would be if it were made now."""
    with transaction.atomic():
        planning.one_at_a_time(club)
        if on <= now.astimezone(club.zone).date():
            segments.rank(club=club, on=on)
        before = _open_tasks(club)
        newest = CallTask.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        stored = Stored()
        plan = planning.run(Scope(club, on, now), stored)
        found = _found(club, plan, stored, before, newest)
        transaction.set_rollback(True)
    return found


def _open_tasks(club: Club) -> dict[int, str]:
    return dict(CallTask.objects.filter(club=club, status__in=OPEN_STATUSES).values_list("pk", "key"))


def _found(club: Club, plan: planning.Plan, stored: Stored, before: Mapping[int, str], newest: int) -> Preview:
    after = _open_tasks(club)
    made: dict[str, list[Line]] = {kind.value: [] for kind in Kind if plan.created.get(kind)}
    reopened, raised = [], []
    touched = [pk for pk, key in after.items() if before.get(pk) != key]
    for task in CallTask.objects.filter(pk__in=touched).order_by("sort_key", "due_at", "pk"):
        if task.pk > newest:
            made[task.kind].append(_line(task))
        else:
            (raised if task.pk in before else reopened).append(_line(task))
    lapsed: dict[str, list[Line]] = {}
    gone = CallTask.objects.filter(pk__in=before.keys() - after.keys()).order_by("sort_key", "due_at", "pk")
    for task in gone:
        lapsed.setdefault(task.lapsed_because, []).append(_line(task))
    return Preview(
        plan=plan,
        created=made,
        raised=raised,
        reopened=reopened,
        lapsed=lapsed,
        left_out={code: [Line(member) for member in members] for code, members in stored.left_out_members().items()},
        for_manager=[Line(member) for member in stored.for_manager],
    )


def _line(task: CallTask) -> Line:
    reason = Sentence.from_json(task.facts["reason"]) if "reason" in task.facts else None
    return Line(task.member_id, reason, task.due_at)
