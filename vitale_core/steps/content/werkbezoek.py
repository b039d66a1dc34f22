"""What the mails about the visits say, to participants and to hosts."""

from datetime import datetime

from sqlalchemy import select

from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import HAS_A_SEAT, CohortStatus, MessageStatus, PlanStatus, VisitStatus
from vitale_core.steps import visits
from vitale_core.steps.content.case import Case, Facts
from vitale_core.steps.content.days import training_day_after
from vitale_core.store.records import CourseSession, Group, GroupMember, Message, Plan, Visit

HOST_PAGES = {
    Kind.HOST_REQUEST: "bezoek/{visit}",
    Kind.HOST_REMINDER: "bezoek/{visit}",
    Kind.HOST_DETAILS: "praktisch/{project}",
    Kind.HOST_THANKS: "terugblik/{visit}",
}
"""Where, below a host's own page, the one thing is that a mail asks for."""

GOES_AHEAD = frozenset({VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED})


def visit(case: Case) -> Facts:
    """Return the visit that a mail is about."""
    found = case.session.get(Visit, case.message.payload.get("visit") or 0)
    if found is None:
        raise Refused("Dit werkbezoek bestaat niet meer.")
    facts = visit_facts(case, found)
    below = HOST_PAGES.get(case.kind, "").format(visit=found.id, project=found.project_id)
    cancelled = case.cohort.status is CohortStatus.CANCELLED
    return {
        **({"todo": f"{case.page('host')}/{below}"} if below else {}),
        "visit": facts,
        "deadline": _answer_by(case, found),
        "report_day": training_day_after(case, facts["start"]),
        "why": "cohort" if cancelled else "visit",
        "reason": str(case.cohort.settings.get("reason", "")) if cancelled else found.reason,
    }


def proposal(case: Case) -> Facts:
    """Return the visit, and whether the reader heard of another one before: this one replaces it."""
    earlier = (
        select(Message.id)
        .where(
            Message.enrolment_id == case.message.enrolment_id,
            Message.kind == Kind.GROUP_PROPOSAL,
            Message.status.in_((MessageStatus.SENT, MessageStatus.UNCERTAIN)),
            Message.subject != case.message.subject,  # the same one, sent once more, changes nothing
        )
        .limit(1)
    )
    return {**visit(case), "again": case.session.scalar(earlier) is not None}


def visit_at(case: Case, session: CourseSession) -> Visit | None:
    """Return the visit that this session is."""
    return case.session.scalar(select(Visit).where(Visit.session_id == session.id).order_by(Visit.id.desc()).limit(1))


def visit_of(case: Case, before: datetime) -> Visit | None:
    """Return the visit that the reader makes or made, before a moment."""
    found = case.session.scalars(
        select(Visit)
        .join(Group, Visit.group_id == Group.id)
        .join(Plan, Group.plan_id == Plan.id)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(
            GroupMember.enrolment_id == case.enrolment.id,
            Plan.status == PlanStatus.APPROVED,
            Visit.status.in_(GOES_AHEAD),
        )
        .order_by(Visit.id.desc())
    )
    return next((visit for visit in found if visit.slot.starts_at < before), None)


def visit_facts(case: Case, visit: Visit) -> Facts:
    """Return where, when, with whom and to whom."""
    project, meeting = visit.project, visit.session
    dated = meeting if meeting is not None and meeting.starts_at is not None else None
    members = [m.enrolment for m in visit.group.members if m.enrolment.status in HAS_A_SEAT]
    intakes = [e.intake for e in members if e.intake is not None]
    place = ", ".join(dict.fromkeys(part for part in (project.address, project.place) if part))
    return {
        "project": project.title,
        "organisation": project.host.organisation,
        "title": project.title,
        "start": dated.starts_at if dated else visit.slot.starts_at,
        "end": dated.ends_at if dated else visit.slot.ends_at,
        "location": place,
        "practical": visits.practical_of(visit).text,
        "host": project.host.contact.name or project.host.organisation,
        "host_phone": project.host.contact.phone or "",
        "group": [e.person.name for e in members if e.person.name],
        "others": [e.person.name for e in members if e.person.name and e.id != case.message.enrolment_id],
        "people": len(members),
        "told": bool(intakes),
        "days_told": any(intake.available for intake in intakes),
        "confirmed": visit.status in GOES_AHEAD,
    }


def _answer_by(case: Case, visit: Visit) -> datetime | None:
    """Return when the host is reminded: an answer before that day spares both a mail."""
    rule = next((rule for rule in case.programme.rules if rule.kind is Kind.HOST_REMINDER), None)
    if rule is None or visit.asked_at is None:
        return None
    anchors = {**case.anchors, "asked": visit.asked_at, "visit": visit.slot.starts_at}
    return case.later(rule.when.on(anchors, case.timeline.holidays, case.timeline.zone))
