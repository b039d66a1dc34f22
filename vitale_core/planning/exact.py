"""The exact search: a bound over what is left, then depth first until nothing better can exist.

The bound of a set of people in k groups is the cheapest way to divide them when every group may take its best
visit, whatever the others take. It is exact but for three couplings: hosts that are full, the worst-off person
and new groups that claim the same old group. The search resolves those, and prunes with the bound.
"""

from collections.abc import Callable, Sequence

from vitale_core.planning.columns import Column, Option
from vitale_core.planning.model import Model
from vitale_core.planning.pairing import overlap

NODE_LIMIT = 2_000_000
"""Steps of the depth-first search, after which the best plan found is no longer called proven."""

Moves = list[tuple[int, Column]]


class Search:
    """One model and its columns; the bounds are kept, so later questions about the same model are cheap.

    `nodes` counts steps over all questions; `limit` stops one question.
    """

    def __init__(self, model: Model, found: Sequence[Column], *, limit: int = NODE_LIMIT) -> None:
        """Sort the columns by their first person."""
        self.model, self.limit = model, limit
        self.by_mask = {column.mask: column for column in found}
        self.by_first: dict[int, list[Column]] = {}
        for column in found:
            self.by_first.setdefault(column.mask & -column.mask, []).append(column)
        self.known: list[dict[int, Moves]] = [{} for _ in range(model.instance.count + 1)]
        self.floors: dict[int, int] = {0: 0}
        self.nearest = [min((host.minutes[one] for host in model.hosts), default=0) for one in range(len(model.people))]
        self.dearest = [min((host.ranks[one] for host in model.hosts), default=0) for one in range(len(model.people))]
        self.nodes = 0

    def moves(self, rest: int, count: int) -> Moves:
        """The groups for the first person of `rest`, with the bound of each choice, from low to high."""
        found = self.known[count].get(rest)
        if found is None:
            if count == 1:
                last = self.by_mask.get(rest)
                found = [(last.cost, last)] if last else []
            else:
                found = self.bounded(self._starting(rest), rest, count)
            self.known[count][rest] = found
        return found

    def _starting(self, rest: int) -> Sequence[Column]:
        """The groups with the first person of `rest`, at least those within `rest`: the shorter of two lists."""
        first = rest & -rest
        listed = self.by_first.get(first, ())
        others = rest ^ first
        if len(listed) <= 1 << others.bit_count():
            return listed
        found, some = [], others
        while True:
            column = self.by_mask.get(some | first)
            if column is not None:
                found.append(column)
            if not some:
                return found
            some = (some - 1) & others

    def bounded(self, choices: Sequence[Column], rest: int, count: int) -> Moves:
        """These choices for one group of `rest`, with their bounds, from low to high; the order of equals stays."""
        others, size = ~rest, rest.bit_count()
        left_least = (count - 1) * self.model.instance.smallest
        left_most = (count - 1) * self.model.instance.largest
        found = []
        for column in choices:
            mask = column[1]
            if mask & others or not left_least <= size - mask.bit_count() <= left_most:
                continue
            after = self.moves(rest ^ mask, count - 1) if count > 1 else EMPTY
            if after:
                found.append((column[0] + after[0][0], column))
        found.sort(key=_bound)
        return found

    def bound(self) -> int | None:
        """A lower bound of every plan; None when not even the relaxed problem has one."""
        moves = self.moves(self.model.everyone, self.model.instance.count)
        return moves[0][0] + self.floor(self.model.everyone) if moves else None

    def floor(self, rest: int) -> int:
        """What the worst-off person of `rest` costs at least."""
        found = self.floors.get(rest)
        if found is None:
            people = [one for one in range(len(self.model.people)) if rest >> one & 1]
            found = self.model.minutes_weight * max(self.nearest[one] for one in people)
            found += self.model.rank_weight * max(self.dearest[one] for one in people)
            self.floors[rest] = found
        return found

    def best(
        self,
        *,
        accept: Callable[[Sequence[Option]], bool] | None = None,
        first: Sequence[Column] | None = None,
        below: int | None = None,
    ) -> "Answer":
        """The cheapest plan; with `accept` the cheapest of those it accepts.

        `first` limits the groups with which the division starts (every plan must hold exactly one of them), `below`
        is a cost that must be beaten.
        """
        return Dive(self, accept, below).run(first)


class Answer:
    """The end of one question: `options` is empty when there is no plan; `proven` is false after a cut-off."""

    __slots__ = ("cost", "options", "proven")

    def __init__(self, cost: int, options: tuple[Option, ...], *, proven: bool) -> None:
        """Keep the three."""
        self.cost, self.options, self.proven = cost, options, proven


class CutOff(Exception):
    """The node limit was reached."""


class Dive:
    """The depth-first part of one question."""

    def __init__(self, search: Search, accept: Callable[[Sequence[Option]], bool] | None, below: int | None) -> None:
        """Nothing found yet."""
        self.search, self.model, self.accept = search, search.model, accept
        self.least = below
        self.answer: tuple[Option, ...] = ()
        self.chosen: list[Option] = []
        self.ends_at = search.nodes + search.limit
        self.couples_old = bool(self.model.moved_weight and self.model.old)
        # What is left to decide depends on these alone, unless the choices so far are looked at as well.
        self.seen: dict[tuple[int, int, int, int], int] | None = None if self.couples_old or accept else {}

    def run(self, first: Sequence[Column] | None) -> Answer:
        """Search; a cut-off keeps what was found."""
        search, count = self.search, self.model.instance.count
        everyone = self.model.everyone
        proven = True
        moves = search.moves(everyone, count) if first is None else search.bounded(first, everyone, count)
        try:
            self._descend(moves, everyone, count, 0, self.model.start, 0, 0)
        except CutOff:
            proven = False
        return Answer(self.least or 0, self.answer, proven=proven)

    def _descend(self, moves: Moves, rest: int, count: int, cost: int, used: int, minutes: int, rank: int) -> None:
        search, model = self.search, self.model
        search.nodes += 1
        if search.nodes > self.ends_at:
            raise CutOff
        if self.seen is not None:
            state = (rest, used, minutes, rank)
            if self.seen.get(state, cost + 1) <= cost:
                return
            self.seen[state] = cost
        worst = max(
            search.floor(rest) if rest else 0,
            model.minutes_weight * minutes + model.rank_weight * rank,
        )  # fmt: skip
        for bound, column in moves:
            if self.least is not None and cost + bound + worst >= self.least:
                return
            after, left = bound - column.cost, rest ^ column.mask
            for option in column.options:
                total = cost + option.cost
                if self.least is not None and total + after + worst >= self.least:
                    break
                claimed = used | option.claim
                if used & option.claim or (claimed + option.step) & model.overrun:
                    continue
                self.chosen.append(option)
                self._choose(
                    left,
                    count - 1,
                    total,
                    after,
                    claimed + option.step,
                    max(minutes, option.minutes),
                    max(rank, option.rank),
                )
                self.chosen.pop()

    def _choose(self, left: int, count: int, total: int, after: int, used: int, minutes: int, rank: int) -> None:
        """One more group is chosen: go on, or keep the finished plan when it is the best so far."""
        model = self.model
        extra = model.minutes_weight * minutes + model.rank_weight * rank
        if self.couples_old:
            extra += self._moved()
        if self.least is not None and total + after + extra >= self.least:
            return
        if left:
            self._descend(self.search.moves(left, count), left, count, total, used, minutes, rank)
        elif self.accept is None or self.accept(self.chosen):
            self.least, self.answer = total + extra, tuple(self.chosen)

    def _moved(self) -> int:
        """What `moved` costs above the floors in the columns: chosen groups cannot share one old group."""
        table = [[(option.mask & old).bit_count() for old in self.model.old] for option in self.chosen]
        return self.model.moved_weight * (sum(map(max, table)) - overlap(table))


EMPTY: Moves = [(0, Column(0, 0, []))]


def _bound(move: tuple[int, Column]) -> int:
    return move[0]
