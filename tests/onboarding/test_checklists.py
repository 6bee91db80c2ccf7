"""Checklists: started by a sale, ticked by people, closed by facts."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings
from calls.models import CallAttempt
from memberships import erasing, events, merging, places, sales
from memberships.events import Moment
from memberships.models import SaleKind
from memberships.rules.errors import Refused
from onboarding import checklists, listeners
from onboarding.models import Checklist, ChecklistTemplate, Step
from tests import days, factories
from tests.calls.factories import make_task

pytestmark = pytest.mark.django_db

MOMENT = Moment(now=days.NOW, today=days.TODAY, by=None)


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def anna(club):
    return factories.make_employee(club, "administrator", "anna", name="Anna Keller")


@pytest.fixture
def member(club):
    return factories.make_member(club)


@pytest.fixture
def checklist(club, member):
    sales.sell(member=member, plan=factories.make_plan(club), now=days.NOW, by=None)
    return Checklist.objects.get()


def step(checklist, title: str) -> Step:
    return checklist.steps.get(title__startswith=title)


def welcome(member, checklist, *, reached=True, at=days.NOW, **more):
    return CallAttempt.objects.create(
        club=member.club, member=member, membership=checklist.membership, kind="welcome", at=at,
        outcome="talked" if reached else "no_answer", outcome_at=at, reached=reached, **more,
    )  # fmt: skip


def test_a_new_club_has_the_default_template_once(club):
    template = ChecklistTemplate.objects.get(club=club)
    titles = list(template.steps.order_by("position").values_list("title", "due_day"))
    assert titles[0] == ("Tour of the club", 0)
    assert titles[-1] == ("First-month review", 30)
    assert len(titles) == 8
    for part in places.club_parts:
        part(club=club, now=days.NOW)
    assert ChecklistTemplate.objects.count() == 1


def test_a_new_sale_starts_a_checklist_with_its_days(checklist):
    assert checklist.membership.starts_on == days.TODAY
    assert step(checklist, "Tour").due_on == days.TODAY
    assert step(checklist, "Welcome call").due_on == days.day("2026-11-15")
    assert step(checklist, "First-month review").due_on == days.day("2026-12-12")


def test_a_renewal_starts_none(club, member, checklist):
    sold = sales.sell(member=member, plan=factories.make_plan(club), now=days.NOW, by=None)
    assert sold.sale_kind == SaleKind.RENEWAL
    assert Checklist.objects.count() == 1


def test_a_return_starts_one_unless_the_template_says_no(club, member):
    factories.make_membership(member, starts_on=days.day("2024-01-01"))
    template = ChecklistTemplate.objects.get()
    template.for_returns = False
    template.save()
    sold = sales.sell(member=member, plan=factories.make_plan(club), now=days.NOW, by=None)
    assert sold.sale_kind == SaleKind.RETURN
    assert not Checklist.objects.exists()
    ChecklistTemplate.objects.update(for_returns=True)
    assert checklists.start_on_sale(membership=sold, now=days.NOW) is not None


def test_a_sale_that_fails_starts_none(club, member, monkeypatch):
    def fail(*, membership, moment) -> None:
        raise RuntimeError

    monkeypatch.setattr(events, "sold", [*events.sold, fail])
    with pytest.raises(RuntimeError):
        sales.sell(member=member, plan=factories.make_plan(club), now=days.NOW, by=None)
    assert not Checklist.objects.exists()


def test_a_plan_may_have_a_template_of_its_own(club, member):
    plan = factories.make_plan(club, "DAY", term="1m")
    own = ChecklistTemplate.objects.create(club=club, name="Short")
    own.plans.add(plan)
    sales.sell(member=member, plan=plan, now=days.NOW, by=None)
    assert Checklist.objects.get().template == own


def test_a_checklist_is_started_by_hand_once(club, member, anna):
    with pytest.raises(checklists.NothingToStart):
        checklists.start(member=member, by=anna.user, now=days.NOW)
    factories.make_membership(member, starts_on=days.TODAY)
    assert checklists.start(member=member, by=anna.user, now=days.NOW).steps.count() == 8
    with pytest.raises(checklists.HasChecklist):
        checklists.start(member=member, by=anna.user, now=days.NOW)


def test_without_a_template_there_is_nothing_to_start(club, member, anna):
    ChecklistTemplate.objects.update(active=False)
    factories.make_membership(member, starts_on=days.TODAY)
    with pytest.raises(checklists.NothingToStart, match="no checklist template"):
        checklists.start(member=member, by=anna.user, now=days.NOW)


# ---- people


def test_a_step_is_done_with_who_when_and_result(checklist, anna):
    done = checklists.done(step=step(checklist, "Body"), result=" 24 % ", by=anna.user, now=days.NOW)
    assert (done.status, done.done_by, done.done_at, done.result) == ("done", anna.user, days.NOW, "24 %")


def test_a_step_is_done_once(checklist, anna):
    tour = step(checklist, "Tour")
    checklists.done(step=tour, by=anna.user, now=days.NOW)
    with pytest.raises(checklists.AlreadyRecorded, match="done already") as refused:
        checklists.done(step=tour, by=anna.user, now=days.NOW)
    assert (refused.value.code, refused.value.status) == ("already_recorded", 409)


def test_a_result_is_of_the_kind_that_the_step_asks_for(checklist, anna):
    tour = step(checklist, "Tour")
    tour.result_kind, tour.choices = "choice", ["pool", "gym"]
    with pytest.raises(checklists.ResultRefused, match="pool, gym"):
        checklists.done(step=tour, result="bar", by=anna.user, now=days.NOW)
    tour.result_kind = "number"
    for words in ("many", "NaN"):
        with pytest.raises(checklists.ResultRefused, match="not a number"):
            checklists.done(step=tour, result=words, by=anna.user, now=days.NOW)
    assert checklists.done(step=tour, result="24,5", by=anna.user, now=days.NOW).result == "24.5"


def test_a_step_is_skipped_with_a_reason_only(checklist, anna):
    with pytest.raises(Refused, match="why") as refused:
        checklists.skip(step=step(checklist, "Meet"), reason=" ", by=anna.user, now=days.NOW)
    assert refused.value.code == "reason_required"
    skipped = checklists.skip(step=step(checklist, "Meet"), reason="trains alone", by=anna.user, now=days.NOW)
    assert (skipped.status, skipped.skip_reason) == ("skipped", "trains alone")


def test_a_skipped_step_may_still_be_done(checklist, anna):
    skipped = checklists.skip(step=step(checklist, "Meet"), reason="ill", by=anna.user, now=days.NOW)
    assert checklists.done(step=skipped, by=anna.user, now=days.NOW).skip_reason == ""


def test_undo_opens_a_step_again(checklist, anna):
    tour = checklists.done(step=step(checklist, "Tour"), by=anna.user, now=days.NOW)
    opened = checklists.undo(step=tour, by=anna.user, now=days.NOW)
    assert (opened.status, opened.done_at, opened.done_by) == ("open", None, None)
    with pytest.raises(checklists.AlreadyRecorded):
        checklists.undo(step=opened, by=anna.user, now=days.NOW)


def test_the_last_step_closes_the_checklist_and_undo_opens_it(checklist, anna):
    for one in checklist.steps.all():
        checklists.done(step=one, by=anna.user, now=days.NOW)
    checklist.refresh_from_db()
    assert checklist.closed_at == days.NOW
    checklists.undo(step=one, by=anna.user, now=days.NOW)
    checklist.refresh_from_db()
    assert checklist.closed_at is None


# ---- days


def test_frozen_days_move_what_is_due_and_their_return_moves_it_back(checklist):
    freeze = factories.make_freeze(checklist.membership, days.day("2026-11-14"), days.day("2026-11-23"))
    listeners.frozen_or_not(freezes=[freeze], moved=[], moment=MOMENT)
    assert step(checklist, "Tour").due_on == days.TODAY
    assert step(checklist, "Welcome call").due_on == days.day("2026-11-25")
    assert step(checklist, "First-month review").due_on == days.day("2026-12-22")
    freeze.voided = True
    freeze.save()
    listeners.frozen_or_not(freezes=[freeze], moved=[], moment=MOMENT)
    assert step(checklist, "Welcome call").due_on == days.day("2026-11-15")


def test_a_change_of_plan_carries_the_checklist_on(club, checklist, anna):
    checklists.done(step=step(checklist, "Tour"), by=anna.user, now=days.NOW)
    later = days.at("2026-11-20T10:00")
    new = sales.change_plan(
        membership=checklist.membership, plan=factories.make_plan(club, "M6", term="6m"), now=later, by=None
    )
    checklist.refresh_from_db()
    assert checklist.membership == new
    assert step(checklist, "Tour").status == "done"
    assert step(checklist, "First-month review").due_on == days.day("2026-12-12")
    assert Checklist.objects.count() == 1


def test_what_is_due_today_or_was_before_is_listed(club, checklist):
    titles = [one.title for one in checklists.due(club, days.day("2026-11-14"))]
    assert titles == ["Tour of the club", "Tips: access, equipment, schedule", "Meet the trainers"]


def test_nothing_is_due_of_a_membership_that_is_over(club, checklist):
    sales.cancel(membership=checklist.membership, on=days.TODAY, reason="moved", now=days.NOW, by=None)
    assert not checklists.due(club, days.day("2026-11-14")).exists()


# ---- facts


def test_any_reached_welcome_call_closes_its_step(member, checklist, anna):
    listeners.outcome_recorded(attempt=welcome(member, checklist, reached=False), moment=MOMENT)
    assert step(checklist, "Welcome call").status == "open"
    at = days.NOW + dt.timedelta(hours=5)
    listeners.outcome_recorded(attempt=welcome(member, checklist, at=at), moment=Moment(at, days.TODAY, anna.user))
    closed = step(checklist, "Welcome call")
    assert (closed.status, closed.done_at, closed.done_by) == ("done", at, anna.user)


def test_a_callback_of_a_welcome_call_counts_and_other_calls_do_not(member, checklist):
    attempt = welcome(member, checklist)
    attempt.kind, attempt.origin = "renewal", ""
    listeners.outcome_recorded(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Welcome call").status == "open"
    attempt.kind, attempt.origin = "callback", "welcome"
    listeners.outcome_recorded(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Welcome call").status == "done"


def test_an_outcome_taken_back_opens_the_step_it_had_closed(member, checklist, anna):
    attempt = welcome(member, checklist)
    listeners.outcome_recorded(attempt=attempt, moment=MOMENT)
    listeners.outcome_undone(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Welcome call").status == "open"
    checklists.done(step=step(checklist, "Welcome call"), by=anna.user, now=days.NOW - days.DAY)
    listeners.outcome_undone(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Welcome call").status == "done"


def test_an_outcome_corrected_to_not_reached_opens_the_step(member, checklist):
    attempt = welcome(member, checklist)
    listeners.outcome_recorded(attempt=attempt, moment=MOMENT)
    attempt.outcome, attempt.reached = "no_answer", False
    listeners.outcome_recorded(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Welcome call").status == "open"


def test_a_welcome_call_that_lapses_is_skipped_as_not_reached(member, checklist):
    task = make_task(member, "welcome", membership=checklist.membership, status="lapsed")
    listeners.tasks_lapsed(tasks=[task], moment=MOMENT)
    skipped = step(checklist, "Welcome call")
    assert (skipped.status, skipped.skip_reason) == ("skipped", "not reached")
    listeners.outcome_recorded(attempt=welcome(member, checklist), moment=MOMENT)
    assert step(checklist, "Welcome call").status == "done"


def test_the_first_visit_since_the_start_closes_its_step(member, checklist):
    visits = [factories.make_visit(member, at) for at in ("2026-11-11T20:00", "2026-11-13T18:04", "2026-11-12T19:00")]
    listeners.visited(visits=visits[:1], moment=MOMENT)
    assert step(checklist, "Tour").status == "open"
    listeners.visited(visits=visits, moment=MOMENT)
    assert step(checklist, "Tour").done_at == days.at("2026-11-12T19:00")


def test_a_session_booked_closes_its_step_and_called_off_opens_it(club, member, checklist, anna):
    meeting = meetings.book(
        club=club, member=member, host=anna, starts_at=days.at("2026-11-13T14:30"), purpose="session",
        by=anna.user, now=days.NOW,
    )  # fmt: skip
    assert step(checklist, "First free session").status == "done"
    moved = meetings.reschedule(
        meeting=meeting, starts_at=days.at("2026-11-13T15:00"), by=anna.user, now=days.NOW + dt.timedelta(hours=1)
    )
    assert step(checklist, "First free session").status == "done"
    meetings.cancel(meeting=moved, by=anna.user, now=days.NOW + dt.timedelta(hours=2))
    assert step(checklist, "First free session").status == "open"


def test_the_review_closes_when_the_member_came(club, member, checklist, anna):
    at = days.at("2026-12-11T14:30")
    meeting = meetings.book(
        club=club, member=member, host=anna, starts_at=at, purpose="review", by=anna.user, now=days.NOW
    )
    assert step(checklist, "First-month review").status == "open"
    meetings.attended(meeting=meeting, by=anna.user, now=at)
    closed = step(checklist, "First-month review")
    assert (closed.status, closed.done_at) == ("done", at)


def test_a_merged_member_keeps_their_checklist_and_an_erased_one_loses_the_words(club, member, checklist, anna):
    checklists.done(step=step(checklist, "Body"), result="24 %", by=anna.user, now=days.NOW)
    kept = factories.make_member(club, last_name="Kept", phone="")
    merging.merge(kept=kept, gone=member, now=days.NOW, by=anna.user)
    checklist.refresh_from_db()
    assert checklist.member == kept
    erasing.erase(member=kept, now=days.NOW, by=anna.user)
    body = step(checklist, "Body")
    assert (body.status, body.result) == ("done", "")


# ---- calls


def test_a_step_that_is_a_call_asks_for_one_and_closes_when_reached(club, member, checklist, anna):
    Step.objects.filter(title__startswith="Meet").update(is_call=True)
    asked = listeners.Calls()
    assert not list(asked(club=club, on=days.day("2026-11-13"), members=None))
    (call,) = asked(club=club, on=days.day("2026-11-16"), members=[member.pk])
    meet = step(checklist, "Meet")
    assert (call.wanted.kind, call.wanted.key, call.member) == ("onboarding", str(meet.pk), member.pk)
    task = make_task(member, "onboarding", key=call.wanted.key)
    attempt = welcome(member, checklist)
    attempt.kind, attempt.task = "onboarding", task
    listeners.outcome_recorded(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Meet").status == "done"
    listeners.outcome_undone(attempt=attempt, moment=MOMENT)
    assert step(checklist, "Meet").status == "open"
