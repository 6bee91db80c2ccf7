"""A manager changes a club's numbers, its opening hours and its calling windows."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db.models import Model

from calls import settling
from calls.models import CallingWindow, CallTask, ContactPolicy, TaskStatus
from calls.rules import hours
from calls.rules.kinds import Code
from memberships import holding
from memberships.models import Club, ClubPolicy, User
from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

Window = tuple[int, dt.time, dt.time]
"""A weekday from Monday 0, from, to."""

DEFAULT: list[Window] = [(weekday, *window) for weekday, day in hours.DEFAULT_WINDOWS.items() for window in day]
HOURS = ("opens_at", "closes_at", "host_from", "host_to")
_NOT_NUMBERS = {"id", "club", "own_windows", *HOURS}
MEMBERSHIP_NUMBERS, CALL_NUMBERS = (
    tuple(field.name for field in model._meta.concrete_fields if field.name not in _NOT_NUMBERS)
    for model in (ClubPolicy, ContactPolicy)
)


WAITED_FOR = [code.value for code in Code if code not in settling.ZONE_WIDE]


class PolicyRefused(Invalid):
    """A value that a policy cannot have; ``fields`` says which and why."""


class WindowsRefused(Invalid):
    """A calling window that ends before it begins, overlaps another one, or lies outside 08:00–21:00."""

    field = "calling_windows"


def numbers(club: Club) -> dict[str, object]:
    """Every number of the club's policy by name, hours among them; the defaults where nothing is stored."""
    club_policy, contact = _rows(club)
    return {name: getattr(club_policy, name) for name in MEMBERSHIP_NUMBERS} | {
        name: getattr(contact, name) for name in (*CALL_NUMBERS, *HOURS)
    }


def windows(club: Club) -> list[Window]:
    """When the club's members may be rung, by weekday and time."""
    _club_policy, contact = _rows(club)
    if not contact.own_windows:
        return list(DEFAULT)
    rows = CallingWindow.objects.filter(policy=contact).order_by("weekday", "from_time")
    return list(rows.values_list("weekday", "from_time", "to_time"))


def change(
    *,
    club: Club,
    values: Mapping[str, object],
    calling_windows: Sequence[Window] | None = None,
    default_windows: bool = False,
    by: User | None,
    now: dt.datetime,
    source: str | None = None,
) -> None:
    """Stores numbers and hours by name, and the calling windows where given (``default_windows``: those of a new
    club again). What is left out stays. Calls that waited by the old numbers are asked about again by the new ones.
    ``source``: where the values come from, for the history. Raises PolicyRefused, WindowsRefused.
    """
    wanted = None if calling_windows is None else checked(calling_windows)
    told = {}
    if wanted is not None or default_windows:
        told = {"windows_before": _plain(windows(club)), "windows_after": _plain(DEFAULT if wanted is None else wanted)}
    with holding.operation(by=by, source=source, **told):
        club_policy, contact = _rows(club)
        _store(club_policy, {name: value for name, value in values.items() if name in MEMBERSHIP_NUMBERS})
        own = {"own_windows": wanted is not None} if told else {}
        _store(contact, {name: value for name, value in values.items() if name in (*CALL_NUMBERS, *HOURS)} | own)
        if own:
            CallingWindow.objects.filter(policy=contact).delete()
        if wanted is not None:
            CallingWindow.objects.bulk_create(
                CallingWindow(policy=contact, weekday=weekday, from_time=begins, to_time=ends)
                for weekday, begins, ends in wanted
            )
        waiting = CallTask.objects.filter(club=club, status=TaskStatus.WAITING, waits_for__in=WAITED_FOR)
        settling.settle(tasks=list(waiting.values_list("pk", flat=True)), now=now)


def _plain(windows: Sequence[Window]) -> list[list[object]]:
    """The windows as the history keeps them beside a change."""
    return [[weekday, f"{begins:%H:%M}", f"{ends:%H:%M}"] for weekday, begins, ends in windows]


def _rows(club: Club) -> tuple[ClubPolicy, ContactPolicy]:
    contact = ContactPolicy.objects.filter(club=club).order_by("pk").first()
    return holding.policy_of(club), contact or ContactPolicy(club=club)


def _store(row: Model, changes: Mapping[str, object]) -> None:
    if not changes:
        return
    for name, value in changes.items():
        setattr(row, name, value)
    try:
        row.full_clean()
    except ValidationError as error:
        found = {
            name if name != "__all__" else next(iter(changes)): texts for name, texts in error.message_dict.items()
        }
        raise PolicyRefused(next(iter(found.values()))[0], fields=found) from None
    row.save()


def checked(asked: Sequence[Window]) -> list[Window]:
    """The same windows in order. Raises WindowsRefused."""
    ordered = sorted(asked)
    for weekday, begins, ends in ordered:
        if not 0 <= weekday <= 6:
            raise WindowsRefused(sentence(N_("A weekday is a number from 0, Monday, to 6, Sunday.")))
        if ends <= begins:
            raise WindowsRefused(sentence(N_("A calling window must end after it begins.")))
        if begins < hours.EARLIEST or ends > hours.LATEST:
            raise WindowsRefused(sentence(N_("Nobody is rung before 08:00 or from 21:00 on.")))
    for (weekday, _begins, ends), (next_weekday, next_begins, _ends) in itertools.pairwise(ordered):
        if weekday == next_weekday and next_begins < ends:
            raise WindowsRefused(sentence(N_("Two calling windows of one weekday overlap.")))
    return ordered
