"""Which clock this database lives by: the real one, or one that the operator sets.

A database that mailed real people on the real clock never gets a virtual one: the next tick would mail them about days
that have not come. Both facts are notes of the installation.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vitale_core.domain import worktime
from vitale_core.domain.errors import Refused
from vitale_core.store.records import Message, Note

CLOCK, MOMENT = "clock", "moment"
REAL = "real"


def moment(session: Session, *, virtual: bool, told: datetime | None, real: datetime, back: bool = False) -> datetime:
    """Return what time it is for this database.

    On the real clock that is `real`. On a virtual one it is what was `told`, else what was told last, else `real`.
    Raises Refused when the clock may not be told, or is told to go back without `back`.
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
    last = put_at(session)
    if told is not None:
        if last is not None and told < last and not back:
            raise _no_way_back(last, told)
        return told
    return last or real


def put_at(session: Session) -> datetime | None:
    """Return where the virtual clock was put last; None when nobody did."""
    note = session.get(Note, MOMENT)
    return datetime.fromisoformat(note.value) if note else None


def stand_at(session: Session, now: datetime, *, back: bool = False) -> None:
    """Remember where a virtual clock was put, so that the next command goes on from there.

    Raises Refused when that is earlier than where it stood, unless `back`: what happened since is not undone.
    """
    last = put_at(session)
    if last is not None and now < last and not back:
        raise _no_way_back(last, now)
    _write(session, MOMENT, now.isoformat())


def not_undone(session: Session, since: datetime) -> int:
    """Return how many mails left after a moment: what a clock that goes back does not take back."""
    left = select(func.count()).where(Message.marked_at > since)
    return session.scalar(left) or 0


def _no_way_back(last: datetime, told: datetime) -> Refused:
    return Refused(
        f"De klok staat op {worktime.moment_in_words(last)} en gaat niet terug naar {worktime.moment_in_words(told)}: "
        "wat intussen gebeurde, blijft staan.",
        remedy="Geef een later moment, begin in een lege map met VITALE_HOME, of zet hem toch terug met --set-back.",
    )


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
