"""A club's own refusal reasons: added, renamed, retired, merged with what was counted for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from calls import reasons
from calls.models import CallAttempt, Meeting, RefusalReason
from calls.reasons import Marks
from memberships.models import Club, User
from tests import days
from tests.calls.factories import make_attempt
from tests.factories import make_club, make_employee, make_member, make_user, phone
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def karin(club: Club) -> User:
    return make_user(club, "manager", "karin")


def own(club: Club, by: User, label: str = "Shift work", group: str = "member", **marks: bool) -> RefusalReason:
    return reasons.add(club=club, group=group, label=label, marks=Marks(**marks), by=by, now=days.NOW)


def built_in(club: Club, code: str = "price") -> RefusalReason:
    return RefusalReason.objects.get(club=club, code=code)


def test_an_own_reason_stands_last_below_its_group_with_its_marks(club: Club, karin: User) -> None:
    made = own(club, karin, "  Shift   work ", final=True, note_required=True)
    assert (made.code, made.label, made.group, made.built_in) == ("shift_work", "Shift work", "member", False)
    assert (made.final, made.no_winback, made.note_required) == (True, False, True)
    assert made.position > built_in(club, "other").position


def test_codes_are_the_clubs_own_words_and_never_twice(club: Club, karin: User) -> None:
    first, second = own(club, karin, "Смены"), own(club, karin, "Дорога")
    assert first.code == "own" and second.code == "own_2"
    reasons.retire(reason=own(club, karin), by=karin, now=days.NOW)
    assert own(club, karin).code == "shift_work_2", "the retired one keeps its code"


@pytest.mark.parametrize(
    ("group", "label", "field"),
    [("member", " ", "label"), ("member", "Half price elsewhere", "label"), ("member", "It costs $40", "label"),
     ("club", "PRICE", "label"), ("member", "x" * 81, "label"), ("nobody", "Shift work", "group")],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_at_its_field(
    club: Club, karin: User, group: str, label: str, field: str
) -> None:
    before = RefusalReason.objects.count()
    with pytest.raises(reasons.ReasonRefused) as refused:
        own(club, karin, label, group)
    assert list(refused.value.fields) == [field]
    assert RefusalReason.objects.count() == before


def test_every_clubs_reasons_stay_as_they_are(club: Club, karin: User) -> None:
    price, mine = built_in(club), own(club, karin)
    with pytest.raises(reasons.NotOwn):
        reasons.change(reason=price, label="Dear", marks=Marks(), by=karin, now=days.NOW)
    with pytest.raises(reasons.NotOwn):
        reasons.retire(reason=price, by=karin, now=days.NOW)
    with pytest.raises(reasons.NotOwn):
        reasons.merge(reason=price, into=mine, by=karin, now=days.NOW)
    with pytest.raises(reasons.NotOwn):
        reasons.delete(reason=price, by=karin, now=days.NOW)


def test_a_new_name_keeps_code_and_history(club: Club, karin: User) -> None:
    mine = own(club, karin)
    reasons.change(reason=mine, label="Works in shifts", marks=Marks(final=True), by=karin, now=days.NOW)
    mine.refresh_from_db()
    assert (mine.code, mine.label, mine.final) == ("shift_work", "Works in shifts", True)
    kept = RefusalReason.pgh_event_model.objects.filter(pgh_obj_id=mine.pk).order_by("pgh_id")
    assert [row.label for row in kept] == ["Shift work", "Works in shifts"]
    assert kept[1].pgh_context["user"] == karin.pk


def test_one_in_use_is_retired_never_deleted(club: Club, karin: User) -> None:
    mine, unused = own(club, karin), own(club, karin, "Night shift")
    make_attempt(make_member(club), days.NOW, "refused", reason=mine)
    with pytest.raises(reasons.InUse):
        reasons.delete(reason=mine, by=karin, now=days.NOW)
    reasons.delete(reason=unused, by=karin, now=days.NOW)
    assert not RefusalReason.objects.filter(pk=unused.pk).exists()
    assert reasons.retire(reason=mine, by=karin, now=days.NOW).retired
    assert not reasons.bring_back(reason=mine, by=karin, now=days.NOW).retired


def test_a_name_taken_meanwhile_is_not_brought_back(club: Club, karin: User) -> None:
    mine = reasons.retire(reason=own(club, karin), by=karin, now=days.NOW)
    own(club, karin)
    with pytest.raises(reasons.ReasonRefused):
        reasons.bring_back(reason=mine, by=karin, now=days.NOW)


def test_merging_moves_calls_absences_and_meetings_and_keeps_what_was_said(club: Club, karin: User) -> None:
    mine, into = own(club, karin), built_in(club, "no_time")
    refused = make_attempt(make_member(club, phone=phone(1)), days.NOW, "refused", reason=mine)
    absent = make_attempt(make_member(club, phone=phone(2)), days.NOW, "talked", attends="no", absence_reason=mine)
    meeting = Meeting.objects.create(
        club=club, member=refused.member, host=make_employee(club, "administrator"), purpose="renewal",
        starts_at=days.NOW, ends_at=days.NOW + dt.timedelta(minutes=30), calendar_uid="0" * 32, booked_at=days.NOW,
        status="attended", result="refused", reason=mine,
    )  # fmt: skip
    assert reasons.uses(club) == {mine.pk: 3}
    assert reasons.merge(reason=mine, into=into, by=karin, now=days.NOW) == 3
    for row in (refused, absent, meeting, mine):
        row.refresh_from_db()
    assert (refused.reason, absent.absence_reason, meeting.reason) == (into, into, into)
    assert mine.retired and mine.merged_into == into
    assert reasons.uses(club) == {into.pk: 3}
    history = CallAttempt.pgh_event_model.objects.filter(pgh_obj_id=refused.pk).order_by("pgh_id")
    assert [row.reason_id for row in history][-2:] == [mine.pk, into.pk]
    assert history.last().pgh_context["reason"] == "shift_work → no_time"


def test_a_reason_is_merged_into_another_one_of_its_club_only(club: Club, karin: User) -> None:
    mine = own(club, karin)
    retired = reasons.retire(reason=own(club, karin, "Nights"), by=karin, now=days.NOW)
    elsewhere = built_in(make_club("hillside"))
    for into in (mine, retired, elsewhere):
        with pytest.raises(reasons.MergeRefused):
            reasons.merge(reason=mine, into=into, by=karin, now=days.NOW)


def test_a_chain_of_merges_ends_at_the_last(club: Club, karin: User) -> None:
    first, second = own(club, karin), own(club, karin, "Nights")
    reasons.merge(reason=first, into=second, by=karin, now=days.NOW)
    reasons.merge(reason=second, into=built_in(club), by=karin, now=days.NOW)
    first.refresh_from_db()
    assert first.merged_into == built_in(club)


# ---- the pages -------------------------------------------------------------------------------------------


def page(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def test_a_manager_adds_renames_retires_merges_and_deletes_on_the_web(club: Club, karin: User) -> None:
    web = browser(karin)
    sent = {"group": "member", "label": "Shift work", "note_required": "on"}
    assert web.post(reverse("reason_new"), sent).status_code == 302
    mine = RefusalReason.objects.get(code="shift_work")
    assert "Shift work" in page(web, "reason_list") and "asks for a note" in page(web, "reason_list")
    assert web.post(reverse("reason_edit", args=[mine.pk]), {"label": "Works shifts"}).status_code == 302
    shown = page(web, "reason_edit", mine.pk)
    assert "Works shifts" in shown and "Shift work" in shown, "its history says what it was"
    assert web.post(reverse("reason_retire", args=[mine.pk])).status_code == 302
    assert "retired" in page(web, "reason_list")
    assert web.post(reverse("reason_bring_back", args=[mine.pk])).status_code == 302
    make_attempt(make_member(club), days.NOW, "refused", reason=mine)
    assert web.post(reverse("reason_delete", args=[mine.pk])).status_code == 409
    into = built_in(club, "no_time")
    assert web.post(reverse("reason_merge", args=[mine.pk]), {"into": into.pk}).status_code == 302
    assert "merged into No time" in page(web, "reason_list")


def test_refused_input_is_shown_at_its_field(club: Club, karin: User) -> None:
    web = browser(karin)
    answer = web.post(reverse("reason_new"), {"group": "club", "label": "Price"})
    assert answer.status_code == 422 and "There is a reason of this name already." in answer.content.decode()
    mine = own(club, karin)
    assert web.post(reverse("reason_edit", args=[mine.pk]), {"label": ""}).status_code == 422
    assert web.post(reverse("reason_merge", args=[mine.pk]), {"into": mine.pk}).status_code == 422
    assert web.post(reverse("reason_edit", args=[built_in(club).pk]), {"label": "Dear"}).status_code == 422


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_others_may_neither_read_nor_write_them(club: Club, karin: User, role: str) -> None:
    web, mine = browser(make_user(club, role)), own(club, karin)
    assert web.get(reverse("reason_list")).status_code == 403
    assert web.post(reverse("reason_new"), {"group": "club", "label": "Noise"}).status_code == 403
    assert web.post(reverse("reason_delete", args=[mine.pk])).status_code == 403
    stranger = browser(make_user(make_club("hillside"), "manager", "eve"))
    assert stranger.get(reverse("reason_edit", args=[mine.pk])).status_code == 404


def test_the_list_asks_the_database_as_often_for_many(
    club: Club, karin: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    web = browser(karin)
    for number in range(30):
        own(club, karin, f"Own {number}")
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        web.get(reverse("reason_list"))
