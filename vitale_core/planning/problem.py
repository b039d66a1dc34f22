"""The values of one planning problem: who takes part, which projects receive, which rules hold, what counts.

All costs are whole numbers, less is better; the weights of one level share one unit, "one minute of extra travel for
one person". That the parts fit together is `checks`; reading them from a file is `instance`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vitale_core.planning.fields import LARGEST


@dataclass(frozen=True, slots=True)
class Participant:
    """A person to place.

    `available` is None when the person never told: then every slot counts as possible for the arithmetic, and
    explanations name the person as unknown. `seats` counts car seats with the driver's, 0 means no car.
    `needs` is health data and never leaves the planner in a text.
    """

    id: str
    name: str = ""
    home: str = ""
    attrs: Mapping[str, str | int] = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    available: tuple[str, ...] | None = None
    seats: int = 0
    needs: tuple[str, ...] = ()
    prefs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A half day on which a visit can take place."""

    id: str
    date: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A project that receives groups; `slots` gives its dislike (0 or more) of each half day it offers."""

    id: str
    slots: Mapping[str, int]
    name: str = ""
    themes: tuple[str, ...] = ()
    place: str = ""
    min_people: int = 0
    max_people: int = LARGEST
    max_visits: int = 1
    access: tuple[str, ...] = ()
    transit: bool = True
    visits_done: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A named hard rule; `limit` is its one number (see LIMITS), the other fields are used by some types."""

    id: str
    type: str
    limit: int = 0
    who: tuple[str, ...] = ()
    attr: str = ""
    values: tuple[str | int, ...] = ()
    host: str = ""
    slot: str = ""
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that costs: its raw value (0 or more) times its weight."""

    id: str
    type: str
    weight: int = 1
    attr: str = ""
    target: int = 0
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """Terms that are added up; a lower level number is compared first."""

    level: int
    terms: tuple[Term, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class PreviousGroup:
    """A group of the plan in force; people who left may still be named."""

    members: tuple[str, ...]
    host: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the planner may know. Groups: `count` of them, each of `smallest` to `largest` people.

    Without hosts only groups are made; with hosts every group also gets a visit: one host in one slot.
    """

    participants: tuple[Participant, ...]
    count: int
    smallest: int
    largest: int
    slots: tuple[Slot, ...] = ()
    hosts: tuple[Host, ...] = ()
    travel: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    levels: tuple[Level, ...] = ()
    previous: tuple[PreviousGroup, ...] = ()
    id: str = ""
    title: str = ""

    @property
    def joint(self) -> bool:
        """Whether groups also get a visit."""
        return bool(self.hosts)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms, in the order of the levels."""
        return tuple(term for level in self.levels for term in level.terms)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Ids of the people of whom no free half days are known."""
        return tuple(person.id for person in self.participants if person.available is None)
