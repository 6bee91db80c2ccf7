"""The frame of every page, and the pages that stand alone."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import translation

from tests.look.conftest import CLUB, asked, write

FRAME = '{% extends "base.html" %}{% block h1 %}A page{% endblock %}'


def test_the_frame_says_language_scheme_and_where_one_is() -> None:
    html = write(FRAME, "ru")
    assert '<html lang="ru" data-bs-theme="system">' in html
    assert html.count('aria-current="page"') == 1
    assert html.index('class="skip-link"') < html.index('<header class="top">')


def test_htmx_may_not_evaluate_nor_keep_pages() -> None:
    html = write(FRAME)
    for setting in ('"allowEval": false', '"includeIndicatorStyles": false', '"historyCacheSize": 0'):
        assert setting in html
    assert '"X-CSRFToken": "x"' in html


def test_a_club_is_switched_only_by_who_has_several() -> None:
    assert 'name="club"' in write(FRAME)
    assert 'name="club"' not in write(FRAME, clubs=[CLUB])
    assert "Riverside" in write(FRAME, clubs=[CLUB])


def test_search_is_there_for_those_with_members_only() -> None:
    assert 'id="find"' in write(FRAME)
    assert 'id="find"' not in write(FRAME, search_url="")


def test_a_stranger_sees_no_bar_of_places() -> None:
    html = write(FRAME, user=SimpleNamespace(is_authenticated=False), club=None, clubs=[], nav=[])
    assert "top-more" not in html and "account_logout" not in html


def test_messages_speak_by_sign_and_colour() -> None:
    said = [SimpleNamespace(level_tag=tag, __str__=lambda self: "x") for tag in ("error", "warning", "success", "info")]
    html = write(FRAME, messages=said)
    assert [f"note {kind}" in html for kind in ("bad", "warn", "good")] == [True] * 3
    assert html.index('id="messages"') < html.index("note bad") < html.index("<h1>")


def test_a_part_brings_its_messages_along() -> None:
    html = write('{% include "includes/messages.html" with oob=True %}')
    assert 'id="messages"' in html and 'hx-swap-oob="true"' in html


@pytest.mark.parametrize(("status", "words"), [(400, "damaged"), (403, "role"), (404, "moved"), (500, "written down")])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_error_page_stands_alone_and_offers_the_way_back(status: int, words: str, language: str) -> None:
    with translation.override(language):
        html = render_to_string(f"{status}.html")
    assert f'<html lang="{language}" data-bs-theme="system">' in html
    assert 'href="/"' in html and "<script" not in html and html.count("btn-x primary") == 1
    if language == "en":
        assert words in html


def test_the_error_page_of_a_silent_database_says_so() -> None:
    with translation.override("en"):
        html = render_to_string("500.html", {"status": 503})
    assert "Back in a moment" in html and "database does not answer" in html


def test_the_lock_out_says_how_long() -> None:
    with translation.override("en"):
        html = render_to_string("account/lockout.html", {"cooloff_timedelta": dt.timedelta(hours=0.25)}, asked())
    assert "locked for 15 minutes" in html


class Signing(forms.Form):
    login = forms.CharField()
    password = forms.CharField(widget=forms.PasswordInput)


def test_signing_in_focuses_the_name_and_after_a_mistake_the_password() -> None:
    def shown(form: forms.Form) -> str:
        return render_to_string("account/login.html", {"form": form}, asked())

    empty = shown(Signing())
    assert empty.index('name="login"') < empty.index("data-focus") < empty.index('name="password"')
    wrong = Signing({"login": "nadia", "password": "x"})
    wrong.add_error(None, "Name and password do not belong together.")
    html = shown(wrong)
    assert "do not belong together" in html
    assert html.index('name="password"') < html.rindex("data-focus") and html.count("data-focus") == 1
