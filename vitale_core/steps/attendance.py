"""Who was there: noted by trainer or operator, closed per session, corrected afterwards if need be.

Unknown is not present: nobody gets a certificate for a list that was not filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import HAS_A_SEAT, PlanStatus, Presence, SessionKind, SessionStatus
from vitale_core.steps import audit, certificates, people, tasks
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Attendance, CourseSession, Enrolment, Group, GroupMember, Plan, Task, Visit

TASKS = ("attendance", "visit-attendance")

_NOTED = select(Attendance).where(Attendance.session_id == bindparam("meeting"))
_EVERYBODY = (
    select(Enrolment)
    .where(Enrolment.cohort_id == bindparam("cohort"), Enrolment.status.in_(HAS_A_SEAT))
    .order_by(Enrolment.id)
)
_OF_GROUP = (
    _EVERYBODY.join(GroupMember, GroupMember.enrolment_id == Enrolment.id)
    .join(Group, GroupMember.group_id == Group.id)
    .join(Plan, Group.plan_id == Plan.id)
    .join(Visit, Visit.group_id == Group.id)
    .where(Visit.session_id == bindparam("meeting"), Plan.status == PlanStatus.APPROVED)
)


@dataclass(frozen=True, slots=True)
class Line:
    """One person on the list of a session; `presence` None is unknown."""

    enrolment: Enrolment
    presence: Presence | None
    reason: str


def sheet(session: Session, meeting: CourseSession) -> list[Line]:
    """Return the list of a session: who is expected, and what was noted. At a visit: its group, and who went along."""
    noted = {a.enrolment_id: a for a in session.scalars(_NOTED, {"meeting": meeting.id})}
    lines = []
    expected = _expected(session, meeting)
    along = set(noted) - {e.id for e in expected}
    query = select(Enrolment).where(Enrolment.id.in_(along), Enrolment.status.in_(HAS_A_SEAT)).order_by(Enrolment.id)
    guests = [e for e in session.scalars(query) if _may_go_along(session, meeting, e)] if along else []
    for enrolment in (*expected, *guests):
        row = noted.get(enrolment.id)
        lines.append(Line(enrolment, row.presence if row else None, row.reason if row else ""))
    return lines


def left_since(session: Session, meeting: CourseSession) -> list[Line]:
    """Return what was noted of people who have no seat any more: they were there, whatever came after."""
    query = (
        select(Attendance, Enrolment)
        .join(Enrolment, Attendance.enrolment_id == Enrolment.id)
        .where(Attendance.session_id == meeting.id, Enrolment.status.not_in(HAS_A_SEAT))
        .order_by(Enrolment.id)
    )
    return [Line(enrolment, row.presence, row.reason) for row, enrolment in session.execute(query)]


def record(
    session: Session,
    meeting: CourseSession,
    enrolment: Enrolment,
    presence: Presence,
    *,
    by: str,
    now: datetime,
    reason: str = "",
) -> Attendance:
    """Note whether somebody was there; noting it anew corrects it, also after the list was closed.

    A correction may give or take back a certificate. Who is in no group may have gone along with any visit.
    """
    lock_cohort(session, meeting.cohort_id)
    expected = enrolment.id in {e.id for e in _expected(session, meeting)}
    if not expected and not _may_go_along(session, meeting, enrolment):
        raise Refused(f"Deelnemer {enrolment.id} hoort niet bij {meeting.name}.")
    row = session.scalar(
        select(Attendance).where(Attendance.session_id == meeting.id, Attendance.enrolment_id == enrolment.id)
    )
    if row is None:
        row = Attendance(cohort_id=meeting.cohort_id, session_id=meeting.id, enrolment_id=enrolment.id)
        session.add(row)
    row.presence, row.reason = presence, people.clean_text(reason, longest=500)
    row.noted_by, row.noted_at = by, now
    session.flush()
    if meeting.attendance_closed_at is not None:
        _note(session, meeting, "attendance corrected", by=by, now=now, detail={"enrolment": enrolment.id})
        certificates.review(session, enrolment, by=by, now=now)
    return row


def close(
    session: Session,
    meeting: CourseSession,
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    rest: Presence | None = None,
) -> CourseSession:
    """Close the list of a session, and give certificates to those who have everything they need.

    `rest` is noted for everybody of whom nothing is known; without it an incomplete list is refused. Closing twice is
    harmless.
    """
    del bureau  # the mails follow when the cohort is looked at, which it is at once
    lock_cohort(session, meeting.cohort_id)
    session.refresh(meeting)
    if meeting.attendance_closed_at is not None:
        return meeting
    if meeting.starts_at is None or meeting.starts_at > now or meeting.status is SessionStatus.CANCELLED:
        when = worktime.moment_in_words(meeting.starts_at) if meeting.starts_at else "een dag die nog gekozen wordt"
        raise Refused(f"{meeting.name} is nog niet geweest of gaat niet door ({when}).")
    lines = sheet(session, meeting)
    unknown = [line.enrolment for line in lines if line.presence is None]
    if unknown and rest is None:
        raise Refused(
            f"Van {len(unknown)} van de {len(lines)} deelnemers is niet bekend of ze er waren.",
            remedy="Vul de lijst aan, of zeg wat voor de rest geldt: --rest present of --rest absent.",
        )
    for enrolment in unknown:
        record(session, meeting, enrolment, rest or Presence.ABSENT, by=by, now=now)
    meeting.attendance_closed_at = now
    _note(session, meeting, "attendance closed", by=by, now=now, detail={"people": len(lines)})
    _close_tasks(session, meeting, by=by, now=now)
    for line in lines:
        certificates.review(session, line.enrolment, by=by, now=now)
    return meeting


def _expected(session: Session, meeting: CourseSession) -> list[Enrolment]:
    """Return who belongs to a session: everybody with a seat, or at a visit the members of its group."""
    query = _OF_GROUP if meeting.kind is SessionKind.WERKBEZOEK else _EVERYBODY
    return list(session.scalars(query, {"cohort": meeting.cohort_id, "meeting": meeting.id}))


def _may_go_along(session: Session, meeting: CourseSession, enrolment: Enrolment) -> bool:
    """Say whether somebody without a group can be noted at a visit."""
    return (
        meeting.kind is SessionKind.WERKBEZOEK
        and meeting.cohort_id == enrolment.cohort_id
        and enrolment.status in HAS_A_SEAT
        and certificates.without_group(session, enrolment)
    )


def _close_tasks(session: Session, meeting: CourseSession, *, by: str, now: datetime) -> None:
    """Close what asked for this list: the task of its day when all lists of that day are closed, or of its visit."""
    same_day = session.scalars(
        select(CourseSession).where(CourseSession.cohort_id == meeting.cohort_id, CourseSession.day == meeting.day)
    ).all()
    names = [s.name for s in same_day]
    visits = set(session.scalars(select(Visit.id).where(Visit.session_id == meeting.id)))
    complete = all(s.attendance_closed_at or s.status is SessionStatus.CANCELLED for s in same_day)
    waiting = select(Task).where(Task.cohort_id == meeting.cohort_id, Task.kind.in_(TASKS), Task.status == "open")
    for task in session.scalars(waiting).all():
        about_day = meeting.kind is not SessionKind.WERKBEZOEK and any(f"/{name}/" in task.key for name in names)
        if task.visit_id in visits or (about_day and complete):
            tasks.finish_task(session, task.id, by=by, now=now)


def _note(
    session: Session, meeting: CourseSession, what: str, *, by: str, now: datetime, detail: Mapping[str, int]
) -> None:
    audit.note(
        session,
        what=what,
        actor=by,
        cohort_id=meeting.cohort_id,
        object_kind="session",
        object_id=meeting.id,
        detail=detail,
        now=now,
    )
