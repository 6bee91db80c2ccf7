"""Which kind a sale is, when it starts, what a change of plan is worth, and when one may be cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from memberships.rules import money, terms
from memberships.rules.errors import Conflict, Invalid, Refused
from memberships.rules.sentences import N_, NN_, Sentence, sentence
from memberships.rules.terms import DAY, Period, Span, Status

GRACE_DAYS = 30
START_AHEAD_DAYS = 365


class StartRefused(Invalid):
    """The start lies before the sale or too far ahead."""

    field = "starts_on"


class SaleDateRefused(Invalid):
    """The sale date is not one that this user may enter."""

    field = "sold_on"


class Overlap(Conflict):
    """Another membership of the member covers one of the days."""

    code = "overlap"


class AlreadyRenewed(Conflict):
    """A sold membership stands behind this one."""

    code = "already_renewed"


class AlreadyCancelled(Conflict):
    """The membership has a cancellation date."""

    code = "already_cancelled"


class ChangeDateRefused(Invalid):
    """The plan cannot change on this day."""

    field = "on"


class CancelDateRefused(Refused):
    """The membership cannot be cancelled as of this day."""

    code = "cancel_date"
    field = "on"


class ReasonRequired(Refused):
    """A reason must be given."""

    code = "reason_required"
    field = "reason"


class SaleKind(StrEnum):
    """What a sale was, fixed when it was made."""

    NEW = "new"
    RENEWAL = "renewal"
    RETURN = "return"
    CHANGE = "change"


@dataclass(frozen=True)
class Sold:
    """One sold membership of a member, as far as later sales ask about it."""

    id: int
    starts_on: date
    effective_ends_on: date
    kind: SaleKind = SaleKind.NEW
    sold_on: date | None = None
    cancelled_on: date | None = None
    closed_on: date | None = None
    renewed_from: int | None = None

    @property
    def period(self) -> Period:
        """Its days as ``terms`` takes them."""
        return Period(self.starts_on, self.effective_ends_on, self.cancelled_on)

    @property
    def covered(self) -> Span | None:
        """The days it covers, None for none (cancelled before it began)."""
        return terms.covered(self.period)


def _covering(history: Iterable[Sold]) -> list[tuple[Span, Sold]]:
    """Those that cover a day, by their days."""
    spans = [(sold.covered, sold) for sold in history]
    return sorted(
        ((span, sold) for span, sold in spans if span is not None), key=lambda pair: (pair[0].last, pair[1].id)
    )


def latest(history: Iterable[Sold]) -> Sold | None:
    """The one with the latest last covered day; one cancelled before it began does not count."""
    covering = _covering(history)
    return covering[-1][1] if covering else None


def prior_of(history: Iterable[Sold], starts_on: date) -> Sold | None:
    """The membership that a sale starting on the day comes after: the latest of those that start before it."""
    return latest(sold for sold in history if sold.starts_on < starts_on)


def sale_kind(history: Iterable[Sold], starts_on: date, grace_days: int = GRACE_DAYS) -> tuple[SaleKind, Sold | None]:
    """The kind of a sale that starts on the day, and its prior (which only a renewal is linked to)."""
    prior = prior_of(history, starts_on)
    if prior is None:
        return SaleKind.NEW, None
    if prior.cancelled_on is not None or (starts_on - prior.effective_ends_on).days > grace_days:
        return SaleKind.RETURN, prior
    return SaleKind.RENEWAL, prior


def default_start(history: Iterable[Sold], sold_on: date) -> date:
    """The start when none is given: the day after the latest membership while that runs, else the sale date."""
    last = latest(history)
    if last is not None and last.covered is not None and sold_on <= last.covered.last:
        return last.covered.last + DAY
    return sold_on


def follows_prior(kind: SaleKind, prior: Sold | None, starts_on: date, *, start_given: bool) -> bool:
    """Whether the sale moves with its prior: a renewal with the default start, the day after the prior's end."""
    return (
        kind is SaleKind.RENEWAL
        and not start_given
        and prior is not None
        and starts_on == prior.effective_ends_on + DAY
    )


def check_sale_date(sold_on: date, today: date, *, may_enter_past: bool) -> None:
    """Let a sale be dated today, or earlier by a manager; raises ``SaleDateRefused``."""
    if sold_on > today:
        raise SaleDateRefused(sentence(N_("A sale cannot be dated in the future.")))
    if sold_on < today and not may_enter_past:
        raise SaleDateRefused(sentence(N_("Only a manager may enter an earlier sale date.")))


def check_given_start(starts_on: date, sold_on: date, ahead_days: int = START_AHEAD_DAYS) -> None:
    """Let a given start lie from the sale date to so many days ahead; raises ``StartRefused``."""
    if starts_on < sold_on:
        raise StartRefused(sentence(N_("A membership cannot start before it is sold (%(day)s)."), day=sold_on))
    if starts_on > sold_on + timedelta(days=ahead_days):
        raise StartRefused(
            sentence(
                NN_(
                    "A membership can start at most %(count)s day after its sale.",
                    "A membership can start at most %(count)s days after its sale.",
                ),
                count=ahead_days,
            )
        )


def check_no_overlap(history: Iterable[Sold], days: Span) -> None:
    """Refuse days that a membership of the member covers already; raises ``Overlap``."""
    for covered, _ in _covering(history):
        if covered.overlaps(days):
            raise Overlap(
                sentence(
                    N_("There is already a membership from %(first)s to %(last)s."),
                    first=covered.first,
                    last=covered.last,
                )
            )


def successor(history: Iterable[Sold], of: Sold) -> Sold | None:
    """The next later membership that has no cancellation date, of whatever kind."""
    later = [sold for sold in history if sold.starts_on > of.starts_on and sold.cancelled_on is None]
    return min(later, key=lambda sold: sold.starts_on, default=None)


def chain_start(history: Iterable[Sold], of: Sold) -> date:
    """The first day of the unbroken chain of renewals and changes of plan that a membership belongs to."""
    by_id = {sold.id: sold for sold in history}
    while of.kind in (SaleKind.RENEWAL, SaleKind.CHANGE) and of.renewed_from in by_id:
        of = by_id[of.renewed_from]
    return of.starts_on


def tenure_months(history: Sequence[Sold], kind: SaleKind, prior: Sold | None, starts_on: date) -> int:
    """Whole months of the unbroken chain at the new start; 0 for a new sale and a return."""
    if prior is None or kind not in (SaleKind.RENEWAL, SaleKind.CHANGE):
        return 0
    return terms.months_between(chain_start(history, prior), starts_on)


def renewed_early_days(prior: Sold | None, sold_on: date) -> int | None:
    """Days from the sale to the prior's effective end as known then; positive = early, None without a prior."""
    return None if prior is None else (prior.effective_ends_on - sold_on).days


def kinds_of_history(history: Iterable[Sold], grace_days: int = GRACE_DAYS) -> dict[int, tuple[SaleKind, int | None]]:
    """Kind and prior (of a renewal) of every membership, worked out anew from their dates (imports).

    A change of plan keeps its kind and link: dates alone do not tell it from a renewal.
    """
    rows = list(history)
    kinds: dict[int, tuple[SaleKind, int | None]] = {}
    for sold in rows:
        if sold.kind is SaleKind.CHANGE:
            kinds[sold.id] = sold.kind, sold.renewed_from
            continue
        kind, prior = sale_kind((other for other in rows if other.id != sold.id), sold.starts_on, grace_days)
        kinds[sold.id] = kind, prior.id if prior is not None and kind is SaleKind.RENEWAL else None
    return kinds


def imported_follows(sold: Sold, kind: SaleKind, prior: Sold | None, as_of: date) -> bool:
    """Whether a row of an old program follows its prior: pending, sold by the prior's last day, the day after."""
    return (
        sold.starts_on > as_of
        and prior is not None
        and (sold.sold_on or sold.starts_on) <= prior.effective_ends_on
        and follows_prior(kind, prior, sold.starts_on, start_given=False)
    )


# ---- change of plan --------------------------------------------------------------------------------------


def check_change(history: Iterable[Sold], of: Sold, on: date, *, today: date, may_choose_day: bool) -> None:
    """Let the plan change on the day (§3.2); raises ``AlreadyCancelled``, ``AlreadyRenewed``, ``ChangeDateRefused``.

    ``may_choose_day``: a manager's right to a day other than today.
    """
    if of.cancelled_on is not None:
        raise AlreadyCancelled(sentence(N_("This membership is cancelled as of %(day)s."), day=of.cancelled_on))
    behind = successor(history, of)
    if behind is not None:
        raise AlreadyRenewed(
            sentence(N_("A membership from %(day)s is already sold behind this one."), day=behind.starts_on)
        )
    if terms.status_on(of.period, (), today) is not Status.ACTIVE:
        raise ChangeDateRefused(sentence(N_("Only a running membership can change its plan.")))
    if on != today and not may_choose_day:
        raise ChangeDateRefused(sentence(N_("Only a manager may choose another day than today.")))
    if not of.starts_on < on <= of.effective_ends_on:
        raise ChangeDateRefused(
            sentence(
                N_("The plan can change from %(first)s to %(last)s."),
                first=of.starts_on + DAY,
                last=of.effective_ends_on,
            )
        )


@dataclass(frozen=True)
class Credit:
    """What is left of a membership on the day its plan changes: days and money."""

    all_days: int
    remaining_days: int
    value: Decimal
    amount: Decimal


def change_credit(days: Span, freezes: Iterable[Span], on: date, value: Decimal, currency: str) -> Credit:
    """The credit of a membership whose plan changes on the day (itself a remaining one).

    ``days``: from its start to its effective end; ``freezes``: those not void, which count in neither number;
    ``value``: paid + due + credit it brought in.
    """
    running = days.without(freezes)
    all_days = sum(span.days for span in running)
    remaining = sum((span.last - max(span.first, on)).days + 1 for span in running if span.last >= on)
    share = Fraction(remaining, all_days) if all_days else Fraction(0)
    return Credit(all_days, remaining, value, money.round_half_up(Fraction(value) * share, currency))


def price_after_credit(quoted: Decimal, credit: Decimal) -> Decimal:
    """The agreed price: the quote less the credit, never below 0."""
    return max(quoted - credit, Decimal(0))


# ---- cancel ----------------------------------------------------------------------------------------------


def cancel_days(first: date, last: date) -> Sentence:
    """On which days a membership can be cancelled."""
    return sentence(N_("It can be cancelled from %(first)s to %(last)s."), first=first, last=last)


def check_cancel(of: Sold, on: date, reason: str, *, today: date, may_choose_past: bool) -> None:
    """Let a membership be cancelled as of the day; raises ``AlreadyCancelled``, ``CancelDateRefused``,
    ``ReasonRequired``. ``may_choose_past``: a manager's right to any day from the start.
    """
    if of.cancelled_on is not None:
        raise AlreadyCancelled(sentence(N_("This membership is cancelled as of %(day)s."), day=of.cancelled_on))
    first = min(today, of.starts_on) if may_choose_past else today
    if first > of.effective_ends_on:
        raise CancelDateRefused(sentence(N_("This membership ended on %(day)s."), day=of.effective_ends_on))
    if not first <= on <= of.effective_ends_on:
        raise CancelDateRefused(cancel_days(first, of.effective_ends_on))
    if not reason.strip():
        raise ReasonRequired(sentence(N_("Say why the membership is cancelled.")))
