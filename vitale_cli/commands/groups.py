"""`vitale groups`: who goes where with whom."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import options, shown_plans, terminal
from vitale_cli.desk import OPERATOR, open_desk
from vitale_cli.parser import Code, Who, commands
from vitale_core.domain.errors import Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

app = commands("groups", "Groepen en werkbezoeken voorstellen en goedkeuren.")

Version = Annotated[int | None, Parameter(help="versie van het voorstel; anders de nieuwste")]


@app.command
def propose(
    code: Code,
    *,
    count: Annotated[int | None, Parameter(help="aantal groepen; anders het beste aantal")] = None,
    without: Annotated[list[str] | None, Parameter(help="laat deze regel los, zoals iedereen-kan", negative="")] = None,
) -> None:
    """Maak een voorstel; niemand hoort ervan tot je het goedkeurt."""
    from vitale_core.steps import cohorts, groups

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            plan = groups.propose(session, cohort, by=OPERATOR, count=count, without=without or (), **desk.at)
            return _as_kept(session, code, plan.version)

        shown = desk.do(change, what=f"Voorstel voor {code}:")
    terminal.show({"cohort": code, "plan": shown}, shown_plans.text(shown))
    terminal.say(f"Volgende: vitale groups approve {code} {shown['version']}")


@app.command
def show(
    code: Code,
    *,
    version: Version = None,
    why: Annotated[bool, Parameter(negative="", help="leg uit wat het kost, en per persoon waarom hier")] = False,
    others: Annotated[
        bool, Parameter(name="--alternatives", negative="", help="andere plannen, met wat ze schelen")
    ] = False,
) -> None:
    """Het voorstel dat wacht, of anders het plan dat geldt."""
    from vitale_core.steps import cohorts
    from vitale_core.steps.plan import choosing
    from vitale_core.steps.plan import reading as plans

    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code)
        shown = shown_plans.document(plans.show(session, cohort, version))
        if why:
            shown |= shown_plans.reasons(session, cohort, shown["version"])
        if others:
            found = choosing.choices(session, cohort, shown["version"])
            names = plans.labels(session, plans.get(session, cohort, shown["version"]))
            shown["alternatives"] = [
                shown_plans.choice(choice, names, [level["name"] for level in shown["levels"]]) for choice in found
            ]
    text = shown_plans.text(shown)
    if why:
        text += "\n\n" + terminal.table(
            ("groep", "wat het kost", "", "door wie"),
            [(c["group"], c["what"], c["cost"], c["who"]) for c in shown["costs"]],
        )
        text += "\n\n" + terminal.table(("wie", "waarom hier"), [(w["name"], w["why"]) for w in shown["why"]])
        for group in shown["why_not"]:
            offered = [v for v in group["visits"] if v["offered"]]
            rows = [(v["project"], v["when"], v["why"]) for v in offered]
            text += f"\n\nWaarom groep {group['number']} niet hier heen gaat:\n"
            text += terminal.table(("project", "wanneer", "waarom niet"), rows)
    if others:
        text += "\n\n" + (
            "\n\n".join(map(shown_plans.choice_text, shown["alternatives"])) or "Er zijn geen andere plannen."
        )
    terminal.show({"cohort": code, "plan": shown}, text)
    if others and shown["alternatives"]:
        terminal.say(f"Een ervan nemen: vitale groups choose {code} 1")


@app.command
def choose(
    code: Code,
    number: Annotated[int, Parameter(help="nummer uit vitale groups show --alternatives")],
    version: Version = None,
) -> None:
    """Neem een van de andere plannen; dat wordt een nieuw voorstel."""
    from vitale_core.steps import cohorts
    from vitale_core.steps.plan import choosing

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            plan = choosing.choose(session, cohort, number, by=OPERATOR, version=version, **desk.at)
            return _as_kept(session, code, plan.version)

        shown = desk.do(change, what=f"Keuze {number} voor {code}:")
    terminal.show({"cohort": code, "plan": shown}, shown_plans.text(shown))
    terminal.say(f"Volgende: vitale groups approve {code} {shown['version']}")


@app.command
def approve(code: Code, version: Version = None) -> None:
    """Laat een voorstel gelden: gastheren worden gevraagd. Laat eerst zien wat je goedkeurt."""
    from vitale_core.steps import cohorts, groups
    from vitale_core.steps.plan import reading as plans

    with open_desk() as desk:
        with desk.database.read() as session:
            seen = shown_plans.document(plans.show(session, cohorts.get(session, code), version))
        terminal.say(shown_plans.text(seen) + "\n")

        def change(session: "Session") -> int:
            cohort = cohorts.get(session, code)
            plan = groups.approve(session, cohort, seen["version"], digest=seen["digest"], by=OPERATOR, **desk.at)
            return plan.version

        approved = desk.carry_out(change, what=f"Versie {seen['version']} van {code} goedkeuren:")
    terminal.show({"cohort": code, "approved": approved}, "")
    terminal.say(f"Versie {approved} geldt. Wat gastheren antwoorden: vitale visit list {code}")


@app.command
def edit(
    code: Code,
    *moves: Annotated[str, Parameter(help="wie naar welke groep: 12=2 of an@ede.nl=2")],
    slot: Annotated[list[str] | None, Parameter(help="een groep op een ander moment: 2=17", negative="")] = None,
    version: Version = None,
) -> None:
    """Zet mensen in een andere groep, of een groep op een ander moment; dat wordt een nieuw voorstel.

    Je ziet wat elke wijziging kost. Met --dry-run wordt er niets bewaard.
    """
    from vitale_core.steps import cohorts, groups, intake
    from vitale_core.steps.plan import reading as plans

    if not moves and not slot:
        raise Refused("Er is niets om te wijzigen.", remedy=f"vitale groups edit {code} 12=2")
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            wanted = {intake.find(session, cohort, who).id: group for who, group in map(_move, moves)}
            slots = {int(group): number for group, number in map(_move, slot or ()) if group.isdecimal()}
            base = plans.show(session, cohort, version).version
            plan = groups.edit(session, cohort, base, wanted, slots=slots, by=OPERATOR, **desk.at)
            return _as_kept(session, code, plan.version)

        shown = desk.do(change, what=f"Groepen van {code} wijzigen:")
    terminal.show({"cohort": code, "plan": shown}, shown_plans.text(shown))
    terminal.say(f"Volgende: vitale groups approve {code} {shown['version']}")


@app.command
def move(
    code: Code, who: Who, group: Annotated[int, Parameter(help="nummer van de groep waar iemand heen gaat")]
) -> None:
    """Laat iemand met een andere groep meegaan; dat geldt meteen, ook in de agenda's."""
    from vitale_core.steps import cohorts, groups, intake
    from vitale_core.steps.plan import reading as plans

    with open_desk() as desk:

        def change(session: "Session") -> int:
            enrolment = intake.find(session, cohorts.get(session, code), who)
            return groups.change_group(session, enrolment, group, by=OPERATOR, **desk.at).version

        version = desk.carry_out(change, what=f"Naar groep {group} van {code}:")
        with desk.database.read() as session:
            shown = shown_plans.document(plans.show(session, cohorts.get(session, code), version))
    terminal.show({"cohort": code, "plan": shown}, "" if options.current().quiet else shown_plans.text(shown))


def _as_kept(session: "Session", code: str, version: int) -> dict[str, Any]:
    """Return a plan that was just made as the database has it now."""
    from vitale_core.steps import cohorts
    from vitale_core.steps.plan import reading as plans

    session.flush()
    session.expire_all()
    return shown_plans.document(plans.show(session, cohorts.get(session, code), version))


def _move(text: str) -> tuple[str, int]:
    """Return both sides of "12=2"."""
    who, _, number = text.rpartition("=")
    if not who or not number.isdecimal():
        raise Refused(f"'{text}' is geen verplaatsing.", remedy="Schrijf deelnemer=groep: 12=2")
    return who, int(number)
