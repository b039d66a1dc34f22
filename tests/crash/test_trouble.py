"""Trouble that does not kill: a full disk, a locked or read-only database, days of outage, a clock that jumps."""

import asyncio
import errno
import sqlite3
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from tests.chaos_smtp import ChaosServer, by_name
from tests.crash import life as lives
from tests.post import BUREAU, TUESDAY, Clock, MemoryJournal, PlainLetters, ScriptedServer, owe_mail
from vitale_core import faults
from vitale_core.adapters.journal import SendJournal
from vitale_core.domain.delivery import Ending, Entry, Stage, Trace
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post import clerk
from vitale_core.steps.post.claiming import claim
from vitale_core.steps.post.preparing import prepare
from vitale_core.steps.post.recording import write_down
from vitale_core.steps.post.rounds import deliver_due
from vitale_core.store import database as opening
from vitale_core.store.database import open_database
from vitale_core.store.records import Message, Task

DOWN = Ending(Stage.CONNECT, None, "ConnectionRefusedError")


def deliver(database, server, clock, *, journal=None, letters=None):
    return asyncio.run(
        deliver_due(
            database,
            server=server,
            letters=letters or PlainLetters(),
            journal=journal or MemoryJournal(),
            now=clock,
            bureau=BUREAU,
        )
    )


def statuses(database) -> Counter[MessageStatus]:
    with database.read() as session:
        return Counter(session.scalars(select(Message.status)))


# -------------------------------------------------------------------------------------------------- disks and locks


@pytest.fixture
def life(tmp_path, database_url):
    server = ChaosServer(plan=by_name)
    with server:
        made = lives.Life(tmp_path / "life", "r1", server.port, case=lives.SMALL, url=database_url)
        made.make(None)
        yield made, server
    faults.reach = None


def _lives_on(life: lives.Life) -> None:
    """Go on after trouble, as often as it takes a scheduler to notice that it is over."""
    life.live()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("place", ["database: before a commit", "journal: before the write"])
@pytest.mark.parametrize("nth", [1, 2, 5, 12, 30, 60])
def test_a_disk_that_is_full_from_some_write_on_until_it_is_cleaned_up(life, monkeypatch, place, nth):
    made, server = life
    writes = 0

    def full(name):
        nonlocal writes
        writes += name == place
        if name == place and writes >= nth:
            if place.startswith("database"):
                raise sqlite3.OperationalError("database or disk is full")
            raise OSError(errno.ENOSPC, "no space left on device")

    opened = open_database(made.url)
    monkeypatch.setattr(lives, "open_database", lambda _url: opened)
    commit = opened.engine.dialect.do_commit
    lives.on_every_point(opened, full)
    try:
        made.live()
        troubled = False
    except (TemporaryFailure, OperationalError):
        troubled = True
    faults.reach = None
    monkeypatch.setattr(opened.engine.dialect, "do_commit", commit)
    _lives_on(made)

    assert troubled == (writes >= nth)
    assert lives.oracle(made, server.taken, crashes=int(troubled)) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_cannot_be_written_sends_nothing(tmp_path, database, database_url):
    with database.write() as session:
        owe_mail(session)
    path = database_url.removeprefix("sqlite:///")
    server = ScriptedServer()
    read_only = open_database(f"sqlite:///file:{path}?mode=ro&uri=true")

    with pytest.raises((TemporaryFailure, OperationalError), match=r"readonly|beschreven"):
        deliver(read_only, server, Clock())
    read_only.dispose()

    assert server.asked == []
    assert deliver(database, server, Clock()).sent == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("when", ["from the start", "half-way a conversation"])
def test_a_database_that_another_program_keeps_locked(database_url, monkeypatch, when):
    monkeypatch.setattr(opening, "BUSY_TIMEOUT_MS", 200)
    database = open_database(database_url)
    with database.write() as session:
        owe_mail(session, "a@a.test")
        owe_mail(session, "b@a.test")
    other = create_engine(database_url, isolation_level=None).connect()
    lock = text("BEGIN IMMEDIATE")
    server, clock, journal = ScriptedServer(size=1), Clock(), MemoryJournal()
    if when == "from the start":
        other.execute(lock)
    else:
        server.during = lambda _parcel: _execute(other, lock)

    with pytest.raises((TemporaryFailure, OperationalError)):
        deliver(database, server, clock, journal=journal)
    other.execute(text("ROLLBACK"))
    server.during = None
    assert server.kept == []

    clock.forward(minutes=11)
    deliver(database, server, clock, journal=journal)
    other.close()
    other.engine.dispose()
    database.dispose()

    assert server.to == ["a@a.test", "b@a.test"]


async def _execute(connection, statement):
    if not connection.in_transaction():
        connection.execute(statement)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_commit_of_a_mark_that_failed_leaves_no_doubt(database, monkeypatch):
    """Whatever the database kept of it: the journal knows that no dot followed."""
    server, clock, journal = ScriptedServer(), Clock(), MemoryJournal()
    with database.write() as session:
        owe_mail(session)
        prepare(session, now=clock(), letters=PlainLetters(), bureau=BUREAU)
    commit = database.engine.dialect.do_commit

    def commit_and_break(connection):
        commit(connection)
        raise sqlite3.OperationalError("disk I/O error")

    def marked(connection, results, marks, *, now):
        monkeypatch.setattr(database.engine.dialect, "do_commit", commit_and_break)
        return write_down(connection, results, marks, now=now)

    monkeypatch.setattr(clerk, "write_down", marked)
    with pytest.raises(TemporaryFailure):
        deliver(database, server, clock, journal=journal)
    monkeypatch.undo()

    assert server.kept == []
    assert [what for what, *_ in journal.lines] == [Trace.REFUSED]
    with database.read() as session:
        assert session.scalars(select(Message.marked_at)).one() is not None
    clock.forward(minutes=11)
    deliver(database, server, clock, journal=journal)
    assert len(server.kept) == 1
    assert statuses(database) == {MessageStatus.SENT: 1}


def test_a_mark_that_only_the_journal_has_leaves_a_doubt(database):
    server, clock, journal = ScriptedServer(), Clock(), MemoryJournal()
    with database.write() as session:
        owe_mail(session)
        prepare(session, now=clock(), letters=PlainLetters(), bureau=BUREAU)
    with database.write() as session:
        (mail,) = claim(session, now=clock(), limit=1, bureau=BUREAU, journal=journal)
    journal.write([Entry(Trace.MARKED, mail.parcel.message_id, 1)], clock())  # and then the machine stopped

    clock.forward(minutes=11)
    deliver(database, server, clock, journal=journal)

    assert server.kept == []
    assert statuses(database) == {MessageStatus.UNCERTAIN: 1}
    with database.read() as session:
        assert set(session.scalars(select(Task.kind))) == {"uncertain"}


# ----------------------------------------------------------------------------------------------------------- outage


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_eight_days_of_outage_lose_nothing_and_send_nothing_that_is_late(database):
    clock, server, journal = Clock(), ScriptedServer(), MemoryJournal()
    server.answers["*"] = [DOWN] * 100_000
    with database.write() as session:
        for number in range(6):
            owe_mail(session, f"lasting{number}@a.test", stale_at=TUESDAY + timedelta(days=30))
            owe_mail(
                session,
                f"reminder{number}@a.test",
                kind=Kind.DIGEST,
                stale_at=TUESDAY + timedelta(days=2),
                about_at=TUESDAY + timedelta(days=2),
            )

    for _hour in range(8 * 24):
        deliver(database, server, clock, journal=journal)
        clock.forward(hours=1)

    assert statuses(database) == {MessageStatus.QUEUED: 6, MessageStatus.SKIPPED: 6}
    assert server.kept == []
    assert len(server.asked) <= 8 * 24 + 10, "one mail an hour tries for all"

    server.answers.clear()
    clock.forward(hours=1)
    deliver(database, server, clock, journal=journal)
    deliver(database, server, clock, journal=journal)

    assert server.to == [f"lasting{number}@a.test" for number in range(6)]
    with database.read() as session:
        assert {outcome for outcome in session.scalars(select(Message.outcome)) if outcome} == {
            "Te laat om nog nuttig te zijn: dat was tot donderdag 18 maart 2027, 10.00 uur."
        }
        assert set(session.scalars(select(Task.kind))) == {"relay"}


# ------------------------------------------------------------------------------------------------------ clock jumps


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=2)], ids=["a day back", "two days ahead"])
@pytest.mark.parametrize("marked", [False, True], ids=["before the mark", "after the mark"])
def test_a_clock_that_jumps_while_a_mail_is_under_way(database, jump, marked):
    clock, server, journal = Clock(), ScriptedServer(), MemoryJournal()
    with database.write() as session:
        owe_mail(session, stale_at=TUESDAY + timedelta(days=30))
        prepare(session, now=clock(), letters=PlainLetters(), bureau=BUREAU)
    with database.write() as session:
        (mail,) = claim(session, now=clock(), limit=1, bureau=BUREAU, journal=journal)
        if marked:
            session.get_one(Message, mail.parcel.id).marked_at = clock()
            server.kept.append(mail.parcel)  # the dot left, and then the machine stopped

    clock.at += jump
    for _ in range(3):
        deliver(database, server, clock, journal=journal)
        clock.at = max(clock.at, TUESDAY) + timedelta(days=1)

    assert len(server.kept) == 1
    assert statuses(database) == {MessageStatus.UNCERTAIN if marked else MessageStatus.SENT: 1}


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=2)], ids=["a day back", "two days ahead"])
@pytest.mark.parametrize("at", [1, 4, 7, 10])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_life_in_which_the_clock_jumps(tmp_path, database_url, jump, at):
    ticks = lives.TICKS
    jumped = (*ticks[:at], ticks[at] + jump, *ticks[at:])
    with ChaosServer(plan=by_name) as server:
        life = lives.Life(tmp_path / "life", "r1", server.port, case=lives.SMALL, url=database_url, ticks=jumped)
        life.make(None)
        life.live()

        problems = lives.oracle(life, server.taken)

    # The day after tomorrow came first: what was only for today is late by then, and that is all.
    assert [p for p in problems if not p.startswith(("late", "cancelled: "))] == []


def test_the_journal_of_an_older_month_is_still_known(tmp_path):
    journal = SendJournal(tmp_path, "one")
    journal.write([Entry(Trace.MARKED, "<a@b>", 1), Entry(Trace.ACCEPTED, "<a@b>", 1)], TUESDAY)
    journal.write([Entry(Trace.MARKED, "<c@d>", 2)], TUESDAY + timedelta(days=40))
    journal.close()
    with (tmp_path / "one-2027-04.log").open("a") as torn:
        torn.write("2027-04-25T10:00:00+0000 accep")

    again = SendJournal(tmp_path, "one")

    assert again.last("<a@b>") == (Trace.ACCEPTED, 1)
    assert again.last("<c@d>") == (Trace.MARKED, 2)
    assert SendJournal(tmp_path, "two").last("<a@b>") is None
