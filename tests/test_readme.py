"""The README says what is true: its commands, logins, links and picture exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from config.demo import staff

BASE = Path(settings.BASE_DIR)
TEXT = (BASE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake (run|test|bench|install|soak|lint)\b", TEXT))))
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (BASE / "Makefile").read_text(), re.MULTILINE)


def test_commands_exist() -> None:
    named = set(re.findall(r"manage\.py (\w+)", TEXT))
    assert named and named <= set(get_commands())


def test_links_and_picture_exist() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (BASE / name).exists(), name


def test_addresses_resolve() -> None:
    for address in set(re.findall(r"`(/[a-z0-9/.]+)`", TEXT)) - {"/api/v1/"}:
        resolve(address)


def test_logins_and_password_are_the_demos() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", TEXT, re.MULTILINE))
    assert rows == {login.username: login.role for login in staff.LOGINS}
    assert f"`{staff.PASSWORD}`" in TEXT


def test_it_says_nothing_of_machines() -> None:
    assert not re.search(r"/(home|root|work)/", TEXT)
