"""Imports: lists of people and of hosts become aanmeldingen and projects.

Every row is read before anything is stored, and all are stored or none, unless the operator leaves the bad rows out.
The same list again changes nothing: who is in keeps what they told themselves.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.programme import Programme
from vitale_core.domain.rows import Row, RowProblem, RowsRefused, Sheet
from vitale_core.steps import hosts, intake, ledger, people
from vitale_core.steps.answers import LEAST, MOST, MOST_SEATS, IntakeForm, answer_intake
from vitale_core.steps.intake import Application
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, Enrolment, Project, Slot

T = TypeVar("T")

SOURCE = "import"
WHEELCHAIR = "rolstoel"
OTHER_NAME = "Die naam blijft staan. Is het iemand anders, vraag dan een eigen adres."
_NOT_WITH = re.compile(r"^(?:liever\s+)?(?:niet|not)\b\s*(?:(?:samen|met|with|together)\b\s*)*", re.IGNORECASE)
_WITH = re.compile(r"^(?:(?:graag|samen|met|with)\b\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One good row. `intake` is None when the row tells nothing of it."""

    number: int
    application: Application
    intake: IntakeForm | None


@dataclass(frozen=True, slots=True)
class PeopleImported:
    """What an import did, in numbers of people. `skipped` are the rows that were left out."""

    added: int
    known: int
    intakes: int
    skipped: tuple[RowProblem, ...]
    remarks: tuple[str, ...]


def import_people(
    session: Session, cohort: Cohort, sheet: Sheet, *, now: datetime, bureau: Bureau, skip_bad: bool = False
) -> PeopleImported:
    """Let everybody on the list apply; raises RowsRefused when rows do not fit, unless `skip_bad`."""
    rows, problems = read_people(session, cohort, sheet)
    if problems and not skip_bad:
        raise RowsRefused(problems)
    rows, doubles = _once(rows)
    added = known = intakes = 0
    others: list[str] = []
    for row in rows:
        person = people.find_person(session, row.application.email)
        if person is not None and intake.live_enrolment(session, cohort, person) is not None:
            known += 1
        else:
            added += 1
        enrolment = intake.take_in(session, cohort, row.application, source=SOURCE, now=now)
        if people.is_another_name(enrolment.person, row.application.name):
            others.append(f"Rij {row.number}: dit adres kennen we van iemand met een andere naam. {OTHER_NAME}")
        intakes += _tell_intake(session, enrolment, row.intake, now=now, bureau=bureau)
    ledger.owe_due(session, cohort, steps={intake.STEP}, now=now, bureau=bureau)
    return PeopleImported(added, known, intakes, tuple(problems), (*sheet.remarks, *doubles, *others))


def read_people(session: Session, cohort: Cohort, sheet: Sheet) -> tuple[list[PersonRow], list[RowProblem]]:
    """Return the good rows and what is wrong with the others; nothing is stored."""
    slots = list(session.scalars(select(Slot).where(Slot.withdrawn_at.is_(None))))
    codes = {WHEELCHAIR, *(str(c).casefold() for p in session.scalars(select(Project)) for c in p.access)}
    good: list[PersonRow] = []
    problems = list(sheet.problems)
    seen: dict[str, PersonRow] = {}
    for row in sheet.rows:
        reading = _Reading(row, programme_of(cohort), slots, codes, ZoneInfo(cohort.zone))
        person = reading.person()
        first = seen.setdefault(person.application.email.casefold(), person)
        if first.application.name != person.application.name and not reading.problems:
            reading.note("email", f"staat ook op rij {first.number}, met een andere naam.")
        problems += reading.problems
        if not reading.problems:
            good.append(person)
    return good, sorted(problems, key=lambda p: p.row)


def import_hosts(
    session: Session, sheet: Sheet, *, now: datetime, skip_bad: bool = False, by: str = "operator"
) -> tuple[hosts.Imported, tuple[RowProblem, ...]]:
    """Store the projects of the list; raises RowsRefused when rows do not fit, unless `skip_bad`."""
    problems = list(sheet.problems)
    good = list(sheet.rows)
    try:
        with session.begin_nested():
            done = hosts.import_hosts(session, [row.cells for row in good], now=now, by=by)
    except hosts.HostRowsRefused as refusal:
        found = [RowProblem(good[p.row - 1].number, p.column, p.problem) for p in refusal.problems]
        problems += found
        bad = {problem.row for problem in found}
        good = [row for row in good if row.number not in bad]
        if skip_bad:
            done = hosts.import_hosts(session, [row.cells for row in good], now=now, by=by)
    if problems and not skip_bad:
        raise RowsRefused(problems)
    return done, tuple(sorted(problems, key=lambda p: p.row))


def _once(rows: Iterable[PersonRow]) -> tuple[list[PersonRow], list[str]]:
    """Keep the first row of each address, in whatever capitals it was typed."""
    first: dict[str, PersonRow] = {}
    remarks = []
    for row in rows:
        kept = first.setdefault(row.application.email.casefold(), row)
        if kept is not row:
            remarks.append(f"Rij {row.number} is dezelfde persoon als rij {kept.number} en telt één keer.")
    return list(first.values()), remarks


def _tell_intake(
    session: Session, enrolment: Enrolment, form: IntakeForm | None, *, now: datetime, bureau: Bureau
) -> bool:
    """Fill in the intake when the list tells of it and the person did not do so; say whether it did."""
    if form is None or enrolment.intake is not None:
        return False
    answer_intake(session, enrolment, form, now=now, bureau=bureau)
    return True


class _Reading:
    """One row while it is read; `problems` collects what is wrong."""

    def __init__(self, row: Row, programme: Programme, slots: Sequence[Slot], codes: set[str], zone: ZoneInfo) -> None:
        self.row = row
        self.programme = programme
        self.slots = slots
        self.codes = codes
        self.zone = zone
        self.problems: list[RowProblem] = []

    def note(self, column: str, problem: str) -> None:
        self.problems.append(RowProblem(self.row.number, column, problem))

    def person(self) -> PersonRow:
        application = Application(
            name=self.checked("name", people.clean_name, required=True),
            email=self.checked("email", people.clean_email, required=True),
            organisation=self.checked("organisation", people.clean_line),
            department=self.checked("department", people.clean_line),
            function=self.checked("function", people.clean_line),
            phone=self.checked("phone", people.clean_line),
        )
        return PersonRow(self.row.number, application, self.intake())

    def intake(self) -> IntakeForm | None:
        wish_with, wish_without = self.wishes()
        access, rest = self.needs()
        form = IntakeForm(
            role=self.checked("role", people.clean_line),
            experience=self.number("experience", LEAST, MOST),
            themes=[self.theme(text) for text in self.several("themes")],
            available=self.available(),
            home=self.checked("home", people.clean_line),
            seats=self.number("seats", 0, MOST_SEATS) or 0,
            wish_with=wish_with,
            wish_without=wish_without,
            access=access,
            needs_note=rest,
        )
        return replace(form, needs_consent=bool(access or rest)) if form != IntakeForm(themes=[], access=[]) else None

    def checked(self, column: str, clean: Callable[[str], str], *, required: bool = False) -> str:
        """Return the cell as it may be stored, or nothing and a problem."""
        text = self.row.cells.get(column, "")
        if not text:
            if required:
                self.note(column, "is leeg.")
            return ""
        try:
            return clean(text)
        except Refused as no:
            self.note(column, no.message)
            return ""

    def several(self, column: str) -> list[str]:
        """Return the parts of a cell between semicolons, commas, bars or lines, without doubles."""
        parts = re.split(r"[;,|\n]", self.row.cells.get(column, ""))
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def number(self, column: str, least: int, most: int) -> int | None:
        text = self.row.cells.get(column, "")
        if not text:
            return None
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            self.note(column, f"moet een getal van {least} tot en met {most} zijn.")
            return None
        return int(text)

    def theme(self, text: str) -> str:
        """Return the programme's value of a theme; one it does not know stays as it was written."""
        known = {name: t.value for t in self.programme.themes for name in (t.value.casefold(), t.label.casefold())}
        return known.get(text.casefold(), text.casefold())

    def available(self) -> list[str] | None:
        """Return the half days of hosts on the dates somebody can come; None when nothing was told."""
        parts = self.several("available")
        found: list[str] = []
        for part in parts:
            try:
                day = _day(part)
            except ValueError:
                self.note("available", f"'{part[:30]}' is geen datum als 2027-04-08 of 8-4-2027.")
                continue
            there = [str(s.id) for s in self.slots if worktime.local(s.starts_at, self.zone).date() == day]
            if not there:
                nobody = f"op {worktime.in_words(day)} ontvangt geen gastheer;"
                self.note("available", f"{nobody} importeer eerst de gastheren, of laat dit leeg.")
            found += there
        return sorted(set(found)) if parts else None

    def needs(self) -> tuple[list[str], str]:
        """Return the words that a project's access list can meet, and the rest as it was written."""
        parts = self.several("needs")
        access = [part.casefold() for part in parts if part.casefold() in self.codes]
        return access, "; ".join(part for part in parts if part.casefold() not in self.codes)

    def wishes(self) -> tuple[str, str]:
        """Return with whom and without whom somebody would like to go: "met An; niet met Bo"."""
        together, apart = [], []
        for part in re.split(r"[;|\n]", self.row.cells.get("wishes", "")):
            text = part.strip()
            if _NOT_WITH.match(text):
                apart.append(_NOT_WITH.sub("", text))
            elif text:
                together.append(_WITH.sub("", text))
        return "; ".join(together), "; ".join(filter(None, apart))


def _day(text: str) -> date:
    """Read a date as people type it: 2027-04-08, 8-4-2027, 08/04/2027, 2027-04-08T13:00."""
    dutch = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", text)
    if dutch:
        day, month, year = map(int, dutch.groups())
        return date(year, month, day)
    return datetime.fromisoformat(text).date()


__all__ = ["PeopleImported", "PersonRow", "import_hosts", "import_people", "read_people"]
