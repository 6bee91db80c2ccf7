"""Reads telephone numbers by the million: the same answers as ``phones.e164``, without parsing each plain one.

The numbers of one country that are written plainly (``+49 30 …``, or in the national form) are recognised by one
compiled pattern; every other spelling goes the long way.
"""

from __future__ import annotations

import re

from phonenumbers import PhoneMetadata, PhoneNumberDesc
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

from memberships.rules import phones

_SIGNS = str.maketrans("", "", " -()\u00a0")
_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("voip", "personal_number", "pager", "uan", "voicemail"),
)


class Reader:
    """Reads numbers as of one country: ``Reader("US")("(319) 555-0107")`` → ``+13195550107``."""

    def __init__(self, country: str) -> None:
        self.country = country.upper()
        metadata = PhoneMetadata.metadata_for_region(self.country)
        self.plain = re.compile(r"(?!)")
        """Numbers of the country that are in E.164 already."""
        self._known = metadata is not None and _is_first(metadata, self.country)
        if metadata is None or not self._known:
            return
        self._prefix = f"+{metadata.country_code}"
        self._valid = re.compile(_numbers(metadata))
        strips = metadata.national_prefix_for_parsing
        self.plain = re.compile(rf"\{self._prefix}{f'(?!{strips})' if strips else ''}{_numbers(metadata)}")
        self._general = re.compile(metadata.general_desc.national_number_pattern)
        self._trunk = metadata.national_prefix_for_parsing or "-"
        if metadata.national_prefix_transform_rule or not self._trunk.isdigit():
            self._trunk = "-"
        self._abroad = re.compile(metadata.international_prefix or r"(?!)")
        self._strips = re.compile(metadata.national_prefix_for_parsing or r"(?!)")

    def __call__(self, text: str) -> str:
        """The number in E.164; empty stays empty. Raises ``phones.BadPhone``."""
        if self._known and text[:1] not in "-)":
            national = self._national(text.translate(_SIGNS))
            if national and self._valid.fullmatch(national) and not self._strips.match(national):
                return self._prefix + national
        return phones.e164(text, self.country)

    def _national(self, digits: str) -> str:
        """The number within the country; empty where it is not written plainly."""
        if digits.startswith("+"):
            return digits[len(self._prefix) :] if digits.startswith(self._prefix) else ""
        if self._abroad.match(digits):
            return ""
        if digits.startswith(self._trunk) and not self._general.fullmatch(digits):
            return digits[len(self._trunk) :]
        return digits


def _is_first(metadata: PhoneMetadata, country: str) -> bool:
    """Whether numbers with this calling code are tried as this country's before any other's."""
    return COUNTRY_CODE_TO_REGION_CODE[metadata.country_code][0] == country


def _numbers(metadata: PhoneMetadata) -> str:
    """A pattern of the country's valid numbers: of some kind, and of the general shape."""
    kinds: list[PhoneNumberDesc] = [getattr(metadata, kind) for kind in _KINDS]
    patterns = [desc.national_number_pattern for desc in kinds if desc is not None and desc.national_number_pattern]
    general = metadata.general_desc.national_number_pattern
    lengths = "|".join(f"[0-9]{{{length}}}" for length in metadata.general_desc.possible_length)
    first = metadata.leading_digits or ""
    return rf"(?={first})(?=(?:{lengths})\Z)(?=(?:{general})\Z)(?:{'|'.join(patterns)})"
