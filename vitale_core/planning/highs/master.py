"""The linear and whole-number programs over columns, solved by HiGHS: one thread, fixed seed, counts as limits."""

from dataclasses import dataclass

import highspy
import numpy as np

from vitale_core.planning.highs.pool import Array, Pool
from vitale_core.planning.model import Model

TINY = 1e-6


class Quiet(highspy.Highs):
    """HiGHS without its banner, which would end up in the output of whoever asked for a plan.

    The wrapper enables callbacks while it is made, and that is the first call that prints.
    """

    def enableCallbacks(self) -> None:  # noqa: N802 - the name is the library's
        """Turn printing off first."""
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The level at this place may cost at most `most`."""

    place: int
    most: int


@dataclass(frozen=True, slots=True)
class Prices:
    """Shadow prices of the rows, each with the sign that its row allows, so that any of them gives a valid bound."""

    people: Array
    groups: float
    hosts: Array
    visits: Array
    labels: Array
    ceilings: Array
    minutes: Array
    ranks: Array


class Master:
    """The rows of one level: everybody once, the number of groups, room at hosts, earlier levels, the worst-off.

    Variables: one per column, one for the longest trip and one for the worst rank where they count.
    """

    def __init__(
        self, model: Model, pool: Pool, weights: list[tuple[int, int]], place: int, held: list[Ceiling]
    ) -> None:
        """`weights` has per level what a minute of the longest trip and a place of the worst rank cost."""
        self.model, self.pool, self.weights, self.place, self.held = model, pool, weights, place, held
        self.size, self.count = len(model.people), model.instance.count
        levels = [place, *(one.place for one in held)]
        self.worst = [any(weights[level][kind] for level in levels) for kind in (0, 1)]
        shared = [host for host in model.hosts if host.most > 1]
        self.slots = len(model.instance.slots)
        self.visit_row = np.full(max(1, len(model.hosts)) * max(1, self.slots), -1, np.int64)
        for number, (host, visit) in enumerate((h.index, visit.slot) for h in shared for visit in h.visits):
            self.visit_row[host * self.slots + visit] = number
        self.visits = sum(len(host.visits) for host in shared)
        self.least_worst = [0, 0]
        most = int(np.abs(pool.costs[place]).max()) + sum(weights[place]) * int(
            max(pool.minutes.max(), pool.ranks.max())
        )
        self.dear = (self.count + 1) * (1 + most)
        # Where each block of rows begins.
        self.at_hosts = self.size + 1
        self.at_visits = self.at_hosts + len(model.hosts)
        self.at_labels = self.at_visits + self.visits
        self.labels = len(model.old) if (pool.label >= 0).any() else 0
        self.at_held = self.at_labels + self.labels
        self.at_minutes = self.at_held + len(held)
        self.at_ranks = self.at_minutes + self.size * self.worst[0]
        self.rows = self.at_ranks + self.size * self.worst[1]

    # ------------------------------------------------------------------------------------- programs

    def relax(self, chosen: Array) -> highspy.Highs:
        """The linear program over these columns, with a dear way out for every person; solved."""
        program = self._program(chosen, artificial=True)
        program.run()
        return program

    def extend(self, program: highspy.Highs, chosen: Array) -> None:
        """Add columns and solve again."""
        starts, rows, values = self._entries(chosen)
        costs = self.pool.costs[self.place][chosen].astype(float)
        ones = np.ones(len(chosen))
        program.addCols(len(chosen), costs, 0 * ones, ones, len(rows), starts, rows, values)
        program.run()

    def prices(self, program: highspy.Highs) -> Prices:
        """The shadow prices of a solved program, clipped to their signs."""
        dual = np.array(program.getSolution().row_dual)
        return Prices(
            people=dual[: self.size],
            groups=float(dual[self.size]),
            hosts=np.minimum(dual[self.at_hosts : self.at_visits], 0),
            visits=np.minimum(dual[self.at_visits : self.at_labels], 0),
            labels=np.minimum(dual[self.at_labels : self.at_held], 0),
            ceilings=np.minimum(dual[self.at_held : self.at_minutes], 0),
            minutes=np.maximum(dual[self.at_minutes : self.at_ranks], 0),
            ranks=np.maximum(dual[self.at_ranks :], 0),
        )

    def free(self) -> Prices:
        """All prices zero: every column costs what it costs."""
        return Prices(
            np.zeros(self.size),
            0.0,
            np.zeros(len(self.model.hosts)),
            np.zeros(self.visits),
            np.zeros(self.labels),
            np.zeros(len(self.held)),
            np.zeros(self.size * self.worst[0]),
            np.zeros(self.size * self.worst[1]),
        )

    def reduced(self, prices: Prices, part: slice | Array) -> Array:
        """What the columns of a stretch of the pool cost above their prices."""
        pool = self.pool
        group, host = pool.group[part], pool.host[part]
        found = pool.costs[self.place][part] - self._over(prices.people)[group] - prices.groups
        if len(prices.hosts):
            found -= prices.hosts[host]
        if len(prices.visits):
            row = self.visit_row[host.astype(np.int64) * self.slots + pool.slot[part]]
            found -= np.append(prices.visits, 0.0)[row]
        if len(prices.labels):
            found -= np.append(prices.labels, 0.0)[pool.label[part]]
        for held, price in zip(self.held, prices.ceilings, strict=True):
            found -= price * pool.costs[held.place][part]
        for numbers, price in ((pool.minutes, prices.minutes), (pool.ranks, prices.ranks)):
            if len(price):
                found += numbers[part] * self._over(price)[group]
        return found

    def bound(self, prices: Prices) -> float:
        """A lower bound when no column costs less than its price (Lagrange: any prices will do)."""
        total = float(prices.people.sum()) + prices.groups * self.count
        total += float(sum(price * host.most for price, host in zip(prices.hosts, self.model.hosts, strict=True)))
        total += float(prices.visits.sum() + prices.labels.sum())
        total += float(sum(price * held.most for price, held in zip(prices.ceilings, self.held, strict=True)))
        for kind, (price, worst) in enumerate(((prices.minutes, self.pool.minutes), (prices.ranks, self.pool.ranks))):
            if self.worst[kind]:
                own = self.weights[self.place][kind]
                for held, dual in zip(self.held, prices.ceilings, strict=True):
                    own -= dual * self.weights[held.place][kind]
                left = own - float(price.sum())
                total += left * (self.least_worst[kind] if left > 0 else float(worst.max(initial=0)))
        return total

    def lift_worst(self, most: int) -> None:
        """Raise the floors under the longest trip and the worst rank, for plans that cost at most `most`.

        The smallest number for which the columns up to that number still have a fractional plan, found by halving.
        Alone the relaxed program says little about a maximum: half of two columns looks half as far. At least one
        plan of that cost is known, so the largest number will always do.
        """
        for kind, numbers in enumerate((self.pool.minutes, self.pool.ranks)):
            if self.worst[kind]:
                tried = np.unique(numbers).tolist()
                low, high = 0, len(tried) - 1
                while low < high:
                    middle = (low + high) // 2
                    if self._relaxed_plan(np.flatnonzero(numbers <= tried[middle]), most):
                        high = middle
                    else:
                        low = middle + 1
                self.least_worst[kind] = tried[low]

    def _relaxed_plan(self, chosen: Array, below: int) -> bool:
        program = self._program(chosen, artificial=False)
        self._at_most(program, chosen, below)
        program.run()
        infeasible = {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}
        return program.getModelStatus() not in infeasible

    def whole(self, chosen: Array, below: int | None, step: int, nodes: int) -> tuple[Array | None, bool]:
        """The best plan of these columns, at most `below`: the columns, and whether the answer is complete.

        After `nodes` branches the best plan so far is kept and the answer is not complete.
        No columns and complete: there is no such plan. `step` divides every cost, so a gap below it is no gap.
        """
        program = self._program(chosen, artificial=False)
        if below is not None:
            self._at_most(program, chosen, below)
        program.setOptionValue("mip_rel_gap", 0.0)
        program.setOptionValue("mip_abs_gap", 0.9 * step)
        program.setOptionValue("mip_max_nodes", nodes)
        kinds = np.full(len(chosen), highspy.HighsVarType.kInteger)
        program.changeColsIntegrality(len(chosen), np.arange(len(chosen), dtype=np.int32), kinds)
        program.run()
        status = program.getModelStatus()
        complete = status in {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible}
        values = np.array(program.getSolution().col_value)[: len(chosen)]
        if status == highspy.HighsModelStatus.kInfeasible or not len(values):
            return None, complete
        picked = chosen[values > 1 / 2]
        return (picked if self._sound(picked) else None), complete

    def _sound(self, picked: Array) -> bool:
        """Whether rounding gave a division at all (after a cut-off there may be no solution)."""
        members = self.pool.members[self.pool.group[picked]]
        return sorted(members[members < self.size]) == list(range(self.size))

    # ------------------------------------------------------------------------------------- rows and columns

    def _over(self, prices: Array) -> Array:
        """The prices of its members added up, for every group."""
        padded = np.append(prices, 0.0)
        total = padded[self.pool.members[:, 0]]
        for seat in range(1, self.pool.members.shape[1]):
            total += padded[self.pool.members[:, seat]]
        return total

    def _program(self, chosen: Array, *, artificial: bool) -> highspy.Highs:
        program = Quiet()  # type: ignore[no-untyped-call]
        for option, value in {"threads": 1, "random_seed": 0}.items():
            program.setOptionValue(option, value)
        lower, upper = np.full(self.rows, -highspy.kHighsInf), np.full(self.rows, highspy.kHighsInf)
        lower[: self.size] = upper[: self.size] = 1
        lower[self.size] = upper[self.size] = self.count
        upper[self.at_hosts : self.at_visits] = [host.most for host in self.model.hosts]
        upper[self.at_visits : self.at_held] = 1
        upper[self.at_held : self.at_minutes] = [held.most for held in self.held]
        lower[self.at_minutes :] = 0
        none = np.array([], np.int32)
        program.addRows(self.rows, lower, upper, 0, none, none, np.array([], float))
        starts, rows, values = self._entries(chosen)
        costs = self.pool.costs[self.place][chosen].astype(float)
        ones = np.ones(len(chosen))
        program.addCols(len(chosen), costs, 0 * ones, ones, len(rows), starts, rows, values)
        for kind, begin in ((0, self.at_minutes), (1, self.at_ranks)):
            if self.worst[kind]:
                self._add_worst(program, kind, begin)
        if artificial:
            dear = float(self.dear)
            for person in range(self.size):
                program.addCol(dear, 0, 1, 1, np.array([person], np.int32), np.ones(1))
            # Fewer or more groups than asked are as dear as a person left out.
            for sign in (1.0, -1.0):
                program.addCol(dear, 0, self.count, 1, np.array([self.size], np.int32), np.array([sign]))
        return program

    def _add_worst(self, program: highspy.Highs, kind: int, begin: int) -> None:
        """The variable for the worst-off person: at least what the column of each person says."""
        rows = list(range(begin, begin + self.size))
        values = [1.0] * self.size
        for number, held in enumerate(self.held):
            if self.weights[held.place][kind]:
                rows.append(self.at_held + number)
                values.append(float(self.weights[held.place][kind]))
        most = float((self.pool.minutes, self.pool.ranks)[kind].max())
        own = float(self.weights[self.place][kind])
        program.addCol(own, float(self.least_worst[kind]), most, len(rows), np.array(rows, np.int32), np.array(values))

    def _at_most(self, program: highspy.Highs, chosen: Array, below: int) -> None:
        """A row that keeps the cost at or under a number."""
        costs = self.pool.costs[self.place][chosen].astype(float)
        index, values = np.arange(len(chosen), dtype=np.int32), costs
        extra = [float(self.weights[self.place][kind]) for kind in (0, 1) if self.worst[kind]]
        index = np.append(index, np.arange(len(chosen), len(chosen) + len(extra), dtype=np.int32)).astype(np.int32)
        values = np.append(values, extra)
        program.addRow(-highspy.kHighsInf, float(below), len(index), index, values)

    def _entries(self, chosen: Array) -> tuple[Array, Array, Array]:
        """The columns as HiGHS wants them: where each begins, row numbers, values."""
        pool = self.pool
        starts, rows, values = [], list[int](), list[float]()
        for column in chosen.tolist():
            starts.append(len(rows))
            people = [one for one in pool.members[pool.group[column]].tolist() if one < self.size]
            entries = [(one, 1.0) for one in people] + [(self.size, 1.0)]
            host = int(pool.host[column])
            if host >= 0:
                entries.append((self.at_hosts + host, 1.0))
                row = int(self.visit_row[host * self.slots + int(pool.slot[column])])
                entries += [(self.at_visits + row, 1.0)] if row >= 0 else []
            label = int(pool.label[column])
            entries += [(self.at_labels + label, 1.0)] if label >= 0 else []
            entries += [
                (self.at_held + number, float(pool.costs[held.place][column])) for number, held in enumerate(self.held)
            ]
            if self.worst[0]:
                entries += [(self.at_minutes + one, -float(pool.minutes[column])) for one in people]
            if self.worst[1]:
                entries += [(self.at_ranks + one, -float(pool.ranks[column])) for one in people]
            rows += [row for row, _ in entries]
            values += [value for _, value in entries]
        return np.array(starts, np.int32), np.array(rows, np.int32), np.array(values, float)
