"""What the environment says, checked: production does not start on a missing or weak value."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

SHORTEST_SECRET = 50
SHORTEST_TOKEN = 20
TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY", "TWILIO_API_SECRET")


BASE_DIR = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    """Where everything that is not code lies: RINGBACK_VAR, or ``var/`` beside the code."""
    return Path(os.environ.get("RINGBACK_VAR") or BASE_DIR / "var").resolve()


def production_problems(env: Mapping[str, str]) -> list[str]:
    """A sentence for each value that production must not start with."""
    problems: list[str] = []
    secret = env.get("SECRET_KEY", "")
    if not secret:
        problems.append("SECRET_KEY is missing.")
    elif len(secret) < SHORTEST_SECRET or len(set(secret)) < 10 or secret.startswith("django-insecure"):
        problems.append(f"SECRET_KEY is weak: take at least {SHORTEST_SECRET} random characters.")
    hosts = [host.strip() for host in env.get("ALLOWED_HOSTS", "").split(",") if host.strip()]
    if not hosts:
        problems.append("ALLOWED_HOSTS is missing: name the host under which Ringback is reached.")
    elif "*" in hosts:
        problems.append("ALLOWED_HOSTS must name hosts, not *.")
    problems += _public_url_problems(env.get("PUBLIC_URL", ""), hosts)
    if 0 < len(env.get("METRICS_TOKEN", "")) < SHORTEST_TOKEN:
        problems.append(f"METRICS_TOKEN is weak: take at least {SHORTEST_TOKEN} random characters.")
    if any(env.get(name) for name in TWILIO):
        problems += [f"{name} is missing beside the other TWILIO_ values." for name in TWILIO if not env.get(name)]
    if env.get("RINGBACK_DEMO", "") not in ("", "0"):
        problems.append("RINGBACK_DEMO must not be set: its logins are known to everybody.")
    return problems


def _public_url_problems(url: str, hosts: list[str]) -> list[str]:
    if not url:
        return ["PUBLIC_URL is missing: the address that members' links and Twilio's signatures start with."]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ["PUBLIC_URL is not an address."]
    if parts.scheme != "https" or not host:
        return ["PUBLIC_URL must start with https://."]
    if hosts and not any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts):
        return [f"PUBLIC_URL names {host}, which ALLOWED_HOSTS does not."]
    return []


def require_production(env: Mapping[str, str]) -> None:
    """Raises ImproperlyConfigured that names every missing or weak value at once."""
    if problems := production_problems(env):
        raise ImproperlyConfigured(
            "Ringback does not start with RINGBACK_ENV=production like this:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
        )


def clock(text: str) -> str:
    """RINGBACK_CLOCK, empty or an instant with its offset. Raises ImproperlyConfigured."""
    try:
        if text and dt.datetime.fromisoformat(text).tzinfo is None:
            raise ValueError
    except ValueError:
        raise ImproperlyConfigured(
            f"RINGBACK_CLOCK is {text!r}; it takes an instant with its offset, such as 2027-01-15T10:00:00+01:00."
        ) from None
    return text


def own_secret(var: Path) -> str:
    """A secret key of this folder's own, made once: logins outlive a restart without any set-up."""
    path = var / "secret_key"
    var.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text()


OWNERS_COMMANDS = frozenset(
    {"migrate", "makemigrations", "lintmigrations", "flush", "backup", "restore", "erase_member"}
)


def is_owners_command(argv: Sequence[str]) -> bool:
    """Whether this process works as the owner of the tables: few commands, and the tests, which make databases."""
    return "pytest" in sys.modules or (len(argv) > 1 and argv[1] in OWNERS_COMMANDS)
