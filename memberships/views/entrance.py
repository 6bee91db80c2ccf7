"""Where people come in: the role's own start, the switcher of clubs, one's own settings, first steps."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.access import policy, public
from config.forms import sent
from memberships import access, first_steps, frame
from memberships.forms.profile import ProfileForm
from memberships.models import Club, Member
from memberships.rights import Right


@public("nothing but the way to the login, or an empty system's first steps")
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Leads to the role's own start page; an empty system, or an empty club, says how to begin."""
    if not Club.objects.exists():
        return render(request, "memberships/first_steps.html", {"steps": first_steps.of(None)})
    user = frame.person(request)
    if not user.is_authenticated:
        return redirect("account_login")
    try:
        club = frame.current_club(request)
    except Http404:
        return render(request, "memberships/no_club.html", status=403)
    if access.may(user, Right.IMPORT, club) and not Member.objects.filter(club=club).exists():
        steps = first_steps.of(club)
        context = {"steps": steps, "current": next((step for step in steps if not step.done), None)}
        return render(request, "memberships/first_steps.html", context)
    return redirect(frame.start_url(access.role_in(user, club)))


@policy(Right.READ_MEMBERS)
@require_POST
def switch_club(request: HttpRequest) -> HttpResponse:
    """Makes another of one's clubs the current one."""
    frame.enter(request, access.club(frame.person(request), request.POST.get("club", ""), Right.READ_MEMBERS))
    return redirect("start")


@policy(why="everybody's own settings")
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Language, colours and keys of the person who is logged in."""
    user = frame.person(request)
    form = ProfileForm(sent(request), instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        translation.activate(user.language)  # type: ignore[union-attr]
        messages.success(request, _("Saved."))
        back = request.POST.get("next", "")
        here = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        response = redirect(back if here else "profile")
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax")  # type: ignore[union-attr]
        response.set_cookie("theme", user.theme, samesite="Lax")  # type: ignore[union-attr]
        response.set_cookie("keys", "on" if user.shortcut_keys else "off", samesite="Lax")  # type: ignore[union-attr]
        return response
    return render(request, "memberships/profile.html", {"form": form})
