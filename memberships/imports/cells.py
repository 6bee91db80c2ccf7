"""Reads cells, a column of many rows at a time: text as written in, text as the database takes it out.

A reader is made once for a file. What has few spellings (days, plans, prices, yes and no) is read once per spelling;
what is different in every row is checked for a whole stretch of rows at once. Either way the good case costs a few
dozen nanoseconds a cell, which is what lets a million rows through.
"""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Protocol

from django.utils.translation import gettext as _

NULL = "\x01"
"""An empty cell of a column that may be null: no text can hold this character, and COPY is told that it is null."""

MOST_SPELLINGS = 50_000
MOST_MONEY = 10**9
YES = frozenset({"yes", "y", "true", "t", "1", "да", "д", "+", "истина", "x", "✓"})
NO = frozenset({"no", "n", "false", "f", "0", "нет", "н", "-", "ложь"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PARTS = re.compile(r"[\s_-]+")
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'’")
EMAIL = re.compile(r"[^@\s,;:<>()\[\]\"\\]{1,64}@(?=[^@]{3,188}\Z)(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}")


class Unreadable(Exception):
    """A cell that cannot be read; says why."""


class Bad(str):
    """Stands in a column for a cell that could not be read; the text is the sentence why."""

    __slots__ = ()


class Reader(Protocol):
    """Reads a stretch of a column. ``failed`` is True once any of its cells was not readable."""

    failed: bool

    def __call__(self, cells: list[str]) -> list[str]: ...


class Spellings(dict[str, str]):
    """Reads columns of few different cells: each spelling is read once. Cells come stripped to ``read``."""

    def __init__(self, read: Callable[[str], str], empty: str | None = NULL) -> None:
        """``empty``: what an empty cell is; None where the column is required."""
        super().__init__()
        self.read, self.empty = read, empty
        self.failed = False

    def __missing__(self, cell: str) -> str:
        text = cell.strip()
        try:
            value = self._value(text)
        except Unreadable as error:
            self.failed = True
            value = Bad(error)
        self[cell] = value
        return value

    def _value(self, text: str) -> str:
        if text:
            return self.read(text)
        if self.empty is None:
            raise Unreadable(_("This column must not be empty."))
        return self.empty

    def __call__(self, cells: list[str]) -> list[str]:
        if len(self) > MOST_SPELLINGS:
            self.clear()
        return list(map(self.__getitem__, cells))


class Each:
    """Reads columns whose cells are all different: those that are ``plain`` stay as they are, others are read."""

    def __init__(self, plain: re.Pattern[str], read: Callable[[str], str]) -> None:
        self.plain, self.read = plain, read
        self.failed = False

    def __call__(self, cells: list[str]) -> list[str]:
        plain = map(self.plain.fullmatch, cells)
        return [cell if found else self._cell(cell.strip()) for cell, found in zip(cells, plain, strict=True)]

    def _cell(self, text: str) -> str:
        try:
            return self.read(text) if text else ""
        except Unreadable as error:
            self.failed = True
            return Bad(error)


class Text:
    """Reads free text of at most ``longest`` characters, a whole stretch at once."""

    def __init__(self, longest: int, empty: str | None = "", *, lines: bool = False) -> None:
        """``lines``: whether it may have several lines; elsewhere a line break becomes a space."""
        self.longest, self.empty, self.lines = longest, empty, lines
        self.failed = False

    def __call__(self, cells: list[str]) -> list[str]:
        texts = list(map(str.strip, cells))
        whole = "".join(texts)
        lengths = list(map(len, texts))
        if (
            whole.isprintable()
            and max(lengths, default=0) <= self.longest
            and (self.empty == "" or min(lengths, default=1))
            and (whole.isascii() or unicodedata.is_normalized("NFC", whole))
        ):
            return texts
        return [self._cell(text) for text in texts]

    def _cell(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        if not self.lines:
            text = " ".join(text.splitlines())
        if len(text) > self.longest:
            return self._bad(_("This text is longer than %(count)s characters.") % {"count": self.longest})
        if _CONTROL.search(text):
            return self._bad(_("This text holds characters that cannot be kept."))
        if text:
            return text
        return self._bad(_("This column must not be empty.")) if self.empty is None else self.empty

    def _bad(self, why: str) -> Bad:
        self.failed = True
        return Bad(why)


def column_of(reader: Reader, count: int) -> list[str]:
    """What the reader makes of a column that the file does not have."""
    return reader([""]) * count


# ---- what is read once per spelling ------------------------------------------------------------------------


def yes_or_no(text: str) -> str:
    """``t`` or ``f``."""
    word = text.casefold()
    if word in YES:
        return "t"
    if word in NO:
        return "f"
    raise Unreadable(_("“%(text)s” is neither yes nor no.") % {"text": shown(text)})


def number(least: int, most: int) -> Callable[[str], str]:
    """Whole numbers from ``least`` to ``most``."""

    def read(text: str) -> str:
        plain = text.translate(_SPACES)
        if not re.fullmatch(r"-?[0-9]{1,10}", plain):
            raise Unreadable(_("“%(text)s” is not a whole number.") % {"text": shown(text)})
        if not least <= int(plain) <= most:
            raise Unreadable(
                _("%(text)s does not lie between %(least)s and %(most)s.")
                % {"text": plain, "least": least, "most": most}
            )
        return str(int(plain))

    return read


def decimal_of(text: str) -> Decimal:
    """A number with decimal point or comma; spaces and the other sign may part thousands. Raises Unreadable."""
    plain = text.translate(_SPACES).replace("−", "-")
    if "," in plain and "." in plain:
        thousands = "," if plain.rfind(".") > plain.rfind(",") else "."
        whole, _point, cents = plain.replace("," if thousands == "." else ".", "@").partition("@")
        grouped = re.fullmatch(rf"-?[0-9]{{1,3}}(?:\{thousands}[0-9]{{3}})+", whole)
        plain = f"{whole.replace(thousands, '')}.{cents}" if grouped else ""
    plain = plain.replace(",", ".")
    try:
        if re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?", plain):
            return Decimal(plain)
    except InvalidOperation:
        pass
    raise Unreadable(_("“%(text)s” is not a number.") % {"text": shown(text)})


def amount(digits: int, currency: str) -> Callable[[str], str]:
    """Money, not negative, with the decimals of the currency."""

    def read(text: str) -> str:
        value = decimal_of(text)
        if value < 0:
            raise Unreadable(_("%(text)s is below zero.") % {"text": shown(text)})
        if value >= MOST_MONEY:
            raise Unreadable(_("%(text)s is more than can be kept.") % {"text": shown(text)})
        if value != round(value, digits):
            raise Unreadable(
                _("%(text)s has more decimals than %(currency)s has.") % {"text": shown(text), "currency": currency}
            )
        return f"{value:f}"

    return read


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """One of a few words, in any case; those of two parts with a space as well."""
    known = {word.casefold(): word for word in words}

    def read(text: str) -> str:
        word = known.get(_PARTS.sub("_", text.casefold()))
        if word is None:
            raise Unreadable(
                _("“%(text)s” is none of %(words)s.") % {"text": shown(text), "words": ", ".join(known.values())}
            )
        return word

    return read


def split(text: str) -> list[str]:
    """The parts of a cell that holds several, parted by semicolons (or by commas or bars, where there are none)."""
    sign = next((sign for sign in ";|," if sign in text), ";")
    return list(dict.fromkeys(part for each in text.split(sign) if (part := each.strip())))


def words(read: Callable[[str], str]) -> Callable[[str], str]:
    """Several words, as a PostgreSQL array."""

    def read_all(text: str) -> str:
        return array(read(part) for part in split(text))

    return read_all


def array(parts: Iterable[str]) -> str:
    """A PostgreSQL array of texts."""
    quoted = (part.replace("\\", "\\\\").replace('"', '\\"') for part in parts)
    return "{" + ",".join(f'"{part}"' for part in quoted) + "}"


def short(longest: int) -> Callable[[str], str]:
    """Text that comes often."""

    def read(text: str) -> str:
        reader = Text(longest, None)
        value = reader([text])[0]
        if reader.failed:
            raise Unreadable(str(value))
        return value

    return read


def language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?", text):
        raise Unreadable(_("“%(text)s” is not a language; write its code, like en or ru.") % {"text": shown(text)})
    return text.replace("_", "-").lower() if len(text) <= 3 else text.replace("_", "-")


def time_zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise Unreadable(_("“%(text)s” is not a time zone; write it like Europe/Berlin.") % {"text": shown(text)})
    return text


def email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise Unreadable(_("“%(text)s” is not an e-mail address.") % {"text": shown(text)})
    return text


def looked_up(known: Mapping[str, str], sentence: str) -> Callable[[str], str]:
    """What a code stands for: as written, else in any case. ``sentence`` has ``%(text)s``."""
    folded = {code.casefold(): value for code, value in known.items()}

    def read(text: str) -> str:
        value = known.get(text) or folded.get(text.casefold())
        if value is None:
            raise Unreadable(sentence % {"text": shown(text)})
        return value

    return read


def shown(text: str) -> str:
    """A cell as it is shown in a sentence."""
    return text if len(text) <= 60 else f"{text[:57]}…"
