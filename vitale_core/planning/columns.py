"""Every group that the rules allow, with its cost and its possible visits. Exact and complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from vitale_core.planning.model import HostModel, Model, VisitModel


class Option(NamedTuple):
    """One group in one visit (or, without hosts, the group alone: host and slot are -1)."""

    cost: int
    mask: int
    host: int
    slot: int
    minutes: int
    rank: int
    claim: int
    step: int


class Column(NamedTuple):
    """One group: the cost of its cheapest option, and its options from cheap to dear."""

    cost: int
    mask: int
    options: list[Option]


@dataclass(slots=True)
class Seed:
    """A group that may still grow: what its people add up to."""

    mask: int
    members: tuple[int, ...]
    cost: int
    common: int
    seats: int
    host_costs: list[int]


def columns(model: Model) -> list[Column]:
    """All admissible groups, in lexicographic order of their members' places."""
    found = []
    for seed in _groups(model):
        if _complete(model, seed):
            cost = seed.cost + composition(model, seed.mask, seed.members, seed.common)
            options = visits(model, seed, cost) if model.hosts else [Option(cost, seed.mask, -1, -1, 0, 0, 0, 0)]
            if options:
                found.append(Column(options[0].cost, seed.mask, options))
    return found


def _groups(model: Model) -> Iterator[Seed]:
    """All groups of a right size that hold the rules which a growing group can only break."""
    size, largest = len(model.people), model.instance.largest
    stack = [Seed(0, (), 0, model.every_slot, 0, [0] * len(model.hosts))]
    while stack:
        seed = stack.pop()
        if len(seed.members) >= model.instance.smallest:
            yield seed
        if len(seed.members) == largest:
            continue
        first = seed.members[-1] + 1 if seed.members else 0
        for one in range(size - 1, first - 1, -1):
            grown = grow(model, seed, one)
            if grown is not None:
                stack.append(grown)


def grow(model: Model, seed: Seed, one: int) -> Seed | None:
    """The group with one more person, or None when no larger group can hold the rules any more."""
    mask, common = seed.mask | 1 << one, seed.common & model.slots[one]
    if common.bit_count() < model.least_common:
        return None
    for crowd, limit in model.crowds:
        if (mask & crowd).bit_count() > limit:
            return None
    pair = model.pair[one]
    cost = seed.cost + model.alone[one]
    for other in seed.members:
        cost += pair[other]
    host_costs = [before + host.cost[one] for before, host in zip(seed.host_costs, model.hosts, strict=True)]
    return Seed(mask, (*seed.members, one), cost, common, seed.seats + model.seats[one], host_costs)


def _complete(model: Model, seed: Seed) -> bool:
    """The rules that only hold for a finished group."""
    mask = seed.mask
    for block in model.blocks:
        if mask & block and block & ~mask:
            return False
    for good, least in model.needed:
        if (mask & good).bit_count() < least:
            return False
    return bool(model.hosts) or outside_theme(model, mask) <= model.most_outside


def outside_theme(model: Model, mask: int) -> int:
    """Without hosts: how many do not share the theme that most of the group share."""
    return mask.bit_count() - max(((mask & theme).bit_count() for theme in model.themes), default=0)


def composition(model: Model, mask: int, members: tuple[int, ...], common: int) -> int:
    """What a finished group costs apart from its pairs, its people and its visit.

    For `moved` this is a floor: every group is compared with the old group it has most of, and two new groups may
    claim the same old one. The search adds the rest.
    """
    cost = 0
    if model.theme_weight:
        cost += model.theme_weight * outside_theme(model, mask)
    left = common.bit_count()
    for target, weight in model.shortages:
        if left < target:
            cost += weight * (target - left)
    for numbers, target, weight in model.spreads:
        own = [numbers[one] for one in members]
        cost += weight * max(0, target - (max(own) - min(own)))
    if model.moved_weight and model.old:
        shared = [(mask & old).bit_count() for old in model.old]
        cost += model.moved_weight * (sum(shared) - max(shared))
    return cost


def visits(model: Model, seed: Seed, cost: int) -> list[Option]:
    """The visits a group can make, cheapest first.

    Of a host that may be used `most` times the best `most` slots are enough: other groups can take at most
    `most - 1` of them, and nothing but the slot itself depends on which is taken.
    """
    mask, size = seed.mask, len(seed.members)
    found: list[Option] = []
    for host, host_cost in zip(model.hosts, seed.host_costs, strict=True):
        if admits(model, host, mask, size, seed.seats):
            base = cost + host_cost
            slots = [
                (base + extra, visit) for visit in host.visits if (extra := slot_cost(model, visit, mask)) is not None
            ]
            if slots:
                slots.sort(key=lambda entry: entry[0])
                minutes = max(host.minutes[one] for one in seed.members)
                rank = max(host.ranks[one] for one in seed.members)
                found += [
                    Option(total, mask, host.index, visit.slot, minutes, rank, visit.claim, host.step)
                    for total, visit in slots[: host.most]
                ]
    found.sort(key=lambda option: option.cost)
    return found


def admits(model: Model, host: HostModel, mask: int, size: int, seats: int) -> bool:
    """Whether the host can receive these people, whatever the slot."""
    return (
        host.smallest <= size <= host.largest
        and not mask & host.blocked
        and not (host.needs_cars and seats < size)
        and (mask & host.outside).bit_count() <= model.most_outside
    )


def slot_cost(model: Model, visit: VisitModel, mask: int) -> int | None:
    """What the slot adds for these people, or None when a rule forbids it."""
    if mask & visit.blocked:
        return None
    absent = (mask & visit.away).bit_count()
    if absent > model.most_absent:
        return None
    return visit.cost + model.absent_weight * absent - model.changed_weight * (mask & visit.stays).bit_count()
