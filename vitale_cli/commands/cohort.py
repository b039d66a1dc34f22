"""`vitale cohort`: set up, look at, move, cancel."""

import difflib
from email.utils import parseaddr
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from vitale_cli import documents, options, terminal
from vitale_cli.commands.dating import propose_dates, trainer_calendar
from vitale_cli.desk import OPERATOR, open_desk, read_date, read_moment_or_date
from vitale_cli.parser import Code, Reason, commands
from vitale_core.domain import labels, programme_checks, worktime
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import CohortStatus

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from vitale_cli.desk import Desk
    from vitale_core.store.records import Cohort

app = commands("cohort", "Lichtingen maken, bekijken, verplaatsen en afzeggen.")
app.command(propose_dates, name="propose-dates")
app.command(trainer_calendar, name="trainer-calendar")

OPTIONS = ("programme", "location", "trainer", "kind", "capacity", "minimum")
"""What `vitale cohort create` takes besides the days of its programme."""

SessionName = Annotated[str, Parameter(help="sessie (dagdeel-1, werkbezoek-2, terugkomdag) of hele dag (day2)")]


@app.command
def create(
    code: Code,
    *,
    programme: Annotated[str, Parameter(help="naam van het programma, zoals overheidsparticipatie")],
    location: Annotated[str, Parameter(help="waar de dagen zijn")] = "",
    trainer: Annotated[str, Parameter(help='wie hem geeft: "Naam <adres>"')] = "",
    kind: Annotated[Literal["open", "incompany"], Parameter(help="voor iedereen, of voor een opdrachtgever")] = "open",
    capacity: Annotated[int | None, Parameter(help="aantal plaatsen; anders dat van het programma")] = None,
    minimum: Annotated[int | None, Parameter(help="vanaf hoeveel mensen hij doorgaat")] = None,
    **days: Annotated[str, Parameter(help="datum van elke dag: --day1 2027-03-18 --day2 2027-04-22")],
) -> None:
    """Maak een lichting waarvoor mensen zich kunnen aanmelden."""
    from vitale_core.domain.states import CohortKind
    from vitale_core.steps import cohorts, programmes

    name, address = parseaddr(trainer) if trainer else ("", "")
    if trainer and "@" not in address:
        raise Refused("De trainer heeft een e-mailadres nodig.", remedy='--trainer "Naam <naam@bureau.nl>"')
    with open_desk() as desk:
        document = desk.app.programme(programme)
        dates = {_day_name(word, document["days"]): read_date(text) for word, text in days.items()}

        def make(session: "Session") -> tuple[dict[str, Any], list[str]]:
            made, warnings = cohorts.create(
                session,
                code=code,
                programme=programmes.pin(session, document, now=desk.now),
                days=dates,
                location=location,
                trainer_name=name or address.partition("@")[0],
                trainer_email=address,
                kind=CohortKind(kind),
                capacity=capacity,
                minimum=minimum,
                **desk.at,
            )
            return document_of(session, made), warnings

        shown, warnings = desk.do(make, what=f"{code} maken:")
    for warning in warnings:
        terminal.warn(warning)
    terminal.show({"cohort": shown, "warnings": warnings}, "" if options.current().quiet else text_of(shown))
    terminal.say(f"Volgende: vitale import {code} deelnemers.csv")


def _day_name(word: str, known: list[str]) -> str:
    """Return the programme's name of a day, typed as an option; Refused names an option that is none.

    Options are typed with dashes, keywords have underscores.
    """
    found = next((day for day in known if day.replace("-", "_") == word.replace("-", "_")), None)
    if found is not None:
        return found
    near = difflib.get_close_matches(word, [*known, *OPTIONS], n=1)
    meant = f"Bedoel je --{near[0]}? " if near else ""
    raise Refused(
        f"De optie --{word.replace('_', '-')} bestaat niet.",
        remedy=f"{meant}De dagen van dit programma: {', '.join(f'--{day}' for day in known)}. "
        "Alle opties: vitale cohort create --help",
    )


@app.command(name="list")
def list_() -> None:
    """Alle lichtingen."""
    from sqlalchemy import select

    from vitale_core.steps import cohorts
    from vitale_core.store.records import Cohort

    with open_desk() as desk, desk.database.read() as session:
        found = session.scalars(select(Cohort).order_by(Cohort.created_at, Cohort.id)).all()
        shown = [documents.cohort(c) | {"taken": cohorts.seats_taken(session, c), "start": _start(c)} for c in found]
    rows = [
        (
            c["code"],
            labels.of_state(c["status"]),
            f"{c['taken']} van {c['capacity']}",
            documents.short(c["start"]),
            c["title"],
        )
        for c in shown
    ]
    text = terminal.table(("lichting", "status", "bezet", "begint", "training"), rows)
    terminal.show({"cohorts": shown}, text)
    if not rows:
        terminal.say("Er zijn nog geen lichtingen. De eerste: vitale cohort create --help")


@app.command
def show(code: Code) -> None:
    """Een lichting: dagen, plaatsen en wat wacht."""
    from vitale_core.steps import cohorts

    with open_desk() as desk, desk.database.read() as session:
        shown = document_of(session, cohorts.get(session, code))
    terminal.show({"cohort": shown}, text_of(shown))


@app.command
def agenda(code: Code) -> None:
    """Wat de klok nog gaat doen, en wanneer."""
    from vitale_core.domain import agenda as rules
    from vitale_core.domain.programme import Rule
    from vitale_core.steps import cohorts, facts

    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code)
        owed = rules.agenda(facts.load(session, cohort, bureau=desk.bureau))
    moments: dict[tuple[Any, ...], int] = {}
    for one in owed:
        mail = isinstance(one.rule, Rule)
        told = labels.of_kind(one.rule.kind) if isinstance(one.rule, Rule) else _task_words(one.rule.what, code)
        moment = (one.at, "mail" if mail else "taak", str(one.rule.kind), told)
        moments[moment] = moments.get(moment, 0) + 1
    shown = [
        {"at": at, "what": what, "kind": kind, "text": told, "count": count}
        for (at, what, kind, told), count in moments.items()
    ]
    rows = [(documents.short(s["at"]), s["what"], s["count"], s["text"]) for s in shown]
    terminal.show({"cohort": code, "agenda": shown}, terminal.table(("wanneer", "wat", "aantal", "welke"), rows))
    if not rows:
        terminal.say("De klok heeft voor deze lichting niets meer te doen.")


def _task_words(what: str, code: str) -> str:
    """Return the sentence of a task that is still to come, for whomever it will be about."""
    unknown = dict.fromkeys(programme_checks.WORDS - {"code"}, "...")
    return what.format(code=code, **unknown).replace("....", "...")


@app.command
def go(code: Code) -> None:
    """Laat de lichting doorgaan: de uitnodigingen vertrekken."""
    from vitale_core.steps import cohorts

    with open_desk() as desk:
        if _stands(desk, code, {CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING}):
            terminal.say(f"{code} ging al door; er verandert niets.")
            return

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.go(session, cohorts.get(session, code), by=OPERATOR, **desk.at)
            return documents.cohort(cohort)

        _finish(desk.carry_out(change, what=f"{code} gaat door:"), f"{code} gaat door.")


@app.command
def cancel(code: Code, *, reason: Reason) -> None:
    """Zeg de hele lichting af; iedereen hoort het en de agenda's worden leeggemaakt."""
    from vitale_core.steps import cohorts

    with open_desk() as desk:
        if _stands(desk, code, {CohortStatus.CANCELLED}):
            terminal.say(f"{code} was al afgezegd; er verandert niets, ook de reden niet.")
            return

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.cancel(session, cohorts.get(session, code), by=OPERATOR, reason=reason, **desk.at)
            return documents.cohort(cohort)

        _finish(desk.carry_out(change, what=f"{code} wordt afgezegd:"), f"{code} is afgezegd.")


@app.command
def restore(code: Code) -> None:
    """Draai een afzegging terug; mensen worden opnieuw uitgenodigd."""
    from vitale_core.steps import cohorts

    with open_desk() as desk:
        if _stands(desk, code, set(CohortStatus) - {CohortStatus.CANCELLED}):
            terminal.say(f"{code} is niet afgezegd; er verandert niets.")
            return

        def change(session: "Session") -> dict[str, Any]:
            return documents.cohort(cohorts.restore(session, cohorts.get(session, code), by=OPERATOR, **desk.at))

        _finish(desk.carry_out(change, what=f"{code} komt terug:"), f"{code} is hersteld.")


@app.command
def move(
    code: Code,
    session_name: SessionName,
    *,
    start: Annotated[str, Parameter(help="nieuw begin, 2027-04-29T09:30; voor een hele dag de datum")] = "",
    end: Annotated[str, Parameter(help="nieuw einde; anders blijft de duur gelijk")] = "",
    location: Annotated[str | None, Parameter(help="nieuwe plaats; zonder --start blijft de tijd gelijk")] = None,
) -> None:
    """Geef een sessie of een hele dag een andere tijd of plaats; laat eerst zien wie wat krijgt."""
    from vitale_core.steps import changes, cohorts
    from vitale_core.steps.programmes import programme_of

    with open_desk() as desk:

        def change(session: "Session") -> tuple[dict[str, Any], list[str]]:
            cohort = cohorts.get(session, code)
            whole_day = session_name not in {s.name for s in cohort.sessions}
            if whole_day and session_name in programme_of(cohort).days:
                if end:
                    raise Refused("Bij een hele dag hoort --start met de datum, of --location.")
                to = _whole_day(cohort, session_name, start) if start else None
                warnings = changes.move_day(
                    session, cohort, session_name, to=to, location=location, by=OPERATOR, **desk.at
                )
            else:
                usual = _usual_time(session, cohort, session_name)
                begins = read_moment_or_date(start, usual) if start else None
                ends = read_moment_or_date(end, None) if end else None
                warnings = changes.move_session(
                    session, cohort, session_name, start=begins, end=ends, location=location, by=OPERATOR, **desk.at
                )
            return document_of(session, cohort), warnings

        shown, warnings = desk.carry_out(change, what=f"{session_name} van {code} verplaatsen:")
    terminal.show({"cohort": shown, "warnings": warnings}, "")
    terminal.say(f"{session_name} is veranderd.")


@app.command(name="cancel-session")
def cancel_session(code: Code, session_name: SessionName, *, reason: Reason) -> None:
    """Zeg een sessie af; hij verdwijnt uit de agenda's."""
    from vitale_core.steps import cohorts, visits

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            visits.cancel_session(session, cohort, session_name, by=OPERATOR, reason=reason, **desk.at)
            return document_of(session, cohort)

        shown = desk.carry_out(change, what=f"{session_name} van {code} afzeggen:")
    _finish(shown, f"{session_name} is afgezegd.")


def _whole_day(cohort: "Cohort", day: str, start: str) -> "date":
    """Return the date to which a whole day moves; its sessions keep their times."""
    if len(start) == len("2027-04-29"):
        return read_date(start)
    here = worktime.local(read_moment_or_date(start, None))
    first = min((worktime.local(s.starts_at) for s in cohort.sessions if s.day == day and s.starts_at), default=here)
    if here.time() != first.time():
        raise Refused(
            f"De sessies van {day} houden hun tijden; de eerste begint om {first:%H.%M} uur.",
            remedy="Verplaats de dag met alleen een datum, en daarna zo nodig elke sessie.",
        )
    return here.date()


def _usual_time(session: "Session", cohort: "Cohort", name: str) -> Any:  # noqa: ANN401 - time or None
    """Return at what time of day the session begins, now or by its programme."""
    from vitale_core.steps import cohorts
    from vitale_core.steps.programmes import programme_of

    meeting = cohorts.find_session(session, cohort, name)
    if meeting.starts_at is not None:
        return worktime.local(meeting.starts_at).time()
    return programme_of(cohort).session(name).start


def _stands(desk: "Desk", code: str, statuses: "Collection[CohortStatus]") -> bool:
    """Say whether the cohort is where it is asked to go already; the cohort itself goes to --json then."""
    from vitale_core.steps import cohorts

    with desk.database.read() as session:
        cohort = cohorts.get(session, code)
        if cohort.status not in statuses:
            return False
        terminal.show({"cohort": documents.cohort(cohort)}, "")
        return True


def _finish(shown: dict[str, Any], sentence: str) -> None:
    terminal.show({"cohort": shown}, "")
    terminal.say(sentence)


def _start(cohort: "Cohort") -> "datetime | None":
    return min((s.starts_at for s in cohort.sessions if s.starts_at), default=None)


def document_of(session: "Session", cohort: "Cohort") -> dict[str, Any]:
    """Return a cohort with its days, people and what waits."""
    from sqlalchemy import func, select

    from vitale_core.domain.states import TaskStatus
    from vitale_core.steps import cohorts
    from vitale_core.store.records import CourseSession, Enrolment, Person, Task

    session.flush()
    counts = select(Enrolment.status, func.count()).where(Enrolment.cohort_id == cohort.id).group_by(Enrolment.status)
    waits = select(Task).where(Task.cohort_id == cohort.id, Task.status == TaskStatus.OPEN).order_by(Task.id)
    in_time = (CourseSession.starts_at.is_(None), CourseSession.starts_at, CourseSession.position)
    meetings = select(CourseSession).where(CourseSession.cohort_id == cohort.id).order_by(*in_time)
    trainer = session.get_one(Person, cohort.trainer_id)
    return documents.cohort(cohort) | {
        "trainer": trainer.name,
        "taken": cohorts.seats_taken(session, cohort),
        "people": {status.value: count for status, count in session.execute(counts).tuples()},
        "sessions": [documents.session(s) for s in session.scalars(meetings)],
        "tasks": [documents.task(t) for t in session.scalars(waits)],
    }


def text_of(shown: dict[str, Any]) -> str:
    """Write it for a terminal."""
    from vitale_core.domain.states import EnrolmentStatus

    people = {labels.of_state(EnrolmentStatus(status)): count for status, count in shown["people"].items()}
    head = terminal.facts(
        {
            "lichting": shown["code"],
            "training": shown["title"],
            "status": labels.of_state(shown["status"]),
            "plaatsen": f"{shown['taken']} van {shown['capacity']} bezet (minimaal {shown['minimum']})",
            "mensen": ", ".join(f"{count} {status}" for status, count in people.items()),
            "trainer": shown["trainer"],
            "plaats": shown["location"],
        }
    )
    rows = [
        (s["name"], documents.short(s["start"]), _until(s), labels.of_state(s["status"]), s["title"])
        for s in shown["sessions"]
    ]
    meetings = terminal.table(("sessie", "begin", "einde", "status", "titel"), rows)
    tasks = terminal.table(("wacht op jou", "opdracht"), [(t["what"], t["command"]) for t in shown["tasks"]])
    return "\n\n".join(part for part in (head, meetings, tasks) if part)


def _until(meeting: dict[str, Any]) -> str:
    return f"{worktime.local(meeting['end']):%H.%M}" if meeting["end"] else "-"
