"""Before a freeze, an early return, a closure or a cancellation is saved: what of every room would move."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings
from calls.models import CallTask, Meeting
from memberships import foreseeing, freezing, sales
from memberships.foreseeing import Touched
from memberships.models import Closure, Employee, Freeze, Member, Membership
from memberships.rules.errors import Refused
from onboarding.models import Step
from tests import days, factories
from tests.calls.factories import make_task
from tests.days import day

pytestmark = pytest.mark.django_db

TWO_WEEKS = {"starts_on": day("2026-11-12"), "ends_on": day("2026-11-25")}


@pytest.fixture
def anna() -> Employee:
    return factories.make_employee(factories.make_club(), "administrator", "anna", name="Anna Keller")


@pytest.fixture
def member(anna: Employee) -> Member:
    return factories.make_member(anna.club)


@pytest.fixture
def term(member: Member) -> Membership:
    """Sold today, with its checklist, a call to make and a meeting on Friday the 20th."""
    term = sales.sell(member=member, plan=factories.make_plan(member.club), now=days.NOW, by=None)
    make_task(member, "at_risk", membership=term, reason="Not seen for 15 days.")
    return term


@pytest.fixture
def friday(member: Member, anna: Employee) -> Meeting:
    return meetings.book(
        club=anna.club,
        member=member,
        host=anna,
        starts_at=days.at("2026-11-20T17:00"),
        purpose="session",
        by=None,
        now=days.NOW,
    )


def told(touched: list[Touched]) -> dict[str, tuple[str, str]]:
    """What stands otherwise, by its key: before and after as day or words."""

    def words(one: object) -> str:
        return "" if one is None else one.state or str(one.on)  # type: ignore[attr-defined]

    return {one.either.key: (words(one.before), words(one.after)) for one in touched}


def stored() -> list[object]:
    """Everything that a preview must leave as it is."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Membership, Freeze, Closure, CallTask, Meeting, Step, Member)
    ]


def test_a_freeze_names_calls_meetings_and_checklist_days_and_saving_does_just_that(
    term: Membership, friday: Meeting
) -> None:
    task = CallTask.objects.get(kind="at_risk")
    last = Step.objects.order_by("-due_on").first()
    assert last is not None
    before = stored()

    plan, touched = foreseeing.freeze(membership=term, **TWO_WEEKS, now=days.NOW, by=None)

    assert stored() == before
    assert [move.after.effective_ends_on for move in plan.moves] == [day("2027-11-25")]
    named = told(touched)
    assert named[f"task:{task.pk}"] == ("2026-11-15", "lapses: frozen")  # a newcomer is left in peace until then
    assert named[f"meeting:{friday.pk}"] == ("2026-11-20", "on a frozen day")
    assert named[f"step:{last.pk}"] == (str(last.due_on), str(last.due_on + dt.timedelta(days=14)))
    assert [name for name, (was, will) in named.items() if not was and will == "2026-11-22"]  # the call before the end
    assert sum(one.either.stays for one in touched) == 1

    freezing.give(membership=term, **TWO_WEEKS, now=days.NOW, by=None)
    task.refresh_from_db()
    last.refresh_from_db()
    assert (task.status, task.lapsed_because) == ("lapsed", "frozen")
    assert str(last.due_on) == named[f"step:{last.pk}"][1]


def test_an_early_return_names_what_comes_back(term: Membership, friday: Meeting) -> None:
    freeze = freezing.give(membership=term, **TWO_WEEKS, now=days.NOW, by=None)
    before = stored()
    plan, touched = foreseeing.early_return(freeze=freeze, returned_on=day("2026-11-18"), now=days.NOW, by=None)
    assert stored() == before
    named = told(touched)
    assert [move.after.effective_ends_on for move in plan.moves] == [day("2027-11-17")]
    assert named[f"meeting:{friday.pk}"] == ("on a frozen day", "2026-11-20")
    assert named[f"freeze:{freeze.pk}"] == ("2026-11-22", "")  # below two weeks nobody rings before the end
    assert any(key.startswith("step:") for key in named)


def test_a_closure_names_them_for_every_member(term: Membership, friday: Meeting) -> None:
    other = factories.make_member(term.club, last_name="Boone", phone=factories.phone(8))
    sales.sell(member=other, plan=term.plan, now=days.NOW, by=None)
    before = stored()
    closed = {"starts_on": day("2026-11-20"), "ends_on": day("2026-11-22")}
    preview, touched = foreseeing.closure(club=term.club, **closed, now=days.NOW, by=None)
    assert stored() == before
    assert len(preview.frozen) == len(preview.moves) == 2
    assert {one.either.member for one in touched if one.either.kind == "checklist"} == {term.member_id, other.pk}
    assert told(touched)[f"meeting:{friday.pk}"] == ("2026-11-20", "on a frozen day")


def test_a_cancellation_names_the_calls_that_lapse_and_what_it_gives_back(term: Membership) -> None:
    renewal = sales.sell(member=term.member, plan=term.plan, now=days.NOW, by=None)
    task = CallTask.objects.get(kind="at_risk")
    before = stored()
    foreseen = foreseeing.cancellation(membership=term, on=day("2026-11-20"), now=days.NOW, by=None)
    assert stored() == before
    assert (foreseen.last_covered_on, foreseen.covers_nothing) == (day("2026-11-19"), False)
    assert (foreseen.days_lost, foreseen.behind) == (357, renewal)
    assert told(foreseen.touched)[f"task:{task.pk}"][1] == "lapses: cancelled"


def test_what_is_refused_when_saved_is_refused_before(term: Membership) -> None:
    long = {"starts_on": day("2026-11-12"), "ends_on": day("2027-03-01")}
    with pytest.raises(Refused) as refused:
        foreseeing.freeze(membership=term, **long, now=days.NOW, by=None)
    assert refused.value.code == "freeze_allowance"
    with pytest.raises(Refused):
        foreseeing.cancellation(membership=term, on=day("2026-11-01"), now=days.NOW, by=None)
