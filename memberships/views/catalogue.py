"""Plans and promotions made and changed: what is sold, and on which terms."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config import clock
from config.access import policy
from config.forms import refuse, sent
from memberships import access, catalogue, frame
from memberships.forms.catalogue import PlanForm, PromotionForm
from memberships.models import Club, Plan, Promotion
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.WRITE_OFFERS)
@require_http_methods(["GET", "POST"])
def plan_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Makes a plan, or changes one: later sales only."""
    if pk is None:
        plan = Plan(club=frame.current_club(request, Right.WRITE_OFFERS))
    else:
        plan = access.one(acting(request), Plan.objects.select_related("club"), pk, Right.WRITE_OFFERS)
        frame.enter(request, plan.club)
    form = PlanForm(sent(request), instance=plan)
    if request.method == "POST" and form.is_valid():
        try:
            catalogue.save_plan(plan=plan, values=form.cleaned_data, now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved. What was sold before keeps its own terms."))
            return redirect("plan_list")
    context = {"form": form, "plan": plan if plan.pk else None}
    return render(request, "memberships/plan_form.html", context, status=422 if form.errors else 200)


@policy(Right.WRITE_OFFERS)
@require_http_methods(["GET", "POST"])
def promotion_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Makes a promotion, or changes one; one of several clubs is an owner's of all of them."""
    club = frame.current_club(request, Right.WRITE_OFFERS)
    promotion = Promotion()
    clubs: list[Club] = [club]
    if pk is not None:
        mine = access.club_ids(acting(request), Right.READ_OFFERS)
        promotion = access.promotion(acting(request), pk)
        clubs = list(promotion.clubs.order_by("pk"))
        if len(clubs) > 1 and not all(access.may(acting(request), Right.OWN_CLUBS, one) for one in clubs):
            raise PermissionDenied
        club = next(one for one in clubs if one.pk in mine)
        access.require(acting(request), Right.WRITE_OFFERS, club)
        frame.enter(request, club)
    initial = {"plans": promotion.plans.all()} if promotion.pk else {"starts_on": clock.today(club.zone)}
    form = PromotionForm(sent(request), instance=promotion, club=club, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "plans"}
        elsewhere = promotion.plans.exclude(club=club) if promotion.pk else Plan.objects.none()
        try:
            catalogue.save_promotion(
                promotion=promotion,
                values=values,
                clubs=clubs,
                plans=[*form.cleaned_data["plans"], *elsewhere],
                now=clock.now(),
                by=acting(request),
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved. What was sold before keeps its own terms."))
            return redirect("promotion_list")
    context = {"form": form, "promotion": promotion if promotion.pk else None, "clubs_of_it": clubs}
    return render(request, "memberships/promotion_form.html", context, status=422 if form.errors else 200)
