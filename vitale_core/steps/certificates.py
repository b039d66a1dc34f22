"""Who earned a bewijs van deelname, and its number.

It is given as soon as the list of everything that counts for a person is closed and the programme's rule is met. It
never depends on an evaluation. When attendance is corrected it is taken back, or given with a new number.
"""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.states import (
    ENROLMENT,
    HAS_A_SEAT,
    EnrolmentEvent,
    EnrolmentStatus,
    PlanStatus,
    Presence,
    SessionKind,
    SessionStatus,
    VisitStatus,
    after,
)
from vitale_core.steps import audit, tasks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import (
    Attendance,
    Certificate,
    Cohort,
    CourseSession,
    Enrolment,
    Group,
    GroupMember,
    Plan,
    Visit,
)

DICE: random.Random = secrets.SystemRandom()
"""Nobody may guess a number; only the demo puts dice here that fall the same each time."""

WITHOUT_GROUP = "werkbezoek"
"""What somebody missed who was in no group, while the programme's rule asks for a visit."""

NO_VISIT = "no-visit"
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: numbers are read aloud and typed over
MADE = frozenset({VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED})
BLOCKS, BLOCK = 3, 4  # 31^12: nobody guesses one


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands: what counted, what was missed, and whether everything was closed."""

    counted: tuple[str, ...]  # names of sessions
    missed: tuple[str, ...]
    open: tuple[str, ...]  # lists that are not closed yet
    may_miss: int

    @property
    def earned(self) -> bool | None:
        """Whether the rule is met; None while that is not certain."""
        if len(self.missed) > self.may_miss:
            return False
        return None if self.open or not self.counted else True


def standing(session: Session, enrolment: Enrolment) -> Standing:
    """Look at what counts for one person: gatherings of the kinds in the programme's rule, and the own visit.

    Who is not on a closed list was not there: somebody who came in later missed what was before. A visit that a
    group never had does not count against it; a cancelled session does not count at all. Who is in no group while
    others make a visit missed it, until the operator notes that they went along with one.
    """
    rule = programme_of(enrolment.cohort).certificate
    query = (
        select(CourseSession)
        .where(CourseSession.cohort_id == enrolment.cohort_id, CourseSession.status != SessionStatus.CANCELLED)
        .order_by(CourseSession.position, CourseSession.id)
    )
    mine = _own_visits(session, enrolment)
    counts = SessionKind.WERKBEZOEK in rule.sessions
    without = (WITHOUT_GROUP,) if counts and not mine and without_group(session, enrolment) else ()
    counted = [
        s
        for s in session.scalars(query)
        if s.kind in rule.sessions and (s.kind is not SessionKind.WERKBEZOEK or s.id in mine)
    ]
    seen = {
        a.session_id: a.presence
        for a in session.scalars(select(Attendance).where(Attendance.enrolment_id == enrolment.id))
    }
    there = {Presence.PRESENT, Presence.PART}
    missed = [s for s in counted if s.attendance_closed_at is not None and seen.get(s.id) not in there]
    return Standing(
        counted=(*(s.name for s in counted), *without),
        missed=(*(s.name for s in missed), *without),
        open=tuple(s.name for s in counted if s.attendance_closed_at is None),
        may_miss=rule.may_miss,
    )


def review(session: Session, enrolment: Enrolment, *, by: str, now: datetime) -> Certificate | None:
    """Give or take back the certificate of one person as their attendance now stands; return the valid one.

    An enrolment that was completed (or not) follows. Doing it again changes nothing.
    """
    session.flush()
    found = standing(session, enrolment)
    earned = found.earned
    valid = current(session, enrolment)
    if enrolment.status not in HAS_A_SEAT:
        earned = False
    else:
        _ask_about_visit(session, enrolment, found, by=by, now=now)
    if valid is None and earned:
        valid = _issue(session, enrolment, by=by, now=now)
    elif valid is not None and earned is False:
        valid.revoked_at = now
        _note(session, enrolment, "certificate revoked", valid, by=by, now=now)
        valid = None
    if enrolment.status in {EnrolmentStatus.COMPLETED, EnrolmentStatus.INCOMPLETE}:
        settle(session, enrolment, now=now)
    session.flush()
    return valid


def settle(session: Session, enrolment: Enrolment, *, now: datetime) -> None:
    """Let an enrolment end, or correct how it ended: completed with a valid certificate, incomplete without."""
    done = current(session, enrolment) is not None
    goal = EnrolmentStatus.COMPLETED if done else EnrolmentStatus.INCOMPLETE
    if enrolment.status in HAS_A_SEAT - {goal}:
        event = EnrolmentEvent.COMPLETE if done else EnrolmentEvent.FALL_SHORT
        enrolment.status = after(ENROLMENT, enrolment.status, event)
        enrolment.ended_at = enrolment.ended_at or now


def current(session: Session, enrolment: Enrolment) -> Certificate | None:
    """Return the valid certificate of somebody."""
    query = select(Certificate).where(Certificate.enrolment_id == enrolment.id, Certificate.revoked_at.is_(None))
    return session.scalar(query.order_by(Certificate.id.desc()).limit(1))


def find(session: Session, number: str) -> Certificate | None:
    """Return the certificate with this number, as people type it: any capitals, with or without dashes."""
    plain = "".join(c for c in number.upper() if c.isalnum())[: BLOCKS * BLOCK + 1]
    written = "-".join(plain[i : i + BLOCK] for i in range(0, len(plain), BLOCK))
    return session.scalar(select(Certificate).where(Certificate.number == written))


def without_group(session: Session, enrolment: Enrolment) -> bool:
    """Say whether groups of the cohort make a visit, and this person is in none of its groups."""
    member = (
        select(GroupMember.id)
        .join(Group, GroupMember.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .where(GroupMember.enrolment_id == enrolment.id, Plan.status == PlanStatus.APPROVED)
    )
    if session.scalar(member.limit(1)) is not None:
        return False
    visit = select(Visit.id).where(Visit.cohort_id == enrolment.cohort_id, Visit.status.in_(MADE))
    return session.scalar(visit.limit(1)) is not None


def _own_visits(session: Session, enrolment: Enrolment) -> set[int]:
    """Return the sessions of the visits that somebody's group made or will make.

    Of somebody without a group: those of which the operator noted whether they went along.
    """
    query = (
        select(Visit.session_id)
        .join(Group, Visit.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(
            GroupMember.enrolment_id == enrolment.id,
            Plan.status == PlanStatus.APPROVED,
            Visit.status.in_(MADE),
        )
    )
    mine = {s for s in session.scalars(query) if s is not None}
    if mine or not without_group(session, enrolment):
        return mine
    along = select(Attendance.session_id).join(CourseSession, Attendance.session_id == CourseSession.id)
    along = along.where(Attendance.enrolment_id == enrolment.id, CourseSession.kind == SessionKind.WERKBEZOEK)
    return set(session.scalars(along))


def _ask_about_visit(session: Session, enrolment: Enrolment, found: Standing, *, by: str, now: datetime) -> None:
    """Ask the operator to decide when nothing but a group stands between somebody and a certificate."""
    others = [name for name in found.missed if name != WITHOUT_GROUP]
    if found.earned is not False or WITHOUT_GROUP not in found.missed or len(others) > found.may_miss:
        tasks.close_tasks(session, key_prefix=f"{NO_VISIT}/{enrolment.id}", by=by, now=now)
        return
    if found.open:
        return
    cohort = enrolment.cohort
    visits = select(CourseSession.name).where(
        CourseSession.cohort_id == cohort.id,
        CourseSession.kind == SessionKind.WERKBEZOEK,
        CourseSession.status != SessionStatus.CANCELLED,
    )
    name = session.scalars(visits.order_by(CourseSession.position, CourseSession.id)).first()
    tasks.owe_task(
        session,
        key=f"{NO_VISIT}/{enrolment.id}",
        kind=NO_VISIT,
        what=f"Deelnemer {enrolment.id} was bij alles, maar zat in geen groep en krijgt zonder werkbezoek geen bewijs. "
        "Ging hij of zij met een groep mee? Noteer het dan.",
        command=f"vitale attendance record {cohort.code} {name} present {enrolment.id} --reason ...",
        cohort_id=cohort.id,
        enrolment_id=enrolment.id,
        now=now,
    )


def _issue(session: Session, enrolment: Enrolment, *, by: str, now: datetime) -> Certificate:
    rule = programme_of(session.get_one(Cohort, enrolment.cohort_id)).certificate
    certificate = Certificate(
        cohort_id=enrolment.cohort_id,
        enrolment_id=enrolment.id,
        number=_new_number(session),
        name=enrolment.person.name or "",
        hours=rule.hours,
        issued_at=now,
    )
    session.add(certificate)
    session.flush()
    _note(session, enrolment, "certificate issued", certificate, by=by, now=now)
    return certificate


def _new_number(session: Session) -> str:
    """Return a number that nobody has, such as "7KQ3-M9XR-2HJW"."""
    while True:
        number = "-".join("".join(DICE.choice(ALPHABET) for _ in range(BLOCK)) for _ in range(BLOCKS))
        if session.scalar(select(Certificate.id).where(Certificate.number == number)) is None:
            return number


def _note(
    session: Session, enrolment: Enrolment, what: str, certificate: Certificate, *, by: str, now: datetime
) -> None:
    audit.note(
        session,
        what=what,
        actor=by,
        cohort_id=enrolment.cohort_id,
        object_kind="certificate",
        object_id=certificate.id,
        detail={"enrolment": enrolment.id},
        now=now,
    )
