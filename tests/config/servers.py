"""Embedded servers of a test's own: other processes that use them, and what is left of them afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from config import embedded

BASE_DIR = Path(__file__).resolve().parents[2]
CLIENT = """
import json, sys, dataclasses, pathlib
from config import embedded
try:
    print(json.dumps(dataclasses.asdict(embedded.ensure(pathlib.Path(sys.argv[1])))), flush=True)
except embedded.ServersError as error:
    sys.exit(str(error))
sys.stdin.read()
"""


class Client:
    """Another process that uses the servers of a folder until it is told to leave, or killed."""

    def __init__(self, var: Path, **popen: Any) -> None:
        popen.setdefault("env", dict(os.environ))
        self.process = subprocess.Popen(
            [popen.pop("python", sys.executable), "-c", CLIENT, str(var)],
            cwd=BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen,
        )

    def servers(self) -> embedded.Servers:
        assert self.process.stdout and self.process.stderr
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return embedded.Servers(**json.loads(line))

    def refusal(self) -> str:
        return self.process.communicate(timeout=60)[1].strip()

    def leave(self) -> None:
        self.process.communicate(timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that the servers' user can enter; whatever still runs on it afterwards is a failure."""
    top = Path(tempfile.mkdtemp(prefix="ringback-test-"))
    top.chmod(0o755)
    folder = top / "var"
    yield folder
    with contextlib.suppress(OSError, ValueError):
        os.kill(json.loads((folder / "run" / "servers.json").read_text())["keeper_pid"], signal.SIGUSR1)
    try:
        until(lambda: not at_work(folder))
    finally:
        for process in at_work(folder):
            process.kill()
        with contextlib.suppress(OSError):
            shutil.rmtree((folder / "servers").resolve(strict=True))
        shutil.rmtree(top)


@pytest.fixture(scope="session")
def stopped() -> Iterator[Path]:
    """A data folder whose servers were started once and have stopped."""
    top = Path(tempfile.mkdtemp(prefix="ringback-data-"))
    top.chmod(0o755)
    embedded.ensure(top / "var")
    embedded.release(top / "var")
    yield (top / "var" / "servers").resolve()
    shutil.rmtree((top / "var" / "servers").resolve(), ignore_errors=True)
    shutil.rmtree(top)


@pytest.fixture
def with_data(var: Path, stopped: Path) -> None:
    """The folder as after an earlier run: for tests that ask nothing of how PostgreSQL's data is made."""
    var.mkdir()
    subprocess.run(["cp", "-a", str(stopped), str(var / "servers")], check=True)


@pytest.fixture
def join(var: Path) -> Iterator[Callable[..., Client]]:
    started: list[Client] = []

    def start(folder: Path = var, **popen: Any) -> Client:
        started.append(Client(folder, **popen))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.kill()


def at_work(var: Path) -> list[psutil.Process]:
    """Keeper and servers of this folder (their command lines name it, or the data it links to)."""
    names = {str(var)}
    with contextlib.suppress(OSError):
        names.add(str((var / "servers").resolve(strict=True)))
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = " ".join(process.cmdline())
            if process.pid != os.getpid() and "import json" not in words and any(name in words for name in names):
                found.append(process)
    return found


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def connect(servers: embedded.Servers) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=servers.socket_dir, user=embedded.USER, dbname=embedded.DATABASE, autocommit=True, connect_timeout=5
    )


def valkey(servers: embedded.Servers) -> redis.Redis:
    return redis.Redis(unix_socket_path=servers.redis_socket, socket_timeout=5)


def write_mark(servers: embedded.Servers) -> None:
    with connect(servers) as connection:
        connection.execute("CREATE TABLE mark (id int)")


def read_mark(servers: embedded.Servers) -> bool:
    with connect(servers) as connection:
        row = connection.execute("SELECT to_regclass('mark')").fetchone()
        return row is not None and row[0] is not None
