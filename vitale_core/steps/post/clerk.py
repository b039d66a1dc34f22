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
from vitale_core.domain.delivery import Journal, LeaseLost, Trace, Verdict
from vitale_core.steps.post.claiming import ClaimedMail
from vitale_core.steps.post.recording import Result, give_back, mark, record_rest, record_sent
from vitale_core.steps.post.relay import breaker_of, resting_domains, troubled
from vitale_core.store.database import Database

T = TypeVar("T")

UNMARKED = 32
"""Results that are not on disk yet, at most: so many mails a crash can make uncertain."""

LINGER = 0.004
"""Seconds that results wait for the marks of the next mails, to go into one commit with them."""

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
        self._database = database
        self._connection: Connection | None = None
        self._slots = asyncio.Semaphore(unmarked)
        self.resting: frozenset[str] = frozenset()  # domains that must be left alone, as of the last bad ending
        self.server_rests = False
        self.held: frozenset[str] = frozenset()  # servers and domains in trouble, as of the last claim or bad ending
        self._marks: list[tuple[ClaimedMail, asyncio.Future[None]]] = []
        self._results: list[Result] = []
        self._returned: list[ClaimedMail] = []
        self._marked: set[int] = set()
        self._hurry = asyncio.Event()  # somebody waits for what is written next
        self._writing: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    @property
    def failed(self) -> bool:
        """Say whether something could not be written; `settled` raises what."""
        return self._error is not None

    def run(self, work: Callable[[Session], T]) -> T:
        """Do work in a transaction of its own."""
        connection = self._writer()
        with connection.begin(), self._database.within(connection) as session:
            return work(session)

    async def begin(self, mail: ClaimedMail) -> bool:
        """Wait until one more result may be on its way; False when too little of the lease is left by then."""
        await self._slots.acquire()
        if self._error is not None or self.now() + CONVERSATION > mail.lease_until:
            self._slots.release()
            self.give_back([mail])
            return False
        return True

    async def mark(self, mail: ClaimedMail) -> None:
        """Return when it is on disk that the dot of this mail is about to be sent.

        Raises LeaseLost when the mail is no longer ours, and what the database or the journal raised.
        """
        if self._error is not None:
            raise self._error
        done = asyncio.get_running_loop().create_future()
        self._marks.append((mail, done))
        self._hurry.set()
        self._wake()
        await done

    def record(self, result: Result) -> None:
        """Have a result written down; it takes a slot until it is on disk."""
        self._results.append(result)
        self._wake()

    async def heed(self, result: Result) -> None:
        """Have a bad ending written down, and return when it is known what must rest because of it."""
        self.record(result)
        self._hurry.set()
        while self._writing is not None and not self._writing.done():
            await self._writing

    def forget(self, mail: ClaimedMail) -> None:
        """End a conversation that came to nothing, because the mail was taken back."""
        self._slots.release()
        self.give_back([mail])

    def give_back(self, mails: Sequence[ClaimedMail]) -> None:
        """Have mails put back in the queue of which nothing was said."""
        if mails:
            self._returned.extend(mails)
            self._wake()

    async def settled(self) -> None:
        """Return when everything is written down. Raises what writing raised."""
        self._hurry.set()
        while self._writing is not None and not self._writing.done():
            await self._writing
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _writer(self) -> Connection:
        """Return the one connection for all groups: to take one for each would cost a question a group."""
        if self._connection is None:
            self._connection = self._database.writer()
        return self._connection

    def _wake(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        while self._marks or self._results or self._returned:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._hurry.wait()
            self._hurry.clear()
            marks, self._marks = self._marks, []
            results, self._results = self._results, []
            returned, self._returned = self._returned, []
            mails = [mail for mail, _ in marks]
            allowed: set[int] = set()
            try:
                allowed = self._commit(mails, results, returned)
            except Exception as error:  # noqa: BLE001 - kept, and raised by `settled` and to every waiting conversation
                self._error = self._error or error
            for mail, done in marks:
                if done.done():
                    continue
                if mail.parcel.id in allowed:
                    done.set_result(None)
                else:
                    done.set_exception(self._error or LeaseLost())
            for _ in results:
                self._slots.release()

    def _commit(self, marks: list[ClaimedMail], results: list[Result], returned: list[ClaimedMail]) -> set[int]:
        now = self.now()
        lines = self._told(results)
        ours: list[ClaimedMail] = []
        connection = self._writer()
        try:
            with connection.begin():
                if not record_sent(connection, results, server=self.server, held=self.held, now=now):
                    with self._database.within(connection) as session:
                        record_rest(session, results, server=self.server, now=now)
                        session.flush()
                        self.resting = frozenset(resting_domains(session, now=now))
                        self.server_rests = breaker_of(session, self.server).is_open(now)
                        self.held = troubled(session)
                if returned:
                    give_back(connection, returned)
                if marks:
                    allowed = mark(connection, marks, now=now)
                    ours = [mail for mail in marks if mail.parcel.id in allowed]
        except SQLAlchemyError:
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

    def _told(self, results: list[Result]) -> list[tuple[Trace, str, int]]:
        """Return what the journal must know of these results: only of mails whose mark it has."""
        told = []
        for result in results:
            verdict, number = result.decision.verdict, result.mail.parcel.id
            if number in self._marked:
                self._marked.discard(number)
                if verdict is not Verdict.UNCERTAIN:
                    trace = Trace.ACCEPTED if verdict is Verdict.SENT else Trace.REFUSED
                    told.append((trace, result.mail.parcel.message_id, result.mail.attempts + 1))
        return told


def _lines(what: Trace, mails: Iterable[ClaimedMail]) -> list[tuple[Trace, str, int]]:
    return [(what, mail.parcel.message_id, mail.attempts + 1) for mail in mails]


__all__ = ["CONVERSATION", "UNMARKED", "Clerk"]
