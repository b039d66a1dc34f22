"""Calendar parts: the invitation of one person, the personal feed, the download.

An invitation is one VCALENDAR with one VEVENT for one attendee (iTIP, RFC 5546; carried by mail, RFC 6047).
Times are written as wall clock of Europe/Amsterdam with a VTIMEZONE of yearly rules, as Outlook needs it.
The library writes every line; what is the same in each calendar (VTIMEZONE and all) is written once and kept.
Same values in, same bytes out: nothing here reads a clock, a locale or the time zone of the machine.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vDatetime, vDuration, vInt, vText, vUri

ZONE = "Europe/Amsterdam"
PRODID = "-//Vitale//Opleidingsagenda//NL"
DESCRIPTION_OCTETS = 4000  # some clients drop a longer one; the letter around the calendar part says it all
ADDRESS_OCTETS = 254  # RFC 5321 4.5.3.1.3, without its angle brackets
LINE_OCTETS = 75  # without its line break; RFC 5545 3.1
REFRESH = timedelta(hours=4)

# Written by hand: the library's own generator lists dates instead of yearly rules, and lets summer time begin
# an hour late. A test holds these rules to the tz database, on both sides of every switch.
VTIMEZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Amsterdam
X-LIC-LOCATION:Europe/Amsterdam
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""

# An address as it may stand behind `mailto:` and in a header without quoting (the dot-atom of RFC 5322).
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_UID = re.compile(r"[A-Za-z0-9._@+-]{1,255}")

_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_NO_NAME = re.compile('["^]')
_ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent:
    """One session in the calendar of one person.

    `stamp`, `start` and `end` are aware datetimes, in UTC or in a named zone. A naive one and one with a bare
    offset are refused: neither tells which wall clock was meant. Addresses are bare (`name@domain`, ASCII).

    Raises ValueError when a value cannot be written so that every calendar understands it.
    """

    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    end: datetime
    zone: str = ZONE
    summary: str
    location: str
    description: str
    organizer_name: str
    organizer_address: str
    attendee_name: str
    attendee_address: str
    cancelled: bool = False

    def __post_init__(self) -> None:
        """Refuse what some calendar would read otherwise than it was meant."""
        _check(self.uid, self.sequence, self.start, self.end)
        _check_moment(self.stamp, "stamp")
        if self.zone != ZONE:
            raise ValueError(f"calendar parts are written for {ZONE} only")
        for role, address in (("organizer", self.organizer_address), ("attendee", self.attendee_address)):
            if len(address) > ADDRESS_OCTETS or not _ADDRESS.fullmatch(address):
                raise ValueError(f"the address of the {role} is not a bare ASCII mail address")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One session in a personal feed or download: no organizer, no attendee, so nothing to answer.

    `changed` is the moment of the last change (aware, UTC): between changes the bytes, and so the ETag, are
    equal. Give other UIDs than the invitations have, or a calendar holding both takes them for one.
    """

    uid: str
    start: datetime
    end: datetime
    summary: str
    location: str
    description: str
    changed: datetime
    cancelled: bool = False
    sequence: int = 0

    def __post_init__(self) -> None:
        """Refuse what some calendar would read otherwise than it was meant."""
        _check(self.uid, self.sequence, self.start, self.end)
        _check_moment(self.changed, "changed")


def request(event: CalendarEvent) -> bytes:
    """Return the calendar part of an invitation or update: METHOD:REQUEST.

    Raises ValueError for a cancelled event: a calendar would show it as going on.
    """
    if event.cancelled:
        raise ValueError("a cancelled event is sent with cancel(), not with request()")
    vevent = _vevent(event, stamp=event.stamp, status="CONFIRMED")
    vevent["ORGANIZER"] = _person(event.organizer_address, event.organizer_name)
    vevent["ATTENDEE"] = _person(
        event.attendee_address,
        event.attendee_name,
        CUTYPE="INDIVIDUAL",
        PARTSTAT="NEEDS-ACTION",
        ROLE="REQ-PARTICIPANT",
        RSVP="TRUE",
    )
    vevent["X-MICROSOFT-CDO-BUSYSTATUS"] = vText("BUSY")
    # Outlook and Thunderbird then offer no "propose a new time": the bureau sets the dates.
    vevent["X-MICROSOFT-DISALLOW-COUNTER"] = vText("TRUE")
    return _enclosed(_head("REQUEST"), [vevent])


def cancel(event: CalendarEvent) -> bytes:
    """Return the calendar part that takes the session out of this person's calendar: METHOD:CANCEL."""
    vevent = _vevent(event, stamp=event.stamp, status="CANCELLED")
    vevent["ORGANIZER"] = _person(event.organizer_address, event.organizer_name)
    vevent["ATTENDEE"] = _person(
        event.attendee_address, event.attendee_name, CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT"
    )
    return _enclosed(_head("CANCEL"), [vevent])


def feed(name: str, events: Iterable[FeedEvent], *, source_url: str) -> bytes:
    """Return the calendar that a person subscribes to, at `source_url`.

    Cancelled sessions stay in it, marked as such, for as long as the caller hands them in.
    """
    head = _calendar()
    title = _Text(_one_line(name))
    # The first of each pair is RFC 7986, which Apple reads; the second is what Outlook and Google read.
    head["NAME"] = head["X-WR-CALNAME"] = title
    head["REFRESH-INTERVAL"] = vDuration(REFRESH, params={"VALUE": "DURATION"})
    head["X-PUBLISHED-TTL"] = vDuration(REFRESH)
    head["X-WR-TIMEZONE"] = vText(ZONE)
    head["SOURCE"] = vUri(source_url, params={"VALUE": "URI"})
    return _enclosed(_opened(head), _entries(events))


def download(events: Iterable[FeedEvent]) -> bytes:
    """Return one file with all sessions, for people whose mail system strips invitations.

    It has no METHOD: it is opened and added as it is, nothing is answered. Cancelled sessions are left out.
    """
    return _enclosed(_head(), _entries(event for event in events if not event.cancelled))


def reply(request_part: bytes, partstat: str, *, now: datetime, comment: str = "") -> bytes:
    """Return the METHOD:REPLY that a calendar gives to this invitation, at `now` (aware UTC).

    `partstat` is a word of RFC 5545, such as ACCEPTED. It plays the recipient in demonstrations and rehearsals.

    Raises ValueError when `request_part` is no invitation.
    """
    try:
        (asked,) = Calendar.from_ical(request_part).events
        (attendee,) = asked.attendees
    except ValueError:
        raise ValueError("no invitation: it needs one event with one attendee") from None
    vevent = Event()
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "ORGANIZER"):
        vevent[name] = asked[name]
    vevent["SUMMARY"] = _Text(str(asked["SUMMARY"]))
    vevent["ATTENDEE"] = vCalAddress(str(attendee), params={"CN": attendee.name, "PARTSTAT": partstat})
    vevent["DTSTAMP"] = vDatetime(_utc(now))
    if comment:
        vevent["COMMENT"] = _Text(_several_lines(comment))
    return _enclosed(_head("REPLY"), [vevent])


def content_hash(event: CalendarEvent | FeedEvent) -> str:
    """Return 64 hex digits over all that a person sees; equal means that there is nothing to send.

    These are DTSTART, DTEND, LOCATION, SUMMARY, DESCRIPTION and STATUS, as they would be written.
    """
    seen = (
        _utc(event.start).isoformat(),
        _utc(event.end).isoformat(),
        _one_line(event.location),
        _one_line(event.summary),
        _shortened(_several_lines(event.description)),
        "CANCELLED" if event.cancelled else "CONFIRMED",
    )
    return sha256("\0".join(seen).encode()).hexdigest()


class _Text(vText):
    r"""TEXT escaped as RFC 5545 3.3.11 says, each character once.

    The library takes a backslash before a capital N for a line break: a path `S:\Notulen` would lose both.
    """

    __slots__ = ()

    def to_ical(self) -> bytes:
        return self.translate(_ESCAPES).encode()


def _vevent(event: CalendarEvent | FeedEvent, *, stamp: datetime, status: str) -> Event:
    """Return what every VEVENT of ours holds."""
    vevent = Event()
    vevent["UID"] = vText(event.uid)
    vevent["SEQUENCE"] = vInt(event.sequence)
    vevent["DTSTAMP"] = vDatetime(_utc(stamp))
    vevent["DTSTART"] = vDatetime(_wall_clock(event.start))
    vevent["DTEND"] = vDatetime(_wall_clock(event.end))
    vevent["SUMMARY"] = _Text(_one_line(event.summary))
    vevent["LOCATION"] = _Text(_one_line(event.location))
    vevent["DESCRIPTION"] = _Text(_shortened(_several_lines(event.description)))
    vevent["STATUS"] = vText(status)
    vevent["TRANSP"] = vText("TRANSPARENT" if status == "CANCELLED" else "OPAQUE")
    return vevent


def _entries(events: Iterable[FeedEvent]) -> list[Event]:
    """Return the VEVENTs of a feed, in an order that does not depend on the caller's."""
    entries = []
    for event in sorted(events, key=lambda event: (_utc(event.start), event.uid)):
        vevent = _vevent(event, stamp=event.changed, status="CANCELLED" if event.cancelled else "CONFIRMED")
        vevent["LAST-MODIFIED"] = vDatetime(_utc(event.changed))
        entries.append(vevent)
    return entries


def _person(address: str, name: str, **parameters: str) -> vCalAddress:
    # These two can only be written as ^' and ^^ (RFC 6868), which older Outlooks show as it stands.
    common_name = _one_line(_IN_NO_NAME.sub("", name))
    if common_name:
        parameters["CN"] = common_name
    return vCalAddress(f"mailto:{address}", params=parameters)


def _calendar(method: str | None = None) -> Calendar:
    # Not Calendar.new(): that gives every calendar a random UID of its own.
    calendar = Calendar()
    calendar["VERSION"] = vText("2.0")
    calendar["PRODID"] = vText(PRODID)
    calendar["CALSCALE"] = vText("GREGORIAN")
    if method:
        calendar["METHOD"] = vText(method)
    calendar.add_component(Timezone.from_ical(VTIMEZONE))
    return calendar


@cache
def _head(method: str | None = None) -> bytes:
    return _opened(_calendar(method))


def _opened(calendar: Calendar) -> bytes:
    """Return the calendar without its last line, so that events can follow."""
    written: bytes = calendar.to_ical()
    return written.removesuffix(_FOOT)


_FOOT = b"END:VCALENDAR\r\n"


def _enclosed(head: bytes, vevents: Iterable[Event]) -> bytes:
    return b"".join((head, *(_written(vevent) for vevent in vevents), _FOOT))


def _written(vevent: Event) -> bytes:
    """Return what vevent.to_ical() gives, without looking for folds in lines that need none: a sixth less time."""
    lines = []
    for line in vevent.content_lines():
        octets = line.encode()
        lines.append(octets if len(octets) < LINE_OCTETS else line.to_ical())
    return b"\r\n".join(lines)


def _check(uid: str, sequence: int, start: datetime, end: datetime) -> None:
    if not _UID.fullmatch(uid):
        raise ValueError("a UID has 1 to 255 letters, digits, or one of . _ @ + -")
    if sequence < 0:
        raise ValueError("SEQUENCE counts up from 0")
    _check_moment(start, "start")
    _check_moment(end, "end")
    if _utc(end) <= _utc(start):  # by the wall clock the two may stand the other way round, one night a year
        raise ValueError("an event ends after it starts")


def _check_moment(moment: datetime, name: str) -> None:
    zone = moment.tzinfo
    if zone != UTC and not isinstance(zone, ZoneInfo):
        found = "it has none" if zone is None else "a bare offset is not one"
        raise ValueError(f"`{name}` needs UTC or a named zone: {found}")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _wall_clock(moment: datetime) -> datetime:
    """Return the moment as people in Amsterdam read it.

    In the night that summer time ends, the hour from 02:00 comes twice. RFC 5545 3.3.5 says that local time means
    the first, libical takes the second; so that one hour a year is written in UTC, which nobody misreads.
    """
    wall_clock = _utc(moment).astimezone(_amsterdam())
    other_time_round = wall_clock.replace(fold=1 - wall_clock.fold)
    return wall_clock if other_time_round.utcoffset() == wall_clock.utcoffset() else _utc(moment)


@cache
def _amsterdam() -> ZoneInfo:
    return ZoneInfo(ZONE)


def _several_lines(text: str) -> str:
    r"""Return the text with `\n` as its only line break and without characters that nobody can see."""
    plain = _UNPRINTABLE.sub("", _LINE_BREAK.sub("\n", text))
    return _LONE_SURROGATE.sub("\ufffd", plain)


def _one_line(text: str) -> str:
    return " ".join(_several_lines(text).split())


def _shortened(text: str) -> str:
    """Return at most DESCRIPTION_OCTETS of text, cut between two lines where there are lines."""
    octets = text.encode()
    if len(octets) <= DESCRIPTION_OCTETS:
        return text
    room = octets[: DESCRIPTION_OCTETS - len("…".encode())].decode(errors="ignore")
    whole_lines, _, rest = room.rpartition("\n")
    return (whole_lines + "\n" if whole_lines else rest) + "…"
