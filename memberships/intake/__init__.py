"""Files brought in on the web: received, looked at, checked, loaded by a worker, and forgotten after some days."""

from memberships.intake.keeping import (
    FormerStage,
    check,
    forget_all,
    forget_old,
    leave,
    load,
    mean_plans,
    receive,
    remembered,
    report_of,
    unknown_plans,
)
from memberships.intake.looking import Column, look
from memberships.intake.working import work

__all__ = [
    "Column",
    "FormerStage",
    "check",
    "forget_all",
    "forget_old",
    "leave",
    "load",
    "look",
    "mean_plans",
    "receive",
    "remembered",
    "report_of",
    "unknown_plans",
    "work",
]
