"""Which clock this database lives by: the real one, or one that the operator sets.

A database that mailed real people on the real clock never gets a virtual one: the next tick would mail them about days
that have not come. Both facts are notes of the installation.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from vitale_core.domain.errors import Refused
from vitale_core.store.records import Note

CLOCK, MOMENT = "clock", "moment"
REAL = "real"


def moment(session: Session, *, virtual: bool, told: datetime | None, real: datetime) -> datetime:
    """Return what time it is for this database.

    On the real clock that is `real`. On a virtual one it is what was `told`, else what was told last, else `real`.
    Raises Refused when the clock may not be told.
    """
    if not virtual:
        if told is not None:
            raise Refused("--now werkt alleen met een virtuele klok.", remedy="Zet VITALE_CLOCK=virtual.")
        return real
    note = session.get(Note, CLOCK)
    if note is not None and note.value == REAL:
        raise Refused(
            "Deze database heeft mail verstuurd op de echte klok; een virtuele klok kan hier niet meer.",
            remedy="Oefen op een kopie: vitale simulate, of geef een andere map met VITALE_HOME.",
        )
    if told is not None:
        return told
    last = session.get(Note, MOMENT)
    return datetime.fromisoformat(last.value) if last else real


def stand_at(session: Session, now: datetime) -> None:
    """Remember where a virtual clock was put, so that the next command goes on from there."""
    _write(session, MOMENT, now.isoformat())


def mailed_for_real(session: Session) -> None:
    """Remember that mail leaves on the real clock; whoever delivers on it says so first."""
    if session.get(Note, CLOCK) is None:
        _write(session, CLOCK, REAL)


def _write(session: Session, name: str, value: str) -> None:
    note = session.get(Note, name)
    if note is None:
        session.add(Note(name=name, value=value))
    else:
        note.value = value
