"""What the mails of the evaluation and the certificate say."""

from datetime import datetime

from sqlalchemy import select

from vitale_core.domain.audiences import transfer_round
from vitale_core.domain.errors import Refused
from vitale_core.domain.occasions import gatherings
from vitale_core.domain.states import SessionKind
from vitale_core.steps.content.case import Case, Facts
from vitale_core.steps.content.days import what
from vitale_core.store.records import Certificate, CourseSession, Intention, Round


def direct(case: Case) -> Facts:
    """Return until when the form is open, and when people meet again."""
    numbers = [rule.nr for rule in case.programme.rules if rule.kind is case.kind]
    again = [g.start for g in gatherings(case.timeline) if SessionKind.TERUGKOMDAG in g.names and g.start > case.now]
    return {
        "closes": _closes(case, "direct"),
        "next_day": min(again, default=None),
        "last": case.message.payload.get("nr", 0) == max(numbers, default=0),
    }


def transfer(case: Case) -> Facts:
    """Return which terugkomdag it is for, and what somebody meant to do, in their own words."""
    session = case.session.get(CourseSession, case.message.payload.get("session") or 0)
    facts = next((s for s in case.timeline.sessions if session is not None and s.id == session.id), None)
    if session is None or facts is None or session.starts_at is None:
        raise Refused("Deze terugkomdag heeft geen datum.")
    name = transfer_round(case.timeline, facts)
    words = case.session.scalar(select(Intention.words).where(Intention.enrolment_id == case.enrolment.id))
    return {
        "what": what(session),
        "start": session.starts_at,
        "intention": words or "",
        "closes": _closes(case, name),
        "todo": f"{case.page()}/evaluatie/{name}",
    }


def certificate(case: Case) -> Facts:
    """Return the number of a certificate and where anybody can check it."""
    number = case.message.subject.removeprefix("certificate-")
    issued = case.session.get(Certificate, int(number)) if number.isdigit() else None
    if issued is None:
        raise Refused("Dit bewijs van deelname bestaat niet.")
    return {
        "name": issued.name,
        "number": issued.number,
        "hours": f"{issued.hours:g}".replace(".", ","),
        "check": f"{case.home}c/{issued.number}",
    }


def _closes(case: Case, name: str) -> datetime | None:
    """Return when a round closes, if that is still to come."""
    known = case.session.scalar(select(Round).where(Round.cohort_id == case.cohort.id, Round.name == name))
    if known is not None and known.closes_at is not None:
        return case.later(known.closes_at)
    plan = next((plan for plan in case.programme.rounds if plan.name == name), None)
    return case.later(plan.closes.on(case.anchors, case.timeline.holidays, case.timeline.zone)) if plan else None
