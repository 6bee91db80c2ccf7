"""The offer: choosing a plan, the sheet that the member is shown, and selling it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config import clock, forms
from config.access import policy
from config.forms import sent
from config.templatetags.ringback import long_day
from config.words import said
from memberships import access, choosing, frame, places, quotes, sales
from memberships.forms.offers import OfferForm, SellForm
from memberships.models import Member, Membership, Promotion, Quote
from memberships.rights import Right
from memberships.rules import terms
from memberships.rules.errors import Refused
from memberships.rules.sentences import Sentence

BESIDES = 2
"""How many other plans stand beside the one that is offered."""


@dataclass(frozen=True)
class Line:
    """A reduction on the sheet: its name, why it is given, and the change of the price."""

    name: str
    why: str
    amount: Decimal


@policy(Right.SELL)
@require_http_methods(["GET", "HEAD", "POST"])
def offer_new(request: HttpRequest, pk: int) -> HttpResponse:
    """All plans at this member's price; POST makes the offer of one and leads to its sheet."""
    user = frame.person(request)
    member = access.one(user, Member.objects.select_related("club"), pk, Right.SELL)
    frame.enter(request, member.club)
    supervisor = access.may(user, Right.OVERRIDE, member.club)
    form = OfferForm(sent(request), club=member.club, supervisor=supervisor)
    now = clock.now()
    if request.method == "POST" and form.is_valid():
        try:
            quote = quotes.make(member=member, now=now, by=user, supervisor=supervisor, **form.asked)
        except Refused as error:
            forms.refuse(form, error)
        else:
            return redirect("offer_sheet", quote.pk)
    status = 422 if request.method == "POST" else 200
    use = choosing.use_of(member=member, now=now)
    choices = choosing.plans(member=member, now=now, by=user, use=use)
    context = {"member": member, "form": form, "choices": choices, "use": _use_words(use), "explained": True}
    return render(request, "memberships/offer_new.html", context, status=status)


def _use_words(use: choosing.Use) -> list[tuple[str, list[tuple[str, int]]]]:
    """How the member comes, as rows of words and visits; none where they did not come."""
    if not use.visits:
        return []
    parts = (_("before 13:00"), _("13:00 to 17:00"), _("from 17:00"))
    return [
        (_("Zones"), [(zone or _("no zone"), count) for zone, count in use.zones.items()]),
        (_("Days"), [(str(WEEKDAYS_ABBR[n]), count) for n, count in enumerate(use.weekdays) if count]),
        (_("Hours"), [(part, count) for part, count in zip(parts, use.parts, strict=True) if count]),
    ]


@policy(Right.READ_PRICES)
@require_safe
def offer_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The offer, on screen and on paper."""
    return sheet(request, _quote(request, pk, Right.READ_PRICES), SellForm())


@policy(Right.SELL)
@require_POST
def offer_sell(request: HttpRequest, pk: int) -> HttpResponse:
    """Sells the offer: once, at its price."""
    quote = _quote(request, pk, Right.SELL)
    form = SellForm(request.POST)
    status = 422
    if form.is_valid():
        user = frame.person(request)
        try:
            sold = sales.sell_quote(
                quote=quote,
                now=clock.now(),
                by=user,
                payment=form.payment,
                special_terms=form.cleaned_data["special_terms"],
                supervisor=access.may(user, Right.OVERRIDE, quote.club),
            )
        except Refused as error:
            forms.refuse(form, error)
            status = error.status
        else:
            messages.success(request, sold_words(sold))
            return redirect("member_detail", quote.member_id)
    return sheet(request, quote, form, status=status)


def sold_words(sold: Membership) -> str:
    """What the seller is told after a sale."""
    return _("Sold: %(plan)s from %(first)s to %(last)s.") % {
        "plan": sold.plan.name,
        "first": long_day(sold.starts_on),
        "last": long_day(sold.last_covered_on),
    }


def _quote(request: HttpRequest, pk: int, right: Right) -> Quote:
    rows = Quote.objects.select_related("member__club", "plan", "club", "prior", "made_by")
    quote = access.one(frame.person(request), rows, pk, right)
    frame.enter(request, quote.club)
    return quote


def sheet(request: HttpRequest, quote: Quote, sell: SellForm, *, status: int = 200) -> HttpResponse:
    """The page of an offer; ``sell`` may carry the reasons why it could not be sold."""
    now = clock.now()
    user = frame.person(request)
    today = clock.today(quote.club.zone)
    currency = quote.club.currency
    supervisor = access.may(user, Right.OVERRIDE, quote.club)
    asked = OfferForm(
        club=quote.club,
        supervisor=supervisor,
        initial={
            "plan": quote.plan_id,
            "starts_on": quote.starts_on if quote.start_given else None,
            "codes": " ".join(quote.codes),
            "override_reason": quote.override_reason,
        },
    )
    sold = Membership.objects.filter(quote=quote).order_by("pk").first()
    sides = [side for place in places.offer_sides if (side := place(request=request, quote=quote, now=now))]
    others = [
        choice.quote
        for choice in choosing.plans(member=quote.member, now=now, by=user, codes=quote.codes)
        if choice.quote.plan_id != quote.plan_id
    ][:BESIDES]
    beside = [quote, *others]
    context = {
        "quote": quote,
        "member": quote.member,
        "lines": _lines(quote),
        "saved": quote.list_price - quote.final_price,
        "beside": [(one, choosing.a_month(one, currency)) for one in beside],
        "a_month": choosing.a_month(quote, currency),
        "below_newcomer": quote.newcomer_price - quote.final_price,
        "dearer": quotes.dearer_than_newcomer(quote),
        "not_used": [(one["code"], Sentence.from_json(one["why"])) for one in quote.not_used],
        "last_day": terms.effective_end(quote.ends_on, quote.bonus_days),
        "tenure": _tenure(quote),
        "goes_on": _goes_on(quote),
        "sold": sold,
        "expired": quote.valid_until < today,
        "ask": asked,
        "sell": sell,
        "sell_url": next((side.sell_url for side in sides if side.sell_url), ""),
        "sides": sides,
    }
    return render(request, "memberships/offer_sheet.html", context, status=status)


def _lines(quote: Quote) -> list[Line]:
    ids = [line["promotion_id"] for line in quote.lines if line["promotion_id"]]
    known = Promotion.objects.in_bulk(ids)
    lines = []
    for line in quote.lines:
        why = said(Sentence.from_json(line["label"]))
        promotion = known.get(line["promotion_id"])
        name = promotion.name if promotion else _("Club limit")
        lines.append(Line(name, why, Decimal(line["amount"])))
    return lines


def _tenure(quote: Quote) -> int:
    """Whole months without a break at the start of a renewal, 0 for all others."""
    if quote.prior is None or quote.sale_kind != "renewal":
        return 0
    return terms.months_between(quote.prior.chain_starts_on, quote.starts_on)


def _goes_on(quote: Quote) -> bool:
    """Whether it begins the day after a membership that has not ended yet."""
    prior = quote.prior
    return prior is not None and quote.starts_on - dt.timedelta(days=1) == prior.last_covered_on >= quote.sold_on
