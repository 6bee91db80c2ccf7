"""A member's memberships: terms and money, another plan, cancelling, what is paid of a balance."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from config import clock
from config.access import policy
from config.forms import refuse, sent
from config.words import said
from memberships import access, foreseeing, frame, quiet, sales, standing
from memberships.forms.offers import ChangeForm, PaymentForm
from memberships.forms.terms import CancelForm
from memberships.models import Member, Membership
from memberships.rights import Right
from memberships.rules import money
from memberships.rules.errors import Refused
from memberships.rules.terms import Status
from memberships.views.moving import hanging_lines
from memberships.views.offers import sold_words
from memberships.views.people import acting

RUNNING = (Status.ACTIVE, Status.FROZEN, Status.PENDING)


@policy(Right.READ_MEMBERS)
@require_safe
def member_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """All memberships of a member, newest first; money only for who may read prices."""
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.READ_MEMBERS)
    frame.enter(request, member.club)
    today = clock.today(member.club.zone)
    prices = access.may(acting(request), Right.READ_PRICES, member.club)
    rows = list(
        Membership.objects.filter(member=member)
        .select_related("plan", "renewed_from")
        .prefetch_related("promotions", "freezes")
        .order_by("-starts_on", "-pk")
    )
    statuses = standing.statuses(memberships=rows, on=today)
    for row in rows:
        row.status = statuses[row.pk]  # type: ignore[attr-defined]
        row.may_change = statuses[row.pk] in RUNNING  # type: ignore[attr-defined]
        row.runs = statuses[row.pk] in (Status.ACTIVE, Status.FROZEN) and not row.closed_on  # type: ignore[attr-defined]
        row.shown_freezes = sorted(row.freezes.all(), key=lambda freeze: freeze.starts_on)  # type: ignore[attr-defined]
        row.bought_with = [promotion.name for promotion in row.promotions.all()]  # type: ignore[attr-defined]
        if not prices:
            row.bought_with = quiet.names(row.promotions.all())  # type: ignore[attr-defined]
            quiet.memberships([row])
    may_sell = access.may(acting(request), Right.SELL, member.club)
    context = {"member": member, "rows": rows, "today": today, "may_sell": may_sell}
    return render(request, "memberships/member_terms.html", context)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def membership_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels a membership from a day on. ``?preview=1`` answers only the part that shows what that does."""
    row = membership_of(request, pk)
    today = clock.today(row.club.zone)
    previewing = "preview" in request.GET
    form = CancelForm(sent(request), initial={"on": today})
    context: dict[str, object] = {"form": form, "row": row, "member": row.member, "today": today}
    asked = {
        "membership": row,
        "now": clock.now(),
        "by": acting(request),
        "supervisor": access.may(acting(request), Right.OVERRIDE, row.club),
    }
    valid = request.method == "POST" and form.is_valid()
    on = form.cleaned_data.get("on") if request.method == "POST" else today
    try:
        if valid and not previewing:
            sales.cancel(**asked, on=form.cleaned_data["on"], reason=form.cleaned_data["reason"])
            messages.success(request, _("The membership is cancelled."))
            return redirect("member_detail", row.member_id)
        if on is not None:
            foreseen = foreseeing.cancellation(**asked, on=on)
            context |= {"foreseen": foreseen, "lines": hanging_lines(foreseen.touched, row.club)}
    except Refused as error:
        if request.method == "POST":
            refuse(form, error)
        context["refusal"] = said(error.message)
    template = "memberships/_cancel_preview.html" if previewing else "memberships/membership_cancel.html"
    return render(request, template, context, status=422 if form.errors and not previewing else 200)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def membership_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Another plan from a day on: every plan with its price and the credit. ``?preview=1`` answers only that part."""
    row = membership_of(request, pk)
    supervisor = access.may(acting(request), Right.OVERRIDE, row.club)
    today = clock.today(row.club.zone)
    previewing = "preview" in request.GET
    form = ChangeForm(sent(request), club=row.club, supervisor=supervisor, initial={"on": today})
    asked = {"membership": row, "now": clock.now(), "by": acting(request), "supervisor": supervisor}
    valid = request.method == "POST" and form.is_valid()
    data = form.cleaned_data if request.method == "POST" else {}
    on, codes = data.get("on") or today, data.get("codes", [])
    status = 200
    if valid and not previewing:
        try:
            new = sales.change_plan(
                **asked,
                plan=data["plan"],
                on=data.get("on"),
                codes=codes,
                payment=form.payment,
                special_terms=data["special_terms"],
                override_reason=data.get("override_reason") or None,
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, sold_words(new))
            return redirect("member_detail", row.member_id)
    offers: list[sales.ChangeOffer] = []
    refusal = ""
    try:
        offers = sales.change_offers(**asked, on=on, codes=codes)
    except Refused as error:
        refusal = said(error.message)
    if form.errors and not previewing:
        status = 422
    context = {
        "form": form,
        "row": row,
        "member": row.member,
        "on": on,
        "offers": offers,
        "credit": offers[0].credit if offers else None,
        "refusal": refusal,
    }
    template = "memberships/_change_choices.html" if previewing else "memberships/membership_change.html"
    return render(request, template, context, status=status)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def membership_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Notes that a balance, or a part of it, was paid."""
    row = membership_of(request, pk)
    form = PaymentForm(sent(request), initial={"amount": _due(row)})
    if request.method == "POST" and form.is_valid():
        try:
            paid = sales.record_payment(
                membership=row, amount=form.cleaned_data["amount"], now=clock.now(), by=acting(request)
            )
        except Refused as error:
            refuse(form, error)
        else:
            left = _("Nothing is due any more.") if not paid.balance_due else _("The rest stays due.")
            messages.success(request, f"{_('The payment is noted.')} {left}")
            return redirect("member_terms", row.member_id)
    context = {"form": form, "row": row, "member": row.member}
    return render(request, "memberships/membership_payment.html", context, status=422 if form.errors else 200)


def _due(row: Membership) -> Decimal:
    """What is due, in the decimals of the club's currency."""
    return money.round_half_up(row.balance_due, row.club.currency)


def membership_of(request: HttpRequest, pk: int) -> Membership:
    """The membership of the address, for who may sell."""
    rows = Membership.objects.select_related("club", "member", "plan")
    row = access.one(acting(request), rows, pk, Right.SELL)
    frame.enter(request, row.club)
    return row
