"""The facts of one cohort at one moment, as plain values: all that the agenda may know.

`steps.facts.load` makes them from the database; tests make them by hand.
"""

from collections.abc import Container, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from vitale_core.domain.bureau import AMSTERDAM
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    RoundStatus,
    SessionKind,
    SessionStatus,
    VisitStatus,
)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A gathering. `start` and `end` are None while the date is still to be chosen."""

    id: int
    name: str
    kind: SessionKind
    day: str
    status: SessionStatus
    start: datetime | None
    end: datetime | None
    revision: int = 0
    moved_at: datetime | None = None
    list_closed: bool = False  # it is known who was there

    @property
    def takes_place(self) -> bool:
        """Whether it has a date and was not cancelled."""
        return self.start is not None and self.status is not SessionStatus.CANCELLED


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """The newest offer of a seat to one person."""

    id: int
    offered_at: datetime
    deadline: datetime
    open: bool
    lapsed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """One person in the cohort, and what is known of their answers."""

    id: int
    person: int
    status: EnrolmentStatus
    applied_at: datetime
    source: str = "portal"  # portal, import, operator, substitute, transfer
    waitlisted_at: datetime | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    offers: tuple[OfferFacts, ...] = ()
    intake_answered: bool = False
    answers: Mapping[int, Answer] = field(default_factory=dict)  # session id -> answer
    receipts: frozenset[str] = frozenset()  # names of answered evaluation rounds
    polled: frozenset[int] = frozenset()  # ids of sessions whose poll was answered
    absent: frozenset[int] = frozenset()  # ids of sessions that were missed
    certificate: int | None = None
    certified_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """One group's visit to a host."""

    id: int
    group: int
    status: VisitStatus
    start: datetime
    end: datetime
    host: int  # person id of the contact
    members: tuple[int, ...]  # enrolment ids
    approved_at: datetime
    asked_at: datetime | None = None
    confirmed_at: datetime | None = None
    revision: int = 0
    session: int | None = None
    moved_at: datetime | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """An evaluation round that exists."""

    name: str
    status: RoundStatus
    opens_at: datetime
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class CohortFacts:
    """Everything about one cohort that decides what is owed."""

    id: int
    code: str
    programme: Programme
    status: CohortStatus
    trainer: int
    operator: int
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    sessions: tuple[SessionFacts, ...] = ()
    enrolments: tuple[EnrolmentFacts, ...] = ()
    visits: tuple[VisitFacts, ...] = ()
    rounds: tuple[RoundFacts, ...] = ()
    polls: Mapping[int, datetime] = field(default_factory=dict)  # session id -> opened
    waiting_since: datetime | None = None  # the oldest open task
    done: AbstractSet[str] = frozenset()  # keys that are in the ledger or on the task list
    told: AbstractSet[str] = frozenset()  # those of them that left
    holidays: Container[date] = frozenset()
    zone: ZoneInfo = AMSTERDAM
