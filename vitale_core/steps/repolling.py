"""Other dates in a poll after its mail left: who heard of the former ones, who answered, and the news to them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.kinds import Kind
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.states import HAS_A_SEAT, MessageEvent, MessageStatus
from vitale_core.steps import ledger
from vitale_core.steps.post import preparing
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message, PollAnswer, PollOption

AGAIN = "poll-again"
NOT_YET = frozenset({MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL})


def tell_again(
    session: Session, known: CohortFacts, meeting: CourseSession, *, first: datetime, now: datetime, bureau: Bureau
) -> None:
    """Owe the poll mail once more to who had it."""
    cohort = session.get_one(Cohort, meeting.cohort_id)
    deadline = shared_anchors(known)["poll_deadline"]
    for person, sent in told(session, meeting).items():
        ledger.owe(
            session,
            cohort,
            kind=Kind.DATE_POLL,
            person_id=person,
            subject=f"poll-{meeting.id}",
            revision=sent.revision + 1,
            key=f"{cohort.id}/{person}/{AGAIN}/poll-{meeting.id}/{sent.revision + 1}",
            why="De data van de prikker zijn veranderd nadat deze ontvanger erover hoorde.",
            at=now,
            stale_at=deadline if deadline is not None and deadline > now else first,
            now=now,
            bureau=bureau,
            enrolment_id=sent.enrolment_id,
            payload={"session": meeting.id, "again": True},
        )


def told(session: Session, meeting: CourseSession) -> dict[int, Message]:
    """Return the newest poll mail of each person with a seat to whom it left; not of who has one that still waits."""
    query = (
        select(Message)
        .join(Enrolment, Message.enrolment_id == Enrolment.id)
        .where(
            Message.cohort_id == meeting.cohort_id,
            Message.kind == Kind.DATE_POLL,
            Message.subject == f"poll-{meeting.id}",
            Enrolment.status.in_(HAS_A_SEAT),
        )
        .order_by(Message.revision, Message.id)
    )
    newest = {message.person_id: message for message in session.scalars(query)}
    return {person: message for person, message in newest.items() if message.status not in NOT_YET}


def voters(session: Session, meeting: CourseSession) -> list[Enrolment]:
    """Return who answered the poll."""
    said = select(PollAnswer.enrolment_id).join(PollOption).where(PollOption.session_id == meeting.id)
    query = select(Enrolment).where(Enrolment.id.in_(said), Enrolment.status.in_(HAS_A_SEAT))
    return list(session.scalars(query.order_by(Enrolment.id)))


def take_back(session: Session, meeting: CourseSession, *, now: datetime) -> None:
    """End the news of other dates that did not leave yet: the date is known. The rule's own mails end by themselves."""
    waiting = select(Message).where(
        Message.cohort_id == meeting.cohort_id,
        Message.kind == Kind.DATE_POLL,
        Message.subject == f"poll-{meeting.id}",
        Message.revision > 0,
        Message.status.in_(NOT_YET),
    )
    for message in session.scalars(waiting).all():
        preparing.end(session, message, MessageEvent.SKIP, "De datum is gekozen.", now=now)
