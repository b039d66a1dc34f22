"""All groups that the rules allow, and all visits they can make, as arrays."""

from dataclasses import dataclass, replace
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitale_core.planning.instance import Instance
from vitale_core.planning.model import HostModel, Model
from vitale_core.planning.problem import Level

Array = NDArray[Any]
CELLS = 30_000_000
"""The most group members or group-visit pairs that are held at once: about half a gigabyte at the peak."""


@dataclass(slots=True)
class Pool:
    """Columns: a group, the host and slot of its visit (places in the instance, -1 without), and costs per level.

    `members` has a row per group, filled up with the number of people when groups differ in size.
    `minutes` and `ranks` hold the worst-off person when some criterion counts that person, else zero. `label` is the
    old group whose place a group takes, -1 for none; all are -1 as long as that does not matter.
    """

    members: Array
    group: Array
    host: Array
    slot: Array
    costs: list[Array]
    minutes: Array
    ranks: Array
    label: Array

    def __len__(self) -> int:
        """The number of columns."""
        return len(self.group)

    def keep(self, chosen: Array) -> "Pool":
        """Only these columns."""
        return Pool(
            self.members,
            self.group[chosen],
            self.host[chosen],
            self.slot[chosen],
            [cost[chosen] for cost in self.costs],
            self.minutes[chosen],
            self.ranks[chosen],
            self.label[chosen],
        )

    def labelled(self, shared: list[Array], weights: list[int]) -> "Pool":
        """Every column once for each old group it shares people with, and once for none.

        `shared` counts per old group the people of each column that were in it; `weights` is what a moved person
        costs per level. Without labels a column costs as if it takes the place of the old group it shares most with,
        although two columns cannot take the same place.
        """
        most = np.maximum.reduce(shared).astype(np.int32)
        parts = [np.arange(len(self)), *(np.flatnonzero(count) for count in shared)]
        chosen = np.concatenate(parts)
        label = np.repeat(np.arange(-1, len(shared), dtype=np.int16), [len(part) for part in parts])
        lost = np.concatenate([most, *((most - count)[count > 0] for count in shared)]).astype(np.int64)
        found = self.keep(chosen)
        found.costs = [cost + weight * lost for cost, weight in zip(found.costs, weights, strict=True)]
        found.label = label
        return found


def affordable(instance: Instance) -> bool:
    """Whether all groups with all visits fit in memory."""
    people = len(instance.participants)
    groups = sum(comb(people, size) for size in range(instance.smallest, min(people, instance.largest) + 1))
    width = max(min(people, instance.largest), len(instance.slots), 2 * len(instance.hosts))
    return groups * width <= CELLS


def flags(mask: int, size: int) -> Array:
    """The bits of a mask as zeros and ones, one more than there are people: nobody sits in the empty seat."""
    return np.array([mask >> one & 1 for one in range(size)] + [0], np.uint8)


def summed(table: Array, members: Array) -> Array:
    """The rows (or numbers) of the members added up, per group."""
    total: Array = table[members[:, 0]]
    for seat in range(1, members.shape[1]):
        total = total + table[members[:, seat]]
    return total


class Maker:
    """Makes the pool of one instance; one model per level gives the costs of that level."""

    def __init__(self, instance: Instance) -> None:
        """Compile the rules once and the costs per level."""
        self.instance = instance
        self.rules = Model(instance)
        single = [replace(instance, levels=(replace(level, level=0),)) for level in instance.levels]
        self.models = [Model(one) for one in single or [replace(instance, levels=(Level(0, ()),))]]
        self.size = len(instance.participants)
        self.first_level: int | None = None
        self.away = self._table([~free for free in self.rules.slots], len(instance.slots))

    def pool(self, first_level: int | None) -> Pool:
        """Every column; with `first_level` only those that can be part of a plan of at most that on level 1."""
        self.first_level = first_level
        members = self._groups()
        absent = summed(self.away, members)
        costs = [self._composition(model, members, absent) for model in self.models]
        parts = [self._part(np.zeros(0, bool), np.arange(0), -1, -1, [cost[:0] for cost in costs], [np.zeros(0)] * 2)]
        if not self.rules.hosts:
            everybody, nobody = np.arange(len(members)), np.broadcast_to(np.int16(0), len(members))
            parts.append(self._part(np.ones(len(members), bool), everybody, -1, -1, costs, [nobody, nobody]))
        for place in range(len(self.rules.hosts)):
            parts += self._visits(place, members, absent, costs)
        # One kind of number at a time, and its parts let go at once: together they are the largest thing in memory.
        joined = [np.concatenate([part.pop(0) for part in parts]) for _ in range(len(costs) + 5)]
        group, host, slot, minutes, ranks = *joined[:3], *joined[-2:]
        label = np.broadcast_to(np.int16(-1), len(group))
        return Pool(members, group, host, slot, joined[3:-2], minutes, ranks, label)

    def _part(
        self, good: Array, group: Array, host: int, slot: int | Array, costs: list[Array], worst: list[Array]
    ) -> list[Array]:
        """One stretch of columns in narrow types: group, host, slot, costs per level, minutes, ranks.

        Costs are never negative, so a column that alone costs more than the first level may cost is left out.
        """
        if self.first_level is not None:
            good = good & (costs[0] <= self.first_level)
        chosen = np.flatnonzero(good)
        slots = np.broadcast_to(np.int16(slot), len(group))
        numbers = [slots[chosen], *(_narrow(array[chosen]) for array in (*costs, *worst))]
        return [group[chosen].astype(np.int32), np.full(len(chosen), host, np.int16), *numbers]

    def _table(self, masks: list[int], width: int) -> Array:
        """Bits of each person as a row of zeros and ones; the last row, for the empty seat, is zero."""
        rows = [[mask >> place & 1 for place in range(width)] for mask in masks]
        return np.array([*rows, [0] * width], np.uint8).reshape(len(masks) + 1, width)

    def _vector(self, numbers: list[int], filler: int = 0) -> Array:
        """A number per person, and one for the empty seat."""
        return np.array([*numbers, filler], np.int64)

    # ------------------------------------------------------------------------------------- groups

    def _groups(self) -> Array:
        """All groups that hold the rules about people, padded to the largest size."""
        largest = min(self.size, self.instance.largest)
        found = []
        grown = np.arange(self.size, dtype=np.int16).reshape(-1, 1)
        while True:
            grown = grown[self._can_grow(grown)]
            size = grown.shape[1]
            if size >= self.instance.smallest:
                finished = grown[self._complete(grown)]
                padding = np.full((len(finished), largest - size), self.size, np.int16)
                found.append(np.hstack([finished, padding]))
            if size == largest:
                return np.concatenate(found)
            last = grown[:, -1].astype(np.int64)
            following = self.size - 1 - last
            rows = np.repeat(np.arange(len(grown)), following)
            offset = np.arange(len(rows)) - np.repeat(np.cumsum(following) - following, following)
            added = (last[rows] + 1 + offset).astype(np.int16)
            grown = np.hstack([grown[rows], added[:, None]])

    def _can_grow(self, grown: Array) -> Array:
        """Groups that break no rule which a larger group would break as well."""
        good = np.ones(len(grown), bool)
        for crowd, limit in self.rules.crowds:
            if crowd.bit_count() > limit and limit < grown.shape[1]:
                good &= summed(flags(crowd, self.size), grown) <= limit
        if self.rules.least_common:
            together = (summed(self.away, grown) == 0).sum(axis=1)
            good &= together >= self.rules.least_common
        return good

    def _complete(self, grown: Array) -> Array:
        """Groups that hold the rules which only a finished group can hold."""
        rules = self.rules
        good = np.ones(len(grown), bool)
        for block in rules.blocks:
            here = summed(flags(block, self.size), grown)
            good &= (here == 0) | (here == block.bit_count())
        for wanted, least in rules.needed:
            good &= summed(flags(wanted, self.size), grown) >= least
        if not rules.hosts and rules.most_outside < self.size:
            good &= self._outside_theme(grown) <= rules.most_outside
        return good

    def _outside_theme(self, members: Array) -> Array:
        """Without hosts: how many do not share the theme that most of the group share."""
        shared = np.zeros(len(members), np.uint8)
        for theme in self.rules.themes:
            shared = np.maximum(shared, summed(flags(theme, self.size), members))
        return self._sizes(members) - shared

    def _sizes(self, members: Array) -> Array:
        sizes: Array = (members < self.size).sum(axis=1)
        return sizes

    def _composition(self, model: Model, members: Array, absent: Array) -> Array:
        """What a group costs apart from its visit: one level, the same sums as in the exact search."""
        cost = summed(self._vector(model.alone), members)
        if any(map(any, model.pair)):
            pair = np.pad(np.array(model.pair, np.int64), (0, 1))
            for seat in range(1, members.shape[1]):
                for other in range(seat):
                    cost += pair[members[:, other], members[:, seat]]
        if model.theme_weight:
            cost += model.theme_weight * self._outside_theme(members)
        common = (absent == 0).sum(axis=1)
        for target, weight in model.shortages:
            cost += weight * np.maximum(0, target - common)
        for numbers, target, weight in model.spreads:
            high = self._vector(numbers, min(numbers))[members].max(axis=1)
            low = self._vector(numbers, max(numbers))[members].min(axis=1)
            cost += weight * np.maximum(0, target - (high - low))
        if model.moved_weight and model.old:
            shared = [summed(flags(old, self.size), members).astype(np.int64) for old in model.old]
            cost += model.moved_weight * (sum(shared) - np.maximum.reduce(shared))
        return cost

    # ------------------------------------------------------------------------------------- visits

    def _visits(self, place: int, members: Array, absent: Array, costs: list[Array]) -> list[list[Array]]:
        """The columns of one host: per group its best slot or, when the host may be used more often, every slot."""
        host = self.rules.hosts[place]
        fits = np.flatnonzero(self._admits(host, members))
        group, people = fits, members[fits]
        worst = [self._worst(numbers, people) for numbers in (host.minutes, host.ranks)]
        base = [
            cost[group] + summed(self._vector(model.hosts[place].cost), people)
            for model, cost in zip(self.models, costs, strict=True)
        ]
        parts: list[list[Array]] = []
        best: tuple[Array, Array, list[Array]] | None = None
        for number, visit in enumerate(host.visits):
            missing = absent[group, visit.slot]
            good = (summed(flags(visit.blocked, self.size), people) == 0) & (missing <= self.rules.most_absent)
            extra = [self._slot_cost(model, place, number, people, missing) for model in self.models]
            if host.most > 1:
                total = [one + other for one, other in zip(base, extra, strict=True)]
                parts.append(self._part(good, group, place, visit.slot, total, worst))
            elif best is None:
                best = (good, np.full(len(group), visit.slot, np.int16), extra)
            else:
                best = _better(best, (good, np.full(len(group), visit.slot, np.int16), extra))
        if best is not None:
            total = [one + other for one, other in zip(base, best[2], strict=True)]
            parts.append(self._part(best[0], group, place, best[1], total, worst))
        return parts

    def _admits(self, host: HostModel, members: Array) -> Array:
        """Whether the host can receive the group, whatever the slot."""
        sizes = self._sizes(members)
        good = (sizes >= host.smallest) & (sizes <= host.largest)
        if host.blocked:
            good &= summed(flags(host.blocked, self.size), members) == 0
        if host.needs_cars:
            good &= summed(self._vector(self.rules.seats), members) >= sizes
        if self.rules.most_outside < self.size:
            good &= summed(flags(host.outside, self.size), members) <= self.rules.most_outside
        return good

    def _worst(self, numbers: list[int], members: Array) -> Array:
        found: Array = self._vector(numbers)[members].max(axis=1)
        return found

    def _slot_cost(self, model: Model, host: int, number: int, members: Array, missing: Array) -> Array:
        """What a slot adds on one level."""
        visit = model.hosts[host].visits[number]
        cost = visit.cost + model.absent_weight * missing.astype(np.int64)
        if model.changed_weight and visit.stays:
            cost = cost - model.changed_weight * summed(flags(visit.stays, self.size), members).astype(np.int64)
        return cost


def _narrow(numbers: Array) -> Array:
    """The same whole numbers in the smallest of three types."""
    most = int(numbers.max(initial=0))
    return numbers.astype(np.int16 if most < 2**15 else np.int32 if most < 2**31 else np.int64)


def _better(
    one: tuple[Array, Array, list[Array]], other: tuple[Array, Array, list[Array]]
) -> tuple[Array, Array, list[Array]]:
    """Per group the better of two slots: allowed first, then level by level; the first of equals."""
    takes = other[0] & ~one[0]
    undecided = other[0] & one[0]
    for mine, theirs in zip(one[2], other[2], strict=True):
        takes |= undecided & (theirs < mine)
        undecided &= theirs == mine
    costs = [np.where(takes, theirs, mine) for mine, theirs in zip(one[2], other[2], strict=True)]
    return one[0] | other[0], np.where(takes, other[1], one[1]), costs
