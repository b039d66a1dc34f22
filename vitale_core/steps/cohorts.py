"""Cohorts: set one up, let it go ahead, cancel and restore it."""

import difflib
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from vitale_core.domain import dates, labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.programme import Programme, SessionPlan
from vitale_core.domain.states import (
    COHORT,
    ENROLMENT,
    HAS_A_SEAT,
    SESSION,
    CohortEvent,
    CohortKind,
    CohortStatus,
    EnrolmentEvent,
    OfferStatus,
    SessionEvent,
    SessionKind,
    SessionStatus,
    after,
)
from vitale_core.steps import audit, conflicts, invitations, people, tasks
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import AT_ONCE, lock_cohort
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Offer, ProgrammeVersion

CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
ZONE = "Europe/Amsterdam"
_BY_CODE = select(Cohort).where(Cohort.code == bindparam("code"))
_CONFIRMED = select(func.count()).where(Enrolment.cohort_id == bindparam("cohort"), Enrolment.status.in_(HAS_A_SEAT))
_OFFERED = select(func.count()).where(Offer.cohort_id == bindparam("cohort"), Offer.status == OfferStatus.OPEN)
_TAKEN = select(_CONFIRMED.scalar_subquery() + _OFFERED.scalar_subquery())
GOING_AHEAD = frozenset(
    {
        *("go-or-no-go", "decide", "seat-free", "intake-silent", "rsvp-silent", "declined", "declined-visit"),
        *("propose-groups", "groups-approve", "groups-stuck", "no-hosts", "choose-date", "poll-options"),
    }
)
"""Kinds of tasks that nobody needs to do while a cohort does not go ahead."""


def create(  # noqa: PLR0913 - what a cohort is made of
    session: Session,
    *,
    code: str,
    programme: ProgrammeVersion,
    days: Mapping[str, date],
    now: datetime,
    bureau: Bureau,
    location: str = "",
    trainer_name: str = "",
    trainer_email: str = "",
    kind: CohortKind = CohortKind.OPEN,
    capacity: int | None = None,
    minimum: int | None = None,
    by: str = "operator",
) -> tuple[Cohort, list[str]]:
    """Set up a cohort that people can apply for; return it with warnings about its dates.

    `days` maps the programme's days to dates. A training day needs one; a terugkomdag without a
    date gets one later, by a poll. Doing it again with the same code is refused.
    """
    if not CODE.fullmatch(code):
        raise Refused(
            f"'{code}' is geen goede code.", remedy="Gebruik kleine letters, cijfers en streepjes: 2027-voorjaar."
        )
    if session.scalar(select(Cohort.id).where(Cohort.code == code)):
        raise Refused(f"Lichting '{code}' bestaat al.", remedy=f"vitale cohort show {code}")
    cohort = Cohort(
        code=code,
        programme=programme,
        kind=kind,
        status=CohortStatus.OPEN,
        capacity=0,
        minimum=0,
        zone=ZONE,
        location=people.clean_line(location),
        settings={},
        created_at=now,
        next_due_at=AT_ONCE,
    )
    plan = programme_of(cohort)
    cohort.capacity = plan.capacity if capacity is None else capacity
    cohort.minimum = plan.minimum if minimum is None else minimum
    if not 0 < cohort.minimum <= cohort.capacity:
        raise Refused(f"Het minimum ({cohort.minimum}) past niet bij {cohort.capacity} plaatsen.")
    _check_days(plan, days, now)
    people.person_for(session, bureau.operator_address, name=bureau.operator_name, now=now)
    name, email = trainer_name or bureau.operator_name, trainer_email or bureau.operator_address
    cohort.trainer_id = people.person_for(session, email, name=name, now=now).id
    zone = ZoneInfo(ZONE)
    for position, gathering in enumerate(plan.gatherings):
        cohort.sessions.append(_session(gathering, days.get(gathering.day), position, cohort.location, zone))
    session.add(cohort)
    session.flush()
    audit.note(
        session, what="cohort made", actor=by, cohort_id=cohort.id, object_kind="cohort", object_id=cohort.id, now=now
    )
    return cohort, [
        conflict.sentence for conflict in conflicts.of_sessions(session, cohort, cohort.sessions, bureau=bureau)
    ]


def _check_days(plan: Programme, days: Mapping[str, date], now: datetime) -> None:
    unknown = sorted(set(days) - set(plan.days))
    if unknown:
        raise Refused(f"Dit programma kent de dag '{unknown[0]}' niet.", remedy=f"Het heeft: {', '.join(plan.days)}.")
    for gathering in plan.gatherings:
        if gathering.kind is SessionKind.DAGDEEL and gathering.day not in days:
            raise Refused(f"De datum van {gathering.day} ontbreekt.", remedy=f"--{gathering.day} 2027-03-18")
    dates.check_order([(name, days[name]) for name in plan.days if name in days])
    first = min(days.values(), default=None)
    if first and first < worktime.local(now).date():
        raise Refused(f"{worktime.in_words(first)} is al voorbij.", remedy="Kies data in de toekomst.")


def _session(plan: SessionPlan, day: date | None, position: int, location: str, zone: ZoneInfo) -> CourseSession:
    return CourseSession(
        name=plan.name,
        kind=plan.kind,
        day=plan.day,
        position=position,
        title=plan.title,
        status=SessionStatus.PLANNED,
        starts_at=_at(day, plan.start, zone),
        ends_at=_at(day, plan.end, zone),
        location=location,
    )


def _at(day: date | None, clock: time, zone: ZoneInfo) -> datetime | None:
    return None if day is None else worktime.wall_clock(day, clock, zone)


def get(session: Session, code: str) -> Cohort:
    """Return a cohort by its code; NotFound suggests the nearest one."""
    cohort = session.scalar(_BY_CODE, {"code": code})
    if cohort is None:
        known = list(session.scalars(select(Cohort.code)))
        near = difflib.get_close_matches(code, known, n=1)
        remedy = f"Bedoel je {near[0]}? " if near else ""
        raise NotFound(f"Lichting '{code}' bestaat niet.", remedy=f"{remedy}Alle lichtingen: vitale cohort list")
    return cohort


def find_session(session: Session, cohort: Cohort, name: str) -> CourseSession:
    """Return a session of the cohort by its name; NotFound lists the names."""
    sessions = session.scalars(
        select(CourseSession).where(CourseSession.cohort_id == cohort.id).order_by(CourseSession.position)
    ).all()
    for found in sessions:
        if found.name == name:
            return found
    raise NotFound(
        f"{cohort.code} heeft geen sessie '{name}'.", remedy=f"Er zijn: {', '.join(s.name for s in sessions)}."
    )


def takes_nobody(cohort: Cohort) -> Refused:
    """Return the refusal to an operator who wants to let somebody in where that cannot be any more, or not yet."""
    elsewhere = "Welke lichtingen mensen aannemen: vitale cohort list"
    remedies = {
        CohortStatus.CANCELLED: f"Gaat hij toch door: vitale cohort restore {cohort.code}. {elsewhere}",
    }
    return Refused(
        f"{cohort.code} neemt nu geen deelnemers aan (status: {labels.of_state(cohort.status)}).",
        remedy=remedies.get(cohort.status, elsewhere),
    )


def seats_taken(session: Session, cohort: Cohort) -> int:
    """Return people with a seat plus open offers: what may never exceed the capacity."""
    session.flush()
    return session.scalar(_TAKEN, {"cohort": cohort.id}) or 0


def go(session: Session, cohort: Cohort, *, by: str, now: datetime, bureau: Bureau) -> Cohort:
    """Let the cohort go ahead: its sessions are published and the invitations leave.

    Saying it twice is harmless. Fewer people than the minimum is the operator's choice.
    """
    cohort = lock_cohort(session, cohort.id)
    if cohort.status in {CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING}:
        return cohort
    cohort.status = after(COHORT, cohort.status, CohortEvent.CONFIRM)
    cohort.confirmed_at = now
    for gathering in _sessions(session, cohort):
        if gathering.status is SessionStatus.PLANNED:
            gathering.status = after(SESSION, gathering.status, SessionEvent.PUBLISH)
    tasks.close_tasks_of(session, cohort_id=cohort.id, kind="go-or-no-go", by=by, now=now)
    invitations.sync(session, cohort, now=now, bureau=bureau)
    audit.note(
        session,
        what="cohort goes ahead",
        actor=by,
        cohort_id=cohort.id,
        object_kind="cohort",
        object_id=cohort.id,
        now=now,
    )
    return cohort


def cancel(session: Session, cohort: Cohort, *, by: str, reason: str, now: datetime, bureau: Bureau) -> Cohort:
    """Cancel the whole cohort: calendars are cleared, everybody hears it once, open offers end."""
    cohort = lock_cohort(session, cohort.id)
    if cohort.status is CohortStatus.CANCELLED:
        return cohort
    cohort.status = after(COHORT, cohort.status, CohortEvent.CANCEL)
    cohort.cancelled_at = now
    cohort.settings = {**cohort.settings, "reason": people.clean_text(reason, longest=1000)}
    for offer in session.scalars(select(Offer).where(Offer.cohort_id == cohort.id, Offer.status == OfferStatus.OPEN)):
        offer.status, offer.closed_at = OfferStatus.REVOKED, now
        offer.enrolment.status = after(ENROLMENT, offer.enrolment.status, EnrolmentEvent.WAITLIST)
    tasks.drop_tasks(session, cohort_id=cohort.id, kinds=GOING_AHEAD, by=by, now=now)
    invitations.sync(session, cohort, now=now, bureau=bureau)
    audit.note(
        session,
        what="cohort cancelled",
        actor=by,
        cohort_id=cohort.id,
        object_kind="cohort",
        object_id=cohort.id,
        now=now,
    )
    return cohort


def restore(session: Session, cohort: Cohort, *, by: str, now: datetime, bureau: Bureau) -> Cohort:
    """Take a cancellation back: people are invited anew, with new calendar identities."""
    cohort = lock_cohort(session, cohort.id)
    if cohort.status is not CohortStatus.CANCELLED:
        return cohort
    cohort.status = after(COHORT, cohort.status, CohortEvent.RESTORE)
    dropped_at = cohort.cancelled_at or now
    tasks.take_up_again(session, cohort_id=cohort.id, kinds=GOING_AHEAD, dropped_at=dropped_at)
    cohort.cancelled_at = None
    if cohort.confirmed_at is not None:
        cohort.confirmed_at = None
        for gathering in _sessions(session, cohort):
            if gathering.status is SessionStatus.PUBLISHED:
                gathering.status = SessionStatus.PLANNED
        go(session, cohort, by=by, now=now, bureau=bureau)
    audit.note(
        session,
        what="cohort restored",
        actor=by,
        cohort_id=cohort.id,
        object_kind="cohort",
        object_id=cohort.id,
        now=now,
    )
    return cohort


def _sessions(session: Session, cohort: Cohort) -> list[CourseSession]:
    return list(session.scalars(select(CourseSession).where(CourseSession.cohort_id == cohort.id)))
