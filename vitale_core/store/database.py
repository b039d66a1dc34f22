"""Open the database, on SQLite or PostgreSQL, with the same rules on both.

SQLite: foreign keys on, synchronous=FULL (a power cut loses no committed mail), a busy timeout,
and BEGIN IMMEDIATE for whoever writes, so that a reader never has to become a writer half-way.
WAL is set once, when the schema is made (`store.schema`), because switching it while two
processes start gives "database is locked".
"""

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, create_engine, event, func, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, lazyload, sessionmaker

from vitale_core.domain.errors import Refused
from vitale_core.store import kept
from vitale_core.store.records import Cohort, FactOfCohort

BUSY_TIMEOUT_MS = 15_000
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""`cohort.next_due_at` of a cohort whose facts changed: the next tick looks at it."""

OWN_CHAIN = 766_971
"""Names the lock on the audit trail of what belongs to no cohort."""

_TRACES = "leave no trace"


@dataclass(frozen=True, slots=True)
class Database:
    """The two ways to talk to the facts."""

    engine: Engine
    _readers: sessionmaker[Session]
    _writers: sessionmaker[Session]

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one state and changes nothing."""
        with self._readers() as session:
            yield session
            session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose changes are committed at the end, all or none."""
        with self._writers.begin() as session:
            yield session
        if session.info.pop(_TRACES, False):
            self._empty_log()

    def writer(self) -> Connection:
        """Open a connection of one's own for many short transactions; whoever took it, closes it."""
        return self.engine.execution_options(writes=True).connect()

    @contextmanager
    def within(self, connection: Connection) -> Iterator[Session]:
        """Give a session inside the running transaction of such a connection; it is flushed, not committed."""
        with self._writers(bind=connection) as session:
            yield session
            session.commit()

    def _empty_log(self) -> None:
        if self.engine.dialect.name == "sqlite":
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def check_library(url: str) -> None:
    """Raise Refused when the library that talks to the database at `url` is not installed here."""
    try:
        make_url(url).get_dialect().import_dbapi()
    except ModuleNotFoundError as missing:
        raise Refused(
            f"Het pakket {missing.name}, dat met deze database praat, is hier niet geïnstalleerd.",
            remedy="Draai in de map van Vitale: make environment-scale",
        ) from None


def open_database(url: str) -> Database:
    """Open the database at a SQLAlchemy URL; nothing is read or made yet."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = one_state = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        one_state = engine.execution_options(isolation_level="REPEATABLE READ")
    readers = sessionmaker(one_state, autoflush=False)
    writers = sessionmaker(engine.execution_options(writes=True), expire_on_commit=False)
    event.listen(writers, "before_flush", _raise_versions)
    kept.listen(readers)
    kept.listen(writers)
    return Database(engine, readers, writers)


_LOCK = (
    select(Cohort)
    .where(Cohort.id == bindparam("cohort"))
    .options(lazyload(Cohort.programme))  # it never changes, and reading it takes longer than the rest
    .with_for_update(of=Cohort)
    .execution_options(populate_existing=True)
)


def lock_cohort(session: Session, cohort_id: int) -> Cohort:
    """Return the cohort, held until the transaction ends.

    SQLite has one writer anyway; PostgreSQL locks the row, so that two people who take the last
    seat come one after the other.
    """
    return session.scalars(_LOCK, {"cohort": cohort_id}).one()


def lock_chain(session: Session, cohort_id: int | None) -> None:
    """Hold the audit trail of a cohort, or of what belongs to none, until the transaction ends."""
    if cohort_id is not None:
        session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update())
    elif session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(OWN_CHAIN)))


def leave_no_trace(session: Session) -> None:
    """Say that what this transaction takes out must be gone from the disk once it is committed.

    SQLite's log keeps pages as they were for as long as any process has the database open.
    """
    session.info[_TRACES] = True


def touch(session: Session, cohort_id: int) -> None:
    """Say that something outside the cohort's own rows changed what it must tell: a person's address."""
    _make_due(session, [cohort_id])
    kept.forget(session)


def _prepare_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 - DBAPI connection
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _raise_versions(session: Session, _context: object, _objects: object) -> None:
    """Raise the version of the cohorts whose facts this flush changes, and make them due at once.

    Before the rows themselves are written: so whoever writes facts takes the cohort first, and two
    never wait for each other. Only changes through records are seen. Delivery and `next_due_at`
    itself are written with plain UPDATE statements, on purpose: they are not facts.
    """
    changed: set[int] = set()
    for record in (*session.new, *session.deleted, *filter(session.is_modified, session.dirty)):
        if isinstance(record, FactOfCohort) and record.cohort_id is not None:
            changed.add(record.cohort_id)
        elif isinstance(record, Cohort) and record.id is not None:
            changed.add(record.id)
    _make_due(session, changed)


def _make_due(session: Session, cohort_ids: Collection[int]) -> None:
    if cohort_ids:
        session.connection().execute(
            update(Cohort)
            .where(Cohort.id.in_(sorted(cohort_ids)))
            .values(version=Cohort.version + 1, next_due_at=AT_ONCE)
        )
