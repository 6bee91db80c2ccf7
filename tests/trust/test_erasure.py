"""What a member asks of a club: everything that it knows of them, and that it forgets it."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.urls import reverse

from calls.models import CallAttempt, Complaint, Meeting
from config import grants
from memberships import erasing, merging, people
from memberships.models import Member, MemberErasure, Membership, SpecialDate
from tests import days, factories
from tests.calls.factories import make_attempt
from tests.trust.walking import Caller
from tests.trust.world import EMAIL, NAME, PHONE, World

CANARY = "kanarienvogel"


def rows_of_everything() -> dict[str, list[str]]:
    """Every row of every table as text."""
    with connection.cursor() as cursor:
        dumped = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            dumped[table] = [text for (text,) in cursor.fetchall()]
    return dumped


def counts() -> dict[str, int]:
    live = {table: len(rows) for table, rows in rows_of_everything().items()}
    return {
        table: n for table, n in live.items() if table not in (*grants.history_tables(), "memberships_membererasure")
    }


def found(*canaries: str) -> list[tuple[str, str]]:
    wanted = [canary.lower() for canary in canaries]
    return [
        (table, text[:200])
        for table, rows in rows_of_everything().items()
        for text in rows
        if any(canary in text.lower() for canary in wanted)
    ]


@pytest.fixture
def canary(apart: World) -> Member:
    """A member whose every word is the canary, in the rows, in what they were before, and in what was deleted."""
    own, by = apart.own, apart.own.people["administrator"]
    details = {
        "last_name": f"{CANARY}-last", "first_name": f"{CANARY}-first", "middle_name": f"{CANARY}-middle",
        "email": f"{CANARY}@example.org", "guardian": f"{CANARY}-guardian", "consent_evidence": f"{CANARY} signed",
        "interests": CANARY, "goal": CANARY, "notes": CANARY, "external_id": CANARY,
    }  # fmt: skip
    member = people.create(club=own.club, details=details, now=days.NOW, by=by)
    people.set_do_not_call(member=member, note=CANARY, now=days.NOW, by=by)
    people.clear_do_not_call(member=member, reason=f"{CANARY} wrote so", now=days.NOW, by=by)
    term = factories.make_membership(
        member, own.plan, starts_on=days.day("2026-02-01"), special_terms=CANARY, external_id=f"{CANARY}-1",
    )  # fmt: skip
    factories.make_freeze(term, days.day("2026-03-01"), days.day("2026-03-09"), reason=CANARY, override_reason=CANARY)
    make_attempt(member, "2026-10-01T12:00", note=CANARY, phone=CANARY[:20], corrected_why=CANARY)
    SpecialDate.objects.create(member=member, on=days.day("2024-05-05"), name=CANARY)
    deleted = make_attempt(member, "2026-10-02T12:00", note=CANARY)
    CallAttempt.objects.filter(pk=deleted.pk)._raw_delete("default")
    Complaint.objects.create(club=own.club, member=member, text=CANARY, answer=CANARY, received_at=days.NOW)
    Meeting.objects.create(
        club=own.club, member=member, host=own.employee, purpose="review", starts_at=days.at("2026-11-20T10:00"),
        ends_at=days.at("2026-11-20T10:30"), calendar_uid="00000000-0000-0000-0000-000000000001", note=CANARY,
        why=CANARY, booked_at=days.NOW,
    )  # fmt: skip
    people.edit(member=member, details={"notes": "", "last_name": f"{CANARY}-now"}, now=days.NOW, by=by)
    return member


def test_no_canary_is_left_in_any_table_and_counts_stay(apart: World, canary: Member) -> None:
    assert len(found(CANARY)) > 15  # the control
    before = counts()
    erased = erasing.erase(member=canary, now=days.NOW, by=apart.own.people["manager"])
    assert found(CANARY) == []
    assert counts() == before
    assert (erased.erased_at, erased.erased_by) == (days.NOW, apart.own.people["manager"])


def test_a_member_of_the_world_goes_without_a_trace_and_others_stay(apart: World) -> None:
    own, foreign = apart.own, apart.foreign
    erasing.erase(member=own.member, now=days.NOW, by=own.people["manager"])
    assert Membership.objects.filter(member=own.member).exists()
    assert Member.objects.get(pk=foreign.member.pk).last_name == NAME and found(NAME, PHONE, EMAIL)
    erasing.erase(member=foreign.member, now=days.NOW, by=None)
    assert found(NAME, PHONE, EMAIL) == []
    assert Member.objects.get(pk=own.newcomer.pk).last_name == own.newcomer.last_name


def test_whoever_was_merged_into_the_member_goes_too(apart: World, canary: Member) -> None:
    kept = factories.make_member(apart.own.club, last_name="Kept", phone="")
    merging.merge(kept=kept, gone=canary, now=days.NOW, by=None)
    erasing.erase(member=kept, now=days.NOW, by=None)
    assert found(CANARY) == []
    assert set(MemberErasure.objects.values_list("member", flat=True)) == {kept.pk, canary.pk}


def test_twice_is_refused_and_a_new_name_can_be_erased_again(apart: World) -> None:
    member = apart.own.member
    erasing.erase(member=member, now=days.NOW, by=None)
    with pytest.raises(erasing.AlreadyErased):
        erasing.erase(member=member, now=days.NOW, by=None)
    people.edit(member=member, details={"last_name": CANARY}, now=days.NOW, by=None)
    erasing.erase(member=member, now=days.NOW, by=None)
    assert found(CANARY) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE memberships_memberevent SET last_name = ''",
        "SET LOCAL pgtrigger.ignore = '{}'; DELETE FROM memberships_memberevent",
        "INSERT INTO memberships_membererasure (member_id, erased_at) SELECT id, created_at FROM memberships_member",
        "DELETE FROM memberships_membererasure",
        "UPDATE memberships_membererasure SET erased_by_id = NULL",
        "CREATE OR REPLACE FUNCTION erase_member(whom bigint, erased_at timestamptz, erased_by bigint) RETURNS void"
        " LANGUAGE sql AS ''",
    ],
)
def test_the_application_may_call_the_function_and_nothing_more(apart: World, statement: str) -> None:
    with pytest.raises(Error, match=r"permission denied|must be owner"), transaction.atomic():
        connection.cursor().execute(statement)


def test_nobody_else_may_call_it(apart: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosecdef, proacl::text FROM pg_proc WHERE proname = 'erase_member'")
        ((definer, rights),) = cursor.fetchall()
    assert definer and "=X/" not in rights.replace("ringback_app=X/", "").replace("ringback=X/", "")


# ---- the page, the file, the command


def test_the_page_asks_for_the_name(apart: World, callers: dict[str, Caller]) -> None:
    member, manager = apart.own.member, callers["manager"].client
    url = reverse("member_erase", args=[member.pk])
    assert manager.post(url, {"name": "somebody"}).status_code == 422
    assert callers["administrator"].client.post(url, {"name": member.name}).status_code == 403
    assert Member.objects.get(pk=member.pk).last_name == NAME
    assert manager.post(url, {"name": f" {member.name.upper()} "}).status_code == 302
    page = manager.get(reverse("member_detail", args=[member.pk])).content.decode()
    assert "erased" in page and NAME not in page
    assert manager.get("/members/").status_code == 200


def test_the_file_holds_everything_of_the_member(apart: World, callers: dict[str, Caller], canary: Member) -> None:
    response = callers["manager"].client.get(reverse("member_export", args=[canary.pk]))
    told = json.loads(response.content)
    assert response["Content-Disposition"].startswith("attachment") and told["club"] == apart.own.club.slug
    for name in ("member", "memberships", "freezes", "attempts", "meetings", "complaints"):
        assert CANARY in json.dumps(told[name]), name
    assert told["memberships"][0]["plan"] == str(apart.own.plan)
    assert NAME not in response.content.decode()


def test_nobody_finds_a_complaint_about_themselves_in_it(apart: World, callers: dict[str, Caller]) -> None:
    manager = apart.own.people["manager"].employees.get()
    Complaint.objects.create(
        club=apart.own.club, member=apart.own.member, text=CANARY, about=manager, received_at=days.NOW
    )
    url = reverse("member_export", args=[apart.own.member.pk])
    assert CANARY not in callers["manager"].client.get(url).content.decode()
    assert CANARY in callers["owner"].client.get(url).content.decode()


def test_the_command_erases_by_either_number(apart: World, canary: Member) -> None:
    slug = apart.own.club.slug
    call_command("erase_member", CANARY, club=slug)
    assert found(CANARY) == []
    call_command("erase_member", str(apart.own.member.pk), club=slug)
    for member, club in ((str(apart.foreign.member.pk), slug), ("1", "nowhere"), (str(apart.own.member.pk), slug)):
        with pytest.raises(CommandError):
            call_command("erase_member", member, club=club)
