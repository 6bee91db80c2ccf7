"""What a system starts with, asked of real processes with their own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[2]
GOOD = {
    "RINGBACK_ENV": "production",
    "SECRET_KEY": "kQ7-vP2xW9zL4mN8bR3tY6uJ1hG5fD0sA_cE-iOqXwVnZlMkaB3dE6gH",
    "ALLOWED_HOSTS": "desk.example.org,.gym.example",
    "PUBLIC_URL": "https://desk.example.org",
    "DATABASE_URL": "postgres://somebody@db.example.org/ringback",
    "REDIS_URL": "redis://redis.example.org/0",
}


def manage(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RINGBACK_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR, env=clean | env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def ask(expression: str, **env: str) -> object:
    done = manage(
        "shell",
        "--no-imports",
        "-c",
        f"import json; from django.conf import settings; print(json.dumps({expression}))",
        **env,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_production_is_clean_for_the_deployment_check() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **GOOD)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "short", "SECRET_KEY is weak"),
        ("SECRET_KEY", "a" * 60, "SECRET_KEY is weak"),
        ("SECRET_KEY", "django-insecure-" + GOOD["SECRET_KEY"], "SECRET_KEY is weak"),
        ("ALLOWED_HOSTS", "", "ALLOWED_HOSTS is missing"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must name hosts"),
        ("PUBLIC_URL", "", "PUBLIC_URL is missing"),
        ("PUBLIC_URL", "http://desk.example.org", "PUBLIC_URL must start with https://"),
        ("PUBLIC_URL", "https://", "PUBLIC_URL must start with https://"),
        ("PUBLIC_URL", "https://other.example.com", "which ALLOWED_HOSTS does not"),
        ("METRICS_TOKEN", "short", "METRICS_TOKEN is weak"),
        ("TWILIO_ACCOUNT_SID", "AC123", "TWILIO_AUTH_TOKEN is missing beside"),
        ("RINGBACK_DEMO", "1", "RINGBACK_DEMO must not be set"),
    ],
)
def test_production_does_not_start_on_a_missing_or_weak_value_and_names_it(name: str, value: str, said: str) -> None:
    done = manage("check", **GOOD | {name: value})

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert GOOD["SECRET_KEY"] not in done.stderr


def test_production_collects_its_static_files_under_names_of_their_content(tmp_path: Path) -> None:
    done = manage("collectstatic", "--no-input", **GOOD, RINGBACK_VAR=str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert "Found another file" not in done.stdout + done.stderr
    manifest = json.loads((tmp_path / "static" / "staticfiles.json").read_text())["paths"]
    assert (tmp_path / "static" / manifest["css/base.css"]).exists()
    assert (tmp_path / "static" / (manifest["css/base.css"] + ".gz")).exists()


def test_production_names_everything_that_is_wrong_at_once() -> None:
    said = manage("check", RINGBACK_ENV="production").stderr

    assert all(name in said for name in ("SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL"))


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"RINGBACK_ENV": "staging"}, "RINGBACK_ENV"),
        ({"DATABASE_URL": "sqlite:///x.db", "REDIS_URL": "redis://x"}, "PostgreSQL"),
        ({"RINGBACK_DEMO": "1", "RINGBACK_CLOCK": "tomorrow"}, "RINGBACK_CLOCK"),
        ({"RINGBACK_DEMO": "1", "RINGBACK_CLOCK": "2027-01-15T10:00:00"}, "RINGBACK_CLOCK"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_in_a_sentence(env: dict[str, str], said: str) -> None:
    done = manage("check", **env)

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_clock_counts_only_in_a_demo() -> None:
    assert ask("settings.RINGBACK_CLOCK", RINGBACK_CLOCK="2027-01-15T10:00:00+01:00") == ""


def test_only_web_processes_pool_their_connections() -> None:
    option = "settings.DATABASES['default']['OPTIONS'].get('pool') is not None"

    assert ask(option, RINGBACK_WEB="1") is True
    assert ask(option) is False


def test_the_pinned_time_zones_count_and_not_the_machines() -> None:
    assert ask("list(__import__('zoneinfo').TZPATH)") == []
    assert ask("__import__('zoneinfo').ZoneInfo('America/Chicago').key") == "America/Chicago"


def test_the_secret_key_of_a_development_system_is_its_own_and_stays() -> None:
    assert ask("len(settings.SECRET_KEY) > 50") is True
    assert ask("settings.SECRET_KEY[:4]") == ask("settings.SECRET_KEY[:4]")
