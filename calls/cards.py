"""The operator's card: who is rung, why, what to say, what may be promised. Without any price (§8).

Dicts of plain values as CONTRACT.md and EXAMPLES.md show them; instants are aware, in the club's zone, sentences
are ``memberships.rules.sentences.Sentence``: interfaces say them in the reader's language.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from calls import household, meetings, scripts
from calls.fixed import Fixed, Given
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, Complaint, Script
from calls.rules import hours, outcomes
from calls.rules.kinds import Kind
from memberships import attendance, quotes, standing
from memberships.models import Club, Freeze, Member, Membership, Promotion, PromotionUse, User, Visit
from memberships.rules import terms
from memberships.rules.amounts import mask_amounts
from memberships.rules.sales import SaleKind
from memberships.rules.sentences import N_, Sentence, sentence
from memberships.rules.terms import DAY, Span

CONTACTS_SHOWN = 10
SLOTS_SHOWN = 6
SLOT_DAYS = 7
NOTICE = dt.timedelta(minutes=30)
"""Nobody is in the club within half an hour of the call."""
ENGLISH = "en"

Card = dict[str, object]

WHOLE = Fixed(
    lambda: CallTask.objects.filter(pk=Given("task")).select_related(
        "club", "member", "membership__plan", "holder", "promised_to"
    )
)
MEMBERSHIPS = Fixed(lambda: standing.covering().filter(member=Given("member")).select_related("plan"))
FREEZES = Fixed(
    lambda: (
        Freeze.objects.filter(membership=Given("membership"), voided=False)
        .order_by("starts_on")
        .values_list("starts_on", "ends_on")
    )
)
SCRIPTS = Fixed(
    lambda: (
        Script.objects.filter(
            club=Given("club"), kind=Given("kind"), language__in=[Given("theirs"), Given("ours"), ENGLISH]
        )
        .order_by("language", "-version")
        .distinct("language")
    )
)
BOUGHT_WITH = Fixed(
    lambda: (
        PromotionUse.objects.filter(membership=Given("membership"))
        .order_by("promotion__code")
        .values_list("promotion__name")
    )
)
COMPLAINTS = Fixed(
    lambda: Complaint.objects.filter(member=Given("member"), status="open").select_related("owner").order_by("pk")[:1]
)
VISITS = Fixed(
    lambda: Visit.objects.filter(member=Given("member"), at__gte=Given("since"), at__lt=Given("until")).values_list(
        "at"
    )
)
CONTACTS = Fixed(
    lambda: (
        CallAttempt.objects.filter(member=Given("member"))
        .exclude(outcome="")
        .order_by("-at")
        .values_list("at", "kind", "outcome", "operator__username", "note", "reason__code")[:CONTACTS_SHOWN]
    )
)
SPOKEN_OF = Fixed(lambda: Promotion.objects.filter(clubs=Given("club")).exclude(phone_summary="").values_list("pk")[:1])
OPEN_TASKS = Fixed(
    lambda: (
        CallTask.objects.filter(member=Given("member"), status__in=OPEN_STATUSES)
        .order_by("sort_key", "due_at", "pk")
        .values_list("pk", "kind", "facts")
    )
)


@dataclass(frozen=True)
class About:
    """What a task's call is about: the membership, its own else the member's, with its frozen days, on a club's day."""

    membership: Membership | None
    frozen: Sequence[Span]
    today: dt.date

    @classmethod
    def of(cls, task: CallTask, now: dt.datetime) -> About:
        today = now.astimezone(task.club.zone).date()
        membership = task.membership or membership_of(task.member_id, today)
        frozen = [Span(*days) for days in FREEZES(membership=membership.pk)] if membership else []
        return cls(membership, frozen, today)


def membership_of(member: int, on: dt.date) -> Membership | None:
    """The membership of a member (an id) that a call about none in particular is about."""
    return standing.chosen(MEMBERSHIPS(member=member), on)


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
    return _reason(task.facts)


def _reason(facts: Mapping[str, Any]) -> Sentence:
    return Sentence.from_json(facts["reason"]) if "reason" in facts else sentence(N_("A call is due."))


def whole(task: int) -> CallTask | None:
    """A task with everything that its card asks of it, in one statement."""
    found = WHOLE.first(task=task)
    if found is not None and found.member.club_id == found.club_id:
        found.member.club = found.club
    return found


def card(*, task: CallTask, operator: User, now: dt.datetime, about: About | None = None) -> Card:
    """All that the operator sees of a task that they hold. ``about``: what it is about, where it is known already."""
    about = about or About.of(task, now)
    slots = slots_of(task.club, now)
    script = script_of(club=task.club, kind=task.kind, language=task.member.language)
    return {
        "member": _member(task, now),
        "membership": _membership(about),
        "special_terms": _special_terms(about.membership),
        "warnings": _warnings(task.member, about.membership),
        "household": _household(task, about.today),
        "visits": _visits(task, about.today),
        "contacts": _contacts(task),
        "promotions": _promotions(task, about.membership, now),
        "script": _script(script, task, operator, slots, about.today),
        "slots": [
            {"host": slot.host.pk, "host_name": slot.host.name, "starts_at": slot.starts_at, "ends_at": slot.ends_at}
            for slot in slots
        ],
        "other_tasks": _other_tasks(task),
    }


def next_call(*, task: CallTask, operator: User, now: dt.datetime, about: About | None = None) -> Card:
    """The answer to *Next*: task, card, and until when it is held."""
    until = task.lease_until.astimezone(task.club.zone) if task.lease_until else None
    shown = card(task=task, operator=operator, now=now, about=about)
    return {"task": task_of(task), "card": shown, "lease_until": until}


def script_of(*, club: Club, kind: str, language: str) -> Script | None:
    """The club's newest script for a kind of call: in the member's language, else the club's, else English."""
    found = SCRIPTS(club=club.pk, kind=kind, theirs=language, ours=club.language)
    newest = {row.language: row for row in found}
    return next((newest[name] for name in (language, club.language, ENGLISH) if name in newest), None)


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


def times_of(slots: Sequence[meetings.Slot], *, today: dt.date, language: str) -> str:
    """Two times of the first host, of two days if there are, as one offers them in a language; empty where none is."""
    if not slots:
        return ""
    first, *others = [slot for slot in slots if slot.host == slots[0].host]
    later = [slot for slot in others if slot.starts_at.date() != first.starts_at.date()]
    offered = [first, *(later or others)[:1]]
    with translation.override(language):
        if language not in dict(settings.LANGUAGES):
            return " / ".join(date_format(slot.starts_at, "l j E H:i") for slot in offered)
        said = [_offered(slot, today) for slot in offered]
        return gettext("%(one)s or %(other)s") % {"one": said[0], "other": said[1]} if len(said) > 1 else said[0]


def _offered(slot: meetings.Slot, today: dt.date) -> str:
    time, day = f"{slot.starts_at:%H:%M}", slot.starts_at.date()
    if day == today:
        return gettext("today at %(time)s") % {"time": time}
    if day == today + DAY:
        return gettext("tomorrow at %(time)s") % {"time": time}
    return gettext("%(day)s at %(time)s") % {"day": date_format(day, "l, j E"), "time": time}


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


def _membership(about: About) -> Card | None:
    held = about.membership
    if held is None:
        return None
    return {
        "id": held.pk,
        "plan": mask_amounts(held.plan.name),
        "status": terms.status_on(standing.period(held), about.frozen, about.today).value,
        "starts_on": held.starts_on,
        "effective_ends_on": held.effective_ends_on,
        "days_left": terms.days_left(held.effective_ends_on, about.today),
    }


def _special_terms(about: Membership | None) -> list[str]:
    """How it was bought: the names of its promotions, then what was noted; no amounts."""
    if about is None:
        return []
    names = [name for (name,) in BOUGHT_WITH(membership=about.pk)]
    return [mask_amounts(text) for text in (*names, about.special_terms) if text]


def _warnings(member: Member, about: Membership | None) -> list[Card]:
    """What must be seen before anybody dials."""
    found: list[Card] = []
    if about is not None and about.balance_due > 0:
        text = N_("A balance is due. The desk in the club settles it, not on the phone.")
        found.append({"code": "balance_due", "text": sentence(text)})
    complaint = COMPLAINTS.first(member=member.pk)
    if complaint is not None:
        who = complaint.owner.name if complaint.owner else ""
        text = N_("%(who)s is in touch with them. If it comes up: listen, then “Complaint”.")
        unowned = N_("A complaint waits for its answer. If it comes up: listen, then “Complaint”.")
        words = sentence(text, who=who) if who else sentence(unowned)
        found.append({"code": "open_complaint", "text": words})
    return found


def _household(task: CallTask, today: dt.date) -> list[Card]:
    """Everybody else on the number that is rung, each with the call that is due to them."""
    mates = household.mates(task=task, today=today)
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


def _visits(task: CallTask, today: dt.date) -> Card:
    since, until = attendance.shown(task.club, today)
    visits = [at for (at,) in VISITS(member=task.member_id, since=since, until=until)]
    came = attendance.of_visits(visits, club=task.club, on=today)
    return {
        "weeks": came.weeks,
        "usual_per_week": round(float(came.counts.usual_per_week), 2),
        "lately": came.counts.lately,
        "usual": round(float(came.counts.usual), 2),
    }


def _contacts(task: CallTask) -> list[Card]:
    """The last calls, newest first, with what was noted."""
    zone = task.club.zone
    return [
        {
            "at": at.astimezone(zone),
            "kind": kind,
            "outcome": outcome,
            "by": by,
            "note": mask_amounts(note),
            "reason": reason,
        }
        for at, kind, outcome, by, note, reason in CONTACTS(member=task.member_id)
    ]


def _promotions(task: CallTask, about: Membership | None, now: dt.datetime) -> list[Card]:
    """What may be said of the offers that a renewal of the same plan would get today without a code."""
    if about is None or not SPOKEN_OF(club=task.club_id):
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


def _script(
    script: Script | None, task: CallTask, operator: User, slots: Sequence[meetings.Slot], today: dt.date
) -> Card | None:
    if script is None:
        return None
    values = {
        "member": task.member.first_name or task.member.name,
        "operator": operator.first_name or operator.username,
        "club": task.club.name,
        "host": slots[0].host.name if slots else "",
        "times": times_of(slots, today=today, language=script.language),
    }
    return {"version": script.version, **scripts.filled(scripts.parts(script), values)}


def _other_tasks(task: CallTask) -> list[Card]:
    """The member's other open calls; ``closes``: a conversation closes them too unless unticked."""
    return [
        {"id": pk, "kind": kind, "reason": _reason(facts), "closes": kind in outcomes.CLOSED_ALSO}
        for pk, kind, facts in OPEN_TASKS(member=task.member_id)
        if pk != task.pk
    ]
