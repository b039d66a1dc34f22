"""Working days, office hours and the wall clock, over both nights on which the clock is moved."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitale_core.adapters.calendar_nl import public_holidays
from vitale_core.domain import worktime
from vitale_core.domain.bureau import AMSTERDAM
from vitale_core.domain.errors import Refused

HOLIDAYS = public_holidays()
DAYS = st.dates(date(2026, 1, 1), date(2029, 12, 31))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "day,count,expected",
    [
        ("2027-03-18", 1, "2027-03-19"),
        ("2027-03-19", 1, "2027-03-22"),  # over a weekend
        ("2027-03-25", 1, "2027-03-30"),  # over Good Friday, the weekend and Easter Monday
        ("2027-03-30", -1, "2027-03-25"),
        ("2027-04-26", 1, "2027-04-28"),  # over the King's birthday
        ("2027-05-04", 1, "2027-05-07"),  # over 5 and 6 May: liberation, Ascension
        ("2027-12-24", 1, "2027-12-27"),  # Christmas falls in the weekend
        ("2027-03-20", 1, "2027-03-22"),  # from a Saturday
        ("2027-03-20", -1, "2027-03-19"),
        ("2027-03-20", 0, "2027-03-20"),
        ("2027-03-18", -14, "2027-02-26"),
    ],
)
def test_working_days_are_counted_around_weekends_and_dutch_holidays(day, count, expected):
    assert worktime.shift_working_days(date.fromisoformat(day), count, HOLIDAYS) == date.fromisoformat(expected)


@given(DAYS, st.integers(1, 30))
def test_counting_there_and_back_returns_to_the_same_working_day(day, count):
    day = worktime.nearest_working_day(day, HOLIDAYS, back=False)

    there = worktime.shift_working_days(day, count, HOLIDAYS)

    assert worktime.is_working_day(there, HOLIDAYS)
    assert worktime.shift_working_days(there, -count, HOLIDAYS) == day
    between = [day + timedelta(days=n) for n in range(1, (there - day).days + 1)]
    assert sum(worktime.is_working_day(d, HOLIDAYS) for d in between) == count


@given(DAYS, st.booleans())
def test_the_nearest_working_day_has_none_between(day, back):
    nearest = worktime.nearest_working_day(day, HOLIDAYS, back=back)

    first, last = sorted((day, nearest))
    assert worktime.is_working_day(nearest, HOLIDAYS)
    assert nearest <= day if back else nearest >= day
    skipped = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert [d for d in skipped if worktime.is_working_day(d, HOLIDAYS) and d != nearest] == []


@pytest.mark.parametrize(
    "day,clock,expected",
    [
        ("2027-03-26", "09:00", "2027-03-26T08:00"),  # winter
        ("2027-03-29", "09:00", "2027-03-29T07:00"),  # summer
        ("2027-03-28", "01:59", "2027-03-28T00:59"),
        ("2027-03-28", "03:00", "2027-03-28T01:00"),
        ("2027-10-29", "09:00", "2027-10-29T07:00"),
        ("2027-11-01", "09:00", "2027-11-01T08:00"),
        ("2027-10-31", "02:30", "2027-10-31T00:30"),  # comes twice: the first
    ],
)
def test_the_wall_clock_holds_over_both_nights(day, clock, expected):
    assert worktime.wall_clock(date.fromisoformat(day), time.fromisoformat(clock)) == utc(expected)


def test_a_time_that_spring_skips_is_refused_with_its_date():
    with pytest.raises(Refused) as refused:
        worktime.wall_clock(date(2027, 3, 28), time(2, 30))

    assert "zondag 28 maart 2027 om 02.30 uur bestaat niet" in refused.value.message
    assert refused.value.remedy


@given(DAYS, st.times(time(3), time(23, 59)).map(lambda t: t.replace(microsecond=0)))
def test_every_other_time_is_shown_by_the_clock(day, clock):
    moment = worktime.wall_clock(day, clock)

    assert moment.tzinfo is UTC
    assert worktime.local(moment).replace(tzinfo=None) == datetime.combine(day, clock)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1999, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_a_year_that_nobody_means_is_refused(day):
    with pytest.raises(Refused, match=f"Het jaar {day.year} kan niet"):
        worktime.wall_clock(day, time(0))


def test_another_zone_has_its_own_wall_clock():
    lisbon = ZoneInfo("Europe/Lisbon")

    moment = worktime.wall_clock(date(2027, 7, 1), time(9), lisbon)

    assert moment == utc("2027-07-01T08:00")
    assert worktime.moment_in_words(moment, lisbon) == "donderdag 1 juli 2027, 09.00 uur"


@pytest.mark.parametrize(
    "moment,opens",
    [
        ("2027-03-18T08:00", "2027-03-18T08:00"),  # 09.00 on a Thursday
        ("2027-03-18T07:00", "2027-03-18T07:00"),  # 08.00 sharp
        ("2027-03-18T06:59", "2027-03-18T07:00"),
        ("2027-03-18T16:59", "2027-03-18T16:59"),
        ("2027-03-18T17:00", "2027-03-19T07:00"),  # 18.00 sharp: tomorrow
        ("2027-03-19T20:00", "2027-03-22T07:00"),  # Friday evening
        ("2027-03-20T05:00", "2027-03-22T07:00"),  # early on Saturday
        ("2027-03-25T22:00", "2027-03-30T06:00"),  # before Easter, and into summer time
    ],
)
def test_mail_waits_for_office_hours(moment, opens):
    assert worktime.next_office_moment(utc(moment), HOLIDAYS) == utc(opens)


@given(MOMENTS)
def test_the_next_office_moment_is_one_and_there_is_none_before(moment):
    opens = worktime.next_office_moment(moment, HOLIDAYS)

    assert opens >= moment
    assert worktime.in_office_hours(opens, HOLIDAYS)
    if opens > moment:
        assert worktime.local(opens).time() == worktime.OFFICE_OPENS
        assert not worktime.in_office_hours(moment, HOLIDAYS)
        assert worktime.next_office_moment(opens - timedelta(seconds=1), HOLIDAYS) == opens


def test_dates_are_written_as_people_say_them():
    moment = datetime(2027, 3, 18, 9, 30, tzinfo=timezone(timedelta(hours=1)))

    assert worktime.moment_in_words(moment) == "donderdag 18 maart 2027, 09.30 uur"
    assert worktime.in_words(date(2027, 3, 18)) == "donderdag 18 maart 2027"
    assert worktime.in_words(date(2027, 3, 18), weekday=False) == "18 maart 2027"
    assert worktime.in_words(date(2027, 3, 18), year=False) == "donderdag 18 maart"


def test_the_clock_of_the_machine_is_far_away():
    assert worktime.local(utc("2027-01-01T00:00")).utcoffset() == timedelta(hours=1)
    assert AMSTERDAM.key == "Europe/Amsterdam"
