"""A seat: take the one that is offered, give it back, or hand it to a colleague."""

from starlette.responses import RedirectResponse, Response

from vitale_core.domain.errors import Refused
from vitale_core.domain.states import EnrolmentStatus
from vitale_core.steps import intake, persons
from vitale_portal import standing
from vitale_portal.doors import Call
from vitale_portal.forms import Choice, Field, Form, form
from vitale_portal.standing import Standing

BY = "deelnemer"
YES, NO = "ja", "nee"
MAY_STOP = frozenset({EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED, EnrolmentStatus.CONFIRMED})

OFFER: Form = form(
    Field(
        "antwoord",
        "Wil je meedoen?",
        "je antwoord",
        "choice",
        missing="Kies of je meedoet.",
        options=(
            Choice(YES, "Ja, ik doe mee", "De plek is dan van jou."),
            Choice(NO, "Nee, geef de plek aan een ander", "Je staat dan niet meer op de lijst."),
        ),
    )
)
STOP: Form = form(
    Field(
        "zeker",
        "Ja, ik wil me afmelden.",
        "de bevestiging",
        "tick",
        missing="Zet een vinkje als je zeker weet dat je je afmeldt.",
    )
)
COLLEAGUE: Form = form(
    Field(
        "naam",
        "Voornaam en achternaam van je collega",
        "de naam van je collega",
        least=2,
        most=120,
        autocomplete="off",
    ),
    Field("mail", "Mailadres van je collega", "het mailadres van je collega", "email", autocomplete="off"),
    Field(
        "weet",
        "Mijn collega weet dat ik dit doorgeef.",
        "de bevestiging",
        "tick",
        missing="Zet een vinkje als je collega hiervan weet.",
    ),
)


def show_offer(call: Call) -> Response:
    """Show the seat that is held, or that it is no longer."""
    s = standing.of(call)
    return call.page("participant/offer.html", s=s, form=OFFER, filled=call.filled or OFFER.shown({}))


def answer_offer(call: Call) -> Response:
    """Take the seat, or leave it to the next."""
    s = standing.of(call)
    filled = call.fill(OFFER)
    step = intake.accept_offer if filled.string("antwoord") == YES else intake.decline_offer
    step(call.session, s.enrolment, now=call.now, bureau=call.bureau)
    return call.to("aanbod")


def show_stop(call: Call) -> Response:
    """Show what happens to somebody who stops."""
    s = standing.of(call)
    return call.page("participant/stop.html", s=s, form=STOP, filled=call.filled or STOP.shown({}), may=may_stop(s))


def stop(call: Call) -> Response:
    """Stop: the seat is free, the calendar entries go."""
    s = standing.of(call)
    call.fill(STOP)
    intake.withdraw(call.session, s.enrolment, by=BY, now=call.now, bureau=call.bureau)
    return call.to("afmelden")


def show_colleague(call: Call) -> Response:
    """Show what a colleague takes over."""
    s = _with_a_seat(call)
    return call.page("participant/colleague.html", s=s, form=COLLEAGUE, filled=call.filled or COLLEAGUE.shown({}))


def send_colleague(call: Call) -> Response:
    """Give the seat to a colleague. The link of who leaves stops working, so the way on is a page for anybody."""
    s = _with_a_seat(call)
    filled = call.fill(COLLEAGUE)
    persons.substitute(
        call.session,
        s.enrolment,
        name=filled.string("naam"),
        email=filled.string("mail"),
        by=BY,
        now=call.now,
        bureau=call.bureau,
    )
    return RedirectResponse("/doorgegeven", status_code=303)


def handed_over(call: Call) -> Response:
    """Say that a colleague took over, to somebody whose own page is gone."""
    return call.page("handed_over.html", home="/")


def may_stop(s: Standing) -> bool:
    """Say whether there is something to stop."""
    return s.enrolment.status in MAY_STOP


def _with_a_seat(call: Call) -> Standing:
    s = standing.of(call)
    if s.enrolment.status is not EnrolmentStatus.CONFIRMED:
        raise Refused("Je hebt nu geen plek om door te geven.", remedy="Op je overzicht zie je hoe het nu staat.")
    return s
