"""Visits over HTTP."""

from __future__ import annotations

from memberships.models import Member, Visit
from tests import days
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_visits_are_stored_once_and_bad_ones_named(administrator: Api, pamela: Member, stranger: Api) -> None:
    visits = [
        {"member": 12, "at": "2026-11-10T18:30", "zone": "gym"},
        {"member": {"external_id": "A-12"}, "at": "2026-11-11T00:30:00+01:00"},
        {"member": 12, "at": "2026-11-10T18:30:00"},
        {"member": 999999, "at": "2026-11-10T18:30"},
        {"member": 12, "at": "yesterday"},
        {"member": 12, "at": "2026-11-13T09:00"},
    ]

    answer = administrator.post("visits", {"club": "mf", "visits": visits})

    assert answer.status == 200
    assert {name: answer.body[name] for name in ("created", "unchanged", "refused")} == {
        "created": 2,
        "unchanged": 1,
        "refused": 3,
    }
    assert [(error["index"], error["field"]) for error in answer.body["errors"]] == [
        (3, "member"),
        (4, "at"),
        (5, "at"),
    ]
    assert sorted(Visit.objects.values_list("at", flat=True)) == [
        days.at("2026-11-11T00:30:00+01:00"),
        days.at("2026-11-10T18:30"),
    ]
    again = administrator.post("visits", {"club": "mf", "visits": visits[:2]})
    assert (again.body["created"], again.body["unchanged"]) == (0, 2)


def test_a_member_of_another_club_reads_as_a_missing_one(administrator: Api, stranger: Api, pamela: Member) -> None:
    told = stranger.post("visits", {"club": "elsewhere", "visits": [{"member": 12, "at": "2026-11-10T18:30"}]}).body
    gone = stranger.post("visits", {"club": "elsewhere", "visits": [{"member": 99, "at": "2026-11-10T18:30"}]}).body

    assert told == gone
    assert told["refused"] == 1


def test_what_is_no_list_of_visits_is_422(administrator: Api, shop: Shop) -> None:
    for visits in ("none", [[]], [{"member": 12}], [{"member": 12, "at": 5}], [{}] * 10_001):
        answer = administrator.post("visits", {"club": "mf", "visits": visits})
        assert (answer.status, answer.code) == (422, "invalid")
        assert next(iter(answer.fields)).startswith("visits")


def test_ten_thousand_visits_are_taken_at_once(administrator: Api, pamela: Member) -> None:
    visits = [
        {"member": 12, "at": f"2026-10-{n % 28 + 1:02}T{n // 28 % 24:02}:{n // 672 % 60:02}"} for n in range(10_000)
    ]

    answer = administrator.post("visits", {"club": "mf", "visits": visits})

    assert (answer.body["created"], answer.body["refused"]) == (10_000, 0)
