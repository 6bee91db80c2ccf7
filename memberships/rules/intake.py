"""Where a file stands on its way into a club, and the moves between."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """``columns``: its columns wait to be confirmed; ``check`` and ``load``: asked for or being worked on."""

    COLUMNS = "columns"
    CHECK = "check"
    CHECKED = "checked"
    LOAD = "load"
    LOADED = "loaded"
    FAILED = "failed"
    REMOVED = "removed"


WORKING = frozenset({Stage.CHECK, Stage.LOAD})

MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.COLUMNS: frozenset({Stage.CHECK, Stage.REMOVED}),
    Stage.CHECK: frozenset({Stage.CHECKED, Stage.FAILED}),
    Stage.CHECKED: frozenset({Stage.CHECK, Stage.LOAD, Stage.REMOVED}),
    # refused rows that only turn up when the file is loaded bring it back
    Stage.LOAD: frozenset({Stage.LOADED, Stage.CHECKED, Stage.FAILED}),
    Stage.LOADED: frozenset(),
    Stage.FAILED: frozenset({Stage.CHECK, Stage.REMOVED}),
    Stage.REMOVED: frozenset(),
}


def before(stage: Stage) -> frozenset[Stage]:
    """The stages from which a file may come to this one."""
    return frozenset(known for known, next_ones in MOVES.items() if stage in next_ones)
