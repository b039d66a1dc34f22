"""A session, a day, a visit or a whole cohort at another time or place, or not at all: consequences first.

The same steps as the commands `vitale cohort` and `vitale visit`.
"""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from starlette.responses import Response

from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import CohortStatus, SessionStatus, VisitStatus
from vitale_core.steps import changes, cohorts, visits, werkbezoek
from vitale_core.steps.content.days import label
from vitale_core.steps.plan import availability
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Slot, Visit
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Form
from vitale_portal.office import cohort as cohort_page
from vitale_portal.office.deeds import by, chosen, deed, note
from vitale_portal.views import clock, moment_in_words

REASON = note("Waarom? De deelnemers lezen dit.", required=True, missing="Schrijf in een zin op waarom.")
PLACE = Field("plaats", "Plaats", "de plaats", required=False, most=200)
_MOVES = frozenset({VisitStatus.ASKED, VisitStatus.CONFIRMED})


def show_all(call: Call) -> Response:
    """Show everything that can change in a cohort, each with its own page."""
    cohort = cohort_page.of(call)
    return call.page(
        "office/changes.html",
        **cohort_page.common(call, cohort, "wijzigen"),
        sessions=_sessions(cohort),
        days=_days(cohort),
        visits=[v for v in visits.of_cohort(call.session, cohort) if v.status in _MOVES],
        cancelled=cohort.status is CohortStatus.CANCELLED,
        over=cohort.status is CohortStatus.CLOSED,
    )


def show_session(call: Call) -> Response:
    """Show when and where a session is, to be changed."""
    cohort, meeting = _session(call)
    zone = ZoneInfo(cohort.zone)
    known: dict[str, object] = {"plaats": meeting.location}
    if meeting.starts_at and meeting.ends_at:
        begins, ends = worktime.local(meeting.starts_at, zone), worktime.local(meeting.ends_at, zone)
        known |= {"datum": begins.date(), "begin": f"{begins:%H:%M}", "einde": f"{ends:%H:%M}"}
    return cohort_page.change(call, cohort, f"{meeting.title} verplaatsen", _when_form(call), known)


def move_session(call: Call) -> Response:
    """Give a session another time, another place, or both."""
    cohort, meeting = _session(call)
    filled = call.fill(_when_form(call))
    zone = ZoneInfo(cohort.zone)
    start, end = (_moment(filled.values["datum"], filled.values[name], zone) for name in ("begin", "einde"))
    was = _when_and_where(meeting.starts_at, meeting.ends_at, meeting.location)
    becomes = _when_and_where(start, end, filled.string("plaats"))
    call.chose(f"Je verplaatst ‘{label(meeting)}’ van {was} naar {becomes}.")
    changes.move_session(
        call.session,
        cohort,
        meeting.name,
        start=start,
        end=end,
        location=filled.string("plaats"),
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
    )
    return _done(call, cohort)


def show_cancel_session(call: Call) -> Response:
    """Ask why a session does not take place."""
    cohort, meeting = _session(call)
    return cohort_page.change(call, cohort, f"{meeting.title} afzeggen", deed(call, REASON))


def cancel_session(call: Call) -> Response:
    """Cancel one session."""
    cohort, meeting = _session(call)
    filled = call.fill(deed(call, REASON))
    was = _when_and_where(meeting.starts_at, meeting.ends_at, meeting.location)
    call.chose(f"Je zegt ‘{label(meeting)}’ van {was} af.")
    visits.cancel_session(
        call.session,
        cohort,
        meeting.name,
        reason=filled.string("notitie"),
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
    )
    return _done(call, cohort)


def show_day(call: Call) -> Response:
    """Show the date of a whole day, to be changed."""
    cohort, _name, meetings = _day(call)
    begins = next((m.starts_at for m in meetings if m.starts_at), None)
    known = {"datum": worktime.local(begins).date() if begins else "", "plaats": meetings[0].location}
    titles = " en ".join(m.title for m in meetings)
    return cohort_page.change(call, cohort, f"De hele dag verplaatsen: {titles}", _day_form(call), known)


def move_day(call: Call) -> Response:
    """Move a whole day; its sessions keep their times."""
    cohort, day, meetings = _day(call)
    filled = call.fill(_day_form(call))
    to = filled.values["datum"]
    first, place = min(meetings, key=lambda m: m.starts_at or call.now), filled.string("plaats")
    was = f"{worktime.in_words(worktime.local(first.starts_at).date())}" if first.starts_at else "een dag zonder datum"
    becomes = worktime.in_words(to) if isinstance(to, date) else was
    titles = " en ".join(f"‘{label(m)}’" for m in meetings)
    call.chose(f"Je verplaatst de hele dag ({titles}) van {_at(was, first.location)} naar {_at(becomes, place)}.")
    changes.move_day(
        call.session,
        cohort,
        day,
        to=to if isinstance(to, date) else None,
        location=filled.string("plaats"),
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
    )
    return _done(call, cohort)


def show_stop(call: Call) -> Response:
    """Ask why the cohort does not go ahead, or whether it does after all."""
    cohort = cohort_page.of(call)
    if cohort.status is CohortStatus.CANCELLED:
        return cohort_page.change(call, cohort, f"{cohort.code} gaat toch door", deed(call))
    return cohort_page.change(call, cohort, f"{cohort.code} afzeggen", deed(call, REASON))


def stop(call: Call) -> Response:
    """Cancel the cohort, or take that back."""
    cohort = cohort_page.of(call)
    if cohort.status is CohortStatus.CANCELLED:
        filled = call.fill(deed(call))
        call.chose(f"Je laat lichting {cohort.code} toch doorgaan.")
        cohorts.restore(call.session, cohort, by=by(call, filled), now=call.now, bureau=call.bureau)
    else:
        filled = call.fill(deed(call, REASON))
        reason = filled.string("notitie")
        call.chose(f"Je zegt de hele lichting {cohort.code} af.")
        cohorts.cancel(call.session, cohort, reason=reason, by=by(call, filled), now=call.now, bureau=call.bureau)
    return _done(call, cohort)


def show_visit(call: Call) -> Response:
    """Ask when and where a group goes instead."""
    cohort, visit = _visit(call)
    title = f"Het bezoek van groep {visit.group.number} verplaatsen"
    return cohort_page.change(call, cohort, title, _visit_form(call, visit))


def move_visit(call: Call) -> Response:
    """Move a visit to another half day, of the same host or of another one."""
    cohort, visit = _visit(call)
    filled = call.fill(_visit_form(call, visit))
    slot = call.session.get_one(Slot, chosen(filled, "dagdeel"))
    was, becomes = (f"{s.project.title}, {moment_in_words(s.starts_at)}" for s in (visit.slot, slot))
    agreed = " De gastheer zei al ja." if filled.ticked("akkoord") else ""
    call.chose(f"Je verplaatst het bezoek van groep {visit.group.number} van {was} naar {becomes}.{agreed}")
    werkbezoek.move_visit(
        call.session,
        visit,
        slot,
        agreed=filled.ticked("akkoord"),
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
    )
    return call.to(f"{cohort.code}/gastheren")


def _done(call: Call, cohort: Cohort) -> Response:
    return call.to(f"{cohort.code}/wijzigen")


def _sessions(cohort: Cohort) -> list[CourseSession]:
    return sorted(cohort.sessions, key=lambda s: s.position)


def _days(cohort: Cohort) -> dict[str, list[CourseSession]]:
    """Return the sessions of each day on which more than one can move together."""
    days = {
        day: [s for s in _sessions(cohort) if s.day == day and s.status is not SessionStatus.CANCELLED]
        for day in programme_of(cohort).days
    }
    return {day: meetings for day, meetings in days.items() if len(meetings) > 1}


def _session(call: Call) -> tuple[Cohort, CourseSession]:
    cohort = cohort_page.of(call)
    return cohort, cohorts.find_session(call.session, cohort, str(call.path["session"]))


def _day(call: Call) -> tuple[Cohort, str, list[CourseSession]]:
    cohort, day = cohort_page.of(call), str(call.path["day"])
    meetings = _days(cohort).get(day)
    if not meetings:
        raise NotFound("Deze dag is er niet.")
    return cohort, day, meetings


def _visit(call: Call) -> tuple[Cohort, Visit]:
    cohort = cohort_page.of(call)
    found = call.session.get(Visit, int(call.path["visit"]))
    if found is None or found.cohort_id != cohort.id:
        raise NotFound("Dit bezoek is er niet.")
    return cohort, found


def _moment(day: object, clock: object, zone: ZoneInfo) -> datetime:
    if not isinstance(day, date) or not isinstance(clock, time):  # pragma: no cover - the form saw to it
        raise Refused("Vul een datum en een tijd in.")
    return worktime.wall_clock(day, clock, zone)


def _when_and_where(start: datetime | None, end: datetime | None, place: str) -> str:
    if start is None:
        return _at("een moment zonder datum", place)
    return _at(f"{moment_in_words(start).removesuffix(' uur')}{f' tot {clock(end)}' if end else ''} uur", place)


def _at(moment: str, place: str) -> str:
    return f"{moment} in {place}" if place else moment


def _when_form(call: Call) -> Form:
    return deed(
        call,
        Field("datum", "Datum", "de datum", "date"),
        Field("begin", "Begin", "het begin", "time"),
        Field("einde", "Einde", "het einde", "time"),
        PLACE,
    )


def _day_form(call: Call) -> Form:
    return deed(call, Field("datum", "Datum", "de datum", "date"), PLACE)


def _visit_form(call: Call, visit: Visit) -> Form:
    members = [m.enrolment_id for m in visit.group.members]
    told = availability.told_by(call.session, members)
    options = []
    for slot in werkbezoek.free_slots(call.session, visit, now=call.now, bureau=call.bureau):
        can = list(told.who_can(members, slot.starts_at, slot.ends_at).values())
        here = "zelfde project" if slot.project_id == visit.project_id else slot.project.title
        note_ = f"{here}, {slot.project.place}. {can.count(False)} kunnen niet, van {can.count(None)} is het onbekend."
        options.append(Choice(str(slot.id), moment_in_words(slot.starts_at), note_))
    if not options:
        return Form(())
    return deed(
        call,
        Field("dagdeel", "Wanneer en waarheen?", "het dagdeel", "choice", options=tuple(options)),
        Field("akkoord", "De gastheer zei al ja, aan de telefoon.", "het akkoord", "tick", required=False),
    )
