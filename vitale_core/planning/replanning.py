"""From "least change" to "best mix": what every change to the plan in force buys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from vitale_core.planning.columns import Option, columns
from vitale_core.planning.exact import Search
from vitale_core.planning.feasibility import small
from vitale_core.planning.fields import InvalidInstance
from vitale_core.planning.instance import Instance
from vitale_core.planning.kinds import CHANGE_TERMS
from vitale_core.planning.model import Model
from vitale_core.planning.pairing import overlap
from vitale_core.planning.plan import Plan
from vitale_core.planning.problem import Level, Term
from vitale_core.planning.scoring import score
from vitale_core.planning.solving import attempt, plan_of

MOST_PLANS = 5
WITHIN_LIMIT = 200_000
"""Steps of the search for a plan with at most so many changes."""


@dataclass(frozen=True, slots=True)
class Replan:
    """One point of the curve.

    `moved` and `visits_changed` count people, `cost` is the level that trades off with them (the one with most
    criteria: the mix). The plan's objective is that of the instance as given.
    """

    plan: Plan
    moved: int
    visits_changed: int
    cost: int
    label: str


def replan_curve(instance: Instance) -> tuple[Replan, ...]:
    """Up to five plans, from the least change to the best mix.

    Each is the best at some price per change or, where no price gives a plan in between and people are few, the best
    with at most so many changes.

    Levels before the mix (who cannot come) are never given up for it. Fewer plans come back when fewer exist; none
    when no plan exists. Raises InvalidInstance without a previous plan.
    """
    if not instance.previous:
        raise InvalidInstance("previous.groups", "er is geen plan om van uit te gaan")
    curve = _Curve(instance)
    ends = [curve.point(change_first=True), curve.point(change_first=False)]
    if ends[0] is None or ends[1] is None:
        return ()
    points = [ends[0], ends[1]] if ends[0].changes < ends[1].changes else [ends[0]]
    tried: set[tuple[int, int]] = set()
    while len(points) < MOST_PLANS:
        gap = _widest(points, tried)
        if gap is None:
            break
        left, right = points[gap], points[gap + 1]
        tried.add((left.changes, right.changes))
        middle = curve.point(price=(left.cost - right.cost, right.changes - left.changes))
        for most in ((left.changes + right.changes) // 2, right.changes - 1):
            if not _between(left, middle, right):
                middle = curve.within(most)
        if middle is not None and _between(left, middle, right):
            points.insert(gap + 1, middle)
    return tuple(point.shown(place, len(points)) for place, point in enumerate(points))


@dataclass(frozen=True, slots=True)
class _Point:
    plan: Plan
    moved: int
    visits_changed: int
    changes: int
    cost: int

    def shown(self, place: int, total: int) -> Replan:
        """With a label for the operator."""
        label = "minste wijziging" if place == 0 else "beste mix" if place == total - 1 else "tussenweg"
        return Replan(self.plan, self.moved, self.visits_changed, self.cost, label)


class _Curve:
    """The instance with its criteria of change taken apart from the others."""

    def __init__(self, instance: Instance) -> None:
        """The mix is the level with most criteria; the first of equals."""
        self.instance = instance
        own = {term.type: term.weight for term in instance.terms if term.type in CHANGE_TERMS}
        kinds = ["moved", "visit_changed"] if instance.joint else ["moved"]
        weights = own if any(own.values()) else dict.fromkeys(kinds, 1)
        self.change = [Term(f"~{kind}", kind, weights.get(kind, 0)) for kind in kinds]
        stripped = [
            replace(level, terms=tuple(term for term in level.terms if term.type not in CHANGE_TERMS))
            for level in instance.levels
        ]
        self.levels = [level for level in stripped if level.terms] or [Level(0, ())]
        self.mix = max(range(len(self.levels)), key=lambda place: len(self.levels[place].terms))

    def point(self, *, change_first: bool = False, price: tuple[int, int] | None = None) -> _Point | None:
        """The best plan when changes go first, go after the mix, or cost `price[0] / price[1]` of the mix each."""
        before, mix, after = self.levels[: self.mix], self.levels[self.mix], self.levels[self.mix + 1 :]
        change = Level(0, tuple(self.change))
        if price is not None:
            scaled = [replace(term, weight=term.weight * price[1]) for term in mix.terms]
            changes = [replace(term, weight=term.weight * price[0]) for term in self.change]
            middle = [replace(mix, terms=(*scaled, *changes))]
        else:
            middle = [change, mix] if change_first else [mix, change]
        return self._solved([*before, *middle, *after])

    def within(self, most: int) -> _Point | None:
        """The best mix with at most this much change, for few people; None when a bounded search finds none."""
        before, mix, after = self.levels[: self.mix], self.levels[self.mix], self.levels[self.mix + 1 :]
        levels = _numbered([*before, mix, Level(0, tuple(self.change)), *after])
        if not small(self.instance):
            return None
        model = Model(replace(self.instance, levels=levels))
        search = Search(model, columns(model), limit=WITHIN_LIMIT)
        answer = search.best(accept=lambda chosen: self._change(model, chosen) <= most)
        return self._measured(plan_of(model, answer.options, None, nodes=search.nodes)) if answer.options else None

    def _change(self, model: Model, chosen: Sequence[Option]) -> int:
        """What the changes of a plan weigh."""
        table = [[(option.mask & old).bit_count() for old in model.old] for option in chosen]
        total = self.change[0].weight * (sum(map(sum, table)) - overlap(table))
        if model.hosts:
            everyone = sum(model.old)
            for option in chosen:
                visit = next(one for one in model.hosts[option.host].visits if one.slot == option.slot)
                changed = (option.mask & everyone).bit_count() - (option.mask & visit.stays).bit_count()
                total += self.change[1].weight * changed
        return total

    def _solved(self, levels: Sequence[Level]) -> _Point | None:
        plan = attempt(replace(self.instance, levels=_numbered(levels)))
        return self._measured(plan) if plan.groups else None

    def _measured(self, plan: Plan) -> _Point:
        measured = replace(
            self.instance, levels=(replace(self.levels[self.mix], level=0), Level(1, tuple(self.change)))
        )
        judged = score(measured, plan.groups)
        raw = {entry.term.type: entry.raw for entry in judged.terms if entry.term.id.startswith("~")}
        own = replace(plan, objective=score(self.instance, plan.groups).objective, bound=None)
        return _Point(own, raw["moved"], raw.get("visit_changed", 0), judged.objective[1], judged.objective[0])


def _numbered(levels: Sequence[Level]) -> tuple[Level, ...]:
    return tuple(replace(level, level=place) for place, level in enumerate(levels))


def _between(left: _Point, middle: _Point | None, right: _Point) -> bool:
    """Whether a plan lies strictly between two others, in change and in mix."""
    return middle is not None and left.changes < middle.changes < right.changes and left.cost > middle.cost > right.cost


def _widest(points: Sequence[_Point], tried: set[tuple[int, int]]) -> int | None:
    """The pair of neighbours with most changes between them that was not looked at yet."""
    gaps = [
        (right.changes - left.changes, -place)
        for place, (left, right) in enumerate(pairwise(points))
        if (left.changes, right.changes) not in tried and right.changes - left.changes > 1
    ]
    return -max(gaps)[1] if gaps else None
