"""Persons: what changes about one person. No name or address passes through here: Prefect keeps what it is told.

So whoever takes over applied first, and a new address is that of a mail that came in. Both can also be typed on the
operator's page and with the command `vitale person`.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from flows.running import Done, carry_out, core_flow, found, the_app
from vitale_core.domain import labels
from vitale_core.domain.errors import Refused
from vitale_core.domain.incoming import Unreadable
from vitale_core.steps import cohorts, groups, intake, people
from vitale_core.steps import persons as steps
from vitale_core.store.records import Enrolment, Incoming

BY_HAND = "vitale person correct --help"


@core_flow("persons.withdraw", "withdraw {enrolment}")
async def withdraw(enrolment: int, by: str = "operator", *, only_look: bool = False) -> str:
    """Takes somebody out who stops: calendar entries go, the seat is offered to the next.

    Args:
        enrolment: number of the participant, as `vitale person list` shows it
        by: who does it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = found(facts, Enrolment, enrolment, "Deelnemer")
        row = intake.withdraw(facts, row, by=by, now=now, bureau=bureau)
        return Done(row.cohort.code, f"Deelnemer {enrolment} is nu: {labels.of_state(row.status)}.")

    return await carry_out(work, only_look=only_look)


@core_flow("persons.substitute", "substitute {enrolment}")
async def substitute(enrolment: int, colleague: int, by: str = "operator", *, only_look: bool = False) -> str:
    """Gives a seat to a colleague who applied: same group and visit, own calendar, own links.

    Args:
        enrolment: number of the participant who leaves, as `vitale person list` shows it
        colleague: number of the colleague's aanmelding, for this cohort or another one
        by: who does it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = found(facts, Enrolment, enrolment, "Deelnemer")
        other = found(facts, Enrolment, colleague, "Aanmelding")
        person = people.get_person(facts, other.person_id)
        name, email = person.name or "", person.email or ""
        taken = steps.substitute(facts, row, name=name, email=email, by=by, now=now, bureau=bureau)
        return Done(row.cohort.code, f"Deelnemer {taken.id} heeft nu de plek van {enrolment}.")

    return await carry_out(work, only_look=only_look)


@core_flow("persons.transfer", "transfer {enrolment} to {to}")
async def transfer(enrolment: int, to: str, by: str = "operator", *, only_look: bool = False) -> str:
    """Moves somebody to another cohort: a seat there, or a place on its waiting list.

    Args:
        enrolment: number of the participant, as `vitale person list` shows it
        to: code of the other cohort
        by: who does it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = found(facts, Enrolment, enrolment, "Deelnemer")
        moved = steps.transfer(facts, row, cohorts.get(facts, to), by=by, now=now, bureau=bureau)
        return Done(to, f"Deelnemer {enrolment} is nu nummer {moved.id} in {to}: {labels.of_state(moved.status)}.")

    return await carry_out(work, only_look=only_look)


@core_flow("persons.let-in", "let-in {enrolment}")
async def let_in(enrolment: int, by: str = "operator", *, only_look: bool = False) -> str:
    """Lets in who applied, also when the training is under way: who comes late gets what is still to come.

    Args:
        enrolment: number of the aanmelding, as `vitale person list` shows it
        by: who does it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = found(facts, Enrolment, enrolment, "Aanmelding")
        row = intake.confirm(facts, row, by=by, now=now, bureau=bureau)
        return Done(row.cohort.code, f"Aanmelding {enrolment} is nu: {labels.of_state(row.status)}.")

    return await carry_out(work, only_look=only_look)


@core_flow("persons.correct-address", "correct-address {enrolment}")
async def correct_address(enrolment: int, mail: int, by: str = "operator", *, only_look: bool = False) -> str:
    """Gives somebody the address from which a mail came in: calendars move along, what never arrived goes again.

    Args:
        enrolment: number of the participant, as `vitale person list` shows it
        mail: number of the mail from the right address, as `vitale mail inbox` shows it
        by: who does it
        only_look: show what would happen, and change nothing
    """
    app = the_app()

    def work(facts: Session, now: datetime) -> Done:
        row = found(facts, Enrolment, enrolment, "Deelnemer")
        came_in = found(facts, Incoming, mail, "Binnengekomen mail")
        if came_in.raw is None:
            raise Refused(f"Van mail {mail} wordt de inhoud niet meer bewaard.", remedy=BY_HAND)
        try:
            address = app.sender_of(came_in.raw)
        except Unreadable:
            raise Refused(f"De afzender van mail {mail} is niet te lezen.", remedy=BY_HAND) from None
        steps.correct_address(facts, row.person, address, by=by, now=now, bureau=app.bureau)
        return Done(row.cohort.code, f"Deelnemer {enrolment} heeft het adres van mail {mail}.")

    return await carry_out(work, only_look=only_look)


@core_flow("persons.change-group", "group {enrolment} to {group}")
async def change_group(enrolment: int, group: int, by: str = "operator", *, only_look: bool = False) -> str:
    """Lets somebody go with another group of the plan in force; everybody else stays.

    Args:
        enrolment: number of the participant, as `vitale person list` shows it
        group: number of the group, as `vitale groups show` shows it
        by: who does it
        only_look: show what would happen, and change nothing
    """
    bureau = the_app().bureau

    def work(facts: Session, now: datetime) -> Done:
        row = found(facts, Enrolment, enrolment, "Deelnemer")
        plan = groups.change_group(facts, row, group, by=by, now=now, bureau=bureau)
        return Done(row.cohort.code, f"Deelnemer {enrolment} zit nu in groep {group} (versie {plan.version}).")

    return await carry_out(work, only_look=only_look)
