"""The right hour in every calendar, from every machine."""

import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.adapters.calendar_parts import (
    AMSTERDAM,
    NASTY,
    event,
    feed_event,
    only_entry,
    vevents,
)
from vitale_core.adapters import ics

# Both nights of 2027: 28 March 02:00 -> 03:00, 31 October 03:00 -> 02:00.
NIGHTS = [datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2027, 10, 31, 1, 0, tzinfo=UTC)]


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("minutes", [*range(-180, 181, 15), -1, 1, 7 * 24 * 60, -7 * 24 * 60])
def test_the_hour_is_right_on_both_sides_of_both_nights(night, minutes):
    start = night + timedelta(minutes=minutes)

    entry = only_entry(event(start=start, end=start + timedelta(minutes=90)))

    assert entry.start_utc == start
    assert entry.end_utc == start + timedelta(minutes=90)


@pytest.mark.parametrize("night", NIGHTS)
def test_a_day_before_and_after_the_night_begins_at_the_same_wall_clock(night):
    before, after = night.astimezone(AMSTERDAM) - timedelta(days=1), night.astimezone(AMSTERDAM) + timedelta(days=1)

    for day in (before, after):
        start = day.replace(hour=9, minute=30)
        part = ics.request(event(start=start, end=start + timedelta(hours=3)))
        line = vevents(part)[0].one("DTSTART")

        assert line.parameters == {"TZID": "Europe/Amsterdam"}
        assert line.value.endswith("T093000")


def test_the_hour_that_comes_twice_is_told_apart():
    first = datetime(2027, 10, 31, 2, 30, tzinfo=AMSTERDAM)
    second = first.replace(fold=1)

    starts = [
        vevents(ics.request(event(start=start, end=NIGHTS[1] + timedelta(hours=5))))[0].one("DTSTART")
        for start in (first, second)
    ]

    assert [start.value for start in starts] == ["20271031T003000Z", "20271031T013000Z"]


def test_a_session_may_end_before_it_starts_by_the_clock_on_the_wall():
    start = datetime(2027, 10, 31, 2, 30, tzinfo=AMSTERDAM)
    end = datetime(2027, 10, 31, 2, 15, fold=1, tzinfo=AMSTERDAM)

    entry = only_entry(event(start=start, end=end))

    assert entry.end_utc - entry.start_utc == timedelta(minutes=45)


def test_the_zone_in_a_calendar_is_the_zone_of_the_world():
    chance = random.Random(2027)
    base = datetime(1997, 1, 1, tzinfo=UTC)
    moments = [base + timedelta(minutes=chance.randrange(60 * 24 * 365 * 45)) for _ in range(100)]

    for moment in moments:
        entry = only_entry(event(start=moment, end=moment + timedelta(hours=1)))
        assert entry.start_utc == moment


@pytest.mark.parametrize("zone", [UTC, AMSTERDAM, ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")])
def test_one_moment_is_written_in_one_way(zone):
    moved = event(
        stamp=event().stamp.astimezone(zone),
        start=event().start.astimezone(zone),
        end=event().end.astimezone(zone),
    )

    assert ics.request(moved) == ics.request(event())


@pytest.mark.parametrize("name", ["stamp", "start", "end"])
@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=1))])
def test_a_moment_without_a_named_zone_is_refused(name, zone):
    with pytest.raises(ValueError, match=f"`{name}` needs UTC or a named zone"):
        event(**{name: datetime(2027, 3, 18, 12, 0, tzinfo=zone)})


def test_a_feed_refuses_a_moment_without_a_named_zone():
    with pytest.raises(ValueError, match="`changed`"):
        feed_event(changed=datetime(2027, 2, 1, 8, 0))


@pytest.mark.parametrize(
    "environment",
    [{"TZ": "Asia/Tokyo"}, {"LANG": "C", "LC_ALL": "C"}, {"PYTHONHASHSEED": "7"}],
)
def test_the_bytes_are_equal_on_every_machine(environment):
    script = (
        "import sys, time\n"
        "time.tzset()\n"
        "from tests.adapters import calendar_parts as t\n"
        "from vitale_core.adapters import ics\n"
        "nasty = t.event(summary=t.NASTY * 4, description='é' * 900)\n"
        "parts = [ics.request(nasty), ics.cancel(nasty), ics.download([t.feed_event()]),"
        " ics.feed(t.NASTY, [t.feed_event()], source_url='https://b.example/a.ics'),"
        " ics.content_hash(nasty).encode()]\n"
        "sys.stdout.buffer.write(b'|'.join(parts))"
    )
    nasty = event(summary=NASTY * 4, description="é" * 900)
    here = b"|".join(
        [
            ics.request(nasty),
            ics.cancel(nasty),
            ics.download([feed_event()]),
            ics.feed(NASTY, [feed_event()], source_url="https://b.example/a.ics"),
            ics.content_hash(nasty).encode(),
        ]
    )

    there = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
    )

    assert there.stdout == here
