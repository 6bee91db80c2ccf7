"""What happened in a call or a meeting, told in the same transaction to those who asked.

An upper room adds its listener in ``apps.py``: ``events.meeting_attended.append(close_review_step)``. A listener
that raises takes the whole operation back.
"""

from __future__ import annotations

from typing import Protocol

from calls.models import CallAttempt, CallTask, Meeting
from memberships.events import Moment


class OnAttempt(Protocol):
    def __call__(self, *, attempt: CallAttempt, moment: Moment) -> None: ...


class OnTasks(Protocol):
    def __call__(self, *, tasks: list[CallTask], moment: Moment) -> None: ...


class OnMeeting(Protocol):
    def __call__(self, *, meeting: Meeting, moment: Moment) -> None: ...


outcome_recorded: list[OnAttempt] = []  # recorded, or corrected to another outcome
outcome_undone: list[OnAttempt] = []  # taken back within the five minutes; the attempt still names what is taken back
tasks_lapsed: list[OnTasks] = []  # went without a call; ``lapsed_because`` says why
meeting_booked: list[OnMeeting] = []  # also the new one of a move
meeting_attended: list[OnMeeting] = []
meeting_missed: list[OnMeeting] = []
meeting_off: list[OnMeeting] = []  # cancelled, or taken back with the outcome that booked it
meeting_closed: list[OnMeeting] = []
