"""Checklists over HTTP."""

from __future__ import annotations

import pytest

from memberships.models import Member
from onboarding.models import ChecklistTemplate, Step
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


@pytest.fixture
def newcomer(shop: Shop, administrator: Api) -> int:
    """Has just bought their first membership."""
    member = shop.member("Adams")
    assert administrator.post("memberships", {"member": member.pk, "plan": "M12"}).status == 201
    return member.pk


def test_a_sale_starts_a_checklist(administrator: Api, newcomer: int) -> None:
    rows = administrator.results("onboarding/checklists", member=newcomer)

    assert len(rows) == 1
    assert (rows[0]["member"], rows[0]["closed_at"]) == (newcomer, None)
    assert rows[0]["started_at"] == "2026-11-12T10:00:00-06:00"
    assert rows[0]["steps"][0] == {
        "id": rows[0]["steps"][0]["id"],
        "title": "Tour of the club",
        "due_on": "2026-11-12",
        "who": "administrator",
        "status": "open",
        "done_at": None,
        "result": "",
    }
    assert [step["due_on"] for step in rows[0]["steps"]][-1] == "2026-12-12"
    assert administrator.results("onboarding/checklists", club="mf") == rows


def test_a_checklist_is_started_by_hand_once(administrator: Api, pamela: Member) -> None:
    first = administrator.post("onboarding/checklists", {"member": {"external_id": "A-12"}})
    again = administrator.post("onboarding/checklists", {"member": 12})

    assert (first.status, first.body["membership"], len(first.body["steps"])) == (201, 501, 8)
    assert (again.status, again.code) == (409, "already_recorded")


def test_a_member_without_a_membership_has_nothing_to_start(administrator: Api, shop: Shop) -> None:
    answer = administrator.post("onboarding/checklists", {"member": shop.member("Adams").pk})

    assert (answer.status, answer.fields) == (422, {"member"})


def test_a_club_without_a_template_starts_none(administrator: Api, pamela: Member) -> None:
    ChecklistTemplate.objects.update(active=False)

    assert administrator.post("onboarding/checklists", {"member": 12}).fields == {"member"}


def test_a_step_is_ticked_skipped_and_opened_again(administrator: Api, newcomer: int) -> None:
    steps = administrator.results("onboarding/checklists", member=newcomer)[0]["steps"]
    trainers, test = steps[2]["id"], steps[4]["id"]

    done = administrator.post(f"onboarding/steps/{trainers}/done", {"result": "met Leon"})
    assert (done.status, done.body["status"], done.body["result"]) == (200, "done", "met Leon")
    assert done.body["done_at"] == "2026-11-12T10:00:00-06:00"
    again = administrator.post(f"onboarding/steps/{trainers}/done")
    assert (again.status, again.code) == (409, "already_recorded")

    assert administrator.post(f"onboarding/steps/{test}/skip").code == "reason_required"
    assert administrator.post(f"onboarding/steps/{test}/skip", {"reason": "no device"}).body["status"] == "skipped"

    opened = administrator.post(f"onboarding/steps/{trainers}/undo")
    assert (opened.body["status"], opened.body["done_at"], opened.body["result"]) == ("open", None, "")
    assert administrator.post(f"onboarding/steps/{trainers}/undo").code == "already_recorded"


def test_a_result_of_another_kind_is_refused(administrator: Api, newcomer: int) -> None:
    step = Step.objects.filter(checklist__member=newcomer).order_by("position")[0]
    Step.objects.filter(pk=step.pk).update(result_kind="number")

    answer = administrator.post(f"onboarding/steps/{step.pk}/done", {"result": "many"})

    assert (answer.status, answer.fields) == (422, {"result"})
