"""Two rows of the list that are one person: merged, and apart again for a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from calls import meetings
from calls.models import CallAttempt, Meeting, Request
from config import authentication
from memberships import events, holding, merging, people, sales
from memberships.events import Moment
from memberships.models import Club, Member, MemberMerge, Membership, User, Visit
from memberships.rules.sales import Overlap
from onboarding import checklists
from tests import days, factories, web
from tests.calls.factories import make_attempt, make_task
from tests.days import day

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return factories.make_club()


@pytest.fixture
def anna(club: Club) -> User:
    return factories.make_user(club, "administrator", "anna")


@pytest.fixture
def kept(club: Club) -> Member:
    """Ann Lee, with a membership until 30 November 2026."""
    member = factories.make_member(club, last_name="Lee", first_name="Ann", phone="", notes="Likes mornings.")
    factories.make_membership(member, starts_on=day("2025-12-01"))
    return member


@pytest.fixture
def gone(club: Club) -> Member:
    """Anne Lee, who was a member the year before and knows a number."""
    member = factories.make_member(
        club, last_name="Lee", first_name="Anne", phone=factories.phone(9), email="ann@example.org", external_id="77",
        notes="Old notes.", consent_calls=False, consent_sms=True,
    )  # fmt: skip
    factories.make_membership(member, starts_on=day("2024-10-01"))
    return member


def again(*rows: object) -> None:
    for row in rows:
        row.refresh_from_db()  # type: ignore[attr-defined]


def merge(kept: Member, gone: Member, by: User | None = None) -> MemberMerge:
    made = merging.merge(kept=kept, gone=gone, now=days.NOW, by=by)
    again(kept, gone)
    return made


def take_back(made: MemberMerge, now: dt.datetime = days.NOW + HOUR) -> None:
    merging.take_back(merge=made, now=now, by=None)
    again(made.kept, made.gone)


# ---- details


def test_kept_details_win_and_empty_ones_are_filled(kept: Member, gone: Member) -> None:
    merge(kept, gone)
    assert (kept.first_name, kept.notes) == ("Ann", "Likes mornings.")
    assert (kept.phone, kept.email, kept.external_id) == (gone.phone, "ann@example.org", "77")
    assert gone.merged_into == kept


@pytest.mark.parametrize(
    ("mine", "theirs", "after"),
    [(True, False, False), (False, True, False), (None, False, False), (None, True, True), (True, None, True)],
)
def test_a_refused_consent_wins(kept: Member, gone: Member, mine: object, theirs: object, after: object) -> None:
    Member.objects.filter(pk=kept.pk).update(consent_email=mine)
    Member.objects.filter(pk=gone.pk).update(consent_email=theirs)
    made = merge(kept, gone)
    assert kept.consent_email is after
    take_back(made)
    made.kept.refresh_from_db()
    assert made.kept.consent_email is mine


@pytest.mark.parametrize("marked", ["kept", "gone"])
def test_do_not_call_is_on_both_and_stays_when_the_merge_is_taken_back(kept: Member, gone: Member, marked: str) -> None:
    people.set_do_not_call(member={"kept": kept, "gone": gone}[marked], note="asked", now=days.NOW - HOUR, by=None)
    made = merge(kept, gone)
    assert kept.do_not_call and gone.do_not_call
    take_back(made)
    again(kept, gone)
    assert kept.do_not_call and gone.do_not_call and kept.do_not_call_since == gone.do_not_call_since


# ---- rows


def test_everything_of_the_other_comes_over(club: Club, anna: User, kept: Member, gone: Member) -> None:
    visit = factories.make_visit(gone, "2024-11-01T18:00")
    twice = factories.make_visit(kept, "2024-11-02T18:00"), factories.make_visit(gone, "2024-11-02T18:00")
    freeze = factories.make_freeze(gone.memberships.get(), day("2025-03-01"), day("2025-03-10"))
    attempt, task = make_attempt(gone, "2026-10-01T12:00"), make_task(gone)
    request = Request.objects.create(club=club, member=gone, text="A locker", made_at=days.NOW)
    friend = factories.make_member(club, last_name="Friend", phone="", referred_by=gone)
    checklist = checklists.start(member=gone, by=anna, now=days.NOW)
    told: list[tuple[Member, Member]] = []

    def hear(*, kept: Member, gone: Member, moment: Moment) -> None:
        told.append((kept, gone))

    events.merged.append(hear)
    try:
        merge(kept, gone)
    finally:
        events.merged.remove(hear)
    again(visit, *twice, freeze, attempt, task, request, friend, checklist)
    assert {row.member for row in (visit, attempt, task, request, checklist)} == {kept}
    assert freeze.membership.member == kept == friend.referred_by
    assert [row.member for row in twice] == [kept, gone]
    assert (task.status, task.lapsed_because) == ("lapsed", "merged")
    assert told == [(kept, gone)]


def test_kinds_and_chains_stay_and_last_days_follow(kept: Member, gone: Member) -> None:
    merge(gone, kept)
    assert [row.sale_kind for row in Membership.objects.filter(member=gone).order_by("starts_on")] == ["new", "new"]
    assert not Membership.objects.exclude(renewed_from=None).exists()
    assert (gone.last_covered_on, kept.last_covered_on) == (day("2026-11-30"), None)


def test_visits_that_the_other_membership_covers_need_no_mending_any_more(kept: Member, gone: Member) -> None:
    visit = factories.make_visit(gone, "2026-11-02T18:00")
    Visit.objects.update(to_mend=Visit.Mend.NO_MEMBERSHIP)
    made = merge(kept, gone)
    visit.refresh_from_db()
    assert visit.to_mend == ""
    take_back(made)
    visit.refresh_from_db()
    assert (visit.to_mend, visit.member) == (Visit.Mend.NO_MEMBERSHIP, gone)


def test_of_two_meetings_for_one_purpose_the_others_is_called_off(
    club: Club, anna: User, kept: Member, gone: Member
) -> None:
    host = anna.employees.get()
    one, other = (
        meetings.book(club=club, member=who, host=host, starts_at=days.at(at), purpose="renewal", by=anna, now=days.NOW)
        for who, at in ((kept, "2026-11-13T17:00"), (gone, "2026-11-14T17:00"))
    )
    made = merge(kept, gone)
    again(one, other)
    assert (one.status, other.status, other.member) == ("scheduled", "cancelled", kept)
    take_back(made)
    again(one, other)
    assert (other.status, other.member) == ("scheduled", gone)
    assert Meeting.objects.count() == 2


# ---- refused


def test_overlapping_memberships_refuse_it_and_name_the_days(club: Club, kept: Member) -> None:
    other = factories.make_member(club, last_name="Lee", phone="")
    factories.make_membership(other, starts_on=day("2026-11-01"))
    with pytest.raises(Overlap) as refused:
        merging.merge(kept=kept, gone=other, now=days.NOW, by=None)
    assert str(refused.value.message) == "Both have a membership from 1 November 2026 to 30 November 2026."
    other.refresh_from_db()
    assert other.merged_into is None and other.memberships.count() == 1


def test_a_member_of_another_club_a_merged_one_and_oneself_are_refused(kept: Member, gone: Member) -> None:
    foreign = factories.make_member(factories.make_club("harbour"))
    for other in (foreign, kept):
        with pytest.raises(merging.SameMember):
            merging.merge(kept=kept, gone=other, now=days.NOW, by=None)
    merge(kept, gone)
    with pytest.raises(holding.MemberGone):
        merging.merge(kept=kept, gone=gone, now=days.NOW, by=None)


# ---- taken back


def test_taking_it_back_puts_everything_where_it_was(club: Club, kept: Member, gone: Member) -> None:
    before = {model: list(model.objects.order_by("pk").values()) for model in (Member, Membership, Visit, CallAttempt)}
    factories.make_visit(gone, "2024-11-01T18:00")
    attempt, task = make_attempt(gone, "2026-10-01T12:00"), make_task(gone)
    before = {model: list(model.objects.order_by("pk").values()) for model in before}
    take_back(merge(kept, gone))
    assert {model: list(model.objects.order_by("pk").values()) for model in before} == before
    again(attempt, task)
    assert task.member == gone and task.lapsed_because != "merged"


def test_what_came_since_stays_with_the_kept_one(kept: Member, gone: Member) -> None:
    made = merge(kept, gone)
    since = factories.make_visit(kept, "2026-11-12T08:00")
    people.edit(member=kept, details={"email": "new@example.org"}, now=days.NOW, by=None)
    take_back(made)
    again(since, kept)
    assert since.member == kept and kept.email == "new@example.org" and kept.phone == ""


def test_it_is_reversible_for_a_day_and_once(kept: Member, gone: Member) -> None:
    made = merge(kept, gone)
    assert merging.reversible(member=gone, now=days.NOW + 23 * HOUR) == [made]
    assert merging.reversible(member=kept, now=days.NOW + 24 * HOUR) == []
    with pytest.raises(merging.NotUndone):
        take_back(made, days.NOW + 24 * HOUR)
    take_back(made, days.NOW + 23 * HOUR)
    with pytest.raises(merging.NotUndone):
        take_back(made, days.NOW + 23 * HOUR)


def test_it_stays_when_what_came_over_was_renewed_since(club: Club, gone: Member) -> None:
    empty = factories.make_member(club, last_name="Lee", phone="")
    Membership.objects.filter(member=gone).delete()
    factories.make_membership(gone, starts_on=day("2025-12-01"))
    made = merge(empty, gone)
    sales.sell(member=empty, plan=factories.make_plan(club), now=days.NOW, by=None)
    with pytest.raises(merging.NotUndone):
        take_back(made)


def test_the_later_of_two_merges_is_taken_back_first(club: Club, kept: Member, gone: Member) -> None:
    first = merge(kept, gone)
    last = factories.make_member(club, last_name="Leeson", phone="")
    second = merge(last, kept)
    with pytest.raises(merging.NotUndone):
        take_back(first)
    take_back(second)
    take_back(first)
    again(gone)
    assert gone.merged_into is None and gone.memberships.count() == 1


# ---- pages


@pytest.fixture
def at_desk(anna: User) -> Client:
    return web.browser(anna)


def test_the_other_is_found_previewed_merged_and_taken_back(at_desk: Client, kept: Member, gone: Member) -> None:
    url = reverse("member_merge", args=[kept.pk])
    assert "Anne Lee" not in at_desk.get(url).content.decode()
    assert "Anne Lee" in at_desk.get(url, {"q": "anne"}).content.decode()
    shown = at_desk.get(url, {"other": gone.pk}).content.decode()
    assert "Anne Lee goes into Ann Lee" in shown and "ann@example.org" in shown
    again(gone)
    assert gone.merged_into is None
    assert at_desk.post(url, {"other": gone.pk}).status_code == 302
    undo = reverse("merge_undo", args=[MemberMerge.objects.get().pk])
    for member in (kept, gone):
        assert undo in at_desk.get(reverse("member_detail", args=[member.pk])).content.decode()
    assert "Anne Lee went into Ann Lee" in at_desk.get(undo).content.decode()
    assert at_desk.post(undo).status_code == 302
    again(gone)
    assert gone.merged_into is None
    assert at_desk.post(undo).status_code == 409


def test_the_page_names_the_days_in_the_way(at_desk: Client, club: Club, kept: Member) -> None:
    twin = factories.make_member(club, last_name="Lee", first_name="Ann", phone="")
    factories.make_membership(twin, starts_on=day("2026-11-01"))
    url = reverse("member_merge", args=[kept.pk])
    assert f"?other={twin.pk}" in at_desk.get(url).content.decode()
    assert "from 1 November 2026 to 30 November 2026" in at_desk.get(url, {"other": twin.pk}).content.decode()
    assert at_desk.post(url, {"other": twin.pk}).status_code == 409


def test_another_clubs_member_is_not_there(at_desk: Client, kept: Member) -> None:
    foreign = factories.make_member(factories.make_club("harbour"))
    url = reverse("member_merge", args=[kept.pk])
    for other in (foreign.pk, 987_654_321, kept.pk, "x"):
        assert at_desk.post(url, {"other": other}).status_code == 422
        assert "There is no such member." in at_desk.get(url, {"other": other}).content.decode()


# ---- API


def test_the_api_merges_and_refuses(anna: User, club: Club, kept: Member, gone: Member) -> None:
    token = {"Authorization": f"Bearer {authentication.issue(anna, now=days.NOW)}"}
    url = f"/api/v1/members/{kept.pk}/merge"

    def post(other: object) -> tuple[int, dict[str, object]]:
        answer = Client().post(url, {"other": other}, content_type="application/json", headers=token)
        return answer.status_code, answer.json()

    foreign = factories.make_member(factories.make_club("harbour"), external_id="F-1")
    missing = post(987_654_321)
    assert missing == post(foreign.pk) == post({"external_id": "F-1"}) and missing[0] == 422
    assert post(kept.pk)[0] == 422
    twin = factories.make_member(club, last_name="Lee", phone="")
    factories.make_membership(twin, starts_on=day("2026-11-01"))
    status, problem = post(twin.pk)
    assert (status, problem["code"]) == (409, "overlap") and "1 November 2026" in str(problem["detail"])
    assert problem["days"] == [{"first": "2026-11-01", "last": "2026-11-30"}]
    status, shown = post({"external_id": "77"})
    assert (status, shown["id"], shown["external_id"]) == (200, kept.pk, "77")
    assert post(gone.pk)[0] == 409
