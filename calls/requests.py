"""Requests (§11): what members ask that is no complaint, and what calls leave for the desk of the club."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from calls.models import Request
from calls.rules import hours
from memberships import holding
from memberships.models import Club, Employee, Member, Role, User
from memberships.rules import local_time
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, Sentence, sentence

WORKERS = (Role.ADMINISTRATOR, Role.MANAGER, Role.OWNER)
LONGEST = 4000
BY_HAND = (Request.About.OTHER, Request.About.PHONE, Request.About.FREEZE, Request.About.RENEWED)


class RequestRefused(Invalid):
    """Something about a request that could never be right; ``fields`` says what."""


class NotOpen(Conflict):
    """The request was answered, declined or taken back already."""

    code = "already_recorded"


@dataclass(frozen=True)
class Step:
    """One thing that happened to a request. ``what``: opened, handed_over, answered, declined, withdrawn."""

    at: dt.datetime
    what: str
    by: str
    to: str = ""
    text: str = ""


def workers(club: Club | int) -> QuerySet[Employee]:
    """Who may own a request, by name."""
    return Employee.objects.filter(club=club, active=True, role__in=WORKERS).order_by("name", "pk")


def open_ones(club: Club) -> QuerySet[Request]:
    """The club's requests that wait for an answer."""
    return Request.objects.filter(club=club, status=Request.Status.OPEN)


def ask(
    *,
    club: Club,
    text: str,
    member: Member | None = None,
    about: str = Request.About.OTHER,
    owner: Employee | None = None,
    by: User,
    now: dt.datetime,
) -> Request:
    """Opens a request, due at the end of the club's next working day. Raises RequestRefused."""
    if about not in BY_HAND:
        raise _refused("about", N_("Choose what it is about."))
    if member is not None and (member.club_id != club.pk or member.merged_into_id is not None):
        raise _refused("member", N_("There is no such member."))
    words = _words(text, "text", N_("Write what is asked."))
    with holding.operation(by=by):
        return Request.objects.create(
            club=club,
            member=member,
            about=about,
            text=words,
            owner=_worker(club.pk, owner, "owner") if owner else None,
            due_on=due_on(club, now),
            made_at=now,
            made_by=by,
        )


def answer(*, request: Request, text: str, by: User, now: dt.datetime) -> Request:
    """It is done: ``text`` is what the member was told. Raises RequestRefused, NotOpen."""
    words = _words(text, "text", N_("Write what was answered."))
    return _end(request, Request.Status.ANSWERED, words, by, now)


def decline(*, request: Request, why: str, by: User, now: dt.datetime) -> Request:
    """It will not be done, and why. Raises RequestRefused, NotOpen."""
    return _end(request, Request.Status.DECLINED, _words(why, "why", N_("Say why it is declined.")), by, now)


def hand_over(*, request: Request, to: Employee, why: str, by: User, now: dt.datetime) -> Request:
    """Somebody else takes it on; the day on which it is due stays. Raises RequestRefused, NotOpen."""
    words = _words(why, "why", N_("Say why it is handed over."))
    with holding.operation(by=by, reason=words):
        row = _open(request)
        if row.owner_id == to.pk:
            raise _refused("to", N_("They have it already."))
        row.owner = _worker(row.club_id, to, "to")
        row.save(update_fields=["owner"])
    return row


def due_on(club: Club, now: dt.datetime) -> dt.date:
    """The club's next working day: what is asked now is due when it ends."""
    return hours.next_working_day(club.country, club.region, local_time.local_day(now, club.zone))


def history(request: Request) -> list[Step]:
    """What became of a request, the first thing first."""
    events = list(Request.pgh_event_model.objects.filter(pgh_obj_id=request.pk).order_by("pgh_id"))  # type: ignore[attr-defined]
    users = {(event.pgh_context or {}).get("user") for event in events} - {None}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=users)}
    owners = dict(Employee.objects.filter(club=request.club_id).values_list("pk", "name"))
    steps = [Step(request.made_at, "opened", str(request.made_by or ""))]
    before = None
    for event in events:
        context = event.pgh_context or {}
        by = names.get(context.get("user"), "")
        if before is not None and event.owner_id != before.owner_id and context.get("reason"):
            to = owners.get(event.owner_id, "")
            steps.append(Step(event.pgh_created_at, "handed_over", by, to, str(context["reason"])))
        if before is not None and event.status != before.status:
            at = event.answered_at or event.pgh_created_at
            steps.append(Step(at, event.status, by, text=event.answer))
        before = event
    return steps


def _end(request: Request, status: str, words: str, by: User, now: dt.datetime) -> Request:
    with holding.operation(by=by):
        row = _open(request)
        row.status, row.answer, row.answered_at = status, words, now
        row.owner = row.owner or workers(row.club_id).filter(user=by).first()
        row.save(update_fields=["status", "answer", "answered_at", "owner"])
    return row


def _open(request: Request) -> Request:
    row = Request.objects.select_for_update(of=("self",)).select_related("club", "member", "owner").get(pk=request.pk)
    if row.status != Request.Status.OPEN:
        raise NotOpen(sentence(N_("This request is closed already: %(status)s."), status=row.get_status_display()))
    return row


def _worker(club: int, employee: Employee, field: str) -> Employee:
    if not workers(club).filter(pk=employee.pk).exists():
        raise _refused(field, N_("Choose somebody who works on requests in this club."))
    return employee


def _words(text: str, field: str, missing: str) -> str:
    words = text.strip()
    if not words:
        raise _refused(field, missing)
    if len(words) > LONGEST:
        raise _refused(field, N_("This is too long: %(count)s characters at most."), count=LONGEST)
    return words


def _refused(field: str, text: str, **params: object) -> RequestRefused:
    refusal: Sentence = sentence(text, **params)
    return RequestRefused(refusal, fields={field: [refusal]})
