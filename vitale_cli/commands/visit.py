"""`vitale visit`: what hosts answer, taken down by the operator."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.desk import OPERATOR, open_desk, read_moment
from vitale_cli.parser import Reason, commands
from vitale_core.domain import dates, labels, worktime
from vitale_core.domain.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = commands("visit", "Wat gastheren antwoorden.")

Number = Annotated[int, Parameter(help="nummer van het bezoek, uit vitale visit list")]


@app.command(name="list")
def list_(
    code: Annotated[str, Parameter(help="code van een lichting; anders alle")] = "",
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", help="ook wat alleen is voorgesteld")] = False,
) -> None:
    """Alle bezoeken met hun gastheer en hun stand."""
    from sqlalchemy import select

    from vitale_core.domain.states import VisitStatus
    from vitale_core.steps import cohorts
    from vitale_core.store.records import Cohort, Group, Visit

    with open_desk() as desk, desk.database.read() as session:
        query = (
            select(Visit, Cohort.code)
            .join(Cohort, Visit.cohort_id == Cohort.id)
            .join(Group, Visit.group_id == Group.id)
        )
        if code:
            query = query.where(Visit.cohort_id == cohorts.get(session, code).id)
        if not all_:
            query = query.where(Visit.status != VisitStatus.PROPOSED)
        found = session.execute(query.order_by(Visit.cohort_id, Group.number, Visit.id)).tuples().all()
        shown = [documents.visit(visit) | {"cohort": of} for visit, of in found]
    rows = [
        (
            v["id"],
            v["cohort"],
            v["group"],
            v["project"],
            v["organisation"],
            documents.short(v["start"]),
            labels.of_state(v["status"]),
            v["reason"],
        )
        for v in shown
    ]
    headers = ("nr", "lichting", "groep", "project", "organisatie", "wanneer", "status", "reden")
    terminal.show({"visits": shown}, terminal.table(headers, rows))
    if not rows:
        terminal.say(f"Er zijn nog geen bezoeken. Eerst: vitale groups propose {code or 'CODE'}")


@app.command
def confirm(
    number: Number,
    *,
    note: Annotated[str, Parameter(help="praktische informatie voor de groep")] = "",
    slot: Annotated[int | None, Parameter(help="een ander moment dat de gastheer voorstelde")] = None,
) -> None:
    """De gastheer zegt ja: groep en gastheer krijgen de uitnodiging."""
    from vitale_core.steps import visits, werkbezoek
    from vitale_core.store.records import Slot

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            visit = visits.get(session, number)
            if slot is None:
                werkbezoek.confirm_visit(session, visit, by=OPERATOR, note=note or None, **desk.at)
            else:
                other = session.get(Slot, slot)
                if other is None:
                    raise NotFound(f"Moment {slot} bestaat niet.", remedy="vitale host list --json")
                werkbezoek.accept_other_date(session, visit, other, by=OPERATOR, **desk.at)
            return documents.visit(visit)

        shown = desk.carry_out(change, what=f"Bezoek {number} bevestigen:")
    _finish(shown)


@app.command
def refuse(number: Number, *, reason: Reason) -> None:
    """De gastheer zegt nee: er komt een voorstel dat zo weinig mogelijk verandert."""
    from vitale_core.steps import visits, werkbezoek

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            visit = visits.get(session, number)
            werkbezoek.refuse_visit(session, visit, reason=reason, by=OPERATOR, **desk.at)
            return documents.visit(visit)

        shown = desk.carry_out(change, what=f"Bezoek {number} weigeren:")
    _finish(shown)


@app.command
def move(
    number: Number,
    *,
    slot: Annotated[int, Parameter(help="nummer van een vrij dagdeel, uit vitale visit slots")],
    agreed: Annotated[bool, Parameter(negative="", help="de gastheer zei al ja, aan de telefoon")] = False,
) -> None:
    """Laat een groep op een ander moment gaan, bij dezelfde of bij een andere gastheer."""
    from vitale_core.steps import visits, werkbezoek
    from vitale_core.store.records import Slot

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            other = session.get(Slot, slot)
            if other is None:
                raise NotFound(f"Dagdeel {slot} bestaat niet.", remedy=f"vitale visit slots {number}")
            moved = werkbezoek.move_visit(
                session, visits.get(session, number), other, agreed=agreed, by=OPERATOR, **desk.at
            )
            return documents.visit(moved)

        shown = desk.carry_out(change, what=f"Bezoek {number} verplaatsen:")
    _finish(shown)


@app.command
def slots(number: Number) -> None:
    """De vrije dagdelen waarheen een bezoek kan, met wie er dan niet kan."""
    from vitale_core.steps import visits, werkbezoek
    from vitale_core.steps.plan import availability

    with open_desk() as desk, desk.database.read() as session:
        visit = visits.get(session, number)
        members = [m.enrolment_id for m in visit.group.members]
        shown: list[dict[str, Any]] = []
        for slot in werkbezoek.free_slots(session, visit, **desk.at):
            can = availability.who_can(session, members, slot.starts_at, slot.ends_at)
            shown.append(
                {
                    "slot": slot.id,
                    "project": slot.project.title,
                    "place": slot.project.place,
                    "start": slot.starts_at,
                    "end": slot.ends_at,
                    "same_project": slot.project_id == visit.project_id,
                    "cannot": sorted(e for e, free in can.items() if free is False),
                    "unknown": sorted(e for e, free in can.items() if free is None),
                }
            )
    rows = [
        (s["slot"], s["project"], s["place"], documents.short(s["start"]), len(s["cannot"]), len(s["unknown"]))
        for s in shown
    ]
    headers = ("dagdeel", "project", "plaats", "wanneer", "kunnen niet", "onbekend")
    terminal.show({"visit": number, "slots": shown}, terminal.table(headers, rows))
    if not rows:
        terminal.say("Er is geen ander dagdeel vrij. Vraag er een: vitale host import gastheren.csv")


@app.command(name="other-date")
def other_date(
    number: Number,
    *,
    start: Annotated[str, Parameter(help="begin, 2027-04-08T13:00")],
    end: Annotated[str, Parameter(help="einde, 2027-04-08T15:30")],
) -> None:
    """De gastheer stelt een ander moment voor; daarna beslis je of het kan."""
    from vitale_core.steps import visits, werkbezoek

    begins, ends = read_moment(start), read_moment(end)
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            visit = visits.get(session, number)
            made = werkbezoek.propose_other_date(session, visit, begins, ends, by=OPERATOR, **desk.at)
            return documents.visit(visit) | {"slot": made.id}

        shown = desk.do(change, what=f"Ander moment voor bezoek {number}:")
        warnings = list(dates.warnings({f"bezoek {number}": worktime.local(begins).date()}, desk.bureau))
    for warning in warnings:
        terminal.warn(warning)
    terminal.show({"visit": shown, "warnings": warnings}, "")
    terminal.say(f"Volgende: vitale visit confirm {number} --slot {shown['slot']}, of vitale visit refuse {number}")


@app.command
def sheet(number: Number) -> None:
    """Het dagblad van een bezoek dat vaststaat: voor groep en gastheer."""
    from dataclasses import asdict

    from vitale_core.steps import visits, werkbezoek

    with open_desk() as desk, desk.database.read() as session:
        found = werkbezoek.day_sheet(visits.get(session, number))
    people = [f"{name}, {organisation}" if organisation else name for name, organisation in found.people]
    text = terminal.facts(
        {
            "werkbezoek": f"{found.project} (groep {found.group})",
            "wanneer": f"{documents.short(found.start)} tot {documents.short(found.end)}",
            "waar": found.place,
            "gastheer": ", ".join(filter(None, (found.contact, found.phone))),
        }
        | {label.lower(): text for label, text in found.details}
    )
    terminal.show({"sheet": asdict(found)}, "\n".join([text, "wie", *(f"  {line}" for line in people)]))


@app.command
def handout(code: Annotated[str, Parameter(help="code van de lichting")]) -> None:
    """Verslagen en aanbevelingen van alle groepen op één blad, voor dagdeel 3."""
    from dataclasses import asdict

    from vitale_core.steps import cohorts, report

    with open_desk() as desk, desk.database.read() as session:
        parts = report.handout(session, cohorts.get(session, code))
    lines: list[str] = []
    for part in parts:
        lines += [terminal.paint(f"Groep {part.group}: {part.project}, {part.place}", terminal.BOLD), part.report]
        lines += [f"  - {line}" for line in part.recommendations]
    terminal.show({"handout": [asdict(part) for part in parts]}, "\n".join(lines))
    if not parts:
        terminal.say("Er is nog geen verslag.")


def _finish(shown: dict[str, Any]) -> None:
    terminal.show({"visit": shown}, "")
    terminal.say(f"Bezoek {shown['id']} is nu: {labels.of_state(shown['status'])}.")
