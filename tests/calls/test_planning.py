"""The planner: whom to ring on a day, and why."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import places, planning
from calls.models import CallTask, Complaint, Meeting, RefusalReason, TaskStatus
from calls.planning import Plan
from calls.rules import occasions
from calls.rules.kinds import Kind
from calls.rules.planning import Wanted
from memberships.models import Club, Member, Membership
from memberships.rules.sentences import Sentence, sentence
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import (
    make_club,
    make_employee,
    make_freeze,
    make_member,
    make_membership,
    make_plan,
    make_promotion,
    make_visit,
    make_visits,
    phone,
)

pytestmark = pytest.mark.django_db

TODAY = days.TODAY
DAY = days.DAY


@pytest.fixture
def club() -> Club:
    return make_club()


def plan(club: Club, on: dt.date = TODAY, **options: object) -> Plan:
    now = dt.datetime.combine(on, dt.time(0, 30), club.zone)
    return planning.plan(club=club, on=on, now=now, **options)


def member_since(club: Club, starts_on: str, number: int = 1, **fields: object) -> tuple[Member, Membership]:
    member = make_member(club, phone=phone(number))
    return member, make_membership(member, starts_on=days.day(starts_on), **fields)


def reason(task: CallTask) -> str:
    return str(Sentence.from_json(task.facts["reason"]))


def somebody_comes(club: Club, on: dt.date = TODAY) -> None:
    """The club counts visits: somebody, who is no member any more, was there."""
    make_visit(make_member(club, last_name="Guest", phone=""), f"{on - DAY}T09:00")


class TestRenewal:
    def test_the_last_rung_reached_makes_one_task(self, club: Club) -> None:
        member, membership = member_since(club, "2025-11-26")  # ends on 25 November, in 13 days
        somebody_comes(club)
        make_visits(member, TODAY, [2, 2, 2, 3] * 3 + [1, 1, 0, 1])
        assert plan(club).created == {"renewal": 1}
        task = CallTask.objects.get()
        assert (task.kind, task.member, task.membership, task.rung) == ("renewal", member, membership, 14)
        assert task.key == f"{membership.pk}:14:2026-11-25"
        assert task.due_at == days.at("2026-11-11T00:00")
        assert task.status == TaskStatus.READY
        assert (task.tz, task.phone) == ("America/Chicago", member.phone)
        assert reason(task) == "Membership ends on 25 November; 3 visits in four weeks, usually 9."

    def test_twice_changes_nothing(self, club: Club) -> None:
        member_since(club, "2025-11-26")
        first = plan(club)
        before = list(CallTask.objects.values())
        again = plan(club)
        assert (again.created, again.raised, again.lapsed) == ({}, 0, {})
        assert again.left_out == first.left_out
        assert list(CallTask.objects.values()) == before

    def test_a_missed_week_makes_the_one_task_that_a_nightly_run_would_have_left(self, club: Club) -> None:
        for number in range(3):
            member_since(club, "2025-11-26", number)
        nightly, missed = [], []
        for on in (TODAY + offset * DAY for offset in range(8)):
            plan(club, on)
        nightly = sorted(CallTask.objects.values_list("member", "kind", "key", "due_at", "status"))
        CallTask.objects.all().delete()
        plan(club, TODAY + 7 * DAY)
        missed = sorted(CallTask.objects.values_list("member", "kind", "key", "due_at", "status"))
        assert nightly == missed and len(missed) == 3

    def test_a_new_rung_raises_the_open_task(self, club: Club) -> None:
        _member, membership = member_since(club, "2025-12-01")  # ends on 30 November
        plan(club, days.day("2026-11-01"))
        task = CallTask.objects.get()
        assert task.rung == 30
        done = plan(club, days.day("2026-11-16"))
        assert (done.created, done.raised, done.lapsed) == ({}, 1, {})
        task.refresh_from_db()
        assert (task.rung, task.key) == (14, f"{membership.pk}:14:2026-11-30")
        assert task.due_at == days.at("2026-11-16T00:00")

    def test_a_task_raised_to_the_cause_of_a_lapsed_one_takes_its_place(self, club: Club) -> None:
        """The end moves away and back: the cause that lapsed in between is that of the open task now."""
        member, membership = member_since(club, "2025-12-01")
        plan(club)
        task = CallTask.objects.get()
        cause = f"{membership.pk}:30:2026-11-30"
        assert task.key == cause
        CallTask.objects.filter(pk=task.pk).update(
            status=TaskStatus.LAPSED, lapsed_because="frozen", closed_at=days.NOW
        )
        other = make_task(member, "renewal", membership=membership, rung=45)
        done = plan(club)
        assert (done.created, done.raised, done.reopened) == ({}, 1, 0)
        assert set(CallTask.objects.values_list("key", "status", "pk")) == {
            (cause, "ready", other.pk),
            (f"{cause}:{task.pk}", "lapsed", task.pk),
        }

    def test_after_a_done_rung_the_next_makes_a_new_task(self, club: Club) -> None:
        member_since(club, "2025-12-01")
        plan(club, days.day("2026-11-01"))
        CallTask.objects.update(status=TaskStatus.DONE)
        assert plan(club, days.day("2026-11-01")).created == {}
        assert plan(club, days.day("2026-11-16")).created == {"renewal": 1}

    def test_a_final_refusal_ends_renewal_calls(self, club: Club) -> None:
        member, membership = member_since(club, "2025-12-01")
        moved = RefusalReason.objects.get(club=club, code="moved")
        make_attempt(member, "2026-09-20T12:00", "refused", membership=membership, reason=moved)
        assert plan(club).created == {}

    def test_a_refusal_of_the_last_thirty_days_leaves_the_member_out(self, club: Club) -> None:
        member, membership = member_since(club, "2025-12-01")
        price = RefusalReason.objects.get(club=club, code="price")
        make_attempt(member, "2026-11-01T12:00", "refused", membership=membership, reason=price)
        done = plan(club)
        assert (done.created, done.left_out) == ({}, {"refused_lately": 1})
        assert plan(club, days.day("2026-12-02")).created == {"renewal": 1}

    def test_who_has_a_successor_is_not_wanted_and_a_cancelled_one_is_left_out(self, club: Club) -> None:
        renewed, _membership = member_since(club, "2025-12-01", 1)
        make_membership(renewed, starts_on=days.day("2026-12-01"), sold_on=days.day("2026-11-02"))
        member_since(club, "2025-12-01", 2, cancelled_on=days.day("2026-11-20"))
        done = plan(club)
        assert (done.created, done.left_out) == ({}, {"cancelled": 1})

    def test_the_end_of_the_grace_is_the_end_of_the_call(self, club: Club) -> None:
        member_since(club, "2025-12-01")  # ended on 30 November
        assert plan(club, days.day("2026-12-30")).created == {"renewal": 1}
        assert "ended on 30 November" in reason(CallTask.objects.get())
        done = plan(club, days.day("2026-12-31"))
        assert done.lapsed == {"window_over": 1}

    def test_a_task_lapsed_by_a_mistake_is_opened_again(self, club: Club) -> None:
        member, _membership = member_since(club, "2025-12-01")
        plan(club)
        member.do_not_call_since = days.NOW
        member.save()
        assert plan(club, TODAY + DAY).lapsed == {"dnc": 1}
        done = plan(club, TODAY + DAY)
        assert (done.created, done.left_out) == ({}, {"do_not_call": 1})
        member.do_not_call_since = None
        member.save()
        done = plan(club, TODAY + DAY)
        assert (done.created, done.reopened) == ({}, 1)
        assert CallTask.objects.get().status == TaskStatus.READY


class TestWelcome:
    def test_from_day_three_to_day_seven(self, club: Club) -> None:
        member_since(club, "2026-11-09")
        assert plan(club, days.day("2026-11-11")).created == {}
        assert plan(club).created == {"welcome": 1}
        assert reason(CallTask.objects.get()) == "New member since 9 November."
        assert plan(club, days.day("2026-11-16")).lapsed == {}
        assert plan(club, days.day("2026-11-17")).lapsed == {"window_over": 1}

    def test_no_renewal_is_welcomed(self, club: Club) -> None:
        member, _first = member_since(club, "2025-11-09")
        make_membership(member, starts_on=days.day("2026-11-09"), sold_on=days.day("2026-11-01"))
        assert "welcome" not in plan(club).created


class TestAtRisk:
    def test_who_stays_away_for_two_weeks_is_rung(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-05-01")
        make_visit(member, "2026-10-29T18:00")
        somebody_comes(club)
        assert plan(club).created == {"at_risk": 1}
        task = CallTask.objects.get()
        assert task.key == f"{member.pk}:2026-11-12"
        assert reason(task) == "Last visit on 29 October."

    def test_a_visit_takes_the_call_away(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-05-01")
        make_visit(member, "2026-10-29T18:00")
        somebody_comes(club)
        plan(club)
        make_visit(member, "2026-11-12T18:00")
        assert plan(club, TODAY + DAY).lapsed == {"visited": 1}

    def test_visits_that_fell_to_half_are_a_cause(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-05-01")
        make_visits(member, TODAY, [2, 2, 2, 3] * 3 + [1, 1, 1, 1])
        somebody_comes(club)
        assert plan(club).created == {"at_risk": 1}
        assert reason(CallTask.objects.get()) == "4 visits in four weeks, usually 9."

    def test_nobody_is_asked_in_a_club_without_visits(self, club: Club) -> None:
        member_since(club, "2026-05-01")
        done = plan(club)
        assert done.no_visits and "at_risk" not in done.created

    def test_missing_visits_lapse_no_open_task(self, club: Club) -> None:
        member_since(club, "2026-05-01")
        somebody_comes(club)
        plan(club)
        done = plan(club, TODAY + 9 * DAY)
        assert done.no_visits and (done.created, done.lapsed) == ({}, {})

    def test_not_while_a_renewal_task_is_open(self, club: Club) -> None:
        member_since(club, "2025-12-01")
        somebody_comes(club)
        assert plan(club).created == {"renewal": 1}

    def test_none_within_thirty_days_of_one(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-05-01")
        make_visit(member, "2026-09-01T18:00")
        closed = days.at("2026-10-20T12:00")
        make_task(member, "at_risk", due_at=days.at("2026-09-15T00:00"), status=TaskStatus.DONE, closed_at=closed)
        make_visit(member, "2026-10-28T18:00")
        somebody_comes(club)
        assert plan(club).created == {}
        somebody_comes(club, days.day("2026-11-19"))
        assert plan(club, days.day("2026-11-19")).created == {"at_risk": 1}

    def test_a_cause_of_another_room_counts(self, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
        from calls.rules.planning import Risk

        member, _membership = member_since(club, "2026-05-01")
        risk = Risk(sentence("Half of the plan."), 0, TODAY)
        monkeypatch.setattr(places, "risk_sources", [lambda *, club, on, members: {member.pk: risk}])
        assert plan(club).created == {"at_risk": 1}


class TestCare:
    def test_after_ninety_days_without_a_word(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-06-01")
        make_attempt(member, "2026-08-15T12:00", "talked", "care")
        assert plan(club).created == {}
        assert plan(club, TODAY + DAY).created == {"care": 1}
        task = CallTask.objects.get()
        assert task.key == f"{member.pk}:2026-11-13"
        assert reason(task) == "No conversation since 15 August 2026."

    def test_not_of_who_is_at_risk_nor_near_the_end(self, club: Club) -> None:
        member_since(club, "2026-06-01", 1)
        member_since(club, "2025-12-20", 2)
        somebody_comes(club)
        done = plan(club)
        assert done.created == {"renewal": 1, "at_risk": 1}

    def test_a_conversation_takes_the_call_away(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-06-01")
        plan(club)
        make_attempt(member, "2026-11-12T12:00", "talked", "callback")
        assert plan(club, TODAY + DAY).lapsed == {"superseded": 1}


class TestWinback:
    def test_while_an_offer_for_who_returns_runs(self, club: Club) -> None:
        member_since(club, "2025-10-08")  # ended on 7 October, 36 days ago
        assert plan(club).created == {}
        make_promotion(club, audience=("return",))
        assert plan(club).created == {"winback": 1}
        assert CallTask.objects.get().rung == 35

    def test_not_with_a_reason_marked_so_and_the_manager_rings_about_staff(self, club: Club) -> None:
        make_promotion(club, audience=("return",))
        for number, code in enumerate(("deceased", "staff")):
            member, membership = member_since(club, "2025-10-01", number)
            reason = RefusalReason.objects.get(club=club, code=code)
            make_attempt(member, "2026-09-01T12:00", "refused", membership=membership, reason=reason)
        done = plan(club)
        assert (done.created, done.for_manager) == ({}, 1)

    @pytest.mark.parametrize(
        ("reason", "created", "for_manager"),
        [("Staff", 0, 1), ("staff", 0, 1), (" deceased", 0, 0), ("price", 1, 0), ("other club", 1, 0), ("", 1, 0)],
    )
    def test_the_reason_of_a_cancellation_counts_where_it_is_one_of_the_clubs(
        self, club: Club, reason: str, created: int, for_manager: int
    ) -> None:
        make_promotion(club, audience=("return",))
        member_since(club, "2026-03-01", cancelled_on=days.day("2026-10-01"), cancel_reason=reason)
        done = plan(club)
        assert (done.created.get("winback", 0), done.for_manager) == (created, for_manager)


class TestOccasions:
    def meeting(self, member: Member, at: str, **fields: object) -> Meeting:
        host = make_employee(member.club, "administrator")
        starts_at = days.at(at)
        return Meeting.objects.create(
            club=member.club, member=member, host=host, starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(minutes=30), calendar_uid="0" * 32, booked_at=starts_at,
            **{"purpose": "renewal", **fields},
        )  # fmt: skip

    def test_who_did_not_come_is_rung_on_the_first_working_day(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-06-01")
        meeting = self.meeting(member, "2026-11-25T18:00", status="no_show")
        assert "no_show" not in plan(club, days.day("2026-11-25")).created
        assert "no_show" not in plan(club, days.day("2026-11-26")).created  # Thanksgiving
        assert plan(club, days.day("2026-11-27")).created["no_show"] == 1
        task = CallTask.objects.get(kind="no_show")
        assert (task.meeting, task.origin, task.key) == (meeting, "renewal", str(meeting.pk))

    def test_a_meeting_of_which_no_message_tells_is_called_to_mind_the_day_before(self, club: Club) -> None:
        member = make_member(club)
        self.meeting(member, "2026-11-14T18:00", purpose="session")
        assert plan(club).created == {}
        assert plan(club, TODAY + DAY).created == {"meeting_reminder": 1}
        assert plan(club, TODAY + 3 * DAY).lapsed == {"window_over": 1}

    def test_an_answered_complaint_is_followed_up(self, club: Club) -> None:
        member = make_member(club)
        Complaint.objects.create(
            club=club, member=member, text="Cold showers.", status="answered", received_at=days.at("2026-11-05T10:00"),
            answered_at=days.at("2026-11-09T10:00"),
        )  # fmt: skip
        assert plan(club, TODAY - DAY).created == {}
        assert plan(club).created == {"complaint_followup": 1}

    def test_before_a_long_freeze_ends_the_first_visit_is_agreed(self, club: Club) -> None:
        _member, membership = member_since(club, "2026-05-01")
        make_freeze(membership, days.day("2026-11-01"), days.day("2026-11-15"))
        assert plan(club).created == {"freeze_ending": 1}
        assert plan(club, days.day("2026-11-16")).lapsed == {"window_over": 1}

    def test_a_gold_member_is_rung_on_the_birthday(self, club: Club) -> None:
        make_membership(make_member(club, segment="gold", birthday=days.day("1980-11-12")), starts_on=TODAY - 20 * DAY)
        member = make_member(club, segment="silver", birthday=days.day("1980-11-12"), phone=phone(2))
        make_membership(member, starts_on=TODAY - 20 * DAY, price_paid=0)
        assert plan(club).created == {"birthday": 1}
        assert plan(club, TODAY + DAY).lapsed == {"window_over": 1}

    def test_a_birthday_is_one_of_the_members_time_zone(self, club: Club) -> None:
        born = days.day("1980-11-13")
        for number, tz in enumerate(("Europe/Berlin", "Pacific/Honolulu")):
            member = make_member(club, segment="gold", birthday=born, timezone=tz, phone=phone(number))
            make_membership(member, starts_on=TODAY - 20 * DAY)
        assert plan(club).created == {"birthday": 1}  # in Berlin the 13th begins on the 12th
        assert plan(club, TODAY + DAY).created == {"birthday": 1}
        due = dict(CallTask.objects.values_list("tz", "due_at"))
        assert due["Europe/Berlin"] == days.at("2026-11-13T00:00", days.BERLIN)
        assert plan(club, TODAY + 2 * DAY).lapsed == {"window_over": 1}  # in Honolulu it still is the 13th
        assert plan(club, TODAY + 3 * DAY).lapsed == {"window_over": 1}

    def test_a_reminder_names_the_hour_of_the_club(self, club: Club) -> None:
        self.meeting(make_member(club, timezone="Asia/Tokyo"), "2026-11-14T18:00")
        plan(club, TODAY + DAY)
        task = CallTask.objects.get()
        assert reason(task) == "Meeting on 14 November at 18:00; no message can be sent."
        assert task.due_at == days.at("2026-11-13T00:00")

    def test_another_room_asks_for_calls_of_its_own(self, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
        member = make_member(club)

        class Steps:
            kind = Kind.ONBOARDING
            open = True

            def __call__(self, *, club: Club, on: dt.date, members: object) -> list[places.Asked]:
                wanted = Wanted(kind=self.kind, key="7", due_on=on, reason=sentence("Checklist: tour."))
                return [places.Asked(wanted=wanted, member=member.pk)] if self.open else []

        steps = Steps()
        monkeypatch.setattr(places, "task_sources", [steps])
        assert plan(club).created == {"onboarding": 1}
        steps.open = False
        assert plan(club).lapsed == {"superseded": 1}
        steps.open = True
        done = plan(club)
        assert (done.created, done.reopened) == ({}, 1)

    def test_another_rooms_call_carries_its_instant_its_origin_and_the_policy(
        self, club: Club, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a missed call will: at once, for whoever rang in a renewal; nobody who must not be called."""
        member, membership = member_since(club, "2026-10-01", 1)
        silent = make_member(club, phone=phone(2), do_not_call_since=days.NOW)
        rang_at = days.at("2026-11-12T00:10")

        class Missed:
            kind = Kind.MISSED_CALL

            def __call__(self, *, club: Club, on: dt.date, members: object) -> list[places.Asked]:
                return [
                    places.Asked(
                        wanted=occasions.missed_call_call(call=number, at=rang_at, zone=club.zone),
                        member=who.pk,
                        membership=membership.pk if who == member else None,
                        origin="renewal",
                    )
                    for number, who in enumerate((member, silent), start=41)
                ]

        monkeypatch.setattr(places, "task_sources", [Missed()])
        done = plan(club)
        assert (done.created, done.left_out) == ({"missed_call": 1}, {"do_not_call": 1})
        task = CallTask.objects.get()
        assert (task.member, task.membership, task.origin, task.key) == (member, membership, "renewal", "41")
        assert task.due_at == rang_at
        assert reason(task) == "Rang us at 00:10, nobody answered."


class TestPolicy:
    def test_each_member_without_a_task_counts_once_under_the_first_code(self, club: Club) -> None:
        make_membership(make_member(club, phone=""), starts_on=days.day("2025-12-01"))
        member_since(club, "2025-12-01", 2)[0]
        refusing, _membership = member_since(club, "2026-11-09", 3)
        refusing.consent_calls = False
        refusing.save()
        done = plan(club)
        assert done.created == {"renewal": 1}
        assert done.left_out == {"no_phone": 1, "no_consent": 1}

    def test_a_frozen_member_is_left_out_and_an_open_task_lapses(self, club: Club) -> None:
        _member, membership = member_since(club, "2025-12-01")
        plan(club)
        make_freeze(membership, TODAY + DAY, TODAY + 10 * DAY)
        membership.refresh_from_db()
        done = plan(club, TODAY + DAY)
        assert done.lapsed == {"frozen": 1}

    def test_codes_that_only_delay_make_the_task_wait(self, club: Club) -> None:
        member, _membership = member_since(club, "2025-12-01")
        for at in ("2026-11-06T12:00", "2026-11-09T12:00"):
            make_attempt(member, at, "talked", "care")
        plan(club)
        task = CallTask.objects.get()
        assert (task.status, task.waits_for) == (TaskStatus.WAITING, "contact_cap")
        assert task.ready_at == days.at("2026-11-13T12:00")

    def test_an_open_task_waits_while_a_complaint_is_open_and_is_asked_again_nightly(self, club: Club) -> None:
        member, _membership = member_since(club, "2025-12-01")
        plan(club)
        complaint = Complaint.objects.create(club=club, member=member, text="Cold.", received_at=days.NOW)
        CallTask.objects.update(status=TaskStatus.WAITING, waits_for="open_complaint")
        plan(club, TODAY + DAY)
        assert CallTask.objects.get().status == TaskStatus.WAITING
        complaint.status = "withdrawn"
        complaint.save()
        plan(club, TODAY + 2 * DAY)
        assert CallTask.objects.get().status == TaskStatus.READY


def test_a_dry_run_says_what_it_would_do_and_does_nothing(club: Club) -> None:
    member_since(club, "2025-12-01")
    assert plan(club, dry_run=True).created == {"renewal": 1}
    assert not CallTask.objects.exists() and not club.plan_runs.exists()
    assert plan(club).created == {"renewal": 1}


def test_a_plan_for_tomorrow_waits_for_tomorrow(club: Club) -> None:
    member_since(club, "2026-11-10")
    done = planning.plan(club=club, on=TODAY + DAY, now=days.NOW)
    assert done.created == {"welcome": 1}
    task = CallTask.objects.get()
    assert (task.status, task.ready_at) == (TaskStatus.WAITING, days.at("2026-11-13T00:00"))


def test_a_club_is_due_once_its_day_has_begun(club: Club) -> None:
    before, after = days.at("2026-11-12T23:59"), days.at("2026-11-13T00:01")
    assert planning.due(now=before) == [club]
    planning.plan(club=club, on=TODAY, now=before)
    assert planning.due(now=before) == []
    assert planning.due(now=after) == [club]


def test_a_plan_made_ahead_does_not_stand_for_the_nights_to_come(club: Club) -> None:
    now = days.at("2026-11-12T10:00")
    planning.plan(club=club, on=TODAY, now=now)
    for ahead in (1, 20):
        planning.plan(club=club, on=TODAY + ahead * DAY, now=now)
    assert planning.due(now=now) == []
    night = days.at("2026-11-13T00:01")
    assert planning.due(now=night) == [club]
    assert planning.plan_if_due(club=club, now=night) is not None
    assert planning.due(now=night) == [] and planning.plan_if_due(club=club, now=night) is None


def test_other_clubs_and_merged_members_are_left_alone(club: Club) -> None:
    kept, _membership = member_since(club, "2025-12-01", 1)
    gone, _membership = member_since(club, "2025-12-01", 2)
    gone.merged_into = kept
    gone.save()
    elsewhere = make_club("lakeside")
    make_membership(make_member(elsewhere), make_plan(elsewhere), starts_on=days.day("2025-12-01"))
    assert plan(club).created == {"renewal": 1}


def test_replanning_looks_at_the_named_members_only(club: Club) -> None:
    one, _membership = member_since(club, "2025-12-01", 1)
    member_since(club, "2025-12-01", 2)
    assert planning.replan(club=club, members=[one.pk], now=days.NOW).created == {"renewal": 1}
    assert CallTask.objects.get().member == one
