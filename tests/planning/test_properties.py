"""What must hold for every problem."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.planning.generate import problem
from vitale_core.planning import Instance, Rule, as_json, explain, solve
from vitale_core.planning.columns import columns
from vitale_core.planning.exact import Search
from vitale_core.planning.model import Model

ROOT = Path(__file__).parents[2]
JOINT = {"people": 9, "count": 3, "hosts": 4, "rules": 2}


@pytest.mark.parametrize("seed", range(12))
def test_one_more_rule_never_gives_a_better_plan(seed):
    instance = Instance.from_json(problem(seed, **JOINT))
    people = [person.id for person in instance.participants]
    strict = replace(instance, rules=(*instance.rules, Rule("extra", "apart", limit=1, who=tuple(people[:3]))))

    free, bound = solve(instance), solve(strict)

    assert not bound.groups or bound.objective >= free.objective


@pytest.mark.parametrize("seed", range(12))
def test_other_names_change_nothing_but_names(seed):
    document = problem(seed, **JOINT)
    names = {f"p{number}": f"x{97 - number}" for number in range(1, 10)}
    renamed = json.loads(json.dumps(document))
    for person in renamed["participants"]:
        person["id"] = names[person["id"]]
    for rule in renamed["constraints"]:
        if "who" in rule:
            rule["who"] = [names.get(one, one) for one in rule["who"]]
    for level in renamed["objective"]:
        for term in level["terms"]:
            if "pairs" in term:
                term["pairs"] = [[names.get(one, one) for one in pair] for pair in term["pairs"]]
    for group in renamed["previous"]["groups"]:
        group["members"] = [names.get(one, one) for one in group["members"]]

    plan, other = solve(Instance.from_json(document)), solve(Instance.from_json(renamed))

    expected = [replace(group, members=tuple(names[one] for one in group.members)) for group in plan.groups]
    assert list(other.groups) == expected
    assert (other.status, other.objective, other.conflict) == (plan.status, plan.objective, plan.conflict)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_every_run_writes_the_same_bytes(hash_seed):
    document = problem(3, **JOINT)
    instance = Instance.from_json(document)
    here = json.dumps([as_json(solve(instance)), as_json(explain(instance, solve(instance)))])
    program = (
        "import json, sys; from vitale_core.planning import *; i = Instance.from_json(json.load(sys.stdin));"
        "print(json.dumps([as_json(solve(i)), as_json(explain(i, solve(i)))]))"
    )

    there = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
    )

    assert there.stdout.strip() == here


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8, 13, 21])
@pytest.mark.parametrize("seed", [2, 5, 7, 11])
def test_a_search_that_was_cut_off_proves_nothing(seed, limit, monkeypatch):
    instance = Instance.from_json(problem(seed, people=9, count=3, hosts=3, rules=0, terms=8))
    best = solve(instance)
    model = Model(instance)
    search = Search(model, columns(model), limit=limit)
    monkeypatch.setattr(Search.__init__, "__kwdefaults__", {"limit": limit})

    answer, plan = search.best(), solve(instance)

    assert best.status == "optimal"
    assert answer.proven == (search.nodes <= limit)
    if answer.proven or plan.objective == plan.bound:
        assert (plan.status, plan.objective) == ("optimal", best.objective)
    elif plan.groups:
        assert plan.status == "feasible"
        assert plan.bound is not None
        assert plan.bound <= best.objective <= plan.objective
        assert plan.claim.startswith("hooguit ")
    else:
        assert (plan.status, plan.claim) == ("unknown", "niet bewezen")
