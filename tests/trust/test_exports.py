"""Every list goes out as a table: to whom it may, without formulas, to operators without money."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from django.urls import reverse

from calls.models import Request
from config import exports
from memberships.models import FileImport, Member, Plan, Promotion
from tests.look.test_exports import PAYLOADS
from tests.trust.walking import Caller
from tests.trust.world import CODE, PRICE, World

LISTS = {
    "member_list": "manager",
    "membership_list": "manager",
    "visits_to_mend": "manager",
    "request_list": "manager",
    "complaint_list": "manager",
    "flagged_notes": "manager",
    "meeting_list": "manager",
    "closure_list": "manager",
    "freeze_list": "manager",
    "audit_list": "manager",
    "onboarding_due": "manager",
    "import_list": "administrator",
    "plan_list": "operator",
    "promotion_list": "operator",
    "refusal_report": "manager",
}
"""Each list, and who is the least that may take it away."""
TEXT = ("text/csv", "application/vnd.openxmlformats")


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", exports.FORMATS)
@pytest.mark.parametrize("name", LISTS)
def test_a_list_goes_out_to_whom_it_may(apart: World, callers: dict[str, Caller], name: str, form: str) -> None:
    roles = ["operator", "administrator", "manager", "owner"]
    least = roles.index(LISTS[name])
    for place, role in enumerate(roles):
        answer = callers[role].client.get(f"{reverse(name)}?export={form}")
        downloaded = answer.headers["Content-Type"].startswith(TEXT)
        assert downloaded == (place >= least), (role, answer.status_code)
        if downloaded and role == "operator":
            for secret in (f"{PRICE}", CODE):
                assert secret.encode() not in body(answer)


@pytest.mark.parametrize("form", exports.FORMATS)
def test_five_hundred_formulas_leave_a_real_list_as_text(apart: World, callers: dict[str, Caller], form: str) -> None:
    club = apart.own.club
    made = Request.objects.order_by("-pk")[0]
    payloads = [
        payload for payload in [*PAYLOADS, *(f"{payload}\u200b" for payload in PAYLOADS[:20])] if payload.strip()
    ]
    assert len(payloads) >= 500
    Request.objects.bulk_create(Request(club=club, text=text, made_at=made.made_at) for text in payloads)
    answer = callers["manager"].client.get(f"{reverse('request_list')}?export={form}")
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(body(answer).decode("utf-8-sig"), newline="")))
        found = [row["text"] for row in rows]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(body(answer))).active
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        found = [str(row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert len(found) >= len(payloads)
    running = [
        text for text in found
        if text.lstrip(exports.INVISIBLE)[:1] in exports.DANGEROUS and not exports.PLAIN_NUMBER.fullmatch(text)
    ]  # fmt: skip
    assert running == []


def test_phones_and_negative_numbers_stay_readable(apart: World, callers: dict[str, Caller]) -> None:
    text = body(callers["manager"].client.get(f"{reverse('member_list')}?export=csv")).decode()
    assert Member.objects.filter(phone="+13195550166").exists() and ",+13195550166," in text
    assert exports.neutral("-41.00") == "-41.00"


def test_plans_and_promotions_go_out_as_the_files_that_come_in(apart: World, callers: dict[str, Caller]) -> None:
    for name, model in (("plan_list", Plan), ("promotion_list", Promotion)):
        text = body(callers["manager"].client.get(f"{reverse(name)}?export=csv")).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {row["code"] for row in rows} <= set(model.objects.values_list("code", flat=True)) and rows
    assert FileImport.objects.count() == 2
