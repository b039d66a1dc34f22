"""How Alembic talks to our database: one transaction a migration, on SQLite too."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, create_engine, event

from vitale_core.store.records import Base, UtcDateTime


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:  # noqa: ANN401 - DBAPI
    connection.isolation_level = None


def _plain_types(kind: str, thing: Any, _context: Any) -> str | Literal[False]:  # noqa: ANN401 - Alembic
    """Write our moment column as the plain type it is in the database."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Apply the migrations that are missing."""
    engine = create_engine(context.config.attributes["url"])
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=engine.dialect.name == "sqlite",
                compare_type=True,
                render_item=_plain_types,
                transactional_ddl=True,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


run()
