"""Who is where: a row for each person, a column for each step, and one sign in each cell with its word."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from vitale_core.domain import worktime
from vitale_core.domain.facts import CohortFacts, EnrolmentFacts, SessionFacts, VisitFacts
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.pictures import Mark
from vitale_core.domain.states import (
    HAS_A_SEAT,
    LIVE,
    Answer,
    CohortStatus,
    EnrolmentStatus,
    RoundStatus,
    SessionKind,
    SessionStatus,
    VisitStatus,
)

DONE, WAITS, LATE, NO, EMPTY = "klaar", "wacht", "laat", "nee", "leeg"
SIGNS = {DONE: "✓", WAITS: "…", LATE: "!", NO: "✗", EMPTY: "·"}
LONGEST_WORDS = 34
GONE = (VisitStatus.REFUSED, VisitStatus.CANCELLED)
OVER = (CohortStatus.CLOSED, CohortStatus.CANCELLED)
UNSURE = (VisitStatus.PROPOSED, VisitStatus.ASKED)


@dataclass(frozen=True, slots=True)
class Cell:
    """One sign; `words` is what it means here."""

    state: str
    words: str

    @property
    def sign(self) -> str:
        """The sign itself."""
        return SIGNS[self.state]


@dataclass(frozen=True, slots=True)
class Line:
    """One person."""

    enrolment: int
    status: EnrolmentStatus
    cells: tuple[Cell, ...]


def columns(facts: CohortFacts) -> list[str]:
    """Return the heads of the columns."""
    return [
        "Plek",
        "Intake",
        *(title for title, _sessions in days(facts)),
        *(["Groep", "Werkbezoek"] if facts.programme.has_visits else []),
        *(plan.title for plan in facts.programme.rounds if plan.name != "baseline"),
        "Bewijs",
    ]


def lines(facts: CohortFacts, late: Collection[tuple[str, int]], now: datetime) -> list[Line]:
    """Return a line for everybody who is in, in order of entry; `late` has (kind of task, enrolment id)."""
    shown = [e for e in facts.enrolments if e.status in LIVE | HAS_A_SEAT]
    return [Line(e.id, e.status, tuple(_cells(facts, e, late, now))) for e in shown]


def days(facts: CohortFacts) -> list[tuple[str, tuple[SessionFacts, ...]]]:
    """Return the gatherings of the programme's days: "Dag 1" with its sessions."""
    found = []
    for number, day in enumerate(facts.programme.days, start=1):
        sessions = tuple(
            s
            for s in facts.sessions
            if s.day == day and s.kind is not SessionKind.WERKBEZOEK and s.status is not SessionStatus.CANCELLED
        )
        if sessions:
            title = "Terugkomdag" if sessions[0].kind is SessionKind.TERUGKOMDAG else f"Dag {number}"
            found.append((title, sessions))
    return found


def marks(facts: CohortFacts, now: datetime) -> Iterator[Mark]:
    """Give the moments of the timeline: days, visits, deadlines. What never became certain is gone when it is past."""
    for title, sessions in days(facts):
        for day in sorted({_on(facts, s.start) for s in sessions if s.start}):
            yield Mark(day, title, "day")
    for visit in facts.visits:
        unsure = visit.status in UNSURE
        if visit.status not in GONE and (visit.start > now or not unsure):
            yield Mark(_on(facts, visit.start), f"groep {visit.group}{' ?' if unsure else ''}", "visit")
    for words, moment in _deadlines(facts):
        if moment:
            yield Mark(_on(facts, moment), words)


def _deadlines(facts: CohortFacts) -> Iterator[tuple[str, datetime | None]]:
    anchors = shared_anchors(facts)
    known = {name: moment for name, moment in anchors.items() if moment is not None}
    if facts.confirmed_at is None:
        decisions = (rule.when for rule in facts.programme.tasks if rule.kind == "go-or-no-go")
        yield from (("beslis of het doorgaat", when.on(known, facts.holidays, facts.zone)) for when in decisions)
    yield "antwoord vóór", anchors.get("rsvp_deadline")
    if facts.polls:
        yield "prikker sluit", anchors.get("poll_deadline")
    for plan in facts.programme.rounds:
        if plan.name != "baseline":
            words = f"{plan.title.lower().rstrip('?')} sluit"
            yield words[:LONGEST_WORDS], plan.closes.on(known, facts.holidays, facts.zone)


def _on(facts: CohortFacts, moment: datetime) -> date:
    return worktime.local(moment, facts.zone).date()


def _cells(facts: CohortFacts, e: EnrolmentFacts, late: Collection[tuple[str, int]], now: datetime) -> Iterator[Cell]:
    seated = e.status in HAS_A_SEAT
    yield _seat(e)
    if not seated:
        for _column in columns(facts)[1:]:
            yield Cell(EMPTY, "nog niet aan de orde")
        return
    if facts.status in OVER and not e.intake_answered:
        yield Cell(NO, "intake niet ingevuld")
    else:
        yield _until(e.intake_answered, ("intake-silent", e.id) in late, "ingevuld", "intake")
    for _title, sessions in days(facts):
        yield _day(e, sessions, late, now)
    if facts.programme.has_visits:
        yield from _visit(facts, e, now)
    for plan in facts.programme.rounds:
        if plan.name != "baseline":
            yield _round(facts, e, plan.name)
    if e.certificate and not e.revoked_at:
        yield Cell(DONE, "bewijs van deelname")
    else:
        missed = e.status is EnrolmentStatus.INCOMPLETE
        yield Cell(NO, "niet afgerond") if missed else Cell(EMPTY, "nog niet aan de orde")


def _seat(e: EnrolmentFacts) -> Cell:
    return {
        EnrolmentStatus.APPLIED: Cell(LATE, "wacht op jouw besluit"),
        EnrolmentStatus.WAITLISTED: Cell(WAITS, "wachtlijst"),
        EnrolmentStatus.OFFERED: Cell(WAITS, "plek aangeboden"),
    }.get(e.status, Cell(DONE, "heeft een plek"))


def _until(answered: bool, late: bool, yes: str, what: str) -> Cell:  # noqa: FBT001 - two plain facts
    if answered:
        return Cell(DONE, yes)
    return Cell(LATE, f"{what}: te laat") if late else Cell(WAITS, f"{what}: wacht op antwoord")


def _day(e: EnrolmentFacts, sessions: Sequence[SessionFacts], late: Collection[tuple[str, int]], now: datetime) -> Cell:
    undated = [s for s in sessions if s.start is None]
    answers = [e.answers.get(s.id) for s in sessions]
    if any(s.id in e.absent for s in sessions):
        cell = Cell(NO, "was er niet (helemaal)")
    elif undated:
        polled = any(s.id in e.polled for s in undated)
        cell = Cell(DONE, "prikker ingevuld") if polled else Cell(EMPTY, "geen datum")
    elif Answer.DECLINED in answers:
        cell = Cell(NO, "komt niet (helemaal)")
    elif all(s.end and s.end <= now for s in sessions):
        cell = Cell(DONE, "geweest")
    elif None in answers:
        cell = Cell(EMPTY, "nog niet uitgenodigd")
    elif Answer.NEEDS_ACTION in answers:
        cell = _until(False, ("rsvp-silent", e.id) in late, "", "antwoord")
    else:
        cell = Cell(WAITS, "misschien") if Answer.TENTATIVE in answers else Cell(DONE, "komt")
    return cell


def _visit(facts: CohortFacts, e: EnrolmentFacts, now: datetime) -> Iterator[Cell]:
    mine = [v for v in facts.visits if e.id in v.members and v.status not in GONE]
    if not mine:
        yield Cell(EMPTY, "nog geen groep")
        yield Cell(EMPTY, "nog geen bezoek")
        return
    visit = mine[-1]
    yield Cell(DONE, f"groep {visit.group}")
    if visit.status in UNSURE:
        ahead = {VisitStatus.PROPOSED: "voorgesteld", VisitStatus.ASKED: "wacht op de gastheer"}[visit.status]
        yield Cell(WAITS, ahead) if visit.start > now else Cell(NO, "bezoek ging niet door")
    elif visit.session in e.absent:
        yield Cell(NO, "was er niet")
    elif visit.end > now:
        yield Cell(DONE, "bezoek staat vast")
    else:
        yield _report(facts, visit, now)


def _report(facts: CohortFacts, visit: VisitFacts, now: datetime) -> Cell:
    """Say what came of a visit that is over; after the dagdeel that it is for, nobody waits for a report."""
    if visit.reported:
        return Cell(DONE, "geweest, verslag binnen")
    told = any(
        s.kind is SessionKind.DAGDEEL and s.takes_place and s.start is not None and visit.end <= s.start <= now
        for s in facts.sessions
    )
    over = told or facts.status in OVER
    return Cell(DONE, "geweest, zonder verslag") if over else Cell(WAITS, "geweest, wacht op het verslag")


def _round(facts: CohortFacts, e: EnrolmentFacts, name: str) -> Cell:
    """Say that somebody answered; nothing of what."""
    if name in e.receipts:
        return Cell(DONE, "ingevuld")
    current = next((r for r in facts.rounds if r.name == name), None)
    if current is None:
        return Cell(EMPTY, "nog niet open")
    waits = current.status is RoundStatus.OPEN and facts.status not in OVER
    return Cell(WAITS, "wacht op antwoord") if waits else Cell(NO, "niet ingevuld")
