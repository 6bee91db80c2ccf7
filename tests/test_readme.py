"""The README and the documents say what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import resolve

from config import environment
from config.demo import staff

BASE_DIR = Path(__file__).resolve().parent.parent
README = (BASE_DIR / "README.md").read_text()
PAGES = [BASE_DIR / "README.md", *sorted((BASE_DIR / "docs").glob("*.md"))]


def test_the_readme_begins_with_what_it_is_and_one_picture() -> None:
    title, what, picture = [part for part in README.split("\n\n") if part][:3]
    assert title == "# Ringback"
    assert "renewal desk" in what
    assert picture.startswith("![") and README.count("![") == 1


def test_the_picture_is_of_the_desk_and_small() -> None:
    picture = BASE_DIR / "docs" / "desk.png"
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert (int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) == (1440, 900)
    assert picture.stat().st_size < 200_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_address_that_is_named_exists(page: Path) -> None:
    for address in re.findall(r"`(/[a-z0-9/_-]+)`", page.read_text()):
        if not address.startswith("/var/"):
            resolve(address)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (BASE_DIR / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z]+)", page.read_text())) <= targets
    known = {"help", *get_commands()}
    not_yet = {"backup", "restore"}  # running.md names what an upgrade of the embedded server will ask for
    assert set(re.findall(r"manage\.py ([a-z_]+)", page.read_text())) - known <= not_yet


def test_the_logins_are_those_of_the_demo() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+)` \| (\w+)", README, re.MULTILINE))
    assert rows == {login.username: login.role for login in staff.LOGINS}
    assert f"`{staff.PASSWORD}`" in README


def test_production_refuses_without_what_the_readme_asks_for() -> None:
    first_four = re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE)[:4]
    refused = {problem.split()[0] for problem in environment.production_problems({})}
    assert set(first_four) == {"RINGBACK_ENV", *refused}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_nothing_of_this_machine_is_named(page: Path) -> None:
    assert not re.search(r"/(root|home|work|tmp)/", page.read_text())
