"""The phone is only for the meeting (PRODUCT.md §8): no operator's answer holds a price, a value, a code or details."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from memberships.models import Promotion
from memberships.rights import Right, holds
from tests.trust import walking
from tests.trust.walking import Caller, body_of
from tests.trust.world import CODE, DETAILS, Side, World

GAP = r"[\s\u00a0\u2009\u202f.,'’_]?"
TABS = ("call", "sale", "freeze", "meeting", "visit", "request", "step")
ASKED = ("", "?show=all", *(f"?show=all-{tab}" for tab in TABS))
"""What an address may ask for besides: pages ignore what they do not know."""


def written(amount: Decimal) -> str:
    """A pattern for an amount in whatever writing: 7913.57, 7 913,57, 7,913.570, 791357 cents, 7914."""
    whole, _point, cents = f"{abs(amount):.2f}".partition(".")
    rounded = f"{abs(amount):.0f}"
    grouped = {re.sub(r"(?<=\d)(?=(\d{3})+$)", "~", number).replace("~", GAP) for number in (whole, rounded)}
    exact = rf"{whole}[.,]?{cents[0]}"
    return rf"(?<![\d+])(?:{'|'.join(sorted(grouped)) if abs(amount) >= 1000 else exact})"


def amounts_of(side: Side) -> set[Decimal]:
    """Every amount that hangs on the club's sales."""
    quote, sold = side.quote, side.membership
    found = {side.plan.price, sold.price, sold.price_paid, sold.balance_due}
    found |= {quote.list_price, quote.final_price, quote.newcomer_price, quote.list_price - quote.final_price}
    found |= {Decimal(line["amount"]) for line in quote.lines}
    found |= set(Promotion.objects.filter(clubs=side.club).values_list("value", flat=True))
    found |= {side.plan.price / 12, quote.final_price / 12}  # a month
    return {amount for amount in found if amount}


@pytest.fixture(scope="module")
def canary(world: World) -> re.Pattern[str]:
    """Finds what no operator may read."""
    numbers = {written(amount) for side in (world.own, world.foreign) for amount in amounts_of(side)}
    return re.compile("|".join([*sorted(numbers), CODE, DETAILS]))


def heard(canary: re.Pattern[str], text: str) -> list[str]:
    """The canaries in an answer, each with what stands around it."""
    plain = html.unescape(text)
    around = (plain[max(0, match.start() - 60) : match.end() + 20] for match in canary.finditer(plain))
    return sorted({" ".join(one.split()) for one in around})


def open_to(role: str) -> Iterator[walking.access.Route]:
    for route in walking.routes():
        assert route.policy is not None
        if route.policy.right is None or holds(role, Right(route.policy.right)):
            yield route


READABLE = [route for route in open_to("operator") if "key" not in route.pattern]


def test_the_canary_is_found_in_any_writing() -> None:
    pattern = re.compile(written(Decimal("7913.57")))

    for text in ("7913.57", "7 913,57", "7,913.57", "€7 913", "7914", "7.913,57", "7’913.570", "$7913.6", "791357"):
        assert pattern.search(text), text
    assert not pattern.search("+17913555")


@pytest.mark.parametrize("route", READABLE, ids=walking.label)
def test_an_operator_reads_no_price(
    route: walking.access.Route, apart: World, callers: dict[str, Caller], canary: re.Pattern[str]
) -> None:
    path = walking.path_to(route, apart.own)
    found: list[str] = []
    for who in ("operator",) if walking.is_api(route) else ("operator", "torn"):
        for query in (
            ("",) if walking.is_api(route) else ASKED if route.name == "member_detail" else ("", "?export=csv")
        ):
            answer = callers[who].ask(route, "GET", path + query)
            found += heard(canary, body_of(answer))

    assert not found, f"{path}: " + "\n".join(sorted(set(found)))


def test_other_members_and_lists_of_the_club_hold_no_price_either(
    apart: World, callers: dict[str, Caller], canary: re.Pattern[str]
) -> None:
    """Each object of the walk's other kinds: the newcomer with a complaint and a refusal, filtered lists."""
    own, operator = apart.own, callers["operator"].client
    paths = [f"/members/{own.newcomer.pk}/{tail}" for tail in ("", "terms/", "why/", "meeting/")]
    paths += ["/members/?q=New", "/members/?plan=M12", "/meetings/?day=2026-11-13"]
    for path in paths:
        answer = operator.get(path)
        assert answer.status_code == 200, path
        assert heard(canary, body_of(answer)) == [], path


def test_at_the_desk_no_price_is_said_from_the_next_call_to_its_undoing(
    apart: World, callers: dict[str, Caller], canary: re.Pattern[str]
) -> None:
    operator, task = callers["operator"].client, apart.own.task.pk
    flow: tuple[tuple[str, dict[str, str]], ...] = (
        ("next/", {}),
        (f"{task}/dial/", {}),
        (f"{task}/extend/", {}),
        (f"{task}/outcome/", {"outcome": "refused"}),
        (f"{task}/outcome/", {"outcome": "refused", "reason": "price", "attends": "yes", "note": "wants less"}),
        (f"{task}/undo/", {}),
        (f"{task}/outcome/", {"outcome": "thinking", "attends": "yes"}),
        (f"{task}/undo/", {}),
        (f"{task}/release/", {"why": "cannot speak now"}),
    )
    cards = 0
    for path, sent in flow:
        for headers in ({"HX-Request": "true"}, {}) if not path.endswith(("undo/", "outcome/", "release/")) else ({},):
            answer = operator.post(f"/calls/{path}", sent, headers=headers, follow=True)
            text = body_of(answer)
            cards += apart.own.member.last_name in text
            assert answer.status_code in (200, 409, 422), (path, answer.status_code)
            assert heard(canary, text) == [], path
    assert cards >= len(flow) - 2, "the card was hardly ever shown"


def test_the_api_says_no_price_from_the_next_call_to_its_undoing(
    apart: World, callers: dict[str, Caller], canary: re.Pattern[str]
) -> None:
    own, operator = apart.own, callers["operator"]
    booked = {"host": own.employee.pk, "starts_at": "2026-11-16T11:00:00-06:00", "purpose": "renewal"}
    flow: tuple[tuple[str, dict[str, object]], ...] = (
        ("next", {"club": own.club.slug}),
        (f"tasks/{own.task.pk}/dial", {}),
        (f"tasks/{own.task.pk}/outcome", {"outcome": "refused", "reason": "price", "attends": "yes"}),
        (f"tasks/{own.task.pk}/undo", {}),
        (f"tasks/{own.task.pk}/outcome", {"outcome": "booked", "meeting": booked, "attends": "yes"}),
        (f"tasks/{own.task.pk}/undo", {}),
        (f"tasks/{own.task.pk}/release", {"why": "cannot speak now"}),
    )
    token = {"Authorization": f"Bearer {operator.token}"}
    for path, sent in flow:
        answer = operator.client.post(f"/api/v1/calls/{path}", sent, content_type="application/json", headers=token)
        assert answer.status_code == 200, (path, body_of(answer))
        assert heard(canary, body_of(answer)) == [], path


@pytest.mark.parametrize("route", [route for route in READABLE if route.policy.right], ids=walking.label)  # type: ignore[union-attr]
def test_whatever_an_operator_sends_is_answered_without_a_price(
    route: walking.access.Route, apart: World, callers: dict[str, Caller], canary: re.Pattern[str]
) -> None:
    path = walking.path_to(route, apart.own)
    for method in walking.methods(route, callers["operator"], path):
        if method != "GET":
            assert heard(canary, body_of(callers["operator"].ask(route, method, path))) == [], method


def test_an_administrator_does_read_prices(apart: World, callers: dict[str, Caller], canary: re.Pattern[str]) -> None:
    """The control: the same walk finds what it looks for where it may stand."""
    told = {
        route.name
        for route in open_to("administrator")
        if "<" not in route.pattern or walking.has_object(route)
        if heard(canary, body_of(callers["administrator"].ask(route, "GET", walking.path_to(route, apart.own))))
    }

    assert told >= {
        "member_detail", "member_terms", "member_changes", "offer_new", "offer_sheet",
        "api_plans", "api_promotions", "api_quote", "api_memberships", "api_membership",
    }  # fmt: skip
