"""For an impossible instance: every minimal set of clashing rules, and the ways out."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from vitale_core.planning.feasibility import clash, feasible
from vitale_core.planning.instance import Instance
from vitale_core.planning.plan import Plan
from vitale_core.planning.solving import solve

ALL_SETS_UP_TO = 8
"""With more rules than this in play the list of minimal sets may be incomplete, and says so."""
QUESTIONS = 256
"""The most "does a plan exist without these rules?" that are asked: every subset of eight rules."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What leaving out these rules would give: the best plan, or what then still clashes."""

    rules: tuple[str, ...]
    plan: Plan


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Why there is no plan.

    `minimal`: sets of rule ids that cannot hold together; one empty set means that the people do not fit even
    without rules. `complete`: no other minimal set exists. `dropping`: what each single rule of those sets would
    give. `ways_out`: the smallest sets of rules whose removal makes a plan possible, each with that plan.
    """

    minimal: tuple[tuple[str, ...], ...]
    complete: bool
    dropping: tuple[Dropped, ...]
    ways_out: tuple[Dropped, ...]


class Undecided(Exception):
    """The bounded search could not tell, or too many questions were asked."""


class Questions:
    """Remembers which rules were left out and whether a plan existed then."""

    def __init__(self, instance: Instance) -> None:
        """Nothing asked yet."""
        self.instance = instance
        self.ids = [rule.id for rule in instance.rules]
        self.known: dict[frozenset[str], bool] = {}

    def possible_without(self, dropped: frozenset[str]) -> bool:
        """Whether a plan exists when these rules are left out."""
        if dropped not in self.known:
            answer = feasible(self.without(dropped)) if len(self.known) < QUESTIONS else None
            if answer is None:
                raise Undecided
            self.known[dropped] = answer
        return self.known[dropped]

    def without(self, dropped: Iterable[str]) -> Instance:
        """The instance with fewer rules."""
        return self.instance.keeping([one for one in self.ids if one not in set(dropped)])

    def ordered(self, some: Iterable[str]) -> tuple[str, ...]:
        """Rule ids in the order of the instance."""
        chosen = set(some)
        return tuple(one for one in self.ids if one in chosen)


def conflicts(instance: Instance) -> Conflicts:
    """Every minimal set of clashing rules (with up to eight rules), and what dropping rules would give.

    An instance that has a plan gives empty lists.
    """
    asked = Questions(instance)
    try:
        ways_out, seen = _ways_out(asked)
        complete = True
    except Undecided:
        ways_out, complete = [], False
        first = clash(instance)
        seen = [] if first is None else [frozenset(first)]
    if complete and len(set().union(*ways_out)) <= ALL_SETS_UP_TO:
        seen = _hitting(ways_out) if frozenset() not in seen and frozenset() not in ways_out else seen
    else:
        complete = False
    minimal = sorted((asked.ordered(some) for some in seen), key=lambda some: (len(some), _places(asked, some)))
    involved = asked.ordered(one for some in minimal for one in some)
    single = tuple(Dropped((one,), solve(asked.without([one]))) for one in involved)
    known = {dropped.rules: dropped for dropped in single}
    out = tuple(
        known.get(rules) or Dropped(rules, solve(asked.without(rules)))
        for way in ways_out
        if (rules := asked.ordered(way))
    )
    return Conflicts(tuple(minimal), complete, single, out)


def _places(asked: Questions, some: Sequence[str]) -> list[int]:
    return [asked.ids.index(one) for one in some]


def _ways_out(asked: Questions) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
    """All smallest sets of rules that must go, with the minimal conflicts met on the way.

    A tree of sets to drop, the smallest first (Reiter 1987): where a plan still fails, one rule of some clash that
    is left must go as well.
    """
    found: list[frozenset[str]] = []
    clashes: list[frozenset[str]] = []
    queue, queued = deque([frozenset[str]()]), {frozenset[str]()}
    while queue:
        dropped = queue.popleft()
        if any(way <= dropped for way in found):
            continue
        if asked.possible_without(dropped):
            found.append(dropped)
            continue
        left = next((some for some in clashes if not some & dropped), None)
        if left is None:
            left = frozenset(_clash(asked, dropped))
            clashes.append(left)
        for one in asked.ordered(left):
            if dropped | {one} not in queued:
                queued.add(dropped | {one})
                queue.append(dropped | {one})
    return found, clashes


def _clash(asked: Questions, dropped: frozenset[str]) -> list[str]:
    """A minimal conflict among the rules that are left, by leaving out one more at a time."""
    kept = [one for one in asked.ids if one not in dropped]
    for one in reversed(tuple(kept)):
        fewer = [rule for rule in kept if rule != one]
        if not asked.possible_without(frozenset(asked.ids) - frozenset(fewer)):
            kept = fewer
    return kept


def _hitting(ways_out: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """All minimal sets that share a rule with every way out: exactly the minimal conflicts."""
    rules = sorted(set().union(*ways_out))
    found: list[frozenset[str]] = []
    for size in range(1, len(rules) + 1):
        for some in map(frozenset, combinations(rules, size)):
            if all(some & way for way in ways_out) and not any(smaller <= some for smaller in found):
                found.append(some)
    return found
