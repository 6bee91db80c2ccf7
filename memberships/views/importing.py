"""Files in, on the web: bring one, confirm its columns, look at what the check found, load it, mend what was refused.

Nothing is stored before somebody has seen what a file reads as. A worker does the work; the pages only look.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config import clock, exports, tables
from config.access import policy
from config.forms import refuse
from config.paging import By
from config.uploads import takes_files
from memberships import access, frame, intake
from memberships.forms.importing import ColumnsForm, FileForm, LoadForm, PlansForm, kind_label, longest_upload
from memberships.models import Club, FileImport, Plan
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.rules.intake import Stage
from memberships.tasks import work_on_files
from memberships.views.people import acting

COLUMNS = (
    tables.Column("file", gettext_lazy("File")),
    tables.Column("when", gettext_lazy("Brought"), sort="when"),
    tables.Column("rows", gettext_lazy("Rows"), numeric=True, hide_small=True),
    tables.Column("created", gettext_lazy("New"), numeric=True),
    tables.Column("updated", gettext_lazy("Changed"), numeric=True, hide_small=True),
    tables.Column("refused", gettext_lazy("Refused"), numeric=True),
    tables.Column("stage", gettext_lazy("Stands at")),
)
STAGES = {
    Stage.COLUMNS: gettext_lazy("columns to confirm"),
    Stage.CHECK: gettext_lazy("being checked"),
    Stage.CHECKED: gettext_lazy("checked, not loaded"),
    Stage.LOAD: gettext_lazy("being loaded"),
    Stage.LOADED: gettext_lazy("loaded"),
    Stage.FAILED: gettext_lazy("cannot be used"),
    Stage.REMOVED: gettext_lazy("removed, not loaded"),
}
DOING = {
    "comparing": gettext_lazy("comparing with what is stored"),
    "reading": gettext_lazy("reading"),
    "checking": gettext_lazy("checking rows against each other"),
    "storing": gettext_lazy("storing"),
}


@policy(Right.IMPORT)
@require_safe
def import_list(request: HttpRequest) -> HttpResponseBase:
    """The files that were brought, the latest first, with who, when and what came of each."""
    club = frame.current_club(request, Right.IMPORT)
    rows = FileImport.objects.filter(club=club).select_related("made_by")
    if download := exports.asked(request, f"{club.slug}-imports", EXPORT_HEADER, lambda: _lines(rows, club)):
        return download
    empty = tables.Empty(
        _("No file was brought yet"),
        _("A list as you keep it in Excel is enough. Nothing is stored before you have seen what it reads."),
    )
    when = (By("made_at"), By("pk"))
    table = tables.Table(
        query=request.GET,
        queryset=rows,
        columns=COLUMNS,
        sorts={"when": when},
        default_sort="-when",
        row_template="memberships/_import_row.html",
        exports=True,
        empty=empty,
    )
    for row in table.page.rows:
        _describe(row)
    return tables.answer(request, "memberships/import_list.html", table)


EXPORT_HEADER = ("file", "kind", "brought_at", "by", "rows", "created", "updated", "refused", "stage")


def _lines(rows: QuerySet[FileImport], club: Club) -> Iterator[tuple[object, ...]]:
    for row in rows.order_by("-made_at", "-pk").iterator(500):
        counts = (row.answer.get(name, "") for name in ("rows", "created", "updated", "refused"))
        yield row.name, row.kind, row.made_at.astimezone(club.zone), str(row.made_by or ""), *counts, row.stage


def _describe(file: FileImport) -> FileImport:
    file.kind_words = kind_label(file.kind)  # type: ignore[attr-defined]
    file.stage_words = STAGES[Stage(file.stage)]  # type: ignore[attr-defined]
    return file


@takes_files(longest_upload)
@policy(Right.IMPORT)
@require_http_methods(["GET", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Takes a file in, and shows its columns."""
    club = frame.current_club(request, Right.IMPORT)
    today = clock.today(club.zone)
    wanted = {"as_of": today, "kind": request.GET.get("kind", "")}
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = FileForm(*posted, initial=wanted, today=today)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            received = intake.receive(
                club=club,
                kind=form.cleaned_data["kind"],
                name=file.name,
                content=file,
                as_of=form.cleaned_data["as_of"],
                create_plans=form.cleaned_data.get("create_plans", False),
                now=clock.now(),
                by=acting(request),
            )
        except Refused as error:
            refuse(form, error)
        else:
            return redirect("import_detail", received.pk)
    return render(request, "memberships/import_new.html", {"form": form}, status=422 if form.errors else 200)


@policy(Right.IMPORT)
@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a file stands: its columns, how far the check or the load is, what they found.

    ``?columns`` shows the columns of one that was checked; htmx asks for the part that changes.
    """
    file = _find(request, pk)
    part = request.headers.get("HX-Target") == "import"
    template = "memberships/_import.html" if part else "memberships/import_detail.html"
    return render(request, template, _context(file, columns="columns" in request.GET))


@policy(Right.IMPORT)
@require_POST
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirms the columns of a file and has it checked."""
    file = _find(request, pk)
    form = ColumnsForm(request.POST, file=file)
    if form.is_valid():
        try:
            plans = form.cleaned_data.get("create_plans")
            intake.check(file=file, mapping=form.mapping(), now=clock.now(), create_plans=plans)
        except intake.FormerStage as error:
            messages.warning(request, str(error.message))
            return redirect("import_detail", file.pk)
        except Refused as error:
            error.fields = form.by_column(error.fields)
            refuse(form, error)
        else:
            work_on_files.delay()
            return redirect("import_detail", file.pk)
    return render(request, "memberships/import_detail.html", _context(file, form=form), status=422)


@policy(Right.IMPORT)
@require_POST
def import_plans(request: HttpRequest, pk: int) -> HttpResponse:
    """Says which plans of the club the unknown names of a file mean, and has it checked again."""
    file = _find(request, pk)
    form = _plans_form(file, request.POST)
    if form is not None and form.is_valid():
        try:
            intake.mean_plans(file=file, chosen=form.chosen(), now=clock.now())
        except intake.FormerStage as error:
            messages.warning(request, str(error.message))
            return redirect("import_detail", file.pk)
        except Refused as error:
            refuse(form, error)
        else:
            work_on_files.delay()
            return redirect("import_detail", file.pk)
    return render(request, "memberships/import_detail.html", _context(file, plans=form), status=422)


def _plans_form(file: FileImport, posted: QueryDict | None = None) -> PlansForm | None:
    """What asks for the plans that are meant; None where every name is known, or the club has no plan."""
    names = intake.unknown_plans(file)
    plans = list(Plan.objects.filter(club=file.club).order_by("-active", "name", "pk").values_list("code", "name"))
    return PlansForm(posted, names=names, plans=plans) if names and plans else None


@policy(Right.IMPORT)
@require_POST
def import_load(request: HttpRequest, pk: int) -> HttpResponse:
    """Has a checked file loaded."""
    file = _find(request, pk)
    form = LoadForm(request.POST)
    form.is_valid()
    try:
        intake.load(file=file, skip_bad=form.cleaned_data["skip_bad"], now=clock.now())
    except intake.FormerStage as error:
        messages.warning(request, str(error.message))
    except Refused as error:
        refuse(form, error)
        return render(request, "memberships/import_detail.html", _context(file, load=form), status=422)
    else:
        work_on_files.delay()
    return redirect("import_detail", file.pk)


@policy(Right.IMPORT)
@require_POST
def import_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives a file up that was not loaded."""
    file = _find(request, pk)
    intake.leave(file=file, now=clock.now())
    messages.success(request, _("The file is removed. Nothing of it was stored."))
    return redirect("import_list")


@policy(Right.IMPORT)
@require_safe
def import_report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a file, each as it stood, to be mended and loaded."""
    file = _find(request, pk)
    if not file.report:
        raise Http404
    try:
        stored = file.report.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(
        stored, as_attachment=True, filename=intake.report_of(file), content_type="text/csv; charset=utf-8"
    )
    answer["Cache-Control"] = "no-store"
    return answer


def _find(request: HttpRequest, pk: int) -> FileImport:
    rows = FileImport.objects.select_related("club", "made_by")
    file = access.one(acting(request), rows, pk, Right.IMPORT)
    frame.enter(request, file.club)
    return _describe(file)


def _context(
    file: FileImport,
    *,
    form: ColumnsForm | None = None,
    load: LoadForm | None = None,
    plans: PlansForm | None = None,
    columns: bool = False,
) -> dict[str, object]:
    changeable = file.stage in (Stage.COLUMNS, Stage.CHECKED, Stage.FAILED) and bool(file.columns)
    if form is None and changeable and (columns or file.stage == Stage.COLUMNS):
        form = ColumnsForm(file=file)
    answer = file.answer
    taken = sum(answer.get(name, 0) for name in ("created", "updated", "unchanged", "merged"))
    return {
        "file": file,
        "form": form,
        "recognised": sum(1 for field in file.mapping.values() if field),
        "changeable": changeable,
        "plans": plans or _plans_form(file),
        "load": load or LoadForm(initial={"skip_bad": True}),
        "answer": answer,
        "taken": taken,
        "more_errors": answer.get("refused", 0) - len(answer.get("errors", ())),
        "first_heads": file.first[0] if file.first else [],
        "first_rows": file.first[1:],
        "doing": DOING.get(file.doing, ""),
        "steps": _steps(file, form),
    }


def _steps(file: FileImport, form: ColumnsForm | None) -> list[tuple[object, str]]:
    """The steps of the way, each ``done``, ``current`` or neither."""
    names = [_("File"), _("Columns"), _("Check"), _("Load")]
    at = {Stage.CHECK: 2, Stage.CHECKED: 2, Stage.LOAD: 3, Stage.LOADED: 4, Stage.REMOVED: 4}.get(Stage(file.stage), 1)
    if form is not None:
        at = 1
    return [
        (name, "done" if place < at else "current" if place == at else "") for place, name in enumerate(names)
    ]  # fmt: skip
