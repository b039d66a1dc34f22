"""Dates that make no sense are refused with both dates in the message; holidays only warn."""

import re
from datetime import UTC, date, datetime

import pytest

from vitale_core.adapters.calendar_nl import public_holidays
from vitale_core.domain import dates
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import NeedsApproval, Refused, TemporaryFailure, Uncertain, VitaleError

BUREAU = Bureau(
    holidays=public_holidays(),
    school_holidays={
        "noord": (
            (date(2027, 2, 20), date(2027, 2, 28), "voorjaarsvakantie"),
            (date(2028, 7, 15), date(2028, 8, 27), "zomervakantie"),
        )
    },
)


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2027, 4, day, hour, tzinfo=UTC)


def test_days_in_order_pass():
    dates.check_order([("day1", date(2027, 3, 18)), ("day2", date(2027, 4, 22)), ("terugkomdag", date(2027, 6, 24))])


@pytest.mark.parametrize("second", [date(2027, 3, 17), date(2027, 3, 18)])
def test_a_day_that_does_not_follow_is_refused_with_both_dates(second):
    with pytest.raises(Refused, match=r"day2 \(.*maart 2027\) ligt niet na day1 \(donderdag 18 maart 2027\)"):
        dates.check_order([("day1", date(2027, 3, 18)), ("day2", second)])


@pytest.mark.parametrize("end", [at(8, 8), at(8, 9)])
def test_an_end_before_the_start_is_refused_with_both_moments(end):
    with pytest.raises(Refused, match=r"einde \(donderdag 8 april 2027, 1[01]\.00 uur\).*donderdag 8 april 2027, 11"):
        dates.check_span(at(8), end)


def test_a_span_that_ends_after_it_starts_passes():
    dates.check_span(at(8), at(8, 10))


@pytest.mark.parametrize(
    "first,last",
    [(at(7), at(9)), (at(8, 20), at(8, 1)), (None, at(8)), (at(8), None), (None, None)],
)
def test_a_moment_within_its_window_passes(first, last):
    dates.check_window("het bezoek", at(8), first, last)


@pytest.mark.parametrize(
    "moment,edge",
    [(at(6), "voor woensdag 7 april 2027"), (at(10), "na vrijdag 9 april 2027")],
)
def test_a_moment_outside_its_window_is_refused_with_both_dates(moment, edge):
    with pytest.raises(Refused, match=f"het bezoek op .* ligt {edge}"):
        dates.check_window("het bezoek", moment, at(7), at(9))


def test_the_day_of_a_window_is_that_of_the_dutch_clock():
    just_after_midnight = datetime(2027, 4, 9, 22, 30, tzinfo=UTC)  # 00.30 on the tenth

    with pytest.raises(Refused, match=r"zaterdag 10 april 2027, 00\.30 uur ligt na vrijdag 9 april 2027"):
        dates.check_window("het bezoek", just_after_midnight, at(7), at(9))


@pytest.mark.parametrize(
    "day,warning",
    [
        (date(2027, 3, 26), "is Goede vrijdag"),
        (date(2027, 5, 5), "is Bevrijdingsdag"),
        (date(2027, 3, 20), "valt in het weekend"),
        (date(2027, 12, 29), "valt tussen 24 en 31 december"),
        (date(2027, 2, 24), r"valt in de voorjaarsvakantie \(regio Noord\)"),
    ],
)
def test_an_unlucky_date_is_only_warned_of(day, warning):
    (told,) = dates.warnings({"day1": day}, BUREAU)

    assert re.search(warning, told)


def test_an_ordinary_date_gives_no_warning():
    assert list(dates.warnings({"day1": date(2027, 3, 18)}, BUREAU)) == []


def test_a_bad_date_gives_every_warning():
    assert len(list(dates.warnings({"day1": date(2027, 12, 25)}, BUREAU))) == 3


def test_a_date_beyond_the_known_school_holidays_is_warned_of():
    (told,) = dates.warnings({"day1": date(2028, 9, 14)}, BUREAU)

    assert "schoolvakanties na 27 augustus 2028" in told


def test_without_school_holidays_nothing_is_said_of_them():
    assert list(dates.warnings({"day1": date(2028, 9, 14)}, Bureau())) == []


def test_errors_are_sorted_by_who_must_act():
    problem = NeedsApproval("Dit kan pas na goedkeuring.", remedy="vitale groups approve")

    assert isinstance(problem, Refused)
    assert (str(problem), problem.remedy) == ("Dit kan pas na goedkeuring.", "vitale groups approve")
    assert not issubclass(TemporaryFailure, Refused)
    assert not issubclass(Uncertain, Refused)
    assert {TemporaryFailure.__base__, Uncertain.__base__, Refused.__base__} == {VitaleError}
