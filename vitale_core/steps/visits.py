"""The life of one visit: asked, booked as a session, cancelled, over."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound
from vitale_core.domain.kinds import Kind
from vitale_core.domain.practical import Practical
from vitale_core.domain.states import (
    SESSION,
    VISIT,
    CohortStatus,
    MessageStatus,
    SessionEvent,
    SessionKind,
    SessionStatus,
    TaskStatus,
    VisitEvent,
    VisitStatus,
    after,
)
from vitale_core.steps import changes, ledger, people, tasks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Group, Message, Plan, Project, Slot, Task, Visit

LIVE = frozenset({VisitStatus.ASKED, VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED})
"""Statuses of a visit that takes place as far as anybody knows."""

WITHOUT = "without-visit"
"""Kind of the task about a group that needs another visit."""

AFTER_THE_GATHERINGS = 100  # position of the first visit in the list of sessions
_NEVER_LEFT = frozenset(
    {
        MessageStatus.AWAITING_APPROVAL,
        MessageStatus.QUEUED,
        MessageStatus.SKIPPED,
        MessageStatus.CANCELLED,
        MessageStatus.FAILED,
    }
)


def get(session: Session, visit_id: int) -> Visit:
    """Return a visit by id."""
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound(f"Bezoek {visit_id} bestaat niet.", remedy="vitale visit list")
    return visit


def of_cohort(session: Session, cohort: Cohort, statuses: Collection[VisitStatus] = LIVE) -> list[Visit]:
    """Return the visits of a cohort in these states, by group."""
    query = (
        select(Visit)
        .join(Group, Visit.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .where(Visit.cohort_id == cohort.id, Visit.status.in_(statuses))
        .order_by(Group.number, Visit.id)
    )
    return list(session.scalars(query))


def propose(group: Group, project: Project, slot: Slot, *, reserve: Slot | None = None) -> Visit:
    """Make a visit of a group that nobody was asked for yet; the caller adds it."""
    return Visit(
        cohort_id=group.cohort_id,
        group=group,
        project_id=project.id,
        project=project,
        slot_id=slot.id,
        slot=slot,
        reserve_slot_id=reserve.id if reserve else None,
        status=VisitStatus.PROPOSED,
        reason="",
        host_note="",
        report="",
        recommendations="",
    )


def begun(visit: Visit, now: datetime) -> bool:
    """Say whether a visit that goes ahead has started: from then on its group stays as it is."""
    return visit.status in LIVE - {VisitStatus.ASKED} and visit.slot.starts_at <= now


def practical_of(visit: Visit) -> Practical:
    """Return what the group must know; whom to call on the day only when the host agreed to receive it."""
    project = visit.project
    more = dict.fromkeys(part for part in (visit.host_note, project.practical) if part)
    return Practical(
        meeting_point=project.meeting_point,
        entrance=project.entrance,
        parking=project.parking,
        day_contact=project.day_contact if visit.status in LIVE - {VisitStatus.ASKED} else "",
        more="\n".join(more),
    )


def told_at(cohort: Cohort, visit: Visit) -> CourseSession | None:
    """Return the dagdeel at which the group tells of its visit: the first one after it; None while there is none."""
    ended = (visit.session.ends_at if visit.session else None) or visit.slot.ends_at
    after_it = [
        s
        for s in cohort.sessions
        if s.kind is SessionKind.DAGDEEL
        and s.status is not SessionStatus.CANCELLED
        and s.starts_at is not None
        and s.starts_at >= ended
    ]
    return min(after_it, key=lambda s: (s.starts_at, s.position), default=None)


def report_closed(cohort: Cohort, visit: Visit, now: datetime) -> bool:
    """Say whether a report stays as it is: one that was in when the dagdeel began, and every one at the end."""
    told = told_at(cohort, visit)
    began = told is not None and told.starts_at is not None and told.starts_at <= now
    return cohort.status is CohortStatus.CLOSED or (began and visit.reported_at is not None)


def place_of(project: Project) -> str:
    """Return where people go, as a calendar shows it."""
    return ", ".join(dict.fromkeys(part for part in (project.title, project.address, project.place) if part))


def book(session: Session, visit: Visit) -> CourseSession:
    """Make the session of a visit that its host confirmed: "werkbezoek-2" of group 2."""
    cohort = session.get_one(Cohort, visit.cohort_id)
    plan = next(p for p in programme_of(cohort).sessions if p.kind is SessionKind.WERKBEZOEK)
    name = f"{plan.name}-{visit.group.number}"
    taken = set(session.scalars(select(CourseSession.name).where(CourseSession.cohort_id == cohort.id)))
    others = (f"{name}-{nr}" for nr in range(2, 100))  # an earlier visit of this group was cancelled
    meeting = CourseSession(
        cohort_id=cohort.id,
        cohort=cohort,
        name=next(n for n in (name, *others) if n not in taken),
        kind=SessionKind.WERKBEZOEK,
        day="visit",
        position=AFTER_THE_GATHERINGS + visit.group.number,
        title=plan.title,
        status=SessionStatus.PUBLISHED,
        starts_at=visit.slot.starts_at,
        ends_at=visit.slot.ends_at,
        location=place_of(visit.project),
    )
    session.add(meeting)
    session.flush()
    visit.session_id, visit.session = meeting.id, meeting
    return meeting


def drop_session(
    session: Session, cohort: Cohort, visit: Visit, *, reason: str, by: str, now: datetime, bureau: Bureau
) -> None:
    """Take back the session of a visit that does not happen: calendars are cleared, the group hears `reason`.

    In a cancelled cohort people heard already that nothing goes ahead.
    """
    meeting = visit.session
    if meeting is None or meeting.status is not SessionStatus.PUBLISHED:
        return
    if cohort.status is CohortStatus.CANCELLED:
        meeting.status, meeting.cancelled_at = after(SESSION, meeting.status, SessionEvent.CANCEL), now
    else:
        changes.cancel_session(session, cohort, meeting.name, by=by, reason=reason, now=now, bureau=bureau)


def cancel(
    session: Session, cohort: Cohort, visit: Visit, *, reason: str, by: str, now: datetime, bureau: Bureau
) -> None:
    """Cancel a visit; the host hears it when he was asked or had said yes, the group when it was invited."""
    told = visit.status is VisitStatus.CONFIRMED or _request_left(session, visit)
    drop_session(session, cohort, visit, reason=reason, by=by, now=now, bureau=bureau)
    visit.status = after(VISIT, visit.status, VisitEvent.CANCEL)
    visit.reason = reason
    close_tasks(session, visit, by=by, now=now)
    if told:
        ledger.owe(
            session,
            cohort,
            kind=Kind.HOST_CANCELLED,
            person_id=visit.project.host.contact_id,
            subject=f"visit-{visit.id}",
            why=f"Het bezoek op {worktime.moment_in_words(visit.slot.starts_at)} gaat niet door. {reason}",
            at=now,
            stale_at=visit.slot.starts_at,
            about=visit.slot.starts_at,
            payload={"visit": visit.id},
            now=now,
            bureau=bureau,
        )


def cancel_session(
    session: Session, cohort: Cohort, name: str, *, by: str, reason: str, now: datetime, bureau: Bureau
) -> None:
    """Cancel one session of a cohort. Of a werkbezoek the host hears it too, and its group needs something else."""
    visit = session.scalar(
        select(Visit)
        .join(CourseSession, Visit.session_id == CourseSession.id)
        .where(CourseSession.cohort_id == cohort.id, CourseSession.name == name, Visit.status == VisitStatus.CONFIRMED)
    )
    if visit is None:
        changes.cancel_session(session, cohort, name, by=by, reason=reason, now=now, bureau=bureau)
        return
    reason = people.clean_text(reason, longest=1000)
    cancel(session, cohort, visit, reason=reason, by=by, now=now, bureau=bureau)
    tasks.owe_task(
        session,
        key=f"{WITHOUT}/{visit.id}",
        kind=WITHOUT,
        what=f"Groep {visit.group.number} van {cohort.code} heeft geen werkbezoek meer: bezoek {visit.id} is afgezegd.",
        command=f"vitale groups propose {cohort.code}",
        cohort_id=cohort.id,
        visit_id=visit.id,
        now=now,
    )


def close_tasks(session: Session, visit: Visit, *, by: str, now: datetime) -> None:
    """Close what waited for this visit: a silent host, another date to judge."""
    waiting = select(Task).where(Task.visit_id == visit.id, Task.status == TaskStatus.OPEN)
    for task in session.scalars(waiting):
        tasks.finish_task(session, task.id, by=by, now=now)


def _request_left(session: Session, visit: Visit) -> bool:
    """Say whether the request to the host was sent, or may have been."""
    sent = select(Message.id).where(
        Message.cohort_id == visit.cohort_id,
        Message.kind == Kind.HOST_REQUEST,
        Message.subject == f"visit-{visit.id}",
        Message.status.not_in(_NEVER_LEFT),
    )
    return session.scalar(sent.limit(1)) is not None
