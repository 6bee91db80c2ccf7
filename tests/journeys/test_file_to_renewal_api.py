"""From a club's files to a renewal, and to a refusal that the manager counts, by programs with tokens.

The member, the offer and the freeze of the little club are those of the worked examples, to the cent and the day.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from calls.models import CallAttempt, Meeting
from memberships.models import Employee, Member, Membership
from tests import days
from tests.journeys import console, files
from tests.journeys.programs import Program


@pytest.fixture
def club(system: str, tmp_path: Path) -> str:
    """The little club on 12 November 2026 at ten, its files taken."""
    console.set_clock(days.NOW)
    console.make_club()
    console.import_all(files.write_small(tmp_path), as_of="2026-11-12")
    return "mf"


def test_programs_take_a_file_to_a_renewal_that_a_freeze_moves(club: str, system: str) -> None:
    olga, anna, karin = (Program(system, name) for name in ("olga", "anna", "karin"))
    planned = karin.post("calls/plan", {"club": club}).ok()
    assert planned["created"] == {"welcome": 1, "renewal": 2}
    assert planned["left_out"] == {"do_not_call": 1, "no_phone": 1}
    assert karin.post("calls/plan", {"club": club}).ok()["created"] == {}
    olga.post("calls/plan", {"club": club}).refused(403, "forbidden")

    # The newcomer is well. The outcome arrives twice and happens once.
    first = olga.post("calls/next", {"club": club}).ok()
    assert (first["task"]["kind"], first["card"]["member"]["name"]) == ("welcome", "Chris Young")
    task = f"calls/tasks/{first['task']['id']}"
    dialled = olga.post(f"{task}/dial").ok()
    assert dialled["outcome"] is None
    talked = olga.post(f"{task}/outcome", {"outcome": "talked"}, key="one-call")
    assert talked.ok()["attempt"]["id"] == dialled["id"]
    assert olga.post(f"{task}/outcome", {"outcome": "talked"}, key="one-call").body == talked.body
    other = olga.post(f"{task}/outcome", {"outcome": "thinking"}, key="one-call")
    other.refused(409, "idempotency_conflict")
    assert CallAttempt.objects.count() == 1

    # Ivan refuses, and says why only when asked.
    second = olga.post("calls/next", {"club": club}).ok()
    assert second["card"]["member"]["name"] == "Ivan Petrov"
    task = f"calls/tasks/{second['task']['id']}"
    olga.post(f"{task}/dial").ok()
    unsaid = olga.post(f"{task}/outcome", {"outcome": "refused"}).refused(422, "reason_required")
    assert list(unsaid["errors"]) == ["reason"]
    why = {"outcome": "refused", "reason": "closer", "competitor": "Iron Temple", "attends": "no",
           "absence_reason": "no_time"}  # fmt: skip
    assert olga.post(f"{task}/outcome", why).ok()["attempt"]["competitor"] == "Iron Temple"

    # Pamela comes to the club. Her card says how she bought, and never at what price.
    third = olga.post("calls/next", {"club": club})
    card = third.ok()["card"]
    assert (card["member"]["name"], card["membership"]["days_left"]) == ("Pamela Scott", 18)
    assert card["special_terms"] == ["corporate terms"]
    assert [one["name"] for one in card["promotions"]] == ["Early renewal", "Two years with us", "Two weeks on us"]
    assert not {"360", "306", "EARLY10"} & set(third.text.replace(".", '"').split('"'))
    host = Employee.objects.get(user__username="anna").pk
    slot = next(one for one in card["slots"] if one["host"] == host)
    task = f"calls/tasks/{third.body['task']['id']}"
    olga.post(f"{task}/dial").ok()
    booked = {"outcome": "booked", "meeting": {"host": host, "starts_at": slot["starts_at"]}, "duration_s": 190}
    made = olga.post(f"{task}/outcome", booked, key="booking")
    assert olga.post(f"{task}/outcome", booked, key="booking").body == made.ok()
    (meeting,) = (one["meeting"] for one in made.body["created"])
    assert Meeting.objects.count() == 1
    assert olga.post("calls/next", {"club": club}).status == 204
    assert olga.get("calls/queue", club=club).ok()["ready"] == 0

    # The meeting: an offer, and the sale.
    member = Member.objects.get(external_id="F1").pk
    olga.post("quotes", {"member": member, "plan": "M12"}).refused(403, "forbidden")
    console.set_clock(dt.datetime.fromisoformat(slot["starts_at"]))
    anna.post(f"meetings/{meeting}/attended").ok()
    quote = anna.post("quotes", {"member": {"external_id": "F1"}, "plan": "M12"}).ok()
    assert [(line["promotion"], line["amount"], line["days"]) for line in quote["lines"]] == [
        ("LOYAL20", "-20.00", 0), ("EARLY10", "-34.00", 0), ("PLUS14", "0.00", 14),
    ]  # fmt: skip
    assert (quote["list_price"], quote["final_price"], quote["newcomer_price"]) == ("360.00", "306.00", "360.00")
    assert (quote["starts_on"], quote["ends_on"], quote["valid_until"]) == ("2026-12-01", "2027-11-30", "2026-11-24")
    sale = {"result": "renewed", "quote": quote["id"]}
    closed = anna.post(f"meetings/{meeting}/close", sale, key="sale").ok()
    assert anna.post(f"meetings/{meeting}/close", sale, key="sale").ok() == closed
    assert (closed["status"], closed["result"]) == ("attended", "renewed")
    renewal = anna.get(f"memberships/{closed['membership']}").ok()
    old = renewal["renewed_from"]
    expected = {
        "sale_kind": "renewal", "starts_on": "2026-12-01", "ends_on": "2027-11-30", "bonus_days": 14,
        "effective_ends_on": "2027-12-14", "status": "pending", "price": "306.00", "price_paid": "306.00",
        "promotions": ["EARLY10", "LOYAL20", "PLUS14"],
    }  # fmt: skip
    assert {name: renewal[name] for name in expected} == expected
    anna.post("memberships", {"member": member, "plan": "M12", "quote": quote["id"]}).refused(409, "quote_used")
    assert Membership.objects.filter(member=member).count() == 3

    # A freeze moves the end and the renewal behind it; an early return brings them back by what was not used.
    def ends() -> tuple[str, str, str, str]:
        running, behind = (anna.get(f"memberships/{pk}").ok() for pk in (old, renewal["id"]))
        return running["effective_ends_on"], behind["starts_on"], behind["ends_on"], behind["effective_ends_on"]

    asked = {"starts_on": "2026-11-16", "ends_on": "2026-11-25", "reason": "travel"}
    preview = anna.post(f"memberships/{old}/freezes?preview=1", asked).ok()
    assert preview["moves"]
    assert ends() == ("2026-11-30", "2026-12-01", "2027-11-30", "2027-12-14")
    freeze = anna.post(f"memberships/{old}/freezes", asked, key="freeze").ok()
    assert anna.post(f"memberships/{old}/freezes", asked, key="freeze").ok() == freeze
    assert freeze["days"] == 10
    assert ends() == ("2026-12-10", "2026-12-11", "2027-12-10", "2027-12-24")
    anna.post(f"memberships/{old}/freezes", asked).refused(409, "freeze_overlap")
    assert anna.post(f"freezes/{freeze['id']}/end", {"returned_on": "2026-11-21"}).ok()["days"] == 5
    assert ends() == ("2026-12-05", "2026-12-06", "2027-12-05", "2027-12-19")

    # The manager counts one refusal, and reads who did what.
    report = karin.get("reports/refusals", club=club, by="competitor").ok()
    assert [(row["label"], row["count"], row["share"]) for row in report["rows"]] == [("Iron Temple", 1, "1.0000")]
    olga.get("reports/refusals", club=club).refused(403, "forbidden")
    changes = karin.get("audit", object=f"member:{member}").ok()
    assert changes["results"]


@pytest.mark.skipif(not files.MODEL_FITNESS.is_dir(), reason="the data of Model Fitness is not beside this repository")
def test_programs_walk_two_thousand_members_to_a_renewal(system: str) -> None:
    console.set_clock(days.at("2026-11-02T10:00"))
    console.make_club()
    console.import_all(files.MODEL_FITNESS, as_of="2026-11-01")
    olga, anna, karin = (Program(system, name) for name in ("olga", "anna", "karin"))
    assert karin.post("calls/plan", {"club": "mf"}).ok()["created"]["renewal"] > 500
    assert olga.post("calls/next").ok()["task"]["kind"] == "welcome"
    console.set_clock(days.at("2026-11-06T10:00"))
    assert karin.post("calls/plan", {"club": "mf"}).ok()["lapsed"]["window_over"] > 60

    given = olga.post("calls/next").ok()
    task, old = f"calls/tasks/{given['task']['id']}", given["task"]["membership"]
    assert (given["task"]["kind"], given["card"]["membership"]["status"]) == ("renewal", "expired")
    slot = given["card"]["slots"][0]
    olga.post(f"{task}/dial").ok()
    booked = {"outcome": "booked", "meeting": {"host": slot["host"], "starts_at": slot["starts_at"]}}
    (meeting,) = (one["meeting"] for one in olga.post(f"{task}/outcome", booked).ok()["created"])
    console.set_clock(dt.datetime.fromisoformat(slot["starts_at"]))
    anna.post(f"meetings/{meeting}/attended").ok()
    quote = anna.post("quotes", {"member": given["card"]["member"]["id"], "plan": "M6"}).ok()
    assert (quote["sale_kind"], quote["starts_on"], quote["final_price"]) == ("renewal", "2026-11-06", "189.00")
    sold = anna.post(f"meetings/{meeting}/close", {"result": "renewed", "quote": quote["id"]}).ok()
    assert anna.get(f"memberships/{sold['membership']}").ok()["renewed_from"] == old

    # Renewed early at the desk, then frozen: the renewal starts the day after, wherever the end goes.
    page = anna.get("memberships", club="mf", ends_from="2026-11-06", ends_to="2026-12-20", limit=200).ok()
    rows = list(page["results"])
    while page["next"]:
        page = anna.session.get(page["next"], timeout=30).json()
        rows += page["results"]
    running = next(row for row in rows if row["plan"] == "M12G")
    offered = anna.post("quotes", {"member": running["member"], "plan": "M12G"}).ok()
    assert (offered["list_price"], offered["final_price"]) == ("480.00", "432.00")
    renewal = anna.post("memberships", {"member": running["member"], "plan": "M12G", "quote": offered["id"]}).ok()
    assert days.day(renewal["starts_on"]) == days.day(running["effective_ends_on"]) + days.DAY
    frozen = {"starts_on": "2026-11-09", "ends_on": "2026-11-18", "reason": "travel"}
    freeze = anna.post(f"memberships/{running['id']}/freezes", frozen).ok()
    moved = anna.get(f"memberships/{renewal['id']}").ok()
    assert days.day(moved["starts_on"]) == days.day(renewal["starts_on"]) + 10 * days.DAY
    anna.post(f"freezes/{freeze['id']}/end", {"returned_on": "2026-11-12"}).ok()
    back = anna.get(f"memberships/{renewal['id']}").ok()
    assert days.day(back["starts_on"]) == days.day(renewal["starts_on"]) + 3 * days.DAY
