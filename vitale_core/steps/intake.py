"""Intake: who asks for a seat, who gets one, who waits, and what they tell of their work.

The machine never rejects anybody: it shows how each criterion looks, and a person decides. At
every instant confirmed people and open offers together are at most the capacity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import (
    ACCEPTS,
    ENROLMENT,
    HAS_A_SEAT,
    LIVE,
    EnrolmentEvent,
    EnrolmentStatus,
    OfferStatus,
    after,
)
from vitale_core.steps import audit, cohorts, invitations, ledger, people, screening, tasks, waiting_list
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort
from vitale_core.store.records import Cohort, Enrolment, Person

STEP = "intake"
PORTAL = "portal"
"""The door of who asks for a seat; by every other door an operator lets people in."""

LONGEST_NUMBER = 10


@dataclass(frozen=True, slots=True)
class Application:
    """An aanmelding, from whatever door. `answers` belong to the programme's questions."""

    name: str
    email: str
    organisation: str = ""
    department: str = ""
    function: str = ""
    phone: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)


def advance(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    """Let offers lapse, offer free seats, close the list at the first day, owe the mails."""
    cohort = lock_cohort(session, cohort.id)
    waiting_list.lapse_offers(session, cohort, now=now)
    waiting_list.offer_seats(session, cohort, now=now, bureau=bureau)
    _close_list(session, cohort, now=now)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)


def apply(
    session: Session, cohort: Cohort, form: Application, *, source: str, now: datetime, bureau: Bureau
) -> Enrolment:
    """Take in an aanmelding; the same address again (in any capitals) gives the same enrolment.

    An address under another name may be a mailbox that two people share: then a person must ask who it is.
    """
    enrolment = take_in(session, cohort, form, source=source, now=now)
    people.ask_who_it_is(session, enrolment, named=form.name, now=now)
    ledger.owe_due(session, enrolment.cohort, steps={STEP}, now=now, bureau=bureau)
    return enrolment


def take_in(session: Session, cohort: Cohort, form: Application, *, source: str, now: datetime) -> Enrolment:
    """Do what `apply` does without its mails: who takes in many owes what is due once, after the last."""
    cohort = lock_cohort(session, cohort.id)
    if cohort.status not in ACCEPTS:
        raise (
            Refused(
                f"Je kunt je niet (meer) aanmelden voor {cohort.code}.",
                remedy="Kijk op onze pagina welke lichtingen openstaan, of bel ons.",
            )
            if source == PORTAL
            else cohorts.takes_nobody(cohort)
        )
    name = people.clean_name(form.name)
    person = people.person_for(session, form.email, name=name, now=now)
    known = live_enrolment(session, cohort, person)
    if known is not None:
        return known
    _complete(person, form)
    enrolment = Enrolment(
        cohort_id=cohort.id,
        cohort=cohort,
        person=person,
        status=EnrolmentStatus.APPLIED,
        source=source,
        applied_at=now,
        screening=screening.screen(programme_of(cohort), form.answers),
    )
    session.add(enrolment)
    session.flush()
    audit.note(
        session,
        what="applied",
        actor=source,
        cohort_id=cohort.id,
        object_kind="enrolment",
        object_id=enrolment.id,
        now=now,
    )
    _ask_to_decide(session, cohort, enrolment, now=now)
    return enrolment


def live_enrolment(session: Session, cohort: Cohort, person: Person) -> Enrolment | None:
    """Return the person's enrolment that still counts, if any: not of who left, or was refused."""
    return session.scalar(
        select(Enrolment)
        .where(
            Enrolment.cohort_id == cohort.id,
            Enrolment.person_id == person.id,
            Enrolment.status.in_(LIVE | HAS_A_SEAT),
        )
        .order_by(Enrolment.id.desc())
        .limit(1)
    )


def find(session: Session, cohort: Cohort, who: str) -> Enrolment:
    """Return somebody's newest enrolment in the cohort by e-mail address or enrolment number."""
    query = select(Enrolment).where(Enrolment.cohort_id == cohort.id).order_by(Enrolment.id.desc())
    if who.isdecimal() and len(who) < LONGEST_NUMBER:
        query = query.where(Enrolment.id == int(who))
    else:
        person = people.find_person(session, who)
        query = query.where(Enrolment.person_id == (person.id if person else None))
    found = session.scalars(query).all()
    if not found:
        raise NotFound(
            f"Deze deelnemer staat niet in {cohort.code}.", remedy=f"Wie erin staat: vitale person list {cohort.code}"
        )
    return next((e for e in found if e.status in LIVE), found[0])


def confirm(session: Session, enrolment: Enrolment, *, by: str, now: datetime, bureau: Bureau) -> Enrolment:
    """A person says yes: a seat when one is free, else a place on the waiting list.

    Saying it twice is harmless; somebody on the list moves up only when a seat is free.
    """
    cohort = lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    if cohort.status not in ACCEPTS:
        raise cohorts.takes_nobody(cohort)
    if enrolment.status in HAS_A_SEAT | {EnrolmentStatus.OFFERED}:
        return enrolment
    after(ENROLMENT, enrolment.status, EnrolmentEvent.CONFIRM)  # who left comes back with a new aanmelding
    enrolment.screened_at, enrolment.screened_by = enrolment.screened_at or now, enrolment.screened_by or by
    tasks.close_tasks(session, key_prefix=f"decide/{enrolment.id}", by=by, now=now)
    in_line = waiting_list.waiting(session, cohort)
    first_in_line = not in_line or in_line[0].id == enrolment.id
    if cohorts.seats_taken(session, cohort) < cohort.capacity and first_in_line:
        _seat(session, enrolment, actor=by, now=now)
    elif enrolment.status is EnrolmentStatus.APPLIED:
        enrolment.status = after(ENROLMENT, enrolment.status, EnrolmentEvent.WAITLIST)
        enrolment.waitlisted_at = now
        waiting_list.note(session, enrolment, "waitlisted", by, now)
    _after_change(session, cohort, now=now, bureau=bureau)
    return enrolment


def reject(session: Session, enrolment: Enrolment, *, by: str, reason: str, now: datetime) -> Enrolment:
    """A person says no, with the reason; the mail to the applicant waits for approval."""
    lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    if enrolment.status is EnrolmentStatus.REJECTED:
        return enrolment
    end(session, enrolment, EnrolmentEvent.REJECT, by=by, now=now)
    enrolment.screened_at, enrolment.screened_by = now, by
    enrolment.screening = {**enrolment.screening, "reason": people.clean_text(reason, longest=1000)}
    return enrolment


def withdraw(session: Session, enrolment: Enrolment, *, by: str, now: datetime, bureau: Bureau) -> Enrolment:
    """Somebody stops: calendar entries go, the seat is free at once and is offered to the next."""
    cohort = lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    if enrolment.status is EnrolmentStatus.WITHDRAWN:
        return enrolment
    end(session, enrolment, EnrolmentEvent.WITHDRAW, by=by, now=now)
    _after_change(session, cohort, now=now, bureau=bureau)
    return enrolment


def end(session: Session, enrolment: Enrolment, event: EnrolmentEvent, *, by: str, now: datetime) -> None:
    """End an enrolment: its open offer and its open tasks end with it.

    A seat that falls free in a cohort that goes ahead asks the operator to look at the groups.
    """
    had_a_seat = enrolment.status is EnrolmentStatus.CONFIRMED
    enrolment.status = after(ENROLMENT, enrolment.status, event)
    enrolment.ended_at, enrolment.ended_by = now, by
    for offer in waiting_list.open_offers(session, enrolment.cohort_id, enrolment.id):
        offer.status, offer.closed_at = OfferStatus.DECLINED, now
    tasks.close_tasks_of_enrolment(session, enrolment_id=enrolment.id, by=by, now=now)
    cohort = enrolment.cohort
    if had_a_seat and event is not EnrolmentEvent.SUBSTITUTE and cohort.confirmed_at is not None:
        tasks.owe_task(
            session,
            key=f"seat/{enrolment.id}",
            kind="seat-free",
            what=f"Deelnemer {enrolment.id} doet niet meer mee. Kijk naar groep en werkbezoek.",
            command=f"vitale groups show {cohort.code}",
            cohort_id=cohort.id,
            enrolment_id=enrolment.id,
            now=now,
        )
    waiting_list.note(session, enrolment, str(event), by, now)


def accept_offer(session: Session, enrolment: Enrolment, *, now: datetime, bureau: Bureau) -> Enrolment:
    """Take the offered seat, before its deadline."""
    cohort = lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    if enrolment.status is EnrolmentStatus.CONFIRMED:
        return enrolment
    offer = waiting_list.open_offer(session, enrolment, now)
    offer.status, offer.closed_at = OfferStatus.ACCEPTED, now
    _seat(session, enrolment, actor="deelnemer", now=now)
    _after_change(session, cohort, now=now, bureau=bureau)
    return enrolment


def take_seat(session: Session, enrolment: Enrolment, *, by: str, now: datetime) -> Enrolment:
    """Give somebody who applied or waits the seat of somebody else, whatever his place on the list.

    The caller holds the cohort and took the other out. An open offer ends, since there is a seat.
    """
    for offer in waiting_list.open_offers(session, enrolment.cohort_id, enrolment.id):
        offer.status, offer.closed_at = OfferStatus.ACCEPTED, now
    enrolment.screened_at, enrolment.screened_by = enrolment.screened_at or now, enrolment.screened_by or by
    tasks.close_tasks(session, key_prefix=f"decide/{enrolment.id}", by=by, now=now)
    _seat(session, enrolment, actor=by, now=now)
    session.flush()
    return enrolment


def decline_offer(session: Session, enrolment: Enrolment, *, now: datetime, bureau: Bureau) -> Enrolment:
    """Leave the offered seat to the next; the person is out."""
    cohort = lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    if enrolment.status is EnrolmentStatus.WITHDRAWN:
        return enrolment
    waiting_list.open_offer(session, enrolment, now)
    end(session, enrolment, EnrolmentEvent.WITHDRAW, by="deelnemer", now=now)
    _after_change(session, cohort, now=now, bureau=bureau)
    return enrolment


def _seat(session: Session, enrolment: Enrolment, *, actor: str, now: datetime) -> None:
    enrolment.status = after(ENROLMENT, enrolment.status, EnrolmentEvent.CONFIRM)
    enrolment.confirmed_at = now
    waiting_list.note(session, enrolment, "confirmed", actor, now)


def _after_change(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> None:
    waiting_list.offer_seats(session, cohort, now=now, bureau=bureau)
    invitations.sync(session, cohort, now=now, bureau=bureau)
    ledger.owe_due(session, cohort, steps={STEP}, now=now, bureau=bureau)


def _close_list(session: Session, cohort: Cohort, *, now: datetime) -> None:
    """From the first day on nobody waits any more: they are told that no seat came free."""
    begins = waiting_list.first_start(cohort)
    if begins is None or now < begins or cohort.status not in ACCEPTS:
        return
    late = select(Enrolment).where(
        Enrolment.cohort_id == cohort.id,
        Enrolment.status.in_([EnrolmentStatus.WAITLISTED, EnrolmentStatus.APPLIED]),
        Enrolment.applied_at < begins,
    )
    for enrolment in session.scalars(late).all():
        end(session, enrolment, EnrolmentEvent.LAPSE, by=audit.CLOCK, now=now)


def _ask_to_decide(session: Session, cohort: Cohort, enrolment: Enrolment, *, now: datetime) -> None:
    tasks.owe_task(
        session,
        key=f"decide/{enrolment.id}",
        kind="decide",
        what=f"Beslis over aanmelding {enrolment.id} voor {cohort.code}.",
        command=f"vitale person confirm {cohort.code} {enrolment.id}",
        cohort_id=cohort.id,
        enrolment_id=enrolment.id,
        now=now,
    )


def _complete(person: Person, form: Application) -> None:
    """Fill in what is not known yet; what somebody told before is not overwritten by a form."""
    for name in ("organisation", "department", "function", "phone"):
        told = people.clean_line(getattr(form, name))
        if told and not getattr(person, name):
            setattr(person, name, told)
