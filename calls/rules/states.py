"""States of call tasks and meetings, the moves between them and the times at which they are allowed (§5, §9)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from enum import StrEnum

from calls.rules.kinds import Code


class TaskState(StrEnum):
    """Where a call task stands. ``waiting`` is blocked until its ``ready_at``."""

    WAITING = "waiting"
    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    LAPSED = "lapsed"
    UNREACHABLE = "unreachable"


class Lapse(StrEnum):
    """Why a task went without a call."""

    RENEWED = "renewed"
    CANCELLED = "cancelled"
    FROZEN = "frozen"
    DNC = "dnc"
    DECEASED = "deceased"
    BAD_PHONE = "bad_phone"
    VISITED = "visited"
    WINDOW_OVER = "window_over"
    MERGED = "merged"
    SUPERSEDED = "superseded"
    POLICY = "policy"


OPEN = frozenset({TaskState.WAITING, TaskState.READY, TaskState.LEASED})
CLOSED = frozenset(TaskState) - OPEN

TASK_MOVES: dict[TaskState, frozenset[TaskState]] = {
    TaskState.WAITING: frozenset(
        {TaskState.READY, TaskState.LEASED, TaskState.DONE, TaskState.LAPSED, TaskState.UNREACHABLE}
    ),
    TaskState.READY: frozenset(
        {TaskState.WAITING, TaskState.LEASED, TaskState.DONE, TaskState.LAPSED, TaskState.UNREACHABLE}
    ),
    TaskState.LEASED: frozenset(
        {TaskState.WAITING, TaskState.READY, TaskState.DONE, TaskState.LAPSED, TaskState.UNREACHABLE}
    ),
    # a closed task opens again when its outcome is undone, a lapsed one also when its cause returns
    TaskState.DONE: frozenset({TaskState.WAITING, TaskState.READY, TaskState.LEASED}),
    TaskState.LAPSED: frozenset({TaskState.WAITING, TaskState.READY, TaskState.LEASED}),
    TaskState.UNREACHABLE: frozenset({TaskState.WAITING, TaskState.READY, TaskState.LEASED}),
}

LAPSES_BY: dict[Code, Lapse] = {
    Code.DECEASED: Lapse.DECEASED,
    Code.DO_NOT_CALL: Lapse.DNC,
    Code.NO_PHONE: Lapse.BAD_PHONE,
    Code.BAD_PHONE: Lapse.BAD_PHONE,
    Code.NO_CONSENT: Lapse.POLICY,
    Code.ALREADY_RENEWED: Lapse.RENEWED,
    Code.CANCELLED: Lapse.CANCELLED,
    Code.FROZEN: Lapse.FROZEN,
}
"""Codes by which an open task lapses, with the cause written down; by every other code it waits."""


def may_move(state: TaskState, to: TaskState) -> bool:
    """Whether a task may go from one state to another."""
    return to in TASK_MOVES[state]


class MeetingState(StrEnum):
    SCHEDULED = "scheduled"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"


MEETING_MOVES: dict[MeetingState, frozenset[MeetingState]] = {
    MeetingState.SCHEDULED: frozenset(
        {MeetingState.ATTENDED, MeetingState.NO_SHOW, MeetingState.RESCHEDULED, MeetingState.CANCELLED}
    ),
    MeetingState.NO_SHOW: frozenset({MeetingState.ATTENDED}),
    MeetingState.ATTENDED: frozenset(),
    MeetingState.RESCHEDULED: frozenset(),
    MeetingState.CANCELLED: frozenset(),
}

COMES_EARLY_AT_MOST = dt.timedelta(minutes=60)


def meeting_may_move(
    state: MeetingState,
    to: MeetingState,
    *,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    at: dt.datetime,
    zone: zoneinfo.ZoneInfo,
) -> bool:
    """Whether a meeting may go from one state to another at the instant ``at``; ``zone`` is the club's.

    Attended from 60 minutes before; missed from its end, and attended after all on the same club day;
    moved until its end; cancelled before its start.
    """
    if to not in MEETING_MOVES[state]:
        return False
    if state is MeetingState.NO_SHOW:
        return at.astimezone(zone).date() == starts_at.astimezone(zone).date()
    match to:
        case MeetingState.ATTENDED:
            return at >= starts_at - COMES_EARLY_AT_MOST
        case MeetingState.NO_SHOW:
            return at >= ends_at
        case MeetingState.RESCHEDULED:
            return at < ends_at
        case _:
            return at < starts_at
