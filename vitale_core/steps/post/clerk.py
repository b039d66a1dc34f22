"""The clerk of a delivery: one hand that writes, for all conversations at once.

Everything that waits is written together: marks, results and what is given back in one transaction, then one stroke in
the journal; when the disk has both, the dots may go. The database decides: what it refused, the journal does not claim.
When the database cannot write, results are kept in the journal, and it learns that no dot followed the marks.

While the clerk writes nobody talks: a conversation can go on only with what is written, and to hand the pen to a thread
costs more than most disks do.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from vitale_core import faults
from vitale_core.domain.delivery import Entry, Journal, LeaseLost, Trace, Verdict
from vitale_core.steps.post.claiming import ClaimedMail
from vitale_core.steps.post.recording import Result, domains, give_back, record_rest, write_down
from vitale_core.steps.post.relay import all_is_well, breaker_of, resting_domains, troubled
from vitale_core.store.database import Database

T = TypeVar("T")

UNMARKED = 32
"""Results that are not on disk yet, at most: so many mails a crash can make uncertain."""

LINGER = 0.004
"""Seconds that results wait for the marks of the next mails, to go into one commit with them."""

GATHER = 0.001
"""Seconds that a mark waits for those of other conversations, while it would be written for less than half of them."""

CONVERSATION = timedelta(minutes=5)
"""No conversation takes longer (adapters.smtp.Patience.whole), so none starts with less of its lease left."""


class Clerk:
    """Writes down what conversations tell; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        now: Callable[[], datetime],
        *,
        server: str,
        unmarked: int = UNMARKED,
    ) -> None:
        """Take the collaborators; `close` gives the connection back."""
        self.journal = journal
        self.now = now
        self.server = server
        self.error: Exception | None = None
        self.resting: frozenset[str] = frozenset()  # domains that must be left alone, as of the last bad ending
        self.server_rests = False
        self.held: frozenset[str] = frozenset()  # servers and domains in trouble, as of the last claim or bad ending
        self._database = database
        self._connection: Connection | None = None
        self._unmarked = unmarked
        self._open = 0  # conversations that are under way or whose result is not on disk
        self._marks: list[tuple[ClaimedMail, asyncio.Future[None]]] = []
        self._results: list[Result] = []
        self._returned: list[ClaimedMail] = []
        self._marked: set[int] = set()
        self._due: asyncio.TimerHandle | None = None

    def run(self, work: Callable[[Session], T]) -> T:
        """Do work in a transaction of its own."""
        connection = self._writer()
        with connection.begin(), self._database.within(connection) as session:
            return work(session)

    def begin(self, mail: ClaimedMail) -> bool:
        """Say whether one more conversation may begin: not with too little of the lease left, nor when writing failed.

        When too many results are not on disk yet, they are written first.
        """
        if self._open >= self._unmarked:
            self.write()
        if self.error is not None or self.now() + CONVERSATION > mail.lease_until:
            self.give_back([mail])
            return False
        self._open += 1
        return True

    def mark(self, mail: ClaimedMail) -> asyncio.Future[None]:
        """Return what is done when it is on disk that the dot of this mail is about to be sent.

        It raises LeaseLost when the mail is no longer ours, and what the database or the journal raised.
        """
        if self.error is not None:
            raise self.error
        done = asyncio.get_running_loop().create_future()
        self._marks.append((mail, done))
        self._wake()
        return done

    def record(self, result: Result) -> None:
        """Have a result written down."""
        self._results.append(result)
        self._wake()

    def forget(self, mail: ClaimedMail) -> None:
        """End a conversation that came to nothing, because the mail was taken back."""
        self._open -= 1
        self.give_back([mail])

    def give_back(self, mails: Sequence[ClaimedMail]) -> None:
        """Have mails put back in the queue of which nothing was said."""
        if mails:
            self._returned.extend(mails)
            self._wake()

    def close(self) -> None:
        """Close the connection."""
        if self._due is not None:
            self._due.cancel()
        if self._connection is not None:
            self._connection.close()

    def write(self) -> None:
        """Write down everything that waits. What goes wrong is kept in `error` and told to every conversation."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        # Whoever does not wait any more for his mark has ended his conversation, and gets none.
        marks, self._marks = [(mail, done) for mail, done in self._marks if not done.done()], []
        results, self._results = self._results, []
        returned, self._returned = self._returned, []
        if not (marks or results or returned):
            return
        allowed: set[int] = set()
        try:
            allowed = self._commit([mail for mail, _ in marks], results, returned)
        except Exception as error:  # noqa: BLE001 - kept for who asks, and raised in every waiting conversation
            self.error = self.error or error
        for mail, done in marks:
            if mail.parcel.id in allowed:
                done.set_result(None)
            else:
                done.set_exception(self.error or LeaseLost())
        self._open -= len(results)

    def _writer(self) -> Connection:
        """Return the one connection for all groups: to take one for each would cost a question a group."""
        if self._connection is None:
            self._connection = self._database.writer()
        return self._connection

    def _wake(self) -> None:
        """See to it that what waits is written in time; a moment later when more is about to join it."""
        marks, talking = len(self._marks), self._open - len(self._results)
        wait = LINGER if not marks else GATHER if 2 * marks < talking else 0.0
        loop = asyncio.get_running_loop()
        at = loop.time() + wait
        if self._due is None or at < self._due.when():
            if self._due is not None:
                self._due.cancel()
            self._due = loop.call_at(at, self.write)

    def _commit(self, marks: list[ClaimedMail], results: list[Result], returned: list[ClaimedMail]) -> set[int]:
        now = self.now()
        lines = self._told(results)
        ours: list[ClaimedMail] = []
        connection = self._writer()
        try:
            with connection.begin():
                written = write_down(connection, results, marks, now=now)
                if not written.all_sent or not all_is_well(self.held, self.server, domains(results)):
                    with self._database.within(connection) as session:
                        record_rest(session, results, server=self.server, now=now)
                        session.flush()
                        self.resting = frozenset(resting_domains(session, now=now))
                        self.server_rests = breaker_of(session, self.server).is_open(now)
                        self.held = troubled(session)
                if returned:
                    give_back(connection, returned)
                ours = [mail for mail in marks if mail.parcel.id in written.allowed]
        except Exception:
            with suppress(OSError):
                self.journal.write([*lines, *_lines(Trace.REFUSED, ours)], now)  # it may have been marked all the same
            raise
        faults.point("clerk: committed")
        try:
            self.journal.write([*lines, *_lines(Trace.MARKED, ours)], now)
        except OSError:
            with suppress(SQLAlchemyError), connection.begin():
                give_back(connection, ours)
            raise
        numbers = {mail.parcel.id for mail in ours}
        self._marked |= numbers
        return numbers

    def _told(self, results: list[Result]) -> list[Entry]:
        """Return what the journal must know of these results: only of mails whose mark it has."""
        told = []
        for result in results:
            verdict, number = result.decision.verdict, result.mail.parcel.id
            if number in self._marked:
                self._marked.discard(number)
                if verdict is not Verdict.UNCERTAIN:
                    told.append(_line(Trace.ACCEPTED if verdict is Verdict.SENT else Trace.REFUSED, result.mail))
        return told


def _lines(what: Trace, mails: Iterable[ClaimedMail]) -> list[Entry]:
    return [_line(what, mail) for mail in mails]


def _line(what: Trace, mail: ClaimedMail) -> Entry:
    return Entry(what, mail.parcel.message_id, mail.attempts + 1, mail.text)


__all__ = ["CONVERSATION", "UNMARKED", "Clerk"]
