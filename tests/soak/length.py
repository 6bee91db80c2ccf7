"""How long a soak is asked to be; read before anything else, so that a wrong word is said at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GROUPS = ("desk", "killing", "planners", "windows", "outages", "mixed", "described", "covered", "mutants")


@dataclass(frozen=True)
class Length:
    """``minutes`` of mixed load; ``only``: the names of the checks asked for; ``short``: as long as the tests."""

    minutes: float
    only: tuple[str, ...] = ()
    short: bool = False


def length(env: Mapping[str, str]) -> Length:
    """From MINUTES, ONLY and SHORT. Raises ValueError with a sentence."""
    try:
        minutes = float(env.get("MINUTES") or 30)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < 24 * 60:
        raise ValueError(f"MINUTES={env.get('MINUTES')} is no number of minutes; take one such as MINUTES=30.")
    only = tuple(name for name in (env.get("ONLY") or "").split(",") if name)
    if unknown := set(only) - set(GROUPS):
        raise ValueError(f"ONLY={','.join(sorted(unknown))} is none of {', '.join(GROUPS)}.")
    return Length(minutes, only, env.get("SHORT", "") not in ("", "0"))
