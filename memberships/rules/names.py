"""Names of people as lists write them in one cell: which word is which, and in what case."""

from __future__ import annotations

import re
from typing import NamedTuple


class Name(NamedTuple):
    """A name in its parts."""

    last: str
    first: str = ""
    middle: str = ""


_PATRONYMIC = re.compile(r".+(?:ович|евич|ьич|ична|овна|евна|инична|оглы|кызы)", re.IGNORECASE)
_SURNAME = re.compile(r"(?!(?:яков|иов|лев|ева)\Z).+(?:[оеё]ва?|[сц]к(?:ий|ая))", re.IGNORECASE)
"""Endings that first names do not have ("Марина" and "Константин" end like surnames, too)."""
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)


def parts(text: str, *, last_first: bool = False) -> Name:
    """The parts of a whole name: "Petrov Ivan Ilyich" in Russian, "Ivan Petrov" elsewhere; a comma tells by itself.
    ``last_first``: the column says that the last name stands first, in whatever letters.

    Two Russian words that changed places ("Иван Петров Ильич") are told apart by their endings where these say it.
    """
    text = " ".join(text.split())
    if "," in text:
        last, _comma, rest = text.partition(",")
        first, _space, middle = rest.strip().partition(" ")
        return Name(cased(last.strip()), cased(first), cased(middle))
    words = [cased(word) for word in text.split(" ")]
    if len(words) == 1:
        return Name(words[0])
    if last_first and not _CYRILLIC.search(text):
        return Name(words[0], words[1], " ".join(words[2:]))
    if not _CYRILLIC.search(text):
        return Name(words[-1], words[0], " ".join(words[1:-1]))
    last, first, *rest = words
    if _PATRONYMIC.fullmatch(first) and rest and not _PATRONYMIC.fullmatch(rest[-1]):  # Иван Ильич Петров
        return Name(" ".join(rest), last, first)
    if _SURNAME.fullmatch(first) and not _SURNAME.fullmatch(last):
        last, first = first, last
    return Name(last, first, " ".join(rest))


def cased(text: str) -> str:
    """Words that are all capitals, or none, as names are written; mixed ones stay as they are."""
    if text not in (text.upper(), text.lower()) or len(text) < 2:
        return text
    return re.sub(r"[^\W\d_]+(?:['’][^\W\d_]{1,2}\b)?", lambda found: found[0].capitalize(), text)
