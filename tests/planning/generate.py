"""Random problems of every kind, the same for the same seed."""

import random

THEMES = ["dorpshuis", "groenbeheer", "burgerberaad", "energie"]
PLACES = ["Assen", "Emmen", "Zwolle", "Meppel", "Sneek"]
GROUP_RULES = ["together", "apart", "attr_max", "attr_min", "common_slots", "theme_cover"]
VISIT_RULES = ["attend", "must_attend", "travel_max", "access", "transport", "distinct_hosts", "exclude", "pin"]
GROUP_TERMS = ["same_pairs", "spread", "theme_gap", "slot_shortage", "wish_together", "wish_apart", "moved"]
VISIT_TERMS = [
    "absent",
    "travel",
    "travel_max",
    "host_rank",
    "host_rank_max",
    "host_history",
    "slot_pref",
    "visit_changed",
]


def problem(seed, *, people=6, count=2, hosts=0, slots=4, rules=2, terms=5, slack=0, previous=True):
    """A document with `rules` random rules and `terms` random terms in one to three levels."""
    rng = random.Random(seed)
    times = [f"s{number}" for number in range(1, slots + 1)]
    ids = [f"p{number}" for number in range(1, people + 1)]
    document = {
        "schema": "werkgroepen/1",
        "id": f"g{seed}",
        "participants": [_person(rng, one, times, hosts) for one in ids],
        "groups": {"count": count, "min": max(1, people // count - slack), "max": -(-people // count) + slack},
        "slots": [{"id": one, "date": "2027-03-02", "part": "ochtend"} for one in times],
        "hosts": [_host(rng, f"h{number}", times) for number in range(1, hosts + 1)],
        "travel": {home: {place: rng.randint(10, 90) for place in PLACES} for home in PLACES},
    }
    kinds = GROUP_RULES + (VISIT_RULES if hosts else [])
    document["constraints"] = [_rule(rng, f"r{k}", rng.choice(kinds), ids, times, hosts) for k in range(rules)]
    kinds = GROUP_TERMS + (VISIT_TERMS if hosts else [])
    picked = [_term(rng, f"t{k}", rng.choice(kinds), ids) for k in range(terms)]
    levels = rng.randint(1, 3)
    document["objective"] = [
        {"level": k + 1, "name": f"niveau {k + 1}", "terms": picked[k::levels]} for k in range(levels)
    ]
    if previous:
        document["previous"] = _previous(rng, [*ids, "vertrokken"], count, times, hosts)
    return document


def _person(rng, one, times, hosts):
    person = {
        "id": one,
        "name": f"Naam {one}",
        "home": rng.choice(PLACES),
        "attrs": {"organisation": rng.choice("ABCD"), "role": rng.choice("xyz"), "experience": rng.randint(1, 5)},
        "themes": rng.sample(THEMES, rng.randint(0, 2)),
        "seats": rng.choice([0, 0, 2, 4]),
        "needs": rng.choice([[], [], [], ["rolstoel"]]),
        "prefs": [f"h{k}" for k in rng.sample(range(1, hosts + 1), rng.randint(0, min(2, hosts)))],
    }
    if rng.random() < 0.8:
        person["available"] = rng.sample(times, rng.randint(1, len(times)))
    if rng.random() < 0.2:
        del person["attrs"]["role"]
    return person


def _host(rng, one, times):
    return {
        "id": one,
        "name": f"Project {one}",
        "themes": rng.sample(THEMES, rng.randint(1, 2)),
        "place": rng.choice(PLACES),
        "min_people": rng.choice([0, 1, 2]),
        "max_people": rng.choice([4, 6, 9]),
        "max_visits": rng.choice([1, 1, 2, 3]),
        "slots": {slot: rng.randint(0, 2) for slot in rng.sample(times, rng.randint(1, len(times)))},
        "access": rng.choice([[], ["rolstoel"]]),
        "transit": rng.random() < 0.6,
        "visits_done": rng.randint(0, 3),
    }


def _rule(rng, one, kind, ids, times, hosts):
    some = rng.sample([*ids, "onbekend"], rng.randint(2, 3))
    host = f"h{rng.randint(1, max(1, hosts))}"
    body = {
        "together": {"who": some[:2]},
        "apart": {"who": some} if rng.random() < 0.5 else {"who": [*some, *ids[:2]], "max": 2},
        "attr_max": {"attr": rng.choice(["organisation", "role"]), "max": rng.choice([1, 2, 2])},
        "attr_min": {"attr": "experience", "values": [3, 4, 5], "min": 1},
        "common_slots": {"min": 1},
        "theme_cover": {"max_gap": rng.randint(1, 3)},
        "attend": {"max_absent": rng.randint(0, 2)},
        "must_attend": {"who": some[:2]},
        "travel_max": {"minutes": rng.randint(60, 90)},
        "exclude": {"host": host} | ({"slots": times[:2]} if rng.random() < 0.5 else {}),
        "pin": {"who": some[:1]} | ({"host": host} if rng.random() < 0.5 else {"slot": rng.choice(times)}),
    }
    return {"id": one, "type": kind} | body.get(kind, {})


def _term(rng, one, kind, ids):
    body = {
        "same_pairs": {"attr": rng.choice(["organisation", "role", "experience"])},
        "spread": {"attr": "experience", "target": rng.randint(1, 4)},
        "slot_shortage": {"target": 2},
        "wish_together": {"pairs": [rng.sample([*ids, "onbekend"], 2) for _ in range(3)]},
        "wish_apart": {"pairs": [rng.sample([*ids, "onbekend"], 2) for _ in range(3)]},
    }
    return {"id": one, "type": kind, "weight": rng.randint(0, 20)} | body.get(kind, {})


def _previous(rng, ids, count, times, hosts):
    rng.shuffle(ids)
    old = max(1, count + rng.choice([-1, 0, 1]))
    groups = [{"members": ids[k::old]} for k in range(old)]
    if hosts:
        for group in groups:
            group |= {"host": f"h{rng.randint(1, hosts)}", "slot": rng.choice(times)}
    return {"groups": groups}
