"""``make run`` as a person meets it: one whole system in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config import embedded
from tests.config.servers import BASE_DIR, until

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class System:
    """A started ``config.run`` with its folder and address."""

    def __init__(self, var: Path, port: int, **env: str) -> None:
        self.var, self.port = var, port
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("RINGBACK_", "MAKE"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            cwd=BASE_DIR,
            env=clean | {"RINGBACK_VAR": str(var), "PORT": str(port), "DEMO": "0", "WEB_WORKERS": "1"} | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_greeted(self) -> str:
        assert self.process.stdout and self.process.stderr
        said = ""
        while "Ctrl-C" not in said:
            line = self.process.stdout.readline()
            assert line, said + self.process.stderr.read()
            said += line
        return said

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def at_work(self) -> list[psutil.Process]:
        """Everything that this system started, by the folder in its environment or command."""
        found = []
        for process in psutil.process_iter():
            try:
                words = [*process.cmdline(), process.environ().get("RINGBACK_VAR", "")]
            except psutil.Error:
                continue
            if str(self.var) in " ".join(words) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for all tests of this file: the first of them makes its database."""
    top = Path(tempfile.mkdtemp(prefix="ringback-run-"))
    top.chmod(0o755)
    yield top / "var"
    embedded.ensure(top / "var")
    embedded.release(top / "var")
    subprocess.run(["rm", "-rf", str(top)], check=True)


@pytest.fixture
def system(folder: Path) -> Iterator[System]:
    started = System(folder, free_port())
    started.until_greeted()
    yield started
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGTERM)
        started.process.communicate(timeout=60)


def test_an_empty_system_answers_says_where_and_what_to_do_first(folder: Path) -> None:
    system = System(folder, free_port())
    try:
        said = system.until_greeted()
        assert f"http://localhost:{system.port}/" in said
        assert "add_club" in said
        assert system.get("/healthz") == (200, '{"status": "ok"}')
        until(lambda: system.get("/readyz")[0] == 200, 30)
        assert system.get("/accounts/login/")[0] == 200
    finally:
        system.process.send_signal(signal.SIGINT)
        out, errors = system.process.communicate(timeout=60)

    assert system.process.returncode == 0, errors
    assert "All has stopped." in out
    assert system.at_work() == []


def test_a_second_system_in_the_same_folder_is_refused(system: System, folder: Path) -> None:
    second = System(folder, free_port())
    _, errors = second.process.communicate(timeout=30)

    assert second.process.returncode == 1
    assert f"it runs here already: http://localhost:{system.port}/" in errors


def test_a_taken_port_is_named_with_what_to_do(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = System(folder, taken.getsockname()[1])
        _, errors = refused.process.communicate(timeout=30)

    assert refused.process.returncode == 1
    assert "Try PORT=8123" in errors


@pytest.mark.parametrize("port", ["http", "99999"])
def test_a_port_that_is_none_is_refused(folder: Path, port: str) -> None:
    refused = System(folder, 0, PORT=port)
    _, errors = refused.process.communicate(timeout=30)

    assert refused.process.returncode == 1
    assert "is no port" in errors


def test_a_command_beside_it_shares_its_servers_and_clock(system: System) -> None:
    env = os.environ | {"RINGBACK_VAR": str(system.var)}
    keeper = json.loads((system.var / "run" / "servers.json").read_text())["keeper_pid"]
    done = subprocess.run(
        [sys.executable, "manage.py", "set_clock", "2027-01-15T10:00:00+01:00"],
        cwd=BASE_DIR, env=env, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads((system.var / "run" / "servers.json").read_text())["keeper_pid"] == keeper
    assert system.get("/healthz")[0] == 200


def test_what_falls_is_started_again(system: System) -> None:
    (web,) = (
        child for child in psutil.Process(system.process.pid).children() if "gunicorn" in " ".join(child.cmdline())
    )
    web.kill()

    def answers() -> bool:
        try:
            return system.get("/healthz")[0] == 200
        except OSError:
            return False

    until(lambda: not web.is_running() or web.status() == psutil.STATUS_ZOMBIE)
    until(answers, 40)


def test_nothing_is_left_behind_after_sigterm(system: System) -> None:
    system.process.send_signal(signal.SIGTERM)
    system.process.communicate(timeout=60)

    assert system.process.returncode == 0
    assert system.at_work() == []


def test_nothing_is_left_behind_after_kill_9(system: System) -> None:
    system.process.kill()
    system.process.communicate()

    until(lambda: system.at_work() == [], 60)
