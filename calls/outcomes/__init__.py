"""How a call ended: recorded once, taken back within five minutes, corrected by a manager later.

Locks are taken in the order of all operations: members by id, then tasks by id.
"""

from calls.outcomes.correcting import NoReasonWhy, correct
from calls.outcomes.recording import AlreadyRecorded, OutcomeRefused, Recorded, record
from calls.outcomes.saying import Also, Booking, Said
from calls.outcomes.undoing import UndoTooLate, last_of, undo

__all__ = [
    "AlreadyRecorded",
    "Also",
    "Booking",
    "NoReasonWhy",
    "OutcomeRefused",
    "Recorded",
    "Said",
    "UndoTooLate",
    "correct",
    "last_of",
    "record",
    "undo",
]
