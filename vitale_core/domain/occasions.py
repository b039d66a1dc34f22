"""Occasions: one person and one thing that concerns them, and the days on which people gather."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from vitale_core.domain import worktime
from vitale_core.domain.facts import CohortFacts, EnrolmentFacts, SessionFacts
from vitale_core.domain.states import HAS_A_SEAT, CohortStatus, SessionKind

TAKES_PLACE = frozenset({CohortStatus.CONFIRMED, CohortStatus.RUNNING, CohortStatus.EVALUATING})
SHARED = frozenset({"first_day", "last_day", "go", "cancelled"})
DEADLINES = frozenset({"rsvp_deadline", "poll_deadline"})
"""Names that every moment may count from, besides the programme's days; deadlines count from those."""

WEEKS_AFTER = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One person and one thing; `since` is when it could first be told."""

    person: int
    enrolment: int | None
    subject: str
    since: datetime
    anchors: Mapping[str, datetime | None] = field(default_factory=dict)
    revision: int = 0
    about: datetime | None = None  # the moment it concerns
    names: frozenset[str] = frozenset()  # what `only` of a rule can pick
    moved_at: datetime | None = None
    session: int | None = None
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class Gathering:
    """The sessions of one calendar day: people come once, and are reminded once."""

    sessions: tuple[SessionFacts, ...]

    @property
    def start(self) -> datetime:
        """When the first of them begins."""
        return min(s.start for s in self.sessions if s.start is not None)

    @property
    def end(self) -> datetime:
        """When the last of them ends."""
        return max(s.end for s in self.sessions if s.end is not None)

    @property
    def revision(self) -> int:
        """How often it moved."""
        return max(s.revision for s in self.sessions)

    @property
    def moved_at(self) -> datetime | None:
        """When it last moved."""
        return max((s.moved_at for s in self.sessions if s.moved_at), default=None)

    @property
    def names(self) -> frozenset[str]:
        """Its days, kinds and session names, for the `only` of a rule."""
        return frozenset(n for s in self.sessions for n in (s.day, str(s.kind), s.name))


def gatherings(facts: CohortFacts) -> tuple[Gathering, ...]:
    """Return what takes place for the whole cohort, by calendar day, in order."""
    sessions = sorted(
        (s for s in facts.sessions if s.takes_place and s.kind is not SessionKind.WERKBEZOEK),
        key=lambda s: (s.start, s.name),
    )
    by_day = groupby(sessions, key=lambda s: worktime.local(s.start, facts.zone).date())  # type: ignore[arg-type]
    return tuple(Gathering(tuple(group)) for _day, group in by_day)


def seated(facts: CohortFacts) -> Iterator[EnrolmentFacts]:
    """Give who takes, or took, part."""
    return (e for e in facts.enrolments if e.status in HAS_A_SEAT and e.confirmed_at)


def invited_at(facts: CohortFacts, enrolment: EnrolmentFacts) -> datetime | None:
    """Return from when somebody belongs to a cohort that goes ahead; None: not."""
    if facts.confirmed_at is None or enrolment.confirmed_at is None:
        return None
    return max(facts.confirmed_at, enrolment.confirmed_at)


def mondays(facts: CohortFacts) -> Iterator[datetime]:
    """Give the Mondays, 08:00, on which the operator looks at a cohort: from the go until well after the last day."""
    last = max((g.end for g in gatherings(facts)), default=None)
    if facts.status not in TAKES_PLACE or facts.confirmed_at is None or last is None:
        return
    day = worktime.local(facts.confirmed_at, facts.zone).date()
    day += timedelta(days=-day.weekday() % 7)
    while (monday := worktime.wall_clock(day, worktime.OFFICE_OPENS, facts.zone)) < last + WEEKS_AFTER:
        yield monday
        day += timedelta(days=7)


def shared_anchors(facts: CohortFacts) -> dict[str, datetime | None]:
    """Return the moments that are the same for everybody in the cohort."""
    training = [g for g in gatherings(facts) if SessionKind.DAGDEEL in g.names]
    anchors: dict[str, datetime | None] = {
        "first_day": training[0].start if training else None,
        "last_day": training[-1].start if training else None,
        "go": facts.confirmed_at,
        "cancelled": facts.cancelled_at,
    }
    for name in facts.programme.days:
        starts = [s.start for s in facts.sessions if s.day == name and s.takes_place and s.start]
        anchors[name] = min(starts, default=None)
    known = {name: moment for name, moment in anchors.items() if moment is not None}
    for name, moment in (
        ("rsvp_deadline", facts.programme.rsvp_deadline),
        ("poll_deadline", facts.programme.poll_deadline),
    ):
        anchors[name] = moment.on(known, facts.holidays, facts.zone)
    return anchors
