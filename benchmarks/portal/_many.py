"""Fills a SQLite database with copies of the cohorts that are in it, so that pages are read beside many others."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import String, Table, UniqueConstraint, func, select

from vitale_core.store.records import Base
from vitale_core.store.records.columns import UtcDateTime

SHARED = frozenset({"programme_version", "travel", "suppression", "incoming", "relay", "note"})
LEFT_OUT = frozenset(
    {"mime", "attempt", "audit_event", "evaluation_answer", "receipt", "attendance", "reply", "intention"}
)
"""Tables that no list of cohorts reads; leaving them out halves the time that filling takes."""

MOVED = frozenset({"session", "slot", "poll_option", "evaluation_round"})
MAILS = 10  # one mail in so many is copied
SPREAD = "((number.k * 7) % 1460 - 1095)"
"""By how many days a copy is moved: from three years back to one year ahead."""

ACTIVE = 50  # one project in so many still receives groups


def fill(file: Path, cohorts: int) -> int:
    """Copy everything of the cohorts in the database until there are so many; return how many there are."""
    tables = [t for t in Base.metadata.sorted_tables if t.name not in SHARED | LEFT_OUT]
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("BEGIN")
        highest = (database.execute(str(select(func.max(table.c.id)))).fetchone()[0] for table in tables)
        stride = 1 + max(number or 0 for number in highest)
        (present,) = database.execute("SELECT count(*) FROM cohort").fetchone()
        database.execute("CREATE TEMP TABLE number (k INTEGER PRIMARY KEY)")
        copies = range(1, -(-cohorts // present))
        database.executemany("INSERT INTO number VALUES (?)", ((k,) for k in copies))
        for table in tables:
            database.execute(_copy(table, {t.name for t in tables}, stride))
        database.execute("COMMIT")
        database.execute("ANALYZE")
        (there,) = database.execute("SELECT count(*) FROM cohort").fetchone()
        return int(there)


def _copy(table: Table, copied: set[str], stride: int) -> str:
    """Return the statement that copies a table: other ids, other names, other days."""
    unique = {
        c.name
        for part in table.constraints
        if isinstance(part, UniqueConstraint) and len(part.columns) == 1
        for c in part.columns
    }
    unique |= {index.columns[0].name for index in table.indexes if index.unique and len(index.columns) == 1}
    values = []
    for column in table.columns:
        old = f'old."{column.name}"'
        if column.primary_key or any(key.column.table.name in copied for key in column.foreign_keys):
            values.append(f"{old} + number.k * {stride}")
        elif column.name in unique and isinstance(column.type, String):
            values.append(f"number.k || '-' || {old}")
        elif table.name in MOVED and isinstance(column.type, UtcDateTime):
            values.append(f"strftime('%Y-%m-%d %H:%M:%f000', {old}, {SPREAD} || ' days')")
        else:
            values.append(_state(table.name, column.name, old))
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    which = f" WHERE old.id % {MAILS} = 0" if table.name == "message" else ""
    source = f'SELECT {", ".join(values)} FROM "{table.name}" AS old, number{which}'  # noqa: S608 - names of our own
    return f'INSERT INTO "{table.name}" ({names}) {source}'


def _state(table: str, column: str, old: str) -> str:
    """Return what a state becomes in a copy that lies in the past, or ahead."""
    past, ahead = f"{SPREAD} < -90", f"{SPREAD} > 0"
    return {
        ("cohort", "status"): f"CASE WHEN {past} THEN 'closed' WHEN {ahead} THEN 'open' ELSE {old} END",
        ("cohort", "next_due_at"): f"CASE WHEN {past} THEN NULL ELSE {old} END",
        ("task", "status"): f"CASE WHEN {past} THEN 'done' ELSE {old} END",
        ("project", "active"): f"CASE WHEN number.k % {ACTIVE} = 0 THEN {old} ELSE 0 END",
    }.get((table, column), old)
