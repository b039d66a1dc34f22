"""What we keep of somebody: see it, correct it, take it along, have it erased."""

import json
from typing import Any

from starlette.responses import RedirectResponse, Response

from vitale_core.domain.errors import Refused
from vitale_core.steps import details, persons, privacy
from vitale_portal import standing
from vitale_portal.doors import Call
from vitale_portal.forms import Field, Form, form
from vitale_portal.seat import BY

FIELDS = {
    "naam": "name",
    "telefoon": "phone",
    "organisatie": "organisation",
    "afdeling": "department",
    "functie": "function",
}
PRIVATE = "Dit is privé en staat daarom niet achter een link. Vraag het ons, dan sturen we het je."

OWN: Form = form(
    Field("naam", "Voornaam en achternaam", "je naam", least=2, most=120, autocomplete="name"),
    Field(
        "mail",
        "Mailadres",
        "je mailadres",
        "email",
        hint="Wijzig je dit, dan gaan alle berichten en afspraken naar het nieuwe adres.",
        autocomplete="email",
    ),
    Field("organisatie", "Organisatie", "je organisatie", required=False, autocomplete="organization"),
    Field("functie", "Functie", "je functie", required=False, autocomplete="organization-title"),
    Field("afdeling", "Afdeling of werkveld", "je afdeling", required=False),
    Field("telefoon", "Telefoonnummer", "je telefoonnummer", "tel", required=False, autocomplete="tel"),
)
ERASE: Form = form(
    Field(
        "zeker",
        "Ja, wis mijn gegevens.",
        "de bevestiging",
        "tick",
        missing="Zet een vinkje als je zeker weet dat we je gegevens wissen.",
    )
)


def show(call: Call) -> Response:
    """Show what we know of somebody, ready to correct."""
    s = standing.of(call)
    known = {field: getattr(s.person, name) or "" for field, name in FIELDS.items()} | {"mail": s.person.email or ""}
    return call.page("participant/own_data.html", s=s, form=OWN, filled=call.filled or OWN.shown(known))


def send(call: Call) -> Response:
    """Keep the corrections."""
    s = standing.of(call)
    filled = call.fill(OWN)
    given = {name: filled.string(field) for field, name in FIELDS.items()}
    details.correct(call.session, s.person, given, by=BY, now=call.now, bureau=call.bureau)
    if filled.string("mail") != s.person.email:
        try:
            persons.correct_address(
                call.session, s.person, filled.string("mail"), by=BY, now=call.now, bureau=call.bureau
            )
        except Refused:
            # Why not would tell whose address it is.
            raise Refused(
                "Dit mailadres kunnen we hier niet instellen.", remedy="Bel of mail ons, dan doen wij het."
            ) from None
    return call.to("gegevens")


def download(call: Call) -> Response:
    """Give all that is kept of this person as one file, without what is too private for a link."""
    s = standing.of(call)
    document: dict[str, Any] = privacy.export(call.session, s.person)
    document["needs"] = [{"told_at": row["told_at"], "uitleg": PRIVATE} for row in document["needs"]]
    text = json.dumps(document, ensure_ascii=False, indent=2)
    headers = {"content-disposition": 'attachment; filename="mijn-gegevens.json"'}
    return Response(text, media_type="application/json", headers=headers)


def show_erase(call: Call) -> Response:
    """Show what erasing means."""
    s = standing.of(call)
    return call.page("participant/erase.html", s=s, form=ERASE, filled=call.filled or ERASE.shown({}))


def erase(call: Call) -> Response:
    """Erase; the link stops working, so the way on is a page for anybody."""
    s = standing.of(call)
    call.fill(ERASE)
    if s.person.id == s.cohort.trainer_id:
        raise Refused("Je bent trainer van deze training.", remedy="Bel ons, dan regelen we het samen.")
    privacy.erase(call.session, s.person, by=BY, now=call.now, bureau=call.bureau)
    return RedirectResponse("/gewist", status_code=303)


def erased(call: Call) -> Response:
    """Say that somebody's data are going."""
    return call.page("erased.html", home="/")
