"""A judge of plans that reads the JSON document itself and shares no line with the product.

`Judge.group(members, host, slot)` gives what one group breaks and costs; `Judge.plan(groups)` adds up and looks at
what groups have in common. Costs are vectors, one number per level.
"""

from functools import lru_cache
from itertools import combinations, permutations


class Judge:
    def __init__(self, document):
        self.doc = document
        self.people = {p["id"]: p for p in document["participants"]}
        self.hosts = {h["id"]: h for h in document.get("hosts", [])}
        self.slots = [s["id"] for s in document.get("slots", [])]
        self.rules = document.get("constraints", [])
        self.levels = sorted(document.get("objective", []), key=lambda level: level["level"])
        self.old = document.get("previous", {}).get("groups", [])
        self.group = lru_cache(maxsize=None)(self._group)

    # ------------------------------------------------------------------------------ one group

    def can(self, person, slot):
        available = self.people[person].get("available")
        return available is None or slot in available

    def shared_slots(self, members):
        return [slot for slot in self.slots if all(self.can(one, slot) for one in members)]

    def minutes(self, person, host):
        return self.doc["travel"][self.people[person]["home"]][self.hosts[host]["place"]]

    def rank(self, person, host):
        wishes = self.people[person].get("prefs", [])
        return ([*wishes, host]).index(host)

    def gap(self, members, host):
        if host:
            return len(
                [one for one in members if not set(self.people[one]["themes"]) & set(self.hosts[host]["themes"])]
            )
        themes = [theme for one in members for theme in set(self.people[one]["themes"])]
        return len(members) - max([themes.count(theme) for theme in themes], default=0)

    def named(self, rule, members):
        """The people of a rule who are in this group."""
        return [one for one in members if one in rule["who"]]

    def breaks(self, rule, members, host, slot):
        return RULES[rule["type"]](self, rule, members, host, slot)

    def raw(self, term, members, host, slot):
        """What one group adds to a term that adds up over groups."""
        return TERMS[term["type"]](self, term, members, host, slot)

    def worst(self, term, members, host):
        measure = self.minutes if term["type"] == "travel_max" else self.rank
        return max(measure(one, host) for one in members)

    def _group(self, members, host="", slot=""):
        """(ids of broken rules, additive cost per level) or None when a nameless rule forbids the group."""
        sizes = self.doc["groups"]
        if not sizes["min"] <= len(members) <= sizes["max"]:
            return None
        if self.hosts:
            place = self.hosts[host]
            if slot not in place["slots"] or not place.get("min_people", 0) <= len(members) <= place.get(
                "max_people", 99
            ):
                return None
        broken = frozenset(rule["id"] for rule in self.rules if self.breaks(rule, members, host, slot))
        cost = tuple(
            sum(t["weight"] * self.raw(t, members, host, slot) for t in level["terms"] if t["type"] not in COUPLED)
            for level in self.levels
        )
        return broken, cost

    # ------------------------------------------------------------------------------ a whole plan

    def moved(self, groups):
        """People whose new group is not the one that took the place of their old group, at best."""
        old = [[one for one in before["members"] if one in self.people] for before in self.old]
        present = sum(map(len, old))
        slots = [*range(len(groups)), *[None] * len(old)]
        best = 0
        for choice in set(permutations(slots, len(old))) if old else [()]:
            kept = sum(
                one in groups[now][0]
                for before, now in zip(old, choice, strict=True)
                if now is not None
                for one in before
            )
            best = max(best, kept)
        return present - best

    def coupled(self, groups):
        """The terms that look at all groups, per level."""
        return tuple(
            sum(
                t["weight"]
                * (self.moved(groups) if t["type"] == "moved" else max(self.worst(t, m, h) for m, h, _ in groups))
                for t in level["terms"]
                if t["type"] in COUPLED
            )
            for level in self.levels
        )

    def clash_of_hosts(self, groups):
        """(a nameless rule is broken, ids of broken `distinct_hosts` rules)."""
        used = [host for _, host, _ in groups if host]
        visits = [(host, slot) for _, host, slot in groups if host]
        full = any(used.count(host) > self.hosts[host].get("max_visits", 1) for host in used)
        twice = len(set(used)) < len(used)
        named = {rule["id"] for rule in self.rules if rule["type"] == "distinct_hosts" and twice}
        return full or len(set(visits)) < len(visits), named

    def plan(self, groups):
        """(broken rule ids, cost per level) of groups [(members, host, slot)], or None when it is no plan at all."""
        groups = [(tuple(members), host, slot) for members, host, slot in groups]
        if sorted(one for members, _, _ in groups for one in members) != sorted(self.people):
            return None
        single = [self.group(*group) for group in groups]
        bad, named = self.clash_of_hosts(groups)
        if bad or None in single or len(groups) != self.doc["groups"]["count"]:
            return None
        broken = named.union(*(broken for broken, _ in single))
        cost = tuple(map(sum, zip(*(cost for _, cost in single), self.coupled(groups), strict=True)))
        return broken, cost

    # ------------------------------------------------------------------------------ everything there is

    def divisions(self, people=None, count=None):
        """All ways to divide the people in groups of right sizes, each once."""
        people = tuple(self.people) if people is None else people
        count = self.doc["groups"]["count"] if count is None else count
        if not people or not count:
            if not people and not count:
                yield []
            return
        for size in range(self.doc["groups"]["min"], self.doc["groups"]["max"] + 1):
            for others in combinations(people[1:], size - 1):
                rest = tuple(one for one in people[1:] if one not in others)
                for following in self.divisions(rest, count - 1):
                    yield [(people[0], *others), *following]

    def visits(self):
        return [(h, s) for h, host in self.hosts.items() for s in host["slots"]] or [("", "")]

    def plans(self, ignoring=frozenset()):
        """All plans that break no rule but those ignored, as groups."""
        for division in self.divisions():
            choices = []
            for members in division:
                fit = [(members, *visit) for visit in self.visits() if self.allowed((members, *visit), ignoring)]
                choices.append(fit)
            yield from self._assign(choices, [], ignoring)

    def allowed(self, group, ignoring):
        judged = self.group(*group)
        return judged is not None and not judged[0] - ignoring

    def _assign(self, choices, chosen, ignoring):
        if not choices:
            yield list(chosen)
            return
        for option in choices[0]:
            bad, named = self.clash_of_hosts([*chosen, option])
            if not bad and not named - ignoring:
                yield from self._assign(choices[1:], [*chosen, option], ignoring)

    def best(self):
        """The cost of the best plan by looking at all of them; None when there is none."""
        return min((self.plan(groups)[1] for groups in self.plans()), default=None)

    def minimal_conflicts(self):
        """All minimal sets of rules that no plan can hold together, by looking at every subset."""
        ids = [rule["id"] for rule in self.rules]
        found: list[frozenset[str]] = []
        for size in range(len(ids) + 1):
            for some in map(frozenset, combinations(ids, size)):
                if not any(smaller <= some for smaller in found):
                    ignoring = frozenset(ids) - some
                    if next(self.plans(ignoring), None) is None:
                        found.append(some)
        return found


def _split(judge, rule, members, host, slot):
    present = [one for one in rule["who"] if one in judge.people]
    return 0 < len(judge.named(rule, members)) < len(present)


def _crowd(judge, rule, members, host, slot):
    values = [judge.people[one]["attrs"].get(rule["attr"]) for one in members]
    return any(values.count(value) > rule["max"] for value in values if value is not None)


def _too_few(judge, rule, members, host, slot):
    return sum(judge.people[one]["attrs"].get(rule["attr"]) in rule["values"] for one in members) < rule["min"]


def _needs(judge, rule, members, host, slot):
    wanted = {need for one in members for need in judge.people[one].get("needs", [])}
    return not wanted <= set(judge.hosts[host]["access"])


def _cars(judge, rule, members, host, slot):
    return not judge.hosts[host]["transit"] and sum(judge.people[one]["seats"] for one in members) < len(members)


def _pinned(judge, rule, members, host, slot):
    return bool(judge.named(rule, members)) and (rule.get("host", host), rule.get("slot", slot)) != (host, slot)


RULES = {
    "together": _split,
    "apart": lambda j, r, m, h, s: len(j.named(r, m)) > r.get("max", 1),
    "attr_max": _crowd,
    "attr_min": _too_few,
    "common_slots": lambda j, r, m, h, s: len(j.shared_slots(m)) < r["min"],
    "theme_cover": lambda j, r, m, h, s: j.gap(m, h) > r["max_gap"],
    "attend": lambda j, r, m, h, s: sum(not j.can(one, s) for one in m) > r["max_absent"],
    "must_attend": lambda j, r, m, h, s: not all(j.can(one, s) for one in j.named(r, m)),
    "travel_max": lambda j, r, m, h, s: max(j.minutes(one, h) for one in m) > r["minutes"],
    "access": _needs,
    "transport": _cars,
    "distinct_hosts": lambda j, r, m, h, s: False,
    "exclude": lambda j, r, m, h, s: h == r["host"] and s in (r.get("slots") or [s]),
    "pin": _pinned,
}


def _pairs(judge, term, members, host, slot):
    values = [judge.people[one]["attrs"].get(term["attr"]) for one in members]
    return sum(a == b and a is not None for a, b in combinations(values, 2))


def _range(judge, term, members, host, slot):
    values = sorted(judge.people[one]["attrs"][term["attr"]] for one in members)
    return max(0, term["target"] - values[-1] + values[0])


def _changed(judge, term, members, host, slot):
    return sum(
        one in old["members"] and (old.get("host"), old.get("slot")) != (host, slot)
        for old in judge.old
        for one in members
    )


TERMS = {
    "same_pairs": _pairs,
    "spread": _range,
    "theme_gap": lambda j, t, m, h, s: j.gap(m, h),
    "slot_shortage": lambda j, t, m, h, s: max(0, t["target"] - len(j.shared_slots(m))),
    "wish_together": lambda j, t, m, h, s: sum(a in m and b not in m for a, b in t["pairs"] if b in j.people),
    "wish_apart": lambda j, t, m, h, s: sum(a in m and b in m for a, b in t["pairs"]),
    "absent": lambda j, t, m, h, s: sum(not j.can(one, s) for one in m),
    "travel": lambda j, t, m, h, s: sum(j.minutes(one, h) for one in m),
    "host_rank": lambda j, t, m, h, s: sum(j.rank(one, h) for one in m),
    "host_history": lambda j, t, m, h, s: j.hosts[h].get("visits_done", 0),
    "slot_pref": lambda j, t, m, h, s: j.hosts[h]["slots"][s],
    "visit_changed": _changed,
}

COUPLED = {"travel_max", "host_rank_max", "moved"}
