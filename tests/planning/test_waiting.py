"""Who of the waiting list gets which cohort."""

import random
from itertools import product

import pytest

from vitale_core.planning import Room, Waiting, assign_waiting_list


def best_of_all(people, rooms, limit):
    """(who is placed, sum of preference places) by trying everything: most people, then earliest, then wishes."""
    best = None
    for choice in product([None, *range(len(rooms))], repeat=len(people)):
        if not allowed(people, rooms, choice, limit):
            continue
        placed = tuple(room is not None for room in choice)
        wishes = sum(
            person.cohorts.index(rooms[room].id)
            for person, room in zip(people, choice, strict=True)
            if room is not None and person.cohorts
        )
        rank = (-sum(placed), tuple(not one for one in placed), wishes)
        best = rank if best is None or rank < best else best
    return best


def allowed(people, rooms, choice, limit):
    for number, room in enumerate(rooms):
        here = [person for person, place in zip(people, choice, strict=True) if place == number]
        employers = [person.organisation for person in here if person.organisation]
        if len(here) > room.seats or any(person.cohorts and room.id not in person.cohorts for person in here):
            return False
        if any(employers.count(one) + room.present.get(one, 0) > limit for one in employers):
            return False
    return True


@pytest.mark.parametrize("seed", range(40))
def test_the_division_is_the_best_of_all(seed):
    rng = random.Random(seed)
    rooms = [Room(f"c{k}", rng.randint(0, 3), {"A": rng.randint(0, 2)}) for k in range(rng.randint(1, 3))]
    names = [room.id for room in rooms]
    people = [
        Waiting(f"w{k}", rng.choice(["", "A", "A", "B"]), tuple(rng.sample(names, rng.randint(0, len(names)))))
        for k in range(6)
    ]

    found = assign_waiting_list(people, rooms)

    choice = [names.index(one.cohort) if one.cohort else None for one in found]
    assert allowed(people, rooms, choice, 2)
    placed = tuple(not one.cohort for one in found)
    wishes = sum(
        person.cohorts.index(one.cohort)
        for person, one in zip(people, found, strict=True)
        if one.cohort and person.cohorts
    )
    assert (-sum(not one for one in placed), placed, wishes) == best_of_all(people, rooms, 2)


def test_everybody_hears_why():
    rooms = [Room("vol", 0), Room("open", 1, {"Assen": 2})]
    people = [
        Waiting("eerste", "Emmen", ("vol", "open")),
        Waiting("nergens", "", ("elders",)),
        Waiting("te laat", "Zwolle"),
        Waiting("vol", "Zwolle", ("vol",)),
        Waiting("te veel", "Assen", ("open",)),
    ]

    found = {one.person: one.reason for one in assign_waiting_list(people, rooms)}

    assert found == {
        "eerste": "geplaatst in 'open', keuze 2",
        "nergens": "geen cohort komt uit",
        "te laat": "de plekken gaan naar mensen die langer wachten",
        "vol": "alle cohorten die uitkomen zijn vol",
        "te veel": "er doen al 2 mensen van deze organisatie mee",
    }


def test_who_waits_longer_moves_over_rather_than_losing_a_seat():
    people = [Waiting("lang", "", ("c1", "c2")), Waiting("kort", "", ("c1",))]

    found = assign_waiting_list(people, [Room("c1", 1), Room("c2", 1)])

    assert [(one.person, one.cohort) for one in found] == [("lang", "c2"), ("kort", "c1")]


def test_three_hundred_people_and_twenty_cohorts_are_divided_alike_each_time():
    rng = random.Random(7)
    rooms = [Room(f"c{k}", 12) for k in range(20)]
    people = [
        Waiting(f"w{k}", f"org{rng.randint(0, 80)}", tuple(rng.sample([room.id for room in rooms], 4)))
        for k in range(300)
    ]

    found = assign_waiting_list(people, rooms)

    assert found == assign_waiting_list(people, rooms)
    assert sum(bool(one.cohort) for one in found) == 240
