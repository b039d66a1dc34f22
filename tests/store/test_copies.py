"""A copy of the database in use is whole, private, and named when it is finished."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from vitale_core.domain.errors import TemporaryFailure
from vitale_core.store import copies
from vitale_core.store.database import open_database
from vitale_core.store.records import Note

NIGHT = datetime(2027, 3, 18, 2, 15, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def write(url, name):
    database = open_database(url)
    with database.write() as session:
        session.add(Note(name=name, value="x"))
    database.dispose()


def copied(url, folder, **facts):
    made = copies.back_up(url, folder, **facts)
    assert made is not None
    return made


def names_in(path):
    with closing(sqlite3.connect(path)) as facts:
        return [name for (name,) in facts.execute("SELECT name FROM note ORDER BY name")]


def test_a_copy_has_everything_that_was_committed(database_url, tmp_path):
    write(database_url, "before")

    made = copied(database_url, tmp_path / "backups", now=NIGHT)
    write(database_url, "after")

    assert made.name == "vitale-20270318T021500Z.db"
    assert names_in(made) == ["before"]


def test_a_copy_can_be_made_while_somebody_writes(database_url, tmp_path):
    database = open_database(database_url)
    with database.write() as session:
        session.add(Note(name="not yet", value="x"))
        session.flush()

        made = copied(database_url, tmp_path, now=NIGHT)
    database.dispose()

    assert names_in(made) == []


def test_nobody_else_can_read_it(database_url, tmp_path):
    made = copied(database_url, tmp_path / "backups", now=NIGHT)

    assert made.stat().st_mode & 0o077 == 0
    assert made.parent.stat().st_mode & 0o077 == 0


def test_the_newest_ones_stay(database_url, tmp_path):
    for night in range(5):
        copied(database_url, tmp_path, now=NIGHT + timedelta(days=night), keep=3)

    assert sorted(path.name for path in tmp_path.glob("vitale-*.db")) == [
        "vitale-20270320T021500Z.db",
        "vitale-20270321T021500Z.db",
        "vitale-20270322T021500Z.db",
    ]


def test_what_a_crash_left_half_is_made_again(database_url, tmp_path):
    (tmp_path / "vitale-20270318T021500Z.half").write_bytes(b"half a copy")

    made = copied(database_url, tmp_path, now=NIGHT)

    assert list(tmp_path.iterdir()) == [made]


def test_a_damaged_copy_does_not_stay(database_url, tmp_path, monkeypatch):
    real = sqlite3.connect

    def broken(name, **options):
        connection = real(name, **options)
        return connection if options else Verdict(connection)

    class Verdict:
        def __init__(self, connection):
            self.connection = connection

        def execute(self, _query):
            return self

        def fetchall(self):
            return [("row 7 missing",)]

        def close(self):
            self.connection.close()

    monkeypatch.setattr(sqlite3, "connect", broken)

    with pytest.raises(TemporaryFailure, match="beschadigd"):
        copied(database_url, tmp_path, now=NIGHT)

    assert list(tmp_path.iterdir()) == []


def test_postgresql_has_its_own_tools(backend, tmp_path):
    assert copies.back_up("postgresql+psycopg://db.example/vitale", tmp_path / "backups", now=NIGHT) is None
    assert not (tmp_path / "backups").exists()
