"""Changes over HTTP."""

from __future__ import annotations

import pytest

from memberships.models import Member
from tests.memberships.api.client import Api


def test_changes_are_told_newest_first_with_who_before_and_after(administrator: Api, pamela: Member) -> None:
    administrator.patch("members/12", {"goal": "run"})
    administrator.patch("members/12", {"goal": "swim"})

    found = administrator.results("audit", object="member:12")

    assert [row["action"] for row in found] == ["update", "update", "insert"]
    assert (found[0]["object"], found[0]["by"]) == ("member:12", "Anna")
    assert found[0]["changes"] == [{"field": "goal", "before": "run", "after": "swim"}]


def test_changes_are_walked_by_cursor(administrator: Api, pamela: Member) -> None:
    for goal in ("a", "b", "c"):
        administrator.patch("members/12", {"goal": goal})

    first = administrator.get("audit", object="member:12", limit=3).body
    rest = administrator.client.get(first["next"]).json()

    assert (len(first["results"]), len(rest["results"]), rest["next"]) == (3, 1, None)
    assert administrator.get("audit", object="member:12", cursor="x").status == 400


def test_administrators_read_changes_of_members_managers_of_all(
    administrator: Api, manager: Api, stranger: Api, pamela: Member
) -> None:
    plan = pamela.memberships.order_by("pk").first().plan_id

    assert administrator.results("audit", object="membership:501") != []
    assert administrator.get("audit", object=f"plan:{plan}").status == 403
    assert manager.results("audit", object=f"plan:{plan}") != []
    assert stranger.results("audit", object="member:12") == stranger.results("audit", object="member:999999") == []


@pytest.mark.parametrize("asked", ["", "member", "member:", "member:x", "member:0", "cat:12", "Member:12", ":12"])
def test_an_object_that_is_none_is_422(asked: str, manager: Api) -> None:
    assert manager.get("audit", object=asked).fields == {"object"}


def test_without_an_object_there_is_nothing_to_tell(manager: Api) -> None:
    assert manager.get("audit").fields == {"object"}
