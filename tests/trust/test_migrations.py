"""Migrations that a running club lives through: none holds a table for long, none without a way back."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import PostgresqlAnalyser, analyse_sql_statements

ROOMS = ("calls", "config", "memberships", "onboarding")
ON_NOTHING = {"config.0003_cache_table"}
"""It makes its own table anew, as the first migrations of each room make theirs: nobody waits for it."""


def _ours() -> dict[str, Migration]:
    known = MigrationLoader(None).disk_migrations
    assert known is not None
    return {f"{room}.{name}": migration for (room, name), migration in sorted(known.items()) if room in ROOMS}


OURS = _ours()
LATER = [name for name, migration in OURS.items() if not migration.initial and name not in ON_NOTHING]


@pytest.mark.parametrize("name", OURS)
def test_every_migration_has_a_way_back(name: str) -> None:
    assert [operation.describe() for operation in OURS[name].operations if not operation.reversible] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", LATER)
def test_the_linter_finds_nothing_that_breaks_a_running_system(name: str) -> None:
    logging.getLogger("django_migration_linter").setLevel(logging.ERROR)
    statements = MigrationLinter(database=connection.alias, no_cache=True).get_sql(*name.split("."))
    errors, _ignored, _warnings = analyse_sql_statements(PostgresqlAnalyser, statements)
    assert [(issue.code, issue.message) for issue in errors] == []


def test_what_is_let_off_is_there() -> None:
    assert set(OURS) >= ON_NOTHING
