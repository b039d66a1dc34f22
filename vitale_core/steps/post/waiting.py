"""What waits: whether there is post to deliver now, so that a quiet tick costs nothing; and what waits too long."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import CALENDAR
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.preparing import may_leave
from vitale_core.store.database import AT_ONCE
from vitale_core.store.records import Cohort, Message

LATE = timedelta(hours=1)
"""The tick runs every five minutes; what is still due after this time is stuck."""

OPEN = (MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL)


def mail_waits(session: Session, *, now: datetime, bureau: Bureau) -> bool:
    """Whether `deliver_due` has something to do: to send, to give back, to repeat or to end as too late."""
    to_send = and_(
        Message.status == MessageStatus.QUEUED,
        Message.next_attempt_at <= now,
        Message.not_before <= now,
        may_leave(now, bureau),
    )
    too_late = and_(Message.status.in_(OPEN), Message.stale_at <= now)
    abandoned = and_(Message.status == MessageStatus.SENDING, Message.lease_until <= now)
    to_repeat = and_(
        Message.status == MessageStatus.UNCERTAIN,
        Message.kind.in_(sorted(CALENDAR)),
        Message.repeated_at.is_(None),
        Message.next_attempt_at <= now,
    )
    query = select(Message.id).where(or_(to_send, too_late, abandoned, to_repeat)).limit(1)
    return session.scalar(query) is not None


def overdue(session: Session, *, now: datetime, bureau: Bureau) -> tuple[int, int]:
    """Return how many cohorts and mails wait longer than they should.

    A cohort that changed just now is due "at once", so only one that was due at a moment of its own counts; mail only
    when it may leave at this moment.
    """
    cohorts = select(func.count()).where(Cohort.next_due_at < now - LATE, Cohort.next_due_at > AT_ONCE)
    mails = select(func.count()).where(
        Message.status.in_([MessageStatus.QUEUED, MessageStatus.SENDING]),
        Message.next_attempt_at < now - LATE,
        may_leave(now, bureau),
    )
    return session.scalar(cohorts) or 0, session.scalar(mails) or 0
