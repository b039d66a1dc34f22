"""`vitale host`: who receives groups."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, terminal
from vitale_cli.commands.imports import hosts
from vitale_cli.desk import OPERATOR, open_desk
from vitale_cli.parser import commands

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = commands("host", "Gastheren en hun projecten.")
app.command(hosts, name="import")


@app.command(name="list")
def list_() -> None:
    """Alle projecten met hun gastheer en vrije momenten."""
    from sqlalchemy import select

    from vitale_core.domain.states import BOOKS_THE_SLOT
    from vitale_core.store.records import Project, Visit

    with open_desk() as desk, desk.database.read() as session:
        booked = set(session.scalars(select(Visit.slot_id).where(Visit.status.in_(BOOKS_THE_SLOT))))
        shown: list[documents.Document] = []
        for project in session.scalars(select(Project).order_by(Project.id)):
            ahead = [s for s in project.slots if s.withdrawn_at is None and s.starts_at > desk.now]
            slots = [{"id": s.id, "start": s.starts_at, "end": s.ends_at, "booked": s.id in booked} for s in ahead]
            shown.append(
                {
                    "id": project.id,
                    "project": project.title,
                    "organisation": project.host.organisation,
                    "contact": project.host.contact.name,
                    "email": project.host.contact.email,
                    "place": project.place,
                    "themes": project.themes,
                    "people": [project.min_people, project.max_people],
                    "access": project.access,
                    "transit": project.transit,
                    "active": project.active,
                    "slots": slots,
                }
            )
    rows = []
    for p in shown:
        free = [documents.short(s["start"]) for s in p["slots"] if not s["booked"]]
        size = f"{p['people'][0]}-{p['people'][1]}"
        rows.append(
            (p["id"], p["project"], p["organisation"], p["contact"], p["place"], size, "; ".join(free) or "geen")
        )
    headers = ("nr", "project", "organisatie", "contact", "plaats", "mensen", "vrije momenten")
    terminal.show({"hosts": shown}, terminal.table(headers, rows))
    if not rows:
        terminal.say("Er zijn nog geen gastheren. Lees ze in: vitale host import gastheren.csv")


@app.command
def travel(
    origin: Annotated[str, Parameter(help="van deze plaats")] = "",
    destination: Annotated[str, Parameter(help="naar deze plaats; de weg terug telt even lang")] = "",
    minutes: Annotated[int | None, Parameter(help="reistijd in minuten; 0 neemt je verbetering terug")] = None,
) -> None:
    """Wat de planner als reistijd aanhoudt, en je eigen verbetering daarvan.

    Zonder plaatsen: alle verbeteringen. Zonder minuten: wat er nu geldt tussen deze plaatsen.
    """
    from vitale_core.steps.plan import travel as travelling

    with open_desk() as desk:
        if minutes is not None:

            def change(session: "Session") -> dict[str, Any]:
                return travelling.correct(session, origin, destination, minutes, by=OPERATOR, now=desk.now)

            shown = [desk.do(change, what=f"Reistijd {origin} - {destination}:")]
        else:
            with desk.database.read() as session:
                one = [travelling.between(session, origin, destination)] if origin and destination else None
                shown = one or travelling.corrections(session)
    rows = [
        (t["origin"], t["destination"], "onbekend" if t["minutes"] is None else t["minutes"], t["source"])
        for t in shown
    ]
    terminal.show({"travel": shown}, terminal.table(("van", "naar", "minuten", "bron"), rows))
    if not rows:
        terminal.say("Er zijn geen verbeteringen: de planner schat alle reistijden.")
