"""A thousand schedules of everything that can happen to a mail, held against a model of a few lines.

Two workers take turns in any order: claim, mark, send, record, or die at any of these; meanwhile time passes or jumps,
somebody cancels, settles or asks again, bounces come in, the server answers anything or nothing. The model knows only
what the server took and what people were told. The steps are the real ones, in one database.
"""

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.post import BUREAU, TUESDAY, MemoryJournal, PlainLetters, owe_mail
from vitale_core.domain.delivery import Ending, Entry, Stage, Trace
from vitale_core.domain.errors import Refused
from vitale_core.domain.incoming import Bounce
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.domain.worktime import next_office_moment
from vitale_core.steps.post import bounces, claiming, settling
from vitale_core.steps.post.claiming import LEASE, ClaimedMail, claim, recover
from vitale_core.steps.post.preparing import prepare, skip_stale
from vitale_core.steps.post.recording import Result, domains, give_back, record_rest, write_down
from vitale_core.steps.post.relay import all_is_well, troubled
from vitale_core.store.records import Attempt, AuditEvent, Message, Mime, Person, Relay, Suppression, Task

SCHEDULES = int(os.environ.get("VITALE_TEST_SCHEDULES", "1000"))
STEPS = 14
PARTS = 4
SERVER = "relay.test:25"
REFUSALS = (
    Ending(Stage.RCPT, 450, "4.2.0 later"),
    Ending(Stage.RCPT, 503, "5.5.1 nested"),
    Ending(Stage.RCPT, None, "SMTPServerDisconnected"),
    Ending(Stage.DATA, None, "SMTPServerDisconnected"),
    Ending(Stage.CONNECT, None, "ConnectionRefusedError"),
    Ending(Stage.RCPT, 550, "5.1.1 unknown"),
    Ending(Stage.DATA, 554, "5.7.1 policy"),
)
FINAL = {
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.SKIPPED,
    MessageStatus.CANCELLED,
    MessageStatus.BOUNCED,
}


@dataclass
class Told:
    """What people know of one mail."""

    kind: Kind
    copies: int = 0
    allowed: int = 1  # copies that are allowed by now
    cancelled_at: int | None = None  # how many copies there were when somebody was told that it will not go
    bytes_seen: set[bytes] = field(default_factory=set)


@dataclass
class Talk:
    """One conversation of a worker: what it holds and how far it is."""

    mail: ClaimedMail
    marked: bool = False
    ending: Ending | None = None


class Schedule:
    """One seeded run."""

    def __init__(self, database, seed: int) -> None:
        self.database = database
        self.dice = random.Random(seed)
        self.now = TUESDAY
        self.journal = MemoryJournal()
        self.letters = PlainLetters()
        self.told: dict[str, Told] = {}
        self.workers: list[list[Talk]] = [[], []]
        self.story: list[str] = []

    # What can happen, with how often it does.

    def owe(self) -> None:
        kind = self.dice.choice([Kind.FAILURE, Kind.DIGEST, Kind.CALENDAR_INVITATION, Kind.CALENDAR_CANCEL])
        stale = self.dice.choice([timedelta(minutes=8), timedelta(hours=5), timedelta(days=20)])
        with self.database.write() as session:
            number = len(self.told)
            message = owe_mail(
                session,
                f"p{number}@{self.dice.choice('ab')}.test",
                kind=kind,
                subject=str(number),
                at=self.now,
                stale_at=self.now + stale,
            )
            self.told[message.message_id] = Told(kind)

    def worker_claims(self) -> None:
        worker = self.dice.choice(self.workers)
        with self.database.write() as session:
            self.make_ready(session)
            limit = self.dice.choice([1, 3])
            worker += map(Talk, claim(session, now=self.now, limit=limit, bureau=BUREAU, journal=self.journal))

    def make_ready(self, session) -> None:
        recover(session, now=self.now, journal=self.journal)
        skip_stale(session, now=self.now)
        session.flush()
        prepare(session, now=self.now, letters=self.letters, bureau=BUREAU)

    def worker_talks(self) -> None:
        """Take one conversation one step further: mark, dot, or an end before it."""
        worker = self.dice.choice(self.workers)
        open_ = [talk for talk in worker if talk.ending is None]
        if not open_:
            return
        talk = self.dice.choice(open_)
        if not talk.marked:
            if self.dice.random() < 0.2:
                talk.ending = self.dice.choice(REFUSALS)
                return
            with self.database.write() as session:
                allowed = mark(session.connection(), [talk.mail], now=self.now)
                if not allowed:
                    give_back(session.connection(), [talk.mail])
            if not allowed:
                worker.remove(talk)
                return
            self.journal.write([Entry(Trace.MARKED, talk.mail.parcel.message_id, talk.mail.attempts + 1)], self.now)
            talk.marked = True
            return
        self.dot(talk)

    def dot(self, talk: Talk) -> None:
        told = self.told[talk.mail.parcel.message_id]
        outcome = self.dice.choice(["yes", "yes", "yes", "lost", "eaten", "no", "never"])
        if outcome in {"yes", "lost"}:
            told.copies += 1
            told.bytes_seen.add(talk.mail.parcel.mime)
        talk.ending = {
            "yes": Ending(Stage.DOT, 250, "2.0.0 ok"),
            "lost": Ending(Stage.DOT, None, "lost"),
            "eaten": Ending(Stage.DOT, None, "lost"),
            "no": Ending(Stage.DOT, 451, "4.3.0 later"),
            "never": Ending(Stage.DOT, 550, "5.7.1 policy"),
        }[outcome]

    def worker_records(self) -> None:
        worker = self.dice.choice(self.workers)
        done = [talk for talk in worker if talk.ending is not None]
        if not done:
            return
        results = [Result(talk.mail, talk.ending) for talk in done if talk.ending]
        with self.database.write() as session:
            record(session, results, self.now)
        for talk in done:
            worker.remove(talk)
            if talk.marked and talk.ending and talk.ending.code:
                trace = Trace.ACCEPTED if talk.ending.code == 250 else Trace.REFUSED
                self.journal.write([Entry(trace, talk.mail.parcel.message_id, talk.mail.attempts + 1)], self.now)

    def worker_dies(self) -> None:
        self.dice.choice(self.workers).clear()

    def time_passes(self) -> None:
        self.now += self.dice.choice([timedelta(minutes=1), timedelta(minutes=11), timedelta(hours=2)])

    def the_clock_jumps(self) -> None:
        self.now += self.dice.choice([timedelta(days=-1), timedelta(days=2)])

    def somebody_cancels(self) -> None:
        with self.database.write() as session:
            message = self.any_row(session)
            if message is None:
                return
            try:
                settling.cancel(session, message.id, by="proef", now=self.now)
            except Refused:
                return
            told = self.told[message.message_id]
            told.cancelled_at = told.copies

    def somebody_settles(self) -> None:
        with self.database.write() as session:
            message = self.any_row(session, MessageStatus.UNCERTAIN)
            if message is None:
                return
            arrived = self.dice.random() < 0.5
            settled = settling.settle(session, message.id, arrived=arrived, by="proef", now=self.now)
            self.told[message.message_id].allowed += settled.status is MessageStatus.QUEUED

    def a_bounce_comes(self) -> None:
        with self.database.write() as session:
            message = self.any_row(session, MessageStatus.SENT)
            if message is not None:
                bounce = Bounce("failed", "4.2.2", "full", (), (message.message_id,))
                bounces.take_bounce(session, bounce, now=self.now, bureau=BUREAU)

    def any_row(self, session, *statuses: MessageStatus) -> Message | None:
        query = select(Message).order_by(Message.id)
        rows = session.scalars(query.where(Message.status.in_(statuses)) if statuses else query).all()
        return self.dice.choice(rows) if rows else None

    def run(self) -> None:
        happens = (
            [self.owe] * 3
            + [self.worker_claims] * 4
            + [self.worker_talks] * 8
            + [self.worker_records] * 4
            + [self.worker_dies, self.time_passes, self.time_passes, self.the_clock_jumps]
            + [self.somebody_cancels, self.somebody_settles, self.a_bounce_comes]
        )
        self.owe()
        for _ in range(STEPS):
            step = self.dice.choice(happens)
            self.story.append(step.__name__)
            step()
            self.check()
        self.come_to_rest()
        self.check()
        self.at_rest()

    def check(self) -> None:
        """What must hold at every moment."""
        for name, told in self.told.items():
            most = told.allowed + (told.kind in CALENDAR)
            assert told.copies <= most, f"{name}: {told.copies} copies, {most} allowed"
            assert len(told.bytes_seen) <= 1, f"{name}: copies differ"
            if told.cancelled_at is not None:
                assert told.copies == told.cancelled_at, f"{name}: sent after it was cancelled"

    def come_to_rest(self) -> None:
        """Let everybody die, and one good worker finish against a good server."""
        for worker in self.workers:
            worker.clear()
        self.now = max(self.now, TUESDAY) + LEASE
        with self.database.write() as session:
            session.execute(delete(Relay))
        for _ in range(5):
            self.now = next_office_moment(self.now + timedelta(hours=3), ())
            self.worker_claims_all()

    def worker_claims_all(self) -> None:
        with self.database.write() as session:
            self.make_ready(session)
            mails = claim(session, now=self.now, limit=50, bureau=BUREAU, journal=self.journal)
            allowed = mark(session.connection(), mails, now=self.now) if mails else set()
            talks = [Talk(mail, marked=True) for mail in mails if mail.parcel.id in allowed]
            results = []
            for talk in talks:
                told = self.told[talk.mail.parcel.message_id]
                told.copies += 1
                told.bytes_seen.add(talk.mail.parcel.mime)
                results.append(Result(talk.mail, Ending(Stage.DOT, 250, "2.0.0 ok")))
            if results:
                record(session, results, self.now)

    def at_rest(self) -> None:
        """What must hold in the end: every mail has a visible end, or waits for a person who knows."""
        with self.database.read() as session:
            for message in session.scalars(select(Message)):
                told = self.told[message.message_id]
                where = f"{message.id} {message.kind} {message.status}"
                if message.status is MessageStatus.UNCERTAIN:
                    asked = select(Task.id).where(Task.message_id == message.id, Task.status == TaskStatus.OPEN)
                    assert session.scalar(asked), f"{where}: nobody was asked"
                elif message.status is MessageStatus.QUEUED:
                    assert message.next_attempt_at > self.now or self.resting(session), where
                else:
                    assert message.status in FINAL, where
                if message.status is MessageStatus.SENT:
                    assert told.copies or "nagevraagd" in message.outcome, f"{where}: the server has nothing"
                if message.status in {MessageStatus.SKIPPED, MessageStatus.FAILED, MessageStatus.CANCELLED}:
                    assert message.outcome, f"{where}: without a reason"

    def resting(self, session) -> bool:
        return session.scalar(select(Relay.name)) is not None


def mark(connection, mails: list[ClaimedMail], *, now) -> frozenset[int]:
    return write_down(connection, [], mails, now=now).allowed


def record(session, results: list[Result], now) -> None:
    """Write results down as the clerk does."""
    written = write_down(session.connection(), results, [], now=now)
    if not written.all_sent or not all_is_well(troubled(session), SERVER, domains(results)):
        record_rest(session, results, server=SERVER, now=now)


def emptied(database) -> None:
    with database.write() as session:
        for table in (Attempt, Mime, Task, AuditEvent, Relay, Suppression, Message, Person):
            session.execute(delete(table))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_thousand_schedules_keep_every_promise(database, part):
    run_all(database, [*_known_seeds(), *range(part, SCHEDULES, PARTS)])


def run_all(database, seeds: Iterable[int]) -> None:
    for seed in seeds:
        emptied(database)
        schedule = Schedule(database, seed)
        try:
            schedule.run()
        except AssertionError as broken:
            broken.add_note(f"seed {seed}: {' '.join(schedule.story)}")
            raise


def mark_for_whoever_asks(monkeypatch) -> None:
    def anybody(session, mails, *, now):
        return {mail.parcel.id for mail in mails}

    monkeypatch.setitem(globals(), "mark", anybody)
    monkeypatch.setattr(MemoryJournal, "last", lambda _self, _name: None)  # it would be the second guard


def recover_as_if_nothing_was_marked(monkeypatch) -> None:
    def recover_one(session, message, journal, now):
        message.status, message.lease_token, message.lease_until = MessageStatus.QUEUED, None, None

    monkeypatch.setattr(claiming, "_recover_one", recover_one)
    monkeypatch.setattr(MemoryJournal, "last", lambda _self, _name: None)


def cancel_what_is_being_sent(monkeypatch) -> None:
    def cancel(session, number, *, by, now):
        return session.get_one(Message, number)

    monkeypatch.setattr(settling, "cancel", cancel)


def repeat_everything(monkeypatch) -> None:
    monkeypatch.setattr(claiming, "CALENDAR", frozenset(Kind))


@pytest.mark.parametrize(
    "defect",
    [mark_for_whoever_asks, recover_as_if_nothing_was_marked, cancel_what_is_being_sent, repeat_everything],
    ids=lambda defect: defect.__name__,
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_schedules_catch_a_deliberate_defect(database, monkeypatch, defect):
    defect(monkeypatch)

    with pytest.raises(AssertionError):
        run_all(database, range(200))


def _known_seeds() -> list[int]:
    """Return the seeds that once failed; add a line when one does."""
    lines = (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line and not line.startswith("#")]
