"""The waiting lists of several cohorts together: who could get a seat where. A proposal; nobody is moved by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import ACCEPTS, HAS_A_SEAT, OfferStatus
from vitale_core.planning import Room, Waiting, assign_waiting_list
from vitale_core.steps import cohorts, waiting_list
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, Enrolment, Offer


@dataclass(frozen=True, slots=True)
class Seat:
    """One waiting person: from which cohort to which (empty: no seat), and why in Dutch."""

    enrolment: Enrolment
    here: str
    to: str
    why: str


def divide(
    session: Session,
    codes: Collection[str] = (),
    *,
    now: datetime,
    prefers: Mapping[int, Sequence[str]] | None = None,
) -> tuple[Seat, ...]:
    """Divide the free seats of cohorts over everybody who waits: most people, longest waiting first.

    Without `codes` all cohorts that take people and did not begin. `prefers` gives per enrolment id the codes that
    suit, best first; who told nothing may go to every cohort of the same programme, the own one and then the soonest
    first. At most two people of one organisation come together, as far as the organisations are known.
    """
    found = [cohorts.get(session, code) for code in codes] or list(session.scalars(select(Cohort)))
    rooms = sorted(
        (c for c in found if _takes_people(c, now)), key=lambda c: (waiting_list.first_start(c) or now, c.code)
    )
    if not rooms:
        raise Refused("Er is geen lichting die nog mensen aanneemt.", remedy="vitale cohort list")
    waiting = [e for cohort in rooms for e in waiting_list.waiting(session, cohort)]
    waiting.sort(key=lambda e: (-e.priority, e.applied_at, e.id))
    known = {cohort.code for cohort in rooms}
    wishes = prefers or {}
    for who, suit in wishes.items():
        strange = [code for code in suit if code not in known]
        if strange:
            raise Refused(
                f"{strange[0]} (wens van deelnemer {who}) neemt nu geen mensen aan.", remedy="vitale cohort list"
            )
    people = [
        Waiting(str(e.id), _organisation(e), tuple(wishes[e.id]) if e.id in wishes else _suiting(e, rooms))
        for e in waiting
    ]
    placed = {p.person: p for p in assign_waiting_list(people, [_room(session, cohort) for cohort in rooms])}
    return tuple(Seat(e, e.cohort.code, placed[str(e.id)].cohort, placed[str(e.id)].reason) for e in waiting)


def _takes_people(cohort: Cohort, now: datetime) -> bool:
    begins = waiting_list.first_start(cohort)
    return cohort.status in ACCEPTS and (begins is None or begins > now)


def _suiting(enrolment: Enrolment, rooms: Sequence[Cohort]) -> tuple[str, ...]:
    own = enrolment.cohort
    others = [c.code for c in rooms if c.id != own.id and programme_of(c).slug == programme_of(own).slug]
    return (own.code, *others)


def _room(session: Session, cohort: Cohort) -> Room:
    seated = select(Enrolment).where(Enrolment.cohort_id == cohort.id, Enrolment.status.in_(HAS_A_SEAT))
    offered = select(Enrolment).join(Offer).where(Offer.cohort_id == cohort.id, Offer.status == OfferStatus.OPEN)
    present: dict[str, int] = {}
    for enrolment in {*session.scalars(seated), *session.scalars(offered)}:
        name = _organisation(enrolment)
        present[name] = present.get(name, 0) + 1
    return Room(cohort.code, max(0, cohort.capacity - cohorts.seats_taken(session, cohort)), present)


def _organisation(enrolment: Enrolment) -> str:
    return " ".join((enrolment.person.organisation or "").casefold().split())
