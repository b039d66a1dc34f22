"""The mails that everybody must send: in our ledger, and in the plain table that the other ways read."""

import asyncio
import random
import sqlite3
import string
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, insert, select

from vitale_core.adapters.journal import SendJournal
from vitale_core.adapters.smtp import SmtpServer
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Trace
from vitale_core.domain.kinds import Kind
from vitale_core.domain.postmark import bounce_address, message_id
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.delivery import deliver
from vitale_core.store.database import Database
from vitale_core.store.records import Attempt, Message, Mime, Person

NOW = datetime(2027, 3, 16, 9, tzinfo=UTC)
BUREAU = Bureau(secret=b"a secret of the benchmark")
DOMAINS = ("gemeente.example", "provincie.example", "waterschap.example", "bureau.example", "wijk.example")
AT_ONCE = 1000


def mime(number: int, name: str, size: int) -> bytes:
    """Return a mail of `size` octets in lines of 72; no two alike."""
    head = (
        f"From: Vitale <{BUREAU.mail_address}>\r\nTo: {recipient(number)}\r\nSubject: Je uitnodiging {number}\r\n"
        f"Date: {NOW:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: {name}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain\r\n\r\n"
    )
    chance = random.Random(number)
    line = "".join(chance.choices(string.ascii_letters, k=72)) + "\r\n"
    return (head + line * max(1, (size - len(head)) // len(line))).encode()


def recipient(number: int) -> str:
    return f"p{number}@{DOMAINS[number % len(DOMAINS)]}"


def owe(database: Database, run: str, count: int, size: int) -> set[str]:
    """Empty the ledger and owe so many mails, their bytes made; return their Message-IDs."""
    names: set[str] = set()
    with database.write() as session:
        for record in (Attempt, Mime, Message, Person):
            session.execute(delete(record))
    for first in range(1, count + 1, AT_ONCE):
        people, messages, mimes = [], [], []
        for number in range(first, min(first + AT_ONCE, count + 1)):
            key = f"0/{number}/{Kind.FAILURE}/{run}/0"
            name = message_id(key, secret=BUREAU.secret, domain="vitale.example")
            names.add(name)
            to = recipient(number)
            people.append({"id": number, "email": to, "email_key": to, "name": "Noor", "created_at": NOW})
            messages.append(
                {
                    "id": number, "key": key, "person_id": number, "kind": Kind.FAILURE, "subject": run, "revision": 0,
                    "payload": {}, "status": MessageStatus.QUEUED, "why": "", "outcome": "", "created_at": NOW,
                    "due_at": NOW, "not_before": NOW, "stale_at": NOW + timedelta(days=7), "message_id": name,
                    "rendered_version": 0, "next_attempt_at": NOW, "attempts": 0,
                }
            )  # fmt: skip
            sender = bounce_address(number, name, secret=BUREAU.secret, mail_address=BUREAU.mail_address)
            mimes.append(
                {
                    "message_id": number, "recipient": to, "envelope_from": sender,
                    "content": mime(number, name, size), "sha256": "",
                }
            )  # fmt: skip
        with database.write() as session:
            for record, rows in ((Person, people), (Message, messages), (Mime, mimes)):
                session.execute(insert(record), rows)
    return names


def fill(path: Path, run: str, count: int, size: int) -> set[str]:
    """Make the plain table anew; return the Message-IDs."""
    path.unlink(missing_ok=True)
    names = {f"<{run}.{number}@plain.example>": number for number in range(1, count + 1)}
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, recipient TEXT, content BLOB, sent INTEGER)")
        rows = ((number, recipient(number), mime(number, name, size)) for name, number in names.items())
        connection.executemany("INSERT INTO mail VALUES (?, ?, ?, 0)", rows)
    return set(names)


class WatchedJournal(SendJournal):
    """The journal of the product, that also tells how long a result was known and not yet on disk."""

    answered: dict[str, float]
    windows: list[float]

    def write(self, entries, now):
        entries = list(entries)
        super().write(entries, now)
        at = time.perf_counter()
        self.windows += [at - self.answered.pop(name) for what, name, *_ in entries if what is Trace.ACCEPTED]


@dataclass(frozen=True)
class WatchedServer:
    """The mail server of the product, that also tells when it answered."""

    server: SmtpServer
    answered: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def size(self) -> int:
        return self.server.size

    @asynccontextmanager
    async def connections(self):
        async with self.server.connections() as pool:
            yield _Watched(pool, self.answered)


class _Watched:
    def __init__(self, pool, answered) -> None:
        self.pool, self.answered = pool, answered

    async def hand_over(self, parcel, mark, following):
        ending = await self.pool.hand_over(parcel, mark, following)
        self.answered[parcel.message_id] = time.perf_counter()
        return ending


@dataclass(frozen=True)
class Sent:
    """What one run of ours took: seconds, seconds of processor in this process, and those between answer and disk."""

    seconds: float
    processor: float
    windows: list[float]


def ours(database: Database, folder: Path, port: int, count: int, *, connections: int) -> Sent:
    """Send everything, and see that it is written down."""
    server = WatchedServer(SmtpServer(host="127.0.0.1", port=port, size=connections))
    journal = WatchedJournal(folder, "one")
    journal.answered, journal.windows = server.answered, []
    before, processor = time.perf_counter(), time.process_time()
    report = asyncio.run(deliver(database, server=server, journal=journal, now=lambda: NOW, bureau=BUREAU))
    took, processor = time.perf_counter() - before, time.process_time() - processor
    journal.close()
    assert report.sent == count, report
    with database.read() as session:
        sent = session.scalar(select(func.count()).where(Message.status == MessageStatus.SENT))
    assert sent == count, f"{sent} of {count} are written down as sent"
    return Sent(took, processor, journal.windows)
