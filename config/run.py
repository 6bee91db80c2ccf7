"""``make run``: the whole system on this machine, until Ctrl-C.

Web, worker and scheduler are direct children that end with this process however it ends; the embedded
servers end after their last user (embedded.py). In order: is it ours to start, servers, migrations, the
demo's logins, children, the address; then watch over them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import environment
from config.parenthood import die_with_parent, end_with_parent

VAR = environment.var_dir()
HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = os.environ.get("PORT") or "8000"
DEMO = os.environ.get("DEMO", "1") != "0"
ADDRESS = f"http://{'localhost' if HOST in ('127.0.0.1', '0.0.0.0') else HOST}:{PORT}/"
PATIENCE_S = 20
"""How long children may take to finish what they are at."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("RINGBACK_DEMO", "1")
os.environ.setdefault("PUBLIC_URL", ADDRESS.rstrip("/"))
os.environ["PORT"], os.environ["HOST"] = PORT, HOST

CHILDREN = {
    "web": ["gunicorn", "-c", "config/gunicorn.py"],
    "worker": ["celery", "-A", "config", "worker", "--loglevel", "warning", "--concurrency", "2", "--without-mingle"],
    "scheduler": ["celery", "-A", "config", "beat", "--loglevel", "warning", "--schedule", f"{VAR}/run/beat"],
}


class CannotStart(Exception):
    """Why, and what to do about it."""


class _Stopped(Exception):
    """Ctrl-C, or SIGTERM."""


@dataclass
class Child:
    """A process of ours, started again when it falls."""

    name: str
    process: subprocess.Popen[bytes]
    restarts: bool = True
    started_at: float = field(default_factory=time.monotonic)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Start everything, print where it is, wait; 0 after Ctrl-C, 1 when it could not start."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    from django.core.exceptions import ImproperlyConfigured

    from config.embedded import ServersError

    children: list[Child] = []
    try:
        with _alone():
            try:
                _check_port()
                _start(children)
                _watch(children)
            except _Stopped:
                say("\nStopping …")
                signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C means it: children end with us
            finally:
                _end(children)
    except _Stopped:
        pass
    except PermissionError as error:
        sys.stderr.write(f"Ringback did not start: {error.filename} belongs to another user; start it as that user.\n")
        return 1
    except (CannotStart, ServersError, ImproperlyConfigured) as error:
        sys.stderr.write(f"Ringback did not start: {error}\n")
        return 1
    return 0


class _Signals:
    """What the handler notes. It raises nothing: an exception would be lost in whatever it fell into."""

    stop = False


def _stop(_number: int, _frame: FrameType | None) -> None:
    _Signals.stop = True


def _pause(seconds: float) -> None:
    """Sleep, unless we are to stop: raises _Stopped."""
    deadline = time.monotonic() + seconds
    while True:
        if _Signals.stop:
            raise _Stopped
        rest = deadline - time.monotonic()
        if rest <= 0:
            return
        time.sleep(min(rest, 0.1))


@contextmanager
def _alone() -> Iterator[None]:
    """One system per folder: two schedulers would do everything twice."""
    path = VAR / "run" / "system.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(f"it runs here already: {file.read().strip() or 'see the other window'}") from None
        file.truncate(0)
        file.write(ADDRESS)
        file.flush()
        yield


def _check_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(PORT)))
        except (ValueError, OverflowError):
            raise CannotStart(f"PORT={PORT} is no port; take a number such as PORT=8123.") from None
        except OSError as error:
            raise CannotStart(f"{HOST}:{PORT} cannot be had ({error.strerror}). Try PORT=8123 make run.") from error


def _start(children: list[Child]) -> None:
    say("Starting the servers …")
    first = _migrate()
    if DEMO and first:
        _manage("demo", "--staff-only")
    children.append(_spawn("web"))
    import django

    django.setup()
    _keep_clock()
    _wait_for_web(children[0])
    _greet(first)
    children += [_spawn("worker"), _spawn("scheduler")]  # after the first page: they would slow it down
    if DEMO:
        children.append(_spawn("demo", [sys.executable, "manage.py", "demo"], restarts=False))


def _migrate() -> bool:
    """Bring the database up to date; whether it was empty."""
    note = VAR / "run" / "migrated"
    applied = _applied_migrations()
    if note.exists() and note.read_text() == _fingerprint(applied):
        return False
    say("Bringing the tables up to date …" if applied else "Making the tables …")
    _manage("migrate", "--no-input", "--verbosity", "0")
    note.write_text(_fingerprint(_applied_migrations()))
    return not applied


def _fingerprint(applied: set[tuple[str, str]]) -> str:
    """Of what the code wants in the database and what the database has: the same again means nothing to do."""
    digest = hashlib.sha256(repr(sorted(applied)).encode())
    for path in [environment.BASE_DIR / "requirements.txt", *sorted(environment.BASE_DIR.glob("*/migrations/*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _applied_migrations() -> set[tuple[str, str]]:
    """What Django has noted; asked as the owner, since the application's role may not be there yet."""
    import psycopg
    from django.db import connection

    where = connection.get_connection_params()
    where.pop("options", None)
    try:
        with psycopg.connect(**where) as database:
            return {(app, name) for app, name in database.execute("SELECT app, name FROM django_migrations")}
    except psycopg.errors.UndefinedTable:
        return set()
    except psycopg.OperationalError as error:
        raise CannotStart(f"the database does not answer ({error}). Check DATABASE_URL.") from error


def _manage(*arguments: str) -> None:
    with tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, "manage.py", *arguments]
        process = subprocess.Popen(
            command,
            cwd=environment.BASE_DIR,
            stdout=said,
            stderr=said,
            preexec_fn=die_with_parent(signal.SIGTERM),
            process_group=0,
        )
        try:
            while process.poll() is None:
                _pause(0.1)
        except _Stopped:
            process.terminate()
            process.wait()
            raise
        if process.returncode:
            said.seek(0)
            raise CannotStart(f"manage.py {arguments[0]} failed:\n{said.read().strip()[-2000:]}")


def _spawn(name: str, command: list[str] | None = None, *, restarts: bool = True) -> Child:
    program = command or [str(Path(sys.executable).parent / CHILDREN[name][0]), *CHILDREN[name][1:]]
    log = VAR / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            program,
            cwd=environment.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,  # Ctrl-C is for us; they are ended in order
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    return Child(name, process, restarts)


def _keep_clock() -> None:
    """Note at the first start that this is a demo system, and its clock."""
    from django.conf import settings
    from django.db import connections

    from config import clock

    if settings.RINGBACK_DEMO and not clock.start() and settings.RINGBACK_CLOCK:
        say(f"RINGBACK_CLOCK counts at the first start only; it is {clock.now():%Y-%m-%d %H:%M} UTC here.")
    connections.close_all()


def _wait_for_web(web: Child) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if web.process.poll() is not None:
            raise CannotStart(f"the web server ended at once; see {VAR}/log/web.log.")
        try:
            host = "127.0.0.1" if HOST == "0.0.0.0" else HOST
            with urllib.request.urlopen(f"http://{host}:{PORT}/healthz", timeout=2):
                return
        except OSError:
            _pause(0.05)
    raise CannotStart(f"the web server does not answer; see {VAR}/log/web.log.")


def _greet(first: bool) -> None:
    say(f"\nRingback is at  {ADDRESS}")
    if DEMO:
        from config.demo import staff

        say(f"\nLog in with the password  {staff.PASSWORD}  as")
        for login in staff.LOGINS:
            say(f"  {login.username:<8} {login.role:<14} {login.name}")
        if first:
            say("\nThe demo club is being filled; its pages answer meanwhile.")
    elif first:
        say(
            "\nIt is empty. Make a club and yourself:\n"
            "  .venv/bin/python manage.py add_club SLUG --name NAME --timezone ZONE --country CC --currency CUR\n"
            "  echo PASSWORD | .venv/bin/python manage.py add_staff NAME --role owner --club SLUG"
        )
    say(f"\nCtrl-C stops it. Logs: {VAR}/log/\n")


def _watch(children: list[Child]) -> None:
    """Until Ctrl-C: start again what falls, and see that the embedded servers are there."""
    from django.conf import settings

    from config import embedded

    while True:
        _pause(1)
        for child in list(children):
            if child.process.poll() is None:
                continue
            children.remove(child)
            if child.restarts:
                say(f"The {child.name} ended ({child.process.returncode}); starting it again.")
                if time.monotonic() - child.started_at < 10:
                    _pause(5)
                children.append(_spawn(child.name))
            elif child.process.returncode:
                say(f"The {child.name} was not finished; see {VAR}/log/{child.name}.log.")
        if settings.EMBEDDED:
            embedded.ensure(VAR)


def _end(children: list[Child]) -> None:
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + PATIENCE_S
    for child in children:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
    if "django" in sys.modules:
        from config import embedded

        if embedded.is_held(VAR):
            say("All has stopped." if embedded.release(VAR) else "Stopped; others still use the embedded servers.")


if __name__ == "__main__":
    if "MAKELEVEL" in os.environ:
        end_with_parent(signal.SIGTERM)
    sys.exit(main())
