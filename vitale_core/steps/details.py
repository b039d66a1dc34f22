"""Somebody's own particulars, corrected by themselves: name, phone, organisation, department, function."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.states import LIVE
from vitale_core.steps import audit, invitations, people
from vitale_core.store.database import lock_cohort, touch
from vitale_core.store.records import Enrolment, Person

CAN_CHANGE = ("name", "phone", "organisation", "department", "function")


def correct(
    session: Session, person: Person, given: Mapping[str, str], *, by: str, now: datetime, bureau: Bureau
) -> tuple[str, ...]:
    """Change what differs and return which fields did; letters that still wait are made anew.

    `given` may hold any of CAN_CHANGE. An address is another matter: calendars hang on it (`persons`).
    """
    wanted = {field: _clean(field, given[field]) for field in CAN_CHANGE if field in given}
    changed = tuple(field for field, text in wanted.items() if (getattr(person, field) or "") != text)
    if not changed:
        return ()
    if "name" in changed:
        people.keep_former(session, person, person.name)
    for field in changed:
        setattr(person, field, wanted[field] or None)
    session.flush()
    live = select(Enrolment).where(Enrolment.person_id == person.id, Enrolment.status.in_(LIVE))
    for enrolment in session.scalars(live.order_by(Enrolment.cohort_id)).all():
        cohort = lock_cohort(session, enrolment.cohort_id)
        touch(session, cohort.id)
        invitations.sync(session, cohort, now=now, bureau=bureau)
    audit.note(
        session,
        what="details corrected",
        actor=by,
        object_kind="person",
        object_id=person.id,
        detail={"fields": list(changed)},
        now=now,
    )
    return changed


def _clean(field: str, text: str) -> str:
    return people.clean_name(text) if field == "name" else people.clean_line(text)
