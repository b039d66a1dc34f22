"""Werkbezoeken: what hosts answer, what groups bring back, and what turns by itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import dates, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import (
    HAS_A_SEAT,
    VISIT,
    CohortStatus,
    PlanStatus,
    SessionStatus,
    VisitEvent,
    VisitStatus,
    after,
)
from vitale_core.steps import audit, changes, groups, hosts, ledger, people, tasks, visits
from vitale_core.steps.hosts import offer_slots, withdraw_slot
from vitale_core.steps.plan import availability
from vitale_core.steps.plan.instance import Solver, solve_document
from vitale_core.steps.programmes import programme_of
from vitale_core.steps.visits import get
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Attendance, Cohort, CourseSession, Enrolment, Slot, Visit

STEP = "werkbezoek"
OTHER_DATE, UNANSWERED, ATTENDANCE = "other-date", "visit-unanswered", "visit-attendance"
"""Kinds of the tasks of this step."""

SETTLED = visits.LIVE - {VisitStatus.ASKED}
"""Statuses of a visit that the host agreed to: only then is there a day sheet."""


@dataclass(frozen=True, slots=True)
class DaySheet:
    """What group and host need on the day; moments in UTC. `people` are names with organisations.

    `practical` is text, `details` the same as (Dutch label, text).
    """

    group: int
    project: str
    place: str
    start: datetime
    end: datetime
    contact: str
    phone: str
    practical: str
    details: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]


def confirm_visit(
    session: Session, visit: Visit, *, by: str, now: datetime, bureau: Bureau, note: str | None = None
) -> CourseSession:
    """Book the visit: the host said yes, the group and the host get their invitation.

    `note` is what this group must know besides what is known of the project; None leaves it as it is. Saying yes
    twice gives the same session.
    """
    cohort = _of(session, visit)
    if note is not None:
        visit.host_note = people.clean_text(note, longest=1000)
    if visit.status is VisitStatus.CONFIRMED and visit.session is not None:
        return visit.session
    if visit.slot.starts_at <= now:
        raise Refused(f"{worktime.moment_in_words(visit.slot.starts_at)} is al voorbij.")
    visit.status = after(VISIT, visit.status, VisitEvent.CONFIRM)
    visit.answered_at = now
    meeting = visits.book(session, visit)
    visits.close_tasks(session, visit, by=by, now=now)
    _note(session, cohort, visit, "visit confirmed", by=by, now=now)
    session.flush()
    del bureau  # the invitations follow when the cohort is looked at, which it is at once
    return meeting


def refuse_visit(
    session: Session,
    visit: Visit,
    *,
    by: str,
    reason: str,
    now: datetime,
    bureau: Bureau,
    solve: Solver = solve_document,
) -> None:
    """Take a no: the half day is closed, the group hears it if it was invited, and a new proposal is made.

    The proposal changes as little as possible (the reserve visit if everybody can come) and waits for the operator.
    When none can be made, the operator gets a task that says why. Saying no twice is harmless.
    """
    cohort = _of(session, visit)
    if visit.status is VisitStatus.REFUSED:
        return
    if visits.begun(visit, now):
        raise Refused("Dit bezoek is al geweest.")
    _refuse(session, cohort, visit, reason=reason, by=by, now=now, bureau=bureau)
    visit.slot.withdrawn_at = now
    session.flush()
    try:
        groups.replace_visit(session, cohort, visit, by=by, now=now, bureau=bureau, solve=solve)
    except Refused as no:
        groups.tell_stuck(session, cohort, no, now=now)


def propose_other_date(
    session: Session, visit: Visit, start: datetime, end: datetime, *, by: str, now: datetime, bureau: Bureau
) -> Slot:
    """Take another date from the host: a half day of the project, and a task for the operator to judge it.

    The visit stays as it is until the operator accepts (`accept_other_date`) or refuses the visit.
    """
    cohort = _of(session, visit)
    if visit.status not in {VisitStatus.ASKED, VisitStatus.CONFIRMED} or visits.begun(visit, now):
        raise Refused("Voor dit bezoek kan geen andere datum meer worden voorgesteld.")
    window = hosts.visit_window(cohort, bureau=bureau)
    if window and not window[0] <= start < window[1]:
        first, last = (worktime.in_words(worktime.local(moment).date()) for moment in window)
        raise Refused(f"{worktime.moment_in_words(start)} valt buiten de periode: vanaf {first}, voor {last}.")
    slot = offer_slots(session, visit.project, [(start, end)], by=by, now=now)[0]
    known = list(availability.who_can(session, [m.enrolment_id for m in visit.group.members], start, end).values())
    warnings = dates.warnings({"Die dag": worktime.local(start).date()}, bureau)
    tasks.owe_task(
        session,
        key=f"{OTHER_DATE}/{visit.id}/{slot.id}",
        kind=OTHER_DATE,
        what=(
            f"De gastheer van bezoek {visit.id} (groep {visit.group.number}) stelt {worktime.moment_in_words(start)} "
            f"voor. Van de {len(known)} deelnemers kunnen er dan {known.count(False)} niet; "
            f"van {known.count(None)} is dat onbekend. {' '.join(warnings)}"
        ).rstrip(),
        command=f"vitale visit confirm {visit.id} --slot {slot.id}",
        cohort_id=cohort.id,
        visit_id=visit.id,
        now=now,
    )
    return slot


def accept_other_date(
    session: Session, visit: Visit, slot: Slot, *, by: str, now: datetime, bureau: Bureau
) -> CourseSession:
    """Let the visit be at the half day that its host proposed instead, which therefore needs no question.

    One that was booked moves in the calendars. One that was only asked is closed, and a new visit takes its place,
    so that the group hears of the new date.
    """
    cohort = _of(session, visit)
    if slot.project_id != visit.project_id:
        raise Refused("Dit dagdeel is van een ander project.")
    _check_free(session, cohort, slot, now=now, bureau=bureau)
    if visit.slot_id == slot.id:
        return confirm_visit(session, visit, by=by, now=now, bureau=bureau)
    visit.slot.withdrawn_at = now
    if visit.status is VisitStatus.CONFIRMED and visit.session is not None:
        return _reslot(session, cohort, visit, slot, by=by, now=now, bureau=bureau)
    _refuse(session, cohort, visit, reason="Andere datum voorgesteld.", by=by, now=now, bureau=bureau)
    new = _ask_instead(session, visit, slot, now=now)
    return confirm_visit(session, new, by=by, now=now, bureau=bureau, note=visit.host_note)


def move_visit(
    session: Session, visit: Visit, slot: Slot, *, by: str, now: datetime, bureau: Bureau, agreed: bool = False
) -> Visit:
    """Let a group go at another half day, of the same project or of another one; return the visit that goes on.

    A host who was not asked yet is asked first; the group is invited when he says yes. With `agreed` he said yes on
    the phone. A visit that was booked with the same host just moves, agreed or not: it cannot be moved otherwise.
    """
    cohort = _of(session, visit)
    if visit.status not in {VisitStatus.ASKED, VisitStatus.CONFIRMED} or visits.begun(visit, now):
        raise Refused("Dit bezoek kan niet meer verplaatst worden.")
    if slot.id == visit.slot_id:
        return visit
    if slot.id in {v.slot_id for v in visits.of_cohort(session, cohort)}:
        raise Refused(f"Op {worktime.moment_in_words(slot.starts_at)} gaat daar al een andere groep heen.")
    _check_free(session, cohort, slot, now=now, bureau=bureau)
    same_host = slot.project_id == visit.project_id
    if same_host and visit.status is VisitStatus.CONFIRMED and visit.session is not None:
        _reslot(session, cohort, visit, slot, by=by, now=now, bureau=bureau)
        return visit
    reason = "De groep komt op een ander moment." if same_host else "De groep gaat naar een ander project."
    visits.cancel(session, cohort, visit, reason=reason, by=by, now=now, bureau=bureau)
    new = _ask_instead(session, visit, slot, now=now)
    _note(session, cohort, new, "visit moved", by=by, now=now)
    if agreed:
        note = visit.host_note if same_host else None
        confirm_visit(session, new, by=by, now=now, bureau=bureau, note=note)
    return new


def free_slots(session: Session, visit: Visit, *, now: datetime, bureau: Bureau) -> list[Slot]:
    """Return the half days to which a visit can move, in order of time."""
    cohort = session.get_one(Cohort, visit.cohort_id)
    own = {v.slot_id for v in visits.of_cohort(session, cohort)}
    return [slot for slot in hosts.open_slots(session, cohort, now=now, bureau=bureau) if slot.id not in own]


def report(
    session: Session, visit: Visit, enrolment: Enrolment, *, report: str, recommendations: str, now: datetime
) -> Visit:
    """Keep what a group brought back; any member may write, and change it until the dagdeel that it is for begins.

    One that was not in by then is still welcome, once.

    The recommendations of all groups become one handout (`steps.report.handout`).
    """
    if enrolment.id not in {m.enrolment_id for m in visit.group.members}:
        raise Refused("Je zit niet in de groep van dit bezoek.")
    if not visits.begun(visit, now):
        raise Refused("Het werkbezoek is nog niet geweest.", remedy="Schrijf het verslag na het bezoek.")
    if visits.report_closed(session.get_one(Cohort, visit.cohort_id), visit, now):
        raise Refused("Het verslag staat vast.", remedy="Klopt er iets niet? Bel of mail ons.")
    text, advice = people.clean_text(report), people.clean_text(recommendations)
    if not text and not advice:
        raise Refused("Het verslag is leeg.", remedy="Schrijf op wat jullie zagen en wat jullie aanbevelen.")
    if visit.status is VisitStatus.CONFIRMED:
        visit.status = after(VISIT, visit.status, VisitEvent.HOLD)
    if visit.status is VisitStatus.HELD:
        visit.status = after(VISIT, visit.status, VisitEvent.REPORT)
    visit.report, visit.recommendations, visit.reported_at = text, advice, now
    session.flush()
    return visit


def day_sheet(visit: Visit) -> DaySheet:
    """Return the day sheet of a visit that the host agreed to. Names go to this group and this host only."""
    if visit.status not in SETTLED:
        raise Refused("Dit bezoek staat nog niet vast.", remedy="Een dagblad komt er als de gastheer ja zegt.")
    project, meeting = visit.project, visit.session
    members = (m.enrolment.person for m in visit.group.members if m.enrolment.status in HAS_A_SEAT)
    practical = visits.practical_of(visit)
    return DaySheet(
        group=visit.group.number,
        project=project.title,
        place=visits.place_of(project),
        start=(meeting.starts_at if meeting else None) or visit.slot.starts_at,
        end=(meeting.ends_at if meeting else None) or visit.slot.ends_at,
        contact=project.host.contact.name or "",
        phone=project.host.contact.phone or "",
        practical=practical.text,
        details=practical.rows,
        people=tuple((p.name or "", p.organisation or "") for p in members),
    )


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Let visits that ended be held, drop what no host answered in time or does not go ahead, owe the mails."""
    if not programme_of(cohort).has_visits:
        return
    if cohort.status is CohortStatus.CANCELLED:
        _free_the_hosts(session, cohort, now=now, bureau=bureau)
    for visit in visits.of_cohort(session, cohort, {VisitStatus.CONFIRMED}):
        if visit.slot.ends_at <= now:
            visit.status = after(VISIT, visit.status, VisitEvent.HOLD)
            _ask_attendance(session, cohort, visit, now=now)
    for visit in visits.of_cohort(session, cohort, {VisitStatus.ASKED}):
        if visit.slot.starts_at <= now:
            _drop_unanswered(session, cohort, visit, now=now, bureau=bureau)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)


def _of(session: Session, visit: Visit) -> Cohort:
    """Return the cohort, held; a visit of a plan that does not hold cannot be answered."""
    cohort = lock_cohort(session, visit.cohort_id)
    session.refresh(visit)
    if visit.group.plan.status is not PlanStatus.APPROVED:
        raise Refused("Dit bezoek hoort bij een plan dat niet (meer) geldt.", remedy=f"vitale visit list {cohort.code}")
    return cohort


def _check_free(session: Session, cohort: Cohort, slot: Slot, *, now: datetime, bureau: Bureau) -> None:
    if slot.id not in {s.id for s in hosts.open_slots(session, cohort, now=now, bureau=bureau)}:
        raise Refused(
            f"{worktime.moment_in_words(slot.starts_at)} is niet meer vrij.", remedy="Wat vrij is: vitale host list"
        )


def _reslot(
    session: Session, cohort: Cohort, visit: Visit, slot: Slot, *, by: str, now: datetime, bureau: Bureau
) -> CourseSession:
    """Move a booked visit in the calendars; its half day goes along."""
    meeting = visit.session
    assert meeting is not None  # noqa: S101 - the callers looked
    start, end = slot.starts_at, slot.ends_at
    changes.move_session(session, cohort, meeting.name, start=start, end=end, by=by, now=now, bureau=bureau)
    visits.close_tasks(session, visit, by=by, now=now)
    return meeting


def _ask_instead(session: Session, visit: Visit, slot: Slot, *, now: datetime) -> Visit:
    """Ask the host of another half day for the group of a visit that ended."""
    reserve = visit.reserve_slot if visit.reserve_slot_id != slot.id else None
    new = visits.propose(visit.group, slot.project, slot, reserve=reserve)
    new.status, new.asked_at = after(VISIT, new.status, VisitEvent.ASK), now
    session.add(new)
    session.flush()
    return new


def _refuse(
    session: Session, cohort: Cohort, visit: Visit, *, reason: str, by: str, now: datetime, bureau: Bureau
) -> None:
    words = "De gastheer kan ons dan toch niet ontvangen. We zoeken een ander moment of een ander project."
    visits.drop_session(session, cohort, visit, reason=words, by=by, now=now, bureau=bureau)
    visit.status = after(VISIT, visit.status, VisitEvent.REFUSE)
    visit.answered_at, visit.reason = now, people.clean_text(reason, longest=1000)
    visits.close_tasks(session, visit, by=by, now=now)
    _note(session, cohort, visit, "visit refused", by=by, now=now)


def _note(session: Session, cohort: Cohort, visit: Visit, what: str, *, by: str, now: datetime) -> None:
    audit.note(
        session,
        what=what,
        actor=by,
        cohort_id=cohort.id,
        object_kind="visit",
        object_id=visit.id,
        detail={"slot": visit.slot_id, "group": visit.group.number},
        now=now,
    )


def _ask_attendance(session: Session, cohort: Cohort, visit: Visit, *, now: datetime) -> None:
    """Ask who was there: nobody takes a list at a visit, and the certificate may count it."""
    meeting = visit.session
    if meeting is None or meeting.status is SessionStatus.CANCELLED or meeting.attendance_closed_at:
        return
    if session.scalar(select(Attendance.id).where(Attendance.session_id == meeting.id).limit(1)):
        return
    tasks.owe_task(
        session,
        key=f"{ATTENDANCE}/{visit.id}",
        kind=ATTENDANCE,
        what=f"Vul in wie er bij het werkbezoek van groep {visit.group.number} was ({cohort.code}).",
        command=f"vitale attendance close {cohort.code} {meeting.name}",
        cohort_id=cohort.id,
        visit_id=visit.id,
        now=now,
    )


def _free_the_hosts(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Cancel what is still to come in a cohort that does not go ahead; its half days are free again."""
    for visit in visits.of_cohort(session, cohort, {VisitStatus.ASKED, VisitStatus.CONFIRMED}):
        if visit.slot.starts_at > now:
            reason = "De training gaat niet door."
            visits.cancel(session, cohort, visit, reason=reason, by=audit.CLOCK, now=now, bureau=bureau)
    session.flush()


def _drop_unanswered(session: Session, cohort: Cohort, visit: Visit, *, now: datetime, bureau: Bureau) -> None:
    """Cancel a visit whose moment came without an answer; the operator finds the group something else."""
    reason = "De gastheer bevestigde niet op tijd."
    visits.cancel(session, cohort, visit, reason=reason, by=audit.CLOCK, now=now, bureau=bureau)
    tasks.owe_task(
        session,
        key=f"{UNANSWERED}/{visit.id}",
        kind=UNANSWERED,
        what=f"Bezoek {visit.id} van groep {visit.group.number} werd niet op tijd bevestigd; spreek iets anders af.",
        command=f"vitale groups propose {cohort.code}",
        cohort_id=cohort.id,
        visit_id=visit.id,
        now=now,
    )


__all__ = [
    "DaySheet",
    "accept_other_date",
    "advance",
    "confirm_visit",
    "day_sheet",
    "free_slots",
    "get",
    "move_visit",
    "offer_slots",
    "propose_other_date",
    "refuse_visit",
    "report",
    "withdraw_slot",
]
