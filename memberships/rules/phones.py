"""Telephone numbers: what was written, as E.164."""

from __future__ import annotations

import re
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence

# what spreadsheets add: a leading apostrophe, a trailing ".0"
_SPREADSHEET = re.compile(r"^'+|(?<=\d)\.0$")
_E164 = re.compile(r"\+[1-9][0-9]{3,14}")
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
    if _E164.fullmatch(number) and not _looks_premium(number):
        return False
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    except NumberParseException:
        return False
    return bool(kind == PhoneNumberType.PREMIUM_RATE)


def _looks_premium(number: str) -> bool:
    """Whether these digits make a premium number in any country of their code: of nearly all numbers that they do not
    is told so without reading the number, which takes twenty times as long.
    """
    for end in range(2, 5):  # a country's code has one to three digits
        code = int(number[1:end])
        if regions := phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code):
            return any(premium.fullmatch(number, end) for region in regions if (premium := _premium(code, region)))
    return False


@cache
def _premium(code: int, region: str) -> re.Pattern[str] | None:
    """What follows the country's code in a region's premium numbers; ``None``: it has none."""
    known = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    pattern = known and known.premium_rate and known.premium_rate.national_number_pattern
    return re.compile(pattern) if pattern else None


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
