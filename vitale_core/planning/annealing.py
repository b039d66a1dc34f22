"""A good plan for many people without a solver: simulated annealing, then descent. Never called proven.

Work is bounded by counts and the only chance comes from a generator with a fixed seed, so the same instance gives
the same plan.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from math import exp
from random import Random

from vitale_core.planning.board import Board, Change
from vitale_core.planning.columns import Option
from vitale_core.planning.instance import Instance
from vitale_core.planning.model import Model
from vitale_core.planning.problem import Level

STEPS = 120_000
"""Tried changes of one run; about four to eight seconds at 500 people, less with fewer."""
SEED = 20270318
COLD = 0.002
"""The last temperature, as a part of the first."""
HARD = 40
"""Breaking a rule once weighs as much as this many times the heaviest criterion of the mix."""
TRIALS = 100
"""Random changes that set the first temperature."""
VISIT_SHARE = 0.25
"""The part of tried changes that touches visits; above MOVE_SHARE a person moves when sizes allow."""
MOVE_SHARE = 0.8
STEEP = 12
"""A unit of a level above the mix weighs as much as this many times the heaviest criterion of the mix."""


def anneal(instance: Instance, *, steps: int = STEPS, seed: int = SEED) -> list[Option] | None:
    """Groups and visits that hold every rule, or None when none were found. Costs are left out of the options.

    The hosts must have room for as many visits as there are groups.
    """
    soft = Model(_one_level(instance))
    heaviest = max((term.weight for term in soft.instance.terms), default=1)
    draw = Random(seed)  # noqa: S311 - a search, not a secret
    board = Board(soft, _start(instance, draw), HARD * max(1, heaviest))
    _Heat(board, draw).run(steps)
    true = Model(instance)
    final = Board(true, board.groups, 1 + true.ceiling)
    final.restore((final.groups, board.visits))
    _Heat(final, draw).descend(steps // 4)
    return None if final.broken else final.options()


def _start(instance: Instance, draw: Random) -> list[list[int]]:
    """Previous groups are not looked at: people in a random order, groups of equal size."""
    people = list(range(len(instance.participants)))
    draw.shuffle(people)
    return [people[place :: instance.count] for place in range(instance.count)]


def _one_level(instance: Instance) -> Instance:
    """All levels on one scale, so that one temperature fits: higher levels steep, lower levels flat."""
    if not instance.levels:
        return instance
    mix = max(range(len(instance.levels)), key=lambda place: len(instance.levels[place].terms))
    unit = max((term.weight for term in instance.levels[mix].terms), default=1)
    terms = []
    for place, level in enumerate(instance.levels):
        factor = 100 * STEEP * unit if place < mix else 100 if place == mix else 1
        terms += [replace(term, weight=min(term.weight * factor, 10**9)) for term in level.terms]
    return replace(instance, levels=(Level(0, tuple(terms)),))


class _Heat:
    """Tries changes on a board. A change says for each touched group who sits there, its visit and its value."""

    def __init__(self, board: Board, draw: Random) -> None:
        self.board, self.draw = board, draw
        sizes = board.model.instance
        self.smallest, self.largest = sizes.smallest, sizes.largest

    def run(self, steps: int) -> None:
        """Anneal, and leave the board in the best state that was met."""
        board = self.board
        heat = self._first_temperature()
        best = total = board.total
        kept = board.state()
        cooling = COLD ** (1 / steps)
        for _ in range(steps):
            heat *= cooling
            change = self._propose()
            delta = board.difference(change)
            if delta <= 0 or (heat > 0 and self.draw.random() < exp(-delta / heat)):
                board.apply(change)
                total += delta
                if total < best:
                    best, kept = total, board.state()
        board.restore(kept)

    def descend(self, steps: int) -> None:
        """Take every exchange of two people that improves, until none does or the count runs out."""
        board = self.board
        seats = board.seats()
        order = [(one, other) for one in range(len(seats)) for other in range(one)]
        self.draw.shuffle(order)
        since = 0
        for one, other in islice(cycle(order), steps):
            since += 1
            if since > len(order):
                return
            (place, seat), (elsewhere, chair) = seats[one], seats[other]
            if place != elsewhere:
                change = board.swap(place, seat, elsewhere, chair)
                if board.difference(change) < 0:
                    board.apply(change)
                    seats[one], seats[other] = seats[other], seats[one]
                    since = 0

    def _first_temperature(self) -> float:
        """The mean of how much random changes worsen: hot enough to take most of them."""
        tried = [self.board.difference(self._propose()) for _ in range(TRIALS)]
        return sum(map(abs, tried)) / TRIALS

    def _propose(self) -> Change:
        """A random change; an empty one when the draw fits nothing."""
        board, draw = self.board, self.draw
        kind = draw.random()
        place = draw.randrange(len(board.groups))
        if board.visits and kind < VISIT_SHARE:
            return self._visit(place, draw.randrange(len(board.choices)))
        other = draw.randrange(len(board.groups))
        if other == place:
            return {}
        giving, taking = board.groups[place], board.groups[other]
        seat = draw.randrange(len(giving))
        if kind > MOVE_SHARE and len(giving) > self.smallest and len(taking) < self.largest:
            return board.change({place: _without(giving, seat), other: [*taking, giving[seat]]})
        return board.swap(place, seat, other, draw.randrange(len(taking)))

    def _visit(self, place: int, visit: int) -> Change:
        """A group takes a visit; when that is full, the group there takes this group's visit instead."""
        board = self.board
        host = board.choices[visit][0]
        there = [number for number, own in enumerate(board.visits) if board.choices[own][0] is host and number != place]
        holder = next((number for number in there if board.visits[number] == visit), None)
        if holder is None and len(there) >= host.most:
            holder = there[0]
            visit = board.visits[holder]
        return board.change({}, {place: visit} | ({} if holder is None else {holder: board.visits[place]}))


def _without(group: Sequence[int], seat: int) -> list[int]:
    return [one for number, one in enumerate(group) if number != seat]
