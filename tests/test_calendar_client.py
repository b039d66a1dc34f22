"""The calendar client that judges our mails is strict itself."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tests.adapters.calendar_parts import PIET, event, letter, received
from tests.calendar_client import Client, Malformed
from vitale_core.adapters import ics


@pytest.mark.parametrize(
    "old, new",
    [
        (b"METHOD:REQUEST", b"METHOD:CANCEL"),
        (b"RSVP=TRUE", b"RSVP=FALSE"),
        (b"PARTSTAT=NEEDS-ACTION", b"PARTSTAT=ACCEPTED"),
        (b"BEGIN:VEVENT", b"BEGIN:VEVENT\r\nATTENDEE:mailto:k@b.example"),
        (b"END:VEVENT\r\n", b"END:VEVENT\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n"),
        (b"TZID:Europe/Amsterdam", b"TZID:Europe/Brussels"),
        (b";TZID=Europe/Amsterdam", b""),
        (b"DTSTART:19700329T020000", b"DTSTART:19700329T030000\r\nRDATE:20270328T030000"),
        (b"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n", b""),
        (b"\r\n", b"\n"),
        (b"\r\n ", b""),
        (b"Utrecht", b"Utrecht, Nederland"),
        (b"planning@bureau.example", b"iemand@bureau.example"),
        (b"mailto:p.jansen@gemeente.example", b"mailto:k@gemeente.example"),
        (b"STATUS:CONFIRMED", b"STATUS:CANCELLED"),
        (b"SEQUENCE:0", b"SEQUENCE:x"),
        (b"DTSTAMP:20270201T080000Z", b"DTSTAMP:20270201T080000"),
        (b"UID:7f3c", b"UID:p.jansen@gemeente.example-7f3c"),
        (b"VERSION:2.0", b"VERSION:2.0\r\nUID:random"),
        (b"END:VEVENT", b"BEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT"),
    ],
)
def test_the_client_refuses_what_some_calendar_misreads(old, new):
    part = ics.request(event())
    assert old in part

    with pytest.raises(Malformed):
        received(("REQUEST", part.replace(old, new)))


def test_the_client_refuses_a_change_without_a_new_sequence():
    moved = event(location="Elders", stamp=datetime(2027, 2, 2, tzinfo=UTC))

    for order in (1, -1):
        with pytest.raises(Malformed, match="SEQUENCE did not"):
            received(*[("REQUEST", ics.request(one)) for one in (event(), moved)][::order])


def test_the_client_refuses_an_appointment_that_comes_back_under_its_old_uid():
    gone = replace(event(), sequence=1, stamp=datetime(2027, 2, 2, tzinfo=UTC))
    back = replace(event(), sequence=2, stamp=datetime(2027, 2, 3, tzinfo=UTC))

    with pytest.raises(Malformed, match="came back"):
        received(("REQUEST", ics.request(event())), ("CANCEL", ics.cancel(gone)), ("REQUEST", ics.request(back)))


def test_the_client_leaves_ordinary_mail_alone():
    message = EmailMessage()
    message["To"] = PIET
    message.set_content("Tot morgen")

    assert not Client(PIET).receive(message.as_bytes())


def test_the_client_refuses_mail_for_somebody_else():
    with pytest.raises(Malformed):
        Client("k@b.example").receive(letter(ics.request(event())))
