"""A club, an administrator at a browser, and a worker that is told when to work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from config import clock
from memberships import intake
from memberships.models import Club, FileImport, User
from tests import days, factories, web

MEMBERS = "Number,Surname,Born\nA1,Scott,1990-05-01\nA2,Twin,31.02.1990\nA3,Frost,1985-01-31\n"


@pytest.fixture
def club(db: None, set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return factories.make_club("mf", name="Model Fitness")


@pytest.fixture
def user(club: Club) -> User:
    return factories.make_user(club, "administrator", "anna")


@pytest.fixture
def anna(user: User) -> Client:
    return web.browser(user)


def work() -> int:
    return intake.work(clock=clock.now)


@pytest.fixture
def bring(anna: Client) -> Callable[..., FileImport]:
    """Uploads a text as a file of a kind; the file as it is kept."""

    def bring(text: str | bytes = MEMBERS, kind: str = "members", name: str = "members.csv") -> FileImport:
        content = text.encode() if isinstance(text, str) else text
        sent = {"kind": kind, "file": SimpleUploadedFile(name, content), "as_of": days.TODAY.isoformat()}
        answer = anna.post(reverse("import_new"), sent)
        assert answer.status_code == 302, answer.content.decode()
        return FileImport.objects.get(pk=int(answer["Location"].split("/")[-2]))

    return bring


@pytest.fixture
def check(anna: Client) -> Callable[..., FileImport]:
    """Confirms the columns of a file as the page shows them, with changes by column, and lets the worker check."""

    def check(file: FileImport, **changes: str) -> FileImport:
        mapping = {name: changes.get(name, file.mapping[name]) for name, _values in file.columns}
        sent = {f"column_{place}": mapping[name] for place, (name, _values) in enumerate(file.columns)}
        answer = anna.post(reverse("import_check", args=[file.pk]), sent)
        assert answer.status_code == 302, answer.content.decode()
        assert work() == 1
        file.refresh_from_db()
        return file

    return check
