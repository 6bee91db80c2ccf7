"""What a person can set or call is written down."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management import get_commands

BASE_DIR = Path(__file__).resolve().parents[2]
READERS = ["settings.py", "environment.py", "gunicorn.py", "run.py"]
READING = re.compile(r"""(?:env\.\w+|environ\.get|environ\.setdefault|env\.get)\(\s*["']([A-Z_]+)["']""")
OF_OTHERS = {"DJANGO_SETTINGS_MODULE"}


def documentation() -> str:
    return "\n".join(path.read_text() for path in [*(BASE_DIR / "docs").glob("*.md"), *BASE_DIR.glob("*.md")])


def test_every_variable_that_is_read_is_documented() -> None:
    read = {name for reader in READERS for name in READING.findall((BASE_DIR / "config" / reader).read_text())}

    assert len(read) > 15
    assert sorted(name for name in read - OF_OTHERS if f"`{name}`" not in documentation()) == []


def test_every_command_of_ours_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app in ("config", "memberships", "calls", "onboarding")}

    assert sorted(name for name in ours if name not in documentation()) == []
