"""Hand over what is due: claim, mark before the final dot, send, record.

This is the one place that decides outside a transaction, and the one async caller of the mail server. Marks and results
of all conversations that wait are committed together by one clerk; so a mail costs a share of a commit, and still
nobody sends a dot before its mark is on disk. The journal outside the database is written with the same stroke.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Connections, Journal, LeaseLost, MailServer, Parcel, Verdict
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.steps.post.claiming import ClaimedMail, claim
from vitale_core.steps.post.clerk import UNMARKED, Clerk
from vitale_core.steps.post.recording import Result
from vitale_core.steps.post.relay import may_try, troubled, trying
from vitale_core.store.database import Database

BATCH = 64
SLOW = 2.0
"""Seconds after which a conversation is slow: its domain gets no more than all connections but one."""


@dataclass(slots=True)
class DeliveryReport:
    """What one delivery did, in numbers of mails. `resting`: the mail server is not tried now."""

    prepared: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0
    broken: int = 0
    recovered: int = 0
    lost: int = 0  # claims that were taken back before the dot
    rounds: int = 0
    resting: bool = False

    @property
    def handled(self) -> int:
        """Return how many conversations were held."""
        return self.sent + self.deferred + self.failed + self.uncertain

    def count(self, verdict: Verdict) -> None:
        """Add one ending."""
        name = {
            Verdict.SENT: "sent",
            Verdict.AGAIN: "deferred",
            Verdict.RELAY_FAULT: "deferred",
            Verdict.FAILED: "failed",
            Verdict.UNCERTAIN: "uncertain",
        }[verdict]
        setattr(self, name, getattr(self, name) + 1)


async def deliver(
    database: Database,
    *,
    server: MailServer,
    journal: Journal,
    now: Callable[[], datetime],
    bureau: Bureau,
    limit: int | None = None,
    unmarked: int = UNMARKED,
    report: DeliveryReport | None = None,
) -> DeliveryReport:
    """Send what is prepared and due, at most `limit` mails, until nothing more can be claimed.

    Never waits for a retry: that is a later moment in `next_attempt_at`. When the database cannot be written, running
    conversations end before their dot or are kept in the journal, and the error is raised.
    """
    report = report or DeliveryReport()
    clerk = Clerk(database, journal, now, server=server.name, unmarked=unmarked)
    try:
        async with server.connections() as connections:
            size = min(server.size, unmarked)
            this = _Round(clerk, connections, size=size, bureau=bureau, report=report, limit=limit)
            await this.run()
    except (OperationalError, OSError) as error:
        raise TemporaryFailure(
            f"Database of verzendjournaal kan niet worden beschreven ({type(error).__name__}); de mails wachten.",
            remedy="vitale doctor",
        ) from error
    finally:
        clerk.close()
    return report


class _Round:
    """One delivery: keeps every connection busy until nothing is due."""

    def __init__(
        self,
        clerk: Clerk,
        connections: Connections,
        *,
        size: int,
        bureau: Bureau,
        report: DeliveryReport,
        limit: int | None,
    ) -> None:
        self._clerk = clerk
        self._connections = connections
        self._size = size
        self._bureau = bureau
        self._report = report
        self._left = limit
        self._waiting: deque[ClaimedMail] = deque()
        self._following: dict[int, ClaimedMail] = {}  # by worker: whose envelope went along with the last dot
        self._since: dict[int, float] = {}  # message id -> when its conversation began, on the loop's clock
        self._held: Counter[str] = Counter()  # connections that a receiver's domain has or is about to have
        self._dry = False  # the last claim found nothing
        self._heard = False  # of endings that may not have been written down when it looked
        self._over = False
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Claim and send; give back what was not begun, also when it breaks off."""
        workers = [asyncio.ensure_future(self._work(number)) for number in range(self._size)]
        try:
            await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        finally:  # also when this delivery is cancelled: conversations that are under way end well
            self._stop()
            try:
                await asyncio.gather(*workers, return_exceptions=True)
            finally:
                self._clerk.give_back([*self._waiting, *self._following.values()])
                self._following.clear()
                self._clerk.write()
        for worker in workers:
            worker.result()
        if self._clerk.error is not None:
            raise self._clerk.error

    async def _work(self, number: int) -> None:
        """Hold one conversation after the other, until there is nothing more to send."""
        try:
            while mail := await self._next(number):
                self._since[mail.parcel.id] = asyncio.get_running_loop().time()
                try:
                    await self._converse(mail, number)
                finally:
                    del self._since[mail.parcel.id]
                    self._free(mail)
                    self._dry, self._heard = False, True
                    self._tell()
        finally:
            self._stop()

    async def _next(self, number: int) -> ClaimedMail | None:
        """Return the next mail to send; None when there is none left, or no more may be sent."""
        while not self._over and self._clerk.error is None:
            if not self._dry and self._wants_more():
                batch = self._clerk.run(self._claim)
                self._waiting.extend(batch)
                self._dry = not batch
                self._tell()
            elif mail := self._following.pop(number, None) or self._pick():
                return mail
            elif self._since:
                await self._news.wait()
            else:
                self._clerk.write()  # a result may change what can be claimed
                if self._dry and not self._heard:
                    return None
                self._dry = self._heard = False
        return None

    def _follow(self, number: int) -> Parcel | None:
        """Choose what this worker sends next, when enough is left for the others; for a moment it is his."""
        if len(self._waiting) < self._size or not (mail := self._pick()):
            return None
        self._following[number] = mail
        asyncio.get_running_loop().call_later(SLOW, self._let_go, number, mail.parcel.id)
        return mail.parcel

    def _let_go(self, number: int, mail_id: int) -> None:
        """Leave a mail to the others when its turn did not come: the one before it is slow."""
        mail = self._following.get(number)
        if mail and mail.parcel.id == mail_id:
            del self._following[number]
            self._free(mail)
            self._waiting.appendleft(mail)
            self._tell()

    def _free(self, mail: ClaimedMail) -> None:
        """Note that the connection of this mail is there for another."""
        domain = mail.parcel.domain
        self._held[domain] -= 1
        if not self._held[domain]:
            del self._held[domain]

    def _tell(self) -> None:
        """Have every worker that waits look again."""
        self._news.set()
        self._news.clear()

    def _stop(self) -> None:
        """Have every worker stop after its conversation."""
        self._over = True
        self._tell()

    def _claim(self, session: Session) -> list[ClaimedMail]:
        now, busy = self._clerk.now(), self._busy()
        allowed = may_try(session, self._clerk.server, now=now)
        self._clerk.held = troubled(session)
        self._report.resting = allowed == 0
        limit = min(n for n in (BATCH, allowed, self._left) if n is not None)
        if limit == 0:
            return []
        batch = claim(session, now=now, limit=limit, bureau=self._bureau, journal=self._clerk.journal, busy=busy)
        if not batch and busy and len(self._waiting) < self._size:
            batch = claim(session, now=now, limit=limit, bureau=self._bureau, journal=self._clerk.journal)
        if batch and allowed == 1:
            trying(session, self._clerk.server, now=now)
        if self._left is not None:
            self._left -= len(batch)
        return batch

    def _wants_more(self) -> bool:
        busy = self._busy()
        ready = (mail for mail in self._waiting if mail.parcel.domain not in busy)
        return sum(1 for _ in islice(ready, self._size)) < self._size

    def _busy(self) -> set[str]:
        """Return the domains that hold all connections but one: the last one is for the others."""
        most = max(1, self._size - 1)
        return {domain for domain, count in self._held.items() if count >= most}

    def _pick(self) -> ClaimedMail | None:
        """Return the mail that waits longest for a domain that is not busy; of a busy one only while it is quick."""
        busy = self._busy()
        found = next((mail for mail in self._waiting if mail.parcel.domain not in busy), None)
        if found is None and self._waiting:
            slow_before = asyncio.get_running_loop().time() - SLOW
            if all(began >= slow_before for began in self._since.values()):
                found = self._waiting[0]
        if found is not None:
            self._waiting.remove(found)
            self._held[found.parcel.domain] += 1
        return found

    async def _converse(self, mail: ClaimedMail, number: int) -> None:
        if not self._clerk.begin(mail):
            self._report.lost += 1
            return
        try:
            ending = await self._connections.hand_over(
                mail.parcel, lambda: self._clerk.mark(mail), lambda: self._follow(number)
            )
        except LeaseLost:
            self._report.lost += 1
            self._clerk.forget(mail)
            return
        result = Result(mail, ending)
        verdict = result.decision.verdict
        self._report.count(verdict)
        self._clerk.record(result)
        if verdict is not Verdict.SENT:
            self._clerk.write()  # it tells what must rest because of this
            self._leave_alone()

    def _leave_alone(self) -> None:
        """Put back what waits for a server or a domain that must rest."""

        def rests(mail: ClaimedMail) -> bool:
            return self._clerk.server_rests or mail.parcel.domain in self._clerk.resting

        for number, mail in list(self._following.items()):
            if rests(mail):
                self._let_go(number, mail.parcel.id)
        resting = [mail for mail in self._waiting if rests(mail)]
        for mail in resting:
            self._waiting.remove(mail)
        self._clerk.give_back(resting)
