"""Builders of calendar parts, and the mail around them."""

from base64 import encodebytes
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.calendar_client import Client, Component, parse
from vitale_core.adapters import ics

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PIET = "p.jansen@gemeente.example"
BUREAU = "planning@bureau.example"
NASTY = "Café 't Hoekje, zaal 3; 1e verdieping"


def event(**changes: Any) -> ics.CalendarEvent:
    values: dict[str, Any] = {
        "uid": "7f3c1d90b5ae4c2f@agenda.bureau.example",
        "sequence": 0,
        "stamp": datetime(2027, 2, 1, 8, 0, tzinfo=UTC),
        "start": datetime(2027, 3, 18, 9, 30, tzinfo=AMSTERDAM),
        "end": datetime(2027, 3, 18, 16, 0, tzinfo=AMSTERDAM),
        "summary": "Dagdeel 1 en 2: Kijk anders naar participatie",
        "location": "De Werkplaats, Stationsplein 45, 3511 ED Utrecht",
        "description": "Neem je eigen casus mee.\n\nJouw pagina: https://training.bureau.example/m/voorbeeld\n",
        "organizer_name": "Bureau Voorbeeld",
        "organizer_address": BUREAU,
        "attendee_name": "Piet Jansen",
        "attendee_address": PIET,
    }
    return ics.CalendarEvent(**(values | changes))


def feed_event(**changes: Any) -> ics.FeedEvent:
    values: dict[str, Any] = {
        "uid": "f-7f3c1d90b5ae4c2f@agenda.bureau.example",
        "start": datetime(2027, 3, 18, 9, 30, tzinfo=AMSTERDAM),
        "end": datetime(2027, 3, 18, 16, 0, tzinfo=AMSTERDAM),
        "summary": "Dagdeel 1 en 2: Kijk anders naar participatie",
        "location": "De Werkplaats, Stationsplein 45, 3511 ED Utrecht",
        "description": "Neem je eigen casus mee.",
        "changed": datetime(2027, 2, 1, 8, 0, tzinfo=UTC),
    }
    return ics.FeedEvent(**(values | changes))


def letter(part: bytes, *, method: str = "REQUEST", to: str = PIET, sender: str = BUREAU) -> bytes:
    """Return the mail around a calendar part: written out, for thousands of histories are told with it."""
    body = encodebytes(part).replace(b"\n", b"\r\n").decode()
    lines = [
        *(f"From: Bureau Voorbeeld <{sender}>", f"To: {to}", "Subject: Uitnodiging", "Auto-Submitted: auto-generated"),
        *("MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="m"', "", "--m"),
        *('Content-Type: multipart/alternative; boundary="a"', ""),
        *("--a", 'Content-Type: text/plain; charset="utf-8"', "", "Je bent uitgenodigd."),
        *("--a", 'Content-Type: text/html; charset="utf-8"', "", "<p>Je bent uitgenodigd.</p>"),
        *("--a", f'Content-Type: text/calendar; charset="utf-8"; method="{method}"'),
        *("Content-Transfer-Encoding: base64", "", body, "--a--"),
        *("--m", "Content-Type: application/ics", 'Content-Disposition: attachment; filename="invite.ics"'),
        *("Content-Transfer-Encoding: base64", "", body, "--m--", ""),
    ]
    return "\r\n".join(lines).encode("ascii")


def received(*parts: tuple[str, bytes]) -> Client:
    client = Client(PIET)
    for method, part in parts:
        client.receive(letter(part, method=method))
    return client


def vevents(part: bytes) -> list[Component]:
    return [component for component in parse(part).inner if component.name == "VEVENT"]


def only_entry(invitation: ics.CalendarEvent):
    (entry,) = received(("REQUEST", ics.request(invitation))).visible().values()
    return entry
