"""What runs is what is locked, to the version, with all that it needs: only so does an audit of the list see it all."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"


def locked() -> dict[str, str]:
    lines = [line.split("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines()]
    pinned = [re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", line) for line in lines if line]
    assert all(pinned), [line for line, match in zip(filter(None, lines), pinned, strict=True) if not match]
    return {canonicalize_name(match[1]): match[2] for match in pinned if match}


def installed() -> dict[str, importlib.metadata.Distribution]:
    return {canonicalize_name(one.metadata["Name"]): one for one in importlib.metadata.distributions()}


def test_every_package_is_locked_to_the_version_that_runs() -> None:
    known = locked()
    assert {name: one.version for name, one in installed().items() if name in known} == known


def test_what_a_package_needs_is_locked_too() -> None:
    known = locked()
    missing = {
        f"{name} needs {needed.name}"
        for name, one in installed().items()
        if name in known
        for needed in map(Requirement, one.requires or [])
        if (needed.marker is None or needed.marker.evaluate({"extra": ""}))
        and not needed.specifier.contains(known.get(canonicalize_name(needed.name), "0"), prereleases=True)
    }
    assert missing == set()
