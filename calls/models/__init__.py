"""The tables of the calls room, by subject."""

from calls.models.feedback import Complaint, Request
from calls.models.meetings import Meeting, MeetingResult, MeetingStatus, Purpose
from calls.models.policy import CallingWindow, ContactPolicy
from calls.models.work import (
    ON_LEASE,
    OPEN_STATUSES,
    Attends,
    CallAttempt,
    CallTask,
    Kind,
    Lapse,
    OperatorState,
    Outcome,
    PlanRun,
    ReasonGroup,
    RefusalReason,
    Script,
    TaskRelease,
    TaskStatus,
)

__all__ = [
    "ON_LEASE",
    "OPEN_STATUSES",
    "Attends",
    "CallAttempt",
    "CallTask",
    "CallingWindow",
    "Complaint",
    "ContactPolicy",
    "Kind",
    "Lapse",
    "Meeting",
    "MeetingResult",
    "MeetingStatus",
    "OperatorState",
    "Outcome",
    "PlanRun",
    "Purpose",
    "ReasonGroup",
    "RefusalReason",
    "Request",
    "Script",
    "TaskRelease",
    "TaskStatus",
]
