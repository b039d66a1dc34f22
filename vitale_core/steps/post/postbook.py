"""The book of all mail: what waits, what went, what did not go and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Letters, RenderedMail
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.preparing import make_bytes
from vitale_core.steps.truth import untrue
from vitale_core.store.records import Attempt, Cohort, Message, Mime

_COUNTS = select(Message.status, func.count()).group_by(Message.status)
_COUNTS_OF_COHORT = _COUNTS.where(Message.cohort_id == bindparam("cohort"))

CAN_STILL_CHANGE = frozenset({MessageStatus.AWAITING_APPROVAL, MessageStatus.QUEUED})


@dataclass(frozen=True, slots=True)
class MailStory:
    """One message with everything that happened to it. `untrue`: why it would be skipped if it were sent now."""

    message: Message
    attempts: Sequence[Attempt]
    size: int | None
    untrue: str | None


def list_messages(
    session: Session,
    *,
    cohort_code: str | None = None,
    statuses: Collection[MessageStatus] = (),
    kinds: Collection[str] = (),
    person_id: int | None = None,
    limit: int = 500,
) -> Sequence[Message]:
    """Return messages with their persons, the newest first."""
    query = select(Message).options(joinedload(Message.person)).order_by(Message.id.desc()).limit(limit)
    if cohort_code is not None:
        query = query.join(Cohort).where(Cohort.code == cohort_code)
    if statuses:
        query = query.where(Message.status.in_(statuses))
    if kinds:
        query = query.where(Message.kind.in_(kinds))
    if person_id is not None:
        query = query.where(Message.person_id == person_id)
    return session.scalars(query).all()


def count_messages(session: Session, *, cohort_id: int | None = None) -> dict[MessageStatus, int]:
    """Return how many messages are in each status."""
    query, own = (_COUNTS, {}) if cohort_id is None else (_COUNTS_OF_COHORT, {"cohort": cohort_id})
    return dict(session.execute(query, own).tuples().all())


def show_message(session: Session, number: int, *, bureau: Bureau) -> MailStory:
    """Return one message and its story. Raises NotFound."""
    message = session.get(Message, number, options=[joinedload(Message.person)])
    if message is None:
        raise NotFound(f"Mail {number} bestaat niet.", remedy="vitale mail list")
    attempts = session.scalars(select(Attempt).where(Attempt.message_id == number).order_by(Attempt.id)).all()
    size = session.scalar(select(func.length(Mime.content)).where(Mime.message_id == number))
    waits = message.status in CAN_STILL_CHANGE
    reason = untrue(session, [message], bureau=bureau).get(number) if waits else None
    return MailStory(message, attempts, size, reason)


def preview(session: Session, number: int, *, letters: Letters, now: datetime) -> RenderedMail:
    """Return exactly what goes, or what went, with the hash that an approval needs.

    For a mail that nobody tried to send yet the bytes are made and kept, so that these are the bytes that leave as long
    as the facts stay as they are: the transaction must be one that writes.

    Raises NotFound; Refused when the bytes are gone (they are deleted some time after sending) or cannot be made.
    """
    message = session.get(Message, number, options=[joinedload(Message.person)])
    if message is None:
        raise NotFound(f"Mail {number} bestaat niet.", remedy="vitale mail list")
    mime = session.get(Mime, number)
    version = session.scalar(select(Cohort.version).where(Cohort.id == message.cohort_id)) or 0
    changeable = message.status in CAN_STILL_CHANGE and message.attempts == 0
    if changeable and (mime is None or message.rendered_version != version):
        return make_bytes(session, message, now=now, letters=letters)
    if mime is None:
        raise Refused(f"De inhoud van mail {number} wordt niet meer bewaard.", remedy=f"vitale mail show {number}")
    return RenderedMail(
        mime.content, mime.recipient, mime.envelope_from, message.content_hash or "", message.template_version or ""
    )
