"""Ringback's web processes with the claim's guards taken out, for the control of the desk under load."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.wsgi import application  # isort: skip
from calls.queue import statements  # isort: skip

LOCK = "FOR UPDATE OF t SKIP LOCKED"
SECOND_LOOK = " AND t.status = 'ready'"


def without_guards(claim: str) -> str:
    """The claim without its lock on the row and without the second look at it."""
    for guard in (LOCK, SECOND_LOOK):
        if guard not in claim:
            raise ValueError(f"the claim has no {guard!r} any more: the control takes nothing out")
        claim = claim.replace(guard, "")
    return claim


for name in ("CLAIM", "CLAIM_BY_YOUNG_LOOK", "CLAIM_IN_ONE", "CLAIM_IN_ONE_BY_YOUNG_LOOK"):
    setattr(statements, name, without_guards(getattr(statements, name)))
__all__ = ["application"]
