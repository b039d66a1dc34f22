"""What a change would do, before it is done: the change runs, is looked at, and is rolled back.

The same code as the real thing, so what is shown is what happens, as long as nobody changes anything in between.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import CALENDAR
from vitale_core.domain.states import HAS_A_SEAT, EnrolmentStatus, MessageStatus, PlanStatus, TaskStatus
from vitale_core.steps import conflicts, lifecycle, visits
from vitale_core.steps.conflicts import Conflict
from vitale_core.store.database import Database
from vitale_core.store.records import (
    Cohort,
    CourseSession,
    Enrolment,
    FactOfCohort,
    Group,
    GroupMember,
    Message,
    Plan,
    Task,
)

T = TypeVar("T")

LISTS = {
    EnrolmentStatus.CONFIRMED: "deelnemers",
    EnrolmentStatus.OFFERED: "open aanbod",
    EnrolmentStatus.WAITLISTED: "wachtlijst",
}
"""Lists that an operator, a trainer and a host work with, by the status of who stands on them."""

WAITS = frozenset({MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL})


@dataclass(frozen=True, slots=True)
class MailAhead:
    """One mail that the change owes or takes back. `approval`: it waits for a person before it leaves."""

    kind: str
    person: int
    name: str
    calendar: bool
    approval: bool
    leaves_at: datetime


@dataclass(frozen=True, slots=True)
class TaskAhead:
    """One thing that the change asks a person to do."""

    what: str
    command: str
    kind: str


@dataclass(frozen=True, slots=True)
class ListAhead:
    """How many people stand on a list of a cohort, before and after the change."""

    cohort: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Consequences(Generic[T]):
    """What a change would do. `result` is what the change returned; use no records of it, they are gone."""

    result: T
    mails: tuple[MailAhead, ...]
    taken_back: tuple[MailAhead, ...]
    tasks: tuple[TaskAhead, ...]
    conflicts: tuple[Conflict, ...]
    lists: tuple[ListAhead, ...]

    @property
    def letters(self) -> tuple[MailAhead, ...]:
        """The mails without a calendar part."""
        return tuple(mail for mail in self.mails if not mail.calendar)

    @property
    def calendar(self) -> tuple[MailAhead, ...]:
        """The calendar invitations, updates and cancellations."""
        return tuple(mail for mail in self.mails if mail.calendar)


def rehearse(database: Database, change: Callable[[Session], T], *, now: datetime, bureau: Bureau) -> Consequences[T]:
    """Return what `change` owes and takes back, with what follows from it at this moment; nothing is stored.

    Also what speaks against the dates it sets, and which lists it changes.

    `change` runs twice, each time in a transaction that is rolled back: first to learn which cohorts it touches, then
    after everything those were due already, so that only its own consequences count. What it raises, this raises.
    """
    touched: set[int] = set()

    def learn(session: Session) -> None:
        @event.listens_for(session, "before_flush")
        def _(flushing: Session, _context: object, _objects: object) -> None:
            touched.update(_cohorts_of(flushing))

        change(session)

    _and_back(database, learn)

    def compare(session: Session) -> Consequences[T]:
        _advance(session, touched, now=now, bureau=bureau)
        newest_mail = session.scalar(select(func.max(Message.id))) or 0
        newest_task = session.scalar(select(func.max(Task.id))) or 0
        waiting = session.scalars(
            select(Message).where(Message.cohort_id.in_(touched), Message.status.in_(WAITS)).order_by(Message.id)
        ).all()
        before = _pictures(session, touched)
        result = change(session)
        _advance(session, touched, now=now, bureau=bureau)
        after = _pictures(session, touched)
        new = session.scalars(
            select(Message).where(Message.id > newest_mail, Message.status.in_(WAITS)).order_by(Message.id)
        ).all()
        tasks = session.scalars(
            select(Task).where(Task.id > newest_task, Task.status == TaskStatus.OPEN).order_by(Task.id)
        ).all()
        return Consequences(
            result=result,
            mails=tuple(_ahead(message) for message in new),
            taken_back=tuple(_ahead(message) for message in waiting if message.status not in WAITS),
            tasks=tuple(TaskAhead(task.what, task.command, task.kind) for task in tasks),
            conflicts=tuple(_conflicts(session, before, after, bureau=bureau)),
            lists=tuple(_lists(before, after)),
        )

    return _and_back(database, compare)


def _and_back(database: Database, work: Callable[[Session], T]) -> T:
    """Do work in a writing transaction and undo all of it."""
    with database.write() as session:
        outcome = work(session)
        session.flush()
        session.rollback()
    return outcome


def _cohorts_of(session: Session) -> set[int]:
    changed = (*session.new, *session.deleted, *session.dirty)
    facts = {record.cohort_id for record in changed if isinstance(record, FactOfCohort)}
    return {number for number in (*facts, *(r.id for r in changed if isinstance(r, Cohort))) if number is not None}


def _advance(session: Session, cohorts: Collection[int], *, now: datetime, bureau: Bureau) -> None:
    """Let what the next tick would do with these cohorts happen now."""
    session.flush()
    for number in sorted(cohorts):
        cohort = session.get(Cohort, number)
        if cohort is None:
            continue  # the change itself makes this cohort
        for step in lifecycle.steps_due(session, cohort, now=now, bureau=bureau):
            lifecycle.advance(session, cohort, step, now=now, bureau=bureau)
    session.flush()


@dataclass(frozen=True, slots=True)
class _Picture:
    """A cohort at one moment: when everything is, where each group goes, and how many people stand on each list."""

    code: str
    times: Mapping[int, tuple[datetime | None, datetime | None]]
    visits: Mapping[int, tuple[int, ...]]  # a group's members by the visit they make: who goes where
    lists: Mapping[str, int]


def _pictures(session: Session, cohorts: Collection[int]) -> dict[int, _Picture]:
    session.flush()
    return {number: _picture(session, cohort) for number in cohorts if (cohort := session.get(Cohort, number))}


def _picture(session: Session, cohort: Cohort) -> _Picture:
    meetings = session.scalars(select(CourseSession).where(CourseSession.cohort_id == cohort.id))
    counts = select(Enrolment.status, func.count()).where(Enrolment.cohort_id == cohort.id).group_by(Enrolment.status)
    people = dict(session.execute(counts).tuples().all())
    lists = {word: people.get(status, 0) for status, word in LISTS.items()}
    members = (
        select(Group.number, func.count(GroupMember.id))
        .join(Plan, Plan.id == Group.plan_id)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(Plan.cohort_id == cohort.id, Plan.status == PlanStatus.APPROVED, Enrolment.status.in_(HAS_A_SEAT))
        .group_by(Group.number)
    )
    lists |= {f"groep {number}": count for number, count in session.execute(members.order_by(Group.number)).tuples()}
    return _Picture(
        cohort.code,
        {m.id: (m.starts_at, m.ends_at) for m in meetings},
        {
            visit.id: (visit.slot_id, *sorted(m.enrolment_id for m in visit.group.members))
            for visit in visits.of_cohort(session, cohort)
        },
        lists,
    )


def _conflicts(
    session: Session, before: Mapping[int, _Picture], after: Mapping[int, _Picture], *, bureau: Bureau
) -> Iterator[Conflict]:
    """Give what speaks against the dates that the change sets; making a cohort tells its own."""
    for number, was in before.items():
        is_now = after[number]
        moved = [meeting for meeting, times in is_now.times.items() if was.times.get(meeting) != times]
        meetings = session.scalars(
            select(CourseSession).where(CourseSession.id.in_(moved)).order_by(CourseSession.position)
        ).all()
        yield from conflicts.of_sessions(session, session.get_one(Cohort, number), meetings, bureau=bureau)
        for visit in visits.of_cohort(session, session.get_one(Cohort, number)):
            if was.visits.get(visit.id) != is_now.visits[visit.id]:
                yield from conflicts.of_visit(session, visit)


def _lists(before: Mapping[int, _Picture], after: Mapping[int, _Picture]) -> Iterator[ListAhead]:
    for number, was in before.items():
        is_now = after[number]
        for name in dict.fromkeys([*was.lists, *is_now.lists]):
            count, becomes = was.lists.get(name, 0), is_now.lists.get(name, 0)
            if count != becomes:
                yield ListAhead(was.code, name, count, becomes)


def _ahead(message: Message) -> MailAhead:
    return MailAhead(
        kind=message.kind,
        person=message.person_id,
        name=message.person.name or "",
        calendar=message.kind in CALENDAR,
        approval=message.status is MessageStatus.AWAITING_APPROVAL,
        leaves_at=message.not_before,
    )
