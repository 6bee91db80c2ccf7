"""What the desk sends: the outcome of a call, for everybody on the number."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from calls import household
from calls.models import OPEN_STATUSES, CallTask, TaskStatus
from calls.outcomes import Also, Booking, Said
from memberships.models import Employee
from memberships.rules import local_time
from memberships.rules.errors import Invalid


class BadSlot(Invalid):
    """The time that was chosen is none that the desk offered."""

    field = "meeting"


@dataclass(frozen=True)
class Sent:
    """The outcome of the member who was rung, and of the household."""

    said: Said
    also: list[Also]


def read(data: QueryDict, *, task: CallTask, now: dt.datetime) -> Sent:
    """Reads the desk's fields; what they say is judged by ``outcomes.record``. Raises BadSlot."""
    said = Said(
        outcome=data.get("outcome", ""),
        reason=data.get("reason", ""),
        competitor=data.get("competitor", "").strip(),
        note=data.get("note", "").strip(),
        attends=data.get("attends", ""),
        absence_reason=data.get("absence_reason", "") if data.get("attends") == "no" else "",
        callback_at=_local(data.get("callback_at", ""), task),
        meeting=_booking(data.get("slot", ""), task) if data.get("outcome") == "booked" else None,
        complaint=data.get("complaint", "").strip(),
        duration_s=_seconds(data.get("duration_s", "")),
        close_also=_ticked(data) if "close_also_shown" in data else None,
    )
    return Sent(said, _household(data, task, now))


def _local(text: str, task: CallTask) -> dt.datetime | None:
    """A day and time as they were agreed: the member's."""
    try:
        asked = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return local_time.instant(asked.date(), asked.time(), task.member.zone(task.club))


def _booking(text: str, task: CallTask) -> Booking | None:
    """``"4|2026-11-12T17:00:00-06:00"``: a host of the club and an instant."""
    if not text:
        return None
    host, _bar, at = text.partition("|")
    try:
        starts_at = dt.datetime.fromisoformat(at)
        employee = Employee.objects.get(pk=int(host), club=task.club_id, is_host=True, active=True)
    except (ValueError, Employee.DoesNotExist):
        raise BadSlot(_("Choose one of the free times.")) from None
    if starts_at.tzinfo is None:
        raise BadSlot(_("Choose one of the free times."))
    return Booking(host=employee, starts_at=starts_at)


def _seconds(text: str) -> int | None:
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _ticked(data: QueryDict) -> list[int]:
    return [int(value) for value in data.getlist("close_also") if value.isascii() and value.isdigit()]


def _household(data: QueryDict, task: CallTask, now: dt.datetime) -> list[Also]:
    """``also-31-outcome`` and its other fields, for each other member on the number with an answer of their own."""
    names = [name.split("-") for name, value in data.items() if value]
    asked = {
        int(name[1])
        for name in names
        if len(name) == 3 and (name[0], name[2]) == ("also", "outcome") and name[1].isdigit()
    }
    if not asked:
        return []
    today = now.astimezone(task.club.zone).date()
    mates = [mate for mate in household.mates(task=task, today=today) if mate.pk in asked]
    due: dict[int, CallTask] = {}
    rows = CallTask.objects.filter(member__in=mates, status__in=OPEN_STATUSES).exclude(status=TaskStatus.LEASED)
    for row in rows.order_by("sort_key", "due_at", "pk"):
        due.setdefault(row.member_id, row)
    return [Also(member=mate, task=due.get(mate.pk), said=_mate(data, f"also-{mate.pk}-", task)) for mate in mates]


def _mate(data: QueryDict, name: str, task: CallTask) -> Said:
    """What was said to another member in the same call."""
    outcome = data.get(f"{name}outcome", "")
    return Said(
        outcome=outcome,
        reason=data.get(f"{name}reason", "") if outcome == "refused" else "",
        note=data.get(f"{name}note", "").strip(),
        callback_at=_local(data.get(f"{name}callback_at", ""), task) if outcome == "callback" else None,
        meeting=_booking(data.get(f"{name}slot", ""), task) if outcome == "booked" else None,
    )
