"""Whatever is typed, loaded or commanded wrongly is answered in words, and nothing of it is stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.urls import resolve

from calls.models import Meeting
from memberships.models import Member
from tests import days, factories, web
from tests.journeys import console, files
from tests.trust import walking
from tests.trust.forms import Form, forms_of
from tests.trust.world import World, make_world

pytestmark = pytest.mark.django_db

NOISE = {"Session", "IdempotencyKey", "ApiToken", "AccessAttempt", "AccessLog", "Context", "OperatorState"}
"""What a refusal may write: that somebody asked, and is there."""


def stored() -> dict[str, tuple[int, int]]:
    """What every table holds: number of rows, and a sum over all of them."""
    kept = [model for model in apps.get_models() if model.__name__ not in NOISE and model._meta.managed]
    tables = [model._meta.db_table for model in kept if not model._meta.proxy]
    parts = (f"SELECT '{table}', count(*), coalesce(sum(hashtext(t::text)), 0) FROM \"{table}\" t" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {table: (count, total) for table, count, total in cursor.fetchall()}


# ---- forms -----------------------------------------------------------------------------------------------

NONSENSE = {
    "nothing": "",
    "a NUL": "a\x00b",
    "too long": "9" * 5000,
    "no day": "2026-02-30",
    "far away": "9999-12-31",
    "markup": "<script>-0.5１２</script>'\"",
}
SAID = re.compile(r'role="alert"|aria-invalid="true"|class="err"')


@pytest.fixture
def world(set_clock: Callable[..., None]) -> World:
    set_clock(days.NOW)
    return make_world()


def pages(world: World) -> Iterator[str]:
    """The addresses of all pages, with things of the own club in them; those that close a meeting each way."""
    for route in walking.guarded():
        if not walking.is_api(route):
            yield walking.path_to(route, world.own)
    for how in ("refused", "changed-plan", "held"):
        yield f"/meetings/{world.own.meeting.pk}/close/{how}/"


def test_no_form_breaks_on_nonsense_or_stores_what_it_refuses(world: World) -> None:
    karin = web.browser(world.own.people["manager"])
    karin.raise_request_exception = False
    karin.post("/calls/next/")
    karin.post(f"/calls/{world.own.task.pk}/dial/")
    known: dict[tuple[str, str], Form] = {}
    for path in pages(world):
        answer = karin.get(path, follow=True)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            for form in forms_of(answer.content.decode()):
                form.action = form.action or answer.request["PATH_INFO"]
                name = resolve(form.action.partition("?")[0]).view_name
                known.setdefault((name, ",".join(sorted(form.sent))), form)
    assert len(known) > 40

    before = stored()
    wrong = []
    for (name, _fields), form in known.items():
        typed = [field for field in form.sent if field not in form.choices]
        chosen = [field for field in form.choices if field not in ("csrfmiddlewaretoken", "outcome")]
        attacks = [(typed, what) for what in NONSENSE if typed] + [(typed + chosen, "too long")] * bool(chosen)
        for fields, what in attacks:
            with transaction.atomic():
                answer = karin.post(form.action, {**form.sent, **dict.fromkeys(fields, NONSENSE[what])})
                status = answer.status_code
                if status >= 500 or (status in (409, 422) and not SAID.search(walking.body_of(answer))):
                    wrong.append(f"{name} with {what}: {status} without a word")
                elif status >= 400 and (changed := dict(stored().items() ^ before.items())):
                    wrong.append(f"{name} with {what}: {status}, and {', '.join(changed)} changed")
                transaction.set_rollback(True)
    assert not wrong, "\n".join(wrong)


# ---- commands --------------------------------------------------------------------------------------------

CLUB = ("--name", "Two", "--timezone", "Europe/Berlin", "--country", "DE", "--currency", "EUR")


def club_with(name: str, value: str) -> tuple[str, ...]:
    return tuple(value if CLUB[place - 1] == name else text for place, text in enumerate(CLUB))


COMMANDS = [
    (("add_club", "Two Words", *CLUB), "slug: "),
    (("add_club", "riverside", *CLUB), "slug: "),
    (("add_club", "two", *club_with("--timezone", "Europe/Atlantis")), "timezone"),
    (("add_club", "two", *club_with("--country", "XX")), "country"),
    (("add_club", "two", *club_with("--currency", "DOLLAR")), "currency"),
    (("add_club", "two", *club_with("--name", "  ")), "name"),
    (("add_club", "two", *CLUB, "--region", "ZZ"), "region"),
    (("add_staff", "olga", "--role", "chief"), "chief"),
    (("add_staff", "olga", "--role", "operator"), "club"),
    (("add_staff", "olga", "--role", "operator", "--club", "nowhere"), "nowhere"),
    (("add_staff", "ol ga", "--role", "operator", "--club", "riverside"), "username"),
    (("api_token", "nobody"), "nobody"),
    (("explain", "4711", "--club", "riverside"), "4711"),
    (("explain", "F1", "--club", "nowhere"), "nowhere"),
    (("explain", "F1", "--club", "riverside", "--at", "noon"), "noon"),
    (("plan_calls", "--club", "nowhere"), "nowhere"),
    (("plan_calls", "--on", "31.12.2026"), "31.12.2026"),
    (("set_clock", "2027-01-15 10:00"), "2027-01-15 10:00"),
    (("demo", "--members", "0"), "--members"),
    (("import_data", "animals", "none.csv", "--club", "riverside"), "animals"),
    (("import_data", "members", "none.csv", "--club", "riverside"), "none.csv"),
    (("import_data", "members", "none.csv", "--club", "nowhere"), "nowhere"),
    (("import_data", "members", "none.csv", "--club", "riverside", "--as-of", "yesterday"), "yesterday"),
    (("import_data", "members", "none.csv", "--club", "riverside", "--mapping", "[1]"), "--mapping"),
]


@pytest.mark.parametrize(("command", "named"), COMMANDS, ids=[" ".join(one)[:60] for one, _named in COMMANDS])
def test_a_wrong_command_says_what_is_wrong_and_does_nothing(command: tuple[str, ...], named: str) -> None:
    club = factories.make_club()
    factories.make_member(club, external_id="F1")
    before = stored()
    said = console.manage(*command, stdin="\n" if command[0] == "add_staff" else "")
    assert said.code != 0, said
    assert named.lower() in (said.out + said.err).lower(), said
    assert "Traceback" not in said.err
    assert stored() == before


# ---- files -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    console.make_club()
    return files.write_small(tmp_path)


LAST_ROWS = {
    "plans": ("M24,24 months,24x,600,60,7,3,gym", "term", "24x"),
    "promotions": ("BAD,Bad,percent,140,new,2026-01-01,,,no,no,,,", "value", "140"),
    "members": ("F9,,Nameless,+13195550119,,,en,no,", "last_name", ""),
    "memberships": ("C9,F3,M12,2026-12-01,2026-12-09,360,", "sold_on", "2026-12-09"),
    "visits": ("F1,2026-11-31T10:00,gym", "at", "2026-11-31T10:00"),
}


@pytest.mark.parametrize("kind", files.KINDS)
def test_one_bad_last_row_keeps_a_whole_file_out_and_is_named(kind: str, folder: Path) -> None:
    for earlier in files.KINDS[: files.KINDS.index(kind)]:
        console.done("import_data", earlier, folder / f"{earlier}.csv", "--club", "mf", "--as-of", "2026-11-12")
    row, column, value = LAST_ROWS[kind]
    path = folder / f"{kind}.csv"
    path.write_text(path.read_text() + row + "\n")
    line = path.read_text().count("\n")
    asked = ("import_data", kind, path, "--club", "mf", "--as-of", "2026-11-12", "--json")

    before = stored()
    said = console.manage(*asked)
    assert (said.code, said.json["created"], said.json["refused"]) == (1, 0, 1)
    (error,) = said.json["errors"]
    assert (error["line"], error["column"], error["value"]) == (line, column, value)
    assert error["message"].endswith(".")
    assert stored() == before

    report = folder / "report.csv"
    said = console.manage(*asked, "--skip-bad", "--report", report)
    assert (said.code, said.json["created"]) == (1, line - 2)
    assert row.split(",")[0] in report.read_text(encoding="utf-8-sig")


# ---- a story of slips ------------------------------------------------------------------------------------


def test_slips_at_the_desk_and_in_the_club_are_said_and_store_nothing(world: World) -> None:
    own = world.own
    olga, anna = (web.browser(own.people[role]) for role in ("operator", "administrator"))
    olga.post("/calls/next/")
    olga.post(f"/calls/{own.task.pk}/dial/")
    outcome = f"/calls/{own.task.pk}/outcome/"
    night = f"{own.employee.pk}|2026-11-13T03:00:00-06:00"
    before = stored()
    slips = [
        (olga, outcome, {"outcome": "callback", "callback_at": "2026-11-12T23:30"}, "23:30"),
        (olga, outcome, {"outcome": "callback", "callback_at": "2026-11-11T12:00"}, "past"),
        (olga, outcome, {"outcome": "refused", "reason": "other"}, "note"),
        (olga, outcome, {"outcome": "sold"}, "There is no such outcome."),
        (anna, "/members/new/", {"last_name": "New", "phone": "12"}, "12"),
        (anna, f"/memberships/{own.membership.pk}/freeze/", {"starts_on": "2026-11-13", "ends_on": "2026-11-15"}, "7"),
        (anna, f"/memberships/{own.membership.pk}/cancel/", {"on": "2026-11-01", "reason": "moved"}, "2026"),
        (anna, f"/members/{own.member.pk}/offer/", {"plan": own.plan.pk, "codes": "NOSUCH"}, "NOSUCH"),
        (anna, f"/members/{own.member.pk}/meeting/", {"slot": night, "purpose": "renewal"}, "07:00"),
    ]
    silent = []
    for somebody, path, typed, word in slips:
        answer = somebody.post(path, typed)
        told = answer.content.decode()
        if answer.status_code not in (409, 422) or not SAID.search(told) or word not in told:
            silent.append((path, typed, answer.status_code))
    assert not silent, silent
    assert stored() == before
    assert (Member.objects.filter(last_name="New").count(), Meeting.objects.count()) == (0, 2)
