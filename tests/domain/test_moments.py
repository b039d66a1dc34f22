"""Moments as a programme file writes them: "day1 - 10wd"."""

from datetime import UTC, datetime, timedelta

import pytest

from vitale_core.adapters.calendar_nl import public_holidays
from vitale_core.domain import moments, worktime
from vitale_core.domain.audiences import AUDIENCES
from vitale_core.domain.occasions import DEADLINES, SHARED

HOLIDAYS = public_holidays()
ANCHORS = {
    "day1": datetime(2027, 3, 18, 8, 30, tzinfo=UTC),  # Thursday 09.30
    "visit": datetime(2027, 4, 5, 11, 0, tzinfo=UTC),  # Monday after Easter Monday, 13.00 in summer time
    "sunday": datetime(2027, 3, 28, 10, 0, tzinfo=UTC),
}


def on(text: str) -> str | None:
    """Return the moment as the Dutch clock shows it."""
    moment = moments.parse(text).on(ANCHORS, HOLIDAYS)
    return None if moment is None else f"{worktime.local(moment):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    "text,shown",
    [
        ("day1", "2027-03-18 09:30"),
        ("day1 - 10wd", "2027-03-04 09:00"),
        ("day1 + 1wd", "2027-03-19 09:00"),
        ("day1 - 2h", "2027-03-18 07:30"),
        ("day1 + 45min", "2027-03-18 10:15"),
        ("day1 - 3wd 08:00", "2027-03-15 08:00"),
        ("day1 08:15", "2027-03-18 08:15"),
        ("day1+6wd", "2027-03-30 09:00"),  # Good Friday and Easter Monday are no working days
        ("day1 + 14d", "2027-04-01 09:00"),
        ("day1 + 9d", "2027-03-30 09:00"),  # a Saturday: the first day after Easter
        ("visit - 7d", "2027-03-25 09:00"),  # Easter Monday: the last day before Easter
        ("visit - 2wd", "2027-04-01 09:00"),
        ("sunday", "2027-03-28 12:00"),
        ("  day1   -   2wd   17:30  ", "2027-03-16 17:30"),
        ("elsewhere", None),
        ("elsewhere - 2wd", None),
    ],
)
def test_a_moment_counts_from_its_anchor(text, shown):
    assert on(text) == shown


@pytest.mark.parametrize("anchor,day", [("2027-03-26", "before"), ("2027-03-30", "after")])
@pytest.mark.parametrize("unit", ["wd", "d"])
def test_nine_o_clock_stays_nine_o_clock_when_the_clock_is_moved(anchor, day, unit):
    start = datetime.fromisoformat(f"{anchor}T08:00").replace(tzinfo=UTC)

    counted = [
        moments.parse(f"x {sign} {count}{unit}").on({"x": start}, frozenset())
        for sign in "+-"
        for count in range(1, 15)
    ]

    assert {f"{worktime.local(moment):%H:%M:%S}" for moment in counted if moment} == {"09:00:00"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "day 1",
        "day1 -",
        "day1 - wd",
        "day1 * 2wd",
        "day1 - 2 weken",
        "Day1",
        "day1 - 1000wd",
        "day1 - 2wd 8:00",
        "day1 - 2wd 24:00",
        "day1 - 2wd 09:60",
        "day1 - 2wd 02:30",  # on one night a year this does not exist
        "day1 - 2h 08:00",
        "day1\n- 2wd\n; drop table",
    ],
)
def test_what_is_no_moment_is_refused_in_dutch(text):
    with pytest.raises(ValueError, match=r"is geen|hoort er geen"):
        moments.parse(text)


@pytest.mark.parametrize(
    "text,words",
    [
        ("day1", "bij dag 1"),
        ("day3 08:00", "bij day3"),
        ("confirmed + 5wd", "5 werkdagen na de plaatsing"),
        ("visit - 7d", "7 dagen voor het werkbezoek"),
        ("day - 2h", "2 uur voor de dag"),
        ("day + 30min", "30 minuten na de dag"),
    ],
)
def test_a_moment_can_be_said_in_dutch(text, words):
    assert moments.parse(text).in_words() == words


def test_hours_are_hours_also_when_the_clock_is_moved():
    monday = datetime(2027, 3, 29, 6, 0, tzinfo=UTC)

    assert moments.parse("x - 48h").on({"x": monday}, HOLIDAYS) == monday - timedelta(hours=48)


def test_every_moment_that_a_rule_can_count_from_has_a_dutch_name():
    """But for the days, which a programme names itself."""
    known = SHARED | DEADLINES | frozenset().union(*(audience.anchors for audience in AUDIENCES.values()))

    said = {name: moments.parse(f"{name} + 2d").in_words() for name in sorted(known)}

    assert {name for name, words in said.items() if words == f"2 dagen na {name}"} == set()
