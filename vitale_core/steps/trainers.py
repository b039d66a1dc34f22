"""What is known of a trainer's time: the address of his own calendar, and the days he gives here."""

from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.states import CohortStatus, SessionKind, SessionStatus
from vitale_core.planning.dating import Busy
from vitale_core.steps import audit
from vitale_core.store.records import Cohort, CourseSession, Note, Person

KEY = "calendar-of/"
"""Begins the name of the note that holds the path or the address of somebody's own calendar."""


def keep_calendar(session: Session, person: Person, source: str, *, by: str, now: datetime) -> None:
    """Keep where a trainer's own calendar is: a path, or an address; empty forgets it. What is in it is never kept."""
    note = session.get(Note, f"{KEY}{person.id}")
    kept = source if "://" in source or not source else str(Path(source).expanduser().resolve())
    if note is not None and not kept:
        session.delete(note)
    elif note is not None:
        note.value = kept
    elif kept:
        session.add(Note(name=f"{KEY}{person.id}", value=kept))
    session.flush()
    what = "trainer calendar kept" if kept else "trainer calendar forgotten"
    audit.note(session, what=what, actor=by, object_kind="person", object_id=person.id, now=now)


def calendar_of(session: Session, person: Person) -> str:
    """Return where a trainer's own calendar is; empty when that is not on file."""
    note = session.get(Note, f"{KEY}{person.id}")
    return note.value if note else ""


def busy(session: Session, person: Person, *, first: date, last: date) -> list[Busy]:
    """Return the sessions that a trainer gives in these days, of every cohort that is not over or cancelled."""
    found = session.execute(
        select(CourseSession.starts_at, CourseSession.ends_at, Cohort.code)
        .join(Cohort, CourseSession.cohort_id == Cohort.id)
        .where(
            Cohort.trainer_id == person.id,
            Cohort.status.not_in([CohortStatus.CANCELLED, CohortStatus.CLOSED]),
            CourseSession.status != SessionStatus.CANCELLED,
            CourseSession.kind != SessionKind.WERKBEZOEK,
            CourseSession.starts_at.is_not(None),
            CourseSession.ends_at.is_not(None),
        )
        .order_by(CourseSession.starts_at)
    )
    times = [Busy(start, end, f"lichting {code}") for start, end, code in found.tuples() if start and end]
    return [one for one in times if first <= one.start.date() <= last]
