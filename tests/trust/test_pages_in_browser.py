"""Every page in a real browser: both languages, both colour schemes, two widths, the strict policy, axe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from config import access
from tests.trust import browsing, walking
from tests.trust.browsing import Site, Tab
from tests.trust.walking import Caller
from tests.trust.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Looks = tuple[tuple[str, str], ...]
LOOKS: Looks = (("en", "light"), ("ru", "dark"))
LONGEST = "api_docs"
"""Takes axe as long as twenty others: looked at once, in the language that it is written in."""
PAGES = [
    route
    for route in walking.routes()
    if not walking.is_api(route) and "key" not in route.pattern and route.name not in ("healthz", "readyz", "metrics")
] + [route for route in walking.routes() if route.name == LONGEST]


@pytest.fixture(scope="module", autouse=True)
def _browser_before_world(browser: Any) -> None:
    """The browser's event loop begins before the world's transaction and ends after it: Django looks for both."""


@pytest.fixture(scope="module")
def site(world: World) -> Iterator[Site]:
    with browsing.served() as site:
        yield site


@pytest.fixture(scope="module")
def tabs(site: Site, browser: Any, callers: dict[str, Caller]) -> Iterator[dict[tuple[str, str], Tab]]:
    """By who sits there and the language: a manager, an operator, nobody."""
    opened, axe = {}, Axe()
    for language, scheme in LOOKS:
        for name in ("manager", "operator", "none"):
            session = callers[name].client.cookies.get("sessionid")
            opened[name, language] = Tab(browser, site, session.value if session else "", language, scheme, axe)
    yield opened
    for tab in opened.values():
        tab.context.close()


def looked_at(tabs: dict[tuple[str, str], Tab], path: str, who: str, looks: Looks = LOOKS) -> list[str]:
    return [
        f"{path} as {who}, {language}, {scheme}: {complaint}"
        for language, scheme in looks
        for complaint in tabs[who, language].complaints(path)
    ]


def opens(caller: Caller, path: str) -> bool:
    """Whether a page is shown there: not a form's target, not a way to somewhere else, not a file."""
    answer = caller.client.get(path)
    assert answer.status_code < 500, path
    return answer.status_code == 200 and answer["Content-Type"].startswith("text/html")


def shown_to(route: access.Route, world: World, callers: dict[str, Caller]) -> str | None:
    """Somebody who gets to see the page, if it is one."""
    path = walking.path_to(route, world.own)
    return next((name for name in ("manager", "none") if opens(callers[name], path)), None)


def test_there_are_pages_to_look_at(apart: World, callers: dict[str, Caller]) -> None:
    shown = {route.name for route in PAGES if shown_to(route, apart, callers)}

    assert shown >= {
        "account_login", "desk", "freeze_new", "meeting_list", "member_changes", "member_detail", "member_edit",
        "member_list", "member_new", "member_terms", "offer_new", "offer_sheet", "onboarding_due", "profile",
    }  # fmt: skip


@pytest.mark.parametrize("route", PAGES, ids=walking.label)
def test_a_page_is_clean(
    route: access.Route,
    apart: World,
    callers: dict[str, Caller],
    tabs: dict[tuple[str, str], Tab],
) -> None:
    path = walking.path_to(route, apart.own)
    who = shown_to(route, apart, callers)
    looks = LOOKS[:1] if route.name == LONGEST else LOOKS
    found = looked_at(tabs, path, who, looks) if who else []

    assert not found, "\n".join(found)


def test_the_desk_is_clean_with_a_card_and_without(
    apart: World, callers: dict[str, Caller], tabs: dict[tuple[str, str], Tab]
) -> None:
    found = looked_at(tabs, "/calls/", "operator")
    card = callers["operator"].client.post("/calls/next/", follow=True)
    assert apart.own.member.last_name in card.content.decode()
    found += looked_at(tabs, "/calls/", "operator")

    assert not found, "\n".join(found)


def test_what_operators_see_is_clean_too(
    apart: World, callers: dict[str, Caller], tabs: dict[tuple[str, str], Tab]
) -> None:
    """Where a page is another one for operators."""
    found = []
    for path in ("/meetings/", "/promotions/", f"/members/{apart.own.member.pk}/"):
        found += looked_at(tabs, path, "operator")

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/members/new/", 403)])
def test_a_page_that_says_no_is_clean(path: str, status: int, apart: World, tabs: dict[tuple[str, str], Tab]) -> None:
    expected = (f"answered {status}", f"status of {status}")
    found = [one for one in looked_at(tabs, path, "operator") if not any(word in one for word in expected)]

    assert not found, "\n".join(found)


def test_the_browser_does_complain(apart: World, tabs: dict[tuple[str, str], Tab]) -> None:
    """The control: a page with a picture without words, an inline style and something too wide."""
    tab = tabs["none", "en"]
    with tab.site.open():
        tab.page.goto("/accounts/login/")
        tab.page.evaluate("""() => {
            const box = document.createElement("div");
            box.innerHTML = '<img src="/static/mark.svg"><p class="wide" style="width: 3000px">x</p>';
            document.body.append(box);
            box.querySelector(".wide").style.width = "3000px";
        }""")

        assert any("image-alt" in one for one in browsing.broken_rules(tab.page))
        assert tab.page.evaluate(browsing.OVERFLOW)
        assert tab.page.evaluate("window.violations") != []
