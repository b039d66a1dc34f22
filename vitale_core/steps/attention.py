"""What asks for attention now: late, waiting for a person, failed, in doubt; and what leaves today.

One list for the operator's command and for a watchdog; each line carries the command that settles it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vitale_core.domain import labels, worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps.post import waiting
from vitale_core.store.records import Cohort, Message, Task

RECENT = timedelta(days=14)
"""So long a mail that failed or came back stays on the list; its task stays until it is done."""


class Urgency(StrEnum):
    """How much it asks. The first four want a person; what leaves is only good to know."""

    LATE = "late"
    WAITS = "waits"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    LEAVES = "leaves"


@dataclass(frozen=True, slots=True)
class Item:
    """One line: what, for which cohort, since or until when, and what to do. Ids, no names.

    `task` is the number under which somebody ticks it off; None for what is no task.
    """

    urgency: Urgency
    what: str
    cohort: str
    at: datetime | None
    command: str
    count: int = 1
    task: int | None = None


def attention(session: Session, *, now: datetime, bureau: Bureau, cohort: Cohort | None = None) -> list[Item]:
    """Return what asks for attention, most pressing first."""
    found = [
        *_stuck(session, now=now, bureau=bureau),
        *_tasks(session, now=now, cohort=cohort),
        *_mails(session, now=now, cohort=cohort),
    ]
    order = list(Urgency)
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(found, key=lambda item: (order.index(item.urgency), item.at or far, item.what))


def needs_a_person(items: list[Item]) -> bool:
    """Say whether anything on the list is more than good to know."""
    return any(item.urgency is not Urgency.LEAVES for item in items)


def _stuck(session: Session, *, now: datetime, bureau: Bureau) -> Iterator[Item]:
    cohorts, mails = waiting.overdue(session, now=now, bureau=bureau)
    if cohorts:
        yield Item(
            Urgency.LATE, "De klok loopt achter: lichtingen wachten al een uur.", "", None, "vitale doctor", cohorts
        )
    if mails:
        yield Item(Urgency.LATE, "De post loopt achter: mails wachten al een uur.", "", None, "vitale doctor", mails)


def _tasks(session: Session, *, now: datetime, cohort: Cohort | None) -> Iterator[Item]:
    query = select(Task, Cohort.code).outerjoin(Cohort, Task.cohort_id == Cohort.id)
    query = query.where(Task.status == TaskStatus.OPEN).order_by(Task.id)
    if cohort is not None:
        query = query.where(Task.cohort_id == cohort.id)
    for task, code in session.execute(query).tuples():
        late = task.due_at is not None and task.due_at < now
        urgency = Urgency.LATE if late else Urgency.WAITS
        yield Item(urgency, task.what, code or "", task.due_at or task.created_at, task.command, task=task.id)


def _mails(session: Session, *, now: datetime, cohort: Cohort | None) -> Iterator[Item]:
    evening = worktime.local(now).replace(hour=23, minute=59)
    sorts = (
        (Urgency.WAITS, MessageStatus.AWAITING_APPROVAL, None, "te keuren", "awaiting-approval"),
        (Urgency.UNCERTAIN, MessageStatus.UNCERTAIN, None, "onzeker", "uncertain"),
        (Urgency.FAILED, MessageStatus.FAILED, Message.ended_at >= now - RECENT, "mislukt", "failed"),
        (Urgency.FAILED, MessageStatus.BOUNCED, Message.ended_at >= now - RECENT, "teruggekomen", "bounced"),
        (Urgency.LEAVES, MessageStatus.QUEUED, Message.not_before <= evening, "gaat vandaag uit", "queued"),
    )
    for urgency, status, when, word, name in sorts:
        query = (
            select(Cohort.code, Message.kind, func.count(), func.min(Message.not_before))
            .outerjoin(Cohort, Message.cohort_id == Cohort.id)
            .where(Message.status == status)
            .group_by(Cohort.code, Message.kind)
            .order_by(func.min(Message.not_before), Message.kind)
        )
        if when is not None:
            query = query.where(when)
        if cohort is not None:
            query = query.where(Message.cohort_id == cohort.id)
        for code, kind, count, first in session.execute(query).tuples():
            command = f"vitale mail approve --all {code}" if urgency is Urgency.WAITS and code else ""
            command = command or " ".join(part for part in ("vitale mail list", code, "--status", name) if part)
            told = f"1 mail {word}" if count == 1 else f"{count} mails {word.replace('gaat', 'gaan')}"
            yield Item(urgency, f"{told}: {labels.of_kind(kind)}.", code or "", first, command, count)
