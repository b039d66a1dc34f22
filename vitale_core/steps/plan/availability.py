"""When people can go on a werkbezoek: what they ticked in the intake, and what they declined since."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from vitale_core.domain.states import Answer, SessionKind
from vitale_core.store.records import CourseSession, Intake, Invitation, Slot

_WANTED: BindParameter[int] = bindparam("wanted", expanding=True)
_TICKED = select(Intake.enrolment_id, Intake.available).where(Intake.enrolment_id.in_(_WANTED))
_SLOTS = select(Slot.id, Slot.starts_at, Slot.ends_at).where(Slot.id.in_(_WANTED))

_DECLINED = (
    select(Invitation.enrolment_id, Invitation.sent_event)
    .join(CourseSession, Invitation.session_id == CourseSession.id)
    .where(
        Invitation.enrolment_id.in_(_WANTED),
        Invitation.answer == Answer.DECLINED,
        CourseSession.kind == SessionKind.WERKBEZOEK,
    )
    .order_by(Invitation.id)
)


@dataclass(frozen=True, slots=True)
class Told:
    """What people told: the slots they ticked, when those are, and the times they declined, all by id."""

    ticked: Mapping[int, set[int]]
    slots: Mapping[int, tuple[datetime, datetime]]
    declined: Mapping[int, list[tuple[datetime, datetime]]]

    def who_can(self, enrolments: Iterable[int], start: datetime, end: datetime) -> dict[int, bool | None]:
        """Say for each enrolment whether they told that they can come then; None when they told nothing."""
        within = {slot for slot, (begins, ends) in self.slots.items() if begins <= start and end <= ends}
        return {
            e: False
            if overlap(self.declined.get(e, ()), start, end)
            else bool(self.ticked[e] & within)
            if e in self.ticked
            else None
            for e in enrolments
        }


def told_by(session: Session, enrolments: Iterable[int]) -> Told:
    """Return what these people told, read once for however many moments."""
    wanted = list(enrolments)
    ticked = {
        enrolment: {number(one) for one in available}
        for enrolment, available in session.execute(_TICKED, {"wanted": wanted})
        if available is not None
    }
    rows = session.execute(_SLOTS, {"wanted": sorted(set().union(*ticked.values()))})
    slots = {slot: (start, end) for slot, start, end in rows}
    return Told(ticked, slots, declined(session, wanted))


def who_can(session: Session, enrolments: Collection[int], start: datetime, end: datetime) -> dict[int, bool | None]:
    """Say for each enrolment whether they told that they can come then; None when they told nothing."""
    return told_by(session, enrolments).who_can(enrolments, start, end)


def declined(session: Session, enrolments: Collection[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return when people said that they cannot come: the times of the werkbezoeken that they declined."""
    found = session.execute(_DECLINED, {"wanted": list(enrolments)})
    times: dict[int, list[tuple[datetime, datetime]]] = {}
    for enrolment, event in found.tuples():
        if enrolment is not None:  # pragma: no branch - the query asked for those that have one
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
