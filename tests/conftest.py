"""Frame of all tests."""

from __future__ import annotations

import atexit
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

import pytest

from tests import browser
from tests.databases import emptied, own_database

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the main thread


def pytest_configure() -> None:
    from django.conf import settings
    from django.test import TransactionTestCase

    settings.CLOCK_REFRESH_S = None  # tests pass time, or move this process's clock (``set_clock``)
    settings.MEDIA_ROOT = tempfile.mkdtemp(prefix="ringback-media-")
    atexit.register(shutil.rmtree, settings.MEDIA_ROOT, ignore_errors=True)
    TransactionTestCase._fixture_teardown = lambda _self: emptied()  # Django's flush: a second after each such test
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fifty times as fast


def pytest_report_header() -> str:
    return f"browser: {browser.find() or 'none, its tests are skipped (Debian: apt install chromium)'}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first, those of a file together: what is left to share out at the end is short."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in ("slow", "browser")))
    wanting = [item for item in items if item.get_closest_marker("browser")]
    if wanting and browser.find() is None:
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """For pytest-playwright: the machine's own Chromium."""
    return {"executable_path": browser.find(), "args": browser.ARGUMENTS}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: pytest.FixtureDef) -> Iterator[None]:
    """Each pytest process (and each xdist worker) has its own database on the shared server."""
    with django_db_blocker.unblock(), own_database():
        yield


@pytest.fixture
def set_clock() -> Iterator[Callable[[dt.datetime], None]]:
    """Move this process's clock for one test: ``set_clock(datetime(2026, 11, 12, 10, tzinfo=UTC))``."""
    from config import clock

    yield clock.pretend
    clock.pretend(None)
