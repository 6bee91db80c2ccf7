"""Every route × method × role × (own, foreign, missing), from the URLconf itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pytest
from django.db import transaction
from django.test import Client

from config import access
from memberships.rights import Right, holds
from tests.trust import walking
from tests.trust.walking import Caller
from tests.trust.world import ROLES, World

GUARDED = walking.guarded()
NAMED = [walking.label(route) for route in GUARDED]

FINER: dict[tuple[str, str], Right] = {
    ("api_members", "POST"): Right.EDIT_MEMBERS,
    ("api_memberships", "POST"): Right.SELL,
    ("api_employees", "POST"): Right.SETTINGS,
    ("api_member", "PATCH"): Right.EDIT_MEMBERS,
    ("api_requests", "GET"): Right.WORK_REQUESTS,
}
"""Where a method takes more than the route's own right says."""


THEIR_OWN = {"meeting_move"}
"""Where an operator's right ends at what they made themselves."""


@contextlib.contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is done inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def right_of(route: access.Route, method: str) -> Right | None:
    declared = route.policy.right if route.policy else None
    return FINER.get((walking.label(route), method), Right(declared) if declared else None)


def good(route: access.Route, method: str) -> Sequence[int]:
    """What somebody with the right may be answered who sends nothing."""
    if method == "GET":
        return (200, 204, 302, 422) if walking.is_api(route) else (200, 204, 302)
    also = () if walking.is_api(route) else (404,)  # the form names what is not there
    return (200, 201, 202, 204, 302, 400, 409, 422, *also)


def test_every_route_declares_who_may_open_it() -> None:
    assert [route.pattern for route in walking.routes() if route.policy is None] == []


def test_routes_have_names_of_their_own() -> None:
    names = [walking.label(route) for route in walking.routes()]

    assert {name for name in names if names.count(name) > 1} == set()


def test_a_policy_without_a_right_says_why_a_login_is_enough() -> None:
    lax = [route for route in walking.routes() if route.policy and not route.policy.right and not route.policy.why]

    assert [route.pattern for route in lax if not route.policy.public] == []  # type: ignore[union-attr]


def test_what_is_finer_than_its_route_still_exists() -> None:
    assert {name for name, _method in FINER} - set(NAMED) == set()


@pytest.mark.parametrize("route", GUARDED, ids=NAMED)
def test_roles(route: access.Route, apart: World, callers: dict[str, Caller]) -> None:
    """Nobody: to the login, or 401. A role without the right: 403. A role with it: never 403, 404 or 5xx."""
    path = walking.path_to(route, apart.own)
    found: list[str] = []
    for method in walking.methods(route, callers["owner"], path):
        right = right_of(route, method)
        for name in ("none", *ROLES, "torn"):
            if name == "torn" and walking.is_api(route):
                continue
            with taken_back():
                answer = callers[name].ask(route, method, path)
            status, role = answer.status_code, callers[name].role
            if name == "none":
                led = status == 302 and answer["Location"].startswith("/accounts/login/")
                fits = status == 401 if walking.is_api(route) else led
            elif right is not None and not holds(role, right):
                fits = status == 403
            else:
                fits = status == 403 if name == "torn" and route.name in THEIR_OWN else status in good(route, method)
            if not fits:
                found.append(f"{method} {path} as {name}: {status}")

    assert not found, "\n".join(found)


LOWEST = {
    "desk": "operator", "meeting_book": "operator", "member_detail": "operator", "plan_list": "operator",
    "promotion_list": "operator", "member_why": "operator", "api_next": "operator", "api_membership": "operator",
    "member_edit": "administrator", "member_new": "administrator", "member_changes": "administrator",
    "offer_new": "administrator", "offer_sheet": "administrator", "freeze_new": "administrator",
    "membership_cancel": "administrator", "membership_change": "administrator",
    "membership_payment": "administrator", "freeze_end": "administrator", "closure_new": "manager",
    "meeting_close": "administrator", "onboarding_due": "administrator",
    "api_quote": "administrator", "api_audit": "administrator", "api_meeting_cancel": "administrator",
    "import_list": "administrator", "import_new": "administrator", "import_report": "administrator",
    "plan_edit": "manager", "promotion_edit": "manager", "member_export": "manager", "host_hours": "manager",
    "attempt_detail": "operator", "attempt_correct": "manager",
    "live": "manager", "refusal_report": "manager", "settings_policy": "manager", "reason_list": "manager",
    "script_edit": "manager", "api_closures": "manager", "api_plan": "manager", "api_attempt_correct": "manager",
}  # fmt: skip
"""The table of roles (PRODUCT.md §1) by hand: who is the least that may open what."""


def test_the_table_of_roles_holds(apart: World, callers: dict[str, Caller]) -> None:
    found = {}
    for route in GUARDED:
        if route.name in LOWEST:
            path = walking.path_to(route, apart.own)
            method = next(iter(sorted(walking.methods(route, callers["owner"], path))))
            for role in ROLES:
                with taken_back():
                    if callers[role].ask(route, method, path).status_code != 403:
                        found[route.name] = role
                        break

    assert found == LOWEST


@pytest.mark.parametrize("route", [route for route in GUARDED if walking.has_object(route)], ids=walking.label)
def test_what_is_another_clubs_is_answered_as_what_is_not_there(
    route: access.Route, apart: World, callers: dict[str, Caller]
) -> None:
    own, foreign, missing = (walking.path_to(route, side) for side in (apart.own, apart.foreign, None))
    found: list[str] = []
    for method in walking.methods(route, callers["owner"], own):
        for name in (*ROLES, "other", "left"):
            if name == "left" and walking.is_api(route):
                continue
            path = own if name in ("other", "left") else foreign
            with taken_back():
                answer = callers[name].ask(route, method, path)
            with taken_back():
                nothing = callers[name].ask(route, method, missing)
            right = right_of(route, method)
            lacks = right is not None and not holds(callers[name].role, right)
            if {answer.status_code, nothing.status_code} - ({403} if lacks else set()) - {404}:
                found.append(f"{method} {path} as {name}: {answer.status_code}, missing {nothing.status_code}")
            elif walking.body_of(answer) != walking.body_of(nothing):
                found.append(f"{method} {path} as {name}: says more than of a missing one")

    assert not found, "\n".join(found)


CLUB_PAGES = [
    route
    for route in GUARDED
    if not walking.has_object(route) and not walking.is_api(route) and route.policy and route.policy.right
]


@pytest.mark.parametrize("route", CLUB_PAGES, ids=walking.label)
def test_who_left_sees_nothing_of_the_club(route: access.Route, apart: World, callers: dict[str, Caller]) -> None:
    path = walking.path_to(route, apart.own)
    for method in walking.methods(route, callers["owner"], path):
        with taken_back():
            assert callers["left"].ask(route, method, path).status_code == 404, method


def test_no_form_is_taken_from_another_site(apart: World, callers: dict[str, Caller]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = callers["owner"].client.cookies
    tried, taken = 0, []
    for route in GUARDED:
        path = walking.path_to(route, apart.own)
        if not walking.is_api(route) and "POST" in set(walking.methods(route, callers["owner"], path)):
            tried += 1
            if strict.post(path, {}).status_code != 403:
                taken.append(path)

    assert tried > 0
    assert taken == []


@pytest.mark.parametrize("route", [route for route in GUARDED if walking.is_api(route)], ids=walking.label)
def test_the_api_knows_tokens_only(route: access.Route, apart: World, callers: dict[str, Caller]) -> None:
    path = walking.path_to(route, apart.own)
    for method in walking.methods(route, callers["owner"], path):
        without = Caller("owner", "owner", callers["owner"].client)
        wrong = Caller("owner", "owner", Client(), "rb_" + "x" * 43)
        assert without.ask(route, method, path).status_code == 401
        assert wrong.ask(route, method, path).status_code == 401


OPEN = [route for route in walking.routes() if route.policy and route.policy.public and "<" not in route.pattern]


@pytest.mark.parametrize("route", OPEN, ids=walking.label)
def test_an_open_page_breaks_for_nobody(route: access.Route, apart: World, callers: dict[str, Caller]) -> None:
    for name in ("none", "operator", "owner"):
        for method in ("GET", "POST"):
            with taken_back():
                status = callers[name].ask(route, method, "/" + route.pattern).status_code
            assert status < 500 or route.name == "readyz", (method, name, status)
