"""``make soak MINUTES=30``: the table, and ``var/soak.json``. Exit code 1 where something broke or a control held.

``ONLY=desk,killing`` runs those checks alone; ``SHORT=1`` at the length of the tests.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
BASE_DIR = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("RINGBACK_VAR") or BASE_DIR / "var").resolve()
os.environ["RINGBACK_VAR"] = str(VAR / "soak")  # servers of its own: they are stopped, frozen and killed
for _name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(_name, None)


def main() -> int:
    from tests.soak.length import length as asked

    try:
        length = asked(os.environ)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _prepare()
    began = time.monotonic()
    from tests.databases import own_database

    with own_database(durable=True):
        verdicts = _judge(length)
    about = _about(length, time.monotonic() - began)
    _show(verdicts, about)
    told = {**about, "passed": all(one.passed for one in verdicts), "checks": [one.as_json() for one in verdicts]}
    (VAR / "soak.json").write_text(json.dumps(told, indent=1, ensure_ascii=False))
    return 0 if told["passed"] else 1


def _prepare() -> None:
    """A process that works as the owner of the tables, as the tests do."""
    import django

    django.setup()
    from django.conf import settings

    settings.CLOCK_REFRESH_S = None
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATABASES["default"]["OPTIONS"].pop("options", None)


def _judge(length: object) -> list:
    from rich.console import Console

    from tests.databases import emptied
    from tests.reliability.checks import judge
    from tests.soak import plan

    console, verdicts = Console(stderr=True), []
    checks = plan.checks(length)  # type: ignore[arg-type]
    with console.status("") as status:
        for number, check in enumerate(checks, 1):
            status.update(f"{number} of {len(checks)}: {check.name}")
            emptied()
            try:
                verdict = judge(check)
            except Exception as error:
                console.print_exception()
                verdict = plan.broken(check, error)
            verdicts.append(verdict)
            word = "[green]held[/]" if verdict.passed else "[red]broke[/]"
            console.print(f"{verdict.seconds:5.0f} s  {check.name}: {word}", highlight=False)
            for one in verdict.found.breaches[:5]:
                console.print(f"         {one}", markup=False, highlight=False)
    return verdicts


def _about(length: object, took: float) -> dict[str, object]:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=BASE_DIR, capture_output=True, text=True
    ).stdout.strip()
    return {
        "minutes": length.minutes,  # type: ignore[attr-defined]
        "short": length.short,  # type: ignore[attr-defined]
        "commit": commit or "unknown",
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seconds": round(took),
    }


def _show(verdicts: list, about: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Ringback, never lost, never twice; commit {about['commit']}")
    for heading, justify in (
        ("check", "left"), ("must hold", "left"), ("times", "right"), ("broken", "right"), ("figures", "left"),
        ("control", "left"), ("", "left"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for one in verdicts:
        control = "–" if one.control is None else f"breaks {len(one.control.breaches)} ×"
        table.add_row(
            one.check.name, one.check.must_hold, str(one.found.times), str(len(one.found.breaches)), one.found.said,
            control, "[green]held[/]" if one.passed else "[red]broke[/]",
        )  # fmt: skip
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    console.print(f"{about['seconds']} s in all; written to {VAR / 'soak.json'}.", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
