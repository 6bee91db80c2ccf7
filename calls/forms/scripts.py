"""What the script editor sends: steps and objections, row by row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

from django.conf.global_settings import LANGUAGES
from django.utils.translation import gettext

from calls.rules.scripts import Objection, Script, Step

Part = TypeVar("Part", Step, Objection)
ROWS = {"step": Step, "objection": Objection}
_MOVE = re.compile(r"(add|drop|up|down)-(step|objection)(?:-(\d{1,3}))?")


def read(data: Mapping[str, str]) -> Script:
    """The script as it was typed, rows without a word among it."""
    return Script(tuple(_rows(data, "step", Step)), tuple(_rows(data, "objection", Objection)))


def written(script: Script) -> Script:
    """The same without the rows in which there is no word."""
    return Script(tuple(filter(_has_words, script.steps)), tuple(filter(_has_words, script.objections)))


def _has_words(part: Step | Objection) -> bool:
    return any(getattr(part, field.name) for field in fields(part))


def rearranged(script: Script, asked: str) -> Script | None:
    """The script with a row added, dropped or moved, as a button asks (``up-step-2``); None: it asks for no such
    thing.
    """
    match = _MOVE.fullmatch(asked)
    if match is None:
        return None
    verb, kind, number = match.groups()
    steps, objections = list(script.steps), list(script.objections)
    rows: list[Step] | list[Objection] = steps if kind == "step" else objections
    place = int(number or 0)
    if verb == "add":
        rows.append(ROWS[kind]("", "", ""))  # type: ignore[arg-type]
    elif place < len(rows):
        row = rows.pop(place)
        if verb != "drop":
            rows.insert(max(place - 1, 0) if verb == "up" else place + 1, row)  # type: ignore[arg-type]
    return Script(tuple(steps), tuple(objections))


def languages() -> list[tuple[str, str]]:
    """Codes of two or three letters with their names in the reader's language, by name."""
    found = [(code, gettext(name)) for code, name in LANGUAGES if "-" not in code]
    return sorted(found, key=lambda one: one[1])


def _rows(data: Mapping[str, str], kind: str, part: type[Part]) -> Sequence[Part]:
    names = [field.name for field in fields(part)]
    numbers = sorted(
        {int(match[1]) for key in data if (match := re.fullmatch(rf"{kind}-(\d{{1,3}})-(?:{'|'.join(names)})", key))}
    )
    return [part(**{name: data.get(f"{kind}-{number}-{name}", "").strip() for name in names}) for number in numbers]
