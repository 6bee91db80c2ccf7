"""The sentence that explains each line of a quote ("20 off: 24 months with us")."""

from __future__ import annotations

from decimal import Decimal

from memberships.rules import money
from memberships.rules.promotions import Promotion, Sale
from memberships.rules.sales import SaleKind
from memberships.rules.sentences import N_, NN_, Sentence, ShortDay, sentence

_NOT_FOR = {
    SaleKind.NEW: N_("it is not for new members"),
    SaleKind.RENEWAL: N_("it is not for renewals"),
    SaleKind.RETURN: N_("it is not for returning members"),
}
_BEFORE = {
    SaleKind.NEW: N_("joined before %(day)s"),
    SaleKind.RENEWAL: N_("renewed before %(day)s"),
    SaleKind.RETURN: N_("came back before %(day)s"),
    SaleKind.CHANGE: N_("changed before %(day)s"),
}


def not_for(kind: SaleKind) -> Sentence:
    """Why a promotion whose audience lacks this kind of sale does not apply."""
    return sentence(_NOT_FOR[kind])


def club_limit(percent: Decimal | None) -> Sentence:
    """The label of the line that lifts a price back to the club's limit."""
    return sentence(N_("club limit: at most %(percent)s %% off"), percent=money.number_text(percent or Decimal(0)))


def _reason(promotion: Promotion, sale: Sale) -> Sentence | str:
    """What earned it: months with us, days early, the last day of sale, or else the promotion's name."""
    if promotion.min_tenure_months:
        return sentence(NN_("%(count)s month with us", "%(count)s months with us"), count=sale.tenure_months)
    if promotion.early_days:
        return sentence(NN_("renewed %(count)s day early", "renewed %(count)s days early"), count=sale.early_by)
    if promotion.ends_on is not None:
        return sentence(_BEFORE[sale.kind], day=ShortDay(promotion.ends_on))
    return promotion.name


def of_promotion(promotion: Promotion, sale: Sale) -> Sentence:
    """The label of a promotion's line."""
    reason = _reason(promotion, sale)
    number = money.number_text(promotion.value)
    amount = money.amount_text(promotion.value, sale.currency)
    days = int(promotion.value) if promotion.kind == "bonus_days" else 0
    last = None if promotion.ends_on is None else ShortDay(promotion.ends_on)
    match promotion.kind:
        case "percent":
            return sentence(N_("%(percent)s %% off: %(why)s"), percent=number, why=reason)
        case "amount":
            return sentence(N_("%(amount)s off: %(why)s"), amount=amount, why=reason)
        case "fixed_price":
            return sentence(N_("for %(amount)s: %(why)s"), amount=amount, why=reason)
        case "bonus_days" if last is not None:
            return sentence(
                NN_("%(count)s day on us until %(day)s", "%(count)s days on us until %(day)s"),
                count=days,
                day=last,
            )
        case "bonus_days":
            return sentence(
                NN_("%(count)s day on us: %(why)s", "%(count)s days on us: %(why)s"), count=days, why=reason
            )
        case _ if last is not None:
            return sentence(N_("%(gift)s on us until %(day)s"), gift=promotion.gift, day=last)
        case _:
            return sentence(N_("%(gift)s on us: %(why)s"), gift=promotion.gift, why=reason)
