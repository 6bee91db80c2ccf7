"""Visits: who came when; those that cannot be right are kept and listed to mend (PRODUCT.md §3.5)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from memberships import events, freezing, holding
from memberships.models import Club, ClubPolicy, Freeze, Member, Membership, User, Visit
from memberships.rules import local_time
from memberships.rules.errors import Conflict, Invalid, Refused
from memberships.rules.sentences import N_, Sentence, sentence

MOST_AT_ONCE = 10_000


class TooManyVisits(Invalid):
    """More visits at once than are taken."""

    field = "visits"


class NothingToMend(Conflict):
    """The visit is not one of a frozen day."""

    code = "invalid"


@dataclass(frozen=True)
class Arrival:
    """One entry as it was told: the member by id or by external id, the time aware or local to the club."""

    member: int | str
    at: dt.datetime
    zone: str = ""


@dataclass(frozen=True)
class Bad:
    """An arrival that was not taken: its place in the list, and why."""

    index: int
    field: str
    why: Sentence


@dataclass(frozen=True)
class Added:
    """What came of adding visits; ``unchanged`` were known already."""

    created: list[Visit] = field(default_factory=list)
    unchanged: int = 0
    bad: list[Bad] = field(default_factory=list)


def add(*, club: Club, arrivals: Sequence[Arrival], now: dt.datetime, by: User | None) -> Added:
    """Store visits; the same twice is one. A bad one is left out and named, the others are stored.

    A visit without membership, or on a frozen day, is marked to be mended; where the club's policy says so, one on a
    frozen day ends the freeze instead, if that can be. Raises ``TooManyVisits``.
    """
    if len(arrivals) > MOST_AT_ONCE:
        raise TooManyVisits(sentence(N_("At most %(count)s visits at once."), count=MOST_AT_ONCE))
    with holding.operation(by=by):
        moment = holding.moment_in(club, now, by)
        added = Added()
        told = _read(club, arrivals, moment.today, added)
        members = {visit.member_id for visit in told}
        known = Visit.objects.filter(member__in=members, at__in={visit.at for visit in told})
        seen = set(known.values_list("member", "at"))
        fresh = []
        for visit in told:
            if (visit.member_id, visit.at) in seen:
                continue
            seen.add((visit.member_id, visit.at))
            fresh.append(visit)
        _store(club, fresh, added, now, by)
        unchanged = len(told) - len(added.created)
        for listener in events.visited:
            listener(visits=added.created, moment=moment)
        return Added(added.created, unchanged, added.bad)


def to_mend(club: Club) -> QuerySet[Visit]:
    """The visits that somebody should look at, newest first."""
    return Visit.objects.filter(club=club).exclude(to_mend="").select_related("member").order_by("-at", "-pk")


def dismiss(*, visit: Visit, now: dt.datetime, by: User | None) -> Visit:
    """Nothing is wrong with the visit: it is no longer listed."""
    with holding.member(visit.member_id, now=now, by=by):
        Visit.objects.filter(pk=visit.pk).update(to_mend="")
        visit.to_mend = ""
        return visit


def take_as_return(*, visit: Visit, now: dt.datetime, by: User | None) -> Freeze:
    """End the freeze that the visit falls into on the day of the visit. Raises ``NothingToMend`` and what
    ``freezing.end`` raises.
    """
    with holding.member(visit.member_id, now=now, by=by, terms=True) as held:
        day = local_time.local_day(visit.at, held.club.zone)
        freeze = _freezes({visit.member_id}, [day])(visit.member_id, day)
        if freeze is None:
            raise NothingToMend(sentence(N_("The membership was not frozen on that day.")))
        ended = freezing.end(freeze=freeze, returned_on=day, now=now, by=by, supervisor=True)
        _unmark_from(visit.member_id, day, held.club)
        return ended


def take_returns(*, club: Club, visits: Iterable[Visit], now: dt.datetime, by: User | None) -> set[int]:
    """End the freezes that stored visits fall into, each by the first of them; answers the members whose ended.

    A freeze that cannot be ended so (a closure's, or one that would move what has started) stays.
    """
    members, tried = set(), set()
    for visit in sorted(visits, key=lambda visit: (visit.at, visit.pk)):
        day = local_time.local_day(visit.at, club.zone)
        freeze = _freezes([visit.member_id], [day])(visit.member_id, day)
        if freeze is None or freeze.pk in tried:
            continue
        tried.add(freeze.pk)
        if _ends(freeze, day, now, by):
            members.add(visit.member_id)
    return members


def mend_covered(*, member: Member) -> list[int]:
    """Visits without membership that one covers now are no longer listed; answers their ids."""
    marked = Visit.objects.filter(member=member, to_mend=Visit.Mend.NO_MEMBERSHIP)
    covered, zone = _covered([member.pk])[member.pk], member.club.zone
    mended = []
    for pk, at in marked.order_by("pk").values_list("pk", "at"):
        day = local_time.local_day(at, zone)
        if any(first <= day <= last for first, last in covered):
            mended.append(pk)
    Visit.objects.filter(pk__in=mended).update(to_mend="")
    return mended


def mark_to_mend(ids: Iterable[int]) -> None:
    """List visits again that ``mend_covered`` took off the list."""
    Visit.objects.filter(pk__in=list(ids), to_mend="").update(to_mend=Visit.Mend.NO_MEMBERSHIP)


# ---- adding ----------------------------------------------------------------------------------------------


def _read(club: Club, arrivals: Sequence[Arrival], today: dt.date, added: Added) -> list[Visit]:
    """The arrivals as visits with instants and members, in order of member and time; bad ones are named."""
    ids = {arrival.member for arrival in arrivals if isinstance(arrival.member, int)}
    names = {arrival.member for arrival in arrivals if isinstance(arrival.member, str)}
    here = Member.objects.filter(club=club, merged_into=None)
    by_key: dict[int | str, int] = {pk: pk for pk in here.filter(pk__in=ids).values_list("pk", flat=True)}
    by_key.update(here.filter(external_id__in=names).values_list("external_id", "pk"))
    visits = []
    for index, arrival in enumerate(arrivals):
        member = by_key.get(arrival.member)
        at = _instant(arrival.at, club)
        if member is None:
            added.bad.append(Bad(index, "member", sentence(N_("There is no such member."))))
        elif local_time.local_day(at, club.zone) > today:
            added.bad.append(Bad(index, "at", sentence(N_("The visit lies in the future."))))
        else:
            visits.append(Visit(club=club, member_id=member, at=at, zone=arrival.zone.strip()[:32]))
    return sorted(visits, key=lambda visit: (visit.member_id, visit.at))


def _instant(at: dt.datetime, club: Club) -> dt.datetime:
    if at.tzinfo is not None:
        return at.astimezone(dt.UTC)
    return local_time.instant(at.date(), at.time(), club.zone).astimezone(dt.UTC)


def _store(club: Club, fresh: list[Visit], added: Added, now: dt.datetime, by: User | None) -> None:
    """Mark and store new visits; by policy the first one on a frozen day ends the freeze."""
    policy = holding.policy_of(club)
    returns = policy.frozen_visit == ClubPolicy.FrozenVisit.EARLY_RETURN
    days = [local_time.local_day(visit.at, club.zone) for visit in fresh]
    members = {visit.member_id for visit in fresh}
    covered = _covered(members)
    frozen = _freezes(members, days)
    for visit, day in zip(fresh, days, strict=True):
        member = visit.member_id
        freeze = frozen(member, day)
        if returns and freeze is not None and _ends(freeze, day, now, by):
            covered[member] = _covered([member])[member]
            frozen.by_member[member] = _freezes([member], days).by_member[member]
            freeze = None
        if freeze is not None:
            visit.to_mend = Visit.Mend.FROZEN
        elif not any(first <= day <= last for first, last in covered[member]):
            visit.to_mend = Visit.Mend.NO_MEMBERSHIP
    # two gates may tell the same visit at the same time: the second finds it stored
    Visit.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2000)
    wanted = {(visit.member_id, visit.at) for visit in fresh}
    stored = Visit.objects.filter(member__in=members, at__in={visit.at for visit in fresh}).order_by("at", "pk")
    added.created.extend(visit for visit in stored if (visit.member_id, visit.at) in wanted)


def _ends(freeze: Freeze, day: dt.date, now: dt.datetime, by: User | None) -> bool:
    """Whether the freeze could be ended by a visit on the day; those after it are then on no frozen day any more."""
    try:
        freezing.end(freeze=freeze, returned_on=day, now=now, by=by, supervisor=True)
    except Refused:
        return False
    member = freeze.membership.member
    _unmark_from(member.pk, day, member.club)
    return True


def _covered(members: Iterable[int]) -> dict[int, list[tuple[dt.date, dt.date]]]:
    days: dict[int, list[tuple[dt.date, dt.date]]] = defaultdict(list)
    rows = Membership.objects.filter(member__in=members).values_list("member", "starts_on", "last_covered_on")
    for member, first, last in rows:
        days[member].append((first, last))
    return days


class _Frozen:
    """The freezes of members, asked by member and day."""

    def __init__(self, freezes: Iterable[Freeze]) -> None:
        self.by_member: dict[int, list[Freeze]] = defaultdict(list)
        for freeze in freezes:
            self.by_member[freeze.membership.member_id].append(freeze)

    def __call__(self, member: int, day: dt.date) -> Freeze | None:
        return next((freeze for freeze in self.by_member[member] if freeze.starts_on <= day <= freeze.ends_on), None)


def _freezes(members: Iterable[int], days: Iterable[dt.date]) -> _Frozen:
    asked = list(days)
    if not asked:
        return _Frozen([])
    rows = Freeze.objects.filter(membership__member__in=members, voided=False)
    rows = rows.filter(starts_on__lte=max(asked), ends_on__gte=min(asked))
    return _Frozen(rows.select_related("membership__member__club"))


def _unmark_from(member: int, day: dt.date, club: Club) -> None:
    """Visits from the day on are no longer on frozen days, unless another freeze holds them."""
    marked = Visit.objects.filter(member=member, to_mend=Visit.Mend.FROZEN)
    marked = marked.filter(at__gte=local_time.first_instant(day, club.zone))
    days = {visit.pk: local_time.local_day(visit.at, club.zone) for visit in marked}
    frozen = _freezes([member], days.values())
    Visit.objects.filter(pk__in=[pk for pk, on in days.items() if frozen(member, on) is None]).update(to_mend="")
