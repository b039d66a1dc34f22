"""Read the inbox: answers are applied, bounces counted, machines ignored, words shown to a person. Nothing is answered.

Each mail is handled in a transaction of its own and remembered by its hash; it is moved only after the commit. So a
crash reads it again, and reading it again does nothing.

When an older copy of the database was put back, what was handled since lies in the mailbox and is unknown here. The
journal outside the database shows it, and it is read again: first what can be applied at once, because answers come
before mail is sent; at the next reading the rest, because a bounce may be about a mail that had to be owed again first.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from vitale_core import faults
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Entry, Journal, Trace
from vitale_core.domain.errors import TemporaryFailure, VitaleError
from vitale_core.domain.incoming import IncomingKind, IncomingMail, Mailbox, RawMail, Reader, Unreadable
from vitale_core.domain.states import TaskStatus
from vitale_core.steps.post.bounces import take_bounce
from vitale_core.steps.tasks import close_tasks, owe_task
from vitale_core.store.database import Database
from vitale_core.store.records import Incoming, Note, Task

LARGEST = 10 * 1024 * 1024
KEPT = 1024 * 1024
"""Octets of a mail that are kept in the database while a person may need it; it stays whole in the mailbox."""

NEEDED_FOR = timedelta(days=30)
"""After its task is closed somebody may still want to read a mail, to take the address over for instance."""

BATCH = 200
AGAIN = 5000
"""So many handled mails, the newest, are looked at after an older copy came back."""

TROUBLE = "inbox/"
READ_IT = "vitale mail inbox"
"""The command of a task about a mail that came in; its number follows."""

_REREADING = "inbox/rereading"

Apply = Callable[..., tuple[str, str]]
"""`steps.replies.apply_reply`: (session, reply, *, sender, now, bureau) -> (outcome, why)."""


@dataclass(slots=True)
class InboxReport:
    """What one reading did, in numbers of mails."""

    read: int = 0
    known: int = 0  # handled before
    kinds: dict[str, int] = field(default_factory=dict)
    tasks: int = 0
    set_aside: int = 0
    again: int = 0  # handled once more, because an older copy of the database came back


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one mail: applied, task, ignored or quarantined; and why, without personal data."""

    kind: IncomingKind
    outcome: str
    why: str


class _NotYet(Exception):
    """This mail cannot be applied now and must wait for the next reading."""


def read_inbox(
    database: Database,
    mailbox: Mailbox,
    *,
    journal: Journal,
    now: datetime,
    bureau: Bureau,
    read: Reader,
    apply_reply: Apply,
    limit: int = BATCH,
) -> InboxReport:
    """Handle what came in, at most `limit` mails, and tell the journal.

    A mail that cannot be read, or on which a step fails, is set aside with the reason and the next one is handled.
    Raises TemporaryFailure when the mailbox cannot be reached or the journal cannot be written; nothing is lost then,
    and a person is asked to look, until it works again.
    """
    report = InboxReport()
    tools: dict[str, Any] = {"now": now, "bureau": bureau, "read": read, "apply_reply": apply_reply}
    try:
        _read(database, mailbox, journal, report, tools, limit)
    except TemporaryFailure as trouble:
        with suppress(SQLAlchemyError), database.write() as session:  # on a full disk this fails too; it says the same
            owe_task(
                session,
                key=TROUBLE,
                kind="inbox",
                what=f"{trouble.message} Antwoorden en bounces worden niet gelezen.",
                command=trouble.remedy,
                now=now,
            )
        raise
    if in_trouble(database):
        with database.write() as session:
            close_tasks(session, key_prefix=TROUBLE, by="klok", now=now, note="de inbox doet het weer")
    return report


def in_trouble(database: Database) -> bool:
    """Say whether the inbox could not be read last time."""
    with database.read() as session:
        open_ = select(Task.id).where(Task.key == TROUBLE, Task.status == TaskStatus.OPEN)
        return session.scalar(open_) is not None


def _read(
    database: Database, mailbox: Mailbox, journal: Journal, report: InboxReport, tools: dict[str, Any], limit: int
) -> None:
    now = tools["now"]
    if is_older(database, journal):
        _read_again(database, mailbox, journal, report, tools)
    for raw in mailbox.waiting(limit=limit, largest=LARGEST):
        report.read += 1
        number, handled = handle(database, raw, **tools)
        faults.point("inbox: committed")
        if handled is None:
            # What came twice says nothing about the newest row; a crash before the journal heard of it does.
            _tell(journal, max(number, journal.last_read), now)
            report.known += 1
            mailbox.done(raw.source)
            continue
        _tell(journal, number, now)
        report.kinds[handled.kind] = report.kinds.get(handled.kind, 0) + 1
        report.tasks += handled.outcome == "task"
        if handled.outcome == "quarantined":
            report.set_aside += 1
            mailbox.set_aside(raw.source)
        else:
            mailbox.done(raw.source)
        faults.point("inbox: moved")


def is_older(database: Database, journal: Journal) -> bool:
    """Say whether this database never heard of mail that was handled: an older copy came back."""
    with database.read() as session:
        newest = session.scalar(select(func.max(Incoming.id))) or 0
        return newest < journal.last_read or session.get(Note, _REREADING) is not None


def let_go(session: Session, *, now: datetime) -> int:
    """Forget what is written in mails that nobody needs any more: settled, and older than a month; return how many."""
    kept = session.scalars(
        select(Incoming.id).where(Incoming.raw.is_not(None), Incoming.received_at < now - NEEDED_FOR)
    ).all()
    waiting = set(session.scalars(select(Task.command).where(Task.status == TaskStatus.OPEN)))
    settled = [number for number in kept if f"{READ_IT} {number}" not in waiting]
    session.execute(update(Incoming).where(Incoming.id.in_(settled)).values(raw=None))
    return len(settled)


def handle(
    database: Database,
    raw: RawMail,
    *,
    now: datetime,
    bureau: Bureau,
    read: Reader,
    apply_reply: Apply,
    only_applied: bool = False,
) -> tuple[int, Handled | None]:
    """Handle one mail in its own transaction; return the number of its row, and None when it was handled before.

    With `only_applied` a mail that asks for anything else is left alone: (0, None).
    """
    digest = hashlib.sha256(b"%d " % raw.size + raw.head if raw.content is None else raw.content).hexdigest()
    if number := _known(database, digest):
        return number, None
    mail: IncomingMail | None = None
    if raw.content is None:
        problem = f"groter dan {LARGEST // 1024 // 1024} MB"
    else:
        try:
            mail, problem = read(raw.content), ""
        except Unreadable as unreadable:
            problem = str(unreadable)
    try:
        with database.write() as session:
            handled = _judge(session, mail, problem, now=now, bureau=bureau, apply_reply=apply_reply)
            if only_applied:
                _must_be_applied(handled)
            number = _remember(session, raw, digest, handled, now=now)
    except _NotYet:
        return 0, None
    except IntegrityError:
        if number := _known(database, digest):
            return number, None  # another reader was first; what we did was rolled back
        raise
    except (VitaleError, ValueError, LookupError, TypeError, AttributeError) as error:
        if only_applied:
            return 0, None
        # One mail must not stop the others. What it would have changed was rolled back.
        handled = Handled(IncomingKind.POISON, "quarantined", f"verwerken mislukte ({type(error).__name__})")
        with database.write() as session:
            number = _remember(session, raw, digest, handled, now=now)
    return number, handled


def _read_again(
    database: Database, mailbox: Mailbox, journal: Journal, report: InboxReport, tools: dict[str, Any]
) -> None:
    """Take one of the two readings of what was handled before; nothing is moved."""
    with database.read() as session:
        first = session.get(Note, _REREADING) is None
    for raw in mailbox.handled(limit=AGAIN, largest=LARGEST):
        _number, handled = handle(database, raw, only_applied=first, **tools)
        report.again += handled is not None
    with database.write() as session:
        note = session.get(Note, _REREADING)
        if first:
            session.merge(Note(name=_REREADING, value=str(report.again)))
            return
        found = report.again + int(note.value if note else 0)
        session.execute(delete(Note).where(Note.name == _REREADING))
        owe_task(
            session,
            key="journal/inbox/",
            kind="journal",
            what=f"De database is ouder dan het journaal: {found} eerder verwerkte mails zijn opnieuw gelezen.",
            command=READ_IT,
            now=tools["now"],
        )
        newest = session.scalar(select(func.max(Incoming.id))) or 0
    _tell(journal, newest, tools["now"])


def _tell(journal: Journal, number: int, now: datetime) -> None:
    try:
        journal.write([Entry(Trace.READ, "", number)], now)
    except OSError as error:
        raise TemporaryFailure(
            f"Het verzendjournaal kan niet worden beschreven ({type(error).__name__}); de mails wachten.",
            remedy="vitale doctor",
        ) from error


def _must_be_applied(handled: Handled) -> None:
    if handled.outcome != "applied":
        raise _NotYet  # which rolls back


def _known(database: Database, digest: str) -> int:
    with database.read() as session:
        return session.scalar(select(Incoming.id).where(Incoming.sha256 == digest)) or 0


def _judge(  # noqa: PLR0911 - one exit per sort of mail
    session: Session,
    mail: IncomingMail | None,
    problem: str,
    *,
    now: datetime,
    bureau: Bureau,
    apply_reply: Apply,
) -> Handled:
    if mail is None:
        return Handled(IncomingKind.POISON, "quarantined", problem)
    if mail.bounce is not None:
        return Handled(IncomingKind.BOUNCE, *take_bounce(session, mail.bounce, now=now, bureau=bureau))
    if mail.key and mail.sender == bureau.mail_address.lower():
        return Handled(IncomingKind.OWN, "ignored", "onze eigen mail kwam terug")
    if mail.calendar is not None:
        outcome, why = apply_reply(session, mail.calendar, sender=mail.sender, now=now, bureau=bureau)
        return Handled(IncomingKind.REPLY, outcome, why)
    if mail.doubt:
        return Handled(IncomingKind.REPLY, "task", f"het antwoord uit een agenda is niet te lezen: {mail.doubt}")
    if mail.automatic or mail.nobody:
        return Handled(IncomingKind.AUTOMATIC, "ignored", _machine(mail.automatic))
    return Handled(IncomingKind.FREE, "task", "iemand schreef een bericht")


def _machine(sign: str) -> str:
    return f"een automatisch bericht ({sign})" if sign else "een mail zonder afzender"


def _remember(session: Session, raw: RawMail, digest: str, handled: Handled, *, now: datetime) -> int:
    for_a_person = handled.outcome in {"task", "quarantined"}
    row = Incoming(
        source=raw.source,
        sha256=digest,
        received_at=now,
        kind=handled.kind,
        outcome=handled.outcome,
        why=handled.why,
        raw=raw.content[:KEPT] if for_a_person and raw.content is not None else None,
    )
    session.add(row)
    session.flush()
    if _told_by_its_step(session, row.id):
        return row.id
    what: dict[tuple[Any, str], str] = {
        (IncomingKind.FREE, "task"): f"Iemand schreef een bericht (binnengekomen mail {row.id}).",
        (IncomingKind.REPLY, "task"): f"Een antwoord uit een agenda vraagt om een mens (binnengekomen mail {row.id}).",
        (IncomingKind.POISON, "quarantined"): f"Binnengekomen mail {row.id} is apart gezet: {handled.why}.",
        (IncomingKind.BOUNCE, "task"): f"Een bericht over een mail die niet aankwam is onduidelijk (mail {row.id}).",
    }
    if sentence := what.get((handled.kind, handled.outcome)):
        owe_task(
            session,
            key=f"incoming/{row.id}/",
            kind="incoming",
            what=sentence,
            command=f"{READ_IT} {row.id}",
            now=now,
        )
    return row.id


def _told_by_its_step(session: Session, number: int) -> bool:
    """Say whether the step that this mail was for put it on the list itself; it could not know the number yet."""
    nameless = update(Task).where(Task.kind == "reply", Task.status == TaskStatus.OPEN, Task.command == READ_IT)
    told = session.scalars(nameless.values(command=f"{READ_IT} {number}").returning(Task.id)).all()
    return bool(told)
