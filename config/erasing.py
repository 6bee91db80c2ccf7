"""The one database function that erases a member's words, also inside the history (PRODUCT.md §14).

Nobody but the owner of the tables may change the history, so the function is the owner's (``SECURITY DEFINER``), and
the application's role may do nothing but call it. It is written anew after each migration from what the rooms declare
(``places.member_rows``): a new table or column is erased by being named there.
"""

from __future__ import annotations

import json

from django.db import models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from memberships import places
from memberships.models import Member, MemberErasure

NAME = "erase_member"
FUNCTION = """
CREATE OR REPLACE FUNCTION erase_member(whom bigint, erased_at timestamptz, erased_by bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $erase$
DECLARE
    ids bigint[];
    history text[];
    told text := current_setting('pghistory.context_metadata', true);
BEGIN
    WITH RECURSIVE same(id) AS (
        SELECT m.id FROM memberships_member m WHERE m.id = whom
        UNION SELECT m.id FROM memberships_member m JOIN same ON m.merged_into_id = same.id
    ) SELECT array_agg(same.id) INTO ids FROM same;
    IF ids IS NULL THEN
        RAISE EXCEPTION 'There is no member %.', whom;
    END IF;
    PERFORM set_config('pghistory.context_metadata', json_build_object('user', erased_by, 'erased', true)::text, true);
    DELETE FROM config_idempotencykey k USING memberships_member m
    WHERE m.id = ANY (ids) AND EXISTS (
        SELECT FROM unnest(ARRAY[m.last_name, m.first_name, m.middle_name, m.phone, m.email, m.guardian]) AS word
        WHERE length(word) > 1 AND position(convert_to(word, 'UTF8') IN k.body) > 0);
    {rows}
    SELECT array_agg(DISTINCT t.tgname) INTO history FROM pg_trigger t WHERE t.tgname LIKE 'pgtrigger_append_only_%';
    PERFORM set_config('pgtrigger.ignore', history::text, true);
    {histories}
    PERFORM set_config('pgtrigger.ignore', '{{}}', true);
    PERFORM set_config('pghistory.context_metadata', coalesce(told, ''), true);
    INSERT INTO memberships_membererasure (member_id, erased_at, erased_by_id)
    SELECT unnest(ids), erased_at, erased_by
    ON CONFLICT (member_id) DO UPDATE SET erased_at = excluded.erased_at, erased_by_id = excluded.erased_by_id;
END $erase$;
"""


def install(cursor: CursorWrapper, role: str) -> None:
    """Writes the function as the rooms ask for it today; ``role`` (if any) may call it, and nothing more."""
    cursor.execute(definition())
    cursor.execute(f"REVOKE ALL ON FUNCTION {NAME}(bigint, timestamptz, bigint) FROM PUBLIC")
    if role:
        name, table = sql.Identifier(role), sql.Identifier(MemberErasure._meta.db_table)
        grant = sql.SQL("GRANT EXECUTE ON FUNCTION erase_member(bigint, timestamptz, bigint) TO {}")
        cursor.execute(grant.format(name))
        cursor.execute(sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(table, name))


def definition() -> str:
    """The function's text."""
    rows = [rows for rows in places.member_rows if rows.words]
    return FUNCTION.format(
        rows="\n    ".join(_rows(one) for one in rows),
        histories="\n    ".join(text for one in rows if (text := _history(one))),
    )


def _rows(rows: places.MemberRows) -> str:
    fields = [_field(rows.model, name) for name in rows.words]
    return f'UPDATE "{rows.model._meta.db_table}" SET {_blank(fields)} WHERE {_of(rows.model, rows.path)};'


def _history(rows: places.MemberRows) -> str:
    event: type[models.Model] | None = getattr(rows.model, "pgh_event_model", None)
    if event is None:
        return ""
    kept = {field.column for field in event._meta.concrete_fields}
    fields = [field for name in rows.words if (field := _field(rows.model, name)).column in kept]
    table, mine = rows.model._meta.db_table, _of(rows.model, rows.path)
    of_rows = f'pgh_obj_id IN (SELECT id FROM "{table}" WHERE {mine})'
    # what a row belonged to when it was deleted, or before it moved, its history says itself
    known = of_rows if rows.model is Member else f"({mine}) OR {of_rows}"
    context = "pgh_context = pgh_context - 'reason' - 'override_reason'"
    return f'UPDATE "{event._meta.db_table}" SET {", ".join(filter(None, [_blank(fields), context]))} WHERE {known};'


def _field(model: type[models.Model], name: str) -> models.Field:
    return model._meta.get_field(name)  # type: ignore[return-value]


def _blank(fields: list[models.Field]) -> str:
    return ", ".join(f'"{field.column}" = {_nothing(field)}' for field in fields)


def _nothing(field: models.Field) -> str:
    if field.null:
        return "NULL"
    return f"'{json.dumps(field.get_default())}'" if isinstance(field, models.JSONField) else "''"


def _of(model: type[models.Model], path: str) -> str:
    """The condition for rows of the members in ``ids``, e.g. of ``membership__member``."""
    if path == "pk":
        return "id = ANY (ids)"
    step, _dot, rest = path.partition("__")
    field = _field(model, step)
    if not rest:
        return f'"{field.column}" = ANY (ids)'
    other: type[models.Model] = field.related_model  # type: ignore[assignment]
    return f'"{field.column}" IN (SELECT id FROM "{other._meta.db_table}" WHERE {_of(other, rest)})'
