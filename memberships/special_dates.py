"""A member's special dates besides the birthday."""

from __future__ import annotations

import datetime as dt

from memberships import holding
from memberships.models import Member, SpecialDate, User
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence

MOST = 20


class DateRefused(Invalid):
    """A day that cannot be right, or one without a word what it is."""


class TooMany(Conflict):
    """The member has as many special dates as there is room for."""

    code = "invalid"


def add(*, member: Member, on: dt.date, name: str, now: dt.datetime, by: User | None) -> SpecialDate:
    """Keep a day that matters to the member. Raises ``DateRefused``, ``TooMany``."""
    if not dt.date(1900, 1, 1) <= on <= dt.date(2199, 12, 31):
        refusal = sentence(N_("This day lies too far away."))
        raise DateRefused(refusal, fields={"on": [refusal]})
    if not name.strip():
        refusal = sentence(N_("Say what the day is."))
        raise DateRefused(refusal, fields={"name": [refusal]})
    with holding.member(member.pk, now=now, by=by) as held:
        if SpecialDate.objects.filter(member=held.member).count() >= MOST:
            raise TooMany(sentence(N_("There is room for %(most)s special dates: remove one first."), most=MOST))
        return SpecialDate.objects.create(member=held.member, on=on, name=name.strip())


def remove(*, date: SpecialDate, now: dt.datetime, by: User | None) -> None:
    """Forget a special date."""
    with holding.member(date.member_id, now=now, by=by):
        date.delete()
