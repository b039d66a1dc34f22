"""Cohorts as a bureau sees them: real places, organisations of unequal size, tight diaries; the same per seed."""

import math
import random

PLACES = {
    "Groningen": (53.22, 6.57), "Assen": (52.99, 6.56), "Emmen": (52.79, 6.90), "Stadskanaal": (52.99, 6.95),
    "Leeuwarden": (53.20, 5.80), "Drachten": (53.11, 6.10), "Sneek": (53.03, 5.66), "Heerenveen": (52.96, 5.92),
    "Zwolle": (52.51, 6.09), "Meppel": (52.70, 6.19), "Deventer": (52.25, 6.16), "Enschede": (52.22, 6.89),
}  # fmt: skip
ROLES = ["beleidsadviseur", "projectleider", "communicatieadviseur", "programmamedewerker", "gebiedsregisseur"]
FIELDS = ["sociaal domein", "ruimte en wonen", "energie en klimaat", "veiligheid", "cultuur en sport"]
REGIONS = ["Groningen", "Drenthe", "Fryslân", "Overijssel"]
THEMES = [
    "dorpshuis", "groenbeheer", "burgerberaad", "burgerinitiatief", "energiecoöperatie", "wooncoöperatie",
    "zorgcoöperatie", "wijkaanpak",
]  # fmt: skip
MIX = [("organisation", 40), ("field", 30), ("role", 20), ("region", 10), ("experience", 10)]


def minutes(one, other):
    """Straight line at 55 km an hour plus ten minutes."""
    (north, east), (up, right) = PLACES[one], PLACES[other]
    kilometres = math.hypot((north - up) * 111.2, (east - right) * 68.0)
    return 10 + round(kilometres * 60 / 55)


def cohort(seed, people, *, hosts=0, slots=8, size=4):
    """A `werkgroepen/1` document; joint when there are hosts."""
    rng = random.Random(seed)
    times = [f"s{number}" for number in range(1, slots + 1)]
    places = list(PLACES)
    document = {
        "schema": "werkgroepen/1",
        "id": f"b{seed}-{people}-{hosts}",
        "participants": [_person(rng, number, times, places) for number in range(1, people + 1)],
        "groups": {"count": math.ceil(people / size), "min": people // math.ceil(people / size), "max": size},
        "slots": [
            {"id": one, "date": f"2027-03-{place // 2 + 2:02}", "part": "ochtend"} for place, one in enumerate(times)
        ],
        "hosts": [_host(rng, number, times, places) for number in range(1, hosts + 1)],
        "travel": {home: {place: minutes(home, place) for place in places} for home in places} if hosts else {},
        "constraints": [],
    }
    mix = [{"id": attr, "type": "same_pairs", "weight": weight, "attr": attr} for attr, weight in MIX]
    mix += [{"id": "theme", "type": "theme_gap", "weight": 30}]
    mix += [{"id": "spare", "type": "slot_shortage", "weight": 25, "target": 2}]
    document["objective"] = [{"level": 1, "name": "goede mix", "terms": mix}]
    if hosts:
        document["constraints"] = [
            {"id": "toegang", "type": "access"},
            {"id": "vervoer", "type": "transport"},
            {"id": "max-1-afwezig", "type": "attend", "max_absent": 1},
            {"id": "andere-projecten", "type": "distinct_hosts"},
        ]
        mix.append({"id": "travel", "type": "travel", "weight": 1})
        fair = [
            {"id": "far", "type": "travel_max", "weight": 1},
            {"id": "history", "type": "host_history", "weight": 5},
        ]
        document["objective"] = [
            {"level": 1, "name": "iedereen kan mee", "terms": [{"id": "absent", "type": "absent", "weight": 1}]},
            {"level": 2, "name": "goede mix", "terms": mix},
            {"level": 3, "name": "eerlijk verdeeld", "terms": fair},
        ]
    return document


def _person(rng, number, times, places):
    home = rng.choice(places)
    return {
        "id": f"p{number}",
        "name": f"Deelnemer {number}",
        "home": home,
        "attrs": {
            "organisation": f"Gemeente {home if rng.random() < 0.7 else rng.choice(places)}",
            "role": rng.choice(ROLES),
            "region": rng.choice(REGIONS),
            "experience": rng.randint(1, 5),
            "field": rng.choice(FIELDS),
        },
        "themes": rng.sample(THEMES, 2),
        "available": [slot for slot in times if rng.random() < 0.65] or [times[0]],
        "seats": rng.choice([0, 0, 0, 4, 4, 5]),
        "needs": ["rolstoel"] if rng.random() < 0.06 else [],
    }


def _host(rng, number, times, places):
    return {
        "id": f"h{number}",
        "name": f"Project {number}",
        "themes": rng.sample(THEMES, rng.choice([1, 2])),
        "place": rng.choice(places),
        "min_people": 2,
        "max_people": rng.choice([4, 5, 6]),
        "max_visits": rng.choice([1, 1, 2]),
        "slots": {slot: rng.randint(0, 1) for slot in times if rng.random() < 0.55} or {times[0]: 0},
        "access": ["rolstoel"] if rng.random() < 0.5 else [],
        "transit": rng.random() < 0.7,
        "visits_done": rng.randint(0, 4),
    }
