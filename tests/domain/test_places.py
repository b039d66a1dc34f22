"""Travel between Dutch places: good enough to compare plans."""

import pytest

from vitale_core.domain import places


@pytest.mark.parametrize(
    "origin,destination,by_car",
    [("Assen", "Groningen", 30), ("Leeuwarden", "Enschede", 115), ("Assen", "Utrecht", 115), ("Emmen", "Meppel", 50)],
)
def test_an_estimate_is_near_what_a_route_planner_says(origin, destination, by_car):
    estimate = places.minutes(origin, destination)

    assert estimate is not None
    assert abs(estimate - by_car) <= 15


def test_the_way_back_is_as_long():
    assert places.minutes("Assen", "Zwolle") == places.minutes("Zwolle", "Assen")


def test_within_a_town_one_still_travels():
    assert places.minutes("Assen", "assen") == places.DOOR_TO_DOOR


@pytest.mark.parametrize(
    "written", ["s-Hertogenbosch", "’s-Hertogenbosch", "Den Bosch", " den  bosch ", "DEN BOSCH (NB)"]
)
def test_people_write_a_place_in_many_ways(written):
    found = places.find(written)

    assert found is not None
    assert found.province == "Noord-Brabant"


def test_a_municipality_stands_for_its_main_town():
    assert places.find("Tynaarlo") == places.find("Vries")


def test_an_unknown_place_gives_no_minutes():
    assert places.minutes("Nergenshuizen", "Assen") is None
    assert places.minutes("", "") is None


def test_an_unknown_place_is_near_itself():
    assert places.minutes("Nergenshuizen", "nergenshuizen") == places.DOOR_TO_DOOR


def test_every_place_lies_in_the_netherlands_within_its_province():
    known = {places.find(name) for name in [*places._OTHER_NAMES.values(), "Assen", "Hulst", "Kerkrade", "Den Helder"]}

    assert all(place and 50.7 < place.north < 53.6 and 3.3 < place.east < 7.3 for place in places._BY_KEY.values())
    assert None not in known
    assert len({place.name for place in places._BY_KEY.values()}) >= 150
