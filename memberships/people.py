"""The people of a club's member list: create, edit, do-not-call, deceased, households."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from memberships import events, holding
from memberships.models import Club, Member, User
from memberships.rules import phones
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sales import ReasonRequired
from memberships.rules.sentences import N_, sentence


class Details(TypedDict, total=False):
    """What a desk enters about a member; what is left out stays as it is. Phones in any writing."""

    external_id: str | None
    last_name: str
    first_name: str
    middle_name: str
    phone: str
    email: str
    birthday: dt.date | None
    language: str
    timezone: str
    source: str
    referred_by: Member | None
    guardian: str
    guardian_phone: str
    consent_calls: bool | None
    consent_sms: bool | None
    consent_email: bool | None
    consent_evidence: str
    interests: str
    goal: str
    notes: str


TOLD = frozenset({"phone", "guardian_phone", "consent_calls", "consent_sms", "consent_email", "timezone", "birthday"})
"""A change of these may change whether and when a member is rung: listeners hear of it."""


class DetailsRefused(Invalid):
    """Details that cannot be right; ``fields`` says which and why."""


def _number_taken() -> DetailsRefused:
    refusal = sentence(N_("Another member has this number."))
    return DetailsRefused(refusal, fields={"external_id": [refusal]})


holding.violations["member_external_id_once"] = _number_taken


class NotMarked(Conflict):
    """There is no such mark to take away."""

    code = "invalid"


def create(*, club: Club, details: Details, now: dt.datetime, by: User | None) -> Member:
    """Add a member to a club. Raises ``DetailsRefused`` with a sentence for each field that cannot be right."""
    with holding.operation(by=by):
        member = Member(club=club, created_at=now)
        _write(member, {"last_name": "", **details}, now)
        member.save()
        return member


def edit(*, member: Member, details: Details, now: dt.datetime, by: User | None) -> Member:
    """Change details of a member; another number is no longer a wrong one. Raises ``DetailsRefused``."""
    with holding.member(member.pk, now=now, by=by) as held:
        changed = _write(held.member, details, now)
        if changed:
            held.member.save(update_fields=sorted(changed))
        if changed & TOLD:
            _tell(held)
        return held.member


def set_do_not_call(*, member: Member, note: str, now: dt.datetime, by: User | None) -> Member:
    """Nobody rings the member any more. One that is marked already keeps its first date."""
    with holding.member(member.pk, now=now, by=by) as held:
        row = held.member
        if row.do_not_call_since is None:
            row.do_not_call_since, row.do_not_call_by, row.do_not_call_note = now, by, note.strip()[:400]
            row.save(update_fields=["do_not_call_since", "do_not_call_by", "do_not_call_note"])
            _tell(held)
        return row


def clear_do_not_call(*, member: Member, reason: str, now: dt.datetime, by: User | None) -> Member:
    """A manager lifts do-not-call for a written reason (kept in the history). Raises ``ReasonRequired``,
    ``NotMarked``.
    """
    _require_reason(reason, sentence(N_("Say why the member may be called again.")))
    with holding.member(member.pk, now=now, by=by, reason=reason.strip()) as held:
        if held.member.do_not_call_since is None:
            raise NotMarked(sentence(N_("This member may be called already.")))
        _unmark_do_not_call(held)
        return held.member


def take_back_do_not_call(*, member: Member, set_at: dt.datetime, now: dt.datetime, by: User | None) -> Member:
    """Undo the marking that an outcome made at ``set_at``; an earlier or a later one stays."""
    with holding.member(member.pk, now=now, by=by) as held:
        if held.member.do_not_call_since == set_at:
            _unmark_do_not_call(held)
        return held.member


def mark_deceased(*, member: Member, on: dt.date | None = None, now: dt.datetime, by: User | None) -> Member:
    """The member has died (on the day, if known); nobody rings, nothing is sold or sent. Raises ``DetailsRefused``."""
    with holding.member(member.pk, now=now, by=by) as held:
        day = on or held.moment.today
        if day > held.moment.today:
            refusal = sentence(N_("This day lies in the future."))
            raise DetailsRefused(refusal, fields={"deceased_on": [refusal]})
        if held.member.deceased_on is None:
            held.member.deceased_on = day
            held.member.save(update_fields=["deceased_on"])
            _tell(held)
        return held.member


def undo_deceased(*, member: Member, reason: str, now: dt.datetime, by: User | None) -> Member:
    """The mark was a mistake, says a manager in writing. Raises ``ReasonRequired``, ``NotMarked``."""
    _require_reason(reason, sentence(N_("Say why the mark is taken away.")))
    with holding.member(member.pk, now=now, by=by, reason=reason.strip()) as held:
        if held.member.deceased_on is None:
            raise NotMarked(sentence(N_("This member is not marked as deceased.")))
        held.member.deceased_on = None
        held.member.save(update_fields=["deceased_on"])
        _tell(held)
        return held.member


def mark_phone_bad(*, member: Member, now: dt.datetime, by: User | None) -> Member:
    """The number reached somebody else: it is not rung until it changes."""
    with holding.member(member.pk, now=now, by=by) as held:
        if held.member.phone_bad_since is None:
            held.member.phone_bad_since = now
            held.member.save(update_fields=["phone_bad_since"])
            _tell(held)
        return held.member


def take_back_phone_bad(*, member: Member, marked_at: dt.datetime, now: dt.datetime, by: User | None) -> Member:
    """Undo the marking that an outcome made at ``marked_at``; another one stays."""
    with holding.member(member.pk, now=now, by=by) as held:
        if held.member.phone_bad_since == marked_at:
            held.member.phone_bad_since = None
            held.member.save(update_fields=["phone_bad_since"])
            _tell(held)
        return held.member


def household(member: Member) -> QuerySet[Member]:
    """The other members of the club with the same number, by name."""
    if not member.phone:
        return Member.objects.none()
    others = Member.objects.filter(club=member.club_id, phone=member.phone, merged_into=None).exclude(pk=member.pk)
    return others.order_by("last_name", "first_name", "pk")


# ---- details ---------------------------------------------------------------------------------------------


def _write(member: Member, details: Mapping[str, object], now: dt.datetime) -> set[str]:
    """Put details on a member, checked; answers the fields that changed."""
    unknown = set(details) - set(Details.__annotations__)
    if unknown:
        raise TypeError(f"not details of a member: {sorted(unknown)}")
    stored = [field.attname for field in member._meta.concrete_fields if not field.generated]
    before = {name: getattr(member, name) for name in stored}
    problems: dict[str, list[object]] = {}
    for name, value in details.items():
        value = value.strip() if isinstance(value, str) else value
        if name in ("phone", "guardian_phone") and value:
            try:
                value = phones.e164(str(value), member.club.country)
            except phones.BadPhone as refusal:
                problems[name] = [refusal.message]
                continue
        setattr(member, name, value)
    member.external_id = member.external_id or None
    problems.update(_problems(member, problems, now))
    if problems:
        raise DetailsRefused(next(iter(problems.values()))[0], fields=problems)
    if member.phone != before["phone"]:
        member.phone_changed_at, member.phone_bad_since, member.phone_raw = now, None, ""
    return {name for name, value in before.items() if getattr(member, name) != value}


def _problems(member: Member, known: Mapping[str, object], now: dt.datetime) -> dict[str, list[object]]:
    problems: dict[str, list[object]] = {}
    try:
        member.clean_fields(exclude=list(known))
    except ValidationError as error:
        problems.update(error.message_dict)
    today = now.astimezone(member.club.zone).date()
    if isinstance(member.birthday, dt.date) and not dt.date(1900, 1, 1) <= member.birthday <= today:
        problems["birthday"] = [sentence(N_("This cannot be a birthday."))]
    if member.timezone and member.timezone not in zoneinfo.available_timezones():
        problems["timezone"] = [sentence(N_("%(name)s is not a time zone."), name=member.timezone)]
    brought_by = member.referred_by
    if brought_by is not None and (brought_by.club_id != member.club_id or brought_by.pk == member.pk):
        problems["referred_by"] = [sentence(N_("There is no such member."))]
    same = Member.objects.filter(club=member.club_id, external_id=member.external_id).exclude(pk=member.pk)
    if member.external_id is not None and same.exists():
        problems["external_id"] = [sentence(N_("Another member has this number."))]
    return problems


def _require_reason(reason: str, refusal: object) -> None:
    if not reason.strip():
        raise ReasonRequired(refusal)


def _unmark_do_not_call(held: holding.Holding) -> None:
    row = held.member
    row.do_not_call_since, row.do_not_call_by, row.do_not_call_note = None, None, ""
    row.save(update_fields=["do_not_call_since", "do_not_call_by", "do_not_call_note"])
    _tell(held)


def _tell(held: holding.Holding) -> None:
    for listener in events.member_changed:
        listener(member=held.member, moment=held.moment)
