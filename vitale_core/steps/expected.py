"""Who is expected at which session, and what their calendar should say about it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.occasions import TAKES_PLACE
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import (
    HAS_A_SEAT,
    PlanStatus,
    SessionKind,
    SessionStatus,
    VisitStatus,
)
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Group, Person, Plan, Visit


@dataclass(frozen=True, slots=True)
class CalendarText:
    """What a calendar shows of one session to one person."""

    start: datetime
    end: datetime
    summary: str
    location: str
    description: str

    @property
    def digest(self) -> str:
        """Equal as long as the calendar would show the same."""
        parts = [self.start.isoformat(), self.end.isoformat(), self.summary, self.location, self.description]
        text = "\x1f".join(parts)
        return hashlib.sha256(text.encode()).hexdigest()

    def document(self) -> dict[str, str]:
        """Return it as JSON, moments in UTC."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "summary": self.summary,
            "location": self.location,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True)
class Expected:
    """One person who should have one session in their calendar."""

    session: CourseSession
    person: Person
    enrolment: Enrolment | None  # None: the host
    text: CalendarText


def expected(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> Iterator[Expected]:
    """Give everybody who is expected at what is still to come; nobody while it does not go ahead."""
    if cohort.status not in TAKES_PLACE:
        return
    programme = programme_of(cohort)
    seated = {
        e.id: e
        for e in session.scalars(
            select(Enrolment)
            .where(Enrolment.cohort_id == cohort.id, Enrolment.status.in_(HAS_A_SEAT))
            .order_by(Enrolment.id)
        )
    }
    meetings = session.scalars(
        select(CourseSession).where(CourseSession.cohort_id == cohort.id).order_by(CourseSession.position)
    ).all()
    visits = {visit.session_id: visit for visit in _visits(session, cohort)}
    for meeting in meetings:
        if meeting.status is not SessionStatus.PUBLISHED or meeting.ends_at is None or meeting.ends_at <= now:
            continue
        if meeting.kind is not SessionKind.WERKBEZOEK:
            for enrolment in seated.values():
                yield Expected(meeting, enrolment.person, enrolment, text_of(meeting, programme, bureau))
        elif meeting.id in visits:
            visit = visits[meeting.id]
            members = [seated[m.enrolment_id] for m in visit.group.members if m.enrolment_id in seated]
            for enrolment in members:
                yield Expected(meeting, enrolment.person, enrolment, text_of(meeting, programme, bureau))
            text = text_for_host(meeting, programme, bureau, people=len(members))
            yield Expected(meeting, visit.project.host.contact, None, text)


def _visits(session: Session, cohort: Cohort) -> list[Visit]:
    query = (
        select(Visit)
        .join(Group, Visit.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .where(
            Visit.cohort_id == cohort.id,
            Visit.status == VisitStatus.CONFIRMED,
            Plan.status == PlanStatus.APPROVED,
        )
        .options(selectinload(Visit.group).selectinload(Group.members))
    )
    return list(session.scalars(query))


def text_of(meeting: CourseSession, programme: Programme, bureau: Bureau) -> CalendarText:
    """Return what a participant's calendar shows."""
    plan = programme.session(meeting.name)
    description = f"{plan.text}\n\nKun je niet, of heb je een vraag? Bel {bureau.phone} of antwoord op de mail."
    return _text(meeting, f"{meeting.title} ({programme.title})", description)


def text_for_host(meeting: CourseSession, programme: Programme, bureau: Bureau, *, people: int) -> CalendarText:
    """Return what the host's calendar shows."""
    description = (
        f"Een groep van {people} deelnemers van de {programme.title.lower()} komt bij u op bezoek. "
        f"Vragen of een wijziging? Bel {bureau.phone} of antwoord op de mail."
    )
    return _text(meeting, f"Bezoek van {people} deelnemers ({bureau.name})", description)


def _text(meeting: CourseSession, summary: str, description: str) -> CalendarText:
    if meeting.starts_at is None or meeting.ends_at is None:  # pragma: no cover - callers look first
        raise ValueError("a session without a date cannot be in a calendar")
    return CalendarText(meeting.starts_at, meeting.ends_at, summary, meeting.location, description)
