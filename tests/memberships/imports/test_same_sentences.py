"""What the desk is refused a file is refused, in the same words; what an old program agreed is a fact."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from memberships import freezing, quotes, sales
from memberships.models import Club, Freeze, Member, Membership, Plan, Promotion
from memberships.rules.errors import Refused
from tests import days, factories
from tests.days import day
from tests.memberships.imports.conftest import Load

MEMBERSHIPS = "external_id,member,plan,starts_on,promotions,cancelled_on,cancel_reason\n"
FREEZES = "membership,starts_on,ends_on,reason\n"
DESK = {"now": days.NOW, "by": None}


@pytest.fixture
def held(club: Club) -> Membership:
    """C0 runs through 2026; C1 is sold behind it with a start of its own and begins today."""
    member = Member.objects.get(external_id="A0")
    factories.make_membership(member, starts_on=day("2026-01-01"), ends_on=day("2026-11-11"), external_id="C0")
    return factories.make_membership(
        member, starts_on=day("2026-11-12"), given_starts_on=day("2026-11-12"), external_id="C1"
    )


def refusal(act: Callable[[], object]) -> str:
    """The sentence with which the desk is refused, and nothing is stored."""
    with pytest.raises(Refused) as caught:
        act()
    return str(caught.value.message)


def test_days_that_another_membership_covers(load: Load, held: Membership) -> None:
    plan = Plan.objects.get(code="M1")
    said = refusal(lambda: sales.sell(member=held.member, plan=plan, starts_on=day("2026-12-01"), **DESK))
    answer = load("memberships", f"{MEMBERSHIPS}S1,A0,M1,2026-12-01,,,\n")
    assert [error["message"] for error in answer.errors] == [said]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2027-12-01", "2027-12-10"),  # outside
        ("2026-12-05", "2026-12-14"),  # frozen already
    ],
)
def test_freezes_outside_the_membership_or_over_another(load: Load, held: Membership, first: str, last: str) -> None:
    freezing.give(membership=held, starts_on=day("2026-12-01"), ends_on=day("2026-12-10"), **DESK)
    span = {"starts_on": day(first), "ends_on": day(last)}
    said = refusal(lambda: freezing.give(membership=held, override_reason="x", **span, **DESK))
    answer = load("freezes", f"{FREEZES}C1,{first},{last},x\n")
    assert [error["message"] for error in answer.errors] == [said]
    assert Freeze.objects.count() == 1


def test_a_freeze_that_would_move_what_has_started(load: Load, club: Club) -> None:
    member = Member.objects.get(external_id="A0")
    first = factories.make_membership(member, starts_on=day("2026-01-01"), ends_on=day("2026-11-11"), external_id="C0")
    Membership.objects.filter(pk=first.pk).update(ends_given=False)
    factories.make_membership(member, starts_on=day("2026-11-12"), sold_on=day("2026-11-01"), external_id="C1")
    span = {"starts_on": day("2026-11-05"), "ends_on": day("2026-11-14")}
    said = refusal(lambda: freezing.give(membership=first, override_reason="x", **span, **DESK))
    answer = load("freezes", f"{FREEZES}C0,2026-11-05,2026-11-14,x\n")
    assert [error["message"] for error in answer.errors] == [said]


def test_a_cancellation_behind_the_last_day(load: Load, club: Club) -> None:
    row = factories.make_membership(Member.objects.get(external_id="A1"), starts_on=days.TODAY, external_id="C2")
    said = refusal(lambda: sales.cancel(membership=row, on=day("2027-12-01"), reason="x", **DESK))
    answer = load("memberships", f"{MEMBERSHIPS}C2,A1,M12,2026-11-12,,2027-12-01,x\n")
    assert [error["message"] for error in answer.errors] == [said]


def test_a_number_that_is_none_and_a_member_that_is_not_here(load: Load, club: Club) -> None:
    from memberships import people

    details = {"last_name": "Scott", "phone": "12345"}
    said = refusal(lambda: people.create(club=club, details=details, **DESK))
    answer = load("members", "external_id,last_name,phone\nB1,Scott,12345\n")
    assert [error["message"] for error in answer.errors] == [said]


def test_a_promotion_that_the_club_does_not_have(load: Load, held: Membership) -> None:
    factories.make_promotion(factories.make_club("hill"), "HILL10")
    plan = Plan.objects.get(code="M1")
    refusal(lambda: quotes.make(member=held.member, plan=plan, codes=("HILL10",), **DESK))
    missing = load("memberships", f"{MEMBERSHIPS}S1,A1,M1,2026-12-01,SECRET,,\n").errors[0]["message"]
    foreign = load("memberships", f"{MEMBERSHIPS}S1,A1,M1,2026-12-01,HILL10,,\n").errors[0]["message"]
    assert str(foreign).replace("HILL10", "SECRET") == missing


def test_control_what_an_old_program_agreed_beyond_the_limits_is_a_fact(load: Load, held: Membership) -> None:
    Promotion.objects.filter(code="FRIEND15").update(max_uses=0)
    with pytest.raises(freezing.rules.FreezeAllowance):
        freezing.give(membership=held, starts_on=day("2026-12-01"), ends_on=day("2027-02-28"), **DESK)
    assert load("freezes", f"{FREEZES}C1,2026-12-01,2027-02-28,x\n").refused == 0
    assert load("memberships", f"{MEMBERSHIPS}S1,A1,M1,2026-12-01,FRIEND15,,\n").refused == 0
    assert Promotion.objects.get(code="FRIEND15").uses == 0
