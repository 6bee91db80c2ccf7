"""Telephone numbers: what was written, as E.164."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from memberships.rules.errors import Invalid
from memberships.rules.sentences import N_, sentence


class BadPhone(Invalid):
    """Not a telephone number that exists, neither in the club's country nor with a country's prefix."""

    field = "phone"


def e164(text: str, country: str) -> str:
    """The number in E.164; national forms are read as of ``country`` (ISO code). Empty stays empty.

    Raises ``BadPhone`` for what is no valid number.
    """
    text = text.strip()
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise BadPhone(sentence(N_("“%(text)s” is not a valid telephone number."), text=text))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_premium(number: str) -> bool:
    """Whether ringing this E.164 number costs extra: such a number is never rung."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    except NumberParseException:
        return False
    return kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
