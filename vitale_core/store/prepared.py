"""Statements that are carried out for every mail: compiled once for each sort of database, then given to its driver.

SQLAlchemy looks a statement up and rebuilds its parameters each time. That is little, but at a few per mail it came to
more than the writing itself. Types and transactions stay SQLAlchemy's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection, CursorResult
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Values = Callable[[Mapping[str, object]], Sequence[object] | dict[str, object]]


class Prepared:
    """One statement with named parameters; expanding ones (IN) are not for here."""

    def __init__(self, statement: ClauseElement) -> None:
        """Take the statement; it is compiled when it is first used."""
        self._statement = statement
        self._compiled: dict[str, tuple[str, Values]] = {}

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, object]] = ({},)) -> CursorResult[Any]:
        """Carry it out for each of these rows of parameters; `rowcount` is of all together. Raises SQLAlchemyError."""
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _compiled(self._statement, dialect)
        text, values = self._compiled[dialect.name]
        parameters: Any = [values(row) for row in rows]
        return connection.exec_driver_sql(text, parameters if len(parameters) > 1 else parameters[0])


def _compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, Values]:
    """Return the text of a statement, and what makes the driver's parameters of named values."""
    made = cast("SQLCompiler", statement.compile(dialect=dialect))
    if any(bind.expanding for bind in made.binds.values()):
        raise ValueError("a prepared statement has a fixed number of parameters")
    convert = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in made.binds.items()}
    fixed = {name: bind.value for name, bind in made.binds.items() if not bind.required}

    def value(name: str, row: Mapping[str, object]) -> object:
        found = fixed[name] if name in fixed else row[name]
        to_driver = convert[name]
        return to_driver(found) if to_driver else found

    order = made.positiontup
    if order is not None:
        return made.string, lambda row: tuple([value(name, row) for name in order])
    return made.string, lambda row: {name: value(name, row) for name in convert}
