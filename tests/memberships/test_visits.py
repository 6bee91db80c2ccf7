"""Visits: once each, local times, those to mend, and the one that ends a freeze."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from memberships import events, freezing, visits
from memberships.models import ClubPolicy, Freeze, Visit
from memberships.visits import Arrival
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop

LATER = days.at("2026-11-30T12:00")


def local(text: str) -> dt.datetime:
    """A time on the wall of the club."""
    return dt.datetime.fromisoformat(text)


def add(shop: Shop, *arrivals: Arrival) -> visits.Added:
    return visits.add(club=shop.club, arrivals=arrivals, now=LATER, by=shop.manager)


@pytest.fixture
def told() -> Iterator[list[int]]:
    heard: list[int] = []

    def listener(*, visits: list[Visit], **_: object) -> None:
        heard.append(len(visits))

    events.visited.append(listener)
    yield heard
    events.visited.remove(listener)


def returns(shop: Shop) -> None:
    ClubPolicy.objects.filter(club=shop.club).update(frozen_visit=ClubPolicy.FrozenVisit.EARLY_RETURN)


def test_a_visit_is_stored_once_by_id_or_number_local_or_with_an_offset(shop: Shop, told: list[int]) -> None:
    member = shop.member(external_id="MF1")
    shop.sell(member)
    first = add(
        shop,
        Arrival(member.pk, local("2026-11-20T18:30"), "gym"),
        Arrival("MF1", days.at("2026-11-20T18:30"), "gym"),
        Arrival("MF1", local("2026-11-21T18:30"), "group"),
    )
    assert ([visit.zone for visit in first.created], first.unchanged, first.bad) == (["gym", "group"], 1, [])
    again = add(shop, Arrival("MF1", local("2026-11-20T18:30")))
    assert ([*again.created], again.unchanged) == ([], 1)
    assert Visit.objects.order_by("at")[0].at == dt.datetime(2026, 11, 21, 0, 30, tzinfo=dt.UTC)
    assert told == [2, 0]


def test_a_time_that_occurs_twice_is_the_first_and_one_that_does_not_exist_is_shifted(shop: Shop) -> None:
    member = shop.member()
    factories.make_membership(member, starts_on=day("2026-01-01"))
    add(shop, Arrival(member.pk, local("2026-11-01T01:30")), Arrival(member.pk, local("2026-03-08T02:30")))
    assert list(Visit.objects.order_by("at").values_list("at", flat=True)) == [
        dt.datetime(2026, 3, 8, 8, 30, tzinfo=dt.UTC),  # 03:30 in summer time
        dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC),
    ]


def test_a_bad_one_is_named_and_the_others_are_stored(shop: Shop) -> None:
    member = shop.member()
    shop.sell(member)
    stranger = factories.make_member(factories.make_club("riverside"), external_id="R1")
    added = add(
        shop,
        Arrival(member.pk, local("2026-11-20T18:30")),
        Arrival(stranger.pk, local("2026-11-20T18:30")),
        Arrival("R1", local("2026-11-20T18:30")),
        Arrival(member.pk, local("2026-12-01T00:00")),
    )
    assert len(added.created) == 1
    assert [(bad.index, bad.field, str(bad.why)) for bad in added.bad] == [
        (1, "member", "There is no such member."),
        (2, "member", "There is no such member."),
        (3, "at", "The visit lies in the future."),
    ]


def test_more_than_ten_thousand_at_once_are_refused(shop: Shop) -> None:
    with pytest.raises(visits.TooManyVisits):
        add(shop, *[Arrival(1, local("2026-11-20T18:30"))] * 10_001)


def test_a_visit_without_membership_is_kept_and_listed_to_mend(shop: Shop) -> None:
    member = shop.member()
    shop.sell(member)
    added = add(shop, Arrival(member.pk, local("2026-11-11T23:59")), Arrival(member.pk, local("2026-11-12T00:00")))
    assert [visit.to_mend for visit in added.created] == ["no_membership", ""]
    listed = visits.to_mend(shop.club)
    assert list(listed) == [added.created[0]]
    visits.dismiss(visit=listed[0], now=LATER, by=shop.manager)
    assert not visits.to_mend(shop.club).exists()


def frozen_member(shop: Shop) -> Freeze:
    sold = shop.sell(shop.member())
    return freezing.give(
        membership=sold, starts_on=day("2026-11-20"), ends_on=day("2026-11-29"), now=days.NOW, by=shop.manager
    )


def test_a_visit_on_a_frozen_day_is_flagged_and_the_freeze_stays(shop: Shop) -> None:
    freeze = frozen_member(shop)
    added = add(shop, Arrival(freeze.membership.member_id, local("2026-11-24T18:30")))
    assert added.created[0].to_mend == "frozen"
    freeze.refresh_from_db()
    assert freeze.days == 10


def test_by_policy_the_first_visit_on_a_frozen_day_ends_the_freeze(shop: Shop) -> None:
    returns(shop)
    freeze = frozen_member(shop)
    member = freeze.membership.member_id
    added = add(shop, Arrival(member, local("2026-11-26T18:30")), Arrival(member, local("2026-11-24T18:30")))
    assert [visit.to_mend for visit in added.created] == ["", ""]
    freeze.refresh_from_db()
    freeze.membership.refresh_from_db()
    assert (freeze.days, freeze.returned_on) == (4, day("2026-11-24"))
    assert freeze.membership.effective_ends_on == day("2027-11-29")  # 25 November, 14 bonus days inside, and 4


def test_a_return_that_cannot_be_is_flagged_after_all(shop: Shop) -> None:
    returns(shop)
    member = shop.loyal_member()
    shop.sell(member)
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    freezing.give(
        membership=prior, starts_on=day("2026-11-14"), ends_on=day("2026-11-20"), now=days.NOW, by=shop.manager
    )
    late = days.at("2026-12-20T12:00")  # the renewal has started
    arrivals = [Arrival(member.pk, local("2026-11-16T18:30"))]
    added = visits.add(club=shop.club, arrivals=arrivals, now=late, by=shop.manager)
    assert added.created[0].to_mend == "frozen"


def test_a_visit_while_the_club_is_closed_is_flagged(shop: Shop) -> None:
    returns(shop)
    sold = shop.sell(shop.member())
    freezing.close_club(
        club=shop.club, starts_on=day("2026-11-20"), ends_on=day("2026-11-22"), why="boiler", now=days.NOW, by=None
    )
    added = add(shop, Arrival(sold.member_id, local("2026-11-21T18:30")))
    assert added.created[0].to_mend == "frozen"


def test_the_administrator_takes_a_flagged_visit_as_an_early_return(shop: Shop) -> None:
    freeze = frozen_member(shop)
    member = freeze.membership.member_id
    added = add(shop, Arrival(member, local("2026-11-22T18:30")), Arrival(member, local("2026-11-24T18:30")))
    ended = visits.take_as_return(visit=added.created[1], now=LATER, by=shop.manager)
    assert (ended.pk, ended.ends_on) == (freeze.pk, day("2026-11-23"))
    assert [visit.at.astimezone(days.CHICAGO).day for visit in visits.to_mend(shop.club)] == [22]
    with pytest.raises(visits.NothingToMend):
        visits.take_as_return(visit=added.created[1], now=LATER, by=shop.manager)
