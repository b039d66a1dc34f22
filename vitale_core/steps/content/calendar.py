"""What the mails about the diary say: the overview, one invitation, what changed, who did not answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from vitale_core.domain import worktime
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, SessionKind, SessionStatus
from vitale_core.steps.content.case import Case, Facts
from vitale_core.steps.content.days import diary, first_of, label, visit_window, what
from vitale_core.steps.content.werkbezoek import visit_at, visit_facts
from vitale_core.store.records import CourseSession, Invitation, Message, Reply

_MOMENTS = ("old_start", "old_end", "new_start", "new_end")


def overview(case: Case) -> Facts:
    """Return all days in one list, with the address of one file that holds them."""
    days = diary(case)
    return {
        "days": days,
        "first_day": first_of(days) or case.first_day,
        "visits": visit_window(case),
        "deadline": case.later(case.anchors.get("rsvp_deadline")),
        "capacity": case.cohort.capacity,
        "agenda": case.page() + "/agenda.ics",
    }


def event(case: Case) -> Facts:
    """Return one session as it was frozen for the calendar, and what it was before."""
    frozen = case.message.payload
    before = frozen.get("before")
    session = _session(case, frozen["session_name"])
    old = _frozen(before) if before else None
    new = _frozen(frozen)
    visit = visit_at(case, session) if session and session.kind is SessionKind.WERKBEZOEK else None
    facts: Facts = {
        **new,
        "title": _title(case, session, frozen["summary"]),
        "what": "bezoek" if case.audience == "host" else what(session) if session else "training",
        "visit": visit_facts(case, visit) if visit else None,
        "old": old,
        "moved": bool(old and (old["start"], old["end"]) != (new["start"], new["end"])),
        "relocated": bool(old and old["location"] != new["location"]),
        "answered": _answered(case, Invitation.id == case.message.invitation_id),
    }
    if case.kind is Kind.CALENDAR_CANCEL:
        why = _why_cancelled(case, session)
        facts |= {"why": why, "reason": _reason(case, why, session)}
    return facts


def changes(case: Case) -> Facts:
    """Return what changed, old and new side by side, and all days as they are now."""
    told = [_change(case, change) for change in case.message.payload["changes"]]
    if not told:
        raise Refused("Er is niets veranderd.")
    first = told[0]
    names = {change["session"] for change in case.message.payload["changes"]}
    concerned = [s.id for s in case.sessions if s.name in names]
    theirs = and_(Invitation.enrolment_id == case.message.enrolment_id, Invitation.session_id.in_(concerned))
    return {
        "changes": told,
        "headline": _headline(told),
        "old": first["old_start"],
        "new": first["new_start"],
        "dropped": _dropped(told),
        "days": diary(case),
        "asks": any(change["what"] != "cancelled" for change in told),
        "invited": case.session.scalar(select(Invitation.id).where(theirs).limit(1)) is not None,
        "answered": _answered(case, theirs),
    }


def rsvp_reminder(case: Case) -> Facts:
    """Return the days about which somebody said nothing yet."""
    query = select(Invitation.session_id).where(
        Invitation.enrolment_id == case.enrolment.id,
        Invitation.cancelled_at.is_(None),
        Invitation.answer != Answer.NEEDS_ACTION,
    )
    answered = set(case.session.scalars(query))
    missing = [day for day in diary(case) if day["start"] and any(s["id"] not in answered for s in day["sessions"])]
    if not missing:
        raise Refused("Deze deelnemer heeft op alles geantwoord.")
    return {
        "missing": missing,
        "first_missing": missing[0]["start"],
        "deadline": case.later(case.anchors.get("rsvp_deadline")),
    }


def _answered(case: Case, which: ColumnElement[bool]) -> bool:
    """Say whether the reader ever answered one of these invitations: only then is a question asked again."""
    query = select(Reply.id).join(Invitation, Reply.invitation_id == Invitation.id).where(which, Reply.applied)
    return case.session.scalar(query.limit(1)) is not None


def _session(case: Case, name: str) -> CourseSession | None:
    return next((s for s in case.sessions if s.name == name), None)


def _title(case: Case, session: CourseSession | None, summary: str) -> str:
    if case.audience == "host" or session is None:
        return summary
    return label(session)


def _frozen(event: dict[str, Any]) -> Facts:
    return {
        "start": datetime.fromisoformat(event["start"]),
        "end": datetime.fromisoformat(event["end"]),
        "location": event["location"],
    }


def _change(case: Case, change: dict[str, Any]) -> Facts:
    session = _session(case, change["session"])
    moments = {name: datetime.fromisoformat(change[name]) if change.get(name) else None for name in _MOMENTS}
    return {
        "what": change["what"],
        "title": label(session) if session else change["title"],
        "short": what(session) if session else change["title"],
        "old_location": change.get("old_location") or "",
        "new_location": change.get("new_location") or "",
        "reason": change.get("reason") or "",
        **moments,
    }


def _dropped(told: list[Facts]) -> str:
    """Return what does not go on in words for the subject: never a whole day when it is a part of it."""
    names = [change["short"] for change in told]
    return f"{', '.join(names[:-1])} en {names[-1]}" if len(names) > 1 else names[0]


def _headline(told: list[Facts]) -> str:
    """Return what the subject can say in one breath about all changes together, or "mixed"."""
    old = {_date(change["old_start"]) for change in told}
    new = {_date(change["new_start"]) for change in told}
    if all(change["what"] == "cancelled" for change in told):
        return "cancelled" if len(old) == 1 and None not in old else "mixed"
    if any(change["what"] not in {"moved", "location"} for change in told) or len(old | new) > 2 or None in old | new:  # noqa: PLR2004 - one old day, one new
        return "mixed"
    if len(old) == len(new) == 1 and old != new:
        return "moved"
    if old == new and len(old) == 1:
        clock = any(change["old_start"] != change["new_start"] for change in told)
        return "time" if clock else "location" if all(c["what"] == "location" for c in told) else "mixed"
    return "mixed"


def _date(moment: datetime | None) -> object:
    return worktime.local(moment).date() if moment else None


def _why_cancelled(case: Case, session: CourseSession | None) -> str:
    if case.cohort.status is CohortStatus.CANCELLED:
        return "cohort"
    if session is not None and session.status is SessionStatus.CANCELLED:
        return "session"
    if case.message.enrolment_id is not None:
        status = case.enrolment.status
        if status in {EnrolmentStatus.WITHDRAWN, EnrolmentStatus.SUBSTITUTED, EnrolmentStatus.TRANSFERRED}:
            return status.value
    return "replaced"


def _reason(case: Case, why: str, session: CourseSession | None) -> str:
    """Return the reason that the operator gave, if any."""
    if why == "cohort":
        return str(case.cohort.settings.get("reason", ""))
    if why != "session" or session is None:
        return ""
    told = case.session.scalars(
        select(Message)
        .where(Message.cohort_id == case.cohort.id, Message.kind == Kind.CHANGES)
        .order_by(Message.id.desc())
        .limit(1)
    )
    named = (change for message in told for change in message.payload["changes"] if change["session"] == session.name)
    return next((str(change.get("reason") or "") for change in named), "")
