"""The best plan of an instance: exact when small, with a solver when large, always with an honest claim."""

from collections.abc import Sequence
from dataclasses import replace

from vitale_core.planning.columns import Option, columns
from vitale_core.planning.exact import Search
from vitale_core.planning.feasibility import clash, feasible, small
from vitale_core.planning.instance import Instance
from vitale_core.planning.large import find, named, option_of
from vitale_core.planning.model import Model
from vitale_core.planning.plan import PROVEN, UNPROVEN, Plan, PlannedGroup, Visit, claim
from vitale_core.planning.scoring import score
from vitale_core.planning.visiting import reserves


def solve(instance: Instance) -> Plan:
    """The best plan, or why there is none. The same instance gives the same plan, byte for byte.

    Up to 16 people the answer is exact (unless two million steps did not do). Above that HiGHS proves it or gives a
    bound; without the extra `plan` the answer is a good plan, "niet bewezen".
    """
    plan = attempt(instance)
    if plan.status == "unknown" and not small(instance) and feasible(instance) is False:
        plan = replace(plan, status="infeasible", claim=PROVEN)
    if plan.status != "infeasible":
        return plan
    conflict = clash(instance)
    if conflict is None:
        return replace(plan, claim=UNPROVEN)
    return replace(plan, conflict=conflict)


def attempt(instance: Instance) -> Plan:
    """The best plan; when there is none, without the rules that clash."""
    model = Model(instance)
    if not small(instance):
        found = find(instance)
        if found.options:
            return plan_of(model, found.options, found.bound, nodes=0)
        return Plan("infeasible", claim=PROVEN) if found.impossible else Plan("unknown")
    search = Search(model, columns(model))
    answer = search.best()
    if answer.options:
        bound = search.bound()
        least = None if bound is None else model.levels(answer.cost if answer.proven else bound)
        return plan_of(model, answer.options, least, nodes=search.nodes)
    if answer.proven:
        return Plan("infeasible", claim=PROVEN, nodes=search.nodes)
    return Plan("unknown", nodes=search.nodes)


def plan_of(model: Model, chosen: Sequence[Option], bound: tuple[int, ...] | None, *, nodes: int) -> Plan:
    """The plan of these options; it is the best when its score, taken anew, equals the proven bound."""
    ordered = sorted(chosen, key=lambda option: option.mask & -option.mask)
    groups = tuple(named(model, ordered))
    objective = score(model.instance, groups).objective
    return Plan(
        status="optimal" if objective == bound else "feasible",
        groups=groups,
        objective=objective,
        bound=bound,
        claim=claim(objective, bound),
        reserves=reserves(model, ordered),
        nodes=nodes,
    )


def reserve_visits(instance: Instance, groups: Sequence[PlannedGroup]) -> tuple[Visit | None, ...]:
    """A spare visit for each of these groups, in their order, however they were made; None where there is none."""
    model = Model(instance)
    return reserves(model, [option_of(model, group) for group in groups])
