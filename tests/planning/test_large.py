"""More people than the exact search takes: with a solver, without it, in blocks, and never more claimed than proven."""

from dataclasses import replace

import pytest

from tests.planning.checker import Judge
from tests.planning.cohorts import before, colleagues, host, instance, level, rule, same, term
from tests.planning.generate import problem
from vitale_core.planning import Instance, PreviousGroup, explain, replan_curve, score, solve, solving
from vitale_core.planning import large as large_module
from vitale_core.planning.annealing import anneal
from vitale_core.planning.feasibility import feasible, small
from vitale_core.planning.highs import levels as stages
from vitale_core.planning.highs import partition
from vitale_core.planning.highs.levels import Stage
from vitale_core.planning.large import find, named
from vitale_core.planning.model import Model
from vitale_core.planning.outcome import Found
from vitale_core.planning.solving import plan_of

SHAPES = [
    {"people": 6, "count": 2, "rules": 2},
    {"people": 7, "count": 2, "rules": 3, "slack": 1},
    {"people": 6, "count": 3, "hosts": 4, "rules": 2},
    {"people": 8, "count": 2, "hosts": 4, "rules": 4},
    {"people": 7, "count": 3, "hosts": 3, "rules": 1, "slack": 1, "slots": 3},
    {"people": 12, "count": 3, "rules": 2},
    {"people": 12, "count": 3, "hosts": 6, "rules": 4, "slots": 6},
]


@pytest.fixture(autouse=True)
def a_short_annealing(monkeypatch):
    monkeypatch.setattr(large_module, "ALONE", 300)


@pytest.fixture
def without_solver(monkeypatch):
    monkeypatch.setattr(large_module, "find_spec", lambda _: None)


def agrees_with_the_exact_search(seed, *, start):
    case = Instance.from_json(problem(seed, **SHAPES[seed % len(SHAPES)]))
    model, exact = Model(case), solve(case)
    options = anneal(case, steps=1500) if start and exact.groups else None
    objective = score(case, named(model, options)).objective if options else ()

    found = partition(case, options, objective)

    if exact.status == "infeasible":
        assert (found.options, found.impossible) == (None, True)
        return
    plan = plan_of(model, found.options or (), found.bound, nodes=0)
    assert score(case, plan.groups).feasible
    assert (plan.objective, plan.status, plan.bound) == (exact.objective, "optimal", exact.objective)


@pytest.mark.parametrize("seed", range(21))
@pytest.mark.parametrize("start", [False, True])
def test_the_solver_agrees_with_the_exact_search(seed, start):
    agrees_with_the_exact_search(seed, start=start)


@pytest.mark.release
@pytest.mark.parametrize("seed", range(3000, 3100))
def test_the_solver_agrees_with_the_exact_search_a_hundred_times_more(seed):
    agrees_with_the_exact_search(seed, start=seed % 2 > 0)


@pytest.mark.parametrize("seed", range(8))
def test_annealing_holds_every_rule_and_says_niet_bewezen(seed, without_solver):
    document = problem(seed, people=18, count=5, hosts=7 * (seed % 2), rules=1, terms=6, slots=6)
    case = Instance.from_json(document)

    plan = solve(case)

    if plan.status == "unknown":
        assert (plan.groups, plan.claim) == ((), "niet bewezen")
        return
    assert (plan.status, plan.bound, plan.claim) == ("feasible", None, "niet bewezen")
    broken, cost = Judge(document).plan([(group.members, group.host, group.slot) for group in plan.groups])
    assert (broken, cost) == (frozenset(), plan.objective)


def test_annealing_comes_close_to_what_the_solver_proves(monkeypatch):
    case = Instance.from_json(problem(5, people=20, count=5, rules=1, terms=6, previous=False))
    proven = solve(case)
    monkeypatch.setattr(large_module, "find_spec", lambda _: None)

    guessed = solve(case)

    assert proven.status == "optimal"
    assert proven.objective <= guessed.objective
    assert guessed.objective[0] <= 2 * proven.objective[0] + 20


def test_without_solver_nothing_is_said_to_be_impossible(without_solver):
    case = instance(18, count=6, rules=(rule("r", "apart", limit=0, who=("p1",)),))

    plan = solve(case)

    assert (plan.status, plan.groups, plan.claim) == ("unknown", (), "niet bewezen")
    assert plan.to_json() == {"status": "unknown", "groups": [], "objective": []}


def test_a_plan_that_was_not_found_may_still_be_impossible(monkeypatch):
    monkeypatch.setattr(solving, "find", lambda _: Found(None))
    case = instance(18, count=6, rules=(rule("r", "apart", limit=0, who=("p1",)),))

    plan = solve(case)

    assert (plan.status, plan.conflict, plan.claim) == ("infeasible", ("r",), "bewezen het beste")


def test_with_solver_the_clashing_rules_of_many_people_are_named():
    case = instance(
        18,
        count=6,
        rules=(
            rule("samen", "together", who=("p1", "p2")),
            rule("los", "attr_max", attr="organisation", limit=3),
            rule("apart", "apart", limit=1, who=("p1", "p2")),
        ),
    )

    plan = solve(case)

    assert (plan.status, plan.conflict) == ("infeasible", ("samen", "apart"))


def test_more_groups_than_the_projects_can_receive_is_impossible_at_once():
    case = instance(18, count=6, hosts=(host("h1", max_visits=5), host("h2", max_visits=2)))

    plan = solve(case)

    assert (plan.status, plan.conflict) == ("infeasible", ())


def test_many_people_keep_their_group_and_visit_when_nothing_changed():
    document = problem(4, people=20, count=5, hosts=8, rules=0, terms=0, slots=5)
    case = Instance.from_json(document)
    first = replace(case, levels=(level(term("absent"), term("slot_pref")),))
    old = solve(first)

    again = solve(
        replace(
            case,
            levels=(level(term("moved"), term("visit_changed")), level(term("absent"), number=2)),
            previous=tuple(PreviousGroup(group.members, group.host, group.slot) for group in old.groups),
        )
    )

    assert again.objective[0] == 0
    assert again.groups == old.groups


@pytest.mark.parametrize("rounds", [1, 2])
def test_fewer_rounds_give_a_weaker_bound_and_no_false_proof(rounds, monkeypatch):
    monkeypatch.setattr(stages, "ROUNDS", rounds)
    monkeypatch.setattr(stages, "PER_ROUND", 1)
    case = Instance.from_json(problem(5, **SHAPES[5]))

    found = partition(case, None)
    plan = plan_of(Model(case), found.options or (), found.bound, nodes=0)

    assert plan.bound is not None
    assert plan.bound <= solve(case).objective <= plan.objective


def test_many_people_are_explained_with_the_best_exchange():
    document = problem(3, people=18, count=5, hosts=7, rules=0, terms=6, slots=5)
    case = Instance.from_json(document)
    plan = solve(case)

    told = explain(case, plan)

    assert plan.status == "optimal"
    assert len(told.people) == 18
    assert not any(why.exact for why in told.people)
    assert all(why.price is None or why.price >= (0,) * len(why.price) for why in told.people)
    assert len(told.visits) == 5 * (7 * 5 - 1)


def test_people_who_must_stay_have_no_known_price():
    stuck = tuple(rule(f"r{k}", "together", who=(f"p{2 * k - 1}", f"p{2 * k}")) for k in range(1, 10))
    case = instance(18, count=9, rules=stuck)

    told = explain(case, solve(case))

    assert {(why.price, why.text) for why in told.people} == {(None, "De prijs van een andere plek is niet bekend.")}


def test_the_curve_of_many_people_uses_prices_only():
    pairs = [
        list(pair) for pair in zip([f"p{k}" for k in range(1, 18, 2)], [f"p{k}" for k in range(2, 19, 2)], strict=True)
    ]
    case = instance(
        colleagues(*"AABBCCDDEEFFGGHHII"), count=9, levels=(level(same("organisation")),), previous=before(*pairs)
    )

    curve = replan_curve(case)

    assert (curve[0].moved, curve[0].cost) == (0, 90)
    assert curve[-1].cost == 0
    assert curve[-1].moved == 9


def test_too_many_columns_are_improved_block_by_block(monkeypatch):
    monkeypatch.setattr("vitale_core.planning.highs.pool.CELLS", 40_000)
    monkeypatch.setattr(large_module, "BLOCKS", 4)
    monkeypatch.setattr(large_module, "BLOCK_PEOPLE_JOINT", 12)
    monkeypatch.setattr(large_module, "ALONE", 60)
    document = problem(12, people=32, count=8, hosts=12, rules=0, terms=6, slots=6)
    document["constraints"] = [{"id": "anders", "type": "distinct_hosts"}]
    case = Instance.from_json(document)

    plan = solve(case)

    assert (plan.status, plan.bound) == ("feasible", None)
    assert score(case, plan.groups).feasible
    start = anneal(case, steps=32 * 60 // 4)
    assert start is not None
    assert plan.objective <= score(case, named(Model(case), start)).objective


def test_a_block_divided_anew_can_be_better(monkeypatch):
    monkeypatch.setattr("vitale_core.planning.highs.pool.CELLS", 4_000)
    monkeypatch.setattr(large_module, "BLOCKS", 6)
    monkeypatch.setattr(large_module, "BLOCK_PEOPLE", 12)
    monkeypatch.setattr(large_module, "ALONE", 1)
    case = instance(colleagues(*"AAABBBCCCDDDEEEFFFGGGHHH"), count=8, levels=(level(same("organisation")),))
    start = anneal(case, steps=24 // 4)

    plan = solve(case)

    assert start is not None
    assert plan.objective < score(case, named(Model(case), start)).objective


def test_a_block_that_is_still_too_large_stays_as_it_is(monkeypatch):
    monkeypatch.setattr("vitale_core.planning.highs.pool.CELLS", 10)
    monkeypatch.setattr(large_module, "BLOCKS", 2)
    case = instance(colleagues(*"ABCDEFGHIJKLMNOPQR"), count=6, levels=(level(same("organisation")),))

    plan = solve(case)

    assert (plan.status, plan.objective) == ("feasible", (0,))


def test_without_a_start_too_many_columns_give_no_plan(monkeypatch):
    monkeypatch.setattr("vitale_core.planning.highs.pool.CELLS", 10)
    case = instance(18, count=6, rules=(rule("r", "apart", limit=0, who=("p1",)),))

    assert find(case).options is None
    assert feasible(case) is None


def test_a_level_that_is_not_decided_gives_a_bound_and_no_proof(monkeypatch):
    case = Instance.from_json(problem(13, people=12, count=3, hosts=6, rules=1, terms=8, slots=6, previous=False))
    options = anneal(case, steps=30)
    assert options is not None
    model = Model(case)
    monkeypatch.setattr(Stage, "_improve", lambda _: False)

    found = partition(case, options, score(case, named(model, options)).objective)
    plan = plan_of(model, found.options or (), found.bound, nodes=0)

    assert found.bound is not None
    assert found.bound <= solve(case).objective <= plan.objective
    assert plan.status == ("optimal" if plan.objective == plan.bound else "feasible")


@pytest.mark.parametrize("programs", [((2, 1), (4, 1)), ((1, 1), (30, 1))])
@pytest.mark.parametrize("seed", [5, 6, 11, 13])
def test_programs_that_are_too_small_never_lead_to_a_false_proof(seed, programs, monkeypatch):
    case = Instance.from_json(problem(seed, **SHAPES[seed % len(SHAPES)]))
    monkeypatch.setattr(stages, "FULL", programs)
    exact, model = solve(case), Model(case)

    found = partition(case, None)

    if found.options:
        plan = plan_of(model, found.options, found.bound, nodes=0)
        assert score(case, plan.groups).feasible
        assert plan.bound is not None
        assert plan.bound <= exact.objective <= plan.objective
    else:
        assert found.impossible <= (exact.status == "infeasible")


def test_moved_people_are_bounded_only_when_labels_do_not_fit(monkeypatch):
    monkeypatch.setattr(stages, "LABELLED", 0)
    case = Instance.from_json(problem(1, **SHAPES[1]))
    exact = solve(case)

    found = partition(case, None)
    plan = plan_of(Model(case), found.options or (), found.bound, nodes=0)

    assert plan.bound is not None
    assert plan.bound <= exact.objective <= plan.objective


def test_an_instance_with_very_many_visits_goes_to_the_large_search():
    wide = instance(16, count=4, hosts=tuple(host(f"h{k}") for k in range(390)), levels=(level(term("absent")),))

    assert not small(wide)
    assert solve(wide).objective == (0,)
