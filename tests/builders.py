"""Rows and facts for tests: every builder makes a whole thing, and each part can be chosen by keyword."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy.orm import Session

from vitale_core.adapters import programmes
from vitale_core.adapters.calendar_nl import public_holidays
from vitale_core.domain import programme_document, worktime
from vitale_core.domain.facts import CohortFacts, EnrolmentFacts, SessionFacts, VisitFacts
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import (
    HAS_A_SEAT,
    CohortKind,
    CohortStatus,
    EnrolmentStatus,
    SessionKind,
    SessionStatus,
    VisitStatus,
)
from vitale_core.store.records import Cohort, Enrolment, Person, ProgrammeVersion

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
"""A Monday, ten weeks before the first day of the cohorts made here."""

_number = count(1)


# ------------------------------------------------------------------------------- rows without their story


def bare_person(session: Session, **parts) -> Person:
    """A person with an address nobody else has."""
    email = parts.pop("email", f"p{next(_number)}@gemeente.example")
    person = Person(**{"email": email, "email_key": email.casefold(), "name": "Anna Smit", "created_at": NOW, **parts})
    session.add(person)
    return person


def bare_cohort(session: Session, **parts) -> Cohort:
    """A cohort of a programme that is not in it: for tests of tables."""
    if "trainer_id" not in parts:
        trainer = bare_person(session)
        session.flush()
        parts["trainer_id"] = trainer.id
    digest = f"digest-{next(_number)}"
    cohort = Cohort(
        **{
            "code": "2027-voorjaar",
            "programme": ProgrammeVersion(slug="x", digest=digest, document={}, loaded_at=NOW),
            "kind": CohortKind.OPEN,
            "status": CohortStatus.OPEN,
            "capacity": 12,
            "minimum": 6,
            "zone": "Europe/Amsterdam",
            "location": "Assen",
            "settings": {},
            "created_at": NOW,
            **parts,
        }
    )
    session.add(cohort)
    return cohort


def bare_enrolment(session: Session, cohort: Cohort, **parts) -> Enrolment:
    """Somebody in a cohort."""
    person = parts.pop("person", None) or bare_person(session)
    enrolment = Enrolment(
        **{
            "cohort_id": cohort.id,
            "cohort": cohort,
            "person": person,
            "status": EnrolmentStatus.APPLIED,
            "source": "portal",
            "applied_at": NOW,
            "screening": {},
            **parts,
        }
    )
    session.add(enrolment)
    return enrolment


# -------------------------------------------------------------------------------------- facts, as plain values

HOLIDAYS = public_holidays()


@cache
def programme() -> Programme:
    """The training overheidsparticipatie."""
    folder = Path(__file__).parents[1] / "templates" / "programmes"
    return programme_document.read(programmes.load(folder, "overheidsparticipatie"))


def clock(text: str) -> datetime:
    """The moment at which Dutch clocks show this, in UTC: `clock("2027-03-18 09:30")`."""
    local = datetime.fromisoformat(text)
    return worktime.wall_clock(local.date(), local.time())


def shown(moment: datetime | None) -> str:
    """What Dutch clocks show: the other way round."""
    return f"{worktime.local(moment):%Y-%m-%d %H:%M}" if moment else "-"


def session_facts(name: str, start: str | None, hours: float = 3, **parts) -> SessionFacts:
    """A session that starts when Dutch clocks show this."""
    begins = clock(start) if start else None
    kind = SessionKind(name.split("-", maxsplit=1)[0])
    day = {"dagdeel-1": "day1", "dagdeel-2": "day1", "dagdeel-3": "day2", "dagdeel-4": "day2"}.get(name, name)
    facts = SessionFacts(
        id=sum(map(ord, name)),
        name=name,
        kind=kind,
        day="visit" if kind is SessionKind.WERKBEZOEK else day,
        status=SessionStatus.PUBLISHED,
        start=begins,
        end=begins + timedelta(hours=hours) if begins else None,
    )
    return replace(facts, **parts)


def days_of(day1: str = "2027-03-18", day2: str = "2027-04-22", back: str | None = "2027-06-24") -> tuple:
    """The sessions of a cohort on these days."""
    return (
        session_facts("dagdeel-1", f"{day1} 09:30"),
        session_facts("dagdeel-2", f"{day1} 13:30"),
        session_facts("dagdeel-3", f"{day2} 09:30"),
        session_facts("dagdeel-4", f"{day2} 13:30"),
        session_facts("terugkomdag", f"{back} 13:00" if back else None, 3.5),
    )


def enrolment_facts(number: int = 1, status: EnrolmentStatus = EnrolmentStatus.CONFIRMED, **parts) -> EnrolmentFacts:
    """Somebody who applied on a Friday and has a seat since Monday; person 100 + number."""
    facts = EnrolmentFacts(
        id=number,
        person=100 + number,
        status=status,
        applied_at=clock("2027-01-08 10:00"),
        confirmed_at=clock("2027-01-11 10:00") if status in HAS_A_SEAT else None,
    )
    return replace(facts, **parts)


def visit_facts(number: int = 1, start: str = "2027-04-07 13:00", **parts) -> VisitFacts:
    """A visit on a Wednesday of everybody with enrolment 1; the host is person 50."""
    facts = VisitFacts(
        id=number,
        group=number,
        status=VisitStatus.CONFIRMED,
        start=clock(start),
        end=clock(start) + timedelta(hours=2, minutes=30),
        host=50,
        members=(1,),
        approved_at=clock("2027-03-03 11:00"),
        asked_at=clock("2027-03-03 11:00"),
        confirmed_at=clock("2027-03-08 15:00"),
        session=900 + number,
    )
    return replace(facts, **parts)


def cohort_facts(**parts) -> CohortFacts:
    """A cohort that goes ahead since 1 February, with one participant; trainer 2, operator 3."""
    facts = CohortFacts(
        id=7,
        code="2027-voorjaar",
        programme=programme(),
        status=CohortStatus.CONFIRMED,
        trainer=2,
        operator=3,
        confirmed_at=clock("2027-02-01 10:00"),
        sessions=days_of(),
        enrolments=(enrolment_facts(),),
        holidays=frozenset(HOLIDAYS),
    )
    return replace(facts, **parts)
