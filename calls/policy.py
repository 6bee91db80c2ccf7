"""Asks the contact policy about real members: loads what the rules need to know, for one or for thousands at once."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from calls import prepared
from calls.models import CallTask
from calls.rules import kinds, policy
from calls.rules.facts import Attempt, Facts, Held, MeetingAhead, Policy, Refusal
from calls.rules.kinds import Kind
from calls.rules.policy import Block
from memberships.models import Club, Member
from memberships.rules import phones
from memberships.rules.terms import Span

ADULT_YEARS = 18

POLICIES = """
SELECT c.id, (to_jsonb(p) || jsonb_build_object(
    'zone', c.timezone, 'country', c.country, 'region', c.region, 'grace_days', coalesce(g.grace_days, 30),
    'windows', CASE WHEN p.own_windows THEN (
        SELECT coalesce(jsonb_agg(jsonb_build_array(w.weekday, w.from_time, w.to_time) ORDER BY w.from_time), '[]')
        FROM calls_callingwindow w WHERE w.policy_id = p.id) END))::text
FROM memberships_club c
LEFT JOIN calls_contactpolicy p ON p.club_id = c.id
LEFT JOIN memberships_clubpolicy g ON g.club_id = c.id
WHERE c.id = ANY (%(clubs)s::bigint[])
"""

VERSION = "c.xmin || ' ' || c.ctid"
VERSIONS = f"SELECT c.id, {VERSION} FROM memberships_club c WHERE c.id = ANY (%(clubs)s::bigint[])"
"""Which version each club's policy is: the row of its club is written anew with every change of it (``renews_club``).
So every process sees it at once.
"""


def ringable_phone(day: str) -> str:
    """In SQL: the number that is rung of a member ``m`` on a day of the club: a minor's guardian's, or none."""
    return f"CASE WHEN m.birthday > ({day} - interval '{ADULT_YEARS} years') THEN m.guardian_phone ELSE m.phone END"


def facts_known(*, since: str) -> str:
    """In SQL: the columns that ``facts_in`` reads, of a member in ``members_known``.

    What there are several of is gathered by ``ARRAY``, which costs a third of what an aggregate does.
    """
    return f"""
    m.id, m.club_id, m.timezone, n.phone,
    m.deceased_on IS NOT NULL, m.do_not_call_since, m.phone_bad_since, m.phone_changed_at, m.consent_calls,
    EXISTS (SELECT FROM calls_complaint q WHERE q.member_id = m.id AND q.status = 'open'),
    array_to_json(ARRAY(
        SELECT json_build_array(s.id, s.starts_on, s.last_covered_on, s.cancelled_on, array_to_json(ARRAY(
            SELECT json_build_array(f.starts_on, f.ends_on)
            FROM memberships_freeze f WHERE f.membership_id = s.id AND NOT f.voided)))
        FROM memberships_membership s WHERE s.member_id = m.id))::text,
    array_to_json(ARRAY(
        SELECT json_build_array(a.at, a.reached, a.outcome, a.kind, a.origin)
        FROM calls_callattempt a WHERE a.member_id = m.id AND a.at > {since}))::text,
    array_to_json(ARRAY(
        SELECT json_build_array(a.at, a.reached, a.outcome, coalesce(a.same_dial_as_id, a.id))
        FROM calls_callattempt a
        WHERE a.club_id = m.club_id AND a.phone = n.phone AND a.phone <> '' AND a.at > {since}))::text,
    array_to_json(ARRAY(
        SELECT json_build_array(b.status, b.purpose, b.starts_at, b.ends_at, b.closed_at, t.kind, t.origin)
        FROM calls_meeting b LEFT JOIN calls_calltask t ON t.id = b.task_id
        WHERE b.member_id = m.id AND (b.status = 'scheduled' OR b.result = 'refused' AND b.closed_at > {since})))::text
"""


def members_known(*, day: str) -> str:
    """In SQL: the members ``m`` whose facts are asked for, with what belongs to each."""
    return f"""
    memberships_member m
    CROSS JOIN LATERAL (SELECT {ringable_phone(day)} AS phone) n
"""


FACTS = f"""
SELECT {facts_known(since="%(since)s")}
FROM {members_known(day="%(day)s::date")}
WHERE m.id = ANY (%(members)s::bigint[])
"""

NO_ROWS = "[]"
"""What is gathered where there is nothing: of most members."""

LOOKS_BACK = dt.timedelta(days=31)
"""Attempts older than this count in nothing but refusals, which a policy may let count for longer."""

PURPOSE_KINDS = {
    kinds.Purpose.RENEWAL: frozenset({Kind.RENEWAL}),
    kinds.Purpose.REVIEW: frozenset({Kind.AT_RISK}),
}
"""Which kinds a refusal refuses at a meeting that no call had booked."""

POLICY_FIELDS = {field.name for field in fields(Policy)}
MOST_KNOWN = 1000
_known: dict[tuple[int, str], Policy] = {}


def of_club(club: Club | int) -> Policy:
    """The rules that a club keeps now."""
    pk = club if isinstance(club, int) else club.pk
    return of_clubs([pk])[pk]


def of_clubs(clubs: Iterable[int]) -> dict[int, Policy]:
    """The rules of several clubs by id."""
    return of_versions(dict(prepared.rows(VERSIONS, {"clubs": list(clubs)})))


def of_versions(versions: Mapping[int, str]) -> dict[int, Policy]:
    """The rules of these versions (``VERSIONS``) by club: those that this process knows already are not read again."""
    missing = [club for club, version in versions.items() if (club, version) not in _known]
    if missing:
        if len(_known) > MOST_KNOWN:
            _known.clear()
        for club, text in prepared.rows(POLICIES, {"clubs": missing}):
            _known[club, versions[club]] = parse(json.loads(text or "{}"))
    return {club: _known[club, version] for club, version in versions.items()}


def facts(members: Sequence[int], *, at: dt.datetime, policies: Mapping[int, Policy]) -> dict[int, Facts]:
    """What is known of each member, by id, in one query. ``policies``: those of all their clubs."""
    zone = next(iter(policies.values())).zone if policies else dt.UTC
    since = looks_back(policies.values(), at)
    params = {"members": list(members), "since": since, "day": at.astimezone(zone).date()}
    return {row[0]: facts_in(row, policies[row[1]]) for row in prepared.rows(FACTS, params)}


def looks_back(policies: Iterable[Policy], at: dt.datetime) -> dt.datetime:
    """Since when attempts and refusals count under these rules."""
    longest = max((known.refused_days for known in policies), default=0)
    return at - max(LOOKS_BACK, dt.timedelta(days=longest + 1))


def why(
    *,
    member: Member,
    kind: Kind,
    at: dt.datetime,
    membership: int | None = None,
    promised_at: dt.datetime | None = None,
) -> list[Block]:
    """Every reason why a member may not be rung for a kind of call at an instant; none: ring."""
    known = of_clubs([member.club_id])
    one = facts([member.pk], at=at, policies=known)[member.pk]
    return policy.blocks(one, known[member.club_id], kind, at=at, membership=membership, promised_at=promised_at)


def why_all(*, member: Member, at: dt.datetime) -> dict[Kind, list[Block]]:
    """The same for every kind of call."""
    known = of_clubs([member.club_id])
    one = facts([member.pk], at=at, policies=known)[member.pk]
    return {kind: policy.blocks(one, known[member.club_id], kind, at=at) for kind in Kind}


def of_task(task: CallTask, known: Facts, rules: Policy, *, at: dt.datetime) -> list[Block]:
    """Every reason why a task may not be rung at an instant."""
    return policy.blocks(
        known,
        rules,
        Kind(task.kind),
        at=at,
        membership=task.membership_id,
        promised_at=task.due_at if task.kind == Kind.CALLBACK else None,
    )


def parse(row: Mapping[str, Any]) -> Policy:
    """The rules that a row of ``POLICIES`` says."""
    values = {name: value for name, value in row.items() if name in POLICY_FIELDS and value is not None}
    values["zone"] = zoneinfo.ZoneInfo(row["zone"])
    if "windows" in values:
        windows: dict[int, list[tuple[dt.time, dt.time]]] = {}
        for weekday, begins, ends in values["windows"]:
            windows.setdefault(weekday, []).append((dt.time.fromisoformat(begins), dt.time.fromisoformat(ends)))
        values["windows"] = windows
    return Policy(**values)


def facts_in(row: tuple, rules: Policy) -> Facts:
    """What a row of ``facts_known`` says of a member whose club has these rules."""
    (_id, _club, zone, phone, deceased, dnc, bad, changed, consent, complaint, held, own, number, meetings) = row
    attempts = [(_instant(at), *rest) for at, *rest in _rows(own)]
    refusals = [
        Refusal(at, kinds.counts_as_refusal_of(Kind(kind), Kind(origin) if origin else None))
        for at, _reached, outcome, kind, origin in attempts
        if outcome == "refused"
    ]
    ahead = []
    for status, purpose, starts_at, ends_at, closed_at, kind, origin in _rows(meetings):
        if status == "scheduled":
            ahead.append(MeetingAhead(kinds.Purpose(purpose), _instant(starts_at), _instant(ends_at)))
        elif kind:
            refused = kinds.counts_as_refusal_of(Kind(kind), Kind(origin) if origin else None)
            refusals.append(Refusal(_instant(closed_at), refused))
        elif purpose in PURPOSE_KINDS:
            refusals.append(Refusal(_instant(closed_at), PURPOSE_KINDS[kinds.Purpose(purpose)]))
    return Facts(
        zone=zoneinfo.ZoneInfo(zone) if zone else rules.zone,
        phone=phone,
        deceased=deceased,
        do_not_call_since=dnc,
        phone_bad_since=bad,
        phone_changed_at=changed,
        phone_is_premium=bool(phone) and phones.is_premium(phone),
        consent_calls=consent,
        memberships=[_held(one) for one in _rows(held)],
        open_complaint=complaint,
        refusals=refusals,
        meetings=ahead,
        attempts=[Attempt(at, reached, outcome) for at, reached, outcome, *_ in attempts],
        number_attempts=_dials(_rows(number)),
    )


def _held(one: list) -> Held:
    pk, starts_on, last_covered_on, cancelled_on, freezes = one
    return Held(
        id=pk,
        starts_on=_day(starts_on),
        last_covered_on=_day(last_covered_on),
        cancelled_on=_day(cancelled_on) if cancelled_on else None,
        freezes=[Span(_day(first), _day(last)) for first, last in freezes],
    )


def _dials(attempts: Iterable[list]) -> list[Attempt]:
    """The dials of a number: what a household's members were told in one call is one dial."""
    dials: dict[int, Attempt] = {}
    for at, reached, outcome, dial in attempts:
        one = dials.get(dial)
        dials[dial] = Attempt(
            min(one.at, _instant(at)) if one else _instant(at),
            reached or (one is not None and one.reached),
            one.outcome if one and outcome == "busy" else outcome,
        )
    return list(dials.values())


def _rows(gathered: str) -> list:
    return json.loads(gathered) if gathered != NO_ROWS else []


_instant = dt.datetime.fromisoformat
_day = dt.date.fromisoformat
