"""What a person does with a mail: approve, hold, cancel, settle a doubtful one, send it once more."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import moves, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NeedsApproval, NotFound, Refused
from vitale_core.domain.states import MESSAGE, MessageEvent, MessageStatus, after
from vitale_core.steps import audit
from vitale_core.steps.ledger import name_of
from vitale_core.steps.post.claiming import SETTLE
from vitale_core.steps.post.preparing import LETTER, MAIL
from vitale_core.steps.tasks import close_tasks
from vitale_core.steps.truth import RESENT
from vitale_core.store.records import Attempt, Message

USEFUL_AGAIN = frozenset(
    {
        MessageStatus.SENT,
        MessageStatus.FAILED,
        MessageStatus.BOUNCED,
        MessageStatus.SKIPPED,
        MessageStatus.CANCELLED,
        MessageStatus.UNCERTAIN,
    }
)


def locked(session: Session, number: int) -> Message:
    """Return a message, held until the transaction ends. Raises NotFound."""
    message = session.scalar(
        select(Message)
        .where(Message.id == number)
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    )
    if message is None:
        raise NotFound(f"Mail {number} bestaat niet.", remedy="vitale mail list")
    return message


def approve(session: Session, number: int, *, content_hash: str, by: str, now: datetime) -> Message:
    """Let a mail go with exactly the text that was shown.

    `content_hash` is what the preview gave. Raises NeedsApproval when the text is another one by now, and
    TransitionRefused when the mail does not wait for an approval.
    """
    message = locked(session, number)
    status = after(MESSAGE, message.status, MessageEvent.APPROVE)
    if message.content_hash != content_hash:
        raise NeedsApproval(
            f"De tekst van mail {number} is veranderd sinds hij werd getoond.", remedy=f"vitale mail preview {number}"
        )
    message.status, message.outcome = status, ""
    message.approved_hash, message.approved_at, message.approved_by = content_hash, now, by
    message.next_attempt_at = max(now, message.not_before)
    _write(session, message, "approved", by, now)
    return message


def hold(session: Session, number: int, *, by: str, now: datetime, why: str = "") -> Message:
    """Keep a mail back until somebody approves it."""
    message = locked(session, number)
    message.status = after(MESSAGE, message.status, MessageEvent.HOLD)
    message.outcome = why or f"Tegengehouden door {by}."
    message.approved_hash = message.approved_at = message.approved_by = None
    _write(session, message, "held", by, now)
    return message


def cancel(session: Session, number: int, *, by: str, now: datetime, why: str = "") -> Message:
    """Take a mail back. When this returns, it is not sent.

    Raises Refused when it is being sent at this moment: then nobody can promise that.
    """
    message = locked(session, number)
    if message.status is MessageStatus.SENDING:
        raise Refused(
            f"Mail {number} wordt op dit moment verzonden en is misschien al weg.", remedy=f"vitale mail show {number}"
        )
    message.status = after(MESSAGE, message.status, MessageEvent.CANCEL)
    message.outcome, message.ended_at = why or f"Ingetrokken door {by}.", now
    _write(session, message, "cancelled", by, now)
    return message


def settle(session: Session, number: int, *, arrived: bool, by: str, now: datetime) -> Message:
    """End the doubt about a mail whose answer never came: it arrived, or it goes again with the same bytes.

    One that did not arrive and has no use any more does not go: it ends as skipped, with the reason.
    """
    message = locked(session, number)
    if arrived:
        message.status = after(MESSAGE, message.status, MessageEvent.SETTLE_ARRIVED)
        message.outcome, message.ended_at = f"{by} heeft nagevraagd dat hij is aangekomen.", now
    elif message.stale_at <= now:
        message.status = after(MESSAGE, message.status, MessageEvent.SKIP)
        until = worktime.moment_in_words(message.stale_at)
        message.outcome, message.ended_at = f"Niet aangekomen, en te laat om nog te sturen: nuttig tot {until}.", now
    else:
        message.status = after(MESSAGE, message.status, MessageEvent.SETTLE_AGAIN)
        message.outcome, message.next_attempt_at = "", now
        message.uncertain_at = message.marked_at = None
        message.lease_token = message.lease_until = None
    close_tasks(session, key_prefix=f"{SETTLE}{number}/", by=by, now=now)
    _write(session, message, "settled: arrived" if arrived else "settled: again", by, now)
    return message


def resend(session: Session, number: int, *, by: str, now: datetime, bureau: Bureau) -> Message:
    """Owe a mail once more, on purpose: a new row with a new key and a new Message-ID, rendered anew.

    Raises Refused when it still waits itself, or when it would be useless by now.
    """
    old = locked(session, number)
    if old.status not in USEFUL_AGAIN:
        raise moves.refused(old.status, "nog eens sturen")
    if old.stale_at <= now:
        raise Refused(
            f"Mail {number} was nuttig tot {worktime.moment_in_words(old.stale_at)}; nu niet meer.",
            remedy=f"vitale mail show {number}",
        )
    base = old.key.partition(RESENT)[0]
    copies = session.scalars(select(Message.key).where(Message.key.startswith(base + RESENT, autoescape=True))).all()
    key = f"{base}{RESENT}{len(copies) + 1}"
    again = Message(
        key=key,
        cohort_id=old.cohort_id,
        person_id=old.person_id,
        enrolment_id=old.enrolment_id,
        invitation_id=old.invitation_id,
        kind=old.kind,
        subject=old.subject,
        revision=old.revision,
        payload=dict(old.payload),
        status=MessageStatus.QUEUED,
        why=f"Opnieuw, op verzoek van {by}, na mail {number}. {old.why}",
        outcome="",
        created_at=now,
        due_at=now,
        not_before=now,
        stale_at=old.stale_at,
        about_at=old.about_at,
        message_id=name_of(session, key, old.person_id, bureau),
        next_attempt_at=now,
    )
    session.add(again)
    session.flush()
    if old.status is MessageStatus.UNCERTAIN:
        old.status = after(MESSAGE, old.status, MessageEvent.SKIP)
        old.outcome, old.ended_at = f"Opgevolgd door mail {again.id}.", now
    for prefix in (SETTLE, MAIL, LETTER):
        close_tasks(session, key_prefix=f"{prefix}{number}/", by=by, now=now, note=f"opnieuw als mail {again.id}")
    _write(session, again, "resent", by, now)
    return again


def _write(session: Session, message: Message, what: str, by: str, now: datetime) -> None:
    session.add(
        Attempt(message_id=message.id, at=now, what=what, stage="", code=None, text=f"{by}. {message.outcome}".strip())
    )
    audit.note(
        session,
        what=f"mail {what}",
        actor=by,
        now=now,
        cohort_id=message.cohort_id,
        object_kind="message",
        object_id=message.id,
    )
    session.flush()
