"""A trainer's own calendar: an .ics file, or the address of a feed; only when somebody is busy is taken from it.

What comes in is never kept: it is read when dates are proposed. Repetitions with their exceptions are worked out by
recurring-ical-events (RFC 5545 3.8.5).
"""

import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urlsplit

import recurring_ical_events
from icalendar import Calendar

from vitale_core.domain import worktime
from vitale_core.domain.errors import Refused, TemporaryFailure

LARGEST = 5 * 1024 * 1024  # octets; a calendar of ten full years is one megabyte
SECONDS = 15
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


def read(source: str, *, first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Return when the owner is busy on these days, in UTC and in order.

    `source` is a path, or an address that begins with https://, webcal:// or, on this machine, http://. Raises
    Refused for what is no calendar, TemporaryFailure when an address does not answer.
    """
    content = _fetched(source) if "://" in source else _opened(source)
    try:
        calendar = Calendar.from_ical(content)
        _check_rules(calendar)
        query = recurring_ical_events.of(calendar, components=["VEVENT"])
        found = query.between(first, last + timedelta(days=1))
        busy = sorted(_busy(found))
    except _MALFORMED:
        raise Refused(
            "Dit is geen agenda die we kunnen lezen.", remedy="Geef een .ics-bestand, of het adres van een agenda."
        ) from None
    return busy


def _check_rules(calendar: Any) -> None:  # noqa: ANN401 - icalendar's Component
    """Raise ValueError for what happens every minute or second: nobody's agenda, and a year of it fills the memory."""
    for event in calendar.walk("VEVENT"):
        rules = event.get("RRULE", [])
        for rule in rules if isinstance(rules, list) else [rules]:
            if {str(word).upper() for word in rule.get("FREQ", ())} & {"SECONDLY", "MINUTELY"}:
                raise ValueError("too often")


def _busy(events: list[Any]) -> Iterator[tuple[datetime, datetime]]:
    for event in events:
        said = {str(event.get(name, "")).upper() for name in ("TRANSP", "STATUS")}
        if said & {"TRANSPARENT", "CANCELLED"}:
            continue
        start, end = _moment(event["DTSTART"].dt), _moment(event["DTEND"].dt)
        if end > start:
            yield start, end


def _moment(value: date | datetime) -> datetime:
    """Return a moment in UTC. A whole day and a time without a zone are those of the Netherlands."""
    if not isinstance(value, datetime):
        return worktime.wall_clock(value, time())
    return value.astimezone(UTC) if value.tzinfo else worktime.wall_clock(value.date(), value.time())


def _opened(source: str) -> bytes:
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > LARGEST:
            raise Refused(f"{path.name} is groter dan {LARGEST // 1024 // 1024} MB.")
        return path.read_bytes()
    except OSError:
        raise Refused(f"{path.name} is niet te openen.", remedy="Kijk naar de naam en de rechten.") from None


def _fetched(source: str) -> bytes:
    address = source.replace("webcal://", "https://", 1)
    _check_safe(address)
    try:
        request = urllib.request.Request(address, headers={"User-Agent": "Vitale"})  # noqa: S310 - looked at above
        with urllib.request.build_opener(_Onward).open(request, timeout=SECONDS) as answer:
            content: bytes = answer.read(LARGEST + 1)
    except (URLError, HTTPException, TimeoutError, OSError, ValueError):
        # Its address is often the key to it, so it is in no message.
        raise TemporaryFailure("De agenda van de trainer is nu niet op te halen.") from None
    if len(content) > LARGEST:
        raise Refused(f"De agenda is groter dan {LARGEST // 1024 // 1024} MB.")
    return content


class _Onward(urllib.request.HTTPRedirectHandler):
    """Goes on to where an address points, if that is as safe: a key in it never travels in the open."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        _check_safe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_safe(address: str) -> None:
    """Refuse what is not https, but for this machine itself."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise Refused("Een agenda wordt alleen over https:// opgehaald.")
