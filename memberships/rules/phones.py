"""Telephone numbers: what was written, as E.164."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

# what spreadsheets add: a leading apostrophe, a trailing ".0"
_SPREADSHEET = re.compile(r"^'+|(?<=\d)\.0$")
_SEVERAL = re.compile(r"[;,/|\n]+")


class BadPhone(Invalid):
    """Not a telephone number that exists, neither in the club's country nor with a country's prefix."""

    field = "phone"


def e164(text: str, country: str) -> str:
    """The number in E.164, whatever way it was written; national forms are read as of ``country`` (ISO code).

    Of several numbers in one text the first counts; an extension is left off. Empty stays empty. Raises
    ``BadPhone`` for what is no valid number.
    """
    text = text.strip()
    if not text:
        return ""
    found = _read(text, country.upper())
    if found is None:
        raise BadPhone(sentence(N_("“%(text)s” is not a valid telephone number."), text=text))
    return phonenumbers.format_number(found, PhoneNumberFormat.E164)


def is_premium(number: str) -> bool:
    """Whether ringing this E.164 number costs extra: such a number is never rung."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    except NumberParseException:
        return False
    return bool(kind == PhoneNumberType.PREMIUM_RATE)


def _read(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    first = next((part for part in _SEVERAL.split(text) if part.strip()), text)
    first = _SPREADSHEET.sub("", first.strip())
    forms = [first]
    if first.startswith("00"):
        forms.append("+" + first[2:])
    for form in forms:
        try:
            number = phonenumbers.parse(form, country)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return number
    return None
