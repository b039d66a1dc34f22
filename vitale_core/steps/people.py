"""People: one row per address, whatever its capitals."""

import json
import re
import unicodedata
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.postmark import envelope_address
from vitale_core.steps import tasks
from vitale_core.store.records import Enrolment, Note, Person

LONGEST_NAME = 120
FORMERLY = "formerly/"
"""Begins the name of the note that holds the names and addresses somebody had before."""

_BY_ADDRESS = select(Person).where(Person.email_key == bindparam("key"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def clean_email(text: str) -> str:
    """Return one plain address, its domain in lower case and in ASCII, or refuse it with the reason.

    A name beside it, a list, a line break and a local part outside ASCII are all refused. A
    domain with other letters gets its A-label form (RFC 5891), which envelope and calendar need.
    """
    text = text.strip()
    if any(c in text for c in '\r\n\t<>,;"') or len(text) > 254:  # noqa: PLR2004 - RFC 5321
        raise Refused("Dit is niet precies één e-mailadres.", remedy="Vul alleen het adres in, zoals naam@gemeente.nl.")
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
            globally_deliverable=False,
        )
    except EmailNotValidError:
        found = None
    if found is None or "." not in found.domain:
        raise Refused("Dit is geen geldig e-mailadres.", remedy="Kijk het adres na; het lijkt op naam@gemeente.nl.")
    return envelope_address(found.ascii_email or "")


def clean_line(text: str, *, longest: int = 200) -> str:
    """Return text as one line without control characters, trimmed; too long is refused."""
    line = " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", text)).split())
    if len(line) > longest:
        raise Refused(f"Dit is te lang: hooguit {longest} tekens.")
    return line


def clean_text(text: str, *, longest: int = 5000) -> str:
    """Return text of several lines without other control characters; too long is refused."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    clean = "\n".join(_CONTROL.sub(" ", line).rstrip() for line in lines).strip()
    if len(clean) > longest:
        raise Refused(f"Dit is te lang: hooguit {longest} tekens.")
    return clean


def clean_name(text: str) -> str:
    """Return somebody's name as one line, or refuse an empty one."""
    name = clean_line(text, longest=LONGEST_NAME)
    if not name:
        raise Refused("De naam ontbreekt.", remedy="Vul een voornaam en achternaam in.")
    return name


def find_person(session: Session, email: str) -> Person | None:
    """Return who has this address, whatever its capitals; None also for what is no address."""
    try:
        key = clean_email(email).casefold()
    except Refused:
        return None
    return session.scalar(_BY_ADDRESS, {"key": key})


def person_for(session: Session, email: str, *, name: str, now: datetime) -> Person:
    """Return the person with this address; a new one is made with this name.

    Somebody else may make the same person at the same moment: then it is theirs.
    """
    address = clean_email(email)
    person = find_person(session, address)
    if person is not None:
        return person
    made = Person(email=address, email_key=address.casefold(), name=clean_name(name), created_at=now)
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        return session.scalars(select(Person).where(Person.email_key == address.casefold())).one()
    return made


def is_another_name(person: Person, name: str) -> bool:
    """Say whether a name is not the one we know this person by, whatever its capitals and spaces."""
    return bool(person.name) and clean_name(name).casefold() != clean_name(person.name or "").casefold()


def refuse_another_name(person: Person | None, name: str) -> None:
    """Refuse an address that we know of somebody with another name; for what an operator types, who may know it."""
    if person is not None and is_another_name(person, name):
        raise Refused(
            "Dit adres hoort bij iemand met een andere naam.",
            remedy="Dezelfde persoon? Gebruik de naam die bekend is. Iemand anders heeft een eigen adres nodig.",
        )


def ask_who_it_is(session: Session, enrolment: Enrolment, *, named: str, now: datetime) -> None:
    """Ask the operator who it is, when somebody used the address of this enrolment under another name."""
    if not is_another_name(enrolment.person, named):
        return
    tasks.owe_task(
        session,
        key=f"other-name/{enrolment.id}",
        kind="other-name",
        what=f"Iemand gebruikte het adres van aanmelding {enrolment.id} met een andere naam. Vraag wie het is.",
        command=f"vitale person show {enrolment.cohort.code} {enrolment.id}",
        cohort_id=enrolment.cohort_id,
        enrolment_id=enrolment.id,
        now=now,
    )


def formerly(session: Session, person: Person) -> list[str]:
    """Return the names and addresses somebody had before: mails from then still say them."""
    note = session.get(Note, f"{FORMERLY}{person.id}")
    return list(json.loads(note.value)) if note else []


def keep_former(session: Session, person: Person, *texts: str | None) -> None:
    """Keep a name or an address that somebody has no longer, so that erasing finds it too."""
    kept = list(dict.fromkeys([*formerly(session, person), *filter(None, texts)]))
    session.merge(Note(name=f"{FORMERLY}{person.id}", value=json.dumps(kept, ensure_ascii=False)))


def first_name(person: Person) -> str:
    """Return how the mails greet somebody."""
    return (person.name or "deelnemer").split()[0]


def get_person(session: Session, person_id: int) -> Person:
    """Return a person by id."""
    person = session.get(Person, person_id)
    if person is None or person.erased_at is not None:
        raise NotFound(f"Persoon {person_id} bestaat niet.")
    return person
