"""Who of the waiting list gets which cohort: as many as possible, who waits longest first, then by preference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vitale_core.planning.flow import SINK, Network, Node

PER_ORGANISATION = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A person on the waiting list. `cohorts` are those that suit, best first; empty means any."""

    id: str
    organisation: str = ""
    cohorts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """A cohort with free seats; `present` counts the people of each organisation who are in already."""

    id: str
    seats: int
    present: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one person goes, or why nowhere: `cohort` is empty then and `reason` a Dutch sentence."""

    person: str
    cohort: str
    reason: str


def assign_waiting_list(
    people: Sequence[Waiting],
    cohorts: Sequence[Room],
    *,
    per_organisation: int = PER_ORGANISATION,
) -> tuple[Placement, ...]:
    """Divide free seats over people, who come in the order of their waiting (longest first).

    Exact and in this order: most people placed; of those sets the one that serves the longest waiting first; then the
    least sum of preference places. Each person is added along the cheapest chain of changes (see flow.py). Sets of
    people who can be placed together form a matroid, so whoever has a seat keeps a seat when a later person is
    added, and nobody who cannot be added now can be added later. At most `per_organisation` people of one
    organisation come in one cohort; people without organisation do not count for that.
    """
    network = Network()
    for place, person in enumerate(people):
        for cohort in cohorts:
            rank = _rank(person, cohort)
            if rank is not None:
                corner = (
                    ("colleagues", person.organisation, cohort.id) if person.organisation else ("cohort", cohort.id)
                )
                network.pipe(("person", place), corner, room=1, cost=rank)
    for cohort in cohorts:
        network.pipe(("cohort", cohort.id), SINK, room=cohort.seats)
        for organisation in dict.fromkeys(person.organisation for person in people if person.organisation):
            left = max(0, per_organisation - cohort.present.get(organisation, 0))
            network.pipe(("colleagues", organisation, cohort.id), ("cohort", cohort.id), room=left)
    placed = [network.push(("person", place)) for place in range(len(people))]
    return tuple(
        _placement(person, network.flows_to(("person", place)) if placed[place] else None, cohorts, per_organisation)
        for place, person in enumerate(people)
    )


def _rank(person: Waiting, cohort: Room) -> int | None:
    """The place of a cohort in a person's list; None when it does not suit."""
    if not person.cohorts:
        return 0
    return person.cohorts.index(cohort.id) if cohort.id in person.cohorts else None


def _placement(person: Waiting, node: Node | None, cohorts: Sequence[Room], limit: int) -> Placement:
    """In words. Whoever has no seat hears what stands in the way in the cohorts that suit."""
    if node is not None:
        wish = _rank(person, next(cohort for cohort in cohorts if cohort.id == node[-1]))
        place = "" if not person.cohorts else f", keuze {(wish or 0) + 1}"
        return Placement(person.id, str(node[-1]), f"geplaatst in '{node[-1]}'{place}")
    suit = [cohort for cohort in cohorts if _rank(person, cohort) is not None]
    if not suit:
        return Placement(person.id, "", "geen cohort komt uit")
    if all(cohort.seats == 0 for cohort in suit):
        return Placement(person.id, "", "alle cohorten die uitkomen zijn vol")
    if person.organisation and all(cohort.present.get(person.organisation, 0) >= limit for cohort in suit):
        return Placement(person.id, "", f"er doen al {limit} mensen van deze organisatie mee")
    return Placement(person.id, "", "de plekken gaan naar mensen die langer wachten")
