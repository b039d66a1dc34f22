"""`vitale person`: who is in, who gets a seat, and what changes about somebody."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from vitale_cli import documents, options, shown_person, terminal
from vitale_cli.desk import OPERATOR, open_desk
from vitale_cli.parser import Code, Reason, Who, commands
from vitale_core.domain import labels
from vitale_core.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vitale_core.store.records import Enrolment, Person

app = commands("person", "Deelnemers toelaten, afmelden, vervangen, wissen.")


@app.command(name="list")
def list_(code: Code) -> None:
    """Iedereen die zich aanmeldde, op volgorde van aanmelding."""
    from sqlalchemy import select

    from vitale_core.domain.states import EnrolmentStatus
    from vitale_core.steps import answers, cohorts, waiting_list
    from vitale_core.store.records import Enrolment, Intake

    with open_desk() as desk, desk.database.read() as session:
        cohort = cohorts.get(session, code)
        query = select(Enrolment).where(Enrolment.cohort_id == cohort.id).order_by(Enrolment.applied_at, Enrolment.id)
        intakes = select(Intake).where(Intake.cohort_id == cohort.id)
        answered = {intake.enrolment_id: answers.missing(intake) for intake in session.scalars(intakes)}
        shown = []
        for enrolment in session.scalars(query):
            waits = enrolment.status is EnrolmentStatus.WAITLISTED
            place = waiting_list.place_on_list(session, enrolment) if waits else None
            lacks = answered.get(enrolment.id)
            told = {"intake_answered": lacks == [], "intake_missing": lacks or []}
            shown.append(documents.enrolment(enrolment) | told | {"place_on_list": place})
    rows = [
        (
            p["id"],
            p["name"],
            p["email"],
            p["organisation"],
            labels.of_state(p["status"]) + (f" ({p['place_on_list']}e)" if p["place_on_list"] else ""),
            "ja" if p["intake_answered"] else _partly(p["intake_missing"]) or "nee",
        )
        for p in shown
    ]
    text = terminal.table(("nr", "naam", "e-mail", "organisatie", "status", "intake"), rows)
    terminal.show({"cohort": code, "people": shown}, text)
    if not rows:
        terminal.say(f"Nog niemand. Lees een lijst in: vitale import {code} deelnemers.csv")


def _partly(missing: list[str]) -> str:
    """Return how an intake stands of which an import told a part."""
    return f"deels, nog: {', '.join(missing)}" if missing else ""


@app.command
def show(
    first: Annotated[str, Parameter(name="WHO", help="deelnemersnummer of e-mailadres, eventueel na de code")],
    second: Annotated[str, Parameter(name="WHO2", show=False)] = "",
) -> None:
    """Alles wat nodig is om iemand te woord te staan."""
    code, who = (first, second) if second else ("", first)
    with open_desk() as desk, desk.database.read() as session:
        enrolments = _enrolments(session, code, who)
        shown = [shown_person.document(session, e) for e in enrolments]
    terminal.show({"people": shown}, "\n\n".join(shown_person.text(one) for one in shown))


@app.command
def confirm(code: Code, *who: Who, all_: Annotated[bool, Parameter(name="--all", negative="")] = False) -> None:
    """Laat mensen toe: een plek als die er is, anders de wachtlijst.

    Met --all iedereen die op een beslissing wacht, op volgorde van aanmelding.
    """
    from vitale_core.steps import cohorts, intake

    with open_desk() as desk:

        def change(session: "Session") -> list[dict[str, Any]]:
            cohort = cohorts.get(session, code)
            chosen = _undecided(session, cohort.id) if all_ else [intake.find(session, cohort, one) for one in who]
            if not chosen:
                raise Refused("Er is niemand om toe te laten.", remedy=f"vitale person list {code}")
            now_in = [intake.confirm(session, e, by=OPERATOR, **desk.at) for e in chosen]
            return [_with_place(session, e) for e in now_in]

        shown = desk.carry_out(change, what=f"Toelaten tot {code}:") if all_ else desk.do(change, what="Toelaten:")
    rows = [(p["id"], p["name"], labels.of_state(p["status"])) for p in shown]
    terminal.show({"people": shown}, terminal.table(("nr", "naam", "status"), rows))
    for person in shown:
        if person["place_on_list"]:
            terminal.warn(_no_seat(code, person))


def _with_place(session: "Session", enrolment: "Enrolment") -> dict[str, Any]:
    """Return somebody with the place on the waiting list, if any, and how full the cohort is."""
    from vitale_core.steps import cohorts, waiting_list

    cohort = enrolment.cohort
    return documents.enrolment(enrolment) | {
        "place_on_list": waiting_list.place_on_list(session, enrolment),
        "seats_taken": cohorts.seats_taken(session, cohort),
        "capacity": cohort.capacity,
    }


def _no_seat(code: str, person: dict[str, Any]) -> str:
    """Say that somebody who was let in has no seat yet, and why."""
    taken, capacity = person["seats_taken"], person["capacity"]
    why = f"{code} is vol ({taken} van {capacity} plekken)" if taken >= capacity else "anderen staan eerder op de lijst"
    return f"{person['name']} heeft nog geen plek: {why}. Plaats {person['place_on_list']} op de wachtlijst."


@app.command
def add(
    code: Code,
    *,
    name: Annotated[str, Parameter(help="naam")],
    email: Annotated[str, Parameter(help="e-mailadres")],
    organisation: Annotated[str, Parameter(help="organisatie")] = "",
    department: Annotated[str, Parameter(help="afdeling")] = "",
    function: Annotated[str, Parameter(help="functie")] = "",
    phone: Annotated[str, Parameter(help="telefoonnummer")] = "",
) -> None:
    """Laat iemand instromen die belde of mailde: een plek als die er is, anders de wachtlijst."""
    from vitale_core.steps import cohorts, intake, persons

    form = intake.Application(
        name=name, email=email, organisation=organisation, department=department, function=function, phone=phone
    )
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            cohort = cohorts.get(session, code)
            joined = persons.join(session, cohort, form, by=OPERATOR, **desk.at)
            return _with_place(session, joined)

        shown = desk.carry_out(change, what=f"Instromen in {code}:")
    _finish(shown)
    if shown["place_on_list"]:
        terminal.warn(_no_seat(code, shown))


@app.command
def reject(code: Code, who: Who, *, reason: Reason) -> None:
    """Wijs een aanmelding af; de mail wacht op je goedkeuring."""
    from vitale_core.steps import cohorts, intake

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            enrolment = intake.find(session, cohorts.get(session, code), who)
            return documents.enrolment(intake.reject(session, enrolment, by=OPERATOR, reason=reason, now=desk.now))

        _finish(desk.carry_out(change, what="Afwijzen:"))


@app.command
def withdraw(code: Code, who: Who) -> None:
    """Meld iemand af; de plek wordt aan de volgende aangeboden."""
    from vitale_core.steps import cohorts, intake

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            enrolment = intake.find(session, cohorts.get(session, code), who)
            return documents.enrolment(intake.withdraw(session, enrolment, by=OPERATOR, **desk.at))

        _finish(desk.carry_out(change, what="Afmelden:"))


@app.command
def substitute(
    code: Code,
    who: Who,
    *,
    name: Annotated[str, Parameter(help="naam van de collega")],
    email: Annotated[str, Parameter(help="e-mailadres van de collega")],
) -> None:
    """Geef iemands plek aan een collega."""
    from vitale_core.steps import cohorts, intake, persons

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            enrolment = intake.find(session, cohorts.get(session, code), who)
            taken = persons.substitute(session, enrolment, name=name, email=email, by=OPERATOR, **desk.at)
            return documents.enrolment(taken)

        _finish(desk.carry_out(change, what="Plek doorgeven:"))


@app.command
def transfer(code: Code, who: Who, *, to: Annotated[str, Parameter(help="code van de andere lichting")]) -> None:
    """Verplaats iemand naar een andere lichting."""
    from vitale_core.steps import cohorts, intake, persons

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            enrolment = intake.find(session, cohorts.get(session, code), who)
            moved = persons.transfer(session, enrolment, cohorts.get(session, to), by=OPERATOR, **desk.at)
            return documents.enrolment(moved)

        _finish(desk.carry_out(change, what=f"Van {code} naar {to}:"))


@app.command
def divide(
    *codes: Annotated[str, Parameter(help="codes van lichtingen; anders alle die mensen aannemen")],
    prefer: Annotated[
        list[str] | None, Parameter(help="wat iemand uitkomt, beste eerst: 12=2027-najaar,2027-winter", negative="")
    ] = None,
) -> None:
    """Wie van de wachtlijsten waar een plek kan krijgen, en waarom. Er verandert niets: jij verplaatst."""
    from vitale_core.steps.plan import dividing

    wishes = {}
    for text in prefer or ():
        who, _, suit = text.partition("=")
        if not who.isdecimal() or not suit:
            raise Refused(f"'{text}' is geen voorkeur.", remedy="Schrijf 12=2027-najaar,2027-winter")
        wishes[int(who)] = [code.strip() for code in suit.split(",") if code.strip()]
    with open_desk() as desk, desk.database.read() as session:
        found = dividing.divide(session, codes, prefers=wishes, now=desk.now)
        shown = [
            {"id": s.enrolment.id, "name": s.enrolment.person.name, "from": s.here, "to": s.to, "why": s.why}
            for s in found
        ]
    rows = [(s["id"], s["name"], s["from"], s["to"] or "blijft wachten", s["why"]) for s in shown]
    terminal.show({"seats": shown}, terminal.table(("nr", "naam", "wacht bij", "plek", "waarom"), rows))
    moving = [s for s in shown if s["to"] not in {"", s["from"]}]
    if not rows:
        terminal.say("Er wacht niemand.")
    for s in moving:
        terminal.say(f"Past het? Bel, en dan: vitale person transfer {s['from']} {s['id']} --to {s['to']}")


@app.command
def correct(
    who: Who,
    *,
    email: Annotated[str | None, Parameter(help="het goede adres; wat niet aankwam gaat opnieuw")] = None,
    name: Annotated[str | None, Parameter(help="de goede naam")] = None,
    organisation: Annotated[str | None, Parameter(help="organisatie")] = None,
    department: Annotated[str | None, Parameter(help="afdeling")] = None,
    function: Annotated[str | None, Parameter(help="functie")] = None,
    phone: Annotated[str | None, Parameter(help="telefoonnummer")] = None,
) -> None:
    """Verbeter iemands gegevens of adres."""
    from vitale_core.steps import details, persons

    fields = {"name": name, "organisation": organisation, "department": department, "function": function}
    given = {field: text for field, text in (fields | {"phone": phone}).items() if text is not None}
    if email is None and not given:
        raise Refused("Er is niets om te verbeteren.", remedy="vitale person correct --help")
    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            person = _person(session, who)
            again = persons.correct_address(session, person, email, by=OPERATOR, **desk.at) if email else []
            changed = list(details.correct(session, person, given, by=OPERATOR, **desk.at)) if given else []
            return {"person": person.id, "changed": changed, "again": len(again)}

        shown = desk.carry_out(change, what="Verbeteren:")
    terminal.show(shown, "")
    terminal.say("Verbeterd.")


@app.command
def export(who: Who, *, output: Annotated[Path | None, Parameter(help="bestand; anders op het scherm")] = None) -> None:
    """Geef iemand alles wat over hem of haar bewaard wordt (AVG, artikel 15)."""
    from vitale_core.steps import privacy

    with open_desk() as desk, desk.database.read() as session:
        document = privacy.export(session, _person(session, who))
    if output is None:
        terminal.show(document, json.dumps(document, ensure_ascii=False, indent=2, default=str))
        return
    with output.open("x", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=2, default=str)
    terminal.say(f"Bewaard in {output}.")


@app.command
def erase(who: Who) -> None:
    """Wis iemand: naam, adres en antwoorden verdwijnen, aantallen blijven kloppen (AVG, artikel 17)."""
    from vitale_core.steps import privacy

    with open_desk() as desk:

        def change(session: "Session") -> dict[str, Any]:
            person = _person(session, who)
            return {"person": person.id, "erased": privacy.erase(session, person, by=OPERATOR, **desk.at)}

        shown = desk.carry_out(change, what="Wissen; dit kan niet ongedaan worden gemaakt:")
    terminal.show(shown, "")
    done = "Gewist." if shown["erased"] else "De laatste mail gaat eerst weg; daarna wordt alles gewist."
    terminal.say(done)


# ------------------------------------------------------------------------------------------------------- private


def _undecided(session: "Session", cohort_id: int) -> list["Enrolment"]:
    from sqlalchemy import select

    from vitale_core.domain.states import EnrolmentStatus
    from vitale_core.store.records import Enrolment

    query = select(Enrolment).where(Enrolment.cohort_id == cohort_id, Enrolment.status == EnrolmentStatus.APPLIED)
    return list(session.scalars(query.order_by(Enrolment.applied_at, Enrolment.id)))


def _enrolments(session: "Session", code: str, who: str) -> list["Enrolment"]:
    """Return somebody's enrolments: the one with this number, or all of this address, in one cohort or in any."""
    from sqlalchemy import select

    from vitale_core.steps import cohorts, intake
    from vitale_core.store.records import Enrolment, Person

    if code:
        return [intake.find(session, cohorts.get(session, code), who)]
    query = select(Enrolment).order_by(Enrolment.id.desc())
    if who.isdecimal():
        query = query.where(Enrolment.id == int(who))
    else:
        query = query.join(Person).where(Person.email_key == who.strip().casefold())
    found = list(session.scalars(query))
    if not found:
        raise NotFound("Deze deelnemer is niet gevonden.", remedy="Wie er zijn: vitale person list CODE")
    return found


def _person(session: "Session", who: str) -> "Person":
    """Return somebody by address or by the number of an enrolment."""
    from vitale_core.steps import people

    if who.strip().isdecimal():
        return _enrolments(session, "", who.strip())[0].person
    found = people.find_person(session, who)
    if found is None:
        raise NotFound("Dit adres is niet bekend.", remedy="Wie er zijn: vitale person list CODE")
    return found


def _finish(shown: dict[str, Any]) -> None:
    terminal.show({"person": shown}, "")
    if not options.current().json:
        terminal.say(f"{shown['name']} is nu: {labels.of_state(shown['status'])}.")
