"""Why there is no plan, and what to do about it."""

import pytest

from tests.planning.checker import Judge
from tests.planning.cohorts import instance, rule
from tests.planning.generate import problem
from vitale_core.planning import Instance, conflicts, solve
from vitale_core.planning.clashes import Questions, Undecided
from vitale_core.planning.feasibility import clash


@pytest.mark.parametrize("seed", range(30))
def test_every_minimal_set_is_found(seed):
    document = problem(seed, people=6, count=2, hosts=3 * (seed % 2), rules=5, terms=1)
    judge, case = Judge(document), Instance.from_json(document)

    found = conflicts(case)

    expected = judge.minimal_conflicts()
    assert {frozenset(some) for some in found.minimal} == set(expected)
    assert found.complete
    for dropped in found.dropping:
        plan = solve(case.keeping([one.id for one in case.rules if one.id not in dropped.rules]))
        assert dropped.plan == plan
    for way in found.ways_out:
        assert way.plan.status == "optimal"
        assert all(set(way.rules) & some for some in expected)


def test_two_clashes_need_a_rule_of_each():
    case = instance(
        6,
        rules=(
            rule("samen", "together", who=("p1", "p2")),
            rule("apart", "apart", limit=1, who=("p1", "p2")),
            rule("duo", "together", who=("p3", "p4")),
            rule("ruzie", "apart", limit=1, who=("p3", "p4")),
        ),
    )

    found = conflicts(case)

    assert found.minimal == (("samen", "apart"), ("duo", "ruzie"))
    assert [dropped.rules for dropped in found.ways_out] == [
        ("samen", "duo"),
        ("samen", "ruzie"),
        ("apart", "duo"),
        ("apart", "ruzie"),
    ]
    assert [(dropped.rules, dropped.plan.conflict) for dropped in found.dropping] == [
        (("samen",), ("duo", "ruzie")),
        (("apart",), ("duo", "ruzie")),
        (("duo",), ("samen", "apart")),
        (("ruzie",), ("samen", "apart")),
    ]


def test_people_who_do_not_fit_even_without_rules_give_one_empty_set():
    case = instance(4, hosts=(), rules=(rule("r", "together", who=("p1", "p2")),))
    crowded = Instance.from_json(problem(0, people=4, count=2, hosts=1, slots=1, rules=1, terms=0))

    assert conflicts(case).minimal == ()
    assert solve(crowded).conflict == ()
    assert (conflicts(crowded).minimal, conflicts(crowded).ways_out) == (((),), ())


def test_with_many_rules_in_play_the_list_may_be_incomplete():
    many = [rule(f"r{k}", "together", who=(f"p{k}", f"p{k + 1}")) for k in range(1, 9)]
    case = instance(9, count=3, rules=(*many, rule("los", "apart", limit=1, who=("p1", "p9"))))

    found = conflicts(case)

    assert not found.complete
    assert found.minimal
    assert solve(case).conflict in found.minimal


def test_a_question_that_cannot_be_answered_stops_the_list(monkeypatch):
    case = instance(4, rules=(rule("r", "apart", limit=0, who=("p1",)),))
    monkeypatch.setattr("vitale_core.planning.clashes.feasible", lambda _: None)

    with pytest.raises(Undecided):
        Questions(case).possible_without(frozenset())
    found = conflicts(case)

    assert (found.minimal, found.complete, found.ways_out) == ((("r",),), False, ())


def test_nothing_is_claimed_when_the_search_cannot_tell(monkeypatch):
    case = instance(4, rules=(rule("r", "apart", limit=0, who=("p1",)),))
    monkeypatch.setattr("vitale_core.planning.feasibility.feasible", lambda _: None)

    plan = solve(case)
    monkeypatch.setattr("vitale_core.planning.clashes.feasible", lambda _: None)

    assert clash(case) is None
    assert (plan.status, plan.conflict, plan.claim) == ("infeasible", (), "niet bewezen")
    assert conflicts(case).minimal == ()
