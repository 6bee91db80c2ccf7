"""What the desk sends: the outcome of a call, for everybody on the number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from calls.models import CallTask
from calls.outcomes import Also, Booking, Said
from memberships.models import Employee, Member
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


def read(data: Mapping[str, str], *, task: CallTask) -> Sent:
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
    )
    return Sent(said, _household(data, task))


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


def _household(data: Mapping[str, str], task: CallTask) -> list[Also]:
    """``also-31-outcome`` and its ``reason`` for each other member on the number with an answer of their own."""
    asked = {
        int(name.split("-")[1]): value
        for name, value in data.items()
        if name.startswith("also-") and name.endswith("-outcome") and value and name.split("-")[1].isdigit()
    }
    mates = Member.objects.filter(club=task.club_id, phone=task.phone, pk__in=asked).exclude(pk=task.member_id)
    open_tasks = CallTask.objects.filter(member__in=mates, status__in=["waiting", "ready"]).order_by("sort_key", "pk")
    due: dict[int, CallTask] = {}
    for row in open_tasks if task.phone else ():
        due.setdefault(row.member_id, row)
    return [
        Also(
            member=mate,
            task=due.get(mate.pk),
            said=Said(outcome=asked[mate.pk], reason=data.get(f"also-{mate.pk}-reason", "")),
        )
        for mate in mates.order_by("pk")
        if task.phone
    ]
