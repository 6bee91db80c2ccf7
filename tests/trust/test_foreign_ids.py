"""Foreign ids in bodies, filters and forms read exactly as missing ones (QUALITY: nobody where they don't belong)."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.http import HttpResponse

from calls.models import Meeting, RefusalReason
from config import schema
from memberships.models import Member
from tests import days, factories
from tests.trust import walking
from tests.trust.forms import Form, forms_of
from tests.trust.walking import MISSING, MISSING_SLUG, Caller, body_of
from tests.trust.world import Side, World

TIME = "2026-11-16T11:00:00-06:00"


@contextlib.contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def sides(world: World) -> dict[str, Side]:
    """Both clubs, each with codes of its own, and a third that is nowhere."""
    for side in (world.own, world.foreign):
        slug = side.club.slug
        factories.make_plan(side.club, f"P-{slug}")
        factories.make_promotion(side.club, f"A-{slug}", kind="amount", needs_code=True)
        RefusalReason.objects.create(club=side.club, code=f"r-{slug}", group="club", label="Too loud")
    return {"own": world.own, "foreign": world.foreign}


def values_of(side: Side | None) -> dict[str, Any]:
    """What names a thing of a club, by the field that names it; ``None``: what names nothing."""
    slug = side.club.slug if side else "nowhere"
    member = side.member.pk if side else MISSING
    host = side.employee.pk if side else MISSING
    return {
        "member": member,
        "member.external_id": {"external_id": f"{slug}-1"},
        "other": side.newcomer.pk if side else MISSING,
        "referred_by": side.newcomer.pk if side else MISSING,
        "plan": f"P-{slug}",
        "codes": [f"A-{slug}"],
        "quote": side.quote.pk if side else MISSING,
        "club": side.club.slug if side else MISSING_SLUG,
        "host": host,
        "reason": f"r-{slug}",
        "absence_reason": f"r-{slug}",
        "close_also": [side.task.pk if side else MISSING],
        "also": [{"member": side.newcomer.pk if side else MISSING, "outcome": "thinking"}],
        "meeting": {"host": host, "starts_at": TIME},
        "visits": [{"member": member, "at": "2026-11-11T18:00:00-06:00", "zone": "gym"}],
    }


PLAIN: dict[str, Any] = {
    "due_at": "2026-11-13T17:00:00-06:00",
    "ends_on": "2026-12-20",
    "last_name": "Linde",
    "name": "Leon Weiss",
    "on": "2026-11-20",
    "outcome": "refused",
    "result": "refused",
    "returned_on": "2026-11-20",
    "starts_at": TIME,
    "starts_on": "2026-12-06",
    "text": "The music is loud",
    "why": "because",
}
"""Values of required fields that name nothing of a club, so that a request is otherwise right."""
WORDS_OF_REASONS = {"api_membership_cancel", "api_freezes", "api_step_skip", "api_member"}
"""Where ``reason`` is free text."""
WITH = {
    "quote": {"result": "renewed"},
    "plan": {"result": "changed_plan"},
    "codes": {"result": "changed_plan"},
    "absence_reason": {"outcome": "thinking", "attends": "no"},
    "meeting": {"outcome": "booked"},
    "close_also": {"outcome": "thinking", "attends": "yes"},
    "also": {"outcome": "thinking", "attends": "yes"},
}
"""What goes with a field so that it counts."""
SILENT = {("api_task_outcome", "close_also")}
"""Where what is not the member's own call is left alone without a word."""


@dataclass(frozen=True)
class Call:
    """A method of an address of the API that takes a body with a field that names something of a club."""

    route: Any
    method: str
    field: str
    required: tuple[str, ...]
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.route.name} {self.field}"


def operations() -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Every operation of the API's own description, with its route."""
    document = schema.document()
    plain = {walking.KWARG.sub("{}", route.pattern): route for route in walking.routes()}
    for path, item in document["paths"].items():
        route = plain[re.sub(r"{\w+}", "{}", path.lstrip("/"))]
        for method in item.keys() & {"get", "post", "patch", "put", "delete"}:
            yield route, method.upper(), item[method]


def calls_with_bodies() -> list[Call]:
    found = []
    document = schema.document()
    for route, method, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        shape = schema._resolved(document, content.get("schema", {}))
        known = tuple(shape.get("properties", {}))
        for name in values_of(None):
            if name.partition(".")[0] in known and not (name == "reason" and route.name in WORDS_OF_REASONS):
                found.append(Call(route, method, name, tuple(shape.get("required", ())), known))
    return sorted(found, key=str)


def body_for(call: Call, own: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """A body of the own club's things, but for the field that is tried."""
    body = {}
    for name in call.required:
        if name not in own and name not in PLAIN:
            pytest.fail(f"{call}: what may stand in the required field {name}? Add it to PLAIN or values_of().")
        body[name] = own[name] if name in own else PLAIN[name]
    body |= {name: value for name, value in WITH.get(call.field, {}).items() if name in call.known}
    if "result" in call.known and call.route.name == "api_meeting_close":
        body.setdefault("result", "refused")
        if body["result"] == "changed_plan":
            body.setdefault("plan", own["plan"])
    body[call.field.partition(".")[0]] = named[call.field]
    return body


def without(text: str, *values: Any) -> str:
    """An answer without the values that it was asked about, in whatever writing it repeats them."""
    texts = {str(one) for value in values for one in _leaves(value)}
    written = sorted({re.escape(one) for text in texts for one in (text, quote(text, safe=""))}, key=len, reverse=True)
    return re.sub(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)", "…", text)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value not in (TIME, "gym", "thinking"):
        yield value


# ---- the API


@pytest.mark.parametrize("call", calls_with_bodies(), ids=str)
def test_a_foreign_thing_in_a_body_reads_as_a_missing_one(
    call: Call, apart: World, sides: dict[str, Side], callers: dict[str, Caller]
) -> None:
    path, manager = walking.path_to(call.route, apart.own), callers["manager"]
    own, foreign, missing = values_of(sides["own"]), values_of(sides["foreign"]), values_of(None)
    answers = {}
    for name, named in (("own", own), ("foreign", foreign), ("missing", missing)):
        with taken_back():
            if call.route.name.startswith("api_task_"):
                manager.client.post("/calls/next/")
            if call.route.name == "api_meeting_close":
                times = {"starts_at": days.NOW - dt.timedelta(hours=1), "ends_at": days.NOW - dt.timedelta(minutes=30)}
                Meeting.objects.filter(pk=apart.own.meeting.pk).update(status="attended", **times)
            answer = manager.ask(call.route, call.method, path, body_for(call, own, named))
            said = without(body_of(answer), *(values[call.field] for values in (own, foreign, missing)))
            answers[name] = (answer.status_code, said)

    if (call.route.name, call.field) in SILENT:
        assert answers["foreign"][0] == answers["missing"][0]
        return
    assert answers["foreign"] == answers["missing"]
    if call.field != "visits":
        assert answers["missing"][0] in (404, 422), answers["missing"]
        assert answers["own"] != answers["missing"], "the control: one's own is taken"


FILTERS = ("club", "member", "host", "object", "external_id")


def lists_with_filters() -> list[tuple[Any, str, tuple[str, ...]]]:
    found = []
    for route, method, operation in operations():
        asked = tuple(one["name"] for one in operation.get("parameters", []) if one["in"] == "query")
        found += [(route, name, asked) for name in asked if method == "GET" and name in FILTERS]
    return sorted(found, key=lambda one: (one[0].name, one[1]))


@pytest.mark.parametrize(("route", "name", "asked"), lists_with_filters(), ids=lambda one: getattr(one, "name", one))
def test_a_foreign_thing_in_a_filter_finds_what_a_missing_one_finds(
    route: Any, name: str, asked: tuple[str, ...], apart: World, sides: dict[str, Side], callers: dict[str, Caller]
) -> None:
    values = {}
    for who, side in (("own", sides["own"]), ("foreign", sides["foreign"]), ("missing", None)):
        known = values_of(side)
        known |= {"object": f"member:{known['member']}", "external_id": known["member.external_id"]["external_id"]}
        values[who] = known[name]
    answers = {}
    for who, value in values.items():
        query = {name: value} | ({"club": apart.own.club.slug} if "club" in asked and name != "club" else {})
        if "from" in asked:
            query |= {"from": "2026-11-01", "to": "2026-11-30"}
        answer = callers["manager"].ask(route, "GET", f"{walking.path_to(route, apart.own)}?{urlencode(query)}")
        answers[who] = (answer.status_code, without(body_of(answer), *values.values()))

    assert answers["foreign"] == answers["missing"]
    status, text = answers["missing"]
    assert status == 404 if name == "club" else status == 200 and json.loads(text)["results"] == []
    assert answers["own"][0] == 200


# ---- forms


def form_values(side: Side | None) -> dict[str, Any]:
    """What forms name things by: ids, and codes where the list shows codes."""
    api = values_of(side)
    plan = side.plan.pk if side else MISSING
    return {
        "club": api["club"],
        "ids": str(api["member"]),
        "host": str(api["host"]),
        "slot": f"{api['host']}|{TIME}",
        "plan": str(plan),
        "plans": str(plan),
        "codes": api["codes"][0],
        "quote": str(api["quote"]),
        "membership": str(side.membership.pk if side else MISSING),
        "reason": api["reason"],
        "absence_reason": api["reason"],
        "other": str(api["other"]),
        "member": str(api["member"]),
        "referred_by": str(api["referred_by"]),
        "into": str(side.reason.pk if side else MISSING),
        "to": str(side.employee.pk if side else MISSING),
        "parent": str(side.reason.pk if side else MISSING),
        "template": str(side.template.pk if side else MISSING),
        "employee": str(api["host"]),
        "owner": str(api["host"]),
        "about": str(api["host"]),
    }


NO_IDS = {
    "action", "active", "after", "all", "attends", "audience", "back", "cap_counts", "consent_calls", "consent_email",
    "consent_scope", "consent_sms", "create_plans", "csrfmiddlewaretoken", "do", "final", "frozen_visit", "group",
    "kind", "language", "login", "needs_code", "next", "no_winback", "note_required", "outcome", "own_windows",
    "password", "preview", "purpose", "query", "result", "satisfied", "segments", "shared", "shortcut_keys", "skip_bad",
    "stackable", "term_unit", "theme", "version", "word",
}  # fmt: skip
"""Choices and hidden fields that name nothing of a club."""


def shown_forms(world: World, callers: dict[str, Caller]) -> dict[str, Form]:
    """Every form of every page, by where it leads, joined over pages."""
    found: dict[str, Form] = {}
    callers["manager"].client.post("/calls/next/")
    for route in walking.guarded():
        if walking.is_api(route):
            continue
        path = walking.path_to(route, world.own)
        answer = callers["manager"].client.get(path)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        for form in forms_of(answer.content.decode()):
            known = found.setdefault((form.action or path).partition("?")[0], Form(form.action or path))
            known.sent = form.sent | known.sent
            known.choices |= form.choices
    return found


def test_what_forms_name_is_known(apart: World, callers: dict[str, Caller]) -> None:
    forms = shown_forms(apart, callers)
    names = {name for form in forms.values() for name in form.choices}
    unknown = {name for name in names if not name.startswith(("also-", "column_"))} - set(form_values(None)) - NO_IDS

    assert len(forms) > 10
    assert unknown == set(), "does it name something of a club? Add it to form_values(), else to NO_IDS."


def test_a_foreign_thing_in_a_form_reads_as_a_missing_one(
    apart: World, sides: dict[str, Side], callers: dict[str, Caller]
) -> None:
    foreign, missing = form_values(sides["foreign"]), form_values(None)
    browser, tried, found = callers["manager"].client, 0, []

    def answer(form: Form, name: str, values: dict[str, Any]) -> tuple[int, str, str]:
        browser.cookies.pop("messages", None)  # of the form before
        with taken_back():
            said: HttpResponse = browser.post(form.action, form.sent | {name: values[name]})
        return said.status_code, said.headers.get("Location", ""), without(body_of(said), foreign[name], missing[name])

    for form in shown_forms(apart, callers).values():
        for name in form.sent.keys() & foreign.keys():
            tried += 1
            if answer(form, name, foreign) != answer(form, name, missing):
                found.append(f"POST {form.action} {name}")

    assert tried > 10
    assert not found, "\n".join(found)


def test_a_foreign_thing_in_an_address_reads_as_a_missing_one(
    apart: World, sides: dict[str, Side], callers: dict[str, Caller]
) -> None:
    foreign = form_values(sides["foreign"]) | {"meeting": sides["foreign"].meeting.pk, "plan": "P-hillside"}
    missing = form_values(None) | {"meeting": MISSING, "plan": "P-nowhere"}
    found = []
    together = foreign.keys() - {"host"}  # a host that is not there is an answer of its own
    for route in walking.guarded():
        path = walking.path_to(route, apart.own)
        if walking.is_api(route) or "GET" not in set(walking.methods(route, callers["owner"], path)):
            continue
        for names in (together, {"host"}):
            said = []
            for values in (foreign, missing):
                answer = callers["manager"].client.get(path, {name: values[name] for name in names})
                said.append((answer.status_code, without(body_of(answer), *foreign.values(), *missing.values())))
            if said[0] != said[1]:
                found.append(f"GET {path} by one of {sorted(names)}")

    assert not found, "\n".join(found)


def test_nobodys_member_is_found_by_searching_for_what_the_other_club_knows(
    apart: World, callers: dict[str, Caller]
) -> None:
    foreign = apart.foreign.member
    Member.objects.filter(pk=foreign.pk).update(last_name="Unheard")
    for text in ("Unheard", "hillside-1"):
        page = callers["owner"].client.get("/members/", {"q": text})
        assert f"/members/{foreign.pk}/" not in page.content.decode()
    assert f"/members/{apart.own.member.pk}/" in callers["owner"].client.get("/members/?q=riverside-1").content.decode()
