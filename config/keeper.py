"""The process that owns the embedded PostgreSQL and Valkey of one ``var`` folder (see embedded.py).

They are its direct children and end with it. It starts again what falls, and stops when nobody uses them
any more, or when somebody removed the folder from under it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO

import psutil
import psycopg

from config.embedded import DATABASE, USER, Servers, ServersError, is_still_at
from config.parenthood import die_with_parent
from config.quarters import Quarters

LINGER_S = 5.0
"""How long the servers outlive their last user, so that commands in a row share one start."""
STOP_TIMEOUT_S = 30

POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",  # what a statement was refused for may quote a member
    "log_checkpoints": "off",
}

IN_ORDER = {"valkey": signal.SIGTERM, "postgres": signal.SIGINT}
AT_ONCE = {"valkey": signal.SIGKILL, "postgres": signal.SIGQUIT}


class Keeper:
    """Both servers of one ``var`` folder, from start to stop."""

    def __init__(self, var: Path, lock: IO[str]) -> None:
        self.var, self.run, self.lock = var, var / "run", lock
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.linger_s, self.told_to_stop = LINGER_S, False
        self.quarters = Quarters(var)
        self.home, self.sockets = self.quarters.home, self.quarters.sockets

    def keep(self, announce: Callable[[], None]) -> None:
        """Start, announce, and stay until nobody holds ``users.lock`` any more."""
        signal.signal(signal.SIGUSR1, lambda *_: setattr(self, "linger_s", 0.0))
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "told_to_stop", True))
        try:
            self._start_postgres()
            self._start_valkey()
            state = Servers(socket_dir=str(self.sockets), keeper_pid=os.getpid())
            draft = self.run / "servers.json.new"
            draft.write_text(json.dumps(asdict(state)))
            draft.replace(self.run / "servers.json")
            announce()
            idle_since: float | None = None
            with (self.run / "users.lock").open("a") as users:
                while not self.told_to_stop:
                    try:
                        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        idle_since = None
                    else:
                        idle_since = idle_since or time.monotonic()
                        if time.monotonic() - idle_since >= self.linger_s:
                            return self._stop()  # still exclusive: whoever comes waits, then starts anew
                        fcntl.flock(users, fcntl.LOCK_UN)
                    if not is_still_at(self.run / "keeper.lock", self.lock):
                        return self._give_up()
                    self._restart_the_fallen()
                    time.sleep(0.2)
        finally:
            self._stop()

    def _restart_the_fallen(self) -> None:
        for name, start in (("postgres", self._start_postgres), ("valkey", self._start_valkey)):
            if self.children[name].poll() is not None:
                sys.stderr.write(f"{name} ended with {self.children[name].returncode}; starting it again\n")
                start()

    def _give_up(self) -> None:
        """The folder was removed, and may be another's by now: touch nothing in it."""
        sys.stderr.write("the folder was removed; stopping\n")
        self._end_children(AT_ONCE)
        self.quarters.vacate()

    def _stop(self) -> None:
        if is_still_at(self.run / "keeper.lock", self.lock):
            (self.run / "servers.json").unlink(missing_ok=True)
            self._end_children(IN_ORDER)
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _end_children(self, signals: dict[str, signal.Signals]) -> None:
        for name, how in signals.items():
            if (child := self.children.pop(name, None)) and child.poll() is None:
                child.send_signal(how)
                try:
                    child.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    child.send_signal(AT_ONCE[name])
                    child.wait()

    def _start(self, name: str, command: list[str], how: signal.Signals) -> subprocess.Popen[bytes]:
        """Start one server as a direct child that gets ``how`` when this process ends."""
        with (self.var / "log" / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=die_with_parent(how), **self.quarters.as_account()
            )
        self.children[name] = child
        return child

    def _until(self, name: str, answers: Callable[[], bool]) -> bool:
        """Wait until the server answers; False when it ended instead."""
        deadline = time.monotonic() + 60
        while not answers():
            if self.children[name].poll() is not None:
                return False
            if time.monotonic() > deadline:
                raise ServersError(f"{name} does not answer; see {self.var}/log/{name}.log.")
            time.sleep(0.05)
        return True

    # --- the two servers

    def _start_postgres(self) -> None:
        data = self.home / "postgres"
        if not (data / "PG_VERSION").exists():
            self._init_postgres(data)
        self._compare_versions(data)
        self._clear_after(data / "postmaster.pid", data, signal.SIGINT)
        self._end_orphans(data)
        for left in self.sockets.glob(".s.PGSQL.*"):
            left.unlink()
        options = POSTGRES_OPTIONS | {"unix_socket_directories": str(self.sockets)}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._start("postgres", [str(self.quarters.postgres("postgres")), "-D", str(data), *words], signal.SIGINT)
        if not self._until("postgres", self._postgres_answers):
            raise ServersError(f"PostgreSQL ended at its start: {self._last_words('postgres')}")

    def _init_postgres(self, data: Path) -> None:
        draft = self.home / "postgres.new"  # renamed when whole: a killed initdb leaves nothing half-made
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        # The ctype is what pg_trgm asks what a letter is: with "C", no Cyrillic ones.
        ctype = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={ctype}"]
        done = subprocess.run(
            [self.quarters.postgres("initdb"), "-D", draft, "-U", USER, "--auth=trust", "--encoding=UTF8", *locale],
            capture_output=True,
            text=True,
            **self.quarters.as_account(),
        )
        if done.returncode:
            raise ServersError(f"PostgreSQL could not make its data folder: {done.stderr.strip()}")
        draft.rename(data)

    def _compare_versions(self, data: Path) -> None:
        made_by = (data / "PG_VERSION").read_text().strip()
        said = subprocess.run(
            [str(self.quarters.postgres("postgres")), "--version"],
            capture_output=True,
            text=True,
            **self.quarters.as_account(),
        ).stdout
        ours = said.split()[-1].partition(".")[0]
        if made_by != ours:
            raise ServersError(
                f"The data in {data} was made by PostgreSQL {made_by}, this is PostgreSQL {ours}. Go back to the "
                f"earlier requirements and run `manage.py backup FILE`, move {data} away, and restore the file here."
            )

    def _postgres_answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            where = {"host": str(self.sockets), "user": USER, "connect_timeout": 5}
            with psycopg.connect(dbname="postgres", autocommit=True, **where) as connection:
                if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        return False

    def _start_valkey(self) -> None:
        data = self.home / "valkey"
        if not data.exists():
            self.quarters.make(data)
        if not self._try_valkey(data):  # its content may be lost at any time: PostgreSQL holds the truth
            data.rename(self.home / f"valkey.broken-{time.time_ns()}")
            self.quarters.make(data)
            if not self._try_valkey(data):
                raise ServersError(f"Valkey ended at its start: {self._last_words('valkey')}")

    def _try_valkey(self, data: Path) -> bool:
        self._clear_after(data / "valkey.pid", data, signal.SIGTERM)
        (self.sockets / "valkey").unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.sockets / "valkey"),
            "unixsocketperm": "700",
            "dir": str(data),
            "pidfile": str(data / "valkey.pid"),
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._start("valkey", [str(self.quarters.valkey_server), *words], signal.SIGTERM)
        return self._until("valkey", self._valkey_answers)

    def _valkey_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.sockets / "valkey"))
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"  # -LOADING while it reads what it kept
        return False

    def _clear_after(self, pid_file: Path, data: Path, how: signal.Signals) -> None:
        """Let a server that outlived a killed keeper finish; drop what names a dead or foreign process."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            process = psutil.Process(int(pid_file.read_text().split()[0]))
            ours = str(data) in process.cmdline() or Path(process.cwd()) == data
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                process.send_signal(how)
                try:
                    process.wait(STOP_TIMEOUT_S)
                except psutil.TimeoutExpired as error:
                    raise ServersError(
                        f"Process {process.pid} still works on {data} and does not end. Stop it "
                        f"(kill -QUIT {process.pid}), then start again."
                    ) from error
        pid_file.unlink(missing_ok=True)

    def _end_orphans(self, data: Path) -> None:
        """A backend in the midst of a statement outlives a postmaster that was killed, and would go on writing beside
        the next one: PostgreSQL itself refuses to start next to one only while the pid file is there.
        """
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.name().startswith("postgres") and Path(process.cwd()) == data.resolve():
                    process.kill()
                    process.wait(STOP_TIMEOUT_S)

    def _last_words(self, name: str) -> str:
        log = self.var / "log" / f"{name}.log"
        return " / ".join(log.read_text(errors="replace").splitlines()[-5:]) + f" (all of it: {log})"


def main(var: Path) -> int:
    """Keep the servers of ``var``; the first line on standard output is ``ready``, or what is wrong."""
    answer = sys.stdout

    def say(line: str) -> None:
        if not answer.closed:
            answer.write(line + "\n")
            answer.close()

    with (var / "run" / "keeper.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (var / "run" / "servers.json").unlink(missing_ok=True)
            Keeper(var, lock).keep(lambda: say("ready"))
        except (ServersError, OSError) as error:
            say(str(error).replace("\n", " "))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
