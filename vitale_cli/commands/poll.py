"""`vitale poll`: a date for a session without one."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.desk import OPERATOR, open_desk, read_moment
from vitale_cli.parser import Code, commands
from vitale_core.domain import dates, worktime
from vitale_core.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vitale_core.store.records import CourseSession

app = commands("poll", "De datumprikker van de terugkomdag.")

SessionName = Annotated[str, Parameter(help="welke sessie, als er meer zijn zonder datum")]


@app.command
def show(code: Code, session_name: SessionName = "") -> None:
    """Hoe de data ervoor staan, de beste eerst."""
    from vitale_core.steps import terugkomdag

    with open_desk() as desk, desk.database.read() as session:
        meeting = _undated(session, code, session_name)
        shown: list[documents.Document] = [
            {
                "option": s.option.id,
                "start": s.option.starts_at,
                "end": s.option.ends_at,
                "possible": s.possible,
                "coming": list(s.coming),
                "if_needed": list(s.if_needed),
                "cannot": list(s.cannot),
                "silent": list(s.silent),
            }
            for s in terugkomdag.standings(session, meeting)
        ]
        name = meeting.name
    rows = [
        (
            s["option"],
            documents.short(s["start"]),
            len(s["coming"]),
            len(s["if_needed"]),
            len(s["cannot"]),
            len(s["silent"]),
            "" if s["possible"] else "trainer bezet",
        )
        for s in shown
    ]
    headers = ("nr", "wanneer", "kan", "als het moet", "kan niet", "nog stil", "")
    terminal.show({"cohort": code, "session": name, "options": shown}, terminal.table(headers, rows))
    terminal.say(f"Kies met: vitale poll choose {code} NR" if rows else "Er staan nog geen data in de prikker.")


@app.command(name="set")
def set_(
    code: Code,
    *options: Annotated[str, Parameter(help="data met tijden: 2027-06-10T13:00/16:30")],
    session_name: Annotated[str, Parameter(name="--session", help="welke sessie")] = "",
) -> None:
    """Leg deze data voor in plaats van de vorige.

    Kregen mensen al een mail over de vorige data, dan krijgen ze er een over deze; je ziet eerst wie, en bevestigt het.
    """
    from vitale_core.steps import repolling, terugkomdag

    moments = [_span(text) for text in options]
    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            meeting = _undated(session, code, session_name)
            made = terugkomdag.set_options(session, meeting, moments, by=OPERATOR, **desk.at)
            return [{"option": o.id, "start": o.starts_at, "end": o.ends_at} for o in made]

        with desk.database.read() as session:
            meeting = _undated(session, code, session_name)
            told = repolling.told(session, meeting)
            answered = [e.person.name or f"deelnemer {e.id}" for e in repolling.voters(session, meeting)]
        if told or answered:
            terminal.say(_so_far(len(told), answered))
            shown = desk.carry_out(change, what="Andere data voorleggen:")
        else:
            shown = desk.do(change, what="Data voorleggen:")
        days = dict.fromkeys(worktime.local(o["start"]).date() for o in shown)
        warnings = [warning for day in days for warning in dates.warnings({"prikker": day}, desk.bureau)]
    for warning in warnings:
        terminal.warn(warning)
    rows = [(o["option"], documents.short(o["start"])) for o in shown]
    terminal.show({"cohort": code, "options": shown, "warnings": warnings}, terminal.table(("nr", "wanneer"), rows))


@app.command
def choose(code: Code, option: Annotated[int, Parameter(help="nummer van de datum, uit vitale poll show")]) -> None:
    """Kies de datum; iedereen krijgt de uitnodiging."""
    from vitale_core.steps import cohorts, terugkomdag
    from vitale_core.store.records import CourseSession, PollOption

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            row = session.get(PollOption, option)
            if row is None or row.cohort_id != cohort.id:
                raise NotFound(f"{code} heeft geen datum {option}.", remedy=f"vitale poll show {code}")
            meeting = session.get_one(CourseSession, row.session_id)
            terugkomdag.choose_date(session, meeting, option, by=OPERATOR, **desk.at)
            return documents.session(meeting)

        shown = desk.carry_out(change, what=f"Datum {option} kiezen:")
    terminal.show({"cohort": code, "session": shown}, "")
    terminal.say(f"{shown['name']} is op {worktime.moment_in_words(shown['start'])}.")


def _so_far(told: int, answered: list[str]) -> str:
    """Say what other dates mean for who heard of the former ones, and for who answered."""
    verb = "antwoordde" if len(answered) == 1 else "antwoordden"
    who = f"{len(answered)} {verb} al ({', '.join(answered)})" if answered else "nog niemand antwoordde"
    return (
        f"De mail over de vorige data ging al naar {told} {'mens' if told == 1 else 'mensen'}; {who}. "
        "Een antwoord over een datum die blijft, blijft; over een datum die wegvalt, gaat het weg."
    )


def _undated(session: "Session", code: str, name: str) -> "CourseSession":
    """Return the session that the poll is about."""
    from vitale_core.domain.states import SessionStatus
    from vitale_core.steps import cohorts

    cohort = cohorts.get(session, code)
    if name:
        return cohorts.find_session(session, cohort, name)
    open_ = [s for s in cohort.sessions if s.starts_at is None and s.status is not SessionStatus.CANCELLED]
    if not open_:
        raise Refused(f"Alle sessies van {code} hebben een datum.", remedy="Verplaatsen: vitale cohort move --help")
    return open_[0]


def _span(text: str) -> "tuple[datetime, datetime]":
    """Read "2027-06-10T13:00/16:30"."""
    first, _, last = text.partition("/")
    if not last:
        raise Refused(f"'{text}' heeft geen einde.", remedy="Schrijf 2027-06-10T13:00/16:30.")
    day = first.partition("T")[0]
    return read_moment(first), read_moment(last if "T" in last else f"{day}T{last}")
