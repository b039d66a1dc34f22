"""A short life of an installation, that can be killed at any point and started again.

Days pass on a virtual clock. Each day one step writes a fact and the mails it owes; then mail is delivered and read.
A life that was killed goes on where the day was. `oracle` says afterwards whether every promise was kept.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.chaos_smtp import Taken
from tests.incoming_mails import report, words
from tests.post import BUREAU, TUESDAY, PlainLetters
from vitale_core import faults
from vitale_core.adapters.incoming import read_mail
from vitale_core.adapters.journal import SendJournal
from vitale_core.adapters.mailbox import MaildirBox
from vitale_core.adapters.replies import calendar_reply
from vitale_core.adapters.smtp import Patience, SmtpServer
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps import ledger, people
from vitale_core.steps.post import inbox, settling
from vitale_core.steps.post import rounds as post
from vitale_core.steps.post.waiting import mail_waits
from vitale_core.store.database import Database, open_database
from vitale_core.store.records import Attempt, Incoming, Message, Note, Suppression, Task

UNMARKED = 2
CAL, TEXT = Kind.CALENDAR_INVITATION, Kind.FAILURE
PATIENCE = Patience(connect=5, command=5, dot=5, whole=20)
MINUTES = ((0, 6, 12, 60, 150), (0, 6, 12, 30), (0, 6, 12, 30), (0,))
TICKS = tuple(TUESDAY + timedelta(days=day, minutes=minutes) for day, hours in enumerate(MINUTES) for minutes in hours)


@dataclass(frozen=True)
class Case:
    """Who gets what on which day: (name, kind); the name before the dot is the fault of the first try."""

    days: tuple[tuple[tuple[str, Kind], ...], ...]

    @property
    def mails(self) -> int:
        return sum(len(day) for day in self.days)


TINY = Case(((("ok.1", TEXT), ("dot-lost.2", CAL)),))
SMALL = Case(((("ok.1", TEXT), ("ok.2", CAL)), (("dot-lost.3", CAL), ("rcpt-450.4", TEXT))))
MEDIUM = Case(
    (
        (("ok.1", TEXT), ("ok.2", CAL), ("rcpt-450.3", TEXT), ("ok.4", TEXT)),
        (("dot-lost.5", TEXT), ("dot-lost.6", CAL), ("rcpt-550.7", TEXT), ("ok.8", CAL)),
        (("ok.9", TEXT),),
    )
)
MANY = Case((tuple((f"ok.{number}", TEXT) for number in range(10)),))
FULL = Case(
    (
        (("ok.1", TEXT), ("ok.2", CAL), ("rcpt-450.3", TEXT), ("dot-lost.4", TEXT), ("dot-lost.5", CAL)),
        (("ok.6", CAL), ("rcpt-550.7", TEXT), ("dot-451.8", CAL), ("body-drop.9", TEXT), ("ok.10", TEXT)),
        (("ok.11", TEXT), ("503.12", CAL), ("dot-eaten.13", TEXT), ("ok.14", TEXT)),
    )
)


@dataclass
class Life:
    """One installation in a folder, with a server that outlives it."""

    folder: Path
    run: str  # makes addresses unique, so that one server can serve many lives
    port: int
    case: Case = SMALL
    size: int = 1
    url: str = ""
    letters: PlainLetters = field(default_factory=PlainLetters)
    ticks: tuple[datetime, ...] = TICKS
    wait: Callable[[], None] = lambda: None  # before each tick

    def __post_init__(self) -> None:
        self.url = self.url or f"sqlite:///{self.folder / 'vitale.db'}"
        self.tick_file = self.folder / "tick"

    def make(self, template: Path | None) -> None:
        """Make the folder, with a copy of an empty database in it."""
        self.folder.mkdir(parents=True)
        if template:
            shutil.copy(template, self.folder / "vitale.db")

    def address(self, name: str) -> str:
        return f"{name}.{self.run}@a.test"

    def live(self) -> None:
        """Go on from the last day that was begun, to the end."""
        begin = int(self.tick_file.read_text()) if self.tick_file.exists() else 0
        database = open_database(self.url)
        try:
            for number in range(begin, len(self.ticks)):
                self.wait()
                self.tick_file.write_text(str(number))
                self.tick(database, self.ticks[number])
        finally:
            database.dispose()

    def tick(self, database: Database, now: datetime) -> None:
        """Do everything that is due at this moment."""
        day, hour = divmod(int((now - TUESDAY).total_seconds()), 86_400)
        if day < len(self.case.days):
            self.begin_day(database, day, now)
        if 3600 <= hour < 7200:
            with database.write() as session:
                self.take_back(session, now)
        with database.read() as session:
            waits = mail_waits(session, now=now, bureau=BUREAU)
        if waits:
            self.deliver(database, now)
        if day >= 2:
            self.read(database, now)

    def begin_day(self, database: Database, day: int, now: datetime) -> None:
        """Take the step of the day, in one transaction."""
        with database.write() as session:
            self.step(session, day, now)

    def step(self, session: Session, day: int, now: datetime) -> None:
        """Write one fact and owe what follows from it; once, however often it is asked."""
        if session.get(Note, f"step/{day}"):
            return
        session.add(Note(name=f"step/{day}", value="done"))
        self.owe(session, day, now)

    def owe(self, session: Session, day: int, now: datetime) -> None:
        for name, kind in self.case.days[day]:
            self.owe_one(session, name, kind, now)
        if day == 0:
            self.owe_one(session, "cancelled", TEXT, now, at=now + timedelta(hours=2))
            self.owe_one(session, "late", TEXT, now, at=now + timedelta(minutes=5), stale=now + timedelta(minutes=6))

    def owe_one(
        self,
        session: Session,
        name: str,
        kind: Kind,
        now: datetime,
        at: datetime | None = None,
        stale: datetime | None = None,
    ) -> None:
        person = people.person_for(session, self.address(name), name="Iemand", now=now)
        ledger.owe(
            session,
            None,
            kind=kind,
            person_id=person.id,
            subject=name,
            why="Volgens de proef.",
            at=at or now,
            stale_at=stale or now + timedelta(days=7),
            now=now,
            bureau=BUREAU,
        )

    def take_back(self, session: Session, now: datetime) -> None:
        """Cancel one mail that is not due yet."""
        if session.get(Note, "taken back"):
            return
        mail = session.scalar(select(Message).where(Message.subject == "cancelled"))
        if mail is not None and mail.status is MessageStatus.QUEUED:
            settling.cancel(session, mail.id, by="proef", now=now)
            session.add(Note(name="taken back", value="yes"))

    def server(self) -> SmtpServer:
        return SmtpServer(host="127.0.0.1", port=self.port, size=self.size, patience=PATIENCE)

    def journal(self) -> SendJournal:
        return SendJournal(self.folder / "journal", "one")

    def deliver(self, database: Database, now: datetime) -> None:
        journal = self.journal()
        try:
            asyncio.run(
                post.deliver_due(
                    database,
                    server=self.server(),
                    letters=self.letters,
                    journal=journal,
                    now=lambda: now,
                    bureau=BUREAU,
                    unmarked=UNMARKED,
                )
            )
        finally:
            journal.close()

    def read(self, database: Database, now: datetime) -> None:
        """Read an inbox with a bounce of the first mail and words of a person in it."""
        box = MaildirBox(self.folder / "inbox")
        with database.read() as session:
            first = session.scalar(select(Message.message_id).order_by(Message.id))
        if not (self.folder / "put").exists() and first:
            mails = (report(original=first), words())
            for number, mail in enumerate(mails):
                (self.folder / "inbox" / "new" / str(number)).write_bytes(mail)
            (self.folder / "put").touch()
        journal = self.journal()
        try:
            inbox.read_inbox(
                database,
                box,
                journal=journal,
                now=now,
                bureau=BUREAU,
                read=partial(read_mail, calendar=calendar_reply),
                apply_reply=lambda *_args, **_options: ("applied", ""),
            )
        finally:
            journal.close()


# --------------------------------------------------------------------------------------------------- crash points


def on_every_point(database_or_engine: Database, reach: Callable[[str], None]) -> None:
    """Call `reach` at every named point and on both edges of every commit."""
    faults.reach = reach
    dialect = database_or_engine.engine.dialect
    commit = dialect.do_commit

    def do_commit(connection: object) -> None:
        reach("database: before a commit")
        commit(connection)  # type: ignore[arg-type]
        reach("database: after a commit")

    dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]


# ---------------------------------------------------------------------------------------------------------- oracle


def oracle(life: Life, taken: list[Taken], *, crashes: int = 0, sizes: int = UNMARKED + 1) -> list[str]:
    """Return every promise that was broken. `taken` is what the server has, of this life.

    A mail may be doubtful only because its answer was lost or because of a crash, and then for at most as many mails as
    may be under way. Only calendar mails may be there twice, and then with the same bytes.
    """
    database = open_database(life.url)
    problems: list[str] = []
    try:
        with database.read() as session:
            rows = {row.subject: row for row in session.scalars(select(Message))}
            problems += _ledger(life, session, rows, taken, crashes, sizes)
            problems += _around(life, session)
            if database.engine.dialect.name == "sqlite":
                check = session.execute(text("PRAGMA integrity_check")).scalar_one()
                problems += [] if check == "ok" else [f"integrity: {check}"]
                broken = session.execute(text("PRAGMA foreign_key_check")).all()
                problems += [f"foreign keys: {broken}"] if broken else []
    finally:
        database.dispose()
    return problems


def _ledger(
    life: Life, session: Session, rows: dict[str, Message], taken: list[Taken], crashes: int, sizes: int
) -> list[str]:
    problems: list[str] = []
    expected = [(name, kind) for day in life.case.days for name, kind in day]
    total = len(session.scalars(select(Message.id)).all())
    if total != len(expected) + 2:
        problems.append(f"{total} rows for {len(expected) + 2} owed mails")
    doubtful = 0
    for name, kind in expected:
        row = rows.get(name)
        if row is None:
            problems.append(f"{name}: never owed")
            continue
        copies = [mail for mail in taken if mail.message_id == row.message_id]
        lost_answer = name.startswith(("dot-lost", "dot-eaten"))
        problems += _one(name, kind, row, copies, session)
        if len(copies) > 1 and not (kind in CALENDAR and row.repeated_at and len(copies) == 2):
            problems.append(f"{name}: {len(copies)} copies")
        # A server that hangs up in the body, and is heard only after the dot: what became of it nobody can know.
        doubt = lost_answer or (name.startswith("body-drop") and row.uncertain_at)
        if row.uncertain_at and not doubt:
            doubtful += 1
        if not crashes and not doubt and len(copies) != (not name.startswith("rcpt-550")):
            problems.append(f"{name}: {len(copies)} copies without a crash")
    if doubtful > crashes * sizes:
        problems.append(f"{doubtful} doubtful mails after {crashes} crashes")
    known = {row.message_id for row in rows.values()}
    problems += [f"a mail of nobody: {mail.rcpt}" for mail in taken if mail.message_id not in known]
    cancelled, late = rows.get("cancelled"), rows.get("late")
    for name, row, status in (
        ("cancelled", cancelled, MessageStatus.CANCELLED),
        ("late", late, MessageStatus.SKIPPED),
    ):
        if row is None:
            problems.append(f"{name}: never owed")
        elif row.status is not status:
            problems.append(f"{name}: {row.status}")
    withdrawn = cancelled is not None and cancelled.status is MessageStatus.CANCELLED
    if withdrawn and any(mail.rcpt.startswith("cancelled") for mail in taken):
        problems.append("a cancelled mail was sent")
    return problems


def _one(name: str, kind: Kind, row: Message, copies: list[Taken], session: Session) -> list[str]:
    problems = []
    allowed = {MessageStatus.SENT, MessageStatus.BOUNCED, MessageStatus.UNCERTAIN}
    if name.startswith("rcpt-550"):
        allowed = {MessageStatus.FAILED}
    if row.status not in allowed:
        problems.append(f"{name}: ended as {row.status}: {row.outcome}")
    if row.status is MessageStatus.SENT and not copies:
        problems.append(f"{name}: sent, says the ledger; the server has nothing")
    if row.status is MessageStatus.UNCERTAIN:
        waiting = select(Task.id).where(Task.message_id == row.id, Task.status == TaskStatus.OPEN)
        if session.scalar(waiting) is None:
            problems.append(f"{name}: uncertain and nobody knows")
    if len({mail.digest for mail in copies}) > 1:
        problems.append(f"{name}: copies differ")
    if kind not in CALENDAR and row.repeated_at:
        problems.append(f"{name}: repeated by itself")
    ended = Counter(session.scalars(select(Attempt.what).where(Attempt.message_id == row.id)))
    if ended["accepted"] > 1:
        problems.append(f"{name}: accepted {ended['accepted']} times")
    return problems


def _around(life: Life, session: Session) -> list[str]:
    """Look at the steps and the inbox."""
    problems = [
        f"step {day} never happened" for day in range(len(life.case.days)) if session.get(Note, f"step/{day}") is None
    ]
    kinds = Counter(session.scalars(select(Incoming.kind)))
    if kinds != {"bounce": 1, "free": 1}:
        problems.append(f"inbox: {dict(kinds)}")
    left = [path.name for path in (life.folder / "inbox").glob("*/*") if path.parent.name in {"new", "cur"}]
    problems += [f"left in the inbox: {left}"] if left else []
    if len(session.scalars(select(Suppression.address_hash)).all()) < 1:
        problems.append("the bounce was not counted")
    return problems
