"""Take mails to send, for a limited time; and give back what a dead worker had taken.

A claim is one conditional change from queued to sending with a token that only this worker knows. In the same
transaction everything that could make a mail wrong is looked at once more. Whoever lost its token can neither mark nor
record: so a lease that is taken back too early costs a conversation, never a second mail.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, literal, not_, or_, select, update
from sqlalchemy.orm import Session

from vitale_core.domain import labels
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Journal, Parcel, Trace
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import CALENDAR
from vitale_core.domain.postmark import envelope_address
from vitale_core.domain.states import MESSAGE, MessageEvent, MessageStatus, after
from vitale_core.steps.ledger import name_of
from vitale_core.steps.post.preparing import end, end_stale, held_if_changed, may_leave
from vitale_core.steps.post.relay import resting_domains
from vitale_core.steps.post.suppression import NO_MORE, blocked
from vitale_core.steps.tasks import owe_task
from vitale_core.steps.truth import untrue
from vitale_core.store.records import Attempt, Cohort, Message, Mime, Person

LEASE = timedelta(minutes=10)
"""Longer than the longest conversation, its wait for a turn included."""

REPEAT_AFTER = timedelta(minutes=10)
"""After which a calendar mail whose answer never came is said once more."""

SETTLE = "settle/"


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that is ours until `lease_until`."""

    parcel: Parcel
    kind: str
    key: str
    attempts: int
    token: str
    lease_until: datetime
    text: str = ""  # hash of what the reader sees


def claim(
    session: Session,
    *,
    now: datetime,
    limit: int,
    bureau: Bureau,
    journal: Journal,
    lease: timedelta = LEASE,
    busy: Collection[str] = (),
) -> list[ClaimedMail]:
    """Take at most `limit` mails that are due, the longest waiting first.

    `busy` are domains of receivers whose turn is over for now. What may not go any more is ended here, and what is
    not up to date is left to be prepared again; so the list can be shorter than `limit`. Empty: nothing is due.
    """
    without = [*busy, *resting_domains(session, now=now)]
    found = _candidates(session, now, limit, bureau, without)
    while found:
        good = [row for row in found if _may_go(session, row, now=now, bureau=bureau, journal=journal)]
        good = _not_blocked(session, good, now)
        if good:
            return _take(session, good, now + lease)
        session.flush()
        found = _candidates(session, now, limit, bureau, without)
    return []


def recover(session: Session, *, now: datetime, journal: Journal, lease: timedelta = LEASE) -> int:
    """Give back what a worker took and never finished; return how many rows changed.

    Without a mark, here or in the journal, the dot was certainly not sent: the mail waits again. With a mark it cannot
    be known, unless the journal has the answer. A lease that lies too far ahead was written by a clock that was wrong.
    Calendar mails that waited long enough for an answer are queued once more.
    """
    lost = session.scalars(
        select(Message)
        .where(
            Message.status == MessageStatus.SENDING,
            or_(Message.lease_until <= now, Message.lease_until > now + 2 * lease),
        )
        .with_for_update(of=Message, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for message in lost:
        _recover_one(session, message, journal, now)
    repeat = session.scalars(
        select(Message)
        .where(
            Message.status == MessageStatus.UNCERTAIN,
            Message.kind.in_(sorted(CALENDAR)),
            Message.repeated_at.is_(None),
            Message.next_attempt_at <= now,
        )
        .with_for_update(of=Message, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for message in repeat:
        message.status, message.repeated_at = MessageStatus.QUEUED, now
        message.lease_token = message.marked_at = None
        _note(session, message, "repeated", "vanzelf herhaald, met dezelfde bytes", now)
    return len(lost) + len(repeat)


def now_uncertain(session: Session, message: Message, *, said: str, now: datetime) -> None:
    """Write down that a mail may have arrived. Calendar mails repeat once by themselves; others wait for a person."""
    message.status, message.uncertain_at = MessageStatus.UNCERTAIN, now
    message.attempts += 1
    message.outcome = said
    message.next_attempt_at = now + REPEAT_AFTER
    _note(session, message, "uncertain", said, now)
    if message.kind not in CALENDAR or message.repeated_at is not None:
        owe_task(
            session,
            key=f"{SETTLE}{message.id}/",
            kind="uncertain",
            what=(
                f"Mail {message.id} ({labels.of_kind(message.kind)}) is misschien aangekomen: {said} "
                "Vraag het na of stuur opnieuw."
            ),
            command=f"vitale mail settle {message.id} --arrived | --again",
            cohort_id=message.cohort_id,
            enrolment_id=message.enrolment_id,
            message_id=message.id,
            now=now,
        )


def _candidates(
    session: Session, now: datetime, limit: int, bureau: Bureau, without: Iterable[str]
) -> Sequence[Row[Any]]:
    """Return what is due. Columns, because a whole record a mail costs more than all else that is done with it here."""
    version = func.coalesce(Cohort.version, literal(0))
    return session.execute(
        select(
            *(Message.id, Message.key, Message.kind, Message.message_id, Message.attempts, Message.payload),
            *(Message.stale_at, Message.rendered_version, Message.content_hash, Message.approved_hash),
            *(Mime.recipient, Mime.envelope_from, Mime.content, Person.email, version.label("version")),
        )
        .join(Mime, Mime.message_id == Message.id)
        .join(Person, Person.id == Message.person_id)
        .outerjoin(Cohort, Message.cohort_id == Cohort.id)
        .where(
            Message.status == MessageStatus.QUEUED,
            Message.next_attempt_at <= now,
            Message.not_before <= now,
            or_(Message.attempts > 0, Message.rendered_version == version),
            may_leave(now, bureau),
            and_(True, *(not_(Mime.recipient.endswith(f"@{domain}", autoescape=True)) for domain in without)),
        )
        .order_by(Message.next_attempt_at, Message.id)
        .limit(limit)
        .with_for_update(of=Message, skip_locked=True)
    ).all()


def _may_go(session: Session, row: Row[Any], *, now: datetime, bureau: Bureau, journal: Journal) -> bool:
    """Look once more at one mail; what may not go is ended or sent back here."""
    known = journal.last(row.message_id)
    known = known if known and known[1] > row.attempts and known[0] is not Trace.REFUSED else None
    wanted = row.payload.get("address") or row.email  # a cancellation goes where its invitation went
    same = _same(wanted, row.recipient)
    approved = row.approved_hash in {None, row.content_hash}
    if row.stale_at > now and not known and row.rendered_version == row.version and row.email and same and approved:
        return True
    message = _record(session, row)
    if row.stale_at <= now:
        end_stale(session, message, now=now)
    elif known and row.attempts == 0 and journal.said_else(row.message_id, row.content_hash or ""):
        _tell_apart(session, message, bureau, now)
    elif known:
        _believe(session, message, known, now)
    elif row.rendered_version != row.version and (reason := untrue(session, [message], bureau=bureau)):
        end(session, message, MessageEvent.SKIP, reason[message.id], now=now)
    elif not row.email:
        end(session, message, MessageEvent.SKIP, "De gegevens van de ontvanger zijn gewist.", now=now)
    elif row.attempts == 0 and not same:
        message.rendered_version = None  # the address was corrected: make it again
    elif not same:
        end(session, message, MessageEvent.CANCEL, "Het adres is veranderd nadat deze mail was geprobeerd.", now=now)
    else:
        return not held_if_changed(message)
    return False


def _record(session: Session, row: Row[Any]) -> Message:
    return session.get_one(Message, row.id, populate_existing=True)


def _same(email: str | None, recipient: str) -> bool:
    """Say whether an address is the one on the envelope, which has its domain in ASCII."""
    if email == recipient:
        return True
    try:
        return envelope_address(email or "").casefold() == recipient.casefold()
    except Refused:
        return False  # it cannot be mailed at all any more; a person hears that when the mail is made again


def _not_blocked(session: Session, rows: list[Row[Any]], now: datetime) -> list[Row[Any]]:
    reasons = blocked(session, {row.recipient for row in rows})
    for row in rows:
        if reason := reasons.get(row.recipient):
            end(session, _record(session, row), MessageEvent.SKIP, f"{NO_MORE}: {reason}.", now=now)
    return [row for row in rows if row.recipient not in reasons]


def _take(session: Session, rows: Sequence[Row[Any]], lease_until: datetime) -> list[ClaimedMail]:
    token = secrets.token_hex(12)
    session.flush()
    taken = set(
        session.scalars(
            update(Message)
            .where(Message.id.in_([row.id for row in rows]), Message.status == MessageStatus.QUEUED)
            .values(status=MessageStatus.SENDING, lease_token=token, lease_until=lease_until, marked_at=None)
            .returning(Message.id)
            .execution_options(synchronize_session=False)
        )
    )
    return [
        ClaimedMail(
            Parcel(row.id, row.message_id, row.envelope_from, row.recipient, row.content),
            row.kind,
            row.key,
            row.attempts,
            token,
            lease_until,
            row.content_hash or "",
        )
        for row in rows
        if row.id in taken
    ]


def _believe(session: Session, message: Message, known: tuple[Trace, int], now: datetime) -> None:
    """Follow the journal where it knows more than this database: an older copy came back."""
    trace, attempt = known
    message.attempts = attempt - 1
    if trace is Trace.ACCEPTED:
        message.attempts = attempt
        message.status, message.ended_at = MessageStatus.SENT, now
        message.outcome = "Volgens het verzendjournaal was deze mail al aangenomen; deze database is ouder."
        _note(session, message, "accepted", message.outcome, now)
    else:
        now_uncertain(session, message, said="Volgens het verzendjournaal is deze mail al eens verzonden.", now=now)
    _tell_older(session, now)


def _tell_apart(session: Session, message: Message, bureau: Bureau, now: datetime) -> None:
    """Give a mail an own Message-ID: the journal knows another text by this one, of a life that was undone.

    Its reader knows the other text. A calendar is put right at once; whether words must follow too, a person decides.
    """
    message.message_id = name_of(session, f"{message.key} {message.content_hash}", message.person_id, bureau)
    message.rendered_version = None
    if message.kind not in CALENDAR:
        message.status = after(MESSAGE, message.status, MessageEvent.HOLD)
        message.outcome = "Volgens het verzendjournaal ging deze mail al weg met een andere tekst; moet deze ook weg?"
        message.approved_hash = message.approved_at = message.approved_by = None
    _note(session, message, "other text", "het verzendjournaal kent een andere tekst; deze database is ouder", now)
    _tell_older(session, now)


def _tell_older(session: Session, now: datetime) -> None:
    owe_task(
        session,
        key="journal/",
        kind="journal",
        what="De database is ouder dan het verzendjournaal; mails die al weg waren, zijn niet opnieuw verzonden.",
        command="vitale mail list",
        now=now,
    )


def _recover_one(session: Session, message: Message, journal: Journal, now: datetime) -> None:
    known = journal.last(message.message_id)
    if known and known[1] > message.attempts and known[0] is Trace.ACCEPTED:
        message.attempts = known[1]
        message.status, message.ended_at = MessageStatus.SENT, now
        message.outcome, message.lease_until = "", None
        _note(session, message, "accepted", "volgens het verzendjournaal", now)
    elif known == (Trace.REFUSED, message.attempts + 1) or (
        message.marked_at is None and known != (Trace.MARKED, message.attempts + 1)
    ):
        message.status, message.next_attempt_at = MessageStatus.QUEUED, min(message.next_attempt_at, now)
        message.lease_token = message.lease_until = message.marked_at = None
        _note(session, message, "recovered", "de verzending brak af voor het einde; er is niets verstuurd", now)
    else:
        message.lease_until = None
        now_uncertain(session, message, said="De verzending brak af terwijl het antwoord nog moest komen.", now=now)


def _note(session: Session, message: Message, what: str, text: str, now: datetime) -> None:
    session.add(
        Attempt(
            message_id=message.id,
            at=now,
            what=what,
            stage=message.smtp_stage or "",
            code=message.smtp_code,
            text=text,
        )
    )
