"""Complaints for managers, and what operators wrote about prices: what only supervisors read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from textwrap import shorten

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calls import complaints, requests
from calls.forms.feedback import AnswerForm
from calls.models import CallAttempt, Complaint, Kind
from calls.views import feedback
from config import clock, tables
from config.access import policy
from config.forms import refuse, sent
from config.paging import By
from memberships import access, frame
from memberships.models import Club
from memberships.rights import Right
from memberships.views import listing
from memberships.views.people import acting

COLUMNS = (
    tables.Column("text", gettext_lazy("Complaint")),
    tables.Column("member", gettext_lazy("Member")),
    tables.Column("owner", gettext_lazy("Owner"), hide_small=True),
    tables.Column("received", gettext_lazy("Received"), sort="received", hide_small=True),
    tables.Column("due", gettext_lazy("Answer due")),
)
SORTS = {"received": (By("received_at"), By("id"))}
EXPORT_HEADER = ("id", "received_at", "text", "member", "about", "owner", "status", "answered_at", "answer")
NOTE_COLUMNS = (
    tables.Column("note", gettext_lazy("Note")),
    tables.Column("member", gettext_lazy("Member")),
    tables.Column("by", gettext_lazy("Written by"), hide_small=True),
    tables.Column("at", gettext_lazy("Call"), sort="at"),
)
NOTE_HEADER = ("at", "member", "written_by", "note")
NOTE_SORTS = {"at": (By("at"), By("id"))}


@policy(Right.WORK_COMPLAINTS)
@require_safe
def complaint_list(request: HttpRequest) -> HttpResponseBase:
    """Complaints that wait for their answer, the oldest first; others by a filter."""
    club = frame.current_club(request, Right.WORK_COMPLAINTS)
    today = clock.today(club.zone)
    owners = [(feedback.NOBODY, _("nobody")), *((str(one.pk), one.name) for one in requests.workers(club))]

    def seen(query: QueryDict) -> QuerySet[Complaint]:
        return LISTED.rows(acting(request), club, query, today)

    table = tables.Table(
        query=request.GET,
        queryset=seen(request.GET),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="received",
        row_template="calls/_complaint_row.html",
        filters=(
            tables.Filter("owner", _("Owner"), owners),
            tables.Filter("of", _("About"), [("person", _("a person")), ("club", _("the club"))]),
            tables.Filter("due", _("Answer due"), [("late", _("overdue"))]),
        ),
        views=listing.tabs(request, club, LISTED, feedback.by_status(Complaint.Status), seen),
        exports=True,
        **listing.acts(request, club, LISTED),
    )
    if download := listing.download(request, club, LISTED, table, "received_at", "pk"):
        return download
    if not table.page.rows:
        plain = not any(request.GET.get(name) for name in LISTED.filters)
        empty = _("No complaint waits for an answer") if plain else _("No complaint fits")
        table.empty = tables.Empty(empty, ways=table.ways(lambda query: seen(query).count()))
    for row in table.page.rows:
        is_open = row.status == Complaint.Status.OPEN
        row.due_words, row.tone = feedback.due_words(complaints.due_on(row), today) if is_open else ("", "")
    return tables.answer(
        request, "calls/complaint_list.html", table, {"tabs": feedback.tabs(request, club, "complaints")}
    )


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Complaint]:
    """The complaints that an address asks for: open ones unless it names a status."""
    rows = Complaint.objects.filter(club=club, status=query.get("status") or Complaint.Status.OPEN)
    rows = rows.select_related("club__contact_policy", "member", "about", "owner")
    if owner := query.get("owner"):
        rows = rows.filter(feedback.owner_q(owner))
    if of := query.get("of"):
        rows = rows.filter(about__isnull=of != "person")
    if query.get("due"):
        rows = rows.filter(complaints.overdue_q(club, today))
    return rows


def _lines(rows: QuerySet[Complaint], club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (
            *(row.pk, row.received_at.astimezone(club.zone), row.text, row.member.name if row.member else ""),
            *(row.about.name if row.about else "", row.owner.name if row.owner else "", row.status),
            *(row.answered_at.astimezone(club.zone) if row.answered_at else None, row.answer),
        )


LISTED = listing.register(
    listing.Listed(
        "complaints", gettext_lazy("Complaints"), "complaint_list", Right.WORK_COMPLAINTS,
        filters=("status", "owner", "of", "due"), found=found, header=EXPORT_HEADER, export=_lines,
        member="member_id", named=lambda row: shorten(row.text, 40, placeholder="…"), seen=complaints.not_about,
    )
)  # fmt: skip


@policy(Right.WORK_COMPLAINTS)
@require_http_methods(["GET", "POST"])
def complaint_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One complaint; its answer lets the member be rung again."""
    row = access.one(acting(request), complaints.seen_by(acting(request)), pk, Right.WORK_COMPLAINTS)
    frame.enter(request, row.club)
    form = AnswerForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            complaints.answer(complaint=row, text=form.cleaned_data["text"], by=acting(request), now=clock.now())
        except complaints.AnswerRefused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Answered. The member may be rung again."))
            return redirect("complaint_list")
    words, tone = feedback.due_words(complaints.due_on(row), clock.today(row.club.zone))
    context = {"row": row, "form": form, "due_words": words, "tone": tone}
    return render(request, "calls/complaint_detail.html", context, status=422 if form.errors else 200)


@policy(Right.SUPERVISE)
@require_safe
def flagged_notes(request: HttpRequest) -> HttpResponseBase:
    """Notes of calls that hold an amount: prices are not said on the phone."""
    club = frame.current_club(request, Right.SUPERVISE)
    today = clock.today(club.zone)
    writers = (
        CallAttempt.objects.filter(club=club, note_flagged=True)
        .exclude(operator=None)
        .order_by("operator__username")
        .values_list("operator", "operator__username")
        .distinct()
    )
    table = tables.Table(
        query=request.GET,
        queryset=found_notes(club, request.GET, today),
        columns=NOTE_COLUMNS,
        sorts=NOTE_SORTS,
        default_sort="-at",
        row_template="calls/_note_row.html",
        filters=(
            tables.Filter("by", _("Written by"), [(str(pk), name) for pk, name in writers]),
            tables.Filter("kind", _("Call"), Kind.choices),
        ),
        views=listing.tabs(request, club, NOTES, [(_("All"), {})], lambda query: found_notes(club, query, today)),
        exports=True,
        **listing.acts(request, club, NOTES),
    )
    if download := listing.download(request, club, NOTES, table, "-at", "-pk"):
        return download
    if not table.page.rows:
        ways = table.ways(lambda query: found_notes(club, query, today).count())
        table.empty = tables.Empty(_("No note fits") if ways else _("No note holds a price"), ways=ways)
    return tables.answer(request, "calls/flagged_notes.html", table, {"tabs": feedback.tabs(request, club, "notes")})


def found_notes(club: Club, query: QueryDict, _today: dt.date) -> QuerySet[CallAttempt]:
    """The calls whose note holds an amount, as an address asks for them; unknown values of a filter find none."""
    rows = CallAttempt.objects.filter(club=club, note_flagged=True).select_related("member", "operator")
    if by := query.get("by"):
        rows = rows.filter(operator=access.id_in(by))
    if kind := query.get("kind"):
        rows = rows.filter(kind=kind)
    return rows


def _note_lines(rows: QuerySet[CallAttempt], club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    for row in rows.iterator(500):
        yield row.at.astimezone(club.zone), row.member.name, str(row.operator or ""), row.note


NOTES = listing.register(
    listing.Listed(
        "notes", gettext_lazy("Notes with a price"), "flagged_notes", Right.SUPERVISE, filters=("by", "kind"),
        found=found_notes, header=NOTE_HEADER, export=_note_lines, member="member_id",
    )
)  # fmt: skip
