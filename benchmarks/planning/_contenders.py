"""What one would plan with instead, each on the very same document; every answer is scored by our own scorer.

`random_best` and `greedy_swaps` are what teachers' tools do (the second in the manner of GroupEng: a random division,
then exchanges of two people that help the most important criterion first). `annealing` is our own fallback, alone.
`cp_sat` is OR-tools with a model that gives each person a group, or a host when there are visits.
"""

import random
from itertools import combinations

from vitale_core.planning import Instance, PlannedGroup, score
from vitale_core.planning.annealing import anneal
from vitale_core.planning.large import named
from vitale_core.planning.model import Model


def annealing(document, steps=120_000):
    instance = Instance.from_json(document)
    options = anneal(instance, steps=steps)
    return None if options is None else score(instance, named(Model(instance), options)).objective


def random_best(document, tries=1_000):
    """The best of many random divisions; a visit is drawn for each group as well."""
    instance, draw = Instance.from_json(document), random.Random(1)
    best = None
    for _ in range(tries):
        judged = score(instance, _drawn(instance, draw))
        if judged.feasible and (best is None or judged.objective < best):
            best = judged.objective
    return best


def greedy_swaps(document, rounds=3):
    """Best of a few random divisions, each improved by exchanges until none helps; broken rules come first."""
    instance, draw = Instance.from_json(document), random.Random(1)
    best = None
    for _ in range(rounds):
        worth = _improved(instance, _drawn(instance, draw), draw)
        if worth[0] == 0 and (best is None or worth[1] < best):
            best = worth[1]
    return best


def _improved(instance, groups, draw):
    worth, since = _worth(instance, groups), 0
    spots = [(place, seat) for place, group in enumerate(groups) for seat in range(len(group.members))]
    pairs = [(one, other) for one, other in combinations(spots, 2) if one[0] != other[0]]
    draw.shuffle(pairs)
    while since < len(pairs):
        for one, other in pairs:
            since += 1
            tried = _exchanged(groups, one, other)
            value = _worth(instance, tried)
            if value < worth:
                groups, worth, since = tried, value, 0
            if since >= len(pairs):
                break
    return worth


def _worth(instance, groups):
    judged = score(instance, groups)
    return len(judged.violations) + len(judged.background), judged.objective


def _exchanged(groups, one, other):
    (place, seat), (elsewhere, chair) = one, other
    changed = list(groups)
    mine, theirs = list(groups[place].members), list(groups[elsewhere].members)
    mine[seat], theirs[chair] = theirs[chair], mine[seat]
    changed[place] = PlannedGroup(tuple(mine), groups[place].host, groups[place].slot)
    changed[elsewhere] = PlannedGroup(tuple(theirs), groups[elsewhere].host, groups[elsewhere].slot)
    return changed


def _drawn(instance, draw):
    people = [person.id for person in instance.participants]
    draw.shuffle(people)
    members = [tuple(people[place :: instance.count]) for place in range(instance.count)]
    if not instance.joint:
        return [PlannedGroup(group) for group in members]
    hosts = draw.sample(instance.hosts, instance.count)
    return [
        PlannedGroup(group, host.id, draw.choice(sorted(host.slots)))
        for group, host in zip(members, hosts, strict=True)
    ]


def cp_sat(document, seconds):
    """The score of the best plan in so many seconds (one thread), and whether it is proven on every level."""
    from ortools.sat.python import cp_model

    program = _Program(cp_model, document)
    groups, proven = None, True
    for level in document["objective"]:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_time_in_seconds = seconds / len(document["objective"])
        expression = program.level(level)
        program.model.minimize(expression)
        status = solver.solve(program.model)
        proven &= status == cp_model.OPTIMAL
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            break
        groups = program.groups(solver)
        program.model.add(expression <= round(solver.objective_value))
        program.hint(solver)
    if groups is None:
        return None, False
    judged = score(Instance.from_json(document), groups)
    assert judged.feasible, (judged.background, judged.violations)
    return judged.objective, proven


class _Program:
    """Who goes where: to a numbered group, or to the host whose only group it is then."""

    def __init__(self, cp_model, document):
        self.document, self.model = document, cp_model.CpModel()
        self.people, self.hosts = document["participants"], document["hosts"]
        self.slots = [slot["id"] for slot in document["slots"]]
        sizes, model = document["groups"], self.model
        self.places = range(len(self.hosts) or sizes["count"])
        self.sits = [
            [model.new_bool_var(f"x{p},{g}") for g in self.places] for p in range(len(self.people))
        ]  # fmt: skip
        self.open = [model.new_bool_var(f"open{g}") for g in self.places]
        model.add(sum(self.open) == sizes["count"])
        for row in self.sits:
            model.add_exactly_one(row)
        for g in self.places:
            held = sum(row[g] for row in self.sits)
            model.add(held <= sizes["max"] * self.open[g])
            model.add(held >= sizes["min"] * self.open[g])
        if self.hosts:
            self._visits()
        else:
            for p in range(min(len(self.people), sizes["count"])):  # the groups have no names: fill them in order
                model.add(sum(self.sits[p][g] for g in range(p + 1, sizes["count"])) == 0)

    def _visits(self):
        model = self.model
        self.at = [{slot: model.new_bool_var(f"y{g},{slot}") for slot in host["slots"]} for g, host in self._hosts()]
        self.away = [model.new_bool_var(f"a{p}") for p in range(len(self.people))]
        for g, host in self._hosts():
            model.add(sum(self.at[g].values()) == self.open[g])
            held = sum(row[g] for row in self.sits)
            model.add(held <= host["max_people"])
            model.add(held >= host["min_people"] * self.open[g])
            for p, person in enumerate(self.people):
                if set(person["needs"]) - set(host["access"]):
                    model.add(self.sits[p][g] == 0)
            if not host["transit"]:
                seats = sum(person["seats"] * self.sits[p][g] for p, person in enumerate(self.people))
                model.add(seats >= held)
        self.missing = [[model.new_bool_var(f"m{p},{g}") for g in self.places] for p in range(len(self.people))]
        for g, _ in self._hosts():
            for p, person in enumerate(self.people):
                cannot = sum(at for slot, at in self.at[g].items() if slot not in person["available"])
                model.add(self.missing[p][g] >= self.sits[p][g] + cannot - 1)
            model.add(sum(self.missing[p][g] for p in range(len(self.people))) <= 1)

    def _hosts(self):
        return list(enumerate(self.hosts))

    def level(self, level):
        return sum(term["weight"] * getattr(self, "_" + term["type"])(term) for term in level["terms"])

    def _absent(self, _):
        return sum(sum(row) for row in self.missing)

    def _travel(self, _):
        return sum(
            self._minutes(person, host) * self.sits[p][g]
            for p, person in enumerate(self.people)
            for g, host in self._hosts()
        )

    def _travel_max(self, _):
        most = self.model.new_int_var(0, 1000, "")
        for p, person in enumerate(self.people):
            self.model.add(
                most >= sum(self._minutes(person, host) * self.sits[p][g] for g, host in self._hosts())
            )  # fmt: skip
        return most

    def _minutes(self, person, host):
        return self.document["travel"][person["home"]][host["place"]]

    def _host_history(self, _):
        return sum(host["visits_done"] * self.open[g] for g, host in self._hosts())

    def _same_pairs(self, term):
        found = []
        for value in sorted({person["attrs"][term["attr"]] for person in self.people}, key=str):
            who = [p for p, person in enumerate(self.people) if person["attrs"][term["attr"]] == value]
            for g in self.places:
                pairs = self.model.new_int_var(0, 100, "")
                held = sum(self.sits[p][g] for p in who)
                for q in range(1, self.document["groups"]["max"]):
                    self.model.add(pairs >= q * held - q * (q + 1) // 2)
                found.append(pairs)
        return sum(found)

    def _theme_gap(self, _):
        if self.hosts:
            return sum(
                self.sits[p][g]
                for p, person in enumerate(self.people)
                for g, host in self._hosts()
                if not set(person["themes"]) & set(host["themes"])
            )
        themes = sorted({theme for person in self.people for theme in person["themes"]})
        found = []
        for g in self.places:
            chosen = {theme: self.model.new_bool_var("") for theme in themes}
            self.model.add_exactly_one(chosen.values())
            for p, person in enumerate(self.people):
                gap = self.model.new_bool_var("")
                self.model.add(gap >= self.sits[p][g] - sum(chosen[theme] for theme in person["themes"]))
                found.append(gap)
        return sum(found)

    def _slot_shortage(self, term):
        found = []
        for g in self.places:
            free = {slot: self.model.new_bool_var("") for slot in self.slots}
            for p, person in enumerate(self.people):
                for slot in set(self.slots) - set(person["available"]):
                    self.model.add(free[slot] + self.sits[p][g] <= 1)
            short = self.model.new_int_var(0, term["target"], "")
            self.model.add(short >= term["target"] * self.open[g] - sum(free.values()))
            found.append(short)
        return sum(found)

    def hint(self, solver):
        self.model.clear_hints()
        for row in self.sits:
            for variable in row:
                self.model.add_hint(variable, solver.value(variable))

    def groups(self, solver):
        found = []
        for g in self.places:
            members = tuple(person["id"] for p, person in enumerate(self.people) if solver.value(self.sits[p][g]))
            if members:
                visit = ()
                if self.hosts:
                    slot = next(slot for slot, at in self.at[g].items() if solver.value(at))
                    visit = (self.hosts[g]["id"], slot)
                found.append(PlannedGroup(members, *visit))
        return found
