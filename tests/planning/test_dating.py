"""Dates proposed around holidays, school holidays and the trainer's own calendar; scored and explained."""

from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from vitale_core.adapters import programmes
from vitale_core.adapters.calendar_nl import public_holidays, school_holidays
from vitale_core.domain import worktime
from vitale_core.domain.programme_document import read
from vitale_core.planning.dating import Busy, DateQuestion, propose

TEMPLATES = Path(__file__).parents[2] / "templates"
SHORT = Path(__file__).parents[1] / "programmes" / "kort.yaml"


@cache
def programme():
    return read(programmes.load(TEMPLATES / "programmes", "overheidsparticipatie"))


def question(first, last, **facts):
    known = {"holidays": public_holidays(), "school_holidays": school_holidays(TEMPLATES / "schoolvakanties.yaml")}
    return DateQuestion(**{"programme": programme(), "first": first, "last": last} | known | facts)


def on(day, clock):
    return worktime.wall_clock(day, datetime.strptime(clock, "%H:%M").time())


def test_the_best_set_is_a_tuesday_or_thursday_without_any_holiday_at_the_best_distances():
    best = propose(question(date(2027, 2, 1), date(2027, 3, 31)))[0]

    assert (best.score, best.costs) == (0, ())
    assert {day.weekday() for day in best.days.values()} <= {1, 3}
    assert best.days["day2"] - best.days["day1"] == timedelta(weeks=5)
    assert best.days["terugkomdag"] - best.days["day2"] == timedelta(weeks=10)
    assert best.window is not None
    assert best.days["day1"] < best.window[0] < best.window[1] < best.days["day2"]
    assert best.merits[0] == "5 weken tussen day1 en day2"


def test_no_set_has_a_day_on_which_nobody_works_or_in_the_last_week_of_the_year():
    for one in propose(question(date(2026, 11, 1), date(2027, 10, 31)), count=20):
        for day in one.days.values():
            assert worktime.is_working_day(day, public_holidays())
            assert not (day.month == 12 and day.day >= 24)


def test_first_days_lie_apart_and_the_answer_is_the_same_every_time():
    asked = question(date(2027, 2, 1), date(2027, 4, 30))

    found = propose(asked, count=8)

    firsts = sorted(one.days["day1"] for one in found)
    assert all((later - earlier).days >= 5 for earlier, later in pairwise(firsts))
    assert [one.score for one in found] == sorted(one.score for one in found)
    assert found == propose(asked, count=8)


def test_the_school_holidays_of_the_own_region_weigh_most_and_are_named():
    day = date(2027, 2, 16)  # the voorjaarsvakantie of zuid alone
    north, south = (propose(question(day, day, region=region))[0] for region in ("noord", "zuid"))

    assert [c.why for c in north.costs if c.points == 3] == [
        "dinsdag 16 februari 2027: voorjaarsvakantie 2026-2027, regio Zuid"
    ]
    assert south.score > north.score


def test_a_trainer_who_is_busy_at_that_hour_makes_a_day_impossible():
    day = date(2027, 3, 18)
    hours = [Busy(on(day, "15:00"), on(day, "17:00"))]
    evening = [Busy(on(day, "19:00"), on(day, "20:00"))]

    assert propose(question(day, day, busy=hours)) == []
    (late,) = propose(question(day, day, busy=evening))
    assert any("de trainer heeft die dag ook iets anders" in cost.why for cost in late.costs)


def test_a_whole_day_off_ends_at_midnight():
    day = date(2027, 3, 17)
    off = [Busy(on(day, "00:00"), on(day + timedelta(days=1), "00:00"))]

    (found,) = propose(question(day + timedelta(days=1), day + timedelta(days=1), busy=off))

    assert not any("trainer" in cost.why for cost in found.costs)


def test_a_bridging_day_and_an_unusual_distance_cost_points():
    friday = date(2027, 5, 7)  # the day after Ascension Day
    busy = [
        Busy(on(friday + timedelta(days=n), "09:00"), on(friday + timedelta(days=n), "17:00")) for n in range(1, 45)
    ]

    (found,) = propose(question(friday, friday, busy=busy))

    whys = [cost.why for cost in found.costs]
    assert "vrijdag 7 mei 2027: een brugdag" in whys
    assert any("weken tussen day1 en day2; 5 is het best" in why for why in whys)


def test_holidays_that_are_not_published_yet_are_told():
    day = date(2027, 10, 5)

    (found,) = propose(question(day, day))

    assert any("de schoolvakanties zijn nog niet bekend" in cost.why for cost in found.costs)


def test_little_room_for_visits_costs_points():
    bare = {
        day: "vrij" for day in (date(2027, 3, 1) + timedelta(days=n) for n in range(60)) if day.weekday() not in {1, 3}
    }

    (found,) = propose(question(date(2027, 3, 2), date(2027, 3, 2), holidays=bare, school_holidays={}))

    assert any("werkdagen voor de werkbezoeken" in cost.why for cost in found.costs)


def test_a_terugkomdag_that_fits_nowhere_gets_its_date_by_a_poll():
    day = date(2027, 3, 2)
    away = [Busy(on(date(2027, 5, 20), "00:00"), on(date(2027, 9, 30), "00:00"))]

    (found,) = propose(question(day, day, busy=away))

    assert "terugkomdag" not in found.days
    assert "terugkomdag krijgt later een datum, met een prikker" in found.merits


def test_when_no_second_day_is_possible_there_is_no_set():
    day = date(2027, 3, 2)
    away = [Busy(on(date(2027, 3, 10), "00:00"), on(date(2027, 9, 30), "00:00"))]

    assert propose(question(day, day, busy=away)) == []


def test_a_programme_without_visits_and_with_two_terugkomdagen_gets_its_own_sets():
    short = read(yaml.safe_load(SHORT.read_text(encoding="utf-8")))

    (found,) = propose(question(date(2027, 3, 2), date(2027, 3, 2), programme=short))

    assert list(found.days) == list(short.days)
    assert found.window is None
    assert sorted(found.days.values()) == list(found.days.values())


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_sets_come_back_as_were_asked(count):
    assert len(propose(question(date(2027, 2, 1), date(2027, 4, 30)), count=count)) == count
