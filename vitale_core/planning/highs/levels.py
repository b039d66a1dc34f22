"""Level by level: a bound by column generation, a plan by a whole-number program, and fewer columns after each.

A column whose cost above its prices is larger than the gap between bound and best plan cannot be in a better plan.
So after a level is decided only the columns remain that can be in a plan as good as the best, and the next level
chooses among those. What is proven is proven with prices rounded to valid signs, not with the solver's word alone.
"""

from collections.abc import Iterator, Sequence
from math import ceil, gcd

import numpy as np

from vitale_core.planning.columns import Option
from vitale_core.planning.highs.master import TINY, Ceiling, Master, Prices
from vitale_core.planning.highs.pool import Array, Maker, flags, summed
from vitale_core.planning.instance import Instance
from vitale_core.planning.outcome import Found
from vitale_core.planning.pairing import best_pairing

CHUNK = 1_000_000
ROUNDS = 200
"""Rounds of column generation on one level."""
SHORTLIST = 40_000
"""Columns that are priced between two looks at all of them."""
PER_ROUND = 150
FULL = ((1_500, 300), (12_000, 300))
"""Columns and branches of the first whole-number program of a level, which looks for a good plan, and the second."""
BRIEF = ((400, 20), (1_500, 20))
"""The same when the instance is a small part of a larger one."""
ROUNDING = 1e-5
LABELLED = 2_000_000
"""With more columns than this `moved` is only bounded: two groups may then claim the same old one."""


def partition(
    instance: Instance,
    start: Sequence[Option] | None,
    objective: Sequence[int] = (),
    *,
    brief: bool = False,
) -> Found:
    """The best plan; `start` is a plan from elsewhere that holds every rule, `objective` its score.

    `brief` looks less long for a proof.
    """
    return Partition(instance, start, objective, BRIEF if brief else FULL).run()


class Partition:
    """One instance on its way through the levels."""

    def __init__(
        self,
        instance: Instance,
        start: Sequence[Option] | None,
        objective: Sequence[int],
        programs: tuple[tuple[int, int], ...],
    ) -> None:
        """Make the pool; with a start only columns that can match it on the first level."""
        self.programs = programs
        maker = Maker(instance)
        self.instance, self.model = instance, maker.rules
        self.weights = [(model.minutes_weight, model.rank_weight) for model in maker.models]
        self.moved = [model.moved_weight for model in maker.models]
        self.labelled = False
        self.pool = maker.pool(objective[0] if start and objective else None)
        self.best: Array = np.array([], np.int64) if start is None else self._places(start)
        self.held: list[Ceiling] = []

    def run(self) -> Found:
        """Every level in turn, until one cannot be decided."""
        if not len(self.pool):
            return Found(None, impossible=True)
        bound: list[int] = []
        for place in range(len(self.weights)):
            self._label(place)
            stage = Stage(self, place)
            stage.run()
            if not len(self.best):
                return Found(None, impossible=stage.proven)
            bound.append(stage.least)
            if not stage.proven:
                bound += [0] * (len(self.instance.levels) - len(bound))
                return Found(self._options(), tuple(bound))
            self._narrow(stage)
        return Found(self._options(), tuple(bound[: len(self.instance.levels)]))

    def value(self, place: int, columns: Array) -> int:
        """What these columns cost on a level."""
        minutes, rank = self.weights[place]
        worst = minutes * int(self.pool.minutes[columns].max()) + rank * int(self.pool.ranks[columns].max())
        return int(self.pool.costs[place][columns].sum()) + worst

    def _places(self, start: Sequence[Option]) -> Array:
        """The columns of a plan; a host that is used once may get a better slot."""
        pool, found = self.pool, []
        for option in start:
            people = [one for one in range(len(self.model.people)) if option.mask >> one & 1]
            padded = people + [len(self.model.people)] * (pool.members.shape[1] - len(people))
            group = np.flatnonzero((pool.members == padded).all(axis=1))[0]
            here = (pool.group == group) & (pool.host == option.host)
            if option.host >= 0 and self.model.hosts[option.host].most > 1:
                here &= pool.slot == option.slot
            found.append(np.flatnonzero(here)[0])
        return np.array(found)

    def _label(self, place: int) -> None:
        """Before the first level where moved people count: tell apart whose place a group takes, if that fits."""
        old = self.model.old
        if not (self.moved[place] and old) or self.labelled or len(self.pool) > LABELLED:
            return
        self.labelled = True
        size = len(self.model.people)
        shared = [summed(flags(mask, size), self.pool.members)[self.pool.group] for mask in old]
        pairs = best_pairing([[int(count[column]) for count in shared] for column in self.best])
        pool = self.pool.labelled(shared, self.moved)
        # The copies of a column without label come first, then those of each old group, in the order of columns.
        begins = np.cumsum([len(self.pool), *(np.count_nonzero(count) for count in shared)])
        self.best = np.array(
            [
                column if label is None else begins[label] + np.count_nonzero(shared[label][:column])
                for column, label in zip(self.best.tolist(), pairs, strict=True)
            ],
            np.int64,
        )
        self.pool = pool

    def _narrow(self, stage: "Stage") -> None:
        """Keep the columns that can be in a plan as good as the best on this level, and hold the level there."""
        kept = np.zeros(len(self.pool), bool)
        for part, reduced in stage.scan(stage.prices):
            kept[part] = stage.floor + reduced <= stage.least + ROUNDING
        kept[self.best] = True
        self.best = np.cumsum(kept)[self.best] - 1
        self.pool = self.pool.keep(np.flatnonzero(kept))
        if self.pool.costs[stage.place].any() or any(self.weights[stage.place]):
            self.held.append(Ceiling(stage.place, stage.least))

    def _options(self) -> tuple[Option, ...]:
        found = []
        for column in self.best.tolist():
            people = self.pool.members[self.pool.group[column]].tolist()
            mask = sum(1 << one for one in people if one < len(self.model.people))
            found.append(Option(0, mask, int(self.pool.host[column]), int(self.pool.slot[column]), 0, 0, 0, 0))
        return tuple(found)


class Stage:
    """One level: `least` is its proven lower bound, `proven` whether the best plan reaches it."""

    def __init__(self, partition: Partition, place: int) -> None:
        """Start from the bound that needs no prices."""
        self.partition, self.place = partition, place
        self.master = Master(partition.model, partition.pool, partition.weights, place, partition.held)
        costs = partition.pool.costs[place]
        self.step = max(1, gcd(int(np.gcd.reduce(costs)), *partition.weights[place]))
        worst = sum(
            weight * int(numbers.max())
            for weight, numbers in zip(
                partition.weights[place], (partition.pool.minutes, partition.pool.ranks), strict=True
            )
        )
        self.ceiling = self.master.count * int(costs.max()) + worst  # no plan costs more
        self.prices = self.master.free()
        self.floor = 0.0
        self.least = 0
        self.proven = False
        self.tried = 0
        self._raise_floor(self.prices, float(costs.min()))

    @property
    def value(self) -> int | None:
        """What the best plan so far costs."""
        best = self.partition.best
        return self.partition.value(self.place, best) if len(best) else None

    def run(self) -> None:
        """Raise the bound, then look for better plans among the columns that can be in one."""
        if not self._done():
            self._lift()
        if not self._done():
            self._generate()
        while not self._done():
            if self.least > self.ceiling:
                self.proven = True
                return
            if not self._improve():
                return

    def scan(self, prices: Prices) -> Iterator[tuple[slice, Array]]:
        """The reduced costs of all columns, in stretches."""
        for begin in range(0, len(self.partition.pool), CHUNK):
            part = slice(begin, begin + CHUNK)
            yield part, self.master.reduced(prices, part)

    def _lift(self) -> None:
        """With few columns left, a floor under the worst-off for every plan as good as the best."""
        value = self.value
        small = len(self.partition.pool) <= self.partition.programs[-1][0]
        if value is not None and small and any(self.partition.weights[self.place]):
            self.master.lift_worst(value)
            self._raise_floor(self.prices, float(self.partition.pool.costs[self.place].min()))

    def _done(self) -> bool:
        self.proven = self.value is not None and self.least >= self.value
        return self.proven

    def _raise_floor(self, prices: Prices, lowest: float) -> None:
        """A bound from prices and the lowest reduced cost; the next multiple of the step counts."""
        floor = self.master.bound(prices) + self.master.count * min(0.0, lowest)
        if floor >= self.floor:
            # Columns are judged against this floor, so what the lowest lacks is already taken off.
            self.floor, self.prices = floor, prices
            self.least = max(0, ceil(floor / self.step - ROUNDING) * self.step)

    def _generate(self) -> None:
        """Column generation: solve over a few columns, add those that cost less than their price, repeat."""
        inside = np.zeros(len(self.partition.pool), bool)
        first = np.unique(np.append(self._lowest(self.prices, PER_ROUND), self.partition.best))
        inside[first] = True
        program = self.master.relax(first)
        shortlist = np.array([], np.int64)
        for _ in range(ROUNDS):
            prices = self.master.prices(program)
            added = self._cheap(prices, shortlist, inside)
            if not len(added):
                shortlist = self._lowest(prices, SHORTLIST)
                lowest = float(self._reduced_of(prices, shortlist).min())
                self._raise_floor(prices, lowest)
                added = self._cheap(prices, shortlist, inside)
                if not len(added) or self._done():
                    return
            inside[added] = True
            self.master.extend(program, added)

    def _lowest(self, prices: Prices, count: int) -> Array:
        """The columns of the whole pool with the lowest reduced costs."""
        found, worth = np.array([], np.int64), np.array([], float)
        for part, reduced in self.scan(prices):
            near = np.argpartition(reduced, min(count, len(reduced)) - 1)[:count]
            found, worth = np.append(found, near + part.start), np.append(worth, reduced[near])
        return np.sort(found[np.argsort(worth, kind="stable")[:count]])

    def _reduced_of(self, prices: Prices, chosen: Array) -> Array:
        return self.master.reduced(prices, chosen)

    def _cheap(self, prices: Prices, chosen: Array, inside: Array) -> Array:
        """Of these columns those to add: below their price and not in yet, the lowest first."""
        reduced = self._reduced_of(prices, chosen)
        good = np.flatnonzero((reduced < -TINY) & ~inside[chosen])
        return chosen[good[np.argsort(reduced[good], kind="stable")[:PER_ROUND]]]

    def _improve(self) -> bool:
        """One whole-number program; false when nothing more can be said.

        First over few columns, the cheapest above their prices, for a good plan; that plan rules out most columns, and
        over all that are left the next program is a proof.
        """
        value = self.value
        below = None if value is None else value - self.step
        limit = self.ceiling if below is None else below
        programs = self.partition.programs
        near = self._lowest(self.prices, programs[-1][0] + 1)
        reduced = self.floor + self._reduced_of(self.prices, near)
        order = np.argsort(reduced, kind="stable")
        can = near[order[reduced[order] <= limit + ROUNDING]]
        size, nodes = programs[self.tried]
        self.tried += 1
        every = len(can) <= size
        picked, complete = self.master.whole(np.sort(can[:size]), below, self.step, nodes)
        if picked is not None:
            self.partition.best = picked
        if complete and every:
            # Nothing better exists than what is known now.
            self.proven = True
            self.least = self.ceiling + 1 if self.value is None else self.value
            return False
        return self.tried < len(programs) and not every
