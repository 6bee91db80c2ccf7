"""Russian: every sentence is there, says as much as the English one, and what runs is what is written."""

from __future__ import annotations

import ast
import gettext
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

from config.management.commands import makemessages
from config.words import said
from memberships.rules.sentences import N_, sentence

FOLDER = Path(settings.BASE_DIR) / "config" / "locale" / "ru" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s|(?<!\{)\{[a-z]+\}(?!\})|</?[a-z]+[^>]*>")
LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")')


def entries(path: Path) -> Iterator[dict[str, str]]:
    """The entries of a .po file as its keywords and texts, without the header."""
    for block in path.read_text(encoding="utf-8").split("\n\n")[1:]:
        entry: dict[str, str] = {}
        word = ""
        for line in block.splitlines():
            if match := LINE.fullmatch(line):
                word = match[1]
                entry[word] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                entry[word] += ast.literal_eval(line)
        if entry:
            yield entry


def test_nothing_is_left_in_english() -> None:
    missing = [
        entry["msgid"]
        for entry in entries(FOLDER / "django.po")
        if not all(text for word, text in entry.items() if word.startswith("msgstr"))
    ]
    assert missing == []


def test_no_sentence_is_a_guess_or_a_leftover() -> None:
    """What gettext notes where sentences are merged: it guesses, keeps the former one, and may not read it again."""
    lines = (FOLDER / "django.po").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("#|", "#~", "#, fuzzy"))] == []


def test_the_same_is_filled_in() -> None:
    wrong = []
    for entry in entries(FOLDER / "django.po"):
        asked = set(PLACEHOLDER.findall(entry["msgid"] + entry.get("msgid_plural", "")))
        for word, text in entry.items():
            if word.startswith("msgstr") and not set(PLACEHOLDER.findall(text)) <= asked:
                wrong.append((entry["msgid"], text))
            if word == "msgstr" and set(PLACEHOLDER.findall(text)) != asked:
                wrong.append((entry["msgid"], text))
    assert wrong == []


def test_what_runs_is_what_is_written() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in entries(FOLDER / "django.po"):
        if "msgid_plural" in entry:
            assert compiled.ngettext(entry["msgid"], entry["msgid_plural"], 5) == entry["msgstr[2]"]
        elif "msgctxt" in entry:
            assert compiled.pgettext(entry["msgctxt"], entry["msgid"]) == entry["msgstr"]
        else:
            assert compiled.gettext(entry["msgid"]) == entry["msgstr"]


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed: nothing reads the sources")
def test_every_sentence_of_the_sources_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = Path(settings.BASE_DIR)
    listed = subprocess.run(
        ["git", "ls-files", "--", "config", "calls", "memberships", "onboarding", "templates"],
        cwd=base,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in listed:
        if name.endswith((".py", ".html", ".txt")) and (base / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base / name, tmp_path / name)
    (tmp_path / "locale").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "LOCALE_PATHS", [str(tmp_path / "locale")])
    call_command(makemessages.Command(), locale=["ru"], verbosity=0)
    found = {(one.get("msgctxt"), one["msgid"]) for one in entries(tmp_path / "locale/ru/LC_MESSAGES/django.po")}
    known = {(one.get("msgctxt"), one["msgid"]) for one in entries(FOLDER / "django.po")}
    assert found - known == set()


def test_sentences_of_the_rules_are_said_in_the_readers_language() -> None:
    one = sentence(N_("A meeting lies ahead: %(when)s."), when="12:00")
    with translation.override("ru"):
        assert said(one) == "Впереди встреча: 12:00."
    with translation.override("en"):
        assert said(one) == "A meeting lies ahead: 12:00."
