"""Requests over HTTP."""

from __future__ import annotations

import pytest

from calls.models import Request
from memberships.models import Employee, Member
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_a_request_is_opened_answered_and_listed(operator: Api, administrator: Api, pamela: Member) -> None:
    sent = {"club": "mf", "member": pamela.pk, "text": "Wants a locker"}
    made = operator.post("requests", sent)

    assert made.status == 201
    assert made.body | {"made_at": ""} == {
        "id": made.body["id"],
        "club": "mf",
        "member": pamela.pk,
        "about": "other",
        "text": "Wants a locker",
        "status": "open",
        "owner": None,
        "due_on": "2026-11-13",
        "made_at": "",
        "answered_at": None,
        "answer": "",
    }
    assert [row["id"] for row in administrator.results("requests", club="mf", status="open")] == [made.body["id"]]
    done = administrator.post(f"requests/{made.body['id']}/answer", {"text": "Number 14"})
    assert (done.status, done.body["status"], done.body["answer"]) == (200, "answered", "Number 14")
    again = administrator.post(f"requests/{made.body['id']}/decline", {"why": "None left"})
    assert (again.status, again.body["code"]) == (409, "already_recorded")


def test_it_is_handed_over_to_somebody_who_works_on_requests(
    operator: Api, administrator: Api, manager: Api, shop: Shop
) -> None:
    made = operator.post("requests", {"club": "mf", "text": "The clock is wrong"}).body
    to = {row.user.username: row.pk for row in Employee.objects.filter(club=shop.club).select_related("user")}
    url = f"requests/{made['id']}/hand-over"
    moved = administrator.post(url, {"to": to["manager"], "why": "Needs an electrician"})
    assert (moved.status, moved.body["owner"]) == (200, to["manager"])
    assert administrator.post(url, {"to": to["olga"], "why": "She asked"}).body["errors"]["to"]
    assert administrator.post(url, {"to": 987_654, "why": "She asked"}).body["errors"]["to"]
    history = manager.results("audit", object=f"request:{made['id']}")
    assert "Needs an electrician" in [change["why"] for change in history]


@pytest.mark.parametrize("body", [{"text": " "}, {"text": "x", "about": "missed_call"}, {"text": "x", "member": 1}])
def test_what_cannot_be_right_is_refused_at_its_field(operator: Api, body: dict[str, object]) -> None:
    refused = operator.post("requests", {"club": "mf", **body})
    assert (refused.status, refused.body["code"]) == (422, "invalid")
    assert not Request.objects.exists()


def test_operators_open_requests_and_read_none(operator: Api, pamela: Member) -> None:
    assert operator.get("requests", club="mf").status == 403
    assert operator.get("requests", member=pamela.pk).status == 403
