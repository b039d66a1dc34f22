"""A private Prefect server: on its own port, from nobody else's settings, gone when its parent is gone."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from vitale_cli import server
from vitale_core.domain.errors import TemporaryFailure

PROJECT = Path(__file__).parents[2]
STARTS_ONE = """
import sys, time
from pathlib import Path
from vitale_cli import server
started = server.start(Path(sys.argv[1]), short_lived=True)
server.wait(started)
print(started.process.pid, started.port, flush=True)
time.sleep(600)
"""


def lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc").exists() else True


def schema(path):
    """Return each table with its columns, and each unique index, of a SQLite database."""
    with closing(sqlite3.connect(path)) as facts:
        tables = [name for (name,) in facts.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {row[1] for row in facts.execute(f"PRAGMA table_info('{name}')")} for name in tables}


def test_a_taken_port_gives_another_one():
    with closing(server.bind(0)) as first:
        taken = first.getsockname()[1]

        with closing(server.bind(taken)) as second:
            assert second.getsockname()[1] != taken


def test_the_socket_listens_on_loopback_only():
    with closing(server.bind(0)) as bound:
        assert bound.getsockname()[0] == "127.0.0.1"


def test_settings_of_another_prefect_stay_out():
    environment = {"PREFECT_API_URL": "https://elsewhere.example", "PREFECT_SERVER_API_PORT": "1", "PATH": "/bin"}

    assert server.without_prefect(environment) == {"PATH": "/bin"}


def test_nothing_answers_where_nothing_runs():
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    assert not server.answers(f"http://127.0.0.1:{port}/api")


def test_a_server_that_cannot_start_says_where_to_look(tmp_path):
    (tmp_path / "prefect.db").write_bytes(b"this is not a database" * 100)
    started = server.start(tmp_path, short_lived=True)

    with pytest.raises(TemporaryFailure) as refusal:
        server.wait(started)

    assert str(started.log) in refusal.value.remedy
    assert started.process.poll() is not None


@pytest.mark.prefect
@pytest.mark.slow
def test_a_short_lived_server_has_the_tables_of_the_newest_version(tmp_path):
    import prefect.server.database
    from alembic.script import ScriptDirectory

    migrations = Path(prefect.server.database.__file__).parent / "_migrations"
    history = ScriptDirectory(str(migrations), version_locations=[str(migrations / "versions" / "sqlite")])
    started = server.start(tmp_path, short_lived=True)
    try:
        server.wait(started)
        assert server.answers(started.api_url)
    finally:
        server.stop(started)

    with closing(sqlite3.connect(tmp_path / "prefect.db")) as facts:
        [(revision,)] = facts.execute("SELECT version_num FROM alembic_version").fetchall()
    assert revision == history.get_current_head()
    assert {"flow_run", "task_run", "artifact", "deployment"} <= schema(tmp_path / "prefect.db").keys()
    assert not lives(started.process.pid)


@pytest.mark.prefect
@pytest.mark.slow
def test_a_server_ends_when_its_parent_is_killed(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid, port = (int(word) for word in parent.stdout.readline().split())
    assert server.answers(f"http://127.0.0.1:{port}/api")

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    end = time.monotonic() + 20
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.1)
    assert not lives(pid)
