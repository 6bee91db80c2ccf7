"""Web processes, worker and scheduler as in a running system, on this process's database; and who talks to them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
from django.conf import settings
from django.db import connection

from config.parenthood import die_with_parent

BASE_DIR = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent
WEB = "config.wsgi:application"
PATIENCE_S = 90.0
REDIS_NUMBER = 7
"""The numbered store of a test's own: others use the broker of the same servers."""


def until(true: Callable[[], bool], seconds: float = PATIENCE_S) -> float:
    """Waits; how long it took. Raises TimeoutError."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"it did not happen in {seconds:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(var: Path, **more: str) -> dict[str, str]:
    """What tells a process to work on this process's database, as a running system does: by the application's role."""
    to = settings.DATABASES["default"]
    who = ":".join(quote(str(to[name]), safe="") for name in ("USER", "PASSWORD") if to.get(name))
    host, port = str(to["HOST"]), str(to.get("PORT") or "")
    if host.startswith("/"):
        where = f"/{to['NAME']}?host={quote(host, safe='')}"
    else:
        where = f"{host}{':' * bool(port)}{port}/{to['NAME']}"
    broker = settings.BROKER_URL.rpartition("=")[0] + f"={REDIS_NUMBER}" if "?" in settings.BROKER_URL else ""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RINGBACK_", "MAKE"))}
    return clean | {
        "DATABASE_URL": f"postgres://{who}@{where}",
        "REDIS_URL": broker or settings.BROKER_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "RINGBACK_VAR": str(var),
        **more,
    }


@dataclass
class System:
    """A web server with its processes and, where asked for, a worker and a scheduler."""

    port: int
    var: Path
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def web(self) -> psutil.Process:
        return psutil.Process(self.children["web"].pid)

    def web_processes(self) -> list[psutil.Process]:
        """Those that answer, not the one that watches over them."""
        return self.web.children()

    def processes(self) -> list[psutil.Process]:
        found = [psutil.Process(child.pid) for child in self.children.values()]
        return [*found, *(one for parent in found for one in parent.children(recursive=True))]

    def spawn(self, name: str, *command: str) -> None:
        with (self.var / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [str(SCRIPTS / command[0]), *command[1:]],
                cwd=BASE_DIR,
                env=self.env,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def line(self, token: str = "", **headers: str) -> Line:
        """Somebody who talks to it, with a connection of their own."""
        return Line(self.port, {**({"Authorization": f"Bearer {token}"} if token else {}), **headers})

    def answers(self) -> bool:
        return self.line().ask("GET", "/healthz").status == 200

    def said(self) -> str:
        """The last words of each process, for who looks for the cause of a failure."""
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in self.var.glob("*.log"))


@dataclass(frozen=True)
class Answer:
    """``status`` 0: the connection ended without one (``why``), or was dropped on purpose."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        return str(self.body.get("code", "")) if isinstance(self.body, dict) else ""


class Line:
    """One client, one request at a time, over a connection that is kept."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self.port, self.headers = port, dict(headers)
        self.connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: object = None, *, key: str = "", dropped: str = "", timeout_s: float = 30
    ) -> Answer:
        """``dropped``: hang up *sent* after the request, or in the *middle* of it, and never read the answer."""
        sent = b"" if body is None else json.dumps(body).encode()
        headers = self.headers | ({"Content-Type": "application/json"} if sent else {})
        headers |= {"Idempotency-Key": key} if key else {}
        again = self.connection is not None and not dropped
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
            if dropped == "middle":
                self._half(method, path, headers, sent)
                return self.hang_up("dropped")
            self.connection.request(method, path, sent or None, headers)
            if dropped:
                return self.hang_up("dropped")
            response = self.connection.getresponse()
            read = response.read()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            if again and method == "GET":  # the server had closed the kept connection: that is no failure
                self.hang_up()
                return self.ask(method, path, body, key=key, timeout_s=timeout_s)
            return self.hang_up(type(error).__name__)
        except (OSError, http.client.HTTPException) as error:
            return self.hang_up(type(error).__name__)
        if response.will_close:
            self.hang_up()
        is_json = "json" in response.headers.get("Content-Type", "")
        return Answer(response.status, json.loads(read) if is_json and read else None, dict(response.headers))

    def _half(self, method: str, path: str, headers: Mapping[str, str], sent: bytes) -> None:
        assert self.connection is not None
        self.connection.putrequest(method, path)
        for name, value in {**headers, "Content-Length": str(len(sent) + 1)}.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(sent)

    def hang_up(self, why: str = "") -> Answer:
        """Ends the connection; the next request makes one anew."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        return Answer(0, why=why)


@contextlib.contextmanager
def running(*, app: str = WEB, worker: bool = False, processes: int = 2, **env: str) -> Iterator[System]:
    """A system of its own, gone at the end. Its clock is the database's (``ClockOffset``)."""
    connection.ensure_connection()
    with tempfile.TemporaryDirectory(prefix="ringback-soak-", ignore_cleanup_errors=True) as folder:
        system = System(free_port(), Path(folder))
        ours = {"PORT": str(system.port), "HOST": "127.0.0.1", "WEB_WORKERS": str(processes)}
        system.env = environment(system.var, **ours, **env)
        try:
            system.spawn("web", "gunicorn", "-c", "config/gunicorn.py", *([] if app == WEB else [app]))
            if worker:
                system.spawn("worker", "celery", "-A", "config", "worker", "--concurrency", "2", "--without-mingle",
                             "--loglevel", "warning")  # fmt: skip
                system.spawn("scheduler", "celery", "-A", "config", "beat", "--loglevel", "warning",
                             "--schedule", f"{folder}/beat")  # fmt: skip
            try:
                until(system.answers)
            except TimeoutError as error:
                raise RuntimeError(f"the web server does not answer\n{system.said()}") from error
            yield system
        finally:
            for child in system.children.values():
                child.terminate()
            for child in system.children.values():
                try:
                    child.wait(15)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
