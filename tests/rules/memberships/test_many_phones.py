"""Numbers read by the million are read as one by one."""

from __future__ import annotations

import csv
from pathlib import Path

import phonenumbers
import pytest

from memberships.rules import phones
from memberships.rules.many_phones import Reader

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "phones"
WAYS = ["{e164}", "{cc}{nsn}", "{nsn}", "0{nsn}", "8{nsn}", "00{cc}{nsn}", "+{cc} ({nsn})", "{nsn}9", "+{cc}{short}"]


def slowly(text: str, country: str) -> str | None:
    try:
        return phones.e164(text, country)
    except phones.BadPhone:
        return None


def quickly(read: Reader, text: str) -> str | None:
    try:
        return read(text)
    except phones.BadPhone:
        return None


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_way_to_write_a_number_is_read_as_by_the_rule(country: str) -> None:
    read = Reader(country)
    code = str(phonenumbers.country_code_for_region(country))
    for kind in phonenumbers.PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(country, kind)
        if example is None:
            continue
        nsn = phonenumbers.national_significant_number(example)
        for way in WAYS:
            text = way.format(e164=f"+{code}{nsn}", cc=code, nsn=nsn, short=nsn[:-2])
            assert quickly(read, text) == slowly(text, country), text
            if read.plain.fullmatch(text):
                assert slowly(text, country) == text
        for last in "0123456789":
            for text in (nsn[:-1] + last, nsn[:-2] + last + nsn[-1], last + nsn[1:]):
                assert quickly(read, text) == slowly(text, country), text


@pytest.mark.parametrize(
    ("country", "text", "number"),
    [
        ("US", "(319) 555-0107", "+13195550107"),
        ("US", "+1 319 555 0107", "+13195550107"),
        ("RU", "8-926-018-15-90", "+79260181590"),
        ("GB", "020 7946 0123", "+442079460123"),
        ("US", "+44 20 7946 0123", "+442079460123"),
        ("US", "", ""),
    ],
)
def test_numbers_are_read_as_of_their_country(country: str, text: str, number: str) -> None:
    assert Reader(country)(text) == number


def test_examples_of_the_library_of_all_countries() -> None:
    if not EXAMPLES.exists():
        pytest.skip("the phone examples are not beside this checkout")
    with (EXAMPLES / "phone_examples_valid.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            for country in (row["region"], "US", "RU"):
                assert Reader(country)(row["e164"]) == Reader(country)(row["international"]) == row["e164"]
            assert Reader(row["region"])(row["national"]) == row["e164"]
    with (EXAMPLES / "phone_examples_invalid.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            with pytest.raises(phones.BadPhone):
                Reader(row["region"])(row["e164"])
