"""Every 422 and 409 code of memberships, provoked by the API and by the page: the sentence is shown, nothing stored."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.urls import reverse

from memberships import freezing, quotes, sales
from memberships.models import Closure, Freeze, Member, Membership, Promotion, PromotionUse, Quote
from tests import days, factories, web
from tests.days import day
from tests.memberships.api.client import Api
from tests.memberships.moving import freeze
from tests.memberships.shop import Shop

STORED = (Membership, Freeze, Closure, Quote, Promotion, PromotionUse, Member)


@dataclass
class Asked:
    """The same wrong thing asked by a program and on a page; ``page`` empty: no page can ask it, ``why`` says why."""

    path: str
    body: dict[str, object]
    page: str = ""
    form: dict[str, object] = field(default_factory=dict)
    role: str = "administrator"
    why: str = ""


def freezes(term: Membership, first: str, last: str, **more: object) -> Asked:
    body = {"starts_on": first, "ends_on": last, **more}
    role = "manager" if "override_reason" in more else "administrator"
    return Asked(f"memberships/{term.pk}/freezes", body, reverse("freeze_new", args=[term.pk]), body, role)


def cancels(term: Membership, on: str, reason: str = "moved") -> Asked:
    body: dict[str, object] = {"on": on, "reason": reason}
    return Asked(f"memberships/{term.pk}/cancel", body, reverse("membership_cancel", args=[term.pk]), body)


def quotes_(shop: Shop, member: Member, **more: object) -> Asked:
    body = {"member": member.pk, "plan": "M12", **more}
    form = {**more, "plan": shop.m12.pk, "codes": " ".join(more.get("codes", []))}  # type: ignore[arg-type]
    return Asked("quotes", body, reverse("offer_new", args=[member.pk]), form)


def sells(quote: Quote) -> Asked:
    body: dict[str, object] = {"member": quote.member_id, "plan": quote.plan.code, "quote": quote.pk}
    return Asked("memberships", body, reverse("offer_sell", args=[quote.pk]), {"quote": quote.pk})


def running(shop: Shop) -> Membership:
    return shop.loyal_member().memberships.get(starts_on=day("2025-12-01"))


# ---- what provokes each ----------------------------------------------------------------------------------


def invalid(shop: Shop) -> Asked:
    return freezes(running(shop), "2026-11-20", "2026-11-16")


def freeze_minimum(shop: Shop) -> Asked:
    return freezes(running(shop), "2026-11-16", "2026-11-17")


def freeze_outside(shop: Shop) -> Asked:
    return freezes(running(shop), "2026-12-05", "2026-12-15")


def freeze_in_the_past(shop: Shop) -> Asked:
    return freezes(running(shop), "2026-11-10", "2026-11-20")


def code_not_applicable(shop: Shop) -> Asked:
    return quotes_(shop, shop.loyal_member(), codes=["FRIEND15"])


def cancel_date(shop: Shop) -> Asked:
    return cancels(running(shop), "2026-11-01")


def reason_required(shop: Shop) -> Asked:
    return cancels(running(shop), "2026-11-20", "")


def overlap(shop: Shop) -> Asked:
    return quotes_(shop, shop.loyal_member(), starts_on="2026-11-20")


def freeze_allowance(shop: Shop) -> Asked:
    return freezes(running(shop), "2026-11-16", "2027-01-30")


def freeze_count(shop: Shop) -> Asked:
    term = running(shop)
    Membership.objects.filter(pk=term.pk).update(freeze_max_count=1)
    freeze(shop, term, "2026-11-13", "2026-11-19")
    return freezes(term, "2026-11-25", "2026-12-01")


def freeze_overlap(shop: Shop) -> Asked:
    term = running(shop)
    freeze(shop, term, "2026-11-13", "2026-11-19")
    return freezes(term, "2026-11-19", "2026-11-26")


def freeze_moves_started(shop: Shop) -> Asked:
    member = shop.member()
    ended = factories.make_membership(member, shop.m12, starts_on=day("2025-11-01"))  # to 31 October
    factories.make_membership(member, shop.m12, starts_on=day("2026-11-01"), sold_on=day("2026-10-20"))
    return freezes(ended, "2026-10-10", "2026-10-20", override_reason="told too late")


def freeze_in_the_way(shop: Shop) -> Asked:
    term = running(shop)  # to 30 November
    given = freeze(shop, term, "2026-11-14", "2026-11-23")  # to 10 December
    freeze(shop, term, "2026-12-05", "2026-12-11")
    return Asked(
        f"freezes/{given.pk}/end",
        {"returned_on": "2026-11-15"},
        reverse("freeze_end", args=[given.pk]),
        {"returned_on": "2026-11-15"},
    )


def quote_expired(shop: Shop) -> Asked:
    quote = quotes.make(member=shop.loyal_member(), plan=shop.m12, now=days.NOW, by=None)
    Quote.objects.filter(pk=quote.pk).update(valid_until=day("2026-11-11"))
    return sells(quote)


def quote_used(shop: Shop) -> Asked:
    quote = quotes.make(member=shop.loyal_member(), plan=shop.m12, now=days.NOW, by=None)
    sales.sell_quote(quote=quote, now=days.NOW, by=None)
    return sells(quote)


def used_up(shop: Shop) -> Asked:
    factories.make_promotion(shop.club, "LAST", value=40, stackable=False, max_uses=1)
    quote = quotes.make(member=shop.member(), plan=shop.m12, now=days.NOW, by=None)
    Promotion.objects.filter(code="LAST").update(uses=1)
    return sells(quote)


def already_renewed(shop: Shop) -> Asked:
    term = running(shop)
    shop.sell(term.member)
    page = reverse("membership_change", args=[term.pk])
    return Asked(f"memberships/{term.pk}/change-plan", {"plan": "M6"}, page, {"plan": shop.plans["M6"].pk})


def already_cancelled(shop: Shop) -> Asked:
    term = running(shop)
    sales.cancel(membership=term, on=day("2026-11-20"), reason="moved", now=days.NOW, by=None)
    return cancels(term, "2026-11-18")


STATUS = {
    422: (
        invalid, freeze_minimum, freeze_outside, freeze_in_the_past, code_not_applicable, cancel_date, reason_required,
    ),
    409: (
        overlap, freeze_allowance, freeze_count, freeze_overlap, freeze_moves_started, freeze_in_the_way,
        quote_expired, quote_used, used_up, already_renewed, already_cancelled,
    ),
}  # fmt: skip
CASES = [(status, arrange) for status, all_of_it in STATUS.items() for arrange in all_of_it]


def stored() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in STORED]


@pytest.fixture
def shop_today(shop: Shop, set_clock: Callable[..., None]) -> Shop:
    set_clock(days.NOW)
    return shop


@pytest.mark.parametrize(("status", "arrange"), CASES, ids=[arrange.__name__ for _, arrange in CASES])
def test_a_code_is_told_to_programs_and_its_sentence_on_the_page(
    shop_today: Shop, status: int, arrange: Callable[[Shop], Asked]
) -> None:
    asked = arrange(shop_today)
    user = factories.make_user(shop_today.club, asked.role, "somebody")
    before = stored()

    answer = Api(user).post(asked.path, asked.body)

    assert (answer.status, answer.code) == (status, arrange.__name__)
    assert stored() == before
    page = web.browser(user).post(asked.page, asked.form)
    assert page.status_code in (409, 422)
    sentences = {answer.body["detail"], *(text for texts in answer.body.get("errors", {}).values() for text in texts)}
    if arrange is reason_required:  # the form itself asks for it
        sentences = {"This field is required."}
    shown = html.unescape(page.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    assert any(sentence in shown for sentence in sentences), sentences
    assert stored() == before


def test_control_what_is_right_is_stored(shop_today: Shop) -> None:
    asked = freezes(running(shop_today), "2026-11-16", "2026-11-25")
    user = factories.make_user(shop_today.club, "administrator", "somebody")
    before = stored()
    assert web.browser(user).post(asked.page, asked.form).status_code == 302
    assert stored() != before
    freezing.end(freeze=Freeze.objects.get(), returned_on=day("2026-11-16"), now=days.NOW, by=None)
    assert Api(user).post(asked.path, asked.body).status == 201
