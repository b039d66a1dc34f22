"""Make the bytes of what is due, from the facts of this moment.

A mail gets new bytes as long as nobody tried to send it and the facts of its cohort changed since; after the first
attempt they are frozen. What is not true any more is skipped here, with the reason.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select
from sqlalchemy.orm import Session

from vitale_core.domain import labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Letters, RenderedMail
from vitale_core.domain.errors import Refused
from vitale_core.domain.postmark import envelope_address
from vitale_core.domain.sealed import inspect
from vitale_core.domain.states import MESSAGE, MessageEvent, MessageStatus, after
from vitale_core.steps.ledger import URGENT
from vitale_core.steps.tasks import close_tasks, owe_task
from vitale_core.steps.truth import untrue
from vitale_core.store.records import Attempt, Cohort, Message, Mime

AGAIN = timedelta(minutes=15)
"""After a letter could not be made: a template may be mended meanwhile."""

LETTER = "letter/"
MAIL = "mail/"


@dataclass(slots=True)
class Prepared:
    """What one round of preparing did, in numbers of mails."""

    ready: int = 0
    skipped: int = 0
    held: int = 0  # the text changed after it was approved
    broken: int = 0  # the letter could not be made

    @property
    def handled(self) -> int:
        """Return how many rows were looked at."""
        return self.ready + self.skipped + self.held + self.broken


def prepare(session: Session, *, now: datetime, letters: Letters, bureau: Bureau, limit: int = 25) -> Prepared:
    """Make the bytes of at most `limit` mails that are due and have none, or outdated ones."""
    done = Prepared()
    query = (
        select(Message)
        .outerjoin(Cohort, Message.cohort_id == Cohort.id)
        .where(
            Message.status == MessageStatus.QUEUED,
            Message.attempts == 0,
            Message.next_attempt_at <= now,
            Message.not_before <= now,
            may_leave(now, bureau),
            or_(
                Message.rendered_version.is_(None),
                Message.rendered_version != func.coalesce(Cohort.version, literal(0)),
            ),
        )
        .order_by(Message.next_attempt_at, Message.id)
        .limit(limit)
        .with_for_update(of=Message, skip_locked=True)
    )
    waiting = session.scalars(query.execution_options(populate_existing=True)).all()
    reasons = untrue(session, [message for message in waiting if message.stale_at > now], bureau=bureau)
    for message in waiting:
        if message.stale_at <= now:
            end_stale(session, message, now=now)
            done.skipped += 1
        elif message.id in reasons:
            end(session, message, MessageEvent.SKIP, reasons[message.id], now=now)
            done.skipped += 1
        else:
            _prepare_one(session, message, done, now=now, letters=letters)
    return done


def skip_stale(session: Session, *, now: datetime, limit: int = 200) -> int:
    """End what came too late to be useful, at most `limit` rows; return how many."""
    query = (
        select(Message)
        .where(
            Message.status.in_([MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL]),
            Message.stale_at <= now,
        )
        .limit(limit)
        .with_for_update(of=Message, skip_locked=True)
    )
    late = session.scalars(query.execution_options(populate_existing=True)).all()
    for message in late:
        end_stale(session, message, now=now)
    return len(late)


def may_leave(now: datetime, bureau: Bureau) -> ColumnElement[bool]:
    """Return which mails may leave at this moment: outside office hours only what concerns the coming day."""
    if worktime.in_office_hours(now, bureau.holidays):
        return literal(True)
    return and_(Message.about_at.is_not(None), Message.about_at >= now, Message.about_at <= now + URGENT)


def make_bytes(session: Session, message: Message, *, now: datetime, letters: Letters) -> RenderedMail:
    """Render a message, inspect it and keep it with the version of the facts it was made of.

    Raises Refused when it cannot be addressed, or when what came out is not exactly one mail to its person.
    """
    version = session.scalar(select(Cohort.version).where(Cohort.id == message.cohort_id)) or 0
    recipient = envelope_address(message.payload.get("address") or message.person.email or "")
    mail = letters.render(session, message, now=now)
    if mail.recipient.lower() != recipient.lower():
        raise Refused("De brief heeft een ander adres dan de ontvanger.")
    envelope_address(mail.envelope_from)
    inspect(mail.mime, recipient=recipient, message_id=message.message_id)
    session.execute(delete(Mime).where(Mime.message_id == message.id))
    session.add(
        Mime(
            message_id=message.id,
            recipient=recipient,
            envelope_from=mail.envelope_from,
            content=mail.mime,
            sha256=hashlib.sha256(mail.mime).hexdigest(),
        )
    )
    message.content_hash, message.template_version = mail.content_hash, mail.template_version
    message.rendered_version = version
    session.flush()
    return mail


def _prepare_one(session: Session, message: Message, done: Prepared, *, now: datetime, letters: Letters) -> None:
    try:
        with session.begin_nested():
            make_bytes(session, message, now=now, letters=letters)
    except Exception as error:  # noqa: BLE001 - one broken letter must not stop the others; a person is told
        message.next_attempt_at = now + AGAIN
        reason = error.message if isinstance(error, Refused) else f"een fout in de brief ({type(error).__name__})"
        message.outcome = f"De mail kan niet worden gemaakt: {reason}"
        _tell(session, message, now=now)
        done.broken += 1
        return
    close_tasks(session, key_prefix=f"{LETTER}{message.id}/", by="klok", now=now)
    if held_if_changed(message):
        done.held += 1
    else:
        message.outcome = ""
        done.ready += 1


def held_if_changed(message: Message) -> bool:
    """Have a mail approved again when its text is not the one that was approved; say whether that was so."""
    if message.approved_hash is None or message.approved_hash == message.content_hash:
        return False
    message.status = after(MESSAGE, message.status, MessageEvent.HOLD)
    message.outcome = "De tekst is veranderd na de goedkeuring; kijk er nog eens naar."
    message.approved_hash = message.approved_at = message.approved_by = None
    return True


def _tell(session: Session, message: Message, *, now: datetime) -> None:
    owe_task(
        session,
        key=f"{LETTER}{message.id}/",
        kind="letter",
        what=f"Mail {message.id} ({labels.of_kind(message.kind)}) kan niet worden gemaakt: {message.outcome}",
        command=f"vitale mail show {message.id}",
        cohort_id=message.cohort_id,
        enrolment_id=message.enrolment_id,
        message_id=message.id,
        now=now,
    )


def end(session: Session, message: Message, event: MessageEvent, outcome: str, *, now: datetime) -> None:
    """Bring a message to an end that is visible, with its cause."""
    message.status = after(MESSAGE, message.status, event)
    message.outcome, message.ended_at = outcome, now
    message.lease_token = message.lease_until = None
    session.add(Attempt(message_id=message.id, at=now, what=str(message.status), stage="", code=None, text=outcome))


def end_stale(session: Session, message: Message, *, now: datetime) -> None:
    """End what came too late. What was tried and never accepted has failed; a person is told."""
    until = worktime.moment_in_words(message.stale_at)
    if message.uncertain_at is not None:
        end(session, message, MessageEvent.SKIP, f"Misschien aangekomen; herhalen had na {until} geen zin.", now=now)
    elif message.attempts == 0:
        end(session, message, MessageEvent.SKIP, f"Te laat om nog nuttig te zijn: dat was tot {until}.", now=now)
    else:
        said = message.smtp_text or "geen antwoord"
        end(session, message, MessageEvent.FAIL, f"Niet op tijd aangenomen (tot {until}): {said}", now=now)
        tell_failed(session, [message], now=now)


def tell_failed(session: Session, messages: Sequence[Message], *, now: datetime) -> None:
    """Put failed mails on the list of the operator."""
    for message in messages:
        owe_task(
            session,
            key=f"{MAIL}{message.id}/",
            kind="mail",
            what=f"Mail {message.id} ({labels.of_kind(message.kind)}) is niet verzonden: {message.outcome}",
            command=f"vitale mail show {message.id}",
            cohort_id=message.cohort_id,
            enrolment_id=message.enrolment_id,
            message_id=message.id,
            now=now,
        )
