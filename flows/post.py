"""The post: deliver what is due, read what came in. A batch is the task, never a mail."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from prefect import get_run_logger
from sqlalchemy.orm import Session

from flows.running import Done, core_flow, core_task, decide, found, in_core, in_transaction, present, the_app
from vitale_core.adapters.guarded import GuardedReader
from vitale_core.domain import labels
from vitale_core.domain.errors import NeedsApproval, VitaleError
from vitale_core.steps import clock
from vitale_core.steps.post import settling
from vitale_core.steps.post.inbox import in_trouble, is_older, read_inbox
from vitale_core.steps.post.rounds import deliver_due
from vitale_core.steps.post.waiting import mail_waits
from vitale_core.steps.replies import apply_reply
from vitale_core.store.records import Cohort, Message

ENOUGH = 6
"""So many characters of a content hash say which text was looked at."""


class Settlement(StrEnum):
    """What became of a mail whose answer never came."""

    ARRIVED = "arrived"
    SEND_AGAIN = "send-again"


@core_task("deliver")
async def deliver(now: datetime) -> dict[str, int]:
    """Sends every mail that is due; in the thread of a loop of its own, because writing to disk would hold up ours."""
    report = await in_core(_deliver, now)
    counts = {name: int(getattr(report, name)) for name in ("sent", "deferred", "failed", "uncertain", "skipped")}
    get_run_logger().info("%s", ", ".join(f"{count} {name}" for name, count in counts.items()))
    return counts


@core_task("inbox")
async def read_mail(now: datetime) -> dict[str, int]:
    """Applies calendar replies, counts bounces, and puts what a person must read on the list."""
    app = the_app()
    with GuardedReader() as read:
        report = await in_core(
            read_inbox,
            app.database,
            app.mailbox,
            journal=app.journal,
            now=now,
            bureau=app.bureau,
            read=read,
            apply_reply=apply_reply,
        )
    counts = {"read": report.read, "tasks": report.tasks, "set aside": report.set_aside, "again": report.again}
    get_run_logger().info("%s", ", ".join(f"{count} {name}" for name, count in counts.items()))
    return counts


async def deliver_if_any(now: datetime) -> Any:  # noqa: ANN401 - a Prefect state
    """Deliver when something is due; return the state of the task, or None when there was nothing to do."""
    bureau = the_app().bureau
    if await in_transaction(lambda session: mail_waits(session, now=now, bureau=bureau)):
        return await deliver(now, return_state=True)
    return None


async def read_if_any(now: datetime) -> Any:  # noqa: ANN401 - a Prefect state
    """Read the inbox when something lies in it; return the state of the task, or None when it is empty."""
    try:
        waits = await in_core(_something_came_in)
    except VitaleError:
        waits = True  # the task tries again, and shows what is wrong
    return await read_mail(now, return_state=True) if waits else None


@core_flow("post.deliver", "deliver")
async def deliver_now() -> dict[str, int]:
    """Sends every mail that is due, without waiting for the next tick."""
    result: dict[str, int] = await deliver(await in_transaction(present))
    return result


@core_flow("post.read-inbox", "read-inbox")
async def read_inbox_now() -> dict[str, int]:
    """Reads the inbox, without waiting for the next tick."""
    result: dict[str, int] = await read_mail(await in_transaction(present))
    return result


@core_flow("post.approve-mail", "approve-mail {message}")
async def approve_mail(message: int, shown: str, approver: str) -> str:
    """Lets one mail go, exactly as it was shown. If the text changed since, this is refused.

    Args:
        message: number of the mail, as `vitale mail list` shows it
        shown: the code under the text that you read, as `vitale mail preview` shows it; six characters are enough
        approver: your name
    """

    def work(session: Session, now: datetime) -> Done:
        mail = found(session, Message, message, "Mail")
        full = mail.content_hash or ""
        if len(shown) < ENOUGH or not full.startswith(shown.lower()):
            raise NeedsApproval(
                f"De code hoort niet bij de tekst die mail {message} nu heeft.", remedy=f"vitale mail preview {message}"
            )
        mail = settling.approve(session, message, content_hash=full, by=approver, now=now)
        return Done(_code(session, mail), f"Mail {message} ({labels.of_kind(mail.kind)}) mag weg.")

    return await decide(work)


@core_flow("post.settle-mail", "settle-mail {message} {what}")
async def settle_mail(message: int, what: Settlement, by: str = "operator") -> str:
    """Ends the doubt about a mail of which the mail server never said whether it took it.

    Args:
        message: number of the mail, as `vitale mail list` shows it
        what: it arrived, as the recipient says; or send it again
        by: who asked
    """

    def work(session: Session, now: datetime) -> Done:
        arrived = what is Settlement.ARRIVED
        mail = settling.settle(session, message, arrived=arrived, by=by, now=now)
        return Done(
            _code(session, mail), f"Mail {message} ({labels.of_kind(mail.kind)}) is nu: {labels.of_state(mail.status)}."
        )

    return await decide(work)


def _deliver(now: datetime) -> Any:  # noqa: ANN401 - a DeliveryReport
    app = the_app()
    virtual = app.settings.clock == "virtual"
    if not virtual:
        with app.database.write() as session:
            clock.mailed_for_real(session)
    return asyncio.run(
        deliver_due(
            app.database,
            server=app.server,
            letters=app.renderer,
            journal=app.journal,
            now=(lambda: now) if virtual else (lambda: datetime.now(UTC)),
            bureau=app.bureau,
            unmarked=app.settings.smtp_unmarked,
        )
    )


def _something_came_in() -> bool:
    app = the_app()
    something = next(iter(app.mailbox.waiting(limit=1, largest=0)), None) is not None
    return something or is_older(app.database, app.journal) or in_trouble(app.database)


def _code(session: Session, mail: Message) -> str:
    cohort = session.get(Cohort, mail.cohort_id) if mail.cohort_id else None
    return cohort.code if cohort else ""
