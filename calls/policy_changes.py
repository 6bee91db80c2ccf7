"""What a change of a club's policy changes: before it is stored, and ever after in its history."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Field, Model
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from calls import adjusting, policy, settling
from calls.adjusting import Window
from calls.models import CallingWindow, CallTask, ContactPolicy, TaskStatus
from calls.rules.facts import Policy
from memberships import audit, holding
from memberships.audit import Change, FieldChange
from memberships.models import Club, ClubPolicy, User

LOOKS_AT = 2000
"""So many open calls are asked about for a preview, the first of the queue."""

WINDOWS = "calling_windows"
WHERE_A_CLUB_IS = frozenset({"country", "region", "timezone"})


@dataclasses.dataclass(frozen=True)
class Foreseen:
    """What a change would do. ``hours_before`` and ``hours_after``: calling hours a week; the others count open
    calls among the ``asked``: ``freed`` wait now and would not, ``held`` would begin to wait, ``gone`` would lapse.
    """

    changes: tuple[FieldChange, ...]
    hours_before: float
    hours_after: float
    asked: int = 0
    freed: int = 0
    held: int = 0
    gone: int = 0


def foresee(
    *, club: Club, values: Mapping[str, object], calling_windows: Sequence[Window] | None, now: dt.datetime
) -> Foreseen:
    """What these values would change; nothing is stored. Raises WindowsRefused."""
    windows = adjusting.windows(club)
    wanted = windows if calling_windows is None else adjusting.checked(calling_windows)
    changes = _differences(adjusting.numbers(club), values)
    if sorted(wanted) != sorted(windows):
        changes.append(_windows_change(windows, wanted))
    told = Foreseen(tuple(changes), weekly_hours(windows), weekly_hours(wanted))
    rules = policy.of_club(club)
    named = {name: value for name, value in values.items() if name in policy.POLICY_FIELDS}
    then = dataclasses.replace(rules, **named, windows=by_weekday(wanted))
    return dataclasses.replace(told, **_among_open_calls(club, rules, then, now)) if changes else told


def _among_open_calls(club: Club, before: Policy, after: Policy, now: dt.datetime) -> dict[str, int]:
    open_calls = CallTask.objects.filter(club=club, status__in=(TaskStatus.READY, TaskStatus.WAITING))
    tasks = list(open_calls.exclude(to_supervisor=True).order_by("sort_key", "due_at", "pk")[:LOOKS_AT])
    wider = after if after.refused_days > before.refused_days else before
    known = policy.facts([task.member_id for task in tasks], at=now, policies={club.pk: wider})
    counts = {"asked": len(tasks), "freed": 0, "held": 0, "gone": 0}
    for task in tasks:
        at = max(now, task.due_at)
        was, will = (
            settling.place(policy.of_task(task, known[task.member_id], rules, at=at), now=now)
            for rules in (before, after)
        )
        if will.status == TaskStatus.LAPSED != was.status:
            counts["gone"] += 1
        elif was.status != will.status:
            counts["freed" if will.status == TaskStatus.READY else "held"] += 1
    return counts


def history(club: Club, *, limit: int = 20) -> list[Change]:
    """Who changed what of the club's policy, newest first; the calling windows as one value."""
    rows = [club, holding.policy_of(club), *ContactPolicy.objects.filter(club=club)]
    changes = []
    for change in audit.changes([row for row in rows if row.pk], limit=10 * limit):
        fields = tuple(field for field in change.fields if _of_policy(change.model, field.name))
        if change.label == "update" and fields:
            changes.append(dataclasses.replace(change, fields=fields))
    changes += _of_windows(club)
    return sorted(changes, key=lambda change: change.at, reverse=True)[:limit]


def _of_policy(model: type[Model], name: str) -> bool:
    """Whether a changed field is one of the policy's: of a club itself only where it is, not what it is called."""
    return name in WHERE_A_CLUB_IS if model is Club else name != "own_windows"


def _of_windows(club: Club) -> list[Change]:
    """The changes of the calling windows: all that one saving did is one change, kept beside its rows."""
    of_club = {ContactPolicy: {"club": club}, CallingWindow: {"policy__club": club}}
    saved = {
        event.pgh_context_id: event
        for model, mine in of_club.items()
        for event in model.pgh_event_model.objects.filter(**mine, pgh_context__has_key="windows_after")  # type: ignore[attr-defined]
    }
    people = User.objects.in_bulk({event.pgh_context.get("user") for event in saved.values()} - {None})
    changes = []
    for event in saved.values():
        context = event.pgh_context
        before, after = (_windows(context[name]) for name in ("windows_before", "windows_after"))
        if sorted(before) != sorted(after):
            by, why = str(people.get(context.get("user"), "")), str(context.get("source") or "")
            words = (_windows_change(before, after),)
            changes.append(
                Change(
                    at=event.pgh_created_at,
                    kind=WINDOWS,
                    what="",
                    id=event.pgh_obj_id,
                    label="update",
                    by=by,
                    why=why,
                    fields=words,
                    model=ContactPolicy,
                    event=event,
                )
            )
    return changes


def _windows(kept: Iterable[Iterable]) -> list[Window]:
    return [(day, dt.time.fromisoformat(begins), dt.time.fromisoformat(ends)) for day, begins, ends in kept]


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[FieldChange]:
    """The values that differ, in the words of the forms."""
    found = []
    for name, value in after.items():
        if name in before and before[name] != value:
            field = _field(name)
            found.append(FieldChange(name, str(field.verbose_name), _text(field, before[name]), _text(field, value)))
    return found


def _field(name: str) -> Field:
    model = ClubPolicy if name in adjusting.MEMBERSHIP_NUMBERS else ContactPolicy
    return model._meta.get_field(name)  # type: ignore[return-value]


def _text(field: Field, value: object) -> str:
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    return str(dict(field.flatchoices).get(value, value))


def _windows_change(before: Iterable[Window], after: Iterable[Window]) -> FieldChange:
    return FieldChange(WINDOWS, _("Calling windows"), windows_words(before), windows_words(after))


def windows_words(windows: Iterable[Window]) -> str:
    """ "Mon–Fri 10:00–20:00; Sat–Sun 11:00–18:00": days on end with the same hours together."""
    told: list[tuple[list[int], str]] = []
    by_day = by_weekday(windows)
    for weekday in range(7):
        spans = ", ".join(f"{begins:%H:%M}–{ends:%H:%M}" for begins, ends in by_day.get(weekday, ()))
        if spans and told and told[-1][1] == spans and told[-1][0][-1] == weekday - 1:
            told[-1][0].append(weekday)
        elif spans:
            told.append(([weekday], spans))
    names = {weekday: str(WEEKDAYS_ABBR[weekday]) for weekday in range(7)}
    parts = [f"{names[days[0]]}{f'–{names[days[-1]]}' if len(days) > 1 else ''} {spans}" for days, spans in told]
    return "; ".join(parts) or _("nobody is rung")


def by_weekday(windows: Iterable[Window]) -> dict[int, list[tuple[dt.time, dt.time]]]:
    """The windows as the rules take them."""
    found: dict[int, list[tuple[dt.time, dt.time]]] = {}
    for weekday, begins, ends in sorted(windows):
        found.setdefault(weekday, []).append((begins, ends))
    return found


def weekly_hours(windows: Iterable[Window]) -> float:
    """How many hours a week somebody may be rung."""
    minutes = sum((ends.hour * 60 + ends.minute) - (begins.hour * 60 + begins.minute) for _day, begins, ends in windows)
    return minutes / 60
