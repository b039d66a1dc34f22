"""The waiting list of a cohort: who is next, and the free seats that are offered with a deadline."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    ACCEPTS,
    ENROLMENT,
    EnrolmentEvent,
    EnrolmentStatus,
    MessageStatus,
    OfferStatus,
    SessionKind,
    SessionStatus,
    after,
)
from vitale_core.steps import audit, cohorts
from vitale_core.steps.post.suppression import NO_MORE
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, Enrolment, Message, Offer

_WAITS = frozenset({MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL})


def waiting(session: Session, cohort: Cohort) -> list[Enrolment]:
    """Return who is on the waiting list, the next in line first."""
    session.flush()
    query = (
        select(Enrolment)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.status == EnrolmentStatus.WAITLISTED)
        .order_by(Enrolment.priority.desc(), Enrolment.applied_at, Enrolment.id)
    )
    return list(session.scalars(query))


def place_on_list(session: Session, enrolment: Enrolment) -> int | None:
    """Return the person's place on the waiting list, from 1; None when not on it."""
    if enrolment.status is not EnrolmentStatus.WAITLISTED:
        return None
    return next((n for n, e in enumerate(waiting(session, enrolment.cohort), 1) if e.id == enrolment.id), None)


def offer_seats(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> list[Offer]:
    """Offer each free seat to the next screened person on the list, with a deadline.

    No offer is made whose deadline would lie after the first day.
    """
    if cohort.status not in ACCEPTS:
        return []
    programme = programme_of(cohort)
    day = worktime.shift_working_days(worktime.local(now).date(), programme.offer_working_days, bureau.holidays)
    deadline = worktime.wall_clock(day, worktime.OFFICE_CLOSES)
    begins = first_start(cohort)
    if begins is not None and deadline >= begins:
        return []
    free = cohort.capacity - cohorts.seats_taken(session, cohort)
    made = []
    for enrolment in waiting(session, cohort)[: max(free, 0)]:
        enrolment.status = after(ENROLMENT, enrolment.status, EnrolmentEvent.OFFER)
        offer = Offer(
            cohort_id=cohort.id,
            enrolment=enrolment,
            status=OfferStatus.OPEN,
            offered_at=now,
            deadline=deadline,
        )
        session.add(offer)
        made.append(offer)
        note(session, enrolment, "seat offered", audit.CLOCK, now)
    session.flush()
    return made


def lapse_offers(session: Session, cohort: Cohort, *, now: datetime) -> int:
    """End the offers whose deadline passed; return how many.

    Who was never told, because the mail could not leave, did not let it pass: that person is back on the list, at the
    same place, and next in line for the seat.
    """
    late = [offer for offer in open_offers(session, cohort.id) if offer.deadline <= now]
    for offer in late:
        if _never_told(session, offer):
            offer.status, offer.closed_at = OfferStatus.REVOKED, now
            offer.enrolment.status = after(ENROLMENT, offer.enrolment.status, EnrolmentEvent.WAITLIST)
            note(session, offer.enrolment, "offer never left", audit.CLOCK, now)
            continue
        offer.status, offer.closed_at = OfferStatus.EXPIRED, now
        offer.enrolment.status = after(ENROLMENT, offer.enrolment.status, EnrolmentEvent.LAPSE)
        offer.enrolment.ended_at, offer.enrolment.ended_by = now, audit.CLOCK
        note(session, offer.enrolment, "offer lapsed", audit.CLOCK, now)
    return len(late)


def _never_told(session: Session, offer: Offer) -> bool:
    """Say whether the mail of an offer still waits, or was skipped as too late; not when the address takes no mail."""
    query = select(Message.status, Message.outcome).where(
        Message.cohort_id == offer.cohort_id, Message.kind == Kind.SEAT_OFFER, Message.subject == f"offer-{offer.id}"
    )
    mails = session.execute(query).all()
    return bool(mails) and all(
        status in _WAITS or (status is MessageStatus.SKIPPED and not outcome.startswith(NO_MORE))
        for status, outcome in mails
    )


def open_offers(session: Session, cohort_id: int, enrolment_id: int | None = None) -> list[Offer]:
    """Return the offers nobody answered yet, of a cohort or of one enrolment in it."""
    query = select(Offer).where(Offer.cohort_id == cohort_id, Offer.status == OfferStatus.OPEN)
    if enrolment_id is not None:
        query = query.where(Offer.enrolment_id == enrolment_id)
    return list(session.scalars(query.order_by(Offer.id)))


def open_offer(session: Session, enrolment: Enrolment, now: datetime) -> Offer:
    """Return the offer that holds at this moment; raise `Refused` when there is none."""
    offers = open_offers(session, enrolment.cohort_id, enrolment.id)
    if not offers or offers[0].deadline <= now:
        raise Refused(
            "Deze plek wordt niet meer voor je vastgehouden.", remedy="Bel ons; misschien is er nog iets mogelijk."
        )
    return offers[0]


def first_start(cohort: Cohort) -> datetime | None:
    """Return when the first training day begins."""
    days = [s for s in cohort.sessions if s.kind is SessionKind.DAGDEEL and s.status is not SessionStatus.CANCELLED]
    return min((s.starts_at for s in days if s.starts_at), default=None)


def note(session: Session, enrolment: Enrolment, what: str, actor: str, now: datetime) -> None:
    """Keep what became of an enrolment."""
    audit.note(
        session,
        what=what,
        actor=actor,
        cohort_id=enrolment.cohort_id,
        object_kind="enrolment",
        object_id=enrolment.id,
        now=now,
    )
