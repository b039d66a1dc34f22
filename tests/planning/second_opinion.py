"""The optimum of mid-sized problems by another road: all columns from the checker, CP-SAT chooses among them.

Shares nothing with the product. Levels are solved one after the other; `moved` by columns that say which old group they
replace, the worst-off person by a variable.
"""

from itertools import combinations

from ortools.sat.python import cp_model


def optimum(judge):
    """The cost per level of the best plan; None when there is none."""
    columns = list(_columns(judge))
    program = cp_model.CpModel()
    chosen = [program.new_bool_var("") for _ in columns]
    worst = {
        term["id"]: program.new_int_var(0, 10**6, "")
        for level in judge.levels
        for term in level["terms"]
        if term["type"] in {"travel_max", "host_rank_max"}
    }
    _once(judge, program, columns, chosen)
    _worst(judge, program, columns, chosen, worst)
    best = []
    for place in range(len(judge.levels)):
        cost = _cost(judge, columns, chosen, worst, place)
        program.minimize(cost)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        status = solver.solve(program)
        if status == cp_model.INFEASIBLE:
            return None
        assert status == cp_model.OPTIMAL
        best.append(round(solver.objective_value))
        program.add(cost <= best[-1])
    return tuple(best)


def _columns(judge):
    sizes = judge.doc["groups"]
    old = [[one for one in group["members"] if one in judge.people] for group in judge.old]
    counts = any(term["type"] == "moved" for level in judge.levels for term in level["terms"])
    for size in range(sizes["min"], sizes["max"] + 1):
        for members in combinations(judge.people, size):
            for host, slot in judge.visits():
                if judge.allowed((members, host, slot), frozenset()):
                    yield members, host, slot, None, 0
                    for label, before in enumerate(old if counts else []):
                        shared = len(set(before) & set(members))
                        if shared:
                            yield members, host, slot, label, shared


def _once(judge, program, columns, chosen):
    def total(test):
        return cp_model.LinearExpr.sum([x for x, column in zip(chosen, columns, strict=True) if test(*column)])

    for person in judge.people:
        program.add(total(lambda m, h, s, o, k, person=person: person in m) == 1)
    program.add(total(lambda m, h, s, o, k: True) == judge.doc["groups"]["count"])
    distinct = any(rule["type"] == "distinct_hosts" for rule in judge.rules)
    for host, place in judge.hosts.items():
        most = 1 if distinct else place.get("max_visits", 1)
        program.add(total(lambda m, h, s, o, k, host=host: h == host) <= most)
        for slot in place["slots"]:
            program.add(total(lambda m, h, s, o, k, visit=(host, slot): (h, s) == visit) <= 1)
    for label in range(len(judge.old)):
        program.add(total(lambda m, h, s, o, k, label=label: o == label) <= 1)


def _worst(judge, program, columns, chosen, worst):
    for level in judge.levels:
        for term in level["terms"]:
            if term["id"] in worst:
                for person in judge.people:
                    own = [
                        (x, judge.worst(term, column[0], column[1]))
                        for x, column in zip(chosen, columns, strict=True)
                        if person in column[0]
                    ]
                    program.add(worst[term["id"]] >= _weighted(own))


def _cost(judge, columns, chosen, worst, place):
    present = sum(one in judge.people for group in judge.old for one in group["members"])
    parts = [
        (x, judge.group(members, host, slot)[1][place])
        for x, (members, host, slot, _, _) in zip(chosen, columns, strict=True)
    ]
    fixed = 0
    for term in judge.levels[place]["terms"]:
        if term["id"] in worst:
            parts.append((worst[term["id"]], term["weight"]))
        elif term["type"] == "moved":
            fixed += term["weight"] * present
            parts += [(x, -term["weight"] * kept) for x, (*_, kept) in zip(chosen, columns, strict=True) if kept]
    return _weighted(parts) + fixed


def _weighted(parts):
    return cp_model.LinearExpr.weighted_sum([x for x, _ in parts], [weight for _, weight in parts])
