"""Plans that are nearly as good and really different."""

import pytest

from tests.planning.checker import Judge
from tests.planning.cohorts import colleagues, instance, level, rule, same
from tests.planning.generate import problem
from vitale_core.planning import Instance, Plan, alternatives, score, solve
from vitale_core.planning.choices import moved


def far(document, plan, groups, least=3):
    """Whether enough people sit elsewhere, by the checker's own count."""
    there = [{"members": list(group.members)} for group in plan.groups]
    return Judge(document | {"previous": {"groups": there}}).moved(groups) >= least


@pytest.mark.parametrize("seed", range(6))
def test_the_first_alternative_is_the_best_that_moves_three_people(seed):
    document = problem(seed, people=8, count=2, rules=1, previous=False)
    judge, case = Judge(document), Instance.from_json(document)
    plan = solve(case)
    expected = min((judge.plan(groups)[1] for groups in judge.plans() if far(document, plan, groups)), default=None)

    found = alternatives(case, plan)

    assert (found[0].plan.objective if found else None) == expected
    for other in found:
        assert len(other.moved) >= 3
        assert score(case, other.plan.groups).feasible
        assert other.extra >= (0,) * len(other.extra)


def test_alternatives_also_differ_from_each_other():
    case = Instance.from_json(problem(4, people=12, count=3, rules=0, previous=False))
    plan = solve(case)

    plans = [plan, *(other.plan for other in alternatives(case, plan))]

    assert len(plans) == 4
    assert all(len(moved(one.groups, other.groups)) >= 3 for one in plans for other in plans if one is not other)
    assert [one.objective for one in plans] == sorted(one.objective for one in plans)


def test_fewer_come_back_when_there_are_no_more():
    case = instance(colleagues(*"ABCD"), levels=(level(same("organisation")),))

    assert alternatives(case, solve(case)) == ()
    assert alternatives(case, Plan("unknown")) == ()


def test_many_people_get_alternatives_that_part_three_couples():
    case = instance(colleagues(*"AABBCCDDEEFFGGHHIJ"), count=6, levels=(level(same("organisation")),))
    plan = solve(case)

    found = alternatives(case, plan, 2)

    assert len(found) == 2
    assert all(len(other.moved) >= 3 and score(case, other.plan.groups).feasible for other in found)
    assert {other.plan.status for other in found} == {"feasible"}


def test_many_people_who_must_stay_together_have_no_alternative():
    stuck = tuple(rule(f"r{k}", "together", who=tuple(f"p{3 * k + j}" for j in (1, 2, 3))) for k in range(6))
    case = instance(18, count=6, rules=stuck, levels=(level(same("organisation")),))

    assert alternatives(case, solve(case)) == ()


def test_two_groups_of_many_people_get_no_alternatives():
    case = instance(18, count=2, rules=(), levels=())

    assert alternatives(case, solve(case)) == ()
