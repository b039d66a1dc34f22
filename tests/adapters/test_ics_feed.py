"""The calendar that a person subscribes to, and the file that is fetched once."""

from datetime import timedelta

from icalendar import Calendar

from tests.adapters.calendar_parts import NASTY, event, feed_event, vevents
from tests.calendar_client import parse
from vitale_core.adapters import ics


def test_a_feed_has_nobody_to_answer():
    part = ics.feed("Mijn training", [feed_event()], source_url="https://b.example/a.ics")

    calendar = parse(part)
    (vevent,) = vevents(part)
    assert "METHOD" not in calendar.names()
    assert not vevent.names() & {"ATTENDEE", "ORGANIZER"}
    assert calendar.one("NAME").text() == calendar.one("X-WR-CALNAME").text() == "Mijn training"
    assert calendar.one("REFRESH-INTERVAL").value == calendar.one("X-PUBLISHED-TTL").value == "PT4H"
    assert calendar.one("SOURCE").value == "https://b.example/a.ics"


def test_a_feed_does_not_depend_on_the_order_it_was_given():
    events = [feed_event(uid=f"{n}@b.example", end=event().end + timedelta(hours=n)) for n in range(5)]

    feeds = {ics.feed("x", order, source_url="https://b.example/a.ics") for order in (events, events[::-1])}

    assert len(feeds) == 1


def test_a_feed_of_nothing_is_a_calendar():
    part = ics.feed("Mijn training", [], source_url="https://b.example/a.ics")

    assert [component.name for component in parse(part).inner] == ["VTIMEZONE"]
    assert Calendar.from_ical(part).events == []


def test_a_feed_takes_a_name_and_an_address_of_any_length():
    part = ics.feed(NASTY * 5 + "\r\nX:1", [], source_url="https://b.example/agenda/" + "a" * 90 + ".ics")

    calendar = parse(part)
    assert calendar.one("NAME").text() == NASTY * 5 + " X:1"
    assert calendar.one("SOURCE").value == "https://b.example/agenda/" + "a" * 90 + ".ics"


def test_a_cancelled_session_stays_in_the_feed_and_leaves_the_download():
    cancelled = feed_event(cancelled=True, sequence=1)

    (in_feed,) = vevents(ics.feed("x", [cancelled], source_url="https://b.example/a.ics"))

    assert in_feed.one("STATUS").value == "CANCELLED"
    assert in_feed.one("TRANSP").value == "TRANSPARENT"
    assert vevents(ics.download([cancelled])) == []
