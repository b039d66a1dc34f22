"""When people can go on a werkbezoek: what they ticked in the intake, and what they declined since."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.states import Answer, SessionKind
from vitale_core.store.records import CourseSession, Intake, Invitation, Slot


def who_can(session: Session, enrolments: Collection[int], start: datetime, end: datetime) -> dict[int, bool | None]:
    """Say for each enrolment whether they told that they can come then; None when they told nothing."""
    told = {
        i.enrolment_id: {number(ticked) for ticked in i.available}
        for i in session.scalars(select(Intake).where(Intake.enrolment_id.in_(enrolments)))
        if i.available is not None
    }
    within = {
        s.id
        for s in session.scalars(select(Slot).where(Slot.id.in_(set().union(*told.values()))))
        if s.starts_at <= start and end <= s.ends_at
    }
    no = declined(session, enrolments)
    can: dict[int, bool | None] = {e: bool(told[e] & within) if e in told else None for e in enrolments}
    return can | {e: False for e, times in no.items() if overlap(times, start, end)}


def declined(session: Session, enrolments: Collection[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return when people said that they cannot come: the times of the werkbezoeken that they declined."""
    found = session.execute(
        select(Invitation.enrolment_id, Invitation.sent_event)
        .join(CourseSession, Invitation.session_id == CourseSession.id)
        .where(
            Invitation.enrolment_id.in_(enrolments),
            Invitation.answer == Answer.DECLINED,
            CourseSession.kind == SessionKind.WERKBEZOEK,
        )
        .order_by(Invitation.id)
    )
    times: dict[int, list[tuple[datetime, datetime]]] = {}
    for enrolment, event in found.tuples():
        if enrolment is not None:
            start, end = datetime.fromisoformat(event["start"]), datetime.fromisoformat(event["end"])
            times.setdefault(enrolment, []).append((start, end))
    return times


def overlap(times: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> bool:
    """Say whether any of these times overlaps with this one."""
    return any(begins < end and start < ends for begins, ends in times)


def number(text: object) -> int:
    """Return the number in an id: 12 for 12, "12", "s12" and "e12"; -1 when there is none."""
    found = re.fullmatch(r"[a-z]?(\d{1,15})", str(text))
    return int(found[1]) if found else -1
