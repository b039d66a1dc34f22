"""The trainer's page, for a phone in the room: who is here, their cases, the groups, the evaluation on the screen."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import joinedload
from starlette.responses import Response

from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import (
    HAS_A_SEAT,
    PlanStatus,
    Presence,
    SessionKind,
    SessionStatus,
    VisitStatus,
)
from vitale_core.steps import attendance
from vitale_core.steps.programmes import programme_of
from vitale_core.store.gather import OWNERS, gather, with_sessions
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Group, GroupMember, Intention, Plan, Visit
from vitale_portal import reporting, room
from vitale_portal.doors import Call

_OF: BindParameter[int] = bindparam("cohort")
_COHORT = select(Cohort).where(Cohort.id == _OF)
_PEOPLE = (
    select(Enrolment)
    .where(Enrolment.cohort_id == _OF, Enrolment.status.in_(HAS_A_SEAT))
    .options(joinedload(Enrolment.intake))
)
_INTENTIONS = select(Intention).where(Intention.cohort_id == _OF)
_GROUPS = (
    select(Group)
    .join(Plan, Plan.id == Group.plan_id)
    .where(Plan.cohort_id == _OF, Plan.status == PlanStatus.APPROVED)
    .order_by(Group.number)
)
_MEMBERS = (
    select(GroupMember, GroupMember.group_id)
    .where(GroupMember.group_id.in_(OWNERS))
    .options(joinedload(GroupMember.enrolment))
    .order_by(GroupMember.enrolment_id)
)
_VISITS = select(Visit, Visit.group_id).where(Visit.group_id.in_(OWNERS)).order_by(Visit.id)

BY = "trainer"
EARLY = timedelta(hours=1)
"""Attendance opens so long before a session begins: a mail program that follows links and sends forms finds nothing."""

WORDS = {Presence.PRESENT: "Aanwezig", Presence.PART: "Deels", Presence.ABSENT: "Afwezig"}
EVERYBODY = "iedereen"


def show(call: Call) -> Response:
    """Show the day: the list to tap, then people and cases, groups, the other days."""
    cohort = cohort_of(call)
    sessions = _sessions(cohort)
    current = _current(call, sessions)
    lines = attendance.sheet(call.session, current) if current else []
    return call.page(
        "trainer/day.html",
        cohort=cohort,
        programme=programme_of(cohort),
        sessions=sessions,
        current=current,
        lines=lines,
        left=attendance.left_since(call.session, current) if current else [],
        counted=_counted(lines) if current else {},
        words=WORDS,
        people=_people(call, cohort),
        groups=_groups(call, cohort),
        intentions=_intentions(call, cohort),
        last=_evaluation_day(cohort),
        rooms=room.is_open(call.session, cohort, now=call.now) is not None,
    )


def note(call: Call) -> Response:
    """Keep what was tapped for one session: the page's own form says which one."""
    return _note(call, _session(call, str(call.sent.get("sessie", ""))), "")


def show_list(call: Call) -> Response:
    """Show the list of one session."""
    meeting = _session(call, str(call.path["session"]))
    lines = attendance.sheet(call.session, meeting)
    return call.page(
        "trainer/list.html",
        meeting=meeting,
        lines=lines,
        left=attendance.left_since(call.session, meeting),
        counted=_counted(lines),
        words=WORDS,
        opened=_open(meeting, call.now),
        over=bool(meeting.ends_at and meeting.ends_at <= call.now),
    )


def note_list(call: Call) -> Response:
    """Keep what was tapped, or close the list."""
    meeting = _session(call, str(call.path["session"]))
    page = f"lijst/{meeting.name}"
    if "sluit" in call.sent:
        if meeting.ends_at is None or call.now < meeting.ends_at:
            raise Refused("Sluit de lijst als het dagdeel voorbij is.")
        attendance.close(call.session, meeting, by=BY, now=call.now, bureau=call.bureau)
        return call.to(page)
    return _note(call, meeting, page)


def presentation(call: Call) -> Response:
    """Give the presentation of a group."""
    cohort = cohort_of(call)
    visit = call.session.get(Visit, int(call.path["visit"]))
    if visit is None or visit.cohort_id != cohort.id:
        raise NotFound("Er is geen presentatie.")
    return reporting.file_of(call.house, visit)


def screen(call: Call) -> Response:
    """Show the evaluation as a code for phones, large, in the last minutes of the last day."""
    cohort = cohort_of(call)
    opened = room.is_open(call.session, cohort, now=call.now)
    address = room.address(call.house, cohort)
    return call.page(
        "trainer/screen.html",
        cohort=cohort,
        opened=opened,
        last=_evaluation_day(cohort),
        address=address,
        code=room.code(address) if opened else "",
        answered=room.count(call.session, cohort),
    )


def _note(call: Call, meeting: CourseSession, page: str) -> Response:
    if not _open(meeting, call.now):
        raise Refused("Aanwezigheid noteren kan vanaf een uur voor het begin.")
    everybody = EVERYBODY in call.sent
    for line in attendance.sheet(call.session, meeting):
        text = call.sent.get(f"er-{line.enrolment.id}")
        given = Presence(text) if isinstance(text, str) and text in tuple(Presence) else None
        if everybody and given is None and line.presence is None:
            given = Presence.PRESENT
        if given is not None and given is not line.presence:
            attendance.record(call.session, meeting, line.enrolment, given, by=BY, now=call.now)
    return call.to(page)


def cohort_of(call: Call) -> Cohort:
    """Return the cohort of the trainer's link."""
    link = call.the_link
    cohort = call.session.scalar(_COHORT, {"cohort": link.cohort_id})
    if cohort is None or cohort.trainer_id != link.person_id:
        raise NotFound("Deze link werkt niet of niet meer.")
    with_sessions(call.session, cohort)
    return cohort


def _sessions(cohort: Cohort) -> list[CourseSession]:
    """Return what the trainer gives, in order of time; visits are the groups' own."""
    own = [
        s for s in cohort.sessions if s.kind is not SessionKind.WERKBEZOEK and s.status is not SessionStatus.CANCELLED
    ]
    return sorted(own, key=lambda s: (s.starts_at is None, s.starts_at or cohort.created_at, s.position))


def _session(call: Call, name: str) -> CourseSession:
    found = next((s for s in _sessions(cohort_of(call)) if s.name == name), None)
    if found is None:
        raise NotFound("Dit dagdeel is er niet.")
    return found


def _open(meeting: CourseSession, now: datetime) -> bool:
    return meeting.starts_at is not None and meeting.starts_at - EARLY <= now


def _current(call: Call, sessions: Sequence[CourseSession]) -> CourseSession | None:
    """Return the session whose list is to be filled in: the first that is open and not complete, of the newest day."""
    opened = [s for s in sessions if _open(s, call.now) and s.attendance_closed_at is None]
    incomplete = [s for s in opened if any(line.presence is None for line in attendance.sheet(call.session, s))]
    today = worktime.local(call.now).date()
    of_today = [s for s in opened if s.starts_at and worktime.local(s.starts_at).date() == today]
    return next(iter(incomplete), None) or (of_today[-1] if of_today else None)


def _counted(lines: Sequence[attendance.Line]) -> dict[str, int]:
    known = [line.presence for line in lines if line.presence is not None]
    here = sum(1 for presence in known if presence is not Presence.ABSENT)
    return {"here": here, "unknown": len(lines) - len(known), "all": len(lines)}


def _people(call: Call, cohort: Cohort) -> list[Enrolment]:
    return sorted(call.session.scalars(_PEOPLE, {"cohort": cohort.id}), key=lambda e: (e.person.name or "").casefold())


def _intentions(call: Call, cohort: Cohort) -> dict[int, Intention]:
    return {i.enrolment_id: i for i in call.session.scalars(_INTENTIONS, {"cohort": cohort.id})}


def _groups(call: Call, cohort: Cohort) -> list[tuple[Group, Visit | None, bool]]:
    """Return each group of the approved plan, its visit, and whether its presentation is there."""
    groups = call.session.scalars(_GROUPS, {"cohort": cohort.id}).all()
    gather(call.session, groups, Group.members, _MEMBERS)
    gather(call.session, groups, Group.visits, _VISITS)
    ended = (VisitStatus.REFUSED, VisitStatus.CANCELLED)
    found = []
    for group in groups:
        visit = next((v for v in reversed(group.visits) if v.status not in ended), None)
        there = visit is not None and reporting.path_of(call.house, visit).exists()
        found.append((group, visit, there))
    return found


def _evaluation_day(cohort: Cohort) -> CourseSession | None:
    """Return the session in whose last minutes the evaluation is filled in: the last training one."""
    training = [s for s in _sessions(cohort) if s.kind is SessionKind.DAGDEEL and s.starts_at]
    return training[-1] if training else None
