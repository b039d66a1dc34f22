"""What the mails about the date of a terugkomdag say."""

from sqlalchemy import select

from vitale_core.domain.errors import Refused
from vitale_core.steps.content.case import Case, Facts
from vitale_core.steps.content.days import what
from vitale_core.store.records import CourseSession, PollOption


def poll(case: Case) -> Facts:
    """Return the dates to choose from."""
    session = case.session.get(CourseSession, case.message.payload.get("session") or 0)
    if session is None:
        raise Refused("De dag waarvoor een datum wordt gezocht, bestaat niet meer.")
    options = case.session.scalars(
        select(PollOption)
        .where(PollOption.session_id == session.id, PollOption.starts_at > case.now)
        .order_by(PollOption.starts_at)
    ).all()
    if not options:
        raise Refused("Er zijn geen data meer om uit te kiezen.")
    return {
        "what": what(session),
        "again": bool(case.message.payload.get("again")),
        "options": [{"start": option.starts_at, "end": option.ends_at} for option in options],
        "deadline": case.later(case.anchors.get("poll_deadline")),
    }
