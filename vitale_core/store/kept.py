"""Keep what was worked out from the rows for as long as this transaction writes nothing.

The steps of one cohort ask for the same facts one after the other. Each flush, each other statement that writes and
each end of a transaction empties the place; so does taking back a savepoint in which something was written.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, sessionmaker

_KEPT, _WRITES, _SAVEPOINTS = "vitale.kept", "vitale.writes", "vitale.savepoints"


def kept(session: Session) -> dict[Any, Any]:
    """Return the place of this session; the version of a cohort belongs in the key, for others write too."""
    place: dict[Any, Any] = session.info.setdefault(_KEPT, {})
    return place


def writes(session: Session) -> int:
    """Return how often this session wrote since its transaction began."""
    return int(session.info.get(_WRITES, 0))


def forget(session: Session) -> None:
    """Say that this session wrote something: what was worked out before is no longer so."""
    session.info[_WRITES] = writes(session) + 1
    kept(session).clear()


def listen(sessions: sessionmaker[Session]) -> None:
    """Empty the place of each of these sessions whenever it writes."""
    event.listen(sessions, "after_flush", _flushed)
    event.listen(sessions, "do_orm_execute", _executed)
    event.listen(sessions, "after_transaction_create", _began)
    event.listen(sessions, "after_transaction_end", _ended)


def _flushed(session: Session, _context: object) -> None:
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        forget(session)


def _executed(state: ORMExecuteState) -> None:
    if not state.is_select:
        forget(state.session)


def _began(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_SAVEPOINTS, []).append(writes(session))


def _ended(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        for name in (_KEPT, _WRITES, _SAVEPOINTS):
            session.info.pop(name, None)
    elif transaction.nested and session.info[_SAVEPOINTS].pop() != writes(session):
        kept(session).clear()
