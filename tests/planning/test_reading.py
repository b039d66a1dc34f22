"""What the planner refuses, and with which words."""

import copy
import time
from dataclasses import replace

import pytest

from tests.planning.generate import PLACES, problem
from vitale_core.planning import Instance, InvalidInstance, Level, Term, as_json

GOOD = problem(3, people=6, count=2, hosts=2, rules=0, terms=0, previous=False)


def document(**changes):
    """A good document with changed values; a key is a path such as `participants__0__seats`."""
    found = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *way, last = path.split("__")
        place = found
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return found


def term(**fields):
    return [{"level": 1, "terms": [{"id": "t", "type": "travel", "weight": 1} | fields]}]


def rule(**fields):
    return [{"id": "r", "type": "apart", "who": ["p1"]} | fields]


@pytest.mark.parametrize(
    "changes, field, reason",
    [
        ({"schema": "anders/1"}, "schema", "moet 'werkgroepen/1' zijn"),
        ({"participants": []}, "participants", "er zijn geen deelnemers"),
        ({"participants": "iedereen"}, "participants", "moet een lijst zijn"),
        ({"participants__0": 7}, "participants[0]", "moet een object zijn"),
        ({"participants__0__id": ""}, "participants[0].id", "mag niet leeg zijn"),
        ({"participants__0__id": "\ud800"}, "participants[0].id", "hier staat een teken dat geen tekst is"),
        ({"participants__0__id": "p1\x1b[31m"}, "participants[0].id", "hier staat een teken dat geen tekst is"),
        ({"participants__0__name": "\udfff"}, "participants[0].name", "hier staat een teken dat geen tekst is"),
        ({"participants__0__themes": ["\ud800"]}, "participants[0].themes[0]", "hier staat een teken dat geen tekst"),
        ({"participants__0__attrs": {"role": "\ud800"}}, "participants[0].attrs.role", "hier staat een teken dat geen"),
        ({"hosts__0__slots": {"\ud800": 0}}, "hosts[0].slots", "hier staat een teken dat geen tekst is"),
        ({"participants__0__id": None}, "participants[0].id", "ontbreekt"),
        ({"participants__1__id": "p1"}, "participants", "'p1' komt twee keer voor"),
        ({"participants__0__seats": -1}, "participants[0].seats", "moet tussen 0 en"),
        ({"participants__0__seats": 1.5}, "participants[0].seats", "moet een heel getal zijn"),
        ({"participants__0__seats": True}, "participants[0].seats", "moet een heel getal zijn"),
        ({"participants__0__available": ["s99"]}, "participants[0].available", "'s99' bestaat niet"),
        ({"participants__0__attrs": {"role": [1]}}, "participants[0].attrs.role", "moet een tekst of een heel getal"),
        ({"groups": {"count": 2, "min": 4, "max": 4}}, "groups", "6 mensen passen niet in 2 groepen van 4 tot 4"),
        ({"groups": {"count": 2, "min": 4, "max": 3}}, "groups.min", "4 is meer dan max 3"),
        ({"groups": {"count": 0, "min": 3, "max": 3}}, "groups.count", "moet tussen 1 en"),
        ({"groups": {"count": 2, "max": 3}}, "groups.min", "ontbreekt"),
        ({"hosts__0__slots": {}}, "hosts[0].slots", "biedt geen enkel dagdeel aan"),
        ({"hosts__0__slots": {"s99": 0}}, "hosts[0].slots", "'s99' bestaat niet"),
        ({"hosts__0__min_people": 50}, "hosts[0].min_people", "50 is meer dan"),
        ({"hosts__0__transit": "ja"}, "hosts[0].transit", "moet true of false zijn"),
        ({"travel": {}, "objective": term()}, "travel", "reistijden vanaf"),
        ({"travel": {place: {} for place in PLACES}, "objective": term()}, "travel.", "reistijd naar"),
        ({"objective": term(weight=-3)}, "objective[0].terms[0].weight", "moet tussen 0 en"),
        ({"objective": term(type="geluk")}, "objective[0].terms[0].type", "onbekend criterium 'geluk'"),
        ({"objective": term(type="spread", attr="role", target=1)}, "objective[0].terms[0].attr", "is geen getal"),
        (
            {"objective": term(type="wish_apart", pairs=[["p1"]])},
            "objective[0].terms[0].pairs[0]",
            "twee verschillende",
        ),
        ({"objective": term() + term(id="u")}, "objective.level", "'1' komt twee keer voor"),
        ({"constraints": rule(type="toeval")}, "constraints[0].type", "onbekende soort regel 'toeval'"),
        ({"constraints": rule() + rule()}, "constraints", "'r' komt twee keer voor"),
        ({"constraints": rule(type="attend")}, "constraints[0].max_absent", "ontbreekt"),
        ({"constraints": rule(type="exclude", host="h9")}, "constraints[0].host", "'h9' bestaat niet"),
        ({"constraints": rule(type="pin", slot="s9")}, "constraints[0].slot", "'s9' bestaat niet"),
        ({"hosts": [], "constraints": rule(type="access")}, "constraints[0].type", "kan alleen met projecten"),
        ({"hosts": [], "objective": term()}, "objective[0].terms[0].type", "kan alleen met projecten"),
        ({"previous": {"groups": [{"members": ["p1"]}, {"members": ["p1"]}]}}, "previous.groups", "twee keer"),
    ],
)
def test_a_wrong_field_is_named_with_the_reason(changes, field, reason):
    with pytest.raises(InvalidInstance) as refused:
        Instance.from_json(document(**changes))

    assert refused.value.field.startswith(field)
    assert reason in refused.value.reason


@pytest.mark.parametrize("nonsense", [None, 3, "tekst", [], {}])
def test_what_is_no_document_is_refused(nonsense):
    with pytest.raises(InvalidInstance):
        Instance.from_json(nonsense)


def test_a_value_made_by_hand_is_checked_as_well():
    instance = Instance.from_json(GOOD)

    with pytest.raises(InvalidInstance, match=r"groups: aantal en grootte"):
        Instance(participants=instance.participants, count=2, smallest=0, largest=6)


def test_a_negative_weight_made_by_hand_is_refused_too():
    instance = Instance.from_json(GOOD)

    with pytest.raises(InvalidInstance, match=r"objective\[0\].terms\[0\].weight: mag niet negatief zijn"):
        replace(instance, levels=(Level(1, (Term("t", "theme_gap", -1),)),))


def test_ten_thousand_people_are_refused_within_a_second():
    people = [GOOD["participants"][0] | {"id": f"p{number}"} for number in range(10_000)]
    started = time.perf_counter()

    with pytest.raises(InvalidInstance, match="telt 10000 regels; meer dan 600"):
        Instance.from_json(document(participants=people))

    assert time.perf_counter() - started < 1


def test_unknown_people_in_rules_and_wishes_are_people_who_left():
    changes = {"constraints": rule(who=["p1", "weg"]), "objective": term(type="wish_apart", pairs=[["p1", "weg"]])}

    instance = Instance.from_json(document(**changes))

    assert instance.rules[0].who == ("p1", "weg")


def test_people_who_never_told_when_they_can_come_are_known_as_unknown():
    people = [dict(person) for person in GOOD["participants"]]
    for person in people:
        person["available"] = ["s1"]
    del people[2]["available"]

    instance = Instance.from_json(document(participants=people))

    assert instance.unknown == ("p3",)


@pytest.mark.parametrize("seed", range(20))
def test_an_instance_written_down_reads_back_the_same(seed):
    instance = Instance.from_json(problem(seed, people=8, count=2, hosts=3, rules=6, terms=8))

    assert Instance.from_json(as_json(instance)) == instance
