"""The five published examples, with answers that were proven by other means."""

import json
from pathlib import Path

import pytest

from vitale_core.planning import Instance, score, solve

DATA = Path(__file__).parent / "data"


def read(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["p01", "p02", "p03", "p04"])
def test_an_example_is_solved_to_its_proven_optimum(name):
    instance = Instance.from_json(read(f"{name}.json"))

    plan = solve(instance)

    assert plan.status == "optimal"
    assert list(plan.objective) == read(f"answers/{name}.json")["objective"]
    assert plan.bound == plan.objective
    assert plan.claim == "bewezen het beste"
    assert score(instance, plan.groups).feasible


def test_the_impossible_example_names_the_two_rules_that_clash():
    plan = solve(Instance.from_json(read("p05.json")))

    assert plan.to_json() == {"status": "infeasible", "conflict": ["duo", "trio"]}
