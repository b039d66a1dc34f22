"""What somebody may ask of their data: see it, take it along, have it erased.

Erasing takes the person out of everything but the counts. Who is still in a cohort is withdrawn
first; the mails that clear their calendar need the address once more, so the rest follows as soon
as those have left (`finish_erasures`, at every tick).
"""

import html
import re
from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import LIVE, MessageStatus
from vitale_core.steps import audit, intake, people, trainers
from vitale_core.steps.plan import reading as plans
from vitale_core.store.database import leave_no_trace
from vitale_core.store.records import (
    Attempt,
    Attendance,
    Base,
    Certificate,
    Enrolment,
    Host,
    Incoming,
    Intake,
    Intention,
    Invitation,
    Link,
    Message,
    Mime,
    Needs,
    Note,
    Person,
    PollAnswer,
    Reply,
    Task,
)

_ESCAPED = re.compile(r"\\([\\;,nN])")
AT_A_TIME = 20
"""Mails that are looked through together; each may be a megabyte."""

UNDER_WAY = (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.AWAITING_APPROVAL)
OF_ENROLMENT: tuple[type[Base], ...] = (Intake, Needs, Intention, Attendance, PollAnswer, Certificate, Invitation)


def export(session: Session, person: Person) -> dict[str, Any]:
    """Return all that is kept of a person as plain values, table by table; of nobody else."""
    enrolments = _enrolments(session, person)
    numbers = [enrolment.id for enrolment in enrolments]
    known = _row(person) | {"formerly": people.formerly(session, person)}
    document: dict[str, Any] = {"person": [known], "enrolment": [_row(e) for e in enrolments]}
    for record in OF_ENROLMENT:
        column = record.__table__.c.enrolment_id
        rows = session.scalars(select(record).where(column.in_(numbers)))
        document[record.__tablename__] = [_row(row) for row in rows]
    mails = session.scalars(select(Message).where(Message.person_id == person.id).order_by(Message.id))
    document["message"] = [_row(mail) for mail in mails]
    return document


def _row(record: Base) -> dict[str, Any]:
    values = {column.name: getattr(record, column.name) for column in record.__table__.columns}
    hidden = ("token", "nonce", "lease", "hash", "secret")
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if not any(word in name for word in hidden) and not isinstance(value, bytes)
    }


def erase(session: Session, person: Person, *, by: str, now: datetime, bureau: Bureau) -> bool:
    """Erase a person; True when it is done, False when their last mails must leave first.

    Somebody who is a host's contact or a trainer is refused: name another one first.
    """
    if person.erased_at is not None:
        return True
    if session.scalar(select(func.count()).where(Host.contact_id == person.id)):
        raise Refused(
            f"Persoon {person.id} is contactpersoon van een gastheer.",
            remedy="Geef de gastheer eerst een ander contact.",
        )
    for enrolment in _enrolments(session, person):
        if enrolment.status in LIVE:
            intake.withdraw(session, enrolment, by=by, now=now, bureau=bureau)
    session.flush()
    key = f"erase/{person.id}"
    if session.get(Note, key) is None:
        session.add(Note(name=key, value=by))
        audit.note(session, what="erasure asked", actor=by, object_kind="person", object_id=person.id, now=now)
    return _finish(session, person, now=now)


def finish_erasures(session: Session, *, now: datetime) -> int:
    """Erase those whose last mails have left; return how many."""
    asked = session.scalars(select(Note.name).where(Note.name.startswith("erase/"))).all()
    done = 0
    for name in asked:
        person = session.get(Person, int(name.removeprefix("erase/")))
        if person is not None and _finish(session, person, now=now):
            done += 1
    return done


def _finish(session: Session, person: Person, *, now: datetime) -> bool:
    under_way = select(func.count()).where(
        Message.person_id == person.id, Message.status.in_(UNDER_WAY), Message.stale_at > now
    )
    if session.scalar(under_way):
        return False
    naming = _mails_that_name(session, person)
    held = _held(session, naming)
    if len(held) < len(naming) or any(_leaves_as_it_is(mail, now) for mail in naming):
        return False
    for mail in naming:
        mail.rendered_version = None
    _delete(session, select(Mime).where(Mime.message_id.in_([mail.id for mail in naming])))
    numbers = [enrolment.id for enrolment in _enrolments(session, person)]
    for enrolment in _enrolments(session, person):
        enrolment.screening = {}
    _delete(session, select(Intake).where(Intake.enrolment_id.in_(numbers)))
    _delete(session, select(Needs).where(Needs.enrolment_id.in_(numbers)))
    _delete(session, select(Intention).where(Intention.enrolment_id.in_(numbers)))
    _delete(session, select(Link).where(Link.person_id == person.id))
    for number in numbers:
        plans.forget(session, number)
    for certificate in session.scalars(select(Certificate).where(Certificate.enrolment_id.in_(numbers))):
        certificate.name = ""
    for attendance in session.scalars(select(Attendance).where(Attendance.enrolment_id.in_(numbers))):
        attendance.reason = ""
    for task in session.scalars(select(Task).where(Task.enrolment_id.in_(numbers))):
        task.note = ""
    _forget_post(session, person)
    _forget_written(session, person)
    person.email = person.email_key = person.name = person.phone = None
    person.organisation = person.department = person.function = None
    person.erased_at = now
    leave_no_trace(session)
    notes = [f"{begin}{person.id}" for begin in ("erase/", trainers.KEY, people.FORMERLY)]
    _delete(session, select(Note).where(Note.name.in_(notes)))
    audit.note(session, what="erased", actor=audit.CLOCK, object_kind="person", object_id=person.id, now=now)
    return True


def _forget_post(session: Session, person: Person) -> None:
    mails = session.scalars(select(Message).where(Message.person_id == person.id)).all()
    numbers = [mail.id for mail in mails]
    _delete(session, select(Mime).where(Mime.message_id.in_(numbers)))
    for attempt in session.scalars(select(Attempt).where(Attempt.message_id.in_(numbers))):
        attempt.text = ""
    for mail in mails:
        mail.payload, mail.smtp_text = {}, None
    for invitation in session.scalars(select(Invitation).where(Invitation.person_id == person.id)):
        invitation.address = None
        for reply in session.scalars(select(Reply).where(Reply.invitation_id == invitation.id)):
            reply.comment = ""


def _mails_that_name(session: Session, person: Person) -> list[Message]:
    """Return the mails to others that name this person: a group, its host and the trainer read who comes along."""
    cohorts = {enrolment.cohort_id for enrolment in _enrolments(session, person)}
    named = _any_of(_marks(session, person))
    kept = select(Message, Mime).join(Mime, Mime.message_id == Message.id)
    others = kept.where(Message.cohort_id.in_(cohorts), Message.person_id != person.id)
    rows = session.execute(others.execution_options(yield_per=AT_A_TIME))
    return [mail for mail, mime in rows if named.search(_words(mime.content))]


def _marks(session: Session, person: Person) -> list[str]:
    """Return what somebody is known by in mails, now and before."""
    told = (person.name, person.email, *people.formerly(session, person))
    return [" ".join(mark.casefold().split()) for mark in told if mark]


def _any_of(marks: Iterable[str]) -> re.Pattern[str]:
    """Return what finds one of these marks as a word of its own: "Jan" is not in "januari"."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, marks)) or '(?!)'})(?!\w)")


def _held(session: Session, mails: list[Message]) -> list[Message]:
    """Return those of these mails that are ours now, as they are now; whoever sends may hold one, or just took it."""
    query = select(Message).where(Message.id.in_([mail.id for mail in mails]))
    free = query.with_for_update(of=Message, skip_locked=True).execution_options(populate_existing=True)
    return list(session.scalars(free))


def _leaves_as_it_is(mail: Message, now: datetime) -> bool:
    """Say whether a mail is still needed byte for byte; one that nobody tried to send is made anew without the name."""
    doubtful = mail.status in (*UNDER_WAY, MessageStatus.UNCERTAIN) and mail.attempts > 0
    return mail.status is MessageStatus.SENDING or (doubtful and mail.stale_at > now)


def _words(mime: bytes) -> str:
    """Return all that a mail says on one line, in small letters: headers, texts and calendar."""
    mail = message_from_bytes(mime, policy=policy.default)
    told: list[str] = []
    for part in mail.walk():
        told += map(str, part.values())
        if part.get_content_maintype() == "text":
            text = part.get_content()
            told.append(_unescaped(text) if part.get_content_subtype() == "calendar" else text)
    return " ".join(html.unescape(" ".join(told)).casefold().split())


def _unescaped(calendar: str) -> str:
    """Return a calendar with its lines whole and its texts as they read (RFC 5545, 3.1 and 3.3.11)."""
    whole = calendar.replace("\r\n ", "").replace("\n ", "")
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], whole)


def _forget_written(session: Session, person: Person) -> None:
    """Let go of the mails that this person wrote, and of those that name the address or the whole name."""
    named = _any_of(mark for mark in _marks(session, person) if "@" in mark or " " in mark)
    kept = select(Incoming).where(Incoming.raw.is_not(None)).execution_options(yield_per=AT_A_TIME)
    for mail in session.scalars(kept):
        if named.search(_heard(mail.raw or b"")):
            mail.raw = None


def _heard(raw: bytes) -> str:
    """Return all that a mail from outside says; one that cannot be taken apart says its bytes."""
    plain = " ".join(raw.decode("utf-8", "replace").casefold().split())
    try:
        return f"{plain} {_words(raw)}"
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError):
        return plain


def _delete(session: Session, query: Any) -> None:  # noqa: ANN401 - a select of any record
    rows: Iterable[object] = session.scalars(query).all()
    for row in rows:
        session.delete(row)
    session.flush()


def _enrolments(session: Session, person: Person) -> list[Enrolment]:
    return list(session.scalars(select(Enrolment).where(Enrolment.person_id == person.id).order_by(Enrolment.id)))
