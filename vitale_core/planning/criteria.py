"""Every kind of criterion straight from its definition: its raw value in parts, each with who causes it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vitale_core.planning.case import Case
from vitale_core.planning.pairing import best_pairing
from vitale_core.planning.problem import Host, Term


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a criterion: in which group (place in the plan), how much, by whom and, where it helps, by what."""

    group: int
    raw: int
    people: tuple[str, ...] = ()
    what: str = ""


def _same_pairs(case: Case, term: Term) -> Iterator[Cause]:
    for place, group in enumerate(case.groups):
        for value, who in case.by_value(group, term.attr).items():
            yield Cause(place, len(who) * (len(who) - 1) // 2, who, str(value))


def _spread(case: Case, term: Term) -> Iterator[Cause]:
    for place, group in enumerate(case.groups):
        numbers = [value for one in group.members if isinstance(value := case.value(one, term.attr), int)]
        low, high = min(numbers), max(numbers)
        yield Cause(place, max(0, term.target - (high - low)), group.members, f"{low}-{high}")


def _theme_gap(case: Case, _: Term) -> Iterator[Cause]:
    for place, group in enumerate(case.groups):
        outside = case.outside_theme(group)
        yield Cause(place, len(outside), tuple(outside))


def _slot_shortage(case: Case, term: Term) -> Iterator[Cause]:
    for place, group in enumerate(case.groups):
        left = len(case.common(group.members))
        tight = tuple(
            one for one in group.members if len(case.common([m for m in group.members if m != one])) > left
        )  # fmt: skip
        yield Cause(place, max(0, term.target - left), tight)


def _wish_together(case: Case, term: Term) -> Iterator[Cause]:
    where = {one: place for place, group in enumerate(case.groups) for one in group.members}
    for one, other in term.pairs:
        if one in where and other in where and where[one] != where[other]:
            yield Cause(where[one], 1, (one, other))


def _wish_apart(case: Case, term: Term) -> Iterator[Cause]:
    where = {one: place for place, group in enumerate(case.groups) for one in group.members}
    for one, other in term.pairs:
        if one in where and where[one] == where.get(other):
            yield Cause(where[one], 1, (one, other))


def _absent(case: Case, _: Term) -> Iterator[Cause]:
    for place, group in enumerate(case.groups):
        absent = case.absent(group)
        yield Cause(place, len(absent), tuple(absent))


def _per_person(measure: Callable[[Case, str, str], int]) -> Callable[[Case, Term], Iterator[Cause]]:
    """A criterion that adds up over people, given the host of their group."""

    def look(case: Case, _: Term) -> Iterator[Cause]:
        for place, group in enumerate(case.groups):
            for one in group.members:
                yield Cause(place, measure(case, one, group.host), (one,))

    return look


def _worst(measure: Callable[[Case, str, str], int]) -> Callable[[Case, Term], Iterator[Cause]]:
    """A criterion that counts the worst-off person only; the first of equals stands for them."""

    def look(case: Case, _: Term) -> Iterator[Cause]:
        trips = [(measure(case, one, g.host), place, one) for place, g in enumerate(case.groups) for one in g.members]
        worst, place, _one = max(trips, key=lambda trip: trip[0])
        yield Cause(place, worst, tuple(one for raw, _place, one in trips if raw == worst))

    return look


def _per_visit(measure: Callable[[Host, str], int]) -> Callable[[Case, Term], Iterator[Cause]]:
    def look(case: Case, _: Term) -> Iterator[Cause]:
        for place, group in enumerate(case.groups):
            yield Cause(place, measure(case.hosts[group.host], group.slot), (), group.host)

    return look


def _moved(case: Case, _: Term) -> Iterator[Cause]:
    old = case.old_members()
    table = [[len(set(before) & set(group.members)) for group in case.groups] for before in old]
    for before, now in zip(old, best_pairing(table), strict=True):
        for one in before:
            place = next(place for place, group in enumerate(case.groups) if one in group.members)
            if place != now:
                yield Cause(place, 1, (one,))


def _visit_changed(case: Case, _: Term) -> Iterator[Cause]:
    before = {one: (old.host, old.slot) for old in case.instance.previous for one in old.members}
    for place, group in enumerate(case.groups):
        for one in group.members:
            if one in before and before[one] != (group.host, group.slot):
                yield Cause(place, 1, (one,))


TERMS: dict[str, Callable[[Case, Term], Iterator[Cause]]] = {
    "same_pairs": _same_pairs,
    "spread": _spread,
    "theme_gap": _theme_gap,
    "slot_shortage": _slot_shortage,
    "wish_together": _wish_together,
    "wish_apart": _wish_apart,
    "absent": _absent,
    "travel": _per_person(Case.minutes),
    "travel_max": _worst(Case.minutes),
    "host_rank": _per_person(Case.rank),
    "host_rank_max": _worst(Case.rank),
    "host_history": _per_visit(lambda host, _: host.visits_done),
    "slot_pref": _per_visit(lambda host, slot: host.slots[slot]),
    "moved": _moved,
    "visit_changed": _visit_changed,
}
