"""The history (PRODUCT.md §14): kept by the database for every change, and nobody's to edit."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pghistory.models
import pytest
from django.apps import apps
from django.conf import settings
from django.db import Error, connection, models, transaction

from calls import outcomes, queue
from calls.models import CallAttempt, CallingWindow, Complaint, ContactPolicy, Meeting, Request
from calls.outcomes import Said
from config import grants
from memberships import sales
from memberships.imports import running
from memberships.models import ClubPolicy, Freeze, Member, Membership, Promotion
from tests import days, factories
from tests.trust.walking import Caller
from tests.trust.world import World

KEPT = (
    Member, Membership, Freeze, Promotion, ClubPolicy, ContactPolicy, CallingWindow, CallAttempt, Meeting, Request,
    Complaint,
)  # fmt: skip
"""What PRODUCT.md §14 names: member, membership, freeze, promotion, policy, outcome, meeting, request, complaint."""
LEFT_OUT = {Member: {"search", "last_covered_on"}, Promotion: {"uses"}}
"""What follows from other rows and is kept with those."""

TRACKED = [
    model.pgh_tracked_model
    for model in apps.get_models()
    if issubclass(model, pghistory.models.Event) and model.pgh_tracked_model is not None
]


def run(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    run("SET LOCAL ROLE NONE")
    try:
        yield
    finally:
        run(f"SET LOCAL ROLE {settings.APP_ROLE}")


def refused(statement: str) -> str:
    """What the database says to a statement that it must refuse; empty where it does it."""
    try:
        with transaction.atomic():
            run(statement)
            transaction.set_rollback(True)
    except Error as error:
        return str(error)
    return ""


def events(row: models.Model) -> models.QuerySet:
    return type(row).pgh_event_model.objects.filter(pgh_obj_id=row.pk).order_by("pgh_id")


def last_event(row: models.Model) -> models.Model:
    return events(row).last()


# ---- what is kept


@pytest.mark.parametrize("model", KEPT, ids=lambda model: model.__name__)
def test_every_change_that_the_product_names_is_kept(model: type[models.Model]) -> None:
    assert model in TRACKED
    kept = {field.name for field in model.pgh_event_model._meta.concrete_fields}  # type: ignore[attr-defined]
    assert {field.name for field in model._meta.concrete_fields} - kept == LEFT_OUT.get(model, set())


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_the_database_itself_keeps_inserts_updates_and_deletes(model: type[models.Model], apart: World) -> None:
    fired = run(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'O'",
        model._meta.db_table,
    )
    told = " ".join(str(row[0]) for row in fired)

    for what in ("AFTER INSERT", "AFTER UPDATE", "AFTER DELETE"):
        assert what in told


def changed(model: type[models.Model]) -> tuple[str, object]:
    """A field of a model that stands alone, and something else to put into it."""
    kept = {field.name for field in model.pgh_event_model._meta.concrete_fields}  # type: ignore[attr-defined]
    free = [
        field
        for field in model._meta.concrete_fields
        if field.name in kept and not (field.unique or field.choices or field.is_relation)
    ]
    for kind, value in (
        (models.CharField | models.TextField, "changed"),
        (models.TimeField, dt.time(9, 30)),
        (models.PositiveSmallIntegerField, 11),
    ):
        for field in free:
            if isinstance(field, kind):
                return field.name, value
    raise AssertionError(f"nothing to change in {model}")


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_a_change_that_goes_around_the_operations_is_kept_too(model: type[models.Model], apart: World) -> None:
    row = model._default_manager.order_by("pk").first()
    if row is None:
        assert model is CallingWindow, f"make a {model.__name__} in tests/trust/world.py"
        policy = ContactPolicy.objects.order_by("pk")[0]
        row = CallingWindow.objects.create(policy=policy, weekday=1, from_time=dt.time(9), to_time=dt.time(17))
    field, value = changed(model)
    before = events(row).count()

    model._default_manager.filter(pk=row.pk).update(**{field: value})
    row.refresh_from_db()

    assert events(row).count() == before + 1
    assert last_event(row).pgh_label == "update"  # type: ignore[attr-defined]
    assert getattr(last_event(row), field) == getattr(row, field)


def test_raw_sql_is_kept(apart: World) -> None:
    member = apart.own.newcomer
    run("UPDATE memberships_member SET phone = '+13195550199' WHERE id = %s", member.pk)

    assert last_event(member).phone == "+13195550199"  # type: ignore[attr-defined]


def test_many_rows_made_or_deleted_at_once_are_kept_one_by_one(apart: World) -> None:
    names = ["Ahorn", "Birke", "Eiche"]
    rows = Member.objects.bulk_create(
        Member(club=apart.own.club, last_name=name, created_at=days.NOW) for name in names
    )
    kept = Member.pgh_event_model.objects  # type: ignore[attr-defined]
    made = kept.filter(pgh_label="insert", pgh_obj_id__in=[row.pk for row in rows])
    assert sorted(made.values_list("last_name", flat=True)) == names

    Member.objects.filter(pk__in=[row.pk for row in rows])._raw_delete("default")
    assert kept.filter(pgh_label="delete", last_name__in=names).count() == 3


# ---- nobody's to edit


def test_there_is_a_history_table_for_each_model_that_is_kept() -> None:
    assert grants.history_tables() == sorted(model.pgh_event_model._meta.db_table for model in TRACKED)


@pytest.mark.django_db
def test_a_room_that_was_migrated_away_takes_no_rights_from_the_others() -> None:
    """``migrate onboarding zero`` ends by granting anew what is left."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("DROP TABLE calls_requestevent")
        cursor.execute(f"GRANT UPDATE ON memberships_memberevent TO {settings.APP_ROLE}")
        grants.after_migrate(using="default")
        cursor.execute("SELECT has_table_privilege(%s, 'memberships_memberevent', 'UPDATE')", [settings.APP_ROLE])
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("table", grants.history_tables())
def test_the_application_adds_to_the_history_and_changes_nothing_in_it(table: str, apart: World) -> None:
    for allowed in ("INSERT", "SELECT"):
        assert run("SELECT has_table_privilege(current_user, %s, %s)", table, allowed) == [(True,)], allowed
    for statement in (
        f"UPDATE {table} SET pgh_label = 'forged'",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"ALTER TABLE {table} OWNER TO {settings.APP_ROLE}",
        f"DROP TABLE {table}",
        f"CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING",
    ):
        said = refused(statement)
        assert "permission denied" in said or "must be owner" in said, (statement, said)
    run(f"GRANT ALL ON {table} TO {settings.APP_ROLE}")  # does nothing: it has nothing to give
    for forbidden in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
        assert run("SELECT has_table_privilege(current_user, %s, %s)", table, forbidden) == [(False,)], forbidden


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_the_application_cannot_stop_the_history_from_being_written(model: type[models.Model], apart: World) -> None:
    table = model._meta.db_table
    for statement in (
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"TRUNCATE {table} CASCADE",
        "SET session_replication_role = replica",
        "CREATE FUNCTION public.pghistory_off() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        said = refused(statement)
        assert "permission denied" in said or "must be owner" in said, (statement, said)


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_not_even_the_owner_edits_it_by_mistake(model: type[models.Model], apart: World) -> None:
    table = model.pgh_event_model._meta.db_table  # type: ignore[attr-defined]
    if not model.pgh_event_model.objects.exists():  # type: ignore[attr-defined]
        policy = ContactPolicy.objects.order_by("pk")[0]
        CallingWindow.objects.create(policy=policy, weekday=1, from_time=dt.time(9), to_time=dt.time(17))
    with as_owner():
        assert "Cannot update or delete" in refused(f"UPDATE {table} SET pgh_label = 'forged'")
        assert "Cannot update or delete" in refused(f"DELETE FROM {table}")


# ---- who, when, from what to what


def test_a_members_changes_say_who_when_from_what_to_what(apart: World, callers: dict[str, Caller]) -> None:
    member = apart.own.newcomer
    administrator = callers["administrator"].client
    sent = {"last_name": member.last_name, "first_name": member.first_name, "phone": "+1 319 555 0177"}
    assert administrator.post(f"/members/{member.pk}/edit/", sent).status_code == 302

    page = administrator.get(f"/members/{member.pk}/changes/").content.decode()

    assert last_event(member).pgh_context == {"user": apart.own.people["administrator"].pk}  # type: ignore[attr-defined]
    assert str(apart.own.people["administrator"]) in page
    assert factories.phone(31) in page or "319-555-0131" in page
    assert "+13195550177" in page or "319-555-0177" in page
    assert dt.datetime.now(apart.own.club.zone).strftime("%H:") in page


# ---- the role is enough for the work


def test_a_sale_is_made_by_the_applications_role(apart: World) -> None:
    sold = sales.sell(
        member=apart.own.newcomer, plan=apart.own.plan, now=days.NOW, by=apart.own.people["administrator"]
    )

    assert run("SELECT current_user") == [(settings.APP_ROLE,)]
    assert last_event(sold).pgh_context["user"] == apart.own.people["administrator"].pk  # type: ignore[attr-defined]


def test_a_call_is_taken_and_ended_by_the_applications_role(apart: World) -> None:
    operator = apart.own.people["operator"]
    task = queue.next_task(operator=operator, clubs=[apart.own.club.pk], now=days.NOW)
    assert task is not None
    done = outcomes.record(task=task, operator=operator, said=Said(outcome="thinking", attends="yes"), now=days.NOW)

    assert last_event(done.attempt).outcome == "thinking"  # type: ignore[attr-defined]


def test_a_file_is_loaded_by_the_applications_role(apart: World, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text("external_id,last_name,phone\n77,Linde,+13195550178\n")
    answer = running.run(
        club=apart.own.club, kind="members", path=file, now=days.NOW, by=apart.own.people["administrator"]
    )

    assert (answer.created, answer.refused) == (1, 0)
    linde = Member.objects.get(external_id="77")
    assert last_event(linde).pgh_context["imported"] == "members"  # type: ignore[attr-defined]


def test_the_role_is_no_superuser_and_may_make_no_tables(apart: World) -> None:
    row = run("SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user")

    assert row == [(False, False, False, False)]
    assert "permission denied" in refused("CREATE TABLE public.mine (id int)")
    assert "permission denied" in refused("DELETE FROM django_migrations")
