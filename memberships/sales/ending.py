"""The end of a membership before its time: cancelled, or closed by a change of plan."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from memberships import events, histories, holding
from memberships.models import Freeze, Membership, Promotion, PromotionUse, User
from memberships.rules import chains
from memberships.rules import sales as rules
from memberships.rules.terms import DAY


def cancel(
    *,
    membership: Membership,
    on: dt.date,
    reason: str,
    now: dt.datetime,
    by: User | None,
    supervisor: bool = False,
) -> Membership:
    """Cancel a membership from the day ``on``: it covers up to the day before, its freezes from then on are void.

    What was sold behind it stays where it is. ``supervisor``: any day from its start. Raises
    ``rules.AlreadyCancelled``, ``rules.CancelDateRefused``, ``rules.ReasonRequired``.
    """
    with holding.member(membership.member_id, now=now, by=by, terms=True) as held:
        history = histories.of(held.member)
        row = history.rows[membership.pk]
        rules.check_cancel(history.sold_as(row), on, reason, today=held.moment.today, may_choose_past=supervisor)
        row.cancelled_on, row.cancel_reason = on, reason.strip()
        row.save(update_fields=["cancelled_on", "cancel_reason"])
        _cut_freezes(row, on - DAY)
        for follower in history.rows.values():
            if follower.renewed_from_id == row.pk and follower.follows:
                follower.follows, follower.given_starts_on = False, follower.starts_on
                follower.save(update_fields=["follows", "given_starts_on"])
        _lie(held, row)
        if row.last_covered_on < row.starts_on:
            _give_uses_back(row)
        for listener in events.cancelled:
            listener(membership=row, moment=held.moment)
        return row


def close(held: holding.Holding, row: Membership, last: dt.date) -> None:
    """End a membership on a day, before its time; its member is held."""
    row.closed_on = last
    row.save(update_fields=["closed_on"])
    _cut_freezes(row, last)
    _lie(held, row)


def _cut_freezes(row: Membership, last: dt.date) -> None:
    """Freezes end with the membership: one that begins later is void."""
    beyond = Freeze.objects.filter(membership=row, voided=False, ends_on__gt=last)
    beyond.filter(starts_on__gt=last).update(voided=True)
    beyond.filter(starts_on__lte=last).update(planned_ends_on=F("ends_on"), ends_on=last)


def _lie(held: holding.Holding, row: Membership) -> None:
    """Work out the days of a membership that was just cut short, and store them."""
    freezes = Freeze.objects.filter(membership=row, voided=False).order_by("starts_on")
    closures = histories.closures_of(row.club_id)
    histories.place(row, chains.place(histories.held(row, freezes, closures)), held.moment)
    histories.refresh_members([row.member_id])


def _give_uses_back(row: Membership) -> None:
    """A sale cancelled before its start no longer counts for its promotions."""
    uses = PromotionUse.objects.filter(membership=row, given_back=False)
    for use in uses.order_by("promotion_id"):
        Promotion.objects.filter(pk=use.promotion_id, uses__gt=0).update(uses=F("uses") - 1)
    uses.update(given_back=True)
