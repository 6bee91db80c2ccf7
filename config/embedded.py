"""PostgreSQL and Valkey from wheels, for whoever has set no DATABASE_URL or REDIS_URL.

One *keeper* process (keeper.py) per ``var`` folder has both servers as its direct children; everybody who
uses them holds a shared lock on ``var/run/users.lock`` for as long as they live,
and the keeper stops the servers and itself a few seconds after the last lock is gone. Locks and
PR_SET_PDEATHSIG are the kernel's, so this also holds for whatever was killed with -9.

The order of a start, each step alone under ``start.lock``:

1. take ``users.lock`` shared (waits while a keeper is stopping, which holds it exclusively);
2. is ``keeper.lock`` taken? Then the servers run, or are about to: read ``servers.json``;
3. else start a keeper, which takes ``keeper.lock``, clears away what a killed one left, starts both
   servers, writes ``servers.json`` and says so, or says in a sentence what is wrong and what to do.

This module needs neither Django nor settings.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

DATABASE = USER = "ringback"
START_TIMEOUT_S = 90.0


class ServersError(Exception):
    """The embedded servers cannot be had; the message says why and what to do about it."""


@dataclass(frozen=True)
class Servers:
    """Where the running servers listen."""

    socket_dir: str
    keeper_pid: int

    @property
    def redis_socket(self) -> str:
        return f"{self.socket_dir}/valkey"


# --- for those who use the servers

_held: dict[Path, IO[str]] = {}


def ensure(var: Path) -> Servers:
    """Start the servers of this ``var`` folder, or join those that run; held until the process ends.

    Raises ServersError with a sentence that says what to do.
    """
    var = var.resolve()
    run = var / "run"
    try:
        run.mkdir(parents=True, exist_ok=True)
        if var in _held and not is_still_at(run / "users.lock", _held[var]):
            _held.pop(var).close()  # the folder was removed and made again
        if var not in _held:
            users = (run / "users.lock").open("a")
            fcntl.flock(users, fcntl.LOCK_SH)
            _held[var] = users
        with _locked(run / "start.lock"):
            return _started(var)
    except PermissionError as error:
        raise ServersError(
            f"{error.filename or var} belongs to another user. Run as the user who started Ringback here "
            f"first, or give the folder to yourself: chown -R $(id -un) {var}"
        ) from error


def is_held(var: Path) -> bool:
    """Whether this process uses the servers of this folder."""
    return var.resolve() in _held


def release(var: Path, *, timeout_s: float = 40.0) -> bool:
    """Give up this process's use. Nobody else left: wait until the servers have stopped, answer True."""
    var = var.resolve()
    run = var / "run"
    held = _held.pop(var, None)
    if held is None:
        return False
    held.close()  # never LOCK_UN: a forked child shares this lock and keeps its part
    keeper: psutil.Process | None = None
    with contextlib.suppress(FileNotFoundError, ValueError, psutil.Error):
        keeper = psutil.Process(_read_state(run).keeper_pid)
        keeper.send_signal(signal.SIGUSR1)  # no lingering
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if _is_free(run / "keeper.lock"):
            if keeper:
                keeper.wait(timeout_s)
            return True
        if _is_held_shared(run / "users.lock"):
            return False
        time.sleep(0.1)
    raise ServersError(f"The embedded servers did not stop; see {var}/log/servers.log.")


def is_still_at(path: Path, file: IO[str]) -> bool:
    """Whether an open file is still the one of this name: a lock on a removed file locks nothing."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _started(var: Path) -> Servers:
    run = var / "run"
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if _is_free(run / "keeper.lock"):
            _start_keeper(var)
        with contextlib.suppress(FileNotFoundError, ValueError):
            return _read_state(run)
        time.sleep(0.1)  # a keeper on its way in (its starter was killed) or on its way out
    raise ServersError(f"The embedded servers did not start in {START_TIMEOUT_S:.0f} s; see {var}/log/.")


def _start_keeper(var: Path) -> None:
    log = var / "log" / "servers.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as errors:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "config.keeper", str(var)],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C at a command must not reach the servers that others share
            text=True,
        )
        assert keeper.stdout is not None
        with keeper.stdout:
            answer = keeper.stdout.readline().strip()
    if answer != "ready":
        keeper.wait()
        raise ServersError(answer or f"The embedded servers could not be started; see {log}.")
    keeper.returncode = 0  # it outlives us on purpose: no ResourceWarning about a running child


def _read_state(run: Path) -> Servers:
    return Servers(**json.loads((run / "servers.json").read_text()))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_free(path: Path) -> bool:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_held_shared(path: Path) -> bool:
    """Whether users hold it (a keeper holds it exclusively while it stops: that does not count)."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
