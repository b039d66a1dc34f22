"""The days of a cohort in words: what somebody must put in a diary."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from vitale_core.domain.occasions import Gathering, gatherings
from vitale_core.domain.states import CohortKind, CohortStatus, SessionKind, SessionStatus
from vitale_core.steps.content.case import Case, Facts, timeline
from vitale_core.store.records import Cohort, CourseSession, ProgrammeVersion

OTHER_COHORTS = 3  # are named at most
_TAKES_PEOPLE = (CohortStatus.OPEN, CohortStatus.CONFIRMED)


def label(session: CourseSession) -> str:
    """Return the name of a session for people: "Dagdeel 1: Terreinverkenning"."""
    if session.kind is not SessionKind.DAGDEEL:
        return session.title
    name = what(session).capitalize()
    return session.title if session.title.casefold().startswith(name.casefold()) else f"{name}: {session.title}"


def what(session: CourseSession) -> str:
    """Return the short name of a session within a sentence: "dagdeel 1", "werkbezoek", "terugkomdag"."""
    if session.kind is SessionKind.WERKBEZOEK:
        return "werkbezoek"
    return session.name.replace("-", " ")


def diary(case: Case, cohort: Cohort | None = None, *, past: bool = False) -> list[Facts]:
    """Return the days of a cohort, with those whose date is still to be chosen; not the visits.

    Days that are over are left out, unless `past`: who comes in later hears only what is still to come.
    """
    cohort = cohort or case.cohort
    days = [day for day in _days(case, cohort) if past or day["end"] > case.now]
    undated = [s for s in cohort.sessions if s.starts_at is None and s.status is not SessionStatus.CANCELLED]
    days += [
        {"label": label(s), "what": what(s), "start": None, "end": None, "location": "", "parts": []} for s in undated
    ]
    return days


def first_of(days: list[Facts]) -> datetime | None:
    """Return when the first of these days begins; None when no date is known."""
    return next((day["start"] for day in days if day["start"]), None)


def day_with(case: Case, name: str) -> Facts | None:
    """Return the day on which the session with this name is, or None."""
    return next((day for day in _days(case, case.cohort) if any(s["name"] == name for s in day["sessions"])), None)


def other_cohorts(case: Case) -> list[Facts]:
    """Return the first days of other cohorts of this training for which anybody can still apply."""
    others = case.session.scalars(
        select(Cohort)
        .join(ProgrammeVersion)
        .where(
            Cohort.id != case.cohort.id,
            Cohort.kind == CohortKind.OPEN,
            Cohort.status.in_(_TAKES_PEOPLE),
            ProgrammeVersion.slug == case.programme.slug,
        )
        .order_by(Cohort.id)
    )
    first_days = []
    for cohort in others:
        coming = [day for day in _days(case, cohort) if day["start"] > case.now]
        if coming:
            first_days.append({**coming[0], "label": f"Groep {cohort.code}", "parts": []})
    return sorted(first_days, key=lambda day: day["start"])[:OTHER_COHORTS]


def visit_window(case: Case) -> Facts | None:
    """Return between which days the groups go on a visit, while that is still to come."""
    if not case.programme.has_visits or case.programme.visit_from is None or case.programme.visit_until is None:
        return None
    start, end = (
        moment.on(case.anchors, case.timeline.holidays, case.timeline.zone)
        for moment in (case.programme.visit_from, case.programme.visit_until)
    )
    return {"start": start, "end": end} if start and end and case.later(end) else None


def _days(case: Case, cohort: Cohort) -> list[Facts]:
    facts = case.timeline if cohort is case.cohort else timeline(cohort, case.bureau)
    records = {s.id: s for s in cohort.sessions}
    days, trainings = [], 0
    for gathering in gatherings(facts):
        training = SessionKind.DAGDEEL in gathering.names
        trainings += training
        days.append(_day(case, gathering, [records[s.id] for s in gathering.sessions], trainings if training else 0))
    return days


def _day(case: Case, gathering: Gathering, sessions: Sequence[CourseSession], number: int) -> Facts:
    places = {s.location for s in sessions}
    place = places.pop() if len(places) == 1 else ""
    name = f"Dag {number}" if number else sessions[0].title
    parts = [label(s) if place or not s.location else f"{label(s)} ({s.location})" for s in sessions]
    return {
        "label": name,
        "what": name[:1].lower() + name[1:],
        "start": gathering.start,
        "end": gathering.end,
        "location": place,
        "parts": [part for part in parts if part != name],
        "sessions": [
            {"id": s.id, "name": s.name, "title": label(s), "text": case.programme.session(s.name).text}
            for s in sessions
        ],
    }


def training_day_after(case: Case, moment: datetime) -> datetime | None:
    """Return the first training day after a moment."""
    starts = [g.start for g in gatherings(case.timeline) if SessionKind.DAGDEEL in g.names]
    return min((start for start in starts if start > moment), default=None)
