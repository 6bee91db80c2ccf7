"""What members ask and say: requests with their owners and days, opened by everybody, worked by administrators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from textwrap import shorten

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calls import complaints, requests
from calls.forms.feedback import AnswerForm, DeclineForm, HandOverForm, RequestForm
from calls.models import CallAttempt, Request
from config import clock, tables
from config.access import policy
from config.forms import refuse, sent
from config.paging import By
from config.templatetags.ringback import day as day_words
from memberships import access, frame
from memberships.models import Club, Member
from memberships.places import Action
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views import listing
from memberships.views.people import acting

COLUMNS = (
    tables.Column("text", gettext_lazy("What is asked")),
    tables.Column("member", gettext_lazy("Member")),
    tables.Column("owner", gettext_lazy("Owner"), hide_small=True),
    tables.Column("made", gettext_lazy("Asked"), sort="made", hide_small=True),
    tables.Column("due", gettext_lazy("Due"), sort="due"),
)
SORTS = {"due": (By("due_on", nullable=True), By("id")), "made": (By("made_at"), By("id"))}
NOBODY = "nobody"


@policy(Right.WORK_REQUESTS)
@require_safe
def request_list(request: HttpRequest) -> HttpResponseBase:
    """The open requests of the club, what is overdue first; others by a filter."""
    club = frame.current_club(request, Right.WORK_REQUESTS)
    today = clock.today(club.zone)
    workers = requests.workers(club)
    owners = [(NOBODY, _("nobody")), *((str(one.pk), one.name) for one in workers)]
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET, today),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="due",
        row_template="calls/_request_row.html",
        filters=(
            tables.Filter("about", _("About"), [(one.value, str(one.label)) for one in Request.About]),
            tables.Filter("owner", _("Owner"), owners),
            tables.Filter("due", _("Due"), [("late", _("overdue"))]),
        ),
        views=listing.tabs(request, club, LISTED, by_status(Request.Status), lambda query: found(club, query, today)),
        exports=access.may(acting(request), Right.EXPORT_MEMBERS, club),
        **listing.acts(request, club, LISTED),
    )
    if download := listing.download(request, club, LISTED, table, "due_on", "pk"):
        return download
    if not table.page.rows:
        ways = table.ways(lambda query: found(club, query, today).count())
        plain = not any(request.GET.get(name) for name in ("about", "owner", "due", "status"))
        table.empty = tables.Empty(_("No request waits for an answer") if plain else _("No request fits"), ways=ways)
    for row in table.page.rows:
        row.due_words, row.tone = due_words(row.due_on, today) if row.status == Request.Status.OPEN else ("", "")
    return tables.answer(request, "calls/request_list.html", table, {"tabs": tabs(request, club, "requests")})


EXPORT_HEADER = ("id", "asked_at", "about", "text", "member", "owner", "due_on", "status", "answered_at", "answer")


def _lines(rows: QuerySet[Request], club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    for row in rows.iterator(500):
        yield (
            *(row.pk, row.made_at.astimezone(club.zone), row.about, row.text, row.member.name if row.member else ""),
            *(row.owner.name if row.owner else "", row.due_on, row.status),
            *(row.answered_at.astimezone(club.zone) if row.answered_at else None, row.answer),
        )


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Request]:
    """The requests that an address asks for: open ones unless it names a status."""
    rows = Request.objects.filter(club=club).select_related("member", "owner")
    rows = rows.filter(status=query.get("status") or Request.Status.OPEN)
    if about := query.get("about"):
        rows = rows.filter(about=about)
    if owner := query.get("owner"):
        rows = rows.filter(owner_q(owner))
    if query.get("due"):
        rows = rows.filter(due_on__lt=today)
    return rows


LISTED = listing.register(
    listing.Listed(
        "requests", gettext_lazy("Requests"), "request_list", Right.WORK_REQUESTS,
        filters=("status", "about", "owner", "due"), found=found, header=EXPORT_HEADER, export=_lines,
        member="member_id", named=lambda row: shorten(row.text, 40, placeholder="…") or str(row.get_about_display()),
    )
)  # fmt: skip


@policy(Right.OPEN_REQUESTS)
@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest) -> HttpResponse:
    """Opens a request, on a member's page with the member."""
    club = frame.current_club(request, Right.OPEN_REQUESTS)
    works = access.may(acting(request), Right.WORK_REQUESTS, club)
    member = _member(request, club)
    form = RequestForm(sent(request), club=club, works=works, initial={"member": member})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made = requests.ask(
                club=club,
                text=asked["text"],
                member=asked["member"],
                about=asked["about"],
                owner=asked.get("owner"),
                by=acting(request),
                now=clock.now(),
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("The request is due on %(day)s.") % {"day": day_words(made.due_on)})
            if made.member_id:
                return redirect("member_detail", made.member_id)
            return redirect("request_list" if works else "request_new")
    context = {"form": form, "member": member, "works": works, "due_on": requests.due_on(club, clock.now())}
    return render(request, "calls/request_new.html", context, status=422 if form.errors else 200)


@policy(Right.WORK_REQUESTS)
@require_safe
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, what became of it, and what can be done."""
    return _page(request, _request(request, pk))


@policy(Right.WORK_REQUESTS)
@require_POST
def request_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """It is done: what the member was told."""
    row, form = _request(request, pk), AnswerForm(request.POST)
    if form.is_valid():
        try:
            requests.answer(request=row, text=form.cleaned_data["text"], by=acting(request), now=clock.now())
        except requests.RequestRefused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Answered."))
            return redirect("request_list")
    return _page(request, row, answering=form)


@policy(Right.WORK_REQUESTS)
@require_POST
def request_decline(request: HttpRequest, pk: int) -> HttpResponse:
    """It will not be done, and why."""
    row, form = _request(request, pk), DeclineForm(request.POST)
    if form.is_valid():
        try:
            requests.decline(request=row, why=form.cleaned_data["why"], by=acting(request), now=clock.now())
        except requests.RequestRefused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Declined."))
            return redirect("request_list")
    return _page(request, row, declining=form)


@policy(Right.WORK_REQUESTS)
@require_POST
def request_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody else takes it on."""
    row = _request(request, pk)
    form = HandOverForm(request.POST, request=row)
    if form.is_valid():
        to, why = form.cleaned_data["to"], form.cleaned_data["why"]
        try:
            requests.hand_over(request=row, to=to, why=why, by=acting(request), now=clock.now())
        except requests.RequestRefused as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(name)s has it now.") % {"name": to.name})
            return redirect("request_detail", row.pk)
    return _page(request, row, handing=form)


def tabs(request: HttpRequest, club: Club, current: str) -> list[dict[str, object]]:
    """The lists of what members ask and say, as far as the reader's role goes."""
    found: list[tuple[str, str, str, int | None]] = [
        ("requests", _("Requests"), reverse("request_list"), requests.open_ones(club).count())
    ]
    if access.may(acting(request), Right.WORK_COMPLAINTS, club):
        waiting = complaints.open_ones(club, acting(request)).count()
        found.append(("complaints", _("Complaints"), reverse("complaint_list"), waiting))
    if access.may(acting(request), Right.SUPERVISE, club):
        flagged = CallAttempt.objects.filter(club=club, note_flagged=True).count()
        found.append(("notes", _("Notes with a price"), reverse("flagged_notes"), flagged))
        found.append(("lost", _("Win back yourself"), reverse("lost_list"), None))
    return [{"label": label, "url": url, "count": count, "current": key == current} for key, label, url, count in found]


def by_status(statuses: type[TextChoices]) -> list[tuple[object, dict[str, str]]]:
    """A tab for each status, the open ones where the address names none."""
    return [(str(one.label).capitalize(), {} if one == "open" else {"status": one.value}) for one in statuses]


def owner_q(asked: str) -> Q:
    """What an address asks for by ``owner``: an employee's id, or *nobody*; anything else finds nothing."""
    if asked == NOBODY:
        return Q(owner=None)
    return Q(owner=access.id_in(asked))


def due_words(due_on: dt.date | None, today: dt.date) -> tuple[str, str]:
    """When something is due, in words, and their tone: ``bad`` once it is overdue, ``warn`` on the day."""
    if due_on is None:
        return _("no day"), ""
    late = (today - due_on).days
    if late > 0:
        return ngettext("overdue by %(n)s day", "overdue by %(n)s days", late) % {"n": late}, "bad"
    if late == 0:
        return _("due today"), "warn"
    return (_("due tomorrow") if late == -1 else _("due %(day)s") % {"day": day_words(due_on)}), ""


def actions(*, request: HttpRequest, member: Member, now: dt.datetime) -> list[Action]:
    """Opening a request, on the member's page."""
    if not access.may(frame.person(request), Right.OPEN_REQUESTS, member.club) or member.merged_into_id is not None:
        return []
    sells = access.may(frame.person(request), Right.SELL, member.club)  # then there are many buttons
    return [Action(_("Request"), f"{reverse('request_new')}?member={member.pk}", "message", position=60, rare=sells)]


def _request(request: HttpRequest, pk: int) -> Request:
    rows = Request.objects.select_related("club", "member", "owner", "made_by", "attempt")
    row = access.one(acting(request), rows, pk, Right.WORK_REQUESTS)
    frame.enter(request, row.club)
    return row


def _member(request: HttpRequest, club: Club) -> Member | None:
    """The member that the address or the form names, if there is one in this club."""
    named = access.id_in(request.POST.get("member") or request.GET.get("member", ""))
    return Member.objects.filter(club=club, pk=named, merged_into=None).order_by("pk").first() if named else None


def _page(
    request: HttpRequest,
    row: Request,
    *,
    answering: forms.Form | None = None,
    declining: forms.Form | None = None,
    handing: forms.Form | None = None,
) -> HttpResponse:
    tried = answering or declining or handing
    words, tone = due_words(row.due_on, clock.today(row.club.zone))
    context = {
        "row": row,
        "due_words": words,
        "tone": tone,
        "history": requests.history(row),
        "answering": answering or AnswerForm(),
        "declining": declining or DeclineForm(auto_id="decline_%s"),
        "handing": handing or HandOverForm(request=row, auto_id="hand_%s"),
        "open_form": "decline" if declining else "hand" if handing else "",
    }
    return render(request, "calls/request_detail.html", context, status=422 if tried else 200)
