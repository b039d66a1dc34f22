"""Hosts: who receives groups, with which projects, and when."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, joinedload

from vitale_core.domain import worktime
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import BOOKS_THE_SLOT, TaskStatus
from vitale_core.steps import anchors, audit, people
from vitale_core.steps.programmes import programme_of
from vitale_core.store.database import AT_ONCE
from vitale_core.store.gather import with_sessions
from vitale_core.store.records import Cohort, Host, Project, Slot, Task, Visit

NO_HOSTS = "no-hosts"
"""The kind of the task of a cohort that has nowhere to go."""

REST_DAYS = 14
"""Between two groups a host rests so many days, unless `cohort.settings["host_rest_days"]` says otherwise."""

PRACTICAL = {"meeting_point": 300, "entrance": 300, "parking": 300, "day_contact": 300, "practical": 1000}
"""What a host tells a group, and how long it may be."""

USUAL_LENGTH = timedelta(minutes=150)
_OFFERED = (
    select(Slot.id, Slot.starts_at, Slot.ends_at, Project.host_id, Host.rests_until)
    .join(Slot.project)
    .join(Project.host)
    .where(Project.active.is_(True), Slot.withdrawn_at.is_(None))
    .where(Slot.starts_at > bindparam("now"), Slot.starts_at >= bindparam("start"), Slot.starts_at < bindparam("end"))
    .order_by(Slot.starts_at, Slot.id)
)
_SLOTS = (
    select(Slot)
    .where(Slot.id.in_(bindparam("wanted", expanding=True)))
    .options(joinedload(Slot.project))
    .order_by(Slot.starts_at, Slot.id)
)
_BOOKED = (
    select(Slot.id, Project.host_id, Slot.starts_at)
    .join(Project, Project.id == Slot.project_id)
    .join(Visit, Visit.slot_id == Slot.id)
    .where(Project.host_id.in_(bindparam("hosts", expanding=True)))
    .where(Slot.starts_at > bindparam("start"), Slot.starts_at < bindparam("end"))
    .where(Visit.cohort_id != bindparam("cohort"), Visit.status.in_(BOOKS_THE_SLOT))
)

TRUE = frozenset({"1", "ja", "j", "yes", "y", "true", "waar", "x"})
FALSE = frozenset({"0", "nee", "n", "no", "false", "onwaar"})


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one row of an import: its number (the first row is 1), the column and a Dutch sentence."""

    row: int
    column: str
    problem: str


class HostRowsRefused(Refused):
    """Some rows do not fit; nothing was stored. `problems` lists them."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        """Tell the first one and how many more there are."""
        first = problems[0]
        more = f" En nog {len(problems) - 1} andere." if len(problems) > 1 else ""
        super().__init__(
            f"Rij {first.row}, kolom {first.column}: {first.problem}{more}",
            remedy="Verbeter het bestand en importeer het opnieuw; er is niets opgeslagen.",
        )
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, counted in projects; `slots` counts the new half days."""

    made: int
    changed: int
    same: int
    slots: int


@dataclass(frozen=True, slots=True)
class HostRow:
    """One good row."""

    project: str
    organisation: str
    contact: str
    email: str
    place: str
    address: str
    themes: tuple[str, ...]
    slots: tuple[tuple[datetime, datetime], ...]
    min_people: int
    max_people: int
    access: tuple[str, ...]
    transit: bool
    practical: Mapping[str, str]


def import_hosts(
    session: Session, rows: Iterable[Mapping[str, Any]], *, now: datetime, by: str = "operator"
) -> Imported:
    """Store projects with their hosts and half days; the same rows again change nothing.

    A row has `project, organisation, contact, email, place`, and may have `address, themes, slots, min_people,
    max_people, access, transit` and the five of PRACTICAL, which leave what the host told where they are empty.
    Lists are lists, or text between `;` or `,`; a half day is "2027-04-08T13:00/15:30" in Dutch time. All rows are
    stored or none: HostRowsRefused names every problem.
    """
    good, problems = [], []
    for number, row in enumerate(rows, start=1):
        reading = _Reading(row)
        good.append(reading.host_row())
        problems += [RowProblem(number, column, problem) for column, problem in reading.problems]
    if problems:
        raise HostRowsRefused(problems)
    made = changed = same = slots = 0
    for host_row in good:
        project, new, differs = _store(session, host_row, now)
        slots += _add_slots(session, project, host_row.slots)
        made, changed, same = made + new, changed + (differs and not new), same + (not new and not differs)
    if made or changed or slots:
        audit.note(session, what="hosts imported", actor=by, now=now, detail={"made": made, "slots": slots})
        _wake(session)
    return Imported(made, changed, same, slots)


def offer_slots(
    session: Session, project: Project, slots: Iterable[tuple[datetime, datetime]], *, by: str, now: datetime
) -> list[Slot]:
    """Add half days on which the project can receive a group; one that was withdrawn is open again.

    Refuses what is past or ends before it starts. Returns the slots in order of time.
    """
    wanted = sorted(set(slots))
    for start, end in wanted:
        if end <= start:
            raise Refused(f"Het bezoek op {worktime.moment_in_words(start)} eindigt voor het begint.")
        if start <= now:
            raise Refused(f"{worktime.moment_in_words(start)} is al voorbij.", remedy="Kies een dag in de toekomst.")
    _add_slots(session, project, wanted)
    session.flush()
    starts = [start for start, _ in wanted]
    found = session.scalars(
        select(Slot).where(Slot.project_id == project.id, Slot.starts_at.in_(starts)).order_by(Slot.starts_at)
    ).all()
    for slot in found:
        slot.withdrawn_at = None
    detail = {"slots": [s.id for s in found]}
    audit.note(
        session, what="slots offered", actor=by, object_kind="project", object_id=project.id, detail=detail, now=now
    )
    _wake(session)
    return list(found)


def withdraw_slot(session: Session, slot: Slot, *, by: str, now: datetime) -> None:
    """Take back a half day that no group goes to."""
    booked = select(Visit.id).where(Visit.slot_id == slot.id, Visit.status.in_(BOOKS_THE_SLOT))
    if session.scalar(booked):
        raise Refused("Op dit moment komt al een groep.", remedy="Zeg het bezoek af: vitale visit refuse.")
    if slot.withdrawn_at is None:
        slot.withdrawn_at = now
        audit.note(session, what="slot withdrawn", actor=by, object_kind="slot", object_id=slot.id, now=now)


def open_slots(session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau) -> list[Slot]:
    """Return the half days on which a group of this cohort can be received, in order of time, with their projects.

    Within the visit window of the programme, still to come, not withdrawn, of a project that is active and of a
    host that does not rest; what another cohort booked is taken. What this cohort booked itself is open to it.
    """
    wanted = [slot for slot, _start, _end in open_times(session, cohort, now=now, bureau=bureau)]
    return list(session.scalars(_SLOTS, {"wanted": wanted})) if wanted else []


def open_times(
    session: Session, cohort: Cohort, *, now: datetime, bureau: Bureau
) -> list[tuple[int, datetime, datetime]]:
    """Return the id, the start and the end of each of the `open_slots`, for who needs no more of them."""
    with_sessions(session, cohort)
    window = visit_window(cohort, bureau=bureau)
    if window is None:
        return []
    start, end = window
    rest = rest_of(cohort)
    offered = session.execute(_OFFERED, {"now": now, "start": start, "end": end}).all()
    taken, busy = _booked_by_others(session, cohort, {row.host_id for row in offered}, start - rest, end + rest)
    found = []
    for slot, begins, ends, host, rests_until in offered:
        rests = rests_until is not None and begins < rests_until
        crowded = any(abs(begins - other) < rest for other in busy.get(host, ()))
        if slot not in taken and not rests and not crowded:
            found.append((slot, begins, ends))
    return found


def rest_of(cohort: Cohort) -> timedelta:
    """Return how long a host rests between two groups."""
    return timedelta(days=int(cohort.settings.get("host_rest_days", REST_DAYS)))


def visit_window(cohort: Cohort, *, bureau: Bureau) -> tuple[datetime, datetime] | None:
    """Return from when until when visits can be, whole days; None without visits or while a day has no date."""
    programme = programme_of(cohort)
    if programme.visit_from is None or programme.visit_until is None:
        return None
    known, zone = anchors.of(cohort), ZoneInfo(cohort.zone)
    first = programme.visit_from.on(known, bureau.holidays, zone)
    last = programme.visit_until.on(known, bureau.holidays, zone)
    if first is None or last is None:
        return None
    return _midnight(first, zone), _midnight(last, zone) + timedelta(days=1)


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    return worktime.local(moment, zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _booked_by_others(
    session: Session, cohort: Cohort, wanted: set[int], start: datetime, end: datetime
) -> tuple[set[int], dict[int, list[datetime]]]:
    """Return the slots of hosts between two moments that other cohorts booked, and per host when its groups come."""
    taken: set[int] = set()
    busy: dict[int, list[datetime]] = {}
    within = {"hosts": sorted(wanted), "cohort": cohort.id, "start": start, "end": end}
    for slot, host, moment in session.execute(_BOOKED, within):
        taken.add(slot)
        busy.setdefault(host, []).append(moment)
    return taken, busy


def _store(session: Session, row: HostRow, now: datetime) -> tuple[Project, bool, bool]:
    """Return the project, whether it is new, and whether anything about it changed."""
    contact = people.person_for(session, row.email, name=row.contact, now=now)
    changed = _set(contact, organisation=contact.organisation or row.organisation)
    host = session.scalar(select(Host).where(Host.organisation == row.organisation, Host.contact_id == contact.id))
    if host is None:
        host = Host(organisation=row.organisation, contact=contact, created_at=now)
        session.add(host)
        session.flush()
    known = select(Project).join(Host).where(Host.organisation == row.organisation, Project.title == row.project)
    project = session.scalar(known)
    told: dict[str, object] = {
        "host_id": host.id,
        "place": row.place,
        "address": row.address,
        "themes": list(row.themes),
        "min_people": row.min_people,
        "max_people": row.max_people,
        "access": list(row.access),
        "transit": row.transit,
        **row.practical,
    }
    if project is None:
        project = Project(title=row.project, active=True, **({"practical": ""} | told))
        session.add(project)
        session.flush()
        return project, True, True
    if project.host_id != host.id:  # somebody else is to be called on the day
        told = {"day_contact": ""} | told
    return project, False, _set(project, **told) or changed


def _set(record: object, **values: object) -> bool:
    """Set what differs; say whether something did."""
    differing = {name: value for name, value in values.items() if getattr(record, name) != value}
    for name, value in differing.items():
        setattr(record, name, value)
    return bool(differing)


def _add_slots(session: Session, project: Project, slots: Iterable[tuple[datetime, datetime]]) -> int:
    """Add the half days that are not there yet; return how many."""
    known = set(session.scalars(select(Slot.starts_at).where(Slot.project_id == project.id)))
    new = [(start, end) for start, end in slots if start not in known]
    session.add_all(Slot(project=project, starts_at=start, ends_at=end) for start, end in new)
    session.flush()
    return len(new)


def _wake(session: Session) -> None:
    """Let the cohorts that wait for hosts look again; their own facts did not change, so not through records."""
    waiting = select(Task.cohort_id).where(Task.kind == NO_HOSTS, Task.status == TaskStatus.OPEN)
    session.execute(update(Cohort).where(Cohort.id.in_(waiting)).values(next_due_at=AT_ONCE))


class _Reading:
    """One row while it is read; `problems` collects (column, Dutch sentence)."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.problems: list[tuple[str, str]] = []

    def host_row(self) -> HostRow:
        """Return the row; what could not be read is empty and named in `problems`."""
        least, most = self.number("min_people", 1), self.number("max_people", 6)
        if least > most:
            self.problems.append(("min_people", f"{least} is meer dan het maximum {most}."))
        return HostRow(
            project=self.line("project", required=True),
            organisation=self.line("organisation", required=True),
            contact=self.line("contact", required=True),
            email=self.address(),
            place=self.line("place", required=True),
            address=self.line("address"),
            themes=tuple(t.casefold() for t in self.several("themes")),
            slots=tuple(found for text in self.several("slots") if (found := self.half_day(text))),
            min_people=least,
            max_people=most,
            access=tuple(code.casefold() for code in self.several("access")),
            transit=self.yes("transit", default=True),
            practical={name: text for name, most in PRACTICAL.items() if (text := self.line(name, longest=most))},
        )

    def line(self, column: str, *, required: bool = False, longest: int = 200) -> str:
        """Return one line of text."""
        try:
            text = people.clean_line(str(self.row.get(column) or ""), longest=longest)
        except Refused as no:
            self.problems.append((column, no.message))
            return ""
        if required and not text:
            self.problems.append((column, "mag niet leeg zijn."))
        return text

    def address(self) -> str:
        """Return the e-mail address."""
        text = self.line("email", required=True)
        if text:
            try:
                return people.clean_email(text)
            except Refused as no:
                self.problems.append(("email", no.message))
        return ""

    def several(self, column: str) -> list[str]:
        """Return a list, or text between semicolons, commas or bars, without doubles."""
        value = self.row.get(column) or ()
        parts = re.split(r"[;,|\n]", value) if isinstance(value, str) else [str(v) for v in value]
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def number(self, column: str, default: int) -> int:
        """Return a whole number of people."""
        text = str(self.row.get(column) or "").strip().removesuffix(".0")
        if not text:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= 100:  # noqa: PLR2004 - a bus full
            self.problems.append((column, "moet een getal van 1 tot 100 zijn."))
            return default
        return int(text)

    def yes(self, column: str, *, default: bool) -> bool:
        """Return yes or no, in Dutch or English."""
        value = self.row.get(column)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        text = str(value).strip().casefold()
        if text and text not in TRUE | FALSE:
            self.problems.append((column, "moet ja of nee zijn."))
        return default if not text else text in TRUE

    def half_day(self, text: str) -> tuple[datetime, datetime] | None:
        """Return when a half day starts and ends; "2027-04-08T13:00" lasts as long as usual."""
        first, _, last = text.partition("/")
        try:
            local = datetime.fromisoformat(first.strip())
            start = worktime.wall_clock(local.date(), local.time())
            end = start + USUAL_LENGTH
            if last:
                until = datetime.fromisoformat(last.strip() if "T" in last else f"{local.date()}T{last.strip()}")
                end = worktime.wall_clock(until.date(), until.time())
        except (ValueError, Refused):
            self.problems.append(("slots", f"'{text[:40]}' is geen dagdeel als 2027-04-08T13:00/15:30."))
            return None
        if end <= start:
            self.problems.append(("slots", f"'{text[:40]}' eindigt voor het begint."))
            return None
        return start, end
