"""The exact search against judges that share nothing with it."""

import pytest

from tests.planning.checker import Judge
from tests.planning.generate import problem
from tests.planning.second_opinion import optimum
from vitale_core.planning import Instance, conflicts, score, solve
from vitale_core.planning.kinds import GROUP_RULES, GROUP_TERMS, VISIT_RULES, VISIT_TERMS

SHAPES = [
    {"people": 6, "count": 2, "rules": 2},
    {"people": 7, "count": 2, "rules": 3, "slack": 1},
    {"people": 6, "count": 2, "hosts": 3, "rules": 3},
    {"people": 6, "count": 3, "hosts": 4, "rules": 2, "slots": 3},
    {"people": 8, "count": 2, "hosts": 3, "rules": 4},
    {"people": 7, "count": 3, "hosts": 3, "rules": 1, "slack": 1, "slots": 2},
    {"people": 9, "count": 3, "rules": 2},
    {"people": 8, "count": 3, "hosts": 3, "rules": 4, "slots": 2},
]


def agrees_with_looking_at_every_plan(seed):
    document = problem(seed, **SHAPES[seed % len(SHAPES)])
    judge, instance = Judge(document), Instance.from_json(document)

    plan, best = solve(instance), judge.best()

    if best is None:
        assert plan.status == "infeasible"
        assert frozenset(plan.conflict) in judge.minimal_conflicts()
        return
    assert (plan.status, plan.objective) == ("optimal", best)
    groups = [(group.members, group.host, group.slot) for group in plan.groups]
    assert judge.plan(groups) == (frozenset(), best)
    again = score(instance, plan.groups)
    assert again.feasible
    assert again.objective == best


@pytest.mark.parametrize("seed", range(48))
def test_a_small_problem_gets_the_best_of_all_plans(seed):
    agrees_with_looking_at_every_plan(seed)


@pytest.mark.release
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_two_hundred_more_small_problems_get_the_best_of_all_plans(seed):
    agrees_with_looking_at_every_plan(seed)


def agrees_with_a_second_opinion(seed, **shape):
    document = problem(seed, previous=seed % 3 > 0 and shape["people"] <= 12, **shape)

    plan, judge = solve(Instance.from_json(document)), Judge(document)

    if plan.groups:  # ask nobody whether this plan holds every rule
        assert judge.plan([(g.members, g.host, g.slot) for g in plan.groups]) == (frozenset(), plan.objective)
    assert plan.status in {"optimal", "infeasible"}
    assert (plan.objective if plan.groups else None) == optimum(judge)


@pytest.mark.parametrize("seed", [0, 1, 4, 6, 12, 16, 18, 20])
def test_a_problem_of_ten_to_twelve_agrees_with_a_second_opinion(seed):
    agrees_with_a_second_opinion(seed, people=10 + seed % 3, count=3, hosts=4 * (seed % 2), rules=3, slots=3)


@pytest.mark.release
@pytest.mark.parametrize("seed", range(2000, 2040))
def test_forty_more_problems_up_to_sixteen_agree_with_a_second_opinion(seed):
    people = 10 + seed % 7
    large = people > 12  # beyond it the second opinion takes minutes for all columns with visits
    agrees_with_a_second_opinion(
        seed,
        people=people,
        count=people // 4 + 1,
        hosts=0 if large else 3 * (seed % 2),
        rules=2 if large else 4,
        slots=2,
        terms=3,
    )


def test_the_generated_problems_have_every_rule_and_every_criterion():
    documents = [problem(seed, **SHAPES[seed % len(SHAPES)]) for seed in range(1000, 1200)]

    rules = {rule["type"] for document in documents for rule in document["constraints"]}
    terms = {term["type"] for document in documents for level in document["objective"] for term in level["terms"]}

    assert rules == GROUP_RULES | VISIT_RULES
    assert terms == GROUP_TERMS | VISIT_TERMS


@pytest.mark.release
@pytest.mark.parametrize("seed", range(3000, 3100))
def test_what_is_impossible_agrees_on_all_minimal_sets(seed):
    document = problem(seed, people=6, count=2, hosts=2 * (seed % 2), rules=6, terms=1, slots=2)
    judge, instance = Judge(document), Instance.from_json(document)

    found = conflicts(instance)

    if judge.best() is not None:
        assert (found.minimal, solve(instance).status) == ((), "optimal")
    else:
        assert found.complete
        assert {frozenset(some) for some in found.minimal} == set(judge.minimal_conflicts())
        for way in found.ways_out:
            assert solve(instance.keeping([r.id for r in instance.rules if r.id not in way.rules])).groups
