"""Changes of the dates of a cohort: move and cancel what people were told.

Each is one action in one transaction: the facts change, every calendar follows, and those whom
it concerns get one text mail. Several changes within the quiet time become one mail.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import dates, labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import (
    BOOKS_THE_SLOT,
    HAS_A_SEAT,
    SESSION,
    CohortStatus,
    SessionEvent,
    SessionKind,
    SessionStatus,
    after,
)
from vitale_core.steps import audit, invitations, notices, people, tasks
from vitale_core.steps.cohorts import find_session
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Cohort, CourseSession, Enrolment, GroupMember, Slot, Visit


def move_session(  # noqa: PLR0913 - a move has that many parts
    session: Session,
    cohort: Cohort,
    name: str,
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    start: datetime | None = None,
    end: datetime | None = None,
    location: str | None = None,
) -> list[str]:
    """Move one session in time, place or both; return warnings about the new date.

    Without `start` it stays when it was, without `end` its length stays, without `location` its place. A session
    that began, or that would come before an earlier day or after a later one, is refused. With a werkbezoek the half
    day of its host moves along.
    """
    cohort = _open_cohort(session, cohort)
    meeting = find_session(session, cohort, name)
    if start is None and end is None and location is None:
        raise Refused("Er is niets om te verplaatsen.", remedy="Geef een nieuw begin, een nieuwe plaats, of allebei.")
    start = start or meeting.starts_at
    if start is None:
        raise Refused(f"{name} heeft nog geen datum.", remedy="Geef ook een begin.")
    change = _moved(session, cohort, meeting, start, end, location, now)
    if change is None:
        return []
    _tell(session, cohort, [(meeting, change)], by=by, now=now, bureau=bureau)
    here = worktime.local(start, ZoneInfo(cohort.zone))
    return [*dates.warnings({name: here.date()}, bureau), *_left_behind(cohort, meeting)]


def move_day(
    session: Session,
    cohort: Cohort,
    day: str,
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    to: date | None = None,
    location: str | None = None,
) -> list[str]:
    """Move all sessions of one day to another date, at the same times, or another place, or both; return warnings."""
    cohort = _open_cohort(session, cohort)
    if to is None and location is None:
        raise Refused("Er is niets om te verplaatsen.", remedy="Geef een nieuwe datum, een nieuwe plaats, of allebei.")
    zone = ZoneInfo(cohort.zone)
    meetings = [s for s in _sessions(session, cohort) if s.day == day and s.status is not SessionStatus.CANCELLED]
    if not meetings:
        raise NotFound(f"{cohort.code} heeft geen dag '{day}'.", remedy=f"vitale cohort show {cohort.code}")
    plans = {plan.name: plan for plan in programme_of(cohort).gatherings}
    moved = []
    ordered = sorted(meetings, key=lambda s: s.position)
    if to is None:
        to = next((worktime.local(s.starts_at, zone).date() for s in ordered if s.starts_at), None)
    if to is None:
        raise Refused(f"{day} heeft nog geen datum.", remedy="Geef ook een datum.")
    later = [s for s in ordered if s.starts_at and worktime.local(s.starts_at, zone).date() < to]
    for meeting in reversed(ordered) if later else ordered:  # the last one first, or it would overlap the next
        begins = worktime.local(meeting.starts_at, zone).time() if meeting.starts_at else plans[meeting.name].start
        ends = worktime.local(meeting.ends_at, zone).time() if meeting.ends_at else plans[meeting.name].end
        start, end = worktime.wall_clock(to, begins, zone), worktime.wall_clock(to, ends, zone)
        change = _moved(session, cohort, meeting, start, end, location, now)
        if change is not None:
            moved.append((meeting, change))
    if moved:
        _tell(session, cohort, sorted(moved, key=lambda m: m[0].position), by=by, now=now, bureau=bureau)
    return list(dates.warnings({day: to}, bureau))


def cancel_session(
    session: Session, cohort: Cohort, name: str, *, by: str, reason: str, now: datetime, bureau: Bureau
) -> None:
    """Cancel one session: it leaves the calendars, and those concerned are told why.

    The session of a werkbezoek alone: its visit and its host are the business of `visits.cancel_session`.
    """
    cohort = _open_cohort(session, cohort)
    meeting = find_session(session, cohort, name)
    if meeting.status is SessionStatus.CANCELLED:
        return
    _not_begun(meeting, now)
    concerned = _concerned(session, cohort, meeting)
    meeting.status = after(SESSION, meeting.status, SessionEvent.CANCEL)
    meeting.cancelled_at = now
    change = notices.change_of(meeting, "cancelled")
    change["reason"] = people.clean_text(reason, longest=1000)
    _tell(session, cohort, [(meeting, change)], by=by, now=now, bureau=bureau, concerned=concerned)


def _open_cohort(session: Session, cohort: Cohort) -> Cohort:
    cohort = lock_cohort(session, cohort.id)
    if cohort.status in {CohortStatus.CANCELLED, CohortStatus.CLOSED}:
        raise Refused(f"{cohort.code} is {labels.of_state(cohort.status)}; er valt niets meer te wijzigen.")
    return cohort


def _not_begun(meeting: CourseSession, now: datetime) -> None:
    if meeting.status is SessionStatus.HELD or (meeting.starts_at and meeting.starts_at <= now):
        begins = worktime.moment_in_words(meeting.starts_at) if meeting.starts_at else "eerder"
        raise Refused(f"{meeting.name} was al ({begins}); wat geweest is, kan niet meer veranderen.")


def _moved(
    session: Session,
    cohort: Cohort,
    meeting: CourseSession,
    start: datetime,
    end: datetime | None,
    location: str | None,
    now: datetime,
) -> notices.Change | None:
    """Change the facts of one session; None when it stays as it was."""
    if meeting.status is SessionStatus.CANCELLED:
        raise Refused(f"{meeting.name} is afgezegd en kan niet meer verplaatst worden.")
    _not_begun(meeting, now)
    if start <= now:
        raise Refused(f"{worktime.moment_in_words(start)} is al voorbij.")
    if end is None:
        end = start + _length(cohort, meeting)
    dates.check_span(start, end)
    _check_order(session, cohort, meeting, start, end)
    change = notices.change_of(meeting, "moved")
    place = meeting.location if location is None else people.clean_line(location)
    if (start, end, place) == (meeting.starts_at, meeting.ends_at, meeting.location):
        return None
    if start != meeting.starts_at:
        meeting.revision += 1
        meeting.moved_at = now
    elif end == meeting.ends_at:
        change["what"] = "location"
    if meeting.kind is SessionKind.WERKBEZOEK:
        _let_the_visit_follow(session, meeting, start, end)
    meeting.starts_at, meeting.ends_at, meeting.location = start, end, place
    change.update(new_start=start.isoformat(), new_end=end.isoformat(), new_location=place)
    session.flush()
    return change


def _let_the_visit_follow(session: Session, meeting: CourseSession, start: datetime, end: datetime) -> None:
    """Give the visit the half day of its host at this moment, made when there is none; Refused when it is taken."""
    visit = session.scalars(select(Visit).where(Visit.session_id == meeting.id).order_by(Visit.id.desc())).first()
    if visit is None or (visit.slot.starts_at, visit.slot.ends_at) == (start, end):
        return
    slot = session.scalar(select(Slot).where(Slot.project_id == visit.project_id, Slot.starts_at == start))
    if slot is None:
        slot = Slot(project=visit.project, starts_at=start, ends_at=end)
        session.add(slot)
        session.flush()
    taken = select(Visit.id).where(Visit.slot_id == slot.id, Visit.id != visit.id, Visit.status.in_(BOOKS_THE_SLOT))
    if session.scalar(taken.limit(1)):
        raise Refused(f"De gastheer ontvangt op {worktime.moment_in_words(start)} al een andere groep.")
    slot.ends_at, slot.withdrawn_at = end, None
    visit.slot_id, visit.slot = slot.id, slot


def _length(cohort: Cohort, meeting: CourseSession) -> timedelta:
    """Return how long a session takes: as it stands, or as the programme has it while it has no date."""
    if meeting.starts_at and meeting.ends_at:
        return meeting.ends_at - meeting.starts_at
    plan = programme_of(cohort).session(meeting.name)
    return datetime.combine(date.min, plan.end) - datetime.combine(date.min, plan.start)


def _check_order(session: Session, cohort: Cohort, meeting: CourseSession, start: datetime, end: datetime) -> None:
    """Refuse overlap, a day that would pass another day of the programme, a visit outside its window."""
    days = programme_of(cohort).days
    if meeting.kind is SessionKind.WERKBEZOEK:
        first, last = _training_days(session, cohort)
        dates.check_window(meeting.name, start, first, last)
    for other in _sessions(session, cohort):
        if other.id == meeting.id or other.status is SessionStatus.CANCELLED:
            continue
        if other.starts_at is None or other.ends_at is None:
            continue
        visits = SessionKind.WERKBEZOEK in {meeting.kind, other.kind}
        if start < other.ends_at and other.starts_at < end and not visits:
            raise Refused(
                f"{meeting.name} ({worktime.moment_in_words(start)}) valt samen met "
                f"{other.name} ({worktime.moment_in_words(other.starts_at)})."
            )
        if visits or meeting.day == other.day:
            continue
        comes_first = days.index(meeting.day) < days.index(other.day)
        if comes_first == (start > other.starts_at):
            order = "voor" if comes_first else "na"
            raise Refused(
                f"{meeting.name} ({worktime.moment_in_words(start)}) moet {order} "
                f"{other.name} ({worktime.moment_in_words(other.starts_at)}) liggen."
            )


def _left_behind(cohort: Cohort, meeting: CourseSession) -> Iterable[str]:
    """Warn when the other sessions of the same day stay on another date."""
    zone = ZoneInfo(cohort.zone)
    for other in cohort.sessions:
        if other.day != meeting.day or other.id == meeting.id or not (other.starts_at and meeting.starts_at):
            continue
        there = worktime.local(other.starts_at, zone).date()
        if meeting.kind is SessionKind.DAGDEEL and there != worktime.local(meeting.starts_at, zone).date():
            yield (
                f"{other.name} staat nog op {worktime.in_words(there)}. "
                f"De hele dag verplaatsen: vitale cohort move {cohort.code} {meeting.day} --start ..."
            )


def _sessions(session: Session, cohort: Cohort) -> list[CourseSession]:
    query = select(CourseSession).where(CourseSession.cohort_id == cohort.id).order_by(CourseSession.position)
    return list(session.scalars(query))


def _concerned(session: Session, cohort: Cohort, meeting: CourseSession) -> list[Enrolment]:
    """Return who has a seat and is expected at the session."""
    query = select(Enrolment).where(Enrolment.cohort_id == cohort.id, Enrolment.status.in_(HAS_A_SEAT))
    if meeting.kind is SessionKind.WERKBEZOEK:
        query = (
            query.join(GroupMember, GroupMember.enrolment_id == Enrolment.id)
            .join(Visit, Visit.group_id == GroupMember.group_id)
            .where(Visit.session_id == meeting.id)
        )
    return list(session.scalars(query.order_by(Enrolment.id)))


def _tell(
    session: Session,
    cohort: Cohort,
    changes: list[tuple[CourseSession, notices.Change]],
    *,
    by: str,
    now: datetime,
    bureau: Bureau,
    concerned: list[Enrolment] | None = None,
) -> None:
    """Let the calendars follow and owe one text mail to each person it concerns."""
    session.flush()
    invitations.sync(session, cohort, now=now, bureau=bureau)
    for meeting, change in changes:
        who = _concerned(session, cohort, meeting) if concerned is None else concerned
        for enrolment in who:
            notices.tell(session, cohort, enrolment, change, now=now, bureau=bureau)
        audit.note(
            session,
            what=f"session {change['what']}",
            actor=by,
            cohort_id=cohort.id,
            object_kind="session",
            object_id=meeting.id,
            detail={"from": change["old_start"], "to": change["new_start"]},
            now=now,
        )
    _warn_of_visits(session, cohort, now=now)


def _training_days(session: Session, cohort: Cohort) -> tuple[datetime | None, datetime | None]:
    """Return when the first and the last training day begin; visits lie between them."""
    starts = [
        s.starts_at
        for s in _sessions(session, cohort)
        if s.kind is SessionKind.DAGDEEL and s.starts_at and s.status is not SessionStatus.CANCELLED
    ]
    return min(starts, default=None), max(starts, default=None)


def _warn_of_visits(session: Session, cohort: Cohort, *, now: datetime) -> None:
    """Ask the operator to look when a visit no longer lies between the training days."""
    first, last = _training_days(session, cohort)
    for meeting in _sessions(session, cohort):
        if meeting.kind is not SessionKind.WERKBEZOEK or meeting.status is not SessionStatus.PUBLISHED:
            continue
        if first and last and meeting.starts_at and not first < meeting.starts_at < last:
            tasks.owe_task(
                session,
                key=f"visit-outside/{meeting.id}/{meeting.revision}",
                kind="visit-outside",
                what=f"{meeting.name} valt niet meer tussen de trainingsdagen.",
                command=f"vitale visit list {cohort.code}",
                cohort_id=cohort.id,
                now=now,
            )
