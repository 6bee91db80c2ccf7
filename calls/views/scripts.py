"""Scripts of a club: what is said in each kind of call, written, looked at and brought back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calls import cards, scripts
from calls.forms import scripts as script_form
from calls.models import Kind, Script
from calls.rules import scripts as rules
from config import clock
from config.access import policy
from config.words import said
from memberships import access, frame
from memberships.models import Club
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.SETTINGS)
@require_safe
def script_list(request: HttpRequest) -> HttpResponse:
    """The script in use per kind of call and language."""
    club = frame.current_club(request, Right.SETTINGS)
    rows = scripts.newest(club)
    names = dict(script_form.languages())
    for row in rows:
        row.language_name = names.get(row.language, row.language)  # type: ignore[attr-defined]
    kinds = [(kind.label, [row for row in rows if row.kind == kind]) for kind in Kind]
    return render(request, "calls/script_list.html", {"kinds": kinds})


@policy(Right.SETTINGS)
@require_http_methods(["GET", "POST"])
def script_new(request: HttpRequest) -> HttpResponse:
    """A script in another language: begins with the words of the one that is used instead so far."""
    club = frame.current_club(request, Right.SETTINGS)
    asked = request.POST or request.GET
    kind, language = asked.get("kind", ""), asked.get("language", "")
    known = kind in Kind.values and language in dict(script_form.languages())
    there = Script.objects.filter(club=club, kind=kind, language=language).order_by("-version").first()
    if not known or there is not None:
        if there is not None:
            return redirect("script_edit", there.pk)
        context = {"kinds": Kind.choices, "languages": script_form.languages(), "kind": kind, "language": language}
        return render(request, "calls/script_new.html", context, status=422 if request.method == "POST" else 200)
    draft = Script(club=club, kind=kind, language=language, version=0, steps=[])
    used = cards.script_of(club=club, kind=kind, language=language)
    return _editor(request, draft, scripts.parts(used) if used else rules.Script(()))


@policy(Right.SETTINGS)
@require_http_methods(["GET", "POST"])
def script_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Writes the script in use; an older version is shown as it was, with a way back to it."""
    script = _script(request, pk)
    versions = scripts.versions(script)
    if script.pk != versions[0].pk and request.method == "GET":
        context = _shown(request, script, scripts.parts(script)) | {"versions": versions, "now": versions[0]}
        return render(request, "calls/script_version.html", context)
    return _editor(request, script, scripts.parts(script), versions=versions)


@policy(Right.SETTINGS)
@require_POST
def script_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """An older version's words again, as a new version."""
    made = scripts.restore(script=_script(request, pk), by=acting(request), now=clock.now())
    messages.success(request, _("Version %(n)s is in use now.") % {"n": made.version})
    return redirect("script_edit", made.pk)


@policy(Right.SETTINGS)
@require_POST
def script_preview(request: HttpRequest) -> HttpResponse:
    """What is typed, as an operator would see it: a part for the editor."""
    club = frame.current_club(request, Right.SETTINGS)
    language = request.POST.get("language", "")
    context = _preview(
        request,
        club,
        script_form.written(script_form.read(request.POST)),
        language if language in dict(script_form.languages()) else club.language,
    )
    return render(request, "calls/_script_preview.html", context)


def _script(request: HttpRequest, pk: int) -> Script:
    rows = Script.objects.select_related("club", "made_by")
    script = access.one(acting(request), rows, pk, Right.SETTINGS)
    frame.enter(request, script.club)
    return script


def _editor(
    request: HttpRequest, script: Script, written: rules.Script, *, versions: list[Script] | None = None
) -> HttpResponse:
    """The editor: shows what is stored or typed, rearranges rows, saves a new version."""
    problem: Refused | None = None
    if request.method == "POST":
        written = script_form.read(request.POST)
        asked = request.POST.get("do", "save")
        moved = script_form.rearranged(written, asked)
        if moved is not None:
            written = moved
        elif asked != "look":
            written = script_form.written(written)
            after = request.POST.get("after", "")
            try:
                made = scripts.save(
                    club=script.club,
                    kind=script.kind,
                    language=script.language,
                    script=written,
                    after=int(after) if after.isascii() and after.isdigit() and len(after) < 9 else -1,
                    by=acting(request),
                    now=clock.now(),
                )
            except Refused as error:
                problem = error
            else:
                messages.success(request, _("Saved as version %(n)s: calls from now on use it.") % {"n": made.version})
                return redirect("script_edit", made.pk)
    wrong = {name: [said(text) for text in texts] for name, texts in problem.fields.items()} if problem else {}
    context = _shown(request, script, written) | {
        "versions": versions or [],
        "steps": [(step, wrong.get(f"steps_{n}", [])) for n, step in enumerate(written.steps)],
        "objections": [(one, wrong.get(f"objections_{n}", [])) for n, one in enumerate(written.objections)],
        "problem": said(problem.message) if problem else "",
        "more_problems": max(sum(map(len, wrong.values())) - 1, 0),
        "after": request.POST.get("after", script.version),
        "added": request.POST.get("do", "") if request.POST.get("do", "").startswith("add-") else "",
        "places": [f"{{{name}}}" for name in rules.PLACES],
        "post_url": reverse("script_edit", args=[script.pk]) if script.pk else reverse("script_new"),
    }
    return render(request, "calls/script_form.html", context, status=problem.status if problem else 200)


def _shown(request: HttpRequest, script: Script, written: rules.Script) -> dict[str, object]:
    names = dict(script_form.languages())
    return _preview(request, script.club, written, script.language) | {
        "row": script,
        "language_name": names.get(script.language, script.language),
    }


def _preview(request: HttpRequest, club: Club, written: rules.Script, language: str) -> dict[str, object]:
    """The script with words of a call that might be made now."""
    now = clock.now()
    slots = cards.slots_of(club, now)
    today = now.astimezone(club.zone).date()
    user = acting(request)
    values = {
        "member": _("Marina"),
        "operator": user.first_name or user.username,
        "club": club.name,
        "host": slots[0].host.name if slots else _("Anna"),
        "times": cards.times_of(slots, today=today, language=language) or "18:30, 19:00",
    }
    return {"script": scripts.filled(written, values), "talking": True, "slots": True}
