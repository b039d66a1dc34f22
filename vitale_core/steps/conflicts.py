"""What speaks against a date: holidays, and who has something else then. Always a warning, never a refusal."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from vitale_core.domain import dates, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.states import (
    BOOKS_THE_SLOT,
    HAS_A_SEAT,
    CohortStatus,
    PlanStatus,
    SessionKind,
    SessionStatus,
)
from vitale_core.steps import hosts
from vitale_core.steps.plan import availability
from vitale_core.store.records import (
    Cohort,
    CourseSession,
    Enrolment,
    Group,
    GroupMember,
    Needs,
    Person,
    Plan,
    Project,
    Slot,
    Visit,
)

MOST_NAMES = 4


class Conflict(NamedTuple):
    """One thing that speaks against a date, in a sentence with names, and in one that a log may keep."""

    sentence: str
    without_names: str


_OVER = frozenset({CohortStatus.CANCELLED, CohortStatus.CLOSED})


def of_sessions(
    session: Session, cohort: Cohort, meetings: Iterable[CourseSession], *, bureau: Bureau
) -> list[Conflict]:
    """Return, for sessions that got a date, what speaks against it: each once."""
    session.flush()
    dated = [m for m in meetings if m.starts_at and m.ends_at and m.status is not SessionStatus.CANCELLED]
    zone = ZoneInfo(cohort.zone)
    days = {(_label(m), worktime.local(m.starts_at, zone).date()): None for m in dated if m.starts_at}
    found = [_plain(warning) for label, day in days for warning in dates.warnings({label: day}, bureau)]
    for meeting in dated:
        found += _trainer(session, cohort, meeting)
        found += _people(session, cohort, meeting)
    return list(dict.fromkeys(found))


def of_visit(session: Session, visit: Visit) -> list[Conflict]:
    """Return what speaks against a visit where and when it is planned now."""
    project, members = visit.project, [m.enrolment for m in visit.group.members if m.enrolment.status in HAS_A_SEAT]
    about = f"Bezoek van groep {visit.group.number} ({worktime.moment_in_words(visit.slot.starts_at)})"
    can = availability.who_can(session, [e.id for e in members], visit.slot.starts_at, visit.slot.ends_at)
    cannot = [e.person.name or "iemand" for e in members if can.get(e.id) is False]
    found = [_named(f"{about}: {{who}} {'kan' if len(cannot) == 1 else 'kunnen'} dan niet.", cannot)] if cannot else []
    if not project.min_people <= len(members) <= project.max_people:
        found.append(
            _plain(
                f"{about}: het project ontvangt {project.min_people} tot {project.max_people} mensen, "
                f"de groep heeft er {len(members)}."
            )
        )
    asked = session.scalars(select(Needs.access).where(Needs.enrolment_id.in_([e.id for e in members])))
    offered = {str(code).casefold() for code in project.access}
    if any(str(code).casefold() not in offered for codes in asked for code in codes):
        found.append(_plain(f"{about}: het project is niet voor iedereen in de groep toegankelijk."))
    return found + [_plain(f"{about}: {sentence}") for sentence in _at_this_host(session, visit)]


def _at_this_host(session: Session, visit: Visit) -> Iterator[str]:
    """Warn of other groups of this cohort at the same project, or at another one of this host while he rests."""
    query = (
        select(Visit.project_id, Slot.starts_at)
        .join(Slot, Slot.id == Visit.slot_id)
        .join(Project, Project.id == Visit.project_id)
        .where(
            Visit.cohort_id == visit.cohort_id,
            Project.host_id == visit.project.host_id,
            Visit.id != visit.id,
            Visit.status.in_(BOOKS_THE_SLOT),
        )
        .order_by(Slot.starts_at)
    )
    rest = hosts.rest_of(session.get_one(Cohort, visit.cohort_id))
    others = session.execute(query).tuples().all()
    if any(project == visit.project_id for project, _start in others):
        yield "het project ontvangt dan twee groepen van deze lichting."
    for project, start in others:
        if project != visit.project_id and abs(start - visit.slot.starts_at) < rest:
            yield f"de gastheer ontvangt op {worktime.moment_in_words(start)} ook een andere groep van deze lichting."


def _trainer(session: Session, cohort: Cohort, meeting: CourseSession) -> Iterator[Conflict]:
    if meeting.kind is SessionKind.WERKBEZOEK:
        return
    found = session.execute(
        select(Cohort.code, CourseSession.title)
        .join(CourseSession, CourseSession.cohort_id == Cohort.id)
        .where(
            Cohort.trainer_id == cohort.trainer_id,
            Cohort.id != cohort.id,
            Cohort.status.not_in(_OVER),
            CourseSession.kind != SessionKind.WERKBEZOEK,
            *_at_the_same_time(CourseSession, meeting),
        )
        .order_by(Cohort.code, CourseSession.position)
    )
    for code, title in found.tuples():
        yield _plain(f"{_about(meeting)}: de trainer geeft dan {title} van {code}.")


def _people(session: Session, cohort: Cohort, meeting: CourseSession) -> Iterator[Conflict]:
    """Warn of people of this session who are expected elsewhere then: in another cohort, or on their werkbezoek."""
    here, there, other = aliased(Enrolment), aliased(Enrolment), aliased(CourseSession)
    expected_here = _members(meeting.id) if meeting.kind is SessionKind.WERKBEZOEK else None
    query = (
        select(other.title, Cohort.code, Cohort.id, other.id, other.kind, there.id, Person.name)
        .join(Cohort, other.cohort_id == Cohort.id)
        .join(there, there.cohort_id == Cohort.id)
        .join(here, here.person_id == there.person_id)
        .join(Person, Person.id == here.person_id)
        .where(
            here.cohort_id == cohort.id,
            here.status.in_(HAS_A_SEAT),
            there.status.in_(HAS_A_SEAT),
            Cohort.status.not_in(_OVER),
            other.id != meeting.id,
            *_at_the_same_time(other, meeting),
        )
        .order_by(Cohort.code, other.position, Person.name)
    )
    if expected_here is not None:
        query = query.where(here.id.in_(expected_here))
    clashes: dict[str, list[str]] = {}
    going: dict[int, set[int]] = {}
    for title, code, number, other_id, kind, enrolment, name in session.execute(query).tuples().all():
        if kind is SessionKind.WERKBEZOEK:
            if other_id not in going:
                going[other_id] = set(session.scalars(_members(other_id)))
            if enrolment not in going[other_id]:
                continue
        what = title if number == cohort.id else f"{title} van {code}"
        clashes.setdefault(what, []).append(name or "iemand")
    for what, names in clashes.items():
        verb = "wordt" if len(names) == 1 else "worden"
        yield _named(f"{_about(meeting)}: {{who}} {verb} dan ook verwacht bij {what}.", names)


def _members(meeting: int) -> Select[tuple[int]]:
    """Select the enrolments whose group makes this visit."""
    return (
        select(GroupMember.enrolment_id)
        .join(Group, Group.id == GroupMember.group_id)
        .join(Plan, Plan.id == Group.plan_id)
        .join(Visit, Visit.group_id == Group.id)
        .where(Visit.session_id == meeting, Plan.status == PlanStatus.APPROVED)
    )


def _at_the_same_time(other: type[CourseSession], meeting: CourseSession) -> tuple[ColumnElement[bool], ...]:
    return (
        other.status != SessionStatus.CANCELLED,
        other.starts_at < meeting.ends_at,
        other.ends_at > meeting.starts_at,
    )


def _label(meeting: CourseSession) -> str:
    """Return the day of a gathering of everybody, or the name of a visit."""
    return meeting.name if meeting.kind is SessionKind.WERKBEZOEK else meeting.day


def _about(meeting: CourseSession) -> str:
    return f"{meeting.name} ({worktime.moment_in_words(meeting.starts_at)})" if meeting.starts_at else meeting.name


def _listed(names: list[str]) -> str:
    shown, more = names[:MOST_NAMES], len(names) - MOST_NAMES
    if more > 0:
        return f"{', '.join(shown)} en nog {more}"
    return " en ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _plain(sentence: str) -> Conflict:
    return Conflict(sentence, sentence)


def _named(sentence: str, names: list[str]) -> Conflict:
    """Return a conflict of people: `{who}` in the sentence becomes their names, or how many they are."""
    people = "1 deelnemer" if len(names) == 1 else f"{len(names)} deelnemers"
    return Conflict(sentence.replace("{who}", _listed(names)), sentence.replace("{who}", people))
