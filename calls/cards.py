"""The operator's card: who is rung, why, what to say, what may be promised. Without any price (§8).

Dicts of plain values as CONTRACT.md and EXAMPLES.md show them; instants are aware, in the club's zone, sentences
are ``memberships.rules.sentences.Sentence``: interfaces say them in the reader's language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from calls import household, meetings, scripts
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, Complaint, Script
from calls.rules import hours, outcomes
from calls.rules.kinds import Kind
from memberships import attendance, quotes, standing
from memberships.models import Club, Member, Membership, User
from memberships.rules import terms
from memberships.rules.amounts import mask_amounts
from memberships.rules.sales import SaleKind
from memberships.rules.sentences import N_, Sentence, sentence

CONTACTS_SHOWN = 10
SLOTS_SHOWN = 6
SLOT_DAYS = 7
NOTICE = dt.timedelta(minutes=30)
"""Nobody is in the club within half an hour of the call."""

Card = dict[str, object]


def task_of(task: CallTask) -> Card:
    """A task as the API and the card show it."""
    zone = task.club.zone
    return {
        "id": task.pk,
        "member": task.member_id,
        "membership": task.membership_id,
        "kind": task.kind,
        "origin": task.origin or None,
        "status": task.status,
        "due_at": task.due_at.astimezone(zone),
        "ready_at": task.ready_at.astimezone(zone) if task.ready_at else None,
        "reason": reason_of(task),
        "attempts": task.attempts,
        "holder": task.holder.username if task.holder else None,
        "promised_to": task.promised_to.username if task.promised_to else None,
        "lapsed_because": task.lapsed_because or None,
    }


def reason_of(task: CallTask) -> Sentence:
    """Why the member is rung, in words."""
    return Sentence.from_json(task.facts["reason"]) if "reason" in task.facts else sentence(N_("A call is due."))


def card(*, task: CallTask, operator: User, now: dt.datetime) -> Card:
    """All that the operator sees of a task that they hold."""
    member, club = task.member, task.club
    today = now.astimezone(club.zone).date()
    about = task.membership or standing.of_member(member=member, on=today).membership
    slots = slots_of(club, now)
    script = script_of(club=club, kind=task.kind, language=member.language)
    return {
        "member": _member(task, now),
        "membership": _membership(about, today),
        "special_terms": _special_terms(about),
        "warnings": _warnings(member, about),
        "household": _household(task, today),
        "visits": _visits(member, today),
        "contacts": _contacts(member),
        "promotions": _promotions(task, about, now),
        "script": _script(script, task, operator, slots),
        "slots": [
            {"host": slot.host.pk, "host_name": slot.host.name, "starts_at": slot.starts_at, "ends_at": slot.ends_at}
            for slot in slots
        ],
        "other_tasks": _other_tasks(task),
    }


def next_call(*, task: CallTask, operator: User, now: dt.datetime) -> Card:
    """The answer to *Next*: task, card, and until when it is held."""
    until = task.lease_until.astimezone(task.club.zone) if task.lease_until else None
    return {"task": task_of(task), "card": card(task=task, operator=operator, now=now), "lease_until": until}


def script_of(*, club: Club, kind: str, language: str) -> Script | None:
    """The club's newest script for a kind of call: in the member's language, else the club's, else English."""
    wanted = [language, club.language, "en"]
    rows = Script.objects.filter(club=club, kind=kind, language__in=wanted).order_by("language", "-version")
    newest: dict[str, Script] = {}
    for row in rows.distinct("language"):
        newest[row.language] = row
    return next((newest[name] for name in wanted if name in newest), None)


def slots_of(club: Club, now: dt.datetime) -> Sequence[meetings.Slot]:
    """Times to offer: the first free slot of each part of each day, so that there is a choice."""
    today = now.astimezone(club.zone).date()
    last = today + dt.timedelta(days=SLOT_DAYS)
    firsts: dict[tuple[dt.date, hours.Part], meetings.Slot] = {}
    for slot in meetings.each_slot(club=club, now=now + NOTICE, first=today, last=last):
        part = hours.part_of_day(slot.starts_at, club.zone)
        firsts.setdefault((slot.starts_at.date(), part), slot)
        if len(firsts) == SLOTS_SHOWN:
            break
    return list(firsts.values())


def times_of(slots: Sequence[meetings.Slot]) -> str:
    """Two times to offer, as the script says them."""
    return " / ".join(f"{slot.starts_at:%d.%m. %H:%M}" for slot in slots[:2])


def _member(task: CallTask, now: dt.datetime) -> Card:
    member, club = task.member, task.club
    zone = member.zone(club)
    local = now.astimezone(zone)
    minor = bool(task.phone) and task.phone != member.phone
    return {
        "id": member.pk,
        "name": member.name,
        "phone": task.phone or member.phone,
        "local_time": local,
        "language": member.language or club.language,
        "segment": member.segment,
        "age": terms.months_between(member.birthday, local.date()) // 12 if member.birthday else None,
        "guardian": mask_amounts(member.guardian) if minor else None,
    }


def _membership(about: Membership | None, today: dt.date) -> Card | None:
    if about is None:
        return None
    return {
        "id": about.pk,
        "plan": mask_amounts(about.plan.name),
        "status": standing.status_of(membership=about, on=today).value,
        "starts_on": about.starts_on,
        "effective_ends_on": about.effective_ends_on,
        "days_left": terms.days_left(about.effective_ends_on, today),
    }


def _special_terms(about: Membership | None) -> list[str]:
    """How it was bought: the names of its promotions, then what was noted; no amounts."""
    if about is None:
        return []
    names = about.promotions.order_by("code").values_list("name", flat=True)
    return [mask_amounts(text) for text in (*names, about.special_terms) if text]


def _warnings(member: Member, about: Membership | None) -> list[Card]:
    """What must be seen before anybody dials."""
    found: list[Card] = []
    if about is not None and about.balance_due > 0:
        text = N_("A balance is due. The desk in the club settles it, not on the phone.")
        found.append({"code": "balance_due", "text": sentence(text)})
    complaint = Complaint.objects.filter(member=member, status="open").select_related("owner").order_by("pk").first()
    if complaint is not None:
        who = complaint.owner.name if complaint.owner else ""
        text = N_("%(who)s is in touch with them. If it comes up: listen, then “Complaint”.")
        unowned = N_("A complaint waits for its answer. If it comes up: listen, then “Complaint”.")
        words = sentence(text, who=who) if who else sentence(unowned)
        found.append({"code": "open_complaint", "text": words})
    return found


def _household(task: CallTask, today: dt.date) -> list[Card]:
    """Everybody else on the number that is rung, each with the call that is due to them."""
    mates = list(household.mates(task=task, today=today))
    if not mates:
        return []
    due: dict[int, CallTask] = {}
    for row in CallTask.objects.filter(member__in=mates, status__in=OPEN_STATUSES).order_by("sort_key", "due_at", "pk"):
        due.setdefault(row.member_id, row)
    stands = standing.of_members(members=[mate.pk for mate in mates], on=today)
    shown = []
    for mate in mates:
        call, held = due.get(mate.pk), stands[mate.pk].membership
        shown.append(
            {
                "member": mate.pk,
                "name": mate.name,
                "task": call.pk if call else None,
                "kind": call.kind if call else None,
                "reason": reason_of(call) if call else None,
                "days_left": terms.days_left(held.effective_ends_on, today) if held else None,
            }
        )
    return shown


def _visits(member: Member, today: dt.date) -> Card:
    came = attendance.of_members(club=member.club, members=[member.pk], on=today)[member.pk]
    return {
        "weeks": came.weeks,
        "usual_per_week": round(float(came.counts.usual_per_week), 2),
        "lately": came.counts.lately,
        "usual": round(float(came.counts.usual), 2),
    }


def _contacts(member: Member) -> list[Card]:
    """The last calls, newest first, with what was noted."""
    rows = CallAttempt.objects.filter(member=member).exclude(outcome="").select_related("operator", "reason")
    zone = member.club.zone
    return [
        {
            "at": row.at.astimezone(zone),
            "kind": row.kind,
            "outcome": row.outcome,
            "by": row.operator.username if row.operator else None,
            "note": mask_amounts(row.note),
            "reason": row.reason.code if row.reason else None,
        }
        for row in rows.order_by("-at")[:CONTACTS_SHOWN]
    ]


def _promotions(task: CallTask, about: Membership | None, now: dt.datetime) -> list[Card]:
    """What may be said of the offers that a renewal of the same plan would get today without a code."""
    if about is None:
        return []
    kind = SaleKind.RETURN if Kind.WINBACK in (task.kind, task.origin) else SaleKind.RENEWAL
    won = quotes.phone_promotions(member=task.member, now=now, kind=kind, plan=about.plan)
    return [
        {
            "name": mask_amounts(promotion.name),
            "phone_summary": mask_amounts(promotion.phone_summary),
            "ends_on": promotion.ends_on,
        }
        for promotion in sorted(won, key=lambda promotion: promotion.code)
        if promotion.phone_summary
    ]


def _script(script: Script | None, task: CallTask, operator: User, slots: Sequence[meetings.Slot]) -> Card | None:
    if script is None:
        return None
    values = {
        "member": task.member.first_name or task.member.name,
        "operator": operator.first_name or operator.username,
        "club": task.club.name,
        "host": slots[0].host.name if slots else "",
        "times": times_of(slots),
    }
    return {"version": script.version, **scripts.filled(scripts.parts(script), values)}


def _other_tasks(task: CallTask) -> list[Card]:
    """The member's other open calls; ``closes``: a conversation closes them too unless unticked."""
    rows = CallTask.objects.filter(member=task.member_id, status__in=OPEN_STATUSES).exclude(pk=task.pk)
    return [
        {"id": row.pk, "kind": row.kind, "reason": reason_of(row), "closes": row.kind in outcomes.CLOSED_ALSO}
        for row in rows.order_by("sort_key", "due_at", "pk")
    ]
