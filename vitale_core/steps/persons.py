"""Changes of one person: a colleague takes over, another cohort, another address."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from vitale_core.domain import labels
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.states import (
    ACCEPTS,
    HAS_A_SEAT,
    LIVE,
    CohortStatus,
    EnrolmentEvent,
    EnrolmentStatus,
    MessageStatus,
    PlanStatus,
)
from vitale_core.steps import audit, cohorts, intake, invitations, ledger, links, people, tasks, waiting_list
from vitale_core.steps.post import suppression
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import lock_cohort, touch
from vitale_core.store.records import (
    Cohort,
    Enrolment,
    Group,
    GroupMember,
    Intake,
    Invitation,
    Message,
    Needs,
    Person,
    Plan,
)

WITHOUT_A_SEAT = frozenset({EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED, EnrolmentStatus.OFFERED})
LOST = (MessageStatus.BOUNCED, MessageStatus.FAILED)


def join(
    session: Session, cohort: Cohort, form: intake.Application, *, by: str, now: datetime, bureau: Bureau
) -> Enrolment:
    """Let somebody in who called or wrote, also late: a seat when one is free, else a place on the waiting list.

    Who comes in late gets what is still to come and nothing about the past. Who applied already is confirmed.
    """
    people.refuse_another_name(people.find_person(session, form.email), form.name)
    enrolment = intake.apply(session, cohort, form, source="operator", now=now, bureau=bureau)
    return intake.confirm(session, enrolment, by=by, now=now, bureau=bureau)


def substitute(
    session: Session, enrolment: Enrolment, *, name: str, email: str, by: str, now: datetime, bureau: Bureau
) -> Enrolment:
    """Let a colleague take the seat: same group and visit, own calendar, own links, no answers.

    One who applied already, or waits, takes it with that aanmelding. The same colleague again is harmless.
    Participants can do it until the first day begins, the operator always.
    """
    cohort = lock_cohort(session, enrolment.cohort_id)
    session.refresh(enrolment)
    colleague = people.person_for(session, email, name=name, now=now)
    if enrolment.status is EnrolmentStatus.SUBSTITUTED:
        taken = session.scalar(select(Enrolment).where(Enrolment.replaces_id == enrolment.id))
        if taken is not None and taken.person_id == colleague.id:
            return taken
    if enrolment.status is not EnrolmentStatus.CONFIRMED:
        raise Refused(
            f"Deelnemer {enrolment.id} heeft geen plek om door te geven (status: {labels.of_state(enrolment.status)}).",
            remedy=f"Wie een plek heeft: vitale person list {cohort.code}",
        )
    known = intake.live_enrolment(session, cohort, colleague)
    if known is not None and known.status not in WITHOUT_A_SEAT:
        if by == "deelnemer":
            raise Refused("Deze collega doet al mee aan deze training.", remedy="Kies een ander, of bel ons.")
        raise Refused(
            f"Deze collega doet al mee aan {cohort.code} (nummer {known.id}).",
            remedy=f"Kies een ander, of meld deze deelnemer af: vitale person withdraw {cohort.code} {enrolment.id}",
        )
    if by != "deelnemer":
        people.refuse_another_name(colleague, name)
    begins = waiting_list.first_start(cohort)
    if begins is not None and begins <= now and by == "deelnemer":
        raise Refused("De training is al begonnen; een collega kan niet meer instappen.", remedy="Bel ons.")
    intake.end(session, enrolment, EnrolmentEvent.SUBSTITUTE, by=by, now=now)
    if known is None:
        taken = _seat(session, cohort, colleague, source="substitute", now=now)
    else:
        taken = intake.take_seat(session, known, by=by, now=now)
    taken.replaces_id = enrolment.id
    people.ask_who_it_is(session, taken, named=name, now=now)
    places = (
        select(GroupMember)
        .join(Group, GroupMember.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .where(GroupMember.enrolment_id == enrolment.id, Plan.status != PlanStatus.SUPERSEDED)
    )
    for member in session.scalars(places).all():
        member.enrolment_id, member.enrolment = taken.id, taken
    links.revoke(session, person_id=enrolment.person_id, cohort_id=cohort.id, now=now)
    _settle(session, cohort, taken, what="substituted", by=by, now=now, bureau=bureau)
    return taken


def transfer(
    session: Session, enrolment: Enrolment, to: Cohort, *, by: str, now: datetime, bureau: Bureau
) -> Enrolment:
    """Move somebody to another cohort: a seat there when one is free, else a place on its list.

    What they told in the intake goes along, but for the days they can come.
    """
    cohorts_in_order = sorted({enrolment.cohort_id, to.id})
    locked = {number: lock_cohort(session, number) for number in cohorts_in_order}
    session.refresh(enrolment)
    source, target = locked[enrolment.cohort_id], locked[to.id]
    if source.id == target.id:
        raise Refused(
            f"Deelnemer {enrolment.id} zit al in {target.code}.", remedy="Andere lichtingen: vitale cohort list"
        )
    known = intake.live_enrolment(session, target, enrolment.person)
    if known is not None and known.transferred_from_id == enrolment.id:
        return known
    if known is not None:
        raise Refused(
            f"Deelnemer {enrolment.id} staat al in {target.code} (daar nummer {known.id}).",
            remedy=f"Meld hier af: vitale person withdraw {source.code} {enrolment.id}",
        )
    if target.status not in ACCEPTS:
        raise cohorts.takes_nobody(target)
    intake.end(session, enrolment, EnrolmentEvent.TRANSFER, by=by, now=now)
    free = cohorts.seats_taken(session, target) < target.capacity
    moved = _seat(session, target, enrolment.person, source="transfer", now=now, waits=not free)
    moved.transferred_from_id = enrolment.id
    moved.screened_at, moved.screened_by = now, by
    _take_answers_along(session, enrolment, moved)
    _settle(session, target, moved, what="transferred", by=by, now=now, bureau=bureau)
    waiting_list.offer_seats(session, source, now=now, bureau=bureau)
    invitations.sync(session, source, now=now, bureau=bureau)
    ledger.owe_due(session, source, steps={intake.STEP}, now=now, bureau=bureau)
    return moved


def _take_answers_along(session: Session, old: Enrolment, new: Enrolment) -> None:
    """Copy the intake; food and access move, so that they are kept once. The half days were those of other weeks."""
    told = old.intake
    if told is not None:
        same = programme_of(new.cohort).slug == programme_of(old.cohort).slug
        session.add(
            Intake(
                cohort_id=new.cohort_id,
                enrolment=new,
                answered_at=told.answered_at,
                casus=told.casus,
                role=told.role,
                experience=told.experience,
                themes=list(told.themes),
                available=None,
                home=told.home,
                seats=told.seats,
                wish_with=told.wish_with,
                wish_without=told.wish_without,
                extra=dict(told.extra) if same else {},
            )
        )
    needs = session.scalar(select(Needs).where(Needs.enrolment_id == old.id))
    if needs is not None:
        needs.enrolment_id, needs.cohort_id = new.id, new.cohort_id
    session.flush()


def correct_address(
    session: Session, person: Person, email: str, *, by: str, now: datetime, bureau: Bureau
) -> list[Message]:
    """Give a person another address: calendars move along, and what is still useful goes out again.

    An address that was blocked because mail came back is mailed again, also when it is the one we know: then somebody
    says that it works. Returns the mails that are owed again because they never arrived at the old address.
    """
    address = people.clean_email(email)
    other = people.find_person(session, address)
    if other is not None and other.id != person.id:
        raise Refused(
            f"Dit adres hoort al bij iemand anders (persoon {other.id}).",
            remedy="Kijk het adres na. Is het dezelfde mens, meld dan een van de twee af en laat die wissen.",
        )
    if not suppression.unblock(session, address) and address == person.email:
        return []
    same = address == person.email
    concerned = [lock_cohort(session, number) for number in sorted(_cohorts_of(session, person))]
    if not same:
        people.keep_former(session, person, person.email)
    person.email, person.email_key = address, address.casefold()
    session.flush()
    again = []
    for cohort in concerned:
        touch(session, cohort.id)
        invitations.sync(session, cohort, now=now, bureau=bureau)
        again += _owe_again(session, cohort, person, calendar=same, now=now, bureau=bureau)
    tasks.close_tasks(session, key_prefix=f"address/{person.id}", by=by, now=now)
    audit.note(session, what="address corrected", actor=by, object_kind="person", object_id=person.id, now=now)
    return again


def _cohorts_of(session: Session, person: Person) -> set[int]:
    """Return where an address matters: as participant, host or trainer, or because mail was lost."""
    queries = (
        select(Enrolment.cohort_id).where(Enrolment.person_id == person.id, Enrolment.status.in_(LIVE | HAS_A_SEAT)),
        select(Invitation.cohort_id).where(Invitation.person_id == person.id, Invitation.cancelled_at.is_(None)),
        select(Message.cohort_id).where(Message.person_id == person.id, _never_arrived()),
        select(Cohort.id).where(Cohort.trainer_id == person.id, Cohort.status != CohortStatus.CLOSED),
    )
    return {number for query in queries for number in session.scalars(query) if number is not None}


def _never_arrived() -> ColumnElement[bool]:
    """Return which mails failed for an address, or were not even tried because it was blocked by then."""
    not_tried = and_(Message.status == MessageStatus.SKIPPED, Message.outcome.startswith(suppression.NO_MORE))
    return or_(Message.status.in_(LOST), not_tried)


def _owe_again(
    session: Session, cohort: Cohort, person: Person, *, calendar: bool, now: datetime, bureau: Bureau
) -> list[Message]:
    """Owe what never arrived. `calendar` too when the address stayed: another one got invitations of its own."""
    of_calendar = Message.kind.in_([str(kind) for kind in CALENDAR])
    later = aliased(Message)
    newest = ~exists().where(
        later.invitation_id == Message.invitation_id, later.id > Message.id, later.kind.in_(sorted(CALENDAR))
    )
    lost = session.scalars(
        select(Message)
        .where(
            Message.cohort_id == cohort.id,
            Message.person_id == person.id,
            _never_arrived(),
            or_(~of_calendar, newest) if calendar else ~of_calendar,
            Message.stale_at > now,
        )
        .order_by(Message.id)
    ).all()
    made = [
        ledger.owe(
            session,
            cohort,
            kind=Kind(message.kind),
            person_id=person.id,
            subject=message.subject,
            revision=message.revision,
            key=f"{message.key}+again",
            why=f"Nog een keer, want het adres werkte niet. {message.why}",
            at=now,
            stale_at=message.stale_at,
            now=now,
            bureau=bureau,
            enrolment_id=message.enrolment_id,
            invitation_id=message.invitation_id,
            about=message.about_at,
            payload=message.payload,
        )
        for message in lost
    ]
    return [message for message in made if message is not None]


def _seat(
    session: Session, cohort: Cohort, person: Person, *, source: str, now: datetime, waits: bool = False
) -> Enrolment:
    enrolment = Enrolment(
        cohort_id=cohort.id,
        cohort=cohort,
        person=person,
        status=EnrolmentStatus.WAITLISTED if waits else EnrolmentStatus.CONFIRMED,
        source=source,
        applied_at=now,
        waitlisted_at=now if waits else None,
        confirmed_at=None if waits else now,
        screening={},
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def _settle(
    session: Session, cohort: Cohort, enrolment: Enrolment, *, what: str, by: str, now: datetime, bureau: Bureau
) -> None:
    session.flush()
    invitations.sync(session, cohort, now=now, bureau=bureau)
    ledger.owe_due(session, cohort, steps={intake.STEP}, now=now, bureau=bureau)
    audit.note(
        session,
        what=what,
        actor=by,
        cohort_id=cohort.id,
        object_kind="enrolment",
        object_id=enrolment.id,
        now=now,
    )
