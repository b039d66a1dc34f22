"""An installation for flows: its own database and embedded mailbox, on a virtual clock that tests set."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from flows import running
from tests.training import NOW
from vitale_core import app as core
from vitale_core.adapters.sink import MailSink


class Times:
    """The virtual clock of a test."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def _a_server_for_what_is_marked(request):
    """Without one, Prefect would start a hidden server of its own."""
    if request.node.get_closest_marker("prefect"):
        request.getfixturevalue("prefect_server")


@pytest.fixture
def times():
    return Times(NOW)


@pytest.fixture
def sink(tmp_path):
    opened = MailSink(tmp_path / "post")
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def app(database_url, sink, tmp_path, times):
    """The app that flows in this process use."""
    built = core.build(
        core.Settings(
            _env_file=None,
            home=tmp_path / "home",
            database_url=database_url,
            smtp_port=sink.port,
            clock="virtual",
            secret="a secret of the tests" * 2,
        )
    )
    running.use(built, times)
    yield built
    running.use(None)
    built.journal.close()
    built.database.dispose()


class History:
    """What Prefect wrote down in its own database during this test."""

    def __init__(self, path):
        self.path = path
        self.since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def rows(self, query, *values):
        with closing(sqlite3.connect(self.path)) as facts:
            return facts.execute(query, values).fetchall()

    def tasks(self, *names, seconds=15.0):
        """Return (name, state) of the task runs with these names; Prefect writes them down a second later."""
        marks = ", ".join("?" * len(names))
        query = f"SELECT name, state_type FROM task_run WHERE name IN ({marks}) AND start_time >= ? ORDER BY start_time"
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.rows(query, *names, self.since)
            if {name for name, _ in found} == set(names) and all(
                state in {"COMPLETED", "FAILED"} for _, state in found
            ):
                return found
            time.sleep(0.2)
        raise AssertionError(f"{names} not there, but {found}")

    def wait_for(self, text, table, seconds=15.0):
        """Whether this text comes to stand in the table; logs are sent every two seconds."""
        end = time.monotonic() + seconds
        while table not in self.mentions(text) and time.monotonic() < end:
            time.sleep(0.2)
        return table in self.mentions(text)

    def mentions(self, text):
        """Return the tables in which this text stands anywhere."""
        found = []
        with closing(sqlite3.connect(self.path)) as facts:
            for (table,) in facts.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                columns = [row[1] for row in facts.execute(f'PRAGMA table_info("{table}")')]
                where = " OR ".join(f'instr(lower(CAST("{column}" AS TEXT)), lower(?))' for column in columns)
                if facts.execute(f'SELECT 1 FROM "{table}" WHERE {where} LIMIT 1', [text] * len(columns)).fetchone():
                    found.append(table)
        return found


@pytest.fixture
def history(prefect_server):
    return History(prefect_server.home / "prefect.db")
