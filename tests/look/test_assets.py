"""What the browser is given: files of others as published, within the budget, nothing inline."""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "config" / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
VENDORED = tomllib.loads((STATIC.parent / "vendored.toml").read_text())
BUDGET_KB = 180
PAGES = sorted(TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_file_is_the_one_that_is_listed(name: str) -> None:
    found = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    assert found == VENDORED[name]["sha256"], f"{name} changed: write its new sha256 into config/vendored.toml"


def test_every_file_of_others_is_listed() -> None:
    foreign = [*(STATIC / "vendor").glob("*.js"), *(STATIC / "fonts").glob("*.woff2"), STATIC / "icons.svg"]
    assert {str(path.relative_to(STATIC)) for path in foreign} == set(VENDORED)


def test_all_assets_of_a_first_load_stay_within_the_budget() -> None:
    sent = 0
    for path in STATIC.rglob("*.*"):
        if path.suffix == ".woff2":
            sent += path.stat().st_size
        elif path.suffix in (".css", ".js", ".svg"):
            sent += len(gzip.compress(path.read_bytes()))
    assert sent <= BUDGET_KB * 1000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TEMPLATES)))
def test_a_template_holds_no_inline_style_script_or_handler(page: Path) -> None:
    text = page.read_text()
    if "messages" in page.relative_to(TEMPLATES).parts:
        pytest.skip("mail is read in mail programs, which know no stylesheets")
    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son[a-z]+=|hx-on|javascript:", text)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = {name for page in PAGES for name in re.findall(r"""{% icon ["']([\w-]+)["']""", page.read_text())}
    assert named - known == set()


def test_every_colour_that_a_sheet_uses_is_a_token() -> None:
    sheets = "".join(path.read_text() for path in (STATIC / "css").glob("*.css"))
    defined = set(re.findall(r"(--[\w-]+)\s*:", sheets))
    assert set(re.findall(r"var\((--[\w-]+)", sheets)) - defined == set()


def test_sheets_ask_nobody_else_for_anything() -> None:
    for path in (STATIC / "css").glob("*.css"):
        assert not re.search(r"https?:|@import|url\(\s*[\"']?//", path.read_text())
