"""The house stands as drawn (DESIGN.md): read from the imports, not from good intentions."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parent.parent
APPS = ["onboarding", "calls", "memberships"]  # an app may import those to the right of it
ROOMS = [*APPS, "config"]
ROOF = {
    "apps", "settings", "urls", "wsgi", "run", "gunicorn", "embedded", "keeper", "environment", "parenthood",
    "quarters",
    "second_factor", "demo",
    "backups", "management", "grants", "erasing",
}  # fmt: skip
INTERFACES = {
    "urls", "views", "api", "webhooks", "tasks", "management", "admin", "apps", "frame", "timeline", "member_actions",
    "panels", "hangings",
}  # fmt: skip
DOORS = {"access", "tables", "filters", "forms"}
FLOORS = [INTERFACES, DOORS, {"operations"}, {"models"}, {"rules"}]
SEAMS = {"events", "places"}
PURE = {
    "__future__", "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "functools", "hashlib", "heapq", "itertools", "math", "operator", "re", "statistics", "string", "types", "typing",
    "unicodedata", "zoneinfo", "phonenumbers", "holidays", "dateutil",
}  # fmt: skip
CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "now"),
    ("timezone", "localdate"), ("time", "time"), ("time", "localtime"), ("time", "gmtime"),
}  # fmt: skip
MAY_ASK_THE_MACHINE = {"config/clock.py", "config/keeper.py"}


class Module:
    """One file of ours with what it imports."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(BASE_DIR))
        self.parts = path.relative_to(BASE_DIR).with_suffix("").parts
        self.room, self.place = self.parts[0], self.parts[1] if len(self.parts) > 1 else ""
        self.tree = ast.parse(path.read_text(), filename=str(path))

    def imports(self) -> Iterator[tuple[str, ...]]:
        """Dotted names, ``from a import b`` as ``a.b``; those for type checking alone count too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (tuple(alias.name.split(".")) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = tuple((node.module or "").split(".")) if node.module else ()
                if node.level:
                    package = self.parts[: len(self.parts) - node.level + (self.path.name == "__init__.py")]
                    base = (*package, *base)
                yield from ((*base, alias.name) for alias in node.names)

    @property
    def floor(self) -> int:
        return floor_of(self.place)


def floor_of(place: str) -> int:
    """The height of a module inside its app; operations are whatever bears no other name."""
    for height, places in enumerate(FLOORS):
        if place in places:
            return height
    return 2


@functools.cache
def modules() -> list[Module]:
    return [
        Module(path)
        for room in ROOMS
        for path in sorted((BASE_DIR / room).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def ours(name: tuple[str, ...]) -> bool:
    return name[0] in ROOMS


def test_apps_import_downwards_only() -> None:
    wrong = [
        f"{module.name} imports {'.'.join(name)}"
        for module in modules()
        if module.room in APPS
        for name in module.imports()
        if name[0] in APPS and APPS.index(name[0]) < APPS.index(module.room)
    ]
    assert wrong == []


def test_the_ground_floor_of_config_imports_no_app_and_no_roof() -> None:
    wrong = [
        f"{module.name} imports {'.'.join(name)}"
        for module in modules()
        if module.room == "config" and module.place not in ROOF
        for name in module.imports()
        if name[0] in APPS or (name[0] == "config" and len(name) > 1 and name[1] in ROOF)
    ]
    assert wrong == []


def test_apps_import_only_the_ground_floor_of_config() -> None:
    wrong = [
        f"{module.name} imports {'.'.join(name)}"
        for module in modules()
        if module.room in APPS
        for name in module.imports()
        if name[0] == "config" and len(name) > 1 and name[1] in ROOF
    ]
    assert wrong == []


def test_rules_operations_and_models_import_nothing_of_config() -> None:
    wrong = [
        f"{module.name} imports {'.'.join(name)}"
        for module in modules()
        if module.room in APPS and module.floor >= 2 and module.place != "__init__"
        for name in module.imports()
        if name[0] == "config"
    ]
    assert wrong == []


def test_inside_an_app_imports_go_downwards() -> None:
    wrong = []
    for module in modules():
        if module.room not in APPS or module.place == "__init__":
            continue
        for name in module.imports():
            if name[0] in APPS and len(name) > 1 and name[1] not in SEAMS and floor_of(name[1]) < module.floor:
                target = BASE_DIR / name[0] / name[1]
                if target.is_dir() or target.with_suffix(".py").exists():
                    wrong.append(f"{module.name} imports {'.'.join(name)}")
    assert wrong == []


def test_rules_are_pure() -> None:
    wrong = [
        f"{module.name} imports {'.'.join(name)}"
        for module in modules()
        if module.place == "rules"
        for name in module.imports()
        if not (name[0] in PURE or (ours(name) and len(name) > 1 and name[1] == "rules"))
    ]
    assert wrong == []


def test_operations_never_import_tasks() -> None:
    wrong = [
        f"{module.name} imports {'.'.join(name)}"
        for module in modules()
        if module.room in APPS and module.floor >= 2
        for name in module.imports()
        if ours(name) and "tasks" in name[1:2]
    ]
    assert wrong == []


def test_at_most_one_file_knows_twilio() -> None:
    assert len({module.name for module in modules() for name in module.imports() if name[0] == "twilio"}) <= 1


def clock_readings(tree: ast.AST) -> Iterator[int]:
    """Lines that ask the machine for the time."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)):
            continue
        owner = node.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        if (owner_name, node.attr) in CLOCKS:
            yield node.lineno


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    wrong = [
        f"{module.name}:{line}"
        for module in modules()
        if module.name not in MAY_ASK_THE_MACHINE
        for line in clock_readings(module.tree)
    ]
    assert wrong == []


def test_the_clock_is_read_only_at_edges() -> None:
    wrong = [
        f"{module.name} imports config.clock"
        for module in modules()
        if module.room in APPS and module.floor >= 1 and module.place != "__init__"
        for name in module.imports()
        if name[:2] == ("config", "clock")
    ]
    assert wrong == []


def test_sql_reads_no_clock_of_its_own() -> None:
    wrong = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _asks_sql_for_the_time(node.value)
    ]
    assert wrong == []


def _asks_sql_for_the_time(text: str) -> bool:
    words = text.lower()
    looks_like_sql = any(word in words for word in ("select ", "update ", "insert into", "where "))
    return looks_like_sql and any(
        call in words.replace("ringback_now()", "")
        for call in ("now()", "current_date", "current_timestamp", "localtimestamp", "clock_timestamp")
    )


def test_nothing_is_called_utils() -> None:
    shapeless = {"utils", "helpers", "common", "base", "services"}
    assert [module.name for module in modules() if shapeless & set(module.parts)] == []


def test_no_file_is_past_four_hundred_lines() -> None:
    lengths = {module.name: len(module.path.read_text().splitlines()) for module in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


@pytest.mark.parametrize(
    "code", ["import datetime as dt\ndt.datetime.now()", "from django.utils import timezone\ntimezone.now()",
             "from datetime import date\ndate.today()", "import time\nf = time.time"]
)  # fmt: skip
def test_control_a_reading_of_the_machines_time_is_seen(code: str) -> None:
    assert list(clock_readings(ast.parse(code)))
