"""The curve from least change to best mix."""

import pytest

from tests.planning.checker import Judge
from tests.planning.cohorts import before, colleagues, instance, level, rule, same, term
from tests.planning.generate import problem
from vitale_core.planning import Instance, InvalidInstance, replan_curve, score, solve


def test_the_curve_runs_from_nobody_moved_to_the_best_mix():
    case = instance(
        colleagues(*"AABBCC"),
        count=3,
        levels=(level(same("organisation")),),
        previous=before(["p1", "p2"], ["p3", "p4"], ["p5", "p6"]),
    )

    curve = replan_curve(case)

    assert [(point.moved, point.cost, point.label) for point in curve] == [
        (0, 30, "minste wijziging"),
        (2, 10, "tussenweg"),
        (3, 0, "beste mix"),
    ]


def test_no_more_than_five_plans_are_shown():
    pairs = [[f"p{number}", f"p{number + 1}"] for number in range(1, 10, 2)]
    case = instance(colleagues(*"AABBCCDDEE"), count=5, levels=(level(same("organisation")),), previous=before(*pairs))

    curve = replan_curve(case)

    assert len(curve) == 5
    assert [point.label for point in curve] == ["minste wijziging", *["tussenweg"] * 3, "beste mix"]
    assert (curve[0].moved, curve[0].cost, curve[-1].moved, curve[-1].cost) == (0, 50, 5, 0)


def test_every_point_is_a_plan_with_the_objective_of_the_instance():
    document = problem(8, people=9, count=3, hosts=4, rules=1, terms=6)
    case = Instance.from_json(document)

    curve = replan_curve(case)

    assert 1 <= len(curve) <= 5
    for point in curve:
        judged = score(case, point.plan.groups)
        assert judged.feasible
        assert judged.objective == point.plan.objective
    assert [point.moved + point.visits_changed for point in curve] == sorted(
        point.moved + point.visits_changed for point in curve
    )
    assert [point.cost for point in curve] == sorted((point.cost for point in curve), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_ends_of_the_curve_are_the_extremes_of_all_plans(seed):
    document = problem(seed, people=6, count=2, hosts=0, rules=1, terms=3)
    for one in document["objective"]:
        one["terms"] = [t for t in one["terms"] if t["type"] != "moved"]
    document["objective"] = [one for one in document["objective"] if one["terms"]][:1]
    judge, case = Judge(document), Instance.from_json(document)
    every = [(judge.moved(groups), judge.plan(groups)[1]) for groups in judge.plans()]

    curve = replan_curve(case)

    if not every:
        assert curve == ()
        return
    assert curve[0].moved == min(moved for moved, _ in every)
    assert curve[-1].cost == min(sum(cost) for _, cost in every)


def test_weights_for_change_of_the_instance_itself_are_used():
    case = instance(
        colleagues(*"AABB"),
        levels=(level(term("moved", weight=7), number=1), level(same("organisation"), number=2)),
        previous=before(["p1", "p2"], ["p3", "p4"]),
    )

    curve = replan_curve(case)

    assert [point.plan.objective for point in curve] == [(0, 20), (14, 0)]


def test_nothing_to_weigh_gives_the_plan_in_force():
    case = instance(4, previous=before(["p1", "p4"], ["p2", "p3"]))

    (point,) = replan_curve(case)

    assert (point.moved, point.cost, point.label) == (0, 0, "minste wijziging")


def test_without_a_plan_in_force_there_is_no_curve():
    with pytest.raises(InvalidInstance, match="previous"):
        replan_curve(instance(4))


def test_an_impossible_instance_has_no_curve():
    case = instance(4, previous=before(["p1"]), rules=(rule("r", "apart", limit=0, who=("p1",)),))

    assert solve(case).status == "infeasible"
    assert replan_curve(case) == ()
