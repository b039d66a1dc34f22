"""Copies of a database in use: one in memory, or a file of an SQLite one (PostgreSQL: docs/scale.md)."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.engine import make_url

from vitale_core.domain.errors import TemporaryFailure
from vitale_core.store.database import Database, open_database
from vitale_core.store.records import Base, Mime

AT_A_TIME = 1_000
"""Rows that travel together."""


def back_up(url: str, folder: Path, *, now: datetime, keep: int | None = None) -> Path | None:
    """Copy the database at `url` into `folder` and return the copy; None when it is not SQLite.

    The copy has the state of one moment and none of the free pages, it is checked, and it gets its name when it is
    whole. Of older copies the newest `keep` stay, this one included; None: all.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"vitale-{now:%Y%m%dT%H%M%SZ}.db"
    half = target.with_suffix(".half")
    half.unlink(missing_ok=True)
    copy(Path(parsed.database), half)
    half.replace(target)
    if keep is not None:
        for old in sorted(folder.glob("vitale-*.db"))[:-keep]:
            old.unlink()
    return target


def copy(database: Path, target: Path) -> None:
    """Copy a database in use to a file that does not exist yet. Raises TemporaryFailure when the copy is not whole."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source:
        source.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    with closing(sqlite3.connect(target)) as made:
        [(verdict,)] = made.execute("PRAGMA quick_check").fetchall()
    if verdict != "ok":
        target.unlink()
        raise TemporaryFailure("De kopie van de database is beschadigd.", remedy="Is de schijf vol? vitale doctor")


def in_memory(database: Database) -> Database:
    """Return a copy of the facts of one moment, in memory, whatever the database is: to try things out.

    Nothing of it comes on a disk, and nobody waits for it. The bytes of mails are left out. Use it in this thread only,
    and dispose of it.
    """
    made = open_database("sqlite://")
    Base.metadata.create_all(made.engine)
    with database.read() as source, made.engine.begin() as target:
        target.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in Base.metadata.sorted_tables:
            if table is not Mime.__table__:
                for part in source.execute(select(table)).mappings().partitions(AT_A_TIME):
                    target.execute(insert(table), [dict(row) for row in part])
    return made
