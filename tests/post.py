"""What tests of the post share: a clock, letters and a mail server that do as they are told, and rows to send."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Ending, Entry, Parcel, RenderedMail, Stage, Trace, nothing_follows
from vitale_core.domain.kinds import Kind
from vitale_core.domain.postmark import bounce_address, envelope_address, message_id
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps.post.rounds import deliver_due
from vitale_core.store.records import Message, Person, Task

BUREAU = Bureau(secret=b"a secret of the tests")
TUESDAY = datetime(2027, 3, 16, 9, 0, tzinfo=UTC)
SATURDAY = TUESDAY + timedelta(days=4)
ACCEPTED = Ending(Stage.DOT, 250, "2.0.0 ok")


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    at: datetime = TUESDAY

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class PlainLetters:
    """Letters of a few lines; `words` can be changed to see who renders again, `broken` raises."""

    words: str = "Hallo"
    broken: Exception | None = None
    rendered: list[str] = field(default_factory=list)
    size: int = 0

    def render(self, session: Session, message: Message, *, now: datetime) -> RenderedMail:
        if self.broken:
            raise self.broken
        self.rendered.append(message.key)
        recipient = envelope_address(message.person.email or "")
        mime = (
            f"From: Vitale <{BUREAU.mail_address}>\r\nTo: {recipient}\r\nSubject: {message.kind}\r\n"
            f"Date: {message.not_before:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: {message.message_id}\r\n"
            f"MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nX-Vitale-Key: {message.key}\r\n"
            f"Content-Type: text/plain\r\n\r\n{self.words}\r\n" + ("x" * 70 + "\r\n") * (self.size // 72)
        ).encode()
        sender = bounce_address(message.id, message.message_id, secret=BUREAU.secret, mail_address=BUREAU.mail_address)
        return RenderedMail(mime, recipient, sender, hashlib.sha256(self.words.encode()).hexdigest(), "plain-1")


@dataclass
class ScriptedServer:
    """A mail server in memory: `answers` gives for each address the endings of its next conversations, then accepts.

    An ending before the dot leaves the mail unmarked, as a real conversation would.
    """

    answers: dict[str, list[Ending]] = field(default_factory=dict)
    during: Callable[[Parcel], Awaitable[None]] | None = None
    after: Callable[[Parcel], Awaitable[None]] | None = None  # the dot, and before its answer
    name: str = "relay.test:25"
    size: int = 4
    kept: list[Parcel] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def connections(self):
        yield self

    async def hand_over(self, parcel: Parcel, mark: Callable[[], Awaitable[None]], following=nothing_follows) -> Ending:
        self.asked.append(parcel.recipient)
        await asyncio.sleep(0)
        if self.during:
            await self.during(parcel)
        queue = self.answers.get(parcel.recipient) or self.answers.get("*") or []
        ending = queue.pop(0) if queue else ACCEPTED
        if ending.stage is Stage.DOT:
            await mark()
            following()
            if ending.code is None or ending.code // 100 == 2:
                self.kept.append(parcel)
            if self.after:
                await self.after(parcel)
        return ending

    @property
    def to(self) -> list[str]:
        return sorted(parcel.recipient for parcel in self.kept)


@dataclass
class MemoryJournal:
    """A journal that forgets with the test."""

    lines: list[Entry] = field(default_factory=list)
    broken: bool = False
    earlier: dict[str, tuple[Trace, int]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    last_read: int = 0

    def write(self, entries, now):
        entries = list(entries)
        if self.broken and entries:
            raise OSError(28, "no space")
        self.lines += entries
        for what, name, attempt, text in entries:
            if what is Trace.READ:
                self.last_read = attempt
            else:
                self.earlier[name] = (what, attempt)
                if text:
                    self.texts[name] = text

    def last(self, name):
        return self.earlier.get(name)

    def said_else(self, name, text):
        return self.texts.get(name, text) != text


def owe_mail(session: Session, to: str = "anna@gemeente.test", **facts) -> Message:
    """Put one mail in the ledger, without a cohort unless one is given; `key` and everything else can be chosen."""
    person = session.query(Person).filter_by(email_key=to.casefold()).one_or_none()
    if person is None:
        person = Person(email=to, email_key=to.casefold(), name="Anna", created_at=TUESDAY)
        session.add(person)
        session.flush()
    at = facts.pop("at", TUESDAY)
    kind = facts.pop("kind", Kind.FAILURE)
    key = facts.pop("key", f"0/{person.id}/{kind}/{facts.get('subject', '-')}/{facts.get('revision', 0)}")
    values = {
        "key": key,
        "cohort_id": None,
        "person_id": person.id,
        "kind": kind,
        "subject": "-",
        "revision": 0,
        "payload": {},
        "status": MessageStatus.QUEUED,
        "why": "Volgens de test.",
        "outcome": "",
        "created_at": at,
        "due_at": at,
        "not_before": at,
        "stale_at": at + timedelta(days=7),
        "message_id": message_id(key, secret=BUREAU.secret, domain="vitale.example"),
        "next_attempt_at": facts.get("not_before", at),
        **facts,
    }
    message = Message(**values)
    session.add(message)
    session.flush()
    return message


BUSY = Ending(Stage.RCPT, 450, "4.2.0 later")


UNKNOWN = Ending(Stage.RCPT, 550, "5.1.1 no such user")


NO_ANSWER = Ending(Stage.DOT, None, "de mailserver antwoordde niet op tijd")


DOWN = Ending(Stage.CONNECT, None, "op die poort luistert niemand")


class Post:
    """The post of one test: everything around a database."""

    def __init__(self, database) -> None:
        self.database = database
        self.clock = Clock()
        self.letters = PlainLetters()
        self.server = ScriptedServer()
        self.journal = MemoryJournal()

    def owe(self, to: str = "anna@gemeente.test", **facts) -> int:
        with self.database.write() as session:
            return owe_mail(session, to, **facts).id

    def deliver(self, **options):
        return asyncio.run(
            deliver_due(
                self.database,
                server=self.server,
                letters=self.letters,
                journal=self.journal,
                now=self.clock,
                bureau=BUREAU,
                **options,
            )
        )

    def row(self, number: int) -> Message:
        with self.database.read() as session:
            row = session.get_one(Message, number)
            session.expunge(row)
            return row

    def said(self, kind: str) -> str:
        """Return the sentence of the open task of this kind."""
        with self.database.read() as session:
            return session.scalars(select(Task.what).where(Task.kind == kind, Task.status == TaskStatus.OPEN)).one()

    def tasks(self) -> list[str]:
        """Return the kinds of the open tasks."""
        with self.database.read() as session:
            return list(session.scalars(select(Task.kind).where(Task.status == TaskStatus.OPEN).order_by(Task.id)))
