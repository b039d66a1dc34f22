"""A cohort that takes place, for tests of the steps: people, hosts, groups. Fictional; addresses end in `.example`."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from vitale_core.adapters import programmes as programme_files
from vitale_core.adapters.calendar_nl import public_holidays
from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, SessionStatus, TaskStatus
from vitale_core.steps import cohorts, groups, people, programmes
from vitale_core.store.records import Enrolment, Host, Intake, Message, Needs, Project, Slot, Task

PROGRAMMES = Path(__file__).parents[1] / "templates" / "programmes"
BUREAU = Bureau(secret=b"a secret of the tests", holidays=public_holidays())
NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)
DAYS = {"day1": date(2027, 3, 18), "day2": date(2027, 4, 22)}
NAMES = (
    *("Noor Dijkstra", "Sam Bakker", "Ilse Postma", "Bram Smit", "Fenna Visser", "Daan Mulder", "Roos Hoekstra"),
    *("Tijn Kuipers", "Mila de Boer", "Jesse Bos", "Lotte Prins", "Finn Meijer", "Sara Wolters", "Koen Haan"),
)
HERE: dict[str, Any] = {"by": "operator", "now": NOW, "bureau": BUREAU}
LATER: dict[str, Any] = {**HERE, "now": NOW + timedelta(hours=2)}
"""Who does it, when, at which bureau: what most steps ask."""


@cache
def document():
    """The programme of overheidsparticipatie."""
    return programme_files.load(PROGRAMMES, "overheidsparticipatie")


def without_visits():
    """What to change in the programme so that it has no werkbezoek."""
    sessions = [s for s in document()["sessions"] if s["kind"] != "werkbezoek"]
    return {"sessions": sessions, "certificate": {**document()["certificate"], "sessions": ["dagdeel"]}}


def at(day, clock="09:00"):
    """The moment at which Dutch clocks show this, in UTC: `at("2027-04-08", "13:00")`."""
    local = datetime.fromisoformat(f"{day}T{clock}")
    return worktime.wall_clock(local.date(), local.time())


def address(name, domain="gemeente"):
    """An address that fits a name: "noor.dijkstra@gemeente.example"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{plain.casefold().replace(' ', '.')}@{domain}.example"


def a_cohort(session, code="2027-voorjaar", *, status=CohortStatus.CONFIRMED, now=NOW, changes=None, **facts):
    """A cohort that goes ahead, its sessions published; `changes` replaces fields of the programme document."""
    version = programmes.pin(session, {**document(), **(changes or {})}, now=now)
    facts = {"days": DAYS, "location": "Het Kasteel, Assen"} | facts
    cohort, _warnings = cohorts.create(session, code=code, programme=version, now=now, bureau=BUREAU, **facts)
    if status is not CohortStatus.OPEN:
        cohort.status, cohort.confirmed_at = status, now
        for meeting in cohort.sessions:
            meeting.status = SessionStatus.PUBLISHED
    session.flush()
    return cohort


def an_enrolment(session, cohort, name="Noor Dijkstra", *, status=EnrolmentStatus.CONFIRMED, now=NOW, **facts):
    """Somebody in the cohort; `facts` of the person: organisation, department, function."""
    person = people.person_for(session, address(name), name=name, now=now)
    for field, value in facts.items():
        setattr(person, field, value)
    enrolment = Enrolment(
        cohort_id=cohort.id,
        cohort=cohort,
        person=person,
        status=status,
        source="portal",
        applied_at=now,
        confirmed_at=now if status is EnrolmentStatus.CONFIRMED else None,
        screening={},
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def some_enrolments(session, cohort, count=12, **facts):
    """So many people in the cohort."""
    return [an_enrolment(session, cohort, name, **facts) for name in NAMES[:count]]


def an_intake(session, enrolment, *, now=NOW, **answers):
    """What somebody told of work and wishes; `available` is unknown unless given."""
    told = {"casus": "", "role": "", "themes": [], "home": "", "wish_with": "", "wish_without": "", "extra": {}}
    intake = Intake(cohort_id=enrolment.cohort_id, enrolment=enrolment, answered_at=now, **(told | answers))
    session.add(intake)
    session.flush()
    return intake


def some_needs(session, enrolment, *, access=("rolstoel",), now=NOW):
    """What somebody needs to come in."""
    needs = Needs(
        cohort_id=enrolment.cohort_id, enrolment_id=enrolment.id, food="", access=list(access), note="", told_at=now
    )
    session.add(needs)
    session.flush()
    return needs


def a_project(session, title="Buurttuin", *, slots=("2027-04-06",), organisation=None, now=NOW, **facts):
    """A project with its host; `slots` are days (13:00 to 15:30) or (start, end) moments."""
    organisation = organisation or f"Stichting {title}"
    contact = people.person_for(session, address(organisation, "project"), name=f"Gastheer {title}", now=now)
    host = Host(organisation=organisation, contact=contact, created_at=now)
    told = {"place": "Assen", "address": "Dorpsstraat 1", "themes": [], "access": ["rolstoel"], "practical": ""}
    project = Project(host=host, title=title, **(told | facts))
    for day in slots:
        start, end = (at(day, "13:00"), at(day, "15:30")) if isinstance(day, str) else day
        project.slots.append(Slot(starts_at=start, ends_at=end))
    session.add(project)
    session.flush()
    return project


def some_projects(session, count=4, **facts):
    """So many projects, each with two half days of its own week."""
    titles = ["Buurttuin", "Dorpshuis", "Energiecoöperatie", "Wijkraad", "Zorgcoöperatie", "Burgerberaad"][:count]
    first = date(2027, 4, 1)
    days = [[str(first + timedelta(days=n)), str(first + timedelta(days=n + 5))] for n in range(count)]
    return [a_project(session, title, **({"slots": d} | facts)) for title, d in zip(titles, days, strict=True)]


def a_planned_cohort(session, people=12, projects=4, **facts):
    """A cohort with people, and hosts to visit; no plan yet."""
    cohort = a_cohort(session, **facts)
    some_enrolments(session, cohort, people)
    some_projects(session, projects)
    return cohort


def an_approved_cohort(session, **facts):
    """A cohort whose groups were approved: the hosts are asked."""
    cohort = a_planned_cohort(session, **facts)
    groups.propose(session, cohort, **HERE)
    return cohort, groups.approve(session, cohort, 1, **HERE)


def tasks_of(session, kind):
    """The open tasks of a kind."""
    return list(session.scalars(select(Task).where(Task.kind == kind, Task.status == TaskStatus.OPEN)))


def mails_of(session, kind):
    """The owed mails of a kind, oldest first."""
    return list(session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def members(plan):
    """The people of each group of a plan, by its number."""
    return {g.number: {m.enrolment_id for m in g.members} for g in plan.groups}


def sizes(plan):
    """How many people each group of a plan has, smallest first."""
    return sorted(len(g.members) for g in plan.groups)


def visits_of(plan):
    """The visit of each group of a plan, by its number."""
    return {g.number: v for g in plan.groups for v in g.visits}


def newest_plan(session, cohort):
    """The plan that counts; there must be one."""
    plan = groups.newest(session, cohort)
    assert plan is not None
    return plan
