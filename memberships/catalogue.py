"""What a club sells: plans and promotions, made and changed by managers. What was sold keeps its own terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, Q

from memberships import holding
from memberships.models import Club, Plan, Promotion, User
from memberships.rules import amounts
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence

SPOKEN = ("name", "phone_summary")
"""What an operator reads aloud, and so may name no amount (PRODUCT.md §8)."""


class OfferRefused(Invalid):
    """A plan or promotion that cannot be right; ``fields`` says what and why."""


class CodeTaken(Conflict):
    """Another plan or promotion of the club has this code."""

    code = "invalid"
    field = "code"


def save_plan(*, plan: Plan, values: Mapping[str, object], now: dt.datetime, by: User | None) -> Plan:
    """Stores a new plan of a club, or changes one. Raises OfferRefused, CodeTaken."""
    with holding.operation(by=by):
        _write(plan, values)
        twins = Plan.objects.filter(club=plan.club_id, code__iexact=plan.code).exclude(pk=plan.pk)
        if twins.exists():
            raise CodeTaken(sentence(N_("Another plan has the code %(code)s."), code=plan.code))
        plan.save()
        return plan


def save_promotion(
    *,
    promotion: Promotion,
    values: Mapping[str, object],
    clubs: Collection[Club],
    plans: Collection[Plan],
    now: dt.datetime,
    by: User | None,
) -> Promotion:
    """Stores a new promotion of these clubs, or changes one; ``plans`` empty: all plans.

    Raises OfferRefused, CodeTaken.
    """
    with holding.operation(by=by):
        if promotion.pk:
            promotion = Promotion.objects.select_for_update().get(pk=promotion.pk)
        _write(promotion, values)
        _check(promotion)
        same_code = Q(code__iexact=promotion.code, clubs__in=list(clubs))
        if Promotion.objects.filter(same_code).exclude(pk=promotion.pk).exists():
            raise CodeTaken(sentence(N_("Another promotion has the code %(code)s."), code=promotion.code))
        try:
            with transaction.atomic():
                promotion.save()
        except IntegrityError:
            refusal = sentence(N_("This value does not fit the kind of promotion."))
            raise OfferRefused(refusal, fields={"value": [refusal]}) from None
        promotion.clubs.set(clubs)
        promotion.plans.set(plans)
        return promotion


def _write(row: Model, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    problems: dict[str, list[object]] = {}
    try:
        row.full_clean(validate_unique=False, validate_constraints=False, exclude=["club"])
    except ValidationError as error:
        problems = {name: list(texts) for name, texts in error.message_dict.items()}
    for name in SPOKEN:
        if amounts.contains_amount(getattr(row, name, "")):
            problems.setdefault(name, []).append(sentence(N_("This is read on the phone and may not name an amount.")))
    if problems:
        raise OfferRefused(next(iter(problems.values()))[0], fields=problems)


def _check(promotion: Promotion) -> None:
    """What the kind of a promotion asks of its value, days and words."""
    problems: dict[str, list[object]] = {}
    value = promotion.value
    if promotion.kind == "percent" and not 0 < value <= 100:
        problems["value"] = [sentence(N_("A percentage lies above 0 and is at most 100."))]
    if promotion.kind == "amount" and value <= 0:
        problems["value"] = [sentence(N_("An amount lies above 0."))]
    if promotion.kind == "bonus_days" and not (1 <= value <= 366 and value == int(value)):
        problems["value"] = [sentence(N_("Bonus days are a whole number from 1 to 366."))]
    if promotion.kind == "gift" and not promotion.gift.strip():
        problems["gift"] = [sentence(N_("Say in words what the gift is."))]
    if promotion.ends_on is not None and promotion.ends_on < promotion.starts_on:
        problems["ends_on"] = [sentence(N_("The last sale day lies before the first."))]
    if promotion.max_uses is not None and promotion.max_uses < promotion.uses:
        problems["max_uses"] = [sentence(N_("It has been used %(uses)s times already."), uses=promotion.uses)]
    if not promotion.audience:
        problems["audience"] = [sentence(N_("Choose for whom it is."))]
    if problems:
        raise OfferRefused(next(iter(problems.values()))[0], fields=problems)
