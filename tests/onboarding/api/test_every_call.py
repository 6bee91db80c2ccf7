"""Every call of the API × every role × own, foreign and missing: who is let in, who is told what."""

from __future__ import annotations

import json
import re

import pytest

from config.schema import document
from memberships.models import User
from memberships.rights import LOWEST_ROLE, ORDER, Right
from tests import factories
from tests.memberships.api.client import PREFIX, Api
from tests.memberships.shop import Shop
from tests.onboarding.api.world import MARKS, World, make_world

R = Right
CALLS: dict[tuple[str, str], Right] = {
    ("GET", "clubs/{club}"): R.SETTINGS,
    ("PATCH", "clubs/{club}"): R.SETTINGS,
    ("GET", "employees"): R.BOOK_MEETINGS,
    ("POST", "employees"): R.SETTINGS,
    ("PATCH", "employees/{employee}"): R.SETTINGS,
    ("GET", "members"): R.READ_MEMBERS,
    ("POST", "members"): R.EDIT_MEMBERS,
    ("GET", "members/{member}"): R.READ_MEMBERS,
    ("PATCH", "members/{member}"): R.EDIT_MEMBERS,
    ("GET", "members/{member}/contact-policy"): R.READ_MEMBERS,
    ("POST", "members/{member}/merge"): R.EDIT_MEMBERS,
    ("GET", "plans"): R.READ_OFFERS,
    ("GET", "promotions"): R.READ_OFFERS,
    ("POST", "quotes"): R.SELL,
    ("GET", "quotes/{quote}"): R.READ_PRICES,
    ("GET", "memberships"): R.READ_MEMBERS,
    ("POST", "memberships"): R.SELL,
    ("GET", "memberships/{membership}"): R.READ_MEMBERS,
    ("POST", "memberships/{membership}/cancel"): R.SELL,
    ("POST", "memberships/{membership}/change-plan"): R.SELL,
    ("POST", "memberships/{membership}/freezes"): R.SELL,
    ("POST", "freezes/{freeze}/end"): R.SELL,
    ("POST", "closures"): R.OVERRIDE,
    ("DELETE", "closures/{closure}"): R.OVERRIDE,
    ("POST", "visits"): R.EDIT_MEMBERS,
    ("GET", "audit"): R.READ_AUDIT,
    ("POST", "calls/plan"): R.SUPERVISE,
    ("GET", "calls/tasks"): R.WORK_QUEUE,
    ("POST", "calls/tasks"): R.WORK_QUEUE,
    ("POST", "calls/next"): R.WORK_QUEUE,
    ("GET", "calls/queue"): R.WORK_QUEUE,
    ("POST", "calls/tasks/{task}/extend"): R.WORK_QUEUE,
    ("POST", "calls/tasks/{task}/release"): R.WORK_QUEUE,
    ("POST", "calls/tasks/{task}/dial"): R.WORK_QUEUE,
    ("POST", "calls/tasks/{task}/undo"): R.WORK_QUEUE,
    ("POST", "calls/tasks/{task}/outcome"): R.WORK_QUEUE,
    ("GET", "calls/attempts"): R.WORK_QUEUE,
    ("POST", "calls/attempts/{attempt}/correct"): R.SUPERVISE,
    ("GET", "reasons"): R.WORK_QUEUE,
    ("GET", "slots"): R.BOOK_MEETINGS,
    ("GET", "meetings"): R.BOOK_MEETINGS,
    ("POST", "meetings"): R.BOOK_MEETINGS,
    ("POST", "meetings/{meeting}/attended"): R.HOLD_MEETINGS,
    ("POST", "meetings/{meeting}/no_show"): R.HOLD_MEETINGS,
    ("POST", "meetings/{meeting}/cancel"): R.HOLD_MEETINGS,
    ("POST", "meetings/{meeting}/reschedule"): R.BOOK_MEETINGS,
    ("POST", "meetings/{meeting}/close"): R.HOLD_MEETINGS,
    ("GET", "requests"): R.WORK_REQUESTS,
    ("POST", "requests"): R.OPEN_REQUESTS,
    ("POST", "requests/{request}/answer"): R.WORK_REQUESTS,
    ("POST", "requests/{request}/decline"): R.WORK_REQUESTS,
    ("POST", "requests/{request}/hand-over"): R.WORK_REQUESTS,
    ("GET", "reports/refusals"): R.READ_REPORTS,
    ("GET", "onboarding/checklists"): R.WORK_CHECKLISTS,
    ("POST", "onboarding/checklists"): R.WORK_CHECKLISTS,
    ("POST", "onboarding/steps/{step}/done"): R.WORK_CHECKLISTS,
    ("POST", "onboarding/steps/{step}/skip"): R.WORK_CHECKLISTS,
    ("POST", "onboarding/steps/{step}/undo"): R.WORK_CHECKLISTS,
}
OF_A_PATH = [call for call in CALLS if "{" in call[1]]
LISTS = [call for call in CALLS if call[0] == "GET" and "{" not in call[1] and call[1] != "audit"]
TAKE_NO_BODY = {"extend", "dial", "undo", "attended", "no_show"}
WITH_BODY = [call for call in CALLS if call[0] in ("POST", "PATCH") and call[1].split("/")[-1] not in TAKE_NO_BODY]
CLUB_IN_BODY = ["closures", "visits", "calls/plan", "calls/next", "members", "employees"]


@pytest.fixture
def world(shop: Shop) -> World:
    return make_world(shop)


def of_role(shop: Shop, role: str) -> Api:
    return Api(factories.make_user(shop.club, role, f"another-{role}"))


def missing(path: str) -> str:
    """The same address with ids that nobody has."""
    return re.sub(r"\{\w+\}", "999999", path)


def test_every_call_of_the_document_is_in_this_table() -> None:
    described = {
        (method.upper(), path.removeprefix(PREFIX)) for path, item in document()["paths"].items() for method in item
    }
    shapes = {(method, path.partition("{")[0] + path.rpartition("}")[2]) for method, path in described}

    assert shapes == {(method, path.partition("{")[0] + path.rpartition("}")[2]) for method, path in CALLS}
    assert len(described) == len(CALLS)


def test_without_a_token_every_call_is_401_whatever_is_sent(world: World, passer_by: Api) -> None:
    for method, path in CALLS:
        for body in ({}, "{", '{"club": "mf"}'):
            answer = passer_by.send(method, world.path(path), body)
            assert (answer.status, answer.code) == (401, "not_authenticated"), (method, path)


@pytest.mark.parametrize("role", ORDER)
def test_a_role_is_let_in_by_the_table_of_rights(role: str, shop: Shop, world: World) -> None:
    api = of_role(shop, role)
    for (method, path), right in CALLS.items():
        answer = api.send(method, world.path(path), {})
        told = (method, path, answer.status)
        assert answer.status < 500, told
        if path == "meetings/{meeting}/reschedule" and role == "operator":
            assert answer.status == 403, told  # somebody else booked it
        elif ORDER.index(role) >= ORDER.index(LOWEST_ROLE[right]):
            assert answer.status not in (401, 403, 404), told
        else:
            assert (answer.status, answer.code) == (403, "forbidden"), told


def test_a_strangers_object_reads_exactly_as_a_missing_one(world: World, stranger: Api, nobody: Api) -> None:
    for method, path in OF_A_PATH:
        for api in (stranger, nobody):
            foreign = api.send(method, world.path(path), {})
            gone = api.send(method, missing(path), {})
            assert foreign.status == gone.status == 404, (method, path)
            assert foreign.response.content == gone.response.content, (method, path)


def test_a_foreign_club_in_a_list_reads_exactly_as_a_missing_one(world: World, stranger: Api, nobody: Api) -> None:
    for _method, path in LISTS:
        for api in (stranger, nobody):
            foreign, gone = api.get(path, club="mf"), api.get(path, club="none-such")
            assert foreign.status == gone.status == 404, path
            assert foreign.response.content == gone.response.content, path


def test_who_works_nowhere_is_told_so_by_a_list_without_a_club(nobody: Api) -> None:
    assert {nobody.get(path).status for _method, path in LISTS} == {403}


@pytest.mark.parametrize("path", CLUB_IN_BODY)
def test_a_foreign_club_in_a_body_reads_exactly_as_a_missing_one(path: str, world: World, stranger: Api) -> None:
    rest = {
        "starts_on": "2026-12-01", "ends_on": "2026-12-02", "why": "repairs", "visits": [], "last_name": "Adams",
        "name": "Adams",
    }  # fmt: skip
    foreign = stranger.post(path, {"club": "mf", **rest})
    gone = stranger.post(path, {"club": "none-such", **rest})

    assert (foreign.status, foreign.fields) == (422, {"club"})
    assert foreign.response.content == gone.response.content


@pytest.mark.parametrize("path", ["quotes", "memberships", "meetings", "calls/tasks", "onboarding/checklists"])
def test_a_foreign_member_in_a_body_reads_exactly_as_a_missing_one(path: str, world: World, stranger: Api) -> None:
    rest = {"plan": "M12", "host": 1, "starts_at": "2026-11-13T12:00:00-06:00", "due_at": "2026-11-13T12:00:00-06:00"}
    gone = stranger.post(path, {"member": 999999, **rest})

    assert (gone.status, gone.fields) == (422, {"member"})
    for named_so in (12, {"external_id": "A-12"}, {"external_id": "none-such"}):
        assert stranger.post(path, {"member": named_so, **rest}).response.content == gone.response.content


@pytest.mark.parametrize("path", ["memberships", "calls/tasks", "calls/attempts", "meetings", "onboarding/checklists"])
def test_a_foreign_member_in_a_filter_gives_an_empty_list(path: str, world: World, stranger: Api, manager: Api) -> None:
    assert stranger.results(path, member=12) == []
    assert stranger.results(path, member=999999) == []
    assert stranger.results(path, club="elsewhere", member=12) == []
    assert {row["member"] for row in manager.results(path, member=12)} == {12}


def test_a_body_that_is_no_json_is_malformed(world: World, owner: Api) -> None:
    for method, path in WITH_BODY:
        for body in ("{", "nonsense", b"\xff", '{"club": NaN}'):
            answer = owner.send(method, world.path(path), body)
            assert (answer.status, answer.code) == (400, "malformed"), (path, body)


def test_a_body_that_is_no_object_could_never_be_right(world: World, owner: Api) -> None:
    for method, path in WITH_BODY:
        for body in ("[]", '"club"', "12", "null"):
            answer = owner.send(method, world.path(path), body)
            assert (answer.status, answer.code) == (422, "invalid"), (path, body)


def test_another_verb_says_which_are_allowed(world: World, owner: Api) -> None:
    for method, path in CALLS:
        answer = owner.send("PUT", world.path(path), {})
        assert (answer.status, answer.code) == (405, "method_not_allowed"), path
        assert method in answer.response["Allow"], path


def test_who_works_in_two_clubs_names_one(shop: Shop, world: World) -> None:
    other = factories.make_club("elsewhere")
    user = factories.make_user(shop.club, "manager", "dora")
    factories.make_user(other, "manager", "dora")
    api = Api(user)

    assert api.get("plans").fields == {"club"}
    assert [row["code"] for row in api.results("plans", club="mf")] != []
    assert api.results("plans", club="elsewhere") == []
    assert [row["id"] for row in api.results("memberships", member=12)] == [501]


def test_a_role_counts_in_its_own_club_only(shop: Shop, world: World) -> None:
    other = factories.make_club("elsewhere")
    user = factories.make_user(shop.club, "operator", "dora")
    factories.make_user(other, "manager", "dora")
    api = Api(user)

    assert api.post("quotes", {"member": 12, "plan": "GOLD"}).status == 403
    assert (
        api.post("closures", {"club": "mf", "starts_on": "2026-12-01", "ends_on": "2026-12-02", "why": "x"}).status
        == 403
    )
    assert api.get("clubs/mf").status == 403
    assert api.get("clubs/elsewhere").status == 200
    assert set(api.results("plans", club="mf")[0]) == {"code", "name", "term", "zones"}


# ---- phone silence ---------------------------------------------------------------------------------------

ALL_LISTS = [
    "members?club=mf", "members?club=mf&q=scott", "plans?club=mf", "promotions?club=mf", "memberships?club=mf",
    "memberships?member=12", "memberships?member=13", "calls/tasks?club=mf", "calls/tasks?member=12",
    "calls/attempts?club=mf", "calls/attempts?member=12", "reasons?club=mf", "slots?club=mf", "meetings?club=mf",
    "meetings?member=12", "employees?club=mf", "calls/queue?club=mf",
]  # fmt: skip


def test_no_price_reaches_an_operator_in_any_answer(shop: Shop, world: World) -> None:
    olga = Api(User.objects.get(username="olga"))
    bytes_read = b""
    for path in ALL_LISTS:
        answer = olga.send("get", path)
        assert answer.status == 200, path
        assert answer.body.get("results") != [], path
        bytes_read += answer.response.content
    for method, path in CALLS:
        bytes_read += olga.send(method, world.path(path), {}).response.content
    bytes_read += olga.post("calls/next", {"club": "mf"}).response.content
    task = olga.results("calls/tasks", club="mf", status="leased")[0]["id"]
    said = {"outcome": "refused", "reason": "price", "note": "was told 7913.57 $"}
    for action, body in (
        ("extend", None),
        ("dial", None),
        ("outcome", said),
        ("undo", None),
        ("release", {"why": "x"}),
    ):
        answer = olga.post(f"calls/tasks/{task}/{action}", body)
        assert answer.status == 200, action
        bytes_read += answer.response.content
    bytes_read += olga.send("get", "members/12/contact-policy").response.content
    text = bytes_read.decode()

    assert "Pamela" in text and "•••" in text
    for mark in MARKS:
        assert mark not in text


def test_the_canaries_are_there_for_who_may_read_prices(shop: Shop, world: World) -> None:
    """The control of the test above: the same addresses hold the price for an administrator."""
    anna = Api(User.objects.get(username="anna"))
    read = "".join(anna.send("get", path).response.content.decode() for path in ALL_LISTS)
    read += anna.get("memberships/501").response.content.decode()

    for mark in ("7913.57", "CANARYCODE"):
        assert mark in read


def test_an_operators_shapes_have_no_field_of_money() -> None:
    schemas = document()["components"]["schemas"]
    words = ("price", "paid", "balance", "currency", "credit", "value", "code", "promotions", "amount", "details")

    assert set(schemas["PhonePlan"]["properties"]) == {"code", "name", "term", "zones"}
    assert set(schemas["PhonePromotion"]["properties"]) == {"name", "phone_summary", "ends_on"}
    for name in ("PhoneMembership", "PhoneAttempt", "PhoneMember", "Task", "Meeting"):
        found = [field for field in schemas[name]["properties"] if any(word in field for word in words)]
        assert found == [], (name, json.dumps(found))
