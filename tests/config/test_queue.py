"""The queue says *look now*; nobody waits for it, and nothing is lost with it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from celery.schedules import crontab, schedule

from config import embedded
from config.celery import HEARTBEAT_KEY, app
from tests.config.servers import BASE_DIR, Client, until, valkey

pytestmark = pytest.mark.slow
AT_ONCE_S = 10.0
"""Half a second and a busy machine; a client without time-outs waits for more than a minute."""

NUDGE = """
import json, sys, time, django
django.setup()
from config import celery, tasks
for line in sys.stdin:
    if line.strip() == "impatient":
        celery.Nudge._quiet_until = 0.0
    started = time.monotonic()
    result = tasks.forget_idempotency_keys.delay()
    print(json.dumps([result is not None, time.monotonic() - started]), flush=True)
"""


class Web:
    """A web process that publishes when told to, and says whether it did and how long it took."""

    def __init__(self, servers: embedded.Servers) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NUDGE],
            cwd=BASE_DIR,
            env=environment(servers) | {"RINGBACK_WEB": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def publish(self, how: str = "") -> tuple[bool, float]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(how + "\n")
        self.process.stdin.flush()
        published, seconds = json.loads(self.process.stdout.readline())
        return published, seconds


def environment(servers: embedded.Servers) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REDIS_URL": f"redis+socket://{servers.redis_socket}?virtual_host=0",
        "DATABASE_URL": f"postgres://{embedded.USER}@/{embedded.DATABASE}?host={servers.socket_dir}",
    }


@pytest.fixture
def servers(with_data: None, join: Callable[..., Client]) -> embedded.Servers:
    return join().servers()


@pytest.fixture
def web(servers: embedded.Servers) -> Iterator[Web]:
    process = Web(servers)
    process.publish()
    yield process
    process.process.kill()
    process.process.communicate()


def broker_process(servers: embedded.Servers) -> psutil.Process:
    (found,) = (child for child in psutil.Process(servers.keeper_pid).children() if child.name().startswith("valkey"))
    return found


def queued(servers: embedded.Servers) -> int:
    return int(valkey(servers).llen("celery"))  # type: ignore[arg-type]


def test_a_task_is_published_at_once(servers: embedded.Servers, web: Web) -> None:
    published, seconds = web.publish()

    assert published
    assert seconds < AT_ONCE_S
    assert queued(servers) == 2


def test_a_frozen_broker_holds_nobody_up(servers: embedded.Servers, web: Web) -> None:
    broker = broker_process(servers)
    broker.suspend()
    try:
        published, first = web.publish()
        _, second = web.publish()
    finally:
        broker.resume()

    assert not published
    assert first < AT_ONCE_S
    assert second < 0.25, "for a while it is not even tried"
    assert web.publish("impatient")[0], "and then it is again"


def test_a_stopped_broker_holds_nobody_up(servers: embedded.Servers, web: Web) -> None:
    os.kill(servers.keeper_pid, signal.SIGSTOP)  # or it would start it again
    broker_process(servers).kill()
    try:
        published, seconds = web.publish()
    finally:
        os.kill(servers.keeper_pid, signal.SIGCONT)

    assert not published
    assert seconds < AT_ONCE_S


@pytest.fixture
def worker(servers: embedded.Servers, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", "--concurrency", "1", "--without-mingle"],
            cwd=BASE_DIR,
            env=environment(servers),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_worker_says_that_it_is_alive_and_does_what_waits(
    servers: embedded.Servers, web: Web, worker: subprocess.Popen[bytes]
) -> None:
    until(lambda: bool(valkey(servers).exists(HEARTBEAT_KEY)), 30)
    until(lambda: queued(servers) == 0)

    assert 0 < valkey(servers).ttl(HEARTBEAT_KEY) <= 15  # type: ignore[operator]


def test_a_worker_outlives_a_broker_that_was_emptied_and_started_again(
    servers: embedded.Servers, web: Web, worker: subprocess.Popen[bytes]
) -> None:
    until(lambda: bool(valkey(servers).exists(HEARTBEAT_KEY)), 30)
    valkey(servers).flushall()
    broker_process(servers).kill()

    def alive_again() -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return bool(valkey(servers).exists(HEARTBEAT_KEY))
        return False

    until(alive_again, 30)
    assert worker.poll() is None
    until(lambda: web.publish("impatient")[0])
    until(lambda: queued(servers) == 0, 30)


def every_entry() -> list[Any]:
    return list(app.conf.beat_schedule.items())


@pytest.mark.parametrize(("name", "entry"), every_entry())
def test_every_entry_of_the_schedule_names_a_task_that_exists(name: str, entry: dict[str, Any]) -> None:
    app.loader.import_default_modules()

    assert entry["task"] in app.tasks
    assert isinstance(entry["schedule"], crontab | schedule | int | float)
    assert not entry.get("args"), "a task finds its work in the database"


def test_a_lost_workers_task_comes_back() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
