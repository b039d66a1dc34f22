"""Advance a cohort: which ones are due, which steps have work, and when to look again.

A tick costs what is due: `cohort.next_due_at` holds the next moment at which something is owed
or turns by itself. Any change of facts sets it to "at once" (see `store.database`); `settle`
sets it to the next moment when all steps are done.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from vitale_core.domain import agenda
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.occasions import TAKES_PLACE
from vitale_core.domain.programme import STEPS
from vitale_core.domain.states import COHORT, SESSION, CohortEvent, CohortStatus, SessionEvent, SessionStatus, after
from vitale_core.steps import evaluation, facts, groups, intake, invitations, reminders, terugkomdag, werkbezoek
from vitale_core.store.database import lock_cohort
from vitale_core.store.kept import writes
from vitale_core.store.records import Cohort, CourseSession

ADVANCE: dict[str, Callable[..., Any]] = {
    "intake": intake.advance,
    "groups": groups.advance,
    "werkbezoek": werkbezoek.advance,
    "invitations": invitations.advance,
    "reminders": reminders.advance,
    "terugkomdag": terugkomdag.advance,
    "evaluation": evaluation.advance,
}


def due_cohorts(session: Session, now: datetime) -> list[int]:
    """Return the ids of cohorts that need a look, longest waiting first. One indexed query."""
    query = select(Cohort.id).where(Cohort.next_due_at <= now).order_by(Cohort.next_due_at, Cohort.id)
    return list(session.scalars(query))


def steps_due(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> list[str]:
    """Return the steps with work at this moment, in the order of the lifecycle.

    A step has work when the agenda owes something of it, or when it would change something: it is
    tried inside the transaction and taken back. So a run shows only the steps that do something.
    What time itself turned is no step: it is done here, and stays.
    """
    begin_and_end(session, lock_cohort(session, cohort.id), now=now)
    session.flush()
    owed = {o.rule.step for o in facts.owed_by(session, cohort, now, bureau=bureau)}
    return [step for step in STEPS if step in owed or _would_change(session, cohort.id, step, now=now, bureau=bureau)]


def _would_change(session: Session, cohort_id: int, step: str, *, now: datetime, bureau: Bureau) -> bool:
    """Try a step and take it back; one that cannot be done has work, and fails where it is seen."""
    attempt, before = session.begin_nested(), writes(session)
    try:
        advance(session, session.get_one(Cohort, cohort_id), step, now=now, bureau=bureau)
        session.flush()
        return writes(session) != before
    except Exception:  # noqa: BLE001 - the run of the step will raise it again
        return True
    finally:
        attempt.rollback()


def advance(session: Session, cohort: Cohort, step: str, *, now: datetime, bureau: Bureau) -> None:
    """Do the work of one step; doing it again changes nothing."""
    cohort = lock_cohort(session, cohort.id)
    begin_and_end(session, cohort, now=now)
    ADVANCE[step](session, cohort, now=now, bureau=bureau)


def settle(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> datetime | None:
    """Set when the cohort is due next; return that moment. For the end of a tick's work."""
    cohort = lock_cohort(session, cohort.id)  # whoever changes a fact meanwhile comes after us, and wins
    moment = agenda.next_look(facts.load(session, cohort, bureau=bureau), now)
    session.execute(update(Cohort).where(Cohort.id == cohort.id).values(next_due_at=moment))
    return moment


def begin_and_end(session: Session, cohort: Cohort, *, now: datetime) -> None:
    """Let time pass over the sessions: what ended is held; the first start makes the cohort run."""
    if cohort.status not in TAKES_PLACE:
        return
    sessions = session.scalars(select(CourseSession).where(CourseSession.cohort_id == cohort.id)).all()
    for meeting in sessions:
        if meeting.status is SessionStatus.PUBLISHED and meeting.ends_at and meeting.ends_at <= now:
            meeting.status = after(SESSION, meeting.status, SessionEvent.HOLD)
    if cohort.status is CohortStatus.CONFIRMED and any(
        s.starts_at and s.starts_at <= now and s.status is not SessionStatus.CANCELLED for s in sessions
    ):
        cohort.status = after(COHORT, cohort.status, CohortEvent.START)
