"""A test database for each pytest process, copied from one migrated template that all of them share."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

KEPT = ("django_migrations", "django_content_type", "auth_permission")
PREFIX, TEMPLATE_PREFIX = "test_ringback_", "template_ringback_"


@contextlib.contextmanager
def own_database(*, durable: bool = False) -> Iterator[str]:
    """Point the default connection at a fresh copy of the migrated template; drop it at the end.

    ``durable``: what was committed outlives a crash of the server, as in a real system; else it is faster.
    """
    real = settings.DATABASES["default"]["NAME"]
    name = f"{PREFIX}{os.getpid()}"
    (settings.VAR_DIR / "run").mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "run" / "test_template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        template = _template()
        _on_server(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {template}",
            f"ALTER DATABASE {name} SET synchronous_commit = {'on' if durable else 'off'}",
        )
    _point_at(name)
    try:
        yield name
    finally:
        _point_at(real)
        _on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def kept_database(name: str) -> Iterator[str]:
    """Point the default connection at a database that stays: made when missing, else migrated to the code as it is."""
    real = settings.DATABASES["default"]["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        there = cursor.fetchone() is not None
    if not there:
        _on_server(f"CREATE DATABASE {name} TEMPLATE template0")
        _on_server(f"ALTER DATABASE {name} SET synchronous_commit = off")
    _point_at(name)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield name
    finally:
        _point_at(real)


def emptied() -> None:
    """Every row of the default database gone, what the migrations put there apart.

    Rows are deleted: TRUNCATE makes each table and index a new file, some hundred times as slow on nearly empty ones.
    Who may not silence foreign keys and the guards of the history (a database of somebody else's) truncates.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name not in KEPT]
        quoted = [connection.ops.quote_name(name) for name in names]
        cursor.execute("SHOW is_superuser")
        if cursor.fetchone() == ("on",):
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f"DELETE FROM {name}" for name in quoted))
        else:
            cursor.execute(f"TRUNCATE {', '.join(quoted)}")


def _template() -> str:
    """The migrated template for the code as it is; made when missing, older ones dropped."""
    template = f"{TEMPLATE_PREFIX}{_fingerprint()}"
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        names = [name for (name,) in cursor.fetchall()]
    if template in names:
        return template
    if not settings.DATABASE_URL:  # on the embedded server every one of them is ours
        for name in names:
            left = name.startswith(PREFIX) and not psutil.pid_exists(int(name.removeprefix(PREFIX)))
            if left or name.startswith(TEMPLATE_PREFIX):
                _on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    draft = f"draft_{template}"
    _on_server(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)", f"CREATE DATABASE {draft} TEMPLATE template0")
    real = settings.DATABASES["default"]["NAME"]
    _point_at(draft)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        _point_at(real)
    _on_server(f"ALTER DATABASE {draft} RENAME TO {template}")
    return template


def _fingerprint() -> str:
    base = Path(settings.BASE_DIR)
    erasing = [base / "config" / "erasing.py", base / "config" / "grants.py", *sorted(base.glob("*/personal.py"))]
    digest = hashlib.sha256(repr(settings.INSTALLED_APPS).encode())
    for path in [base / "requirements.txt", *sorted(base.glob("*/migrations/*.py")), *erasing]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _point_at(name: str) -> None:
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _on_server(*statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
