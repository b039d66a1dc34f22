"""The seats of a cohort: who comes in late, who hands over, who goes elsewhere, whose address is wrong.

The same steps as the commands `vitale person` and `vitale groups`; the consequences come first.
"""

from sqlalchemy import select
from starlette.responses import Response

from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import ACCEPTS
from vitale_core.steps import cohorts, details, groups, intake, persons
from vitale_core.steps.plan import reading as plans
from vitale_core.store.records import Cohort, Enrolment, Person
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Filled, Form
from vitale_portal.office import cohort as cohort_page
from vitale_portal.office.deeds import by, chosen, deed
from vitale_portal.views import moment_in_words


def show_join(call: Call) -> Response:
    """Ask who comes in."""
    cohort = cohort_page.of(call)
    return cohort_page.change(call, cohort, "Iemand laten instromen", _join_form(call))


def join(call: Call) -> Response:
    """Let somebody in who called or wrote."""
    cohort = cohort_page.of(call)
    filled = call.fill(_join_form(call))
    form = intake.Application(
        name=filled.string("deelnemer"),
        email=filled.string("mail"),
        organisation=filled.string("organisatie"),
        function=filled.string("functie"),
        phone=filled.string("telefoon"),
    )
    call.chose(f"Je laat {form.name} ({form.email}) instromen in {cohort.code}.")
    made = persons.join(call.session, cohort, form, by=by(call, filled), now=call.now, bureau=call.bureau)
    return call.to(f"{cohort.code}/mensen/{made.id}")


def show_colleague(call: Call) -> Response:
    """Ask which colleague takes the seat."""
    cohort, enrolment = _enrolment(call)
    return cohort_page.change(
        call, cohort, f"De plek van {_name(enrolment)} gaat naar een collega", _colleague_form(call)
    )


def substitute(call: Call) -> Response:
    """Give the seat to a colleague."""
    cohort, enrolment = _enrolment(call)
    filled = call.fill(_colleague_form(call))
    colleague = f"{filled.string('deelnemer')} ({filled.string('mail')})"
    call.chose(f"De plek van {_name(enrolment)} in {cohort.code} gaat naar {colleague}.")
    taken = persons.substitute(
        call.session,
        enrolment,
        name=filled.string("deelnemer"),
        email=filled.string("mail"),
        by=by(call, filled),
        now=call.now,
        bureau=call.bureau,
    )
    return call.to(f"{cohort.code}/mensen/{taken.id}")


def show_transfer(call: Call) -> Response:
    """Ask to which cohort somebody goes."""
    cohort, enrolment = _enrolment(call)
    return cohort_page.change(
        call, cohort, f"{_name(enrolment)} gaat naar een andere lichting", _transfer_form(call, cohort)
    )


def transfer(call: Call) -> Response:
    """Move somebody to another cohort."""
    cohort, enrolment = _enrolment(call)
    filled = call.fill(_transfer_form(call, cohort))
    to = cohorts.get(call.session, filled.string("lichting"))
    call.chose(f"{_name(enrolment)} gaat van lichting {cohort.code} naar lichting {to.code}.")
    moved = persons.transfer(call.session, enrolment, to, by=by(call, filled), now=call.now, bureau=call.bureau)
    return call.to(f"{to.code}/mensen/{moved.id}")


def show_details(call: Call) -> Response:
    """Show somebody's address and details, to be corrected."""
    cohort, enrolment = _enrolment(call)
    person = enrolment.person
    known = {
        "mail": person.email,
        "deelnemer": person.name,
        "organisatie": person.organisation,
        "functie": person.function,
        "telefoon": person.phone,
    }
    return cohort_page.change(call, cohort, f"Adres en gegevens van {_name(enrolment)}", _join_form(call), known)


def correct(call: Call) -> Response:
    """Correct an address or details: calendars follow, and what never arrived goes out again."""
    cohort, enrolment = _enrolment(call)
    filled = call.fill(_join_form(call))
    person, name = enrolment.person, by(call, filled)
    call.chose(_corrected(person, filled))
    persons.correct_address(call.session, person, filled.string("mail"), by=name, now=call.now, bureau=call.bureau)
    told = {
        "name": filled.string("deelnemer"),
        "organisation": filled.string("organisatie"),
        "function": filled.string("functie"),
        "phone": filled.string("telefoon"),
    }
    given = {field: text for field, text in told.items() if text != (getattr(person, field) or "")}
    if given:
        details.correct(call.session, person, given, by=name, now=call.now, bureau=call.bureau)
    return call.to(f"{cohort.code}/mensen/{enrolment.id}")


def show_group(call: Call) -> Response:
    """Ask with which group somebody goes."""
    cohort, enrolment = _enrolment(call)
    return cohort_page.change(
        call, cohort, f"{_name(enrolment)} gaat met een andere groep mee", _group_form(call, cohort)
    )


def change_group(call: Call) -> Response:
    """Let somebody go with another group."""
    cohort, enrolment = _enrolment(call)
    filled = call.fill(_group_form(call, cohort))
    number = chosen(filled, "groep")
    call.chose(f"{_name(enrolment)} gaat voortaan met groep {number} mee.")
    groups.change_group(call.session, enrolment, number, by=by(call, filled), now=call.now, bureau=call.bureau)
    return call.to(f"{cohort.code}/mensen/{enrolment.id}")


def _enrolment(call: Call) -> tuple[Cohort, Enrolment]:
    cohort = cohort_page.of(call)
    found = call.session.get(Enrolment, int(call.path["enrolment"]))
    if found is None or found.cohort_id != cohort.id:
        raise NotFound("Deze deelnemer is er niet.")
    return cohort, found


def _corrected(person: Person, filled: Filled) -> str:
    """Return what changes in somebody's details, old and new beside each other."""
    known = {
        "naam": (person.name, "deelnemer"),
        "e-mailadres": (person.email, "mail"),
        "organisatie": (person.organisation, "organisatie"),
        "functie": (person.function, "functie"),
        "telefoon": (person.phone, "telefoon"),
    }
    changed = [
        f"{what} {old or '(leeg)'} wordt {filled.string(field) or '(leeg)'}"
        for what, (old, field) in known.items()
        if filled.string(field) != (old or "")
    ]
    who = person.name or "(gewist)"
    return f"Je wijzigt de gegevens van {who}: {'; '.join(changed)}." if changed else f"Je wijzigt niets van {who}."


def _name(enrolment: Enrolment) -> str:
    return enrolment.person.name or "(gewist)"


def _colleague_form(call: Call) -> Form:
    return deed(
        call,
        Field("deelnemer", "Naam van de collega", "de naam", least=2, most=120),
        Field("mail", "E-mailadres van de collega", "het adres", "email"),
    )


def _join_form(call: Call) -> Form:
    return deed(
        call,
        Field("deelnemer", "Naam", "de naam", least=2, most=120),
        Field("mail", "E-mailadres", "het adres", "email"),
        Field("organisatie", "Organisatie", "de organisatie", required=False),
        Field("functie", "Functie", "de functie", required=False),
        Field("telefoon", "Telefoonnummer", "het telefoonnummer", "tel", required=False),
    )


def _transfer_form(call: Call, cohort: Cohort) -> Form:
    others = call.session.scalars(
        select(Cohort).where(Cohort.status.in_(ACCEPTS), Cohort.id != cohort.id).order_by(Cohort.code)
    ).all()
    if not others:
        return Form(())
    options = tuple(
        Choice(o.code, o.code, f"{cohorts.seats_taken(call.session, o)} van {o.capacity} plaatsen bezet")
        for o in others
    )
    return deed(call, Field("lichting", "Naar welke lichting?", "de lichting", "choice", options=options))


def _group_form(call: Call, cohort: Cohort) -> Form:
    plan = plans.approved(call.session, cohort)
    shown = plans.show(call.session, cohort, plan.version) if plan else None
    options = tuple(
        Choice(
            str(g.number),
            f"Groep {g.number}: {', '.join(m.name for m in g.members)}",
            f"{g.visit.project}, {moment_in_words(g.visit.start)}" if g.visit else "nog geen werkbezoek",
        )
        for g in (shown.groups if shown else ())
        if not g.settled
    )
    return (
        deed(call, Field("groep", "Naar welke groep?", "de groep", "choice", options=options)) if options else Form(())
    )
