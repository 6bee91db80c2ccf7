"""Complaints for managers, and what operators wrote about prices: what only supervisors read."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calls import complaints
from calls.forms.feedback import AnswerForm
from calls.models import CallAttempt, Complaint
from calls.views import feedback
from config import clock, exports, tables
from config.access import policy
from config.forms import refuse, sent
from config.paging import By
from memberships import access, frame
from memberships.rights import Right
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
NOTE_SORTS = {"at": (By("at"), By("id"))}


@policy(Right.WORK_COMPLAINTS)
@require_safe
def complaint_list(request: HttpRequest) -> HttpResponseBase:
    """Complaints that wait for their answer, the oldest first; others by a filter."""
    club = frame.current_club(request, Right.WORK_COMPLAINTS)
    today = clock.today(club.zone)

    def found(query: object) -> QuerySet[Complaint]:
        status = query.get("status") or Complaint.Status.OPEN  # type: ignore[attr-defined]
        return complaints.seen_by(acting(request)).filter(club=club, status=status)

    table = tables.Table(
        query=request.GET,
        queryset=found(request.GET),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="received",
        row_template="calls/_complaint_row.html",
        views=feedback.by_status(
            request.GET, Complaint.Status, complaints.seen_by(acting(request)).filter(club=club).select_related(None)
        ),
        exports=True,
    )
    lines = (
        (
            *(row.pk, row.received_at.astimezone(club.zone), row.text, row.member.name if row.member else ""),
            *(row.about.name if row.about else "", row.owner.name if row.owner else "", row.status),
            *(row.answered_at.astimezone(club.zone) if row.answered_at else None, row.answer),
        )
        for row in table.queryset.select_related("member", "about", "owner").order_by("received_at", "pk")
    )
    if download := exports.asked(request, f"{club.slug}-complaints", EXPORT_HEADER, lambda: lines):
        return download
    if not table.page.rows:
        empty = _("No complaint fits") if request.GET.get("status") else _("No complaint waits for an answer")
        table.empty = tables.Empty(empty, ways=table.ways(lambda query: found(query).count()))
    for row in table.page.rows:
        is_open = row.status == Complaint.Status.OPEN
        row.due_words, row.tone = feedback.due_words(complaints.due_on(row), today) if is_open else ("", "")
    return tables.answer(
        request, "calls/complaint_list.html", table, {"tabs": feedback.tabs(request, club, "complaints")}
    )


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
    rows = CallAttempt.objects.filter(club=club, note_flagged=True).select_related("member", "operator")
    table = tables.Table(
        query=request.GET,
        queryset=rows,
        columns=NOTE_COLUMNS,
        sorts=NOTE_SORTS,
        default_sort="-at",
        row_template="calls/_note_row.html",
        exports=True,
    )
    lines = (
        (row.at.astimezone(club.zone), row.member.name, str(row.operator or ""), row.note)
        for row in rows.order_by("-at", "-pk").iterator(500)
    )
    if download := exports.asked(request, f"{club.slug}-notes", ("at", "member", "written_by", "note"), lambda: lines):
        return download
    if not table.page.rows:
        table.empty = tables.Empty(_("No note holds a price"))
    return tables.answer(request, "calls/flagged_notes.html", table, {"tabs": feedback.tabs(request, club, "notes")})
