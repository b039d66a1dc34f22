"""The text mail about changes of dates: old and new side by side, one mail for all changes within the quiet time."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import ledger
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message

Change = dict[str, Any]
WAITING = (MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL)


def change_of(meeting: CourseSession, what: str) -> Change:
    """Return what a mail needs of a session as it stands before it changes."""
    start, location = meeting.starts_at, meeting.location
    return {
        "what": what,
        "session": meeting.name,
        "title": meeting.title,
        "old_start": start.isoformat() if start else None,
        "old_end": meeting.ends_at.isoformat() if meeting.ends_at else None,
        "old_location": location,
        "new_start": start.isoformat() if start else None,
        "new_end": meeting.ends_at.isoformat() if meeting.ends_at else None,
        "new_location": location,
    }


def tell(
    session: Session, cohort: Cohort, enrolment: Enrolment, change: Change, *, now: datetime, bureau: Bureau
) -> Message | None:
    """Owe the text mail about a change, or add it to the one that still waits in its quiet time."""
    mails = session.scalars(
        select(Message)
        .where(Message.enrolment_id == enrolment.id, Message.kind == Kind.CHANGES)
        .order_by(Message.id.desc())
        .with_for_update()
    ).all()
    quiet = timedelta(minutes=programme_of(cohort).quiet_minutes)
    waiting = mails[0] if mails and mails[0].status in WAITING and mails[0].attempts == 0 else None
    if waiting is not None:
        merged = _merge(waiting.payload["changes"], change)
        waiting.payload = {"changes": merged}
        if merged:
            about, stale_at = _about(merged, now)
            ledger.renew(waiting, about=about, stale_at=stale_at, now=now, bureau=bureau, quiet=quiet)
        else:
            waiting.status, waiting.ended_at = MessageStatus.CANCELLED, now
            waiting.outcome = "De wijziging is teruggedraaid voordat iemand ervan hoorde."
        return waiting
    about, stale_at = _about([change], now)
    return ledger.owe(
        session,
        cohort,
        kind=Kind.CHANGES,
        person_id=enrolment.person_id,
        subject=f"enrolment-{enrolment.id}",
        revision=len(mails),
        why=f"{change['session']} is veranderd.",
        at=now,
        stale_at=stale_at,
        now=now,
        bureau=bureau,
        enrolment_id=enrolment.id,
        about=about,
        payload={"changes": [change]},
        quiet=quiet,
    )


def _about(changes: list[Change], now: datetime) -> tuple[datetime | None, datetime]:
    """Return the first moment that changes concern, and until when it helps to hear of them."""
    moments = [
        datetime.fromisoformat(change[at]) for change in changes for at in ("old_start", "new_start") if change[at]
    ]
    return min((m for m in moments if m > now), default=None), max([*moments, now + timedelta(hours=1)])


def _merge(told: list[Change], change: Change) -> list[Change]:
    """Join two changes of one session into one: the first old, the last new; none if it came back."""
    merged = []
    for earlier in told:
        if earlier["session"] != change["session"]:
            merged.append(earlier)
            continue
        change = {**change, **{name: earlier[name] for name in ("old_start", "old_end", "old_location")}}
    if change["what"] != "cancelled":
        changed = {part for part in ("start", "end", "location") if change[f"old_{part}"] != change[f"new_{part}"]}
        if not changed:
            return merged
        change = {**change, "what": "location" if changed == {"location"} else "moved"}
    return [*merged, change]
