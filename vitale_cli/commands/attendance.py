"""`vitale attendance`: who was there."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.desk import OPERATOR, choose, open_desk
from vitale_cli.parser import Code, commands
from vitale_core.domain import labels
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import Presence

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.steps.attendance import Line
    from vitale_core.store.records import CourseSession

app = commands("attendance", "Wie er was.")

SessionName = Annotated[str, Parameter(help="sessie: dagdeel-1, werkbezoek-2, terugkomdag")]

WORDS = {
    "present": Presence.PRESENT,
    "part": Presence.PART,
    "absent": Presence.ABSENT,
    "aanwezig": Presence.PRESENT,
    "deels": Presence.PART,
    "afwezig": Presence.ABSENT,
}


@app.command(name="list")
def list_(code: Code, session_name: SessionName = "") -> None:
    """De lijst van een sessie; zonder naam hoe alle lijsten ervoor staan."""
    from vitale_core.steps import cohorts

    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code)
        meetings = [cohorts.find_session(session, cohort, session_name)] if session_name else cohort.sessions
        shown = [_sheet(session, meeting) for meeting in meetings]
    if session_name:
        lines = [
            (p["id"], p["name"], labels.of_state(p["presence"]) if p["presence"] else "?", p["reason"])
            for p in shown[0]["people"]
        ]
        lines += [
            (p["id"], p["name"] or "(gewist)", labels.of_state(p["presence"]), "doet niet meer mee")
            for p in shown[0]["left"]
        ]
        text = terminal.table(("nr", "naam", "aanwezig", "reden"), lines)
    else:
        rows = [(s["session"], documents.short(s["start"]), s["known"], s["unknown"], s["closed"]) for s in shown]
        text = terminal.table(("sessie", "wanneer", "genoteerd", "onbekend", "gesloten"), rows)
    terminal.show({"cohort": code, "attendance": shown}, text)


@app.command
def record(
    code: Code,
    session_name: SessionName,
    presence: Annotated[str, Parameter(help="present, part of absent; of aanwezig, deels, afwezig")],
    *who: Annotated[str, Parameter(help="deelnemersnummers of e-mailadressen")],
    reason: Annotated[str, Parameter(help="waarom iemand er niet was")] = "",
) -> None:
    """Noteer wie er was; nog eens noteren verbetert het."""
    from vitale_core.steps import attendance, cohorts, intake

    said = choose("aanwezigheid", presence, WORDS)
    if not who:
        raise Refused("Van wie?", remedy=f"vitale attendance list {code} {session_name}")
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            meeting = cohorts.find_session(session, cohort, session_name)
            for one in who:
                enrolment = intake.find(session, cohort, one)
                attendance.record(session, meeting, enrolment, said, reason=reason, by=OPERATOR, now=desk.now)
            session.flush()
            return _sheet(session, meeting)

        shown = desk.do(change, what="Aanwezigheid noteren:")
    terminal.show({"cohort": code, "attendance": shown}, "")
    terminal.say(f"{session_name}: {shown['known']} genoteerd, {shown['unknown']} nog onbekend.")


@app.command
def close(
    code: Code,
    session_name: SessionName,
    *,
    rest: Annotated[str, Parameter(help="noteer dit voor wie nog onbekend is, zoals present")] = "",
) -> None:
    """Sluit de lijst; wie alles heeft, krijgt zijn bewijs van deelname."""
    from vitale_core.steps import attendance, cohorts

    others = choose("aanwezigheid", rest, WORDS) if rest else None
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            meeting = cohorts.find_session(session, cohort, session_name)
            attendance.close(session, meeting, by=OPERATOR, rest=others, **desk.at)
            session.flush()
            return _sheet(session, meeting)

        shown = desk.carry_out(change, what=f"De lijst van {session_name} sluiten:")
    terminal.show({"cohort": code, "attendance": shown}, "")
    terminal.say(f"De lijst van {session_name} is gesloten.")


def _sheet(session: "Session", meeting: "CourseSession") -> dict[str, Any]:
    from vitale_core.steps import attendance

    lines = attendance.sheet(session, meeting)
    left = attendance.left_since(session, meeting)
    known = sum(1 for line in lines if line.presence is not None)
    return {
        "session": meeting.name,
        "start": meeting.starts_at,
        "closed": meeting.attendance_closed_at is not None,
        "known": known + len(left),
        "unknown": len(lines) - known,
        "people": [_line(line) for line in lines],
        "left": [_line(line) for line in left],
    }


def _line(line: "Line") -> dict[str, Any]:
    person = line.enrolment.person
    return {"id": line.enrolment.id, "name": person.name, "presence": line.presence, "reason": line.reason}
