"""The script editor: every part leads to a meeting, every saving is a version, calls keep the one they used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from calls import cards, dialling, queue, scripts
from calls.models import Script
from calls.rules import scripts as rules
from calls.rules.scripts import Objection, Step
from memberships.models import Club, Employee, User
from memberships.rules.terms import DAY
from tests import days
from tests.calls.factories import make_task
from tests.factories import make_club, make_member, make_user
from tests.web import browser

pytestmark = pytest.mark.django_db

NOW = days.NOW + dt.timedelta(hours=1)
GREET = Step("Greet", "“Good day, {member}.”", "Find a time")
AGREE = Step("Agree", "“I have {times}.”", "Book it")
SCRIPT = rules.Script((GREET, AGREE), (Objection("“No time”", "“A quarter of an hour.”", "Book it"),))


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(NOW)
    return make_club()


@pytest.fixture
def karin(club: Club) -> User:
    return make_user(club, "manager", "karin")


def in_use(club: Club, kind: str = "renewal", language: str = "en") -> Script:
    return next(row for row in scripts.newest(club) if (row.kind, row.language) == (kind, language))


def save(club: Club, by: User, script: rules.Script = SCRIPT, **fields: object) -> Script:
    given = {"kind": "renewal", "language": "en", "after": 1, **fields}
    return scripts.save(club=club, script=script, by=by, now=NOW, **given)  # type: ignore[arg-type]


def typed(script: rules.Script, **more: object) -> dict[str, object]:
    """What the editor would send."""
    sent: dict[str, object] = {"do": "save", "after": 1, **more}
    for kind, rows in (("step", script.steps), ("objection", script.objections)):
        for number, row in enumerate(rows):
            sent |= {f"{kind}-{number}-{name}": getattr(row, name) for name in row.__dataclass_fields__}
    return sent


def test_every_saving_is_a_version_and_older_ones_stay(club: Club, karin: User) -> None:
    made = save(club, karin)
    assert (made.version, made.made_by, scripts.parts(made)) == (2, karin, SCRIPT)
    assert in_use(club) == made
    assert [row.version for row in scripts.versions(made)] == [2, 1]
    assert cards.script_of(club=club, kind="renewal", language="en") == made


def test_an_older_version_comes_back_as_the_newest(club: Club, karin: User) -> None:
    first = in_use(club)
    save(club, karin)
    again = scripts.restore(script=first, by=karin, now=NOW)
    assert (again.version, again.steps, again.objections) == (3, first.steps, first.objections)


def test_who_saves_over_a_newer_version_is_told(club: Club, karin: User) -> None:
    save(club, karin)
    with pytest.raises(scripts.SavedMeanwhile):
        save(club, karin)


@pytest.mark.parametrize(
    ("script", "field", "words"),
    [
        (rules.Script((GREET, Step("Why", "“Why?”", " "))), "steps_1", "Step 2, Why: Say how it leads to a meeting"),
        (rules.Script((GREET, Step("", "“Why?”", "Book"))), "steps_1", "Step 2, …: Give the step a title"),
        (rules.Script((GREET,), (Objection("“No”", "“Oh.”", ""),)), "objections_0", "Objection 1, “No”: Say how"),
        (rules.Script((Step("Greet", "“It costs €40.”", "Book"),)), "steps_0", "An amount is never said"),
        (rules.Script((Step("Greet", "“{price}”", "Book"),)), "steps_0", "cannot be filled in"),
        (rules.Script((Step("Greet", "x" * 2001, "Book"),)), "steps_0", "too long"),
        (rules.Script(()), "steps_0", "at least one step"),
    ],
)
def test_a_part_without_a_way_to_booking_is_named(
    club: Club, karin: User, script: rules.Script, field: str, words: str
) -> None:
    with pytest.raises(scripts.ScriptRefused) as refused:
        save(club, karin, script)
    assert list(refused.value.fields) == [field] and words in str(refused.value)
    assert in_use(club).version == 1


def test_the_words_that_clubs_begin_with_may_be_saved(club: Club) -> None:
    assert [row for row in scripts.newest(club) if scripts.problems(scripts.parts(row))] == []


def test_members_hear_their_own_language_once_it_is_written(club: Club, karin: User) -> None:
    assert cards.script_of(club=club, kind="renewal", language="de") == in_use(club)
    made = save(club, karin, language="de", after=0)
    assert made.version == 1
    assert cards.script_of(club=club, kind="renewal", language="de") == made
    with pytest.raises(scripts.UnknownLanguage):
        save(club, karin, language="klingon", after=0)


def test_a_call_keeps_the_version_that_it_used(club: Club, karin: User) -> None:
    save(club, karin)
    make_task(make_member(club), "renewal")
    task = queue.next_task(operator=karin, clubs=[club.pk], now=NOW)
    assert task is not None
    attempt = dialling.dial(task=task, operator=karin, now=NOW)
    save(club, karin, after=2)
    attempt.refresh_from_db()
    assert attempt.script_version == 2


# ---- the pages -------------------------------------------------------------------------------------------


def editor(client: Client, script: Script, **sent: object):
    return client.post(reverse("script_edit", args=[script.pk]), sent)


def test_a_manager_writes_a_script_on_the_web(club: Club, karin: User) -> None:
    web, first = browser(karin), in_use(club)
    assert first.get_kind_display() in web.get(reverse("script_list")).content.decode()
    answer = editor(web, first, **typed(SCRIPT))
    assert answer.status_code == 302
    made = in_use(club)
    assert made.version == 2 and scripts.parts(made) == SCRIPT
    old = web.get(reverse("script_edit", args=[first.pk])).content.decode()
    assert "version 1" in old and "Use this version again" in old
    assert web.post(reverse("script_restore", args=[first.pk])).status_code == 302
    assert in_use(club).version == 3


def test_the_editor_names_the_step_without_a_way_out_and_keeps_what_was_typed(club: Club, karin: User) -> None:
    bad = rules.Script((GREET, Step("Why", "“Tell me, why?”", "")))
    answer = editor(browser(karin), in_use(club), **typed(bad))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Step 2, Why: Say how it leads to a meeting" in page and "Tell me, why?" in page


def test_a_newer_version_of_a_colleague_is_not_overwritten(club: Club, karin: User) -> None:
    first = in_use(club)
    save(club, karin)
    assert editor(browser(karin), first, **typed(SCRIPT)).status_code == 409
    assert in_use(club).version == 2


def test_rows_are_added_moved_and_taken_out_without_saving(club: Club, karin: User) -> None:
    web, first = browser(karin), in_use(club)
    page = editor(web, first, **typed(SCRIPT, do="down-step-0")).content.decode()
    assert page.index('value="Agree"') < page.index('value="Greet"')
    page = editor(web, first, **typed(SCRIPT, do="drop-step-0")).content.decode()
    assert 'value="Greet"' not in page
    page = editor(web, first, **typed(SCRIPT, do="add-objection")).content.decode()
    assert 'name="objection-1-says"' in page
    for nonsense in ("up-step-99", "down-step-1", "up-step-0", "look", "add-step"):
        assert editor(web, first, **typed(SCRIPT, do=nonsense)).status_code == 200
    assert in_use(club).version == 1


def test_the_preview_shows_what_is_typed_as_the_card_would(club: Club, karin: User) -> None:
    page = browser(karin).post(reverse("script_preview"), typed(SCRIPT)).content.decode()
    assert "Good day, Marina." in page and 'class="script"' in page and "<html" not in page


def test_another_language_begins_with_the_words_in_use(club: Club, karin: User) -> None:
    web = browser(karin)
    new = reverse("script_new")
    page = web.get(new, {"kind": "renewal", "language": "de"}).content.decode()
    assert "Your membership comes to its end soon" in page
    sent = typed(SCRIPT, kind="renewal", language="de", after=0)
    assert web.post(new, sent).status_code == 302
    assert in_use(club, language="de").version == 1
    assert web.get(new, {"kind": "renewal", "language": "de"}).status_code == 302, "there is one now"
    assert web.post(new, typed(SCRIPT, kind="renewal", language="xx", after=0)).status_code == 422


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_others_may_neither_read_nor_write_scripts(club: Club, karin: User, role: str) -> None:
    web, script = browser(make_user(club, role)), in_use(club)
    assert web.get(reverse("script_list")).status_code == 403
    assert editor(web, script, **typed(SCRIPT)).status_code == 403
    stranger = browser(make_user(make_club("hillside"), "manager", "eve"))
    assert stranger.get(reverse("script_edit", args=[script.pk])).status_code == 404


@pytest.mark.parametrize(
    ("language", "offered"),
    [
        ("en", "“I have today at 11:30 or tomorrow at 10:00.”"),
        ("ru", "“I have сегодня в 11:30 или завтра в 10:00.”"),
        ("de", "“I have Donnerstag 12 November 11:30 / Freitag 13 November 10:00.”"),
    ],
)
def test_two_days_are_offered_in_the_words_of_the_script(club: Club, karin: User, language: str, offered: str) -> None:
    save(club, karin, language=language, after=1 if language != "de" else 0)
    task = make_task(make_member(club, language=language), "renewal")
    told = cards.card(task=task, operator=karin, now=NOW)["script"]
    assert told["steps"][1]["text"] == offered


def test_a_single_host_is_asked_for_both_times_and_a_later_day_is_named(club: Club, karin: User) -> None:
    make_user(club, "administrator", "anna")
    slots = list(cards.slots_of(club, NOW))
    mixed = [slots[0], *(replace(slot, host=Employee(pk=99)) for slot in slots[1:-1]), slots[-1]]
    assert cards.times_of(mixed, today=NOW.date(), language="en") == "today at 11:30 or tomorrow at 17:00"
    assert cards.times_of(slots[:1], today=NOW.date() - 3 * DAY, language="en") == "Thursday, 12 November at 11:30"
    assert cards.times_of([], today=NOW.date(), language="en") == ""
