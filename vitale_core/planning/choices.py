"""Other plans that are nearly as good, for an operator who wants to choose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from vitale_core.planning.columns import Option, columns
from vitale_core.planning.exact import Search
from vitale_core.planning.feasibility import small
from vitale_core.planning.instance import Instance
from vitale_core.planning.model import Model
from vitale_core.planning.pairing import best_pairing
from vitale_core.planning.plan import UNPROVEN, Plan, PlannedGroup
from vitale_core.planning.problem import Rule
from vitale_core.planning.scoring import Difference, differences, score
from vitale_core.planning.solving import attempt, plan_of

APART = 3
"""An alternative seats at least this many people in another group."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another plan: who sits elsewhere, what it costs more per level, and which criteria make the difference."""

    plan: Plan
    moved: tuple[str, ...]
    extra: tuple[int, ...]
    differences: tuple[Difference, ...]


def alternatives(instance: Instance, plan: Plan, count: int = 3) -> tuple[Alternative, ...]:
    """Up to `count` plans, the best first, each at least three people away from the plan and from each other.

    With up to 16 people each is the best that this distance allows. With more people each is the plan that keeps one
    couple of three groups apart. Fewer come back when there are no more.
    """
    if not plan.groups:
        return ()
    base = score(instance, plan.groups)
    others = _exact(instance, plan, count) if small(instance) else _apart(instance, plan, count)
    found = []
    for other in others:
        judged = score(instance, other.groups)
        extra = tuple(new - old for new, old in zip(judged.objective, base.objective, strict=True))
        found.append(Alternative(other, moved(plan.groups, other.groups), extra, differences(base, judged)))
    return tuple(found)


def _exact(instance: Instance, plan: Plan, count: int) -> list[Plan]:
    """The cheapest plans that are far enough from all before them."""
    model = Model(instance)
    search = Search(model, columns(model))
    known = [[model.mask(group.members) for group in plan.groups]]
    found: list[Plan] = []
    while len(found) < count:
        answer = search.best(accept=lambda chosen: all(_distance(model, chosen, other) >= APART for other in known))
        if not answer.options:
            break
        found.append(plan_of(model, answer.options, None, nodes=search.nodes))
        known.append([option.mask for option in answer.options])
    return found


def _apart(instance: Instance, plan: Plan, count: int) -> list[Plan]:
    """Plans in which three groups of the plan each lose somebody, because a couple of each must part."""
    couples = [list(combinations(group.members, 2)) for group in plan.groups]
    groups = [place for place, pairs in enumerate(couples) if pairs]
    found: list[Plan] = []
    for turn in range(2 * count if len(groups) >= APART else 0):
        chosen = [groups[(turn + number * len(groups) // APART) % len(groups)] for number in range(APART)]
        pairs = [couples[place][turn % len(couples[place])] for place in chosen]
        extra = tuple(Rule(f"~{number}", "apart", limit=1, who=pair) for number, pair in enumerate(pairs))
        other = attempt(replace(instance, rules=(*instance.rules, *extra)))
        known = [plan, *found]
        if other.groups and all(len(moved(one.groups, other.groups)) >= APART for one in known):
            found.append(replace(other, status="feasible", bound=None, claim=UNPROVEN))
        if len(found) == count:
            break
    return sorted(found, key=lambda one: one.objective)


def _distance(model: Model, chosen: Sequence[Option], other: Sequence[int]) -> int:
    """How many people sit in another group."""
    table = [[(option.mask & mask).bit_count() for mask in other] for option in chosen]
    kept = sum(table[row][column] for row, column in enumerate(best_pairing(table)) if column is not None)
    return len(model.people) - kept


def moved(before: Sequence[PlannedGroup], after: Sequence[PlannedGroup]) -> tuple[str, ...]:
    """The people who sit in another group, when as many as possible are said to stay."""
    table = [[len(set(old.members) & set(new.members)) for new in after] for old in before]
    pairs = best_pairing(table)
    return tuple(
        one
        for old, place in zip(before, pairs, strict=True)
        for one in old.members
        if place is None or one not in after[place].members
    )
