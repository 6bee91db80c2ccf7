"""Telephone numbers of all countries: every valid one is accepted, every invalid one refused."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import settings

from memberships.rules import phones
from memberships.rules.many_phones import Reader

FILES = Path(settings.BASE_DIR).parent / "shared" / "data" / "phones"
CLUBS = ("US", "RU", "DE", "GB", "FR")
"""Countries of clubs that none of the numbers belongs to, or some."""


def rows(name: str) -> list[dict[str, str]]:
    path = FILES / f"phone_examples_{name}.csv"
    if not path.exists():
        pytest.skip("the numbers of data/phones are not beside this checkout")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(text: str, country: str) -> str:
    """The number by both of our readers, which must agree; empty for one that is refused."""
    found = set()
    for reader in (lambda: phones.e164(text, country), lambda: _reader(country)(text)):
        try:
            found.add(reader())
        except phones.BadPhone:
            found.add("")
    assert len(found) == 1, (text, country, found)
    return found.pop()


_readers: dict[str, Reader] = defaultdict()


def _reader(country: str) -> Reader:
    if country not in _readers:
        _readers[country] = Reader(country)
    return _readers[country]


def test_valid_numbers_are_accepted_in_every_form() -> None:
    examples = rows("valid")
    wrong = [
        (row["region"], form, country)
        for row in examples
        for form in ("e164", "international")
        for country in (*CLUBS, row["region"])
        if read(row[form], country) != row["e164"]
    ]
    wrong += [
        (row["region"], "national", "") for row in examples if read(row["national"], row["region"]) != row["e164"]
    ]
    assert (len(examples), wrong) == (823, [])


def test_invalid_numbers_are_refused_in_every_club() -> None:
    examples = rows("invalid")
    taken = [
        (row["e164"], country) for row in examples for country in (*CLUBS, row["region"]) if read(row["e164"], country)
    ]
    assert (len(examples), taken) == (245, [])
