"""Read the facts of one cohort for the agenda: a fixed number of queries, whatever its size."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from vitale_core.domain import agenda
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.facts import (
    CohortFacts,
    EnrolmentFacts,
    OfferFacts,
    RoundFacts,
    SessionFacts,
    VisitFacts,
)
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.states import Answer, MessageStatus, OfferStatus, PlanStatus, Presence, TaskStatus
from vitale_core.steps.people import find_person
from vitale_core.steps.programmes import programme_of
from vitale_core.store.kept import kept
from vitale_core.store.records import (
    Attendance,
    Certificate,
    Cohort,
    CourseSession,
    Enrolment,
    Group,
    GroupMember,
    Host,
    Intake,
    Invitation,
    Message,
    Offer,
    Plan,
    PollAnswer,
    PollOption,
    Project,
    Receipt,
    Round,
    Slot,
    Task,
    Visit,
)

LEFT = frozenset({MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.UNCERTAIN})
NOBODY = 0
"""Stands for the operator until a mail or a task makes them somebody (see `steps.ledger`)."""

Rows = Callable[[Select[Any]], Sequence[Row[Any]]]

# Made once, and columns instead of records: a tick asks this of every cohort that is due.
_OF: BindParameter[int] = bindparam("cohort")
_MAILS = select(Message.key, Message.status).where(Message.cohort_id == _OF)
_TASKS = select(Task.key, Task.status, Task.created_at).where(Task.cohort_id == _OF)
_SESSIONS = (
    select(
        CourseSession.id,
        CourseSession.name,
        CourseSession.kind,
        CourseSession.day,
        CourseSession.status,
        CourseSession.starts_at,
        CourseSession.ends_at,
        CourseSession.revision,
        CourseSession.moved_at,
        CourseSession.attendance_closed_at,
    )
    .where(CourseSession.cohort_id == _OF)
    .order_by(CourseSession.position)
)
_ENROLMENTS = (
    select(
        Enrolment.id,
        Enrolment.person_id,
        Enrolment.status,
        Enrolment.applied_at,
        Enrolment.source,
        Enrolment.waitlisted_at,
        Enrolment.confirmed_at,
        Enrolment.ended_at,
    )
    .where(Enrolment.cohort_id == _OF)
    .order_by(Enrolment.id)
)
_INTAKES = select(Intake.enrolment_id).where(Intake.cohort_id == _OF, Intake.casus != "")
_OFFERS = (
    select(Offer.enrolment_id, Offer.id, Offer.offered_at, Offer.deadline, Offer.status, Offer.closed_at)
    .where(Offer.cohort_id == _OF)
    .order_by(Offer.id)
)
_ANSWERS = select(Invitation.enrolment_id, Invitation.session_id, Invitation.answer).where(
    Invitation.cohort_id == _OF, Invitation.enrolment_id.is_not(None), Invitation.cancelled_at.is_(None)
)
_ROUNDS = (
    select(Round.name, Round.status, Round.opens_at, Round.closes_at).where(Round.cohort_id == _OF).order_by(Round.id)
)
_RECEIPTS = select(Receipt.enrolment_id, Round.name).join(Round).where(Receipt.cohort_id == _OF)
_POLLED = select(PollAnswer.enrolment_id, PollOption.session_id).join(PollOption).where(PollAnswer.cohort_id == _OF)
_POLLS = select(PollOption.session_id).where(PollOption.cohort_id == _OF).distinct()
_ABSENT = select(Attendance.enrolment_id, Attendance.session_id).where(
    Attendance.cohort_id == _OF, Attendance.presence == Presence.ABSENT
)
_CERTIFICATES = (
    select(Certificate.enrolment_id, Certificate.id, Certificate.issued_at, Certificate.revoked_at)
    .where(Certificate.cohort_id == _OF)
    .order_by(Certificate.id)
)
_VISITS = (
    select(
        Visit.id,
        Visit.group_id,
        Group.number,
        Visit.status,
        Slot.starts_at,
        Slot.ends_at,
        Host.contact_id,
        func.coalesce(Visit.asked_at, Plan.approved_at, Plan.made_at).label("approved_at"),
        Visit.asked_at,
        Visit.answered_at,
        Visit.session_id,
        Visit.reported_at,
    )
    .join(Group, Visit.group_id == Group.id)
    .join(Plan, Group.plan_id == Plan.id)
    .join(Slot, Visit.slot_id == Slot.id)
    .join(Project, Visit.project_id == Project.id)
    .join(Host, Project.host_id == Host.id)
    .where(Visit.cohort_id == _OF, Plan.status == PlanStatus.APPROVED)
    .order_by(Visit.id)
)
_MEMBERS = (
    select(GroupMember.group_id, GroupMember.enrolment_id)
    .join(Group, GroupMember.group_id == Group.id)
    .join(Plan, Group.plan_id == Plan.id)
    .where(Plan.cohort_id == _OF, Plan.status == PlanStatus.APPROVED)
    .order_by(GroupMember.enrolment_id)
)


def load(session: Session, cohort: Cohort, *, bureau: Bureau) -> CohortFacts:
    """Return the facts of a cohort as they stand in this transaction."""
    session.flush()
    place, key = kept(session), ("facts", cohort.id, cohort.version, bureau.operator_address)
    if key not in place:
        place[key] = _load(session, cohort, bureau)
    facts: CohortFacts = place[key]
    return facts


def owed_by(session: Session, cohort: Cohort, now: datetime, *, bureau: Bureau) -> tuple[agenda.Owed, ...]:
    """Return what `agenda.due` says of the facts of this transaction."""
    facts = load(session, cohort, bureau=bureau)
    place, key = kept(session), ("due", cohort.id, cohort.version, now)
    if key not in place:
        place[key] = agenda.due(facts, now)
    owed: tuple[agenda.Owed, ...] = place[key]
    return owed


def _load(session: Session, cohort: Cohort, bureau: Bureau) -> CohortFacts:
    connection = session.connection()  # columns alone are read, and the session would look for records in them

    def rows(statement: Select[Any]) -> Sequence[Row[Any]]:
        return connection.execute(statement, {"cohort": cohort.id}).all()

    operator = find_person(session, bureau.operator_address)
    sessions = {row.id: _session(row) for row in rows(_SESSIONS)}
    mails, tasks = rows(_MAILS), rows(_TASKS)
    known = CohortFacts(
        id=cohort.id,
        code=cohort.code,
        programme=programme_of(cohort),
        status=cohort.status,
        trainer=cohort.trainer_id,
        operator=operator.id if operator else NOBODY,
        confirmed_at=cohort.confirmed_at,
        cancelled_at=cohort.cancelled_at,
        sessions=tuple(sessions.values()),
        enrolments=tuple(_enrolments(rows)),
        visits=tuple(_visits(rows, sessions)),
        rounds=tuple(RoundFacts(*row) for row in rows(_ROUNDS)),
        waiting_since=min((made for _, status, made in tasks if status is TaskStatus.OPEN), default=None),
        done=frozenset(key for key, *_ in (*mails, *tasks)),
        told=frozenset(key for key, status in mails if status in LEFT),
        holidays=frozenset(bureau.holidays),
        zone=ZoneInfo(cohort.zone),
    )
    return _with_polls(known, {session_id for (session_id,) in rows(_POLLS)})


def _session(row: Row[Any]) -> SessionFacts:
    return SessionFacts(
        id=row.id,
        name=row.name,
        kind=row.kind,
        day=row.day,
        status=row.status,
        start=row.starts_at,
        end=row.ends_at,
        revision=row.revision,
        moved_at=row.moved_at,
        list_closed=row.attendance_closed_at is not None,
    )


def _enrolments(rows: Rows) -> Iterable[EnrolmentFacts]:
    answered = {enrolment_id for (enrolment_id,) in rows(_INTAKES)}
    answers: dict[int, dict[int, Answer]] = defaultdict(dict)
    for enrolment_id, session_id, answer in rows(_ANSWERS):
        answers[enrolment_id][session_id] = answer
    receipts, polled, absent = (_grouped(rows(pairs)) for pairs in (_RECEIPTS, _POLLED, _ABSENT))
    offers: dict[int, list[OfferFacts]] = defaultdict(list)
    for enrolment_id, *offer in rows(_OFFERS):
        offers[enrolment_id].append(_offer(*offer))
    certificates = {row.enrolment_id: row for row in rows(_CERTIFICATES)}  # the newest one
    for e in rows(_ENROLMENTS):
        certificate = certificates.get(e.id)
        yield EnrolmentFacts(
            id=e.id,
            person=e.person_id,
            status=e.status,
            applied_at=e.applied_at,
            source=e.source,
            waitlisted_at=e.waitlisted_at,
            confirmed_at=e.confirmed_at,
            ended_at=e.ended_at,
            offers=tuple(offers[e.id]),
            intake_answered=e.id in answered,
            answers=answers[e.id],
            receipts=frozenset(receipts[e.id]),
            polled=frozenset(polled[e.id]),
            absent=frozenset(absent[e.id]),
            certificate=certificate.id if certificate else None,
            certified_at=certificate.issued_at if certificate else None,
            revoked_at=certificate.revoked_at if certificate else None,
        )


def _offer(
    number: int, offered_at: datetime, deadline: datetime, status: OfferStatus, closed_at: datetime | None
) -> OfferFacts:
    lapsed = closed_at if status is OfferStatus.EXPIRED else None
    return OfferFacts(number, offered_at, deadline, open=status is OfferStatus.OPEN, lapsed_at=lapsed)


def _visits(rows: Rows, sessions: Mapping[int, SessionFacts]) -> Iterable[VisitFacts]:
    members = _grouped(rows(_MEMBERS))
    for v in rows(_VISITS):
        meeting = sessions.get(v.session_id)
        yield VisitFacts(
            id=v.id,
            group=v.number,
            status=v.status,
            start=(meeting.start if meeting else None) or v.starts_at,
            end=(meeting.end if meeting else None) or v.ends_at,
            host=v.contact_id,
            members=tuple(members[v.group_id]),
            approved_at=v.approved_at,
            asked_at=v.asked_at,
            confirmed_at=v.answered_at,
            revision=meeting.revision if meeting else 0,
            session=v.session_id,
            moved_at=meeting.moved_at if meeting else None,
            reported=v.reported_at is not None,
        )


def _with_polls(known: CohortFacts, with_options: set[int]) -> CohortFacts:
    """Add which undated sessions have dates to choose from, and from when people are asked."""
    undated = with_options.intersection(s.id for s in known.sessions if s.start is None)
    anchors = {name: moment for name, moment in shared_anchors(known).items() if moment is not None}
    at = known.programme.poll_opens.on(anchors, known.holidays, known.zone)
    return replace(known, polls=dict.fromkeys(sorted(undated), at) if at else {})


def _grouped(pairs: Iterable[Row[Any]]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return grouped
