"""Calls about memberships: renewal, welcome, at risk, care, win-back."""

from __future__ import annotations

import pytest

from calls import places
from calls.models import CallTask, RefusalReason, TaskStatus
from memberships.models import Club
from memberships.rules.sentences import sentence
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.calls.planning.made import DAY, TODAY, member_since, plan, reason, somebody_comes
from tests.factories import (
    make_membership,
    make_promotion,
    make_visit,
    make_visits,
)

pytestmark = pytest.mark.django_db


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
