"""The tables of §4 and §9, held against the words of the product."""

from __future__ import annotations

import pytest

from calls.rules.kinds import (
    ASKED_FOR,
    DELAYS_ONLY,
    RANK,
    Code,
    Kind,
    Purpose,
    counts_as_refusal_of,
    purpose_of,
)

QUEUE = [
    *("callback", "missed_call", "no_show", "meeting_reminder", "welcome", "renewal", "onboarding"),
    *("freeze_ending", "complaint_followup", "at_risk", "care", "birthday", "winback"),
]
NOT_ASKED_FOR = {
    "deceased": "",
    "do_not_call": "",
    "no_phone": "",
    "bad_phone": "",
    "no_consent": "callback missed_call",
    "open_complaint": "callback missed_call complaint_followup meeting_reminder",
    "frozen": "callback missed_call complaint_followup freeze_ending meeting_reminder no_show",
    "silence_days": "callback missed_call meeting_reminder no_show complaint_followup",
    "contact_cap": "callback missed_call no_show meeting_reminder complaint_followup",
    "attempts_today": "callback missed_call",
    "min_gap": "callback missed_call",
    "holiday": "callback missed_call",
    "outside_hours": "",
}
ASKED_ONLY_FOR = {
    "already_renewed": "renewal winback",
    "cancelled": "renewal",
    "refused_lately": "renewal at_risk winback",
    "meeting_booked": "renewal at_risk care winback no_show",
}


def test_kinds_stand_in_the_order_of_the_queue() -> None:
    assert list(Kind) == QUEUE == sorted(QUEUE, key=lambda name: RANK[Kind(name)])


def test_codes_stand_in_the_order_of_the_policy() -> None:
    order = (
        "deceased do_not_call no_phone bad_phone no_consent already_renewed cancelled open_complaint refused_lately "
        "meeting_booked frozen silence_days contact_cap attempts_today min_gap holiday outside_hours"
    )
    assert list(Code) == order.split()


@pytest.mark.parametrize("code", list(Code))
def test_each_code_is_asked_of_the_kinds_the_product_names(code: Code) -> None:
    if code in ASKED_ONLY_FOR:
        expected = set(ASKED_ONLY_FOR[code].split())
    else:
        expected = set(QUEUE) - set(NOT_ASKED_FOR[code].split())
    assert ASKED_FOR[code] == expected


def test_the_planner_leaves_out_the_codes_that_only_delay() -> None:
    assert {"contact_cap", "attempts_today", "min_gap", "holiday", "outside_hours"} == DELAYS_ONLY


@pytest.mark.parametrize(
    ("kind", "origin", "purpose"),
    [
        (None, None, "renewal"),
        ("renewal", None, "renewal"),
        ("winback", None, "renewal"),
        ("welcome", None, "session"),
        ("onboarding", None, "session"),
        ("care", None, "review"),
        ("at_risk", None, "review"),
        ("complaint_followup", None, "complaint"),
        ("callback", None, "renewal"),
        ("callback", "welcome", "session"),
        ("no_show", "at_risk", "review"),
        ("no_show", "renewal", "renewal"),
    ],
)
def test_a_meeting_is_for_what_its_call_was(kind: str | None, origin: str | None, purpose: str) -> None:
    assert purpose_of(kind and Kind(kind), origin and Kind(origin)) is Purpose(purpose)


def test_a_refusal_counts_for_the_kind_and_its_origin() -> None:
    assert counts_as_refusal_of(Kind.RENEWAL) == {"renewal"}
    assert counts_as_refusal_of(Kind.CALLBACK, Kind.AT_RISK) == {"callback", "at_risk"}
