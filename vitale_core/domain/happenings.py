"""What the log tells an operator, in Dutch: what happened, and to what."""

from collections.abc import Mapping

EVENTS: Mapping[str, str] = {
    "cohort made": "lichting gemaakt",
    "cohort goes ahead": "lichting gaat door",
    "cohort cancelled": "lichting afgezegd",
    "cohort restored": "afzegging teruggedraaid",
    "cohort closed": "lichting afgesloten",
    "training over": "training voorbij",
    "applied": "aangemeld",
    "confirmed": "geplaatst",
    "waitlisted": "op de wachtlijst gezet",
    "seat offered": "plek aangeboden",
    "offer lapsed": "aanbod verlopen",
    "offer never left": "aanbod ging nooit weg; terug op de wachtlijst",
    "lapse": "aanmelding verlopen",
    "reject": "afgewezen",
    "withdraw": "afgemeld",
    "substitute": "plek doorgegeven",
    "substituted": "collega neemt de plek over",
    "transfer": "naar een andere lichting",
    "transferred": "kwam uit een andere lichting",
    "complete": "afgerond",
    "fall short": "niet afgerond",
    "details corrected": "gegevens verbeterd",
    "address corrected": "mailadres verbeterd",
    "erasure asked": "wissen gevraagd",
    "erased": "gewist",
    "groups proposed": "groepen voorgesteld",
    "groups approved": "groepen goedgekeurd",
    "travel time corrected": "reistijd verbeterd",
    "hosts imported": "gastheren ingelezen",
    "slots offered": "momenten aangeboden",
    "slot withdrawn": "moment ingetrokken",
    "visit confirmed": "werkbezoek bevestigd",
    "visit refused": "werkbezoek geweigerd",
    "practical information": "praktische informatie gewijzigd",
    "host looked back": "gastheer keek terug",
    "presentation uploaded": "presentatie klaargezet",
    "poll set": "prikker gemaakt",
    "date chosen": "datum gekozen",
    "session moved": "bijeenkomst verplaatst",
    "session location": "bijeenkomst op een andere plek",
    "session cancelled": "bijeenkomst afgezegd",
    "attendance closed": "aanwezigheidslijst gesloten",
    "attendance corrected": "aanwezigheid verbeterd",
    "certificate issued": "bewijs van deelname afgegeven",
    "certificate revoked": "bewijs van deelname ingetrokken",
    "task dropped": "taak vervallen",
    "mail approved": "mail goedgekeurd",
    "mail held": "mail tegengehouden",
    "mail cancelled": "mail overgeslagen",
    "mail settled: arrived": "mail afgehandeld: aangekomen",
    "mail settled: again": "mail afgehandeld: gaat opnieuw",
    "mail resent": "mail opnieuw klaargezet",
}
ATTEMPTS: Mapping[str, str] = {
    "accepted": "aangenomen door de mailserver",
    "failed": "mislukt",
    "refused": "geweigerd door de mailserver",
    "deferred": "later opnieuw",
    "relay fault": "mailserver deed het niet, later opnieuw",
    "uncertain": "onzeker of hij aankwam",
    "repeated": "herhaald",
    "recovered": "weer klaargezet",
    "remark": "notitie",
    "bounce": "teruggekomen",
    "bounce in words": "teruggekomen, in woorden",
    "delayed": "vertraagd onderweg",
}
"""What can happen to a mail apart from what an operator does with it."""

OBJECTS: Mapping[str, str] = {
    "cohort": "lichting",
    "enrolment": "deelnemer",
    "person": "persoon",
    "session": "bijeenkomst",
    "plan": "voorstel",
    "visit": "werkbezoek",
    "project": "project",
    "slot": "moment",
    "message": "mail",
    "task": "taak",
    "travel": "reistijd",
    "certificate": "bewijs",
}
_ROUNDS = {"open": "geopend", "closed": "gesloten", "released": "vrijgegeven", "withheld": "te weinig antwoorden"}


def of_event(what: str, titles: Mapping[str, str] | None = None) -> str:
    """Return what the log says of an event; `titles` are those of the rounds of evaluation, by name."""
    first, _space, rest = what.partition(" ")
    if first == "round":
        name, _space, state = rest.rpartition(" ")
        return f"evaluatie ‘{(titles or {}).get(name, name)}’ {_ROUNDS.get(state, state)}"
    return EVENTS.get(what, what)


def of_attempt(what: str) -> str:
    """Return what the page of a mail says of something that happened to it."""
    return ATTEMPTS.get(what) or EVENTS.get(f"mail {what}", what).removeprefix("mail ")


def of_object(kind: str) -> str:
    """Return what the log calls a kind of thing."""
    return OBJECTS.get(kind, kind)
