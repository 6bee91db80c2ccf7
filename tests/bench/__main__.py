"""``make bench SIZE=small|medium|large``: the table, and ``var/bench.json``."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR = Path(os.environ.get("RINGBACK_VAR") or BASE_DIR / "var").resolve()
# Servers of its own: a transaction that is open in any database of a server keeps dead rows in all of them.
os.environ["RINGBACK_VAR"] = str(VAR / "bench")


def main() -> int:
    import django

    django.setup()
    from django.conf import settings

    from config import clock
    from tests.bench import measure, rows
    from tests.databases import own_database

    name = os.environ.get("SIZE") or "small"
    if name not in measure.SIZES:
        sys.stderr.write(f"SIZE={name} is none of {', '.join(measure.SIZES)}.\n")
        return 2
    size = measure.SIZES[name]
    settings.ROOT_URLCONF = "tests.bench.urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.CLOCK_REFRESH_S = None
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATABASES["default"]["OPTIONS"].pop("options", None)  # as the owner, who may make databases
    clock.pretend(rows.NOW)
    began = time.monotonic()
    with own_database():
        lines = list(_lines(size))
    took = time.monotonic() - began
    about = _about(size.name, took)
    _show(lines, about)
    (VAR / "bench.json").write_text(
        json.dumps({**about, "lines": [one.as_json() for one in lines]}, indent=1, ensure_ascii=False)
    )
    return 0


def _lines(size: object) -> Iterator[object]:
    from rich.console import Console

    from tests.bench import claiming, loading, pages, planned, rows

    console, began = Console(stderr=True), time.monotonic()
    with console.status("making the clubs") as status:
        made = rows.make_clubs(size)
        for doing, lines in (
            ("loading files", lambda: loading.lines(size, made[0])),
            ("storing rows", lambda: rows.fill(size, made) or ()),
            ("planning", lambda: planned.lines(size, made)),
            ("asking for pages", lambda: pages.lines(size, made)),
            ("claiming calls", lambda: claiming.lines(size, made)),
        ):
            status.update(doing)
            for one in lines():
                took = time.monotonic() - began
                console.print(f"{took:5.0f} s  {one.work}: {one.value:.3g}{one.unit}", highlight=False)
                yield one


def _about(size: str, took: float) -> dict[str, object]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=BASE_DIR, capture_output=True, text=True
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "size": size,
        "commit": commit or "unknown",
        "machine": f"{os.cpu_count()} × {_processor()}, {memory:.0f} GiB, {platform.system()}",
        "python": platform.python_version(),
        "postgresql": version.split()[0],
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "load": os.getloadavg()[0],
        "seconds": round(took),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _show(lines: list, about: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Ringback, {about['size']}, commit {about['commit']}")
    for heading, justify in (
        ("work", "left"), ("ours", "right"), ("limit", "left"), ("", "right"), ("ratio", "right"), ("goal", "right"),
        ("", "left"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for one in lines:
        goal = f"{'≤' if one.at_most else '≥'} {one.goal:g}{one.unit}"
        verdict = "[green]reached[/]" if one.passed else "[red]missed[/]"
        table.add_row(one.work, one.ours, one.limit, one.raw, f"{one.value:.3g}{one.unit}", goal, verdict)
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table)
    console.print(
        f"{about['machine']}, Python {about['python']}, PostgreSQL {about['postgresql']}; load {about['load']:.1f}; "
        f"{about['seconds']} s. The median of {_rounds()} rounds taken in turns; written to var/bench.json.",
        highlight=False,
    )


def _rounds() -> int:
    from tests.bench.measure import ROUNDS

    return ROUNDS


if __name__ == "__main__":
    sys.exit(main())
