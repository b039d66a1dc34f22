"""Statements that are carried out for every mail: compiled once for each sort of database, then given to its driver.

SQLAlchemy looks a statement up and rebuilds its parameters each time, and asks PostgreSQL one after the other. That is
little, but at a few per mail it came to more than the writing itself. Types, transactions and errors stay SQLAlchemy's.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, object]
Values = Callable[[Row], Sequence[object] | dict[str, object]]


class Prepared:
    """One statement with named parameters that changes rows; expanding ones (IN) are not for here."""

    def __init__(self, statement: ClauseElement) -> None:
        """Take the statement; it is compiled when it is first used."""
        self._statement = statement
        self._compiled: dict[str, tuple[str, Values]] = {}

    def for_driver(self, dialect: Dialect, rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """Return the text and the parameters of these rows as the driver of this database takes them."""
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _compiled(self._statement, dialect)
        text, values = self._compiled[dialect.name]
        return text, [values(row) for row in rows]


def carry_out(connection: Connection, *work: tuple[Prepared, Sequence[Row]]) -> list[int]:
    """Carry these statements out in the running transaction, each for all its rows; return how many each changed.

    PostgreSQL gets them in one go and answers in one. Raises SQLAlchemyError, without what is in the rows.
    """
    dialect = connection.dialect
    driver: Any = connection.connection.driver_connection
    cursors = [driver.cursor() for _ in work]
    try:
        with getattr(driver, "pipeline", nullcontext)():
            for cursor, (prepared, rows) in zip(cursors, work, strict=True):
                if rows:
                    cursor.executemany(*prepared.for_driver(dialect, rows))
        return [cursor.rowcount if rows else 0 for cursor, (_, rows) in zip(cursors, work, strict=True)]
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error
    finally:
        for cursor in cursors:
            cursor.close()


def _compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, Values]:
    """Return the text of a statement, and what makes the driver's parameters of named values."""
    made = cast("SQLCompiler", statement.compile(dialect=dialect))
    if any(bind.expanding for bind in made.binds.values()):
        raise ValueError("a prepared statement has a fixed number of parameters")
    convert = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in made.binds.items()}
    fixed = {name: bind.value for name, bind in made.binds.items() if not bind.required}

    def value(name: str, row: Row) -> object:
        found = fixed[name] if name in fixed else row[name]
        to_driver = convert[name]
        return to_driver(found) if to_driver else found

    order = made.positiontup
    if order is not None:
        return made.string, lambda row: tuple([value(name, row) for name in order])
    return made.string, lambda row: {name: value(name, row) for name in convert}
