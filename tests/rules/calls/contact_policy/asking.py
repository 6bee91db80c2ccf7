"""What is asked of the policy: a member, their club, noon of a Thursday."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from calls.rules.facts import Attempt, Facts, Held, Policy
from calls.rules.kinds import Kind
from calls.rules.policy import Block, blocks
from tests.days import CHICAGO, at, day

POLICY = Policy(zone=CHICAGO, country="US", region="IL")
LISBON = zoneinfo.ZoneInfo("Europe/Lisbon")
NOON = at("2026-11-12T12:00")
FACTS = Facts(
    zone=CHICAGO,
    phone="+13195550107",
    memberships=[
        Held(id=500, starts_on=day("2024-12-01"), last_covered_on=day("2025-11-30")),
        Held(id=501, starts_on=day("2025-12-01"), last_covered_on=day("2026-11-30")),
    ],
)
NEXT = Held(id=733, starts_on=day("2026-12-01"), last_covered_on=day("2027-12-14"))


def ask(
    facts: Facts,
    kind: Kind = Kind.RENEWAL,
    when: dt.datetime = NOON,
    policy: Policy = POLICY,
    membership: int | None = None,
    promised_at: dt.datetime | None = None,
) -> list[Block]:
    return blocks(facts, policy, kind, at=when, membership=membership, promised_at=promised_at)


def said(found: list[Block]) -> list[tuple[str, str, str | None]]:
    return [
        (block.code, str(block.sentence), block.until and block.until.astimezone(CHICAGO).isoformat())
        for block in found
    ]


def reached(*instants: str) -> list[Attempt]:
    return [Attempt(at(instant), reached=True, outcome="talked") for instant in instants]
