"""What the application's database role may do: everything but change or empty the history.

The owner of the tables (who migrates) makes the role and its grants after each migration; web, workers and all other
commands work as the role (settings: ``APP_ROLE``).
"""

from __future__ import annotations

import pghistory.models
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from config import erasing


def history_tables() -> list[str]:
    """The append-only tables, by name."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event) and model._meta.managed
    )


def after_migrate(*, using: str, **_: object) -> None:
    """Makes the role where it is missing, grants it what it needs, and writes the function that erases members.

    Says what to do where that is not allowed.
    """
    with connections[using].cursor() as cursor:
        if settings.APP_ROLE:
            grant(cursor, settings.APP_ROLE)
        erasing.install(cursor, settings.APP_ROLE)


def grant(cursor: CursorWrapper, role: str) -> None:
    name = sql.Identifier(role)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        cursor.execute(
            sql.SQL("DO $$ BEGIN CREATE ROLE {} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$").format(
                name
            )
        )
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    cursor.execute("SELECT current_database()")
    database = sql.Identifier(cursor.fetchone()[0])
    for statement in (
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations, pghistory_context FROM {role}",
    ):
        cursor.execute(sql.SQL(statement).format(role=name, database=database))
    there = set(connections[cursor.db.alias].introspection.table_names(cursor))
    if kept := [sql.Identifier(table) for table in history_tables() if table in there]:  # fewer on the way back
        cursor.execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.SQL(", ").join(kept), name))
