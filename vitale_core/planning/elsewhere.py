"""Why a group does not make another visit: what forbids it, or what it would cost.

`access` is never named as a reason: needs are health data and explanations are read by others.
"""

from dataclasses import dataclass

from vitale_core.planning.case import Case
from vitale_core.planning.criteria import TERMS
from vitale_core.planning.instance import Instance
from vitale_core.planning.model import Model
from vitale_core.planning.plan import Plan, PlannedGroup
from vitale_core.planning.problem import Term
from vitale_core.planning.rulebook import RULES
from vitale_core.planning.visiting import possible

ADDS_UP = frozenset({"theme_gap", "absent", "travel", "host_rank", "host_history", "slot_pref", "visit_changed"})
WORST = frozenset({"travel_max", "host_rank_max"})


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a group does not make this visit.

    Either something forbids it (`reason`, and `rule` when a named rule does: the first in the order of the instance),
    or it may and `price` is what the plan would gain per level if everything else stayed as it is. `offered` is false
    when the host does not receive in that slot at all.
    """

    group: int
    host: str
    slot: str
    reason: str
    rule: str = ""
    price: tuple[int, ...] | None = None
    offered: bool = True


def why_not(model: Model, plan: Plan) -> tuple[WhyNot, ...]:
    """For every group every visit that it does not make; nothing without hosts."""
    costs = _Costs(model.instance, plan)
    return tuple(why for place in range(len(plan.groups)) for why in _of_group(model, plan, costs, place))


class _Costs:
    """What the visit of one group adds to each level, the other groups as they are."""

    def __init__(self, instance: Instance, plan: Plan) -> None:
        """Measure the plan once."""
        self.instance = instance
        self.worst = {
            term.id: [self.raw(term, group) for group in plan.groups] for term in instance.terms if term.type in WORST
        }

    def raw(self, term: Term, group: PlannedGroup) -> int:
        """The raw value of a criterion for one group."""
        return sum(cause.raw for cause in TERMS[term.type](Case(self.instance, [group]), term))

    def levels(self, place: int, group: PlannedGroup) -> list[int]:
        """Per level what depends on the visit, when this group stands at this place."""
        found = []
        for level in self.instance.levels:
            total = 0
            for term in level.terms:
                if term.type in ADDS_UP:
                    total += term.weight * self.raw(term, group)
                elif term.type in WORST:
                    others = [raw for number, raw in enumerate(self.worst[term.id]) if number != place]
                    total += term.weight * max([self.raw(term, group), *others])
            found.append(total)
        return found


def _of_group(model: Model, plan: Plan, costs: _Costs, place: int) -> list[WhyNot]:
    instance, group = model.instance, plan.groups[place]
    allowed = {(host, slot) for _, host, slot in possible(model, model.mask(group.members))}
    now = costs.levels(place, group) if instance.joint else []
    found = []
    for index, host in enumerate(instance.hosts):
        for number, slot in enumerate(instance.slots):
            wished = PlannedGroup(group.members, host.id, slot.id)
            if wished == group:
                continue
            reason, rule = ("", "") if (index, number) in allowed else _forbidden(instance, wished)
            reason = reason or _taken(model, plan, place, wished)
            extra = None if reason else _minus(costs.levels(place, wished), now)
            found.append(WhyNot(place, host.id, slot.id, reason, rule, extra, slot.id in host.slots))
    return found


def _minus(new: list[int], old: list[int]) -> tuple[int, ...]:
    return tuple(one - other for one, other in zip(new, old, strict=True))


def _forbidden(instance: Instance, wished: PlannedGroup) -> tuple[str, str]:
    """The first thing that forbids this visit for these people, whatever the others do, and the rule's id."""
    host = next(host for host in instance.hosts if host.id == wished.host)
    if wished.slot not in host.slots:
        return "het project biedt dit dagdeel niet aan", ""
    if not host.min_people <= len(wished.members) <= host.max_people:
        return f"het project ontvangt {host.min_people} tot {host.max_people} mensen", ""
    case = Case(instance, [wished])
    for rule in instance.rules:
        if rule.type != "access" and RULES[rule.type](case, rule):
            return f"regel ‘{rule.id}’", rule.id
    return "dit past praktisch niet bij de groep", ""


def _taken(model: Model, plan: Plan, place: int, wished: PlannedGroup) -> str:
    """Whether other groups leave room for this visit."""
    others = [group for number, group in enumerate(plan.groups) if number != place]
    if any((group.host, group.slot) == (wished.host, wished.slot) for group in others):
        return "een andere groep is daar dan"
    host = next(host for host in model.hosts if model.instance.hosts[host.index].id == wished.host)
    if sum(group.host == wished.host for group in others) >= host.most:
        return "het project ontvangt al een andere groep"
    return ""
