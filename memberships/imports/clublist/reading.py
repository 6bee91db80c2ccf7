"""Reads the cells of a list that people keep by hand: several spellings of days, phones and money in one column."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal

from django.utils.translation import gettext as _

from memberships.imports import cells
from memberships.imports.cells import Unreadable
from memberships.imports.dates import Days
from memberships.imports.words import spoken
from memberships.rules import phones

BLANKS = frozenset({"-", "--", "—", "–", "н/д", "нет данных", "n/a", "na", "none", "?"})
"""What people write into a cell that is empty."""
FIRST_SERIAL, LAST_SERIAL = 1, 73_050
SERIAL_ZERO = dt.date(1899, 12, 30)
DO_NOT_CALL = re.compile(
    r"не\s+(?:звон|беспокоить)|(?:do\s+not|don['’]?t)\s+(?:call|ring|phone)|\bdnc\b", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SERIAL = re.compile(r"([0-9]{1,5})(?:\.0)?")
_TIME = re.compile(r"[T\s]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.0+)?$")
_SHORT = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{2}|[0-9]{4})")
_MONEY = re.compile(r"[^\d-]*(-?\d[\d\s\u00a0\u202f.,'’]*?)[.,]?[^\d]*")


class Raw:
    """Reads nothing: a cell's text as it is, without control characters and what stands around it."""

    failed = False

    def __init__(self, *, blanks: bool) -> None:
        """``blanks``: whether a dash stands for nothing; else it is an answer."""
        self.blanks = BLANKS if blanks else frozenset()

    def __call__(self, column: list[str]) -> list[str]:
        texts = (_CONTROL.sub("", unicodedata.normalize("NFC", cell)).strip().lstrip("'").strip() for cell in column)
        return ["" if text.casefold() in self.blanks else text for text in texts]


def day(text: str, days: Days, latest: dt.date, *, born: bool = False) -> dt.date:
    """A day in any of the usual ways, with two digits of the year or as the number that Excel keeps of it.

    ``born``: it cannot lie after ``latest``, which tells the century of two digits. Raises Unreadable.
    """
    plain = _TIME.sub("", text).rstrip("г. ") if not _SERIAL.fullmatch(text) else text
    if found := _SERIAL.fullmatch(plain):
        if not FIRST_SERIAL <= int(found[1]) <= LAST_SERIAL or len(found[1]) < 4:
            raise Unreadable(_("“%(text)s” is not a date; write it like 2026-12-31 or 31.12.2026.") % {"text": text})
        value = SERIAL_ZERO + dt.timedelta(days=int(found[1]))
    elif found := _SHORT.fullmatch(plain):
        first, sign, second, year = found.groups()
        sign = "." if sign == "-" else sign
        value = days.day(f"{first}{sign}{second}{sign}{year if len(year) == 4 else f'20{year}'}")
        if born and len(year) == 2 and value > latest:
            value = days.day(f"{first}{sign}{second}{sign}19{year}")
    else:
        value = days.day(plain)
    if born and value > latest:
        raise Unreadable(_("%(text)s lies in the future.") % {"text": cells.shown(text)})
    return value


def phone(text: str, country: str) -> str:
    """The first number of a cell in E.164. Raises Unreadable."""
    try:
        return phones.e164(text, country)
    except phones.BadPhone as refusal:
        raise Unreadable(spoken(refusal.message)) from None


def several(text: str) -> bool:
    """Whether a cell holds another number beside its first."""
    parts = [part for part in re.split(r"[;,/|\n]+", text) if sum(map(str.isdigit, part)) >= 7]
    return len(parts) > 1


def money(text: str, digits: int, currency: str) -> Decimal:
    """An amount with or without its currency. Raises Unreadable."""
    found = _MONEY.fullmatch(text)
    if not found:
        raise Unreadable(_("“%(text)s” is not a number.") % {"text": cells.shown(text)})
    return Decimal(cells.amount(digits, currency)(found[1].strip()))
