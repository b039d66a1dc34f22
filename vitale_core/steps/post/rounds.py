"""The post: make what is due, hand it over, until nothing is due any more."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.delivery import Journal, Letters, MailServer
from vitale_core.steps.post.claiming import recover
from vitale_core.steps.post.clerk import UNMARKED
from vitale_core.steps.post.delivery import DeliveryReport, deliver
from vitale_core.steps.post.preparing import prepare, skip_stale
from vitale_core.store.database import Database

PREPARE = 25
ROUND = 500
"""So many letters are made before the first of them leaves."""

ROUNDS = 10_000


async def deliver_due(
    database: Database,
    *,
    server: MailServer,
    letters: Letters,
    journal: Journal,
    now: Callable[[], datetime],
    bureau: Bureau,
    limit: int | None = None,
    unmarked: int = UNMARKED,
) -> DeliveryReport:
    """Send every mail that is due now, at most `limit` of them, and return what became of them.

    `now` is asked again for each decision, so that a long delivery notices the evening; it may be a virtual clock that
    stands still. Nothing here waits for a retry.

    Raises TemporaryFailure when the database or the journal cannot be written; nothing is lost then.
    """
    report = DeliveryReport()
    report.recovered, report.skipped = await asyncio.to_thread(_clear, database, journal, now)
    for _ in range(ROUNDS):
        made = await asyncio.to_thread(_prepare, database, letters, now, bureau, report)
        if not made and report.rounds:
            break
        report.rounds += 1
        await deliver(
            database,
            server=server,
            journal=journal,
            now=now,
            bureau=bureau,
            limit=None if limit is None else limit - report.handled,
            unmarked=unmarked,
            report=report,
        )
    return report


def _clear(database: Database, journal: Journal, now: Callable[[], datetime]) -> tuple[int, int]:
    """Give back what dead workers took, and end what came too late."""
    with database.write() as session:
        recovered = recover(session, now=now(), journal=journal)
    skipped = 0
    while True:
        with database.write() as session:
            ended = skip_stale(session, now=now())
        if not ended:
            return recovered, skipped
        skipped += ended


def _prepare(
    database: Database, letters: Letters, now: Callable[[], datetime], bureau: Bureau, report: DeliveryReport
) -> int:
    made = 0
    while made < ROUND:
        with database.write() as session:
            done = prepare(session, now=now(), letters=letters, bureau=bureau, limit=PREPARE)
        report.prepared += done.ready
        report.skipped += done.skipped
        report.broken += done.broken
        made += done.handled
        if not done.handled:
            break
    return made
