"""Is an owed mail still true? Asked when its bytes are made, and again when facts changed since.

What a rule of the programme owed is true as long as the agenda still owes it: who answered, withdrew or declined, and
a day that moved, fall out by themselves. What one action of a person owed is held against the state of the cohort, the
enrolment and the invitation.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import agenda
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import TO_OFFICE, Kind
from vitale_core.domain.labels import of_state
from vitale_core.domain.states import HAS_A_SEAT, LIVE, CohortStatus, EnrolmentStatus
from vitale_core.steps import facts as facts_step
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, Enrolment, Invitation, Message, Person

RESENT = "+"
"""Between the key of a mail and the number of a deliberate repetition."""

AFTER_A_CANCELLED_COHORT = frozenset(
    {
        Kind.COHORT_CANCELLED,
        Kind.CALENDAR_CANCEL,
        Kind.HOST_CANCELLED,
        Kind.WITHDRAWN,
        Kind.SUBSTITUTED,
        Kind.TRANSFERRED,
        Kind.REJECTED,
        Kind.LIST_CLOSED,
        Kind.CERTIFICATE_REVOKED,
        *TO_OFFICE,
    }
)

_EVERYONE = frozenset(EnrolmentStatus)
_TO: dict[Kind, AbstractSet[EnrolmentStatus]] = {
    Kind.RECEIPT: LIVE | HAS_A_SEAT,
    Kind.WAITLISTED: {EnrolmentStatus.WAITLISTED},
    Kind.SEAT_OFFER: {EnrolmentStatus.OFFERED},
    Kind.OFFER_LAPSED: {EnrolmentStatus.LAPSED, EnrolmentStatus.WAITLISTED},
    Kind.LIST_CLOSED: {EnrolmentStatus.LAPSED, EnrolmentStatus.WAITLISTED},
    Kind.REJECTED: {EnrolmentStatus.REJECTED},
    Kind.INTAKE_REQUEST: LIVE | HAS_A_SEAT,
    Kind.INTAKE_REMINDER: LIVE | HAS_A_SEAT,
    Kind.WITHDRAWN: {EnrolmentStatus.WITHDRAWN},
    Kind.SUBSTITUTED: {EnrolmentStatus.SUBSTITUTED},
    Kind.TRANSFERRED: {EnrolmentStatus.TRANSFERRED, *HAS_A_SEAT},
    Kind.COHORT_CANCELLED: LIVE | HAS_A_SEAT | {EnrolmentStatus.LAPSED},
    Kind.CALENDAR_CANCEL: _EVERYONE,
    Kind.CERTIFICATE_REVOKED: _EVERYONE,
}
"""Whose enrolment a kind of mail may concern; all others only who takes part."""

_OUT = frozenset({Kind.OFFER_LAPSED, Kind.LIST_CLOSED, Kind.REJECTED, Kind.WITHDRAWN, Kind.SUBSTITUTED})
"""Mails that tell somebody not to take part."""


def untrue(session: Session, messages: Sequence[Message], *, bureau: Bureau) -> dict[int, str]:
    """Return, for each of these messages that must not go any more, why: a Dutch sentence."""
    reasons: dict[int, str] = {}
    by_cohort: dict[int | None, list[Message]] = {}
    for message in messages:
        by_cohort.setdefault(message.cohort_id, []).append(message)
    for cohort_id, group in by_cohort.items():
        cohort = session.get(Cohort, cohort_id) if cohort_id is not None else None
        owed = _rules_no_longer_owe(session, cohort, group, bureau) if cohort else set()
        for message in group:
            reason = _why_not(session, cohort, message)
            if reason is None and message.id in owed:
                reason = (
                    "Het programma vraagt deze mail niet meer: de datum of de situatie van de ontvanger veranderde."
                )
            if reason:
                reasons[message.id] = reason
    return reasons


def _why_not(session: Session, cohort: Cohort | None, message: Message) -> str | None:
    kind = Kind(message.kind)
    person = session.get(Person, message.person_id)
    if person is None or person.email is None or person.erased_at is not None:
        return "De gegevens van de ontvanger zijn gewist."
    if cohort and cohort.status is CohortStatus.CANCELLED and kind not in AFTER_A_CANCELLED_COHORT:
        return "De lichting is afgezegd."
    if cohort and cohort.status is not CohortStatus.CANCELLED and kind is Kind.COHORT_CANCELLED:
        return "De lichting gaat toch door."
    if message.enrolment_id is not None and (reason := _of_enrolment(session, message.enrolment_id, kind)):
        return reason
    return _superseded(session, message, kind)


def _of_enrolment(session: Session, number: int, kind: Kind) -> str | None:
    """Say why a mail of this kind does not go with what became of the enrolment."""
    enrolment = session.get(Enrolment, number)
    if enrolment is None or enrolment.status not in _TO.get(kind, HAS_A_SEAT):
        state = of_state(enrolment.status) if enrolment else "weg"
        return f"De aanmelding is nu '{state}': deze mail past daar niet bij."
    if kind in _OUT and _came_back(session, enrolment):
        return "De ontvanger doet intussen weer mee."
    if kind is Kind.TRANSFERRED and _left_there_too(session, enrolment):
        return "De ontvanger is intussen ook daar weer weg."
    return None


def _came_back(session: Session, ended: Enrolment) -> bool:
    """Say whether the same person took a seat in the same cohort again since."""
    again = select(Enrolment.id).where(
        Enrolment.cohort_id == ended.cohort_id,
        Enrolment.person_id == ended.person_id,
        Enrolment.id > ended.id,
        Enrolment.status.in_(HAS_A_SEAT),
    )
    return session.scalar(again.limit(1)) is not None


def _left_there_too(session: Session, moved: Enrolment) -> bool:
    """Say whether who was moved to another cohort left that one since."""
    there = session.scalar(select(Enrolment.status).where(Enrolment.transferred_from_id == moved.id))
    return there is not None and there not in LIVE | HAS_A_SEAT


def _superseded(session: Session, message: Message, kind: Kind) -> str | None:
    """Say whether a newer calendar mail took the place of this one. A cancellation is always needed."""
    if message.invitation_id is None or kind is Kind.CALENDAR_CANCEL:
        return None
    invitation = session.get(Invitation, message.invitation_id)
    if invitation is None or invitation.cancelled_at is not None:
        return "De uitnodiging is ingetrokken."
    sequence = message.payload.get("sequence")
    if isinstance(sequence, int) and sequence < invitation.sequence:
        return f"Een nieuwere uitnodiging (versie {invitation.sequence}) komt in de plaats van deze."
    return None


def _rules_no_longer_owe(session: Session, cohort: Cohort, messages: Iterable[Message], bureau: Bureau) -> set[int]:
    """Return the messages that a rule of the programme owed and now would not."""
    names = {rule.name for rule in programme_of(cohort).rules}
    asked = {}
    for message in messages:
        key = message.key.partition(RESENT)[0]
        parts = key.split("/")
        if len(parts) > 1 and parts[2:3] and parts[2] in names:
            asked[message.id] = key
    if not asked:
        return set()
    facts = facts_step.load(session, cohort, bureau=bureau)
    keys = select(Message.key).where(Message.cohort_id == cohort.id)
    done = frozenset(session.scalars(keys)) - set(asked.values())
    still = {owed.key for owed in agenda.agenda(replace(facts, done=done))}
    return {number for number, key in asked.items() if key not in still}
