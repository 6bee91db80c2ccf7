"""Members over HTTP: found, added, changed, marked."""

from __future__ import annotations

import pytest

from memberships.models import Club, Member
from tests import factories
from tests.days import day
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_a_member_is_found_by_number_part_of_a_name_and_phone(operator: Api, pamela: Member, shop: Shop) -> None:
    shop.member("Adams", first_name="Alice", phone=factories.phone(8), external_id="A-8", segment="gold")

    assert [row["id"] for row in operator.results("members", club="mf", external_id="A-12")] == [12]
    assert [row["id"] for row in operator.results("members", club="mf", q="sco pam")] == [12]
    assert [row["last_name"] for row in operator.results("members", club="mf", q="(319) 555-0108")] == ["Adams"]
    assert [row["last_name"] for row in operator.results("members", club="mf", segment="gold")] == ["Adams"]
    assert operator.results("members", club="mf", q="zzz") == []
    assert operator.get("members", club="mf", segment="lead").fields == {"segment"}


def test_a_member_tells_their_household_and_marks(
    operator: Api, administrator: Api, pamela: Member, shop: Shop
) -> None:
    mate = shop.member("Scott", first_name="Peter")
    administrator.patch("members/12", {"do_not_call": {"note": "asked at the desk"}})

    shown = operator.get("members/12").body

    assert shown["household"] == [mate.pk]
    assert shown["do_not_call"] == {
        "since": "2026-11-12T10:00:00-06:00",
        "by": "anna",
        "note": "asked at the desk",
    }
    assert (shown["club"], shown["external_id"], shown["segment"], shown["deceased"]) == ("mf", "A-12", None, False)


def test_members_are_walked_by_cursor(operator: Api, shop: Shop) -> None:
    made = [shop.member(f"Member{number}", phone="").pk for number in range(5)]
    first = operator.get("members", club="mf", limit=3).body
    rest = operator.client.get(first["next"]).json()

    assert [row["id"] for row in first["results"] + rest["results"]] == made
    assert rest["next"] is None
    assert "Member" not in first["next"]


def test_an_administrator_adds_a_member(administrator: Api, pamela: Member) -> None:
    answer = administrator.post(
        "members",
        {
            "club": "mf",
            "external_id": "A-99",
            "last_name": "Adams",
            "first_name": "Alice",
            "phone": "(319) 555-0109",
            "birthday": "1990-05-04",
            "consent_calls": True,
            "referred_by": {"external_id": "A-12"},
        },
    )

    assert answer.status == 201
    assert answer.body["phone"] == "+13195550109"
    assert answer.body["referred_by"] == 12
    assert administrator.get(f"members/{answer.body['id']}").body == answer.body


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone": "12"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"birthday": "2026-11-13"}, "birthday"),
        ({"birthday": "1990-02-30"}, "birthday"),
        ({"birthday": 1990}, "birthday"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"last_name": ""}, "last_name"),
        ({"last_name": 7}, "last_name"),
        ({"external_id": "A-8"}, "external_id"),
        ({"consent_calls": "yes"}, "consent_calls"),
        ({"referred_by": 999999}, "referred_by"),
        ({"referred_by": 12}, "referred_by"),
        ({"referred_by": {"id": 12}}, "referred_by"),
        ({"notes": "x" * 20_001}, "notes"),
        ({"do_not_call": True}, "do_not_call"),
    ],
)
def test_what_cannot_be_right_is_named_by_field(
    change: dict[str, object], field: str, administrator: Api, pamela: Member, shop: Shop
) -> None:
    shop.member("Adams", external_id="A-8")

    answer = administrator.patch("members/12", change)

    assert (answer.status, answer.code, answer.fields) == (422, "invalid", {field})
    assert administrator.get("members/12").body["last_name"] == "Scott"


def test_what_is_left_out_stays_as_it_is(administrator: Api, pamela: Member) -> None:
    before = administrator.get("members/12").body

    after = administrator.patch("members/12", {"goal": "run ten miles"}).body

    assert after == before | {"goal": "run ten miles"}


def test_only_a_manager_clears_do_not_call_and_says_why(administrator: Api, manager: Api, pamela: Member) -> None:
    administrator.patch("members/12", {"do_not_call": {}})

    assert administrator.patch("members/12", {"do_not_call": None, "reason": "asked"}).status == 403
    assert manager.patch("members/12", {"do_not_call": None}).code == "reason_required"
    assert manager.patch("members/12", {"do_not_call": None, "reason": "asked again"}).body["do_not_call"] is None


def test_only_a_manager_takes_deceased_back(administrator: Api, manager: Api, pamela: Member) -> None:
    assert administrator.patch("members/12", {"deceased": True}).body["deceased"] is True

    assert administrator.patch("members/12", {"deceased": False, "reason": "mix-up"}).status == 403
    assert manager.patch("members/12", {"deceased": False, "reason": "mix-up"}).body["deceased"] is False


def test_a_refused_mark_leaves_the_details_too(administrator: Api, pamela: Member) -> None:
    administrator.patch("members/12", {"do_not_call": {}})

    assert administrator.patch("members/12", {"goal": "x", "do_not_call": None, "reason": "y"}).status == 403
    assert administrator.get("members/12").body["goal"] == ""


def test_two_members_become_one(administrator: Api, pamela: Member, shop: Shop) -> None:
    other = shop.member("Scot", phone=factories.phone(8), goal="run")

    kept = administrator.post("members/12/merge", {"other": other.pk})

    assert (kept.status, kept.body["id"], kept.body["goal"]) == (200, 12, "run")
    assert [row["id"] for row in administrator.results("members", club="mf")] == [12]
    again = administrator.post("members/12/merge", {"other": other.pk})
    assert (again.status, again.code) == (409, "invalid")


def test_a_merge_that_could_never_be_right(administrator: Api, pamela: Member, stranger: Api, shop: Shop) -> None:
    elsewhere = factories.make_member(Club.objects.get(slug="elsewhere"), phone="")

    foreign = administrator.post("members/12/merge", {"other": elsewhere.pk})
    gone = administrator.post("members/12/merge", {"other": 999999})

    assert (foreign.status, foreign.fields) == (422, {"other"})
    assert foreign.response.content == gone.response.content
    assert administrator.post("members/12/merge", {"other": 12}).fields == {"other"}


def test_members_whose_days_overlap_are_not_merged(administrator: Api, pamela: Member, shop: Shop) -> None:
    other = shop.member("Scot")
    factories.make_membership(other, shop.m12, starts_on=day("2026-06-01"))

    answer = administrator.post("members/12/merge", {"other": other.pk})

    assert (answer.status, answer.code) == (409, "overlap")
    assert answer.body["days"] == [{"first": "2026-06-01", "last": "2026-11-30"}]
