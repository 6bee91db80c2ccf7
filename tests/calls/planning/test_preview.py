"""The planner's dry run: the numbers of a plan with the members behind them, and nothing stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from calls import planning
from calls.models import CallTask, PlanRun, RefusalReason, TaskStatus
from calls.planning.preview import preview
from memberships.models import Club
from tests import days
from tests.calls.factories import make_attempt
from tests.calls.planning.made import member_since
from tests.calls.test_settings_pages import signed_in
from tests.factories import make_club, make_member, make_membership, make_promotion, phone

pytestmark = pytest.mark.django_db

TODAY = days.TODAY


@pytest.fixture
def club() -> Club:
    return make_club()


def test_each_number_has_its_members_and_nothing_is_stored(club: Club) -> None:
    make_promotion(club, audience=("return",))
    raised, _membership = member_since(club, "2025-12-25", 1)
    reopened, _membership = member_since(club, "2025-12-26", 2)
    renewed, held = member_since(club, "2025-12-27", 3)
    planning.plan(club=club, on=days.day("2026-11-15"), now=days.NOW)
    CallTask.objects.filter(member=reopened).update(status=TaskStatus.LAPSED, lapsed_because="dnc", closed_at=days.NOW)
    make_membership(renewed, starts_on=held.effective_ends_on + days.DAY, sold_on=TODAY)
    welcomed, _membership = member_since(club, "2026-11-20", 4)
    unknown = make_member(club, phone="")
    make_membership(unknown, starts_on=days.day("2025-12-01"))
    lost, membership = member_since(club, "2025-10-01", 5)
    staff = RefusalReason.objects.get(club=club, code="staff")
    make_attempt(lost, "2026-09-01T12:00", "refused", membership=membership, reason=staff)
    before = list(CallTask.objects.order_by("pk").values())

    on = days.day("2026-11-24")
    found = preview(club=club, on=on, now=days.NOW)

    assert {kind: [line.member for line in lines] for kind, lines in found.created.items()} == {
        "welcome": [welcomed.pk]
    }
    assert [line.member for line in found.raised] == [raised.pk]
    assert [line.member for line in found.reopened] == [reopened.pk]
    assert {cause: [line.member for line in lines] for cause, lines in found.lapsed.items()} == {
        "renewed": [renewed.pk]
    }
    assert {code: [line.member for line in lines] for code, lines in found.left_out.items()} == {
        "no_phone": [unknown.pk]
    }
    assert [line.member for line in found.for_manager] == [lost.pk]
    assert str(found.behind("created", "welcome")[0].reason) == "New member since 20 November."
    assert found.behind("created", "care") == found.behind("nothing") == ()
    assert list(CallTask.objects.order_by("pk").values()) == before
    assert PlanRun.objects.count() == 1


def test_the_members_are_as_many_as_the_numbers_of_the_plan_that_follows(club: Club) -> None:
    for number, starts_on in enumerate(("2025-12-01", "2025-12-20", "2026-11-09", "2026-06-01", "2025-11-20")):
        member_since(club, starts_on, number)
    make_membership(make_member(club, phone=""), starts_on=days.day("2025-12-01"))
    planning.plan(club=club, on=TODAY, now=days.NOW)
    CallTask.objects.filter(kind="renewal").update(status=TaskStatus.LAPSED, lapsed_because="dnc", closed_at=days.NOW)
    now = days.NOW + dt.timedelta(days=1)
    found = preview(club=club, on=TODAY + days.DAY, now=now)
    plan = planning.plan(club=club, on=TODAY + days.DAY, now=now)
    assert plan == found.plan and plan.reopened
    assert {kind: len(lines) for kind, lines in found.created.items()} == plan.created
    assert (len(found.raised), len(found.reopened)) == (plan.raised, plan.reopened)
    assert {cause: len(lines) for cause, lines in found.lapsed.items()} == plan.lapsed
    assert {code: len(lines) for code, lines in found.left_out.items()} == plan.left_out


class TestPage:
    @pytest.fixture(autouse=True)
    def _now(self, set_clock: Callable[[dt.datetime], None]) -> None:
        set_clock(days.NOW)

    def test_a_manager_reads_what_would_be_made_and_left_out(self, club: Club) -> None:
        member, _membership = member_since(club, "2025-12-01")
        make_membership(make_member(club, phone="", first_name="Unknown"), starts_on=days.day("2025-12-01"))
        manager = signed_in(club, "manager")
        page = manager.get("/calls/live/plan/").content.decode()
        assert "Membership ends on 30 November." in page and f"/members/{member.pk}/" in page
        assert "No phone number" in page and "?on=2026-11-12&amp;of=left_out.no_phone" in page
        assert "The club had no visit lately" in page
        assert not CallTask.objects.exists()
        page = manager.get("/calls/live/plan/?on=2026-11-12&of=left_out.no_phone").content.decode()
        assert "Left out: No phone number" in page and "Unknown" in page and "1 member" in page
        page = manager.get("/calls/live/plan/?on=2026-11-12&of=created.renewal").content.decode()
        assert "Would be made: Renewal" in page and member.name in page
        assert "Nobody." in manager.get("/calls/live/plan/?on=2026-11-12&of=created.care").content.decode()

    def test_another_day_is_asked_for_in_the_address(self, club: Club) -> None:
        make_attempt(member_since(club, "2026-01-10")[0], "2026-11-09T12:00", "talked", "callback")
        manager = signed_in(club, "manager")
        assert "None: whoever is due" in manager.get("/calls/live/plan/").content.decode()
        page = manager.get("/calls/live/plan/?on=2026-12-01").content.decode()
        assert "Membership ends on 9 January." in page and "Plan today now" not in page

    @pytest.mark.parametrize("on", ["31.02.2026", "2020-01-01", "2031-01-01", ""])
    def test_a_day_that_cannot_be_planned_is_refused_by_name(self, club: Club, on: str) -> None:
        answer = signed_in(club, "manager").get("/calls/live/plan/", {"on": on})
        assert answer.status_code == 422 and 'id="id_on_error"' in answer.content.decode()

    def test_today_can_be_planned_at_once(self, club: Club) -> None:
        member_since(club, "2025-12-01")
        manager = signed_in(club, "manager")
        page = manager.post("/calls/live/plan/make/", follow=True).content.decode()
        assert "Planned: 1 call was made." in page
        assert CallTask.objects.get().kind == "renewal" and PlanRun.objects.get().on == TODAY

    @pytest.mark.parametrize("role", ["operator", "administrator"])
    def test_the_plan_is_a_supervisors(self, club: Club, role: str) -> None:
        client = signed_in(club, role)
        assert client.get("/calls/live/plan/").status_code == 403
        assert client.post("/calls/live/plan/make/").status_code == 403
        assert not CallTask.objects.exists()

    def test_the_page_asks_as_much_for_many_members_as_for_one(
        self, club: Club, django_assert_max_num_queries: Callable
    ) -> None:
        manager = signed_in(club, "manager")
        for number in range(30):
            make_membership(make_member(club, phone=phone(number)), starts_on=days.day("2025-12-01"))
        with django_assert_max_num_queries(60):
            manager.get("/calls/live/plan/")
