"""Why a plan is as it is: what it costs and by whom, why each person sits there, why not another visit.

Nothing here tells about needs: `access` is never named as a reason, because explanations are read by others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vitale_core.planning.board import Board
from vitale_core.planning.columns import columns
from vitale_core.planning.elsewhere import WhyNot, why_not
from vitale_core.planning.exact import Search
from vitale_core.planning.feasibility import small
from vitale_core.planning.instance import Instance
from vitale_core.planning.large import named
from vitale_core.planning.model import Model
from vitale_core.planning.plan import Plan, PlannedGroup
from vitale_core.planning.scoring import Difference, Score, TermScore, differences, score
from vitale_core.planning.wording import price

Elsewhere = Callable[[int, str], tuple[Sequence[PlannedGroup] | None, bool]]
"""Of a group's place and a person: the best groups with that person elsewhere, and whether that is exact."""
EXCHANGES = 200
"""With more people than this not every exchange is tried for every person."""
QUESTION_LIMIT = 200_000
"""Steps of the search per person; after that a price is marked as not exact."""


@dataclass(frozen=True, slots=True)
class LevelScore:
    """One level: its total and its criteria, each with who causes it in which group."""

    level: int
    name: str
    cost: int
    terms: tuple[TermScore, ...]


@dataclass(frozen=True, slots=True)
class WhyHere:
    """Why a person sits in this group (place in the plan).

    `price` is what the whole plan gains per level when the person must sit elsewhere, that is: with at most half of
    the present companions, rounded down; None when the rules leave no such plan. `exact`: it is the least possible;
    otherwise (many people) it is the best exchange with one other person.
    """

    person: str
    group: int
    price: tuple[int, ...] | None
    exact: bool
    differences: tuple[Difference, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that can be told about a plan. `unknown`: people of whom no free half days are known."""

    claim: str
    objective: tuple[int, ...]
    bound: tuple[int, ...] | None
    levels: tuple[LevelScore, ...]
    people: tuple[WhyHere, ...]
    visits: tuple[WhyNot, ...]
    unknown: tuple[str, ...]


def explain(instance: Instance, plan: Plan) -> Explanation:
    """Explain a plan that has groups; of a plan without groups only the claim is told (see `conflicts`)."""
    if not plan.groups:
        return Explanation(plan.claim, (), None, (), (), (), instance.unknown)
    model, judged = Model(instance), score(instance, plan.groups)
    return Explanation(
        claim=plan.claim,
        objective=judged.objective,
        bound=plan.bound,
        levels=tuple(
            LevelScore(
                level.level, level.name, cost, tuple(entry for entry in judged.terms if entry.level == level.level)
            )
            for level, cost in zip(instance.levels, judged.objective, strict=True)
        ),
        people=_why_here(model, plan, judged),
        visits=why_not(model, plan),
        unknown=instance.unknown,
    )


def _why_here(model: Model, plan: Plan, judged: Score) -> tuple[WhyHere, ...]:
    """The price of being elsewhere, person by person."""
    elsewhere = _anywhere(model, plan) if small(model.instance) else _exchanges(model, plan)
    found = []
    for place, group in enumerate(plan.groups):
        for one in group.members:
            groups, exact = elsewhere(place, one)
            if groups is None:
                text = (
                    "De regels laten geen andere plek toe." if exact else "De prijs van een andere plek is niet bekend."
                )
                found.append(WhyHere(one, place, None, exact, (), text))
            else:
                other = score(model.instance, groups)
                extra = tuple(new - old for new, old in zip(other.objective, judged.objective, strict=True))
                what = differences(judged, other)
                found.append(WhyHere(one, place, extra, exact, what, price(model.instance, extra, what)))
    return tuple(found)


def _anywhere(model: Model, plan: Plan) -> Elsewhere:
    """The best plan with a person elsewhere, with the bounds of the search shared among the people."""
    search = Search(model, columns(model), limit=QUESTION_LIMIT)

    def ask(place: int, one: str) -> tuple[Sequence[PlannedGroup] | None, bool]:
        group = plan.groups[place]
        bit, together = model.mask([one]), model.mask(group.members)
        most = (len(group.members) - 1) // 2
        first = [
            column
            for column in search.by_mask.values()
            if column.mask & bit and (column.mask & together & ~bit).bit_count() <= most and column.mask != together
        ]
        answer = search.best(first=first)
        return (named(model, answer.options) if answer.options else None), answer.proven

    return ask


def _exchanges(model: Model, plan: Plan) -> Elsewhere:
    """The best exchange of a person with somebody of another group; visits stay with their groups."""
    board = Board(model, [[model.place[one] for one in group.members] for group in plan.groups], 1 + model.ceiling)
    board.follow(plan.groups)
    step = 1 + len(model.people) // EXCHANGES

    def ask(place: int, one: str) -> tuple[Sequence[PlannedGroup] | None, bool]:
        seat = plan.groups[place].members.index(one)
        best, groups = None, None
        for number, (other, chair) in enumerate(board.seats()):
            if other == place or number % step:
                continue
            change = board.swap(place, seat, other, chair)
            extra = board.difference(change)
            if not any(value.broken for _, _, value in change.values()) and (best is None or extra < best):
                best = extra
                groups = [
                    replace(group, members=board.ids(change[spot][0])) if spot in change else group
                    for spot, group in enumerate(plan.groups)
                ]
        return groups, False

    return ask
