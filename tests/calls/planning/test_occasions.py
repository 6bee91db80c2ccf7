"""Calls about what happens: meetings, complaints, freezes, birthdays, and what other rooms ask for."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import places
from calls.models import CallTask, Complaint
from calls.rules import occasions
from calls.rules.kinds import Kind
from calls.rules.planning import Wanted
from memberships.models import Club
from memberships.rules.sentences import sentence
from tests import days
from tests.calls.planning.made import DAY, TODAY, a_meeting, member_since, plan, reason
from tests.factories import (
    make_freeze,
    make_member,
    make_membership,
    phone,
)

pytestmark = pytest.mark.django_db


class TestOccasions:
    def test_who_did_not_come_is_rung_on_the_first_working_day(self, club: Club) -> None:
        member, _membership = member_since(club, "2026-06-01")
        meeting = a_meeting(member, "2026-11-25T18:00", status="no_show")
        assert "no_show" not in plan(club, days.day("2026-11-25")).created
        assert "no_show" not in plan(club, days.day("2026-11-26")).created  # Thanksgiving
        assert plan(club, days.day("2026-11-27")).created["no_show"] == 1
        task = CallTask.objects.get(kind="no_show")
        assert (task.meeting, task.origin, task.key) == (meeting, "renewal", str(meeting.pk))

    def test_a_meeting_of_which_no_message_tells_is_called_to_mind_the_day_before(self, club: Club) -> None:
        member = make_member(club)
        a_meeting(member, "2026-11-14T18:00", purpose="session")
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
        a_meeting(make_member(club, timezone="Asia/Tokyo"), "2026-11-14T18:00")
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
