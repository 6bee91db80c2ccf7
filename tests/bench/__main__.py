"""``make bench SIZE=small|medium|large ONLY=plan,claim KEEP=1``: the table, and ``var/bench.json``."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR = Path(os.environ.get("RINGBACK_VAR") or BASE_DIR / "var").resolve()
# Servers of its own: a transaction that is open in any database of a server keeps dead rows in all of them.
os.environ["RINGBACK_VAR"] = str(VAR / "bench")
REPORT = VAR / "bench.json"
SECTIONS = ("import", "plan", "report", "list", "depth", "search", "desk", "claim", "scale", "drain")
"""What ``ONLY`` may name, in the order in which it is measured."""


def main() -> int:
    """0: everything named was measured, whatever the ratios; 1: a section broke off; 2: no such size or section."""
    import django

    django.setup()
    from django.conf import settings

    from config import clock
    from tests.bench import measure, rows

    name = os.environ.get("SIZE") or "small"
    only = (os.environ.get("ONLY") or ",".join(SECTIONS)).split(",")
    for setting, given, known in (("SIZE", [name], measure.SIZES), ("ONLY", only, SECTIONS)):
        if unknown := [one for one in given if one not in known]:
            sys.stderr.write(f"{setting}={unknown[0]} is none of {', '.join(known)}.\n")
            return 2
    size = measure.SIZES[name]
    if os.environ.get("ATTEMPTS"):
        size = dataclasses.replace(size, attempts=int(os.environ["ATTEMPTS"]))
    settings.ROOT_URLCONF = "tests.bench.urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.CLOCK_REFRESH_S = None
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATABASES["default"]["OPTIONS"].pop("options", None)  # as the owner, who may make databases
    clock.pretend(rows.NOW)
    about = _about(size)
    lines = [{**one.as_json(), **about} for one in _measured(size, [one for one in SECTIONS if one in only])]
    lines = _with_earlier(lines, name)
    REPORT.write_text(json.dumps({**about, "lines": lines}, indent=1, ensure_ascii=False))
    _show(lines, about)
    return 1 if any(one["failed"] and one["commit"] == about["commit"] for one in lines) else 0


def _measured(size: object, only: list[str]) -> Iterator[object]:
    """The lines of these sections, each as soon as it is there. A section that breaks off is a line that says so."""
    from rich.console import Console

    from tests.bench import claiming, loading, pages, planned, rows
    from tests.bench.measure import Line
    from tests.databases import kept_database, own_database

    sections: dict[str, Callable[[list], Iterable]] = {
        "import": lambda made: loading.lines(size, made[0]),
        "plan": lambda made: planned.lines(size, made),
        "report": lambda made: planned.refusals(made[0]),
        "list": lambda made: pages.listed(),
        "depth": lambda made: pages.depth(made[0]),
        "search": lambda made: pages.search(made[0]),
        "desk": lambda made: pages.desk(size, made),
        "claim": lambda made: claiming.lines(size, made),
        "scale": lambda made: claiming.scale(size, made),
        "drain": lambda made: claiming.drain(size, made),
    }
    console, began = Console(stderr=True), time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:5.0f} s  {text}", highlight=False)

    def measured(names: list[str], database: AbstractContextManager, fill: bool) -> Iterator[object]:
        if not names:
            return
        with database:
            made = rows.make_clubs(size)
            if fill:
                rows.fill(size, made, say)
            for name in names:
                try:
                    for one in sections[name](made):
                        say(f"{one.work}: {one.value:.3g}{one.unit}")
                        yield one
                except Exception as error:
                    traceback.print_exc()
                    yield Line(name, "", 0, 0, failed=f"{type(error).__name__}: {error}"[:200])

    kept = kept_database(f"bench_{size.name}") if os.environ.get("KEEP") else own_database()
    yield from measured([one for one in only if one == "import"], own_database(), fill=False)
    yield from measured([one for one in only if one != "import"], kept, fill=True)


def _with_earlier(lines: list[dict], size: str) -> list[dict]:
    """These lines in the place of those of the same work in the last report of this size, which keeps the others."""
    try:
        report = json.loads(REPORT.read_text())
    except (OSError, ValueError):
        return lines
    if report.get("size") != size:
        return lines
    new = {one["work"]: one for one in lines}
    earlier = [new.pop(one["work"], one) for one in report["lines"] if "commit" in one and not one.get("failed")]
    return earlier + list(new.values())


def _about(size: object) -> dict[str, object]:
    from django.db import connection

    with connection._nodb_cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=BASE_DIR, capture_output=True, text=True
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "size": size.name,
        "rows": f"{size.members} members, {size.memberships} memberships, {size.attempts} attempts, {size.clubs} clubs",
        "commit": commit or "unknown",
        "machine": f"{os.cpu_count()} × {_processor()}, {memory:.0f} GiB, {platform.system()}",
        "python": platform.python_version(),
        "postgresql": version.split()[0],
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _show(lines: list[dict], about: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Ringback, {about['size']} ({about['rows']}), commit {about['commit']}")
    for heading, justify in (
        ("work", "left"), ("ours", "right"), ("limit", "left"), ("", "right"), ("ratio", "right"), ("goal", "right"),
        ("", "left"), ("commit", "left"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for one in lines:
        if one["failed"]:
            table.add_row(one["work"], "", one["failed"], "", "", "", "[red]broke off[/]", one["commit"])
            continue
        goal = f"{'≤' if one['at_most'] else '≥'} {one['goal']:g}{one['unit']}"
        verdict = "[green]reached[/]" if one["passed"] else "[red]missed[/]"
        value = f"{one['value']:.3g}{one['unit']}"
        table.add_row(one["work"], one["ours"], one["limit"], one["raw"], value, goal, verdict, one["commit"])
    console = Console(width=None if sys.stdout.isatty() else 170)
    console.print(table)
    console.print(
        f"{about['machine']}, Python {about['python']}, PostgreSQL {about['postgresql']}; load at the start "
        f"{about['load']}. Medians of rounds taken in turns; written to {REPORT}.",
        highlight=False,
    )


if __name__ == "__main__":
    sys.exit(main())
