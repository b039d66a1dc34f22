"""What the planner gets to see of a cohort: its facts as a `werkgroepen/1` document, and back.

A participant is `e<enrolment id>`, a project `p<project id>`, a half day `s<id of its first slot>`: slots of several
projects at the same time are one half day. An attribute such as the organisation is told as the id of the first
person who shares it, a home as the person's own id, so a document that is kept holds no names and no places.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from vitale_core.domain import places, worktime
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import BOOKS_THE_SLOT, VisitStatus
from vitale_core.planning import Instance, presets, solve
from vitale_core.planning.kinds import VISIT_RULES
from vitale_core.steps.plan import availability, travel
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, Enrolment, Intake, Needs, Project, Slot, Visit

Document = dict[str, Any]
Solver = Callable[[Document], Document]
"""Takes an instance, gives a solution with besides the fields of the schema: `claim`, `bound`, `reserves`."""

UNKNOWN_MINUTES = 45
"""A trip from or to a place that nobody knows: the same for every project, so it decides nothing."""

ACCESS, TRANSPORT, ONE_EACH = "toegankelijk", "vervoer", "een-groep-per-project"
RULES: Mapping[str, tuple[str, str]] = {
    ACCESS: ("access", "het project is toegankelijk voor wie dat nodig heeft"),
    TRANSPORT: ("transport", "naar een plek zonder openbaar vervoer zijn er genoeg autoplaatsen"),
    ONE_EACH: ("distinct_hosts", "elk project ontvangt hooguit één groep"),
}
"""The hard rules of every cohort, by id: type, and how the operator reads it."""

MIX = (
    {"id": "organisatie", "type": "same_pairs", "attr": "organisation", "weight": 40},
    {"id": "vakgebied", "type": "same_pairs", "attr": "field", "weight": 30},
    {"id": "functie", "type": "same_pairs", "attr": "role", "weight": 20},
    {"id": "regio", "type": "same_pairs", "attr": "region", "weight": 10},
    {"id": "ervaring", "type": "same_pairs", "attr": "experience", "weight": 10},
    {"id": "thema", "type": "theme_gap", "weight": 30},
)
"""What a good mix is worth, in minutes of extra travel of one person."""

MIX_LEVEL = 3
"""The level of the mix in the objective; before it come who cannot be there and what changes."""

WISH_WITH, WISH_WITHOUT = 20, 60
SAID_NO = 200
"""A project whose host said no to this cohort is asked for another half day only when it matters that much."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A half day that people can tick in the intake; `projects` counts who receives then."""

    id: str
    start: datetime
    end: datetime
    projects: int


def solve_document(document: Document) -> Document:
    """Solve an instance with the planner of this house; raises InvalidInstance."""
    plan = solve(Instance.from_json(document))
    return plan.to_json() | {
        "claim": plan.claim,
        "bound": list(plan.bound) if plan.bound else None,
        "reserves": [{"host": r.host, "slot": r.slot} if r else None for r in plan.reserves],
    }


def moments(slots: Iterable[Slot]) -> list[Moment]:
    """Return the half days of these slots, in order of time."""
    ordered = sorted(slots, key=lambda s: (s.starts_at, s.ends_at, s.id))
    times = groupby(ordered, key=lambda s: (s.starts_at, s.ends_at))
    alike = [(start, end, list(rows)) for (start, end), rows in times]
    return [Moment(f"s{rows[0].id}", start, end, len({row.project_id for row in rows})) for start, end, rows in alike]


def build(
    session: Session,
    cohort: Cohort,
    people: Sequence[Enrolment],
    *,
    slots: Sequence[Slot],
    count: int,
    previous: Sequence[Document] = (),
    announced: bool = True,
    without: Collection[str] = (),
) -> Document:
    """Return the document for these people in `count` groups, with a visit each when there are slots.

    `previous` lists the groups of the plan in force: once it is `announced` as little as possible changes, before that
    a change has a price beside the mix. `without` lists the rules to leave out. Whose free half days are
    unknown has no `available`. `notes` tells what is unknown: availability and travel (ids of people) and wishes
    that name nobody in the cohort.
    """
    programme = programme_of(cohort)
    crew = _Crew(session, people, programme)
    half_days = moments(slots)
    by_time = {(m.start, m.end): m.id for m in half_days}
    projects = _projects(slots)
    refused = _said_no(session, cohort) & projects.keys()
    participants = [crew.participant(e, half_days) for e in people]
    trips, unknown = _travel(session, crew, projects.values())
    together, apart, unread = crew.wishes()
    joint = bool(projects)
    rules = [{"id": name, "type": kind} for name, (kind, _) in RULES.items()] if joint else []
    rules += [rule for rule in cohort.settings.get("group_rules", ()) if joint or rule["type"] not in VISIT_RULES]
    size = len(people)
    return {
        "schema": "werkgroepen/1",
        "id": cohort.code,
        "participants": participants,
        "groups": {"count": count, "min": size // count, "max": -(-size // count)},
        "slots": [_half_day(m) for m in half_days],
        "hosts": [
            _host(session, p, slots, by_time, crew.theme, dislike=int(p.id in refused)) for p in projects.values()
        ],
        "travel": trips,
        "constraints": [rule for rule in rules if rule["id"] not in without],
        "objective": _objective(
            joint=joint,
            changes=bool(previous),
            announced=announced,
            together=together,
            apart=apart,
            refused=bool(refused),
        ),
        "previous": {"groups": list(previous)},
        "notes": {
            "availability": [f"e{e.id}" for e in people if joint and not crew.told_when(e.id)],
            "travel": unknown,
            "wishes": unread,
        },
    }


def shareable(document: Document) -> Document:
    """Return the document as it may be kept: without needs, which are health data."""
    people = [{key: value for key, value in p.items() if key != "needs"} for p in document["participants"]]
    return {**document, "participants": people}


def project_slots(slots: Iterable[Slot]) -> dict[tuple[str, str], Slot]:
    """Return the slot behind each project and half day of a solution."""
    rows = list(slots)
    by_time = {(m.start, m.end): m.id for m in moments(rows)}
    return {(f"p{s.project_id}", by_time[s.starts_at, s.ends_at]): s for s in rows}


def counts(people: int, smallest: int, largest: int) -> list[int]:
    """Return the numbers of groups to try, fewest first.

    When sizes from `smallest` to `largest` cannot add up (5 people in threes and fours), the nearest numbers.
    """
    fitting = [n for n in range(1, people + 1) if n * smallest <= people <= n * largest]
    return fitting or sorted({max(1, people // largest), -(-people // largest)})


def _half_day(moment: Moment) -> Document:
    start = worktime.local(moment.start)
    return {"id": moment.id, "date": start.date().isoformat(), "part": f"{start:%H:%M}"}


def _projects(slots: Iterable[Slot]) -> dict[int, Project]:
    return dict(sorted((s.project_id, s.project) for s in slots))


def _said_no(session: Session, cohort: Cohort) -> set[int]:
    """Return the projects whose host said no to this cohort, and where no group goes since."""
    found = (
        session.execute(
            select(Visit.project_id, Visit.status).where(
                Visit.cohort_id == cohort.id, Visit.status.in_([VisitStatus.REFUSED, *BOOKS_THE_SLOT])
            )
        )
        .tuples()
        .all()
    )
    return {p for p, status in found if status is VisitStatus.REFUSED} - {
        p for p, status in found if status is not VisitStatus.REFUSED
    }


def _host(
    session: Session,
    project: Project,
    slots: Sequence[Slot],
    by_time: Mapping[tuple[datetime, datetime], str],
    theme: Callable[[str], str],
    *,
    dislike: int,
) -> Document:
    own = [s for s in slots if s.project_id == project.id]
    done = select(Visit.id).where(
        Visit.project_id == project.id, Visit.status.in_((VisitStatus.HELD, VisitStatus.REPORTED))
    )
    return {
        "id": f"p{project.id}",
        "themes": [theme(str(t)) for t in project.themes],
        "place": f"p{project.id}",
        "min_people": project.min_people,
        "max_people": project.max_people,
        "max_visits": len(own),
        "slots": {by_time[s.starts_at, s.ends_at]: dislike for s in own},
        "access": [str(code).casefold() for code in project.access],
        "transit": project.transit,
        "visits_done": len(session.scalars(done).all()),
    }


def _objective(
    *, joint: bool, changes: bool, announced: bool, together: list[list[str]], apart: list[list[str]], refused: bool
) -> list[dict[str, Any]]:
    """Return the levels: who cannot come, what changes, the mix, fairness."""
    absent = [{"id": "afwezig", "type": "absent", "weight": 1}] if joint else []
    moved, other_visit = (1, 1) if announced else (presets.MOVED, presets.VISIT_CHANGED)
    change = [{"id": "verplaatst", "type": "moved", "weight": moved}] if changes else []
    change += [{"id": "ander-bezoek", "type": "visit_changed", "weight": other_visit}] if changes and joint else []
    mix: list[dict[str, Any]] = [dict(term) for term in MIX] + ([] if announced else change)
    if joint:
        mix.append({"id": "reserve", "type": "slot_shortage", "target": 2, "weight": 25})
        mix.append({"id": "reistijd", "type": "travel", "weight": 1})
    if refused:
        mix.append({"id": "zei-al-nee", "type": "slot_pref", "weight": SAID_NO})
    if together:
        mix.append({"id": "graag-samen", "type": "wish_together", "pairs": together, "weight": WISH_WITH})
    if apart:
        mix.append({"id": "liever-niet-samen", "type": "wish_apart", "pairs": apart, "weight": WISH_WITHOUT})
    fair = [
        {"id": "langste-reis", "type": "travel_max", "weight": 1},
        {"id": "eerdere-bezoeken", "type": "host_history", "weight": 5},
    ]
    levels = [
        ("iedereen kan mee", absent),
        ("zo min mogelijk wijzigen", change if announced else []),
        ("goede mix en passend bezoek", mix),
        ("eerlijk verdeeld", fair if joint else []),
    ]
    return [{"level": n, "name": name, "terms": terms} for n, (name, terms) in enumerate(levels, start=1) if terms]


def _travel(
    session: Session, crew: "_Crew", projects: Iterable[Project]
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Return minutes from each person to each project, and the people of whom some trip is a guess."""
    corrected = travel.corrected(session)
    table: dict[str, dict[str, int]] = {}
    unknown = []
    goals = list(projects)
    for e in crew.people:
        home = crew.home(e)
        trips = {}
        for project in goals:
            known = corrected.get(travel.pair(home, project.place))
            trips[f"p{project.id}"] = places.minutes(home, project.place) if known is None else known
        if None in trips.values():
            unknown.append(f"e{e.id}")
        table[f"e{e.id}"] = {goal: UNKNOWN_MINUTES if m is None else m for goal, m in trips.items()}
    return (table if goals else {}), unknown


class _Crew:
    """The people to place, with what they answered."""

    def __init__(self, session: Session, people: Sequence[Enrolment], programme: Programme) -> None:
        ids = [e.id for e in people]
        self.people = people
        self.intakes = {i.enrolment_id: i for i in session.scalars(select(Intake).where(Intake.enrolment_id.in_(ids)))}
        self.needs = {n.enrolment_id: n for n in session.scalars(select(Needs).where(Needs.enrolment_id.in_(ids)))}
        self.declined = availability.declined(session, ids)
        self.themes = {o.label.casefold(): o.value for o in programme.themes}
        ticked = {availability.number(s) for i in self.intakes.values() for s in i.available or ()}
        self.ticked = {s.id: s for s in session.scalars(select(Slot).where(Slot.id.in_(ticked)))}
        self.first: dict[tuple[str, str], str] = {}  # who has an attribute first: the value without its name

    def theme(self, name: str) -> str:
        """Return the programme's value of a theme that may be written as its label."""
        return self.themes.get(name.casefold(), name.casefold())

    def home(self, e: Enrolment) -> str:
        """Return the place somebody travels from, or nothing."""
        intake = self.intakes.get(e.id)
        return intake.home.strip() if intake else ""

    def participant(self, e: Enrolment, half_days: Sequence[Moment]) -> Document:
        """Return one participant of the document."""
        intake, needs = self.intakes.get(e.id), self.needs.get(e.id)
        home = places.find(self.home(e))
        attrs: dict[str, str | int | None] = {
            "organisation": self._same("organisation", e, e.person.organisation),
            "field": self._same("field", e, e.person.department),
            "role": self._same("role", e, (intake.role if intake else "") or e.person.function),
            "region": self._same("region", e, home.province if home else ""),
            "experience": intake.experience if intake else None,
        }
        participant: Document = {
            "id": f"e{e.id}",
            "home": f"e{e.id}",
            "attrs": {name: value for name, value in attrs.items() if value is not None},
            "themes": [self.theme(str(t)) for t in intake.themes] if intake else [],
            "seats": intake.seats if intake else 0,
            "needs": [str(code).casefold() for code in needs.access] if needs else [],
        }
        told = intake.available if intake is not None else None
        busy = self.declined.get(e.id, ())
        if told is not None or busy:
            free = self._free(told, half_days) if told is not None else [m.id for m in half_days]
            taken = {m.id for m in half_days if availability.overlap(busy, m.start, m.end)}
            participant["available"] = [moment for moment in free if moment not in taken]
        return participant

    def told_when(self, number: int) -> bool:
        """Say whether somebody told when they can go."""
        intake = self.intakes.get(number)
        return intake is not None and intake.available is not None

    def _free(self, ticked: Iterable[object], half_days: Sequence[Moment]) -> list[str]:
        """Return the half days within a time that somebody ticked, at whichever project."""
        times = [self.ticked[n] for n in map(availability.number, ticked) if n in self.ticked]
        return [m.id for m in half_days if any(t.starts_at <= m.start and m.end <= t.ends_at for t in times)]

    def _same(self, attr: str, e: Enrolment, value: str | None) -> str | None:
        known = " ".join((value or "").casefold().split())
        return self.first.setdefault((attr, known), f"e{e.id}") if known else None

    def wishes(self) -> tuple[list[list[str]], list[list[str]], list[str]]:
        """Return who wants to be with whom, who rather not, and whose words name nobody here."""
        together: list[list[str]] = []
        apart: list[list[str]] = []
        unread = []
        for e in self.people:
            intake = self.intakes.get(e.id)
            for words, pairs in ((intake.wish_with, together), (intake.wish_without, apart)) if intake else ():
                found = self._named(words, e)
                pairs += [[f"e{e.id}", f"e{other}"] for other in found]
                if words.strip() and not found:
                    unread.append(f"e{e.id}")
        return together, apart, sorted(set(unread), key=availability.number)

    def _named(self, words: str, e: Enrolment) -> list[int]:
        """Return whom somebody means: by address, by full name, or by a first name that one person has."""
        text = _words(words)
        others = [o for o in self.people if o.id != e.id and o.person.name]
        firsts = [_words((o.person.name or "").split()[0]) for o in others]
        found = []
        for other, first in zip(others, firsts, strict=True):
            names = [_words(other.person.name or ""), _words(other.person.email_key or "")]
            names += [first] if firsts.count(first) == 1 else []
            if any(name.strip() and name in text for name in names):
                found.append(other.id)
        return found


def _words(text: str) -> str:
    """Return the words of a text between spaces, for comparing names: " ilse de boer "."""
    return " ".join(["", *re.findall(r"[^\W_]+", text.casefold()), ""])


__all__ = [
    "RULES",
    "Document",
    "Moment",
    "Solver",
    "build",
    "counts",
    "moments",
    "project_slots",
    "shareable",
    "solve_document",
]
