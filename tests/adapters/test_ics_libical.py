"""libical reads our calendars: the library of Evolution and KDE, with the tables of RFC 5546 built in."""

from collections.abc import Callable
from ctypes import CDLL, Structure, c_char_p, c_int, c_int64, c_void_p
from ctypes.util import find_library
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.adapters.calendar_parts import NASTY, event, feed_event
from tests.machine import require
from vitale_core.adapters import ics


class IcalTime(Structure):
    """`struct icaltimetype` of libical 3."""

    _fields_ = (
        *((name, c_int) for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "is_daylight")),
        ("zone", c_void_p),
    )


@dataclass
class Reading:
    """What libical found."""

    errors: int
    obeys_rfc_5546: bool
    start: datetime
    end: datetime
    summary: str
    location: str
    description: str


@pytest.fixture(scope="module")
def libical() -> Callable[[bytes], Reading]:
    require("libical")
    library: Any = CDLL(find_library("ical"))
    for name in (
        "icalparser_parse_string",
        "icalcomponent_get_first_real_component",
        "icalcomponent_count_errors",
        "icalrestriction_check",
        "icalcomponent_free",
        "icalcomponent_get_summary",
        "icalcomponent_get_location",
        "icalcomponent_get_description",
        "icalcomponent_get_dtstart",
        "icalcomponent_get_dtend",
    ):
        function = getattr(library, name)
        function.argtypes = [c_char_p] if name.startswith("icalparser") else [c_void_p]
        function.restype = c_void_p
    for name in ("icalcomponent_get_summary", "icalcomponent_get_location", "icalcomponent_get_description"):
        getattr(library, name).restype = c_char_p
    library.icalcomponent_count_errors.restype = library.icalrestriction_check.restype = c_int
    library.icalcomponent_get_dtstart.restype = library.icalcomponent_get_dtend.restype = IcalTime
    library.icaltime_as_timet_with_zone.argtypes = [IcalTime, c_void_p]
    library.icaltime_as_timet_with_zone.restype = c_int64

    def moment(found: IcalTime) -> datetime:
        return datetime.fromtimestamp(library.icaltime_as_timet_with_zone(found, found.zone), UTC)

    def read(part: bytes) -> Reading:
        calendar = library.icalparser_parse_string(part)
        assert calendar, "libical sees no calendar"
        obeys = bool(library.icalrestriction_check(calendar))
        inner = library.icalcomponent_get_first_real_component(calendar)
        reading = Reading(
            errors=library.icalcomponent_count_errors(calendar),
            obeys_rfc_5546=obeys,
            start=moment(library.icalcomponent_get_dtstart(inner)),
            end=moment(library.icalcomponent_get_dtend(inner)),
            summary=library.icalcomponent_get_summary(inner).decode(),
            location=(library.icalcomponent_get_location(inner) or b"").decode(),
            description=(library.icalcomponent_get_description(inner) or b"").decode(),
        )
        library.icalcomponent_free(calendar)
        return reading

    return read


PARTS = {
    "request": ics.request(event()),
    "cancel": ics.cancel(event(sequence=1)),
    "reply": ics.reply(ics.request(event()), "ACCEPTED", now=datetime(2027, 2, 2, 10, tzinfo=UTC), comment="Graag"),
    "feed": ics.feed("Mijn training", [feed_event()], source_url="https://b.example/a.ics"),
    "download": ics.download([feed_event()]),
}


@pytest.mark.parametrize("name", PARTS)
def test_libical_finds_no_fault(libical, name):
    reading = libical(PARTS[name])

    assert reading.errors == 0
    assert reading.obeys_rfc_5546
    assert reading.start == datetime(2027, 3, 18, 8, 30, tzinfo=UTC)
    assert reading.end == datetime(2027, 3, 18, 15, 0, tzinfo=UTC)


def test_libical_would_find_a_fault(libical):
    broken = ics.request(event()).replace(b"SUMMARY:", b"X-SUMMARY:")

    assert not libical(broken.replace(b"END:VEVENT", b"SUMMARY:a\r\nSUMMARY:b\r\nEND:VEVENT")).obeys_rfc_5546


@pytest.mark.parametrize("text", [NASTY, "S:\\Notulen, \\n; \"a\" 'b'", "é" * 200, "👩🏽‍🏫" * 30])
def test_libical_reads_every_text_as_it_was(libical, text):
    reading = libical(ics.request(event(summary=text, location=text, description=f"{text}\n{text}")))

    assert reading.errors == 0
    assert reading.summary == reading.location == text
    assert reading.description == f"{text}\n{text}"


@pytest.mark.parametrize("night", [datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2027, 10, 31, 1, 0, tzinfo=UTC)])
def test_libical_computes_the_right_hour_around_both_nights(libical, night):
    for minutes in range(-1440, 1441, 30):
        start = night + timedelta(minutes=minutes)

        reading = libical(ics.request(event(start=start, end=start + timedelta(hours=1))))

        assert (reading.start, reading.end) == (start, start + timedelta(hours=1))
