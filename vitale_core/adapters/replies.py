"""What a participant's calendar answers: reads the calendar part of an incoming mail.

Every calendar program writes its own dialect. Only the few lines that carry an answer are read, each by the library;
time zones, dates and alarms in a reply are not ours to follow and are skipped unread. Anything that can be read in
two ways is `UnreadableReply`, so that a person looks at it: a reply is never guessed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from typing import Any, Literal
from urllib.parse import unquote

from icalendar.parser import Contentline, Parameters

Partstat = Literal["accepted", "declined", "tentative", "delegated", "counter", "refresh", "other"]

OCTETS = 256 * 1024  # of one calendar part, decoded; real replies have 1 to 5 kB
PARTS = 100  # of one mail
DEPTH = 10  # of parts within parts
HEADER = 1000  # characters of one header that tells what a part is; Python needs the square of that to read it
LINES = 5000
LINE = 8000  # characters of one line that is read; a comment is cut there
NESTING = 4  # of components: VCALENDAR, VTIMEZONE, DAYLIGHT
COMMENT = 2000  # characters kept
READABLE = 4 * LINE  # characters of all lines that are read
LEAP_SECOND = 60

_READ = ("METHOD", "UID", "ATTENDEE", "ORGANIZER", "SEQUENCE", "DTSTAMP", "COMMENT")
_ANSWERS: dict[str, Partstat] = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
}
_REQUESTS_TO_US: dict[str, Partstat] = {"COUNTER": "counter", "REFRESH": "refresh"}

_CHARSETS = {"iso-8859-1", "iso-8859-15", "windows-1252", "utf-16", "utf-16le", "utf-16be"}
_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_NAME = re.compile(rf"({'|'.join(_READ)}|BEGIN|END)[;:]", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\x00-\x1f\x7f]+@[^\s@<>\"(),:;\x00-\x1f\x7f]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# How Exchange wraps a UID it did not make (MS-OXCICAL 2.1.3.1.1.20.26); some gateways forget to unwrap it.
_WRAPPED = re.compile(
    "040000008200E00074C5B7101A82E008[0-9A-F]{48}7643616C2D55696401000000([0-9A-F]+)00", re.IGNORECASE
)

# What Python's mail parser and the library raise on input that is not what it says it is.
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)


class UnreadableReply(ValueError):
    """A calendar part that cannot be read with certainty. The reason quotes nothing from the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReply:
    """What one calendar part says, unjudged: whether it may be believed is decided elsewhere.

    `attendee`, `organizer` and `sent_by` are lower-case bare addresses; the last two are empty when absent (Exchange
    leaves the organizer out). `sequence` and `stamp` (aware UTC) are None when absent. `partstat` is the answer for
    METHOD:REPLY, "counter" or "refresh" for those methods, and "other" for whatever else.
    """

    uid: str
    attendee: str
    partstat: Partstat
    sequence: int | None
    stamp: datetime | None
    comment: str
    method: str
    organizer: str
    sent_by: str = ""


def mail(raw: bytes) -> EmailMessage:
    """Return the mail as Python reads it.

    Raises UnreadableReply, and nothing else, for headers on which Python's own parser fails or never ends.
    """
    try:
        return message_from_bytes(raw, policy=_BoundedPolicy())  # type: ignore[arg-type]
    except UnreadableReply:
        raise
    except _MALFORMED:
        raise UnreadableReply("de mail is kapot") from None


def calendar_reply(message: Message) -> CalendarReply | None:
    """Return what the calendar part of this mail says, or None when it has none.

    A part `text/calendar` goes before an attached file, a reply before anything else. Mails enclosed in this one
    (forwarded, bounced) are not looked into: somebody else sent those.

    Raises UnreadableReply when there are calendar parts and none can be read with certainty, and nothing else.
    """
    read: list[CalendarReply] = []
    failures: list[UnreadableReply] = []
    for part in _calendar_parts(message):
        try:
            read.append(_read(part))
        except UnreadableReply as unreadable:
            failures.append(unreadable)
    answers = [reply for reply in read if reply.partstat != "other"]
    if len({(reply.uid, reply.attendee, reply.partstat, reply.sequence) for reply in answers}) > 1:
        raise UnreadableReply("de agendadelen van de mail spreken elkaar tegen")
    if answers or read:
        return (answers or read)[0]
    if failures:
        raise failures[0]
    return None


class _BoundedPolicy(EmailPolicy):
    """Python's own way to read mail, with an end to the headers that it reads while it parses."""

    def header_fetch_parse(self, name: str, value: str) -> Any:  # noqa: ANN401 - as the standard library has it
        if name.lower().startswith("content-") and len(value) > HEADER:
            raise UnreadableReply("een kopregel van een deel is te lang")
        return super().header_fetch_parse(name, value)


def _calendar_parts(message: Message) -> list[Message]:
    """Return the parts that call themselves a calendar, the most official first."""
    inline: list[Message] = []
    attached: list[Message] = []
    stack: list[tuple[Message, int]] = [(message, 0)]
    seen = 0
    while stack:
        part, depth = stack.pop()
        seen += 1
        if seen > PARTS or depth > DEPTH:
            raise UnreadableReply("de mail heeft te veel delen, of te veel delen in elkaar")
        try:
            kind = part.get_content_type()
            if kind == "text/calendar":
                inline.append(part)
            elif kind == "application/ics" or (part.get_filename() or "").lower().endswith(".ics"):
                attached.append(part)
            elif part.get_content_maintype() == "multipart" and part.is_multipart():
                stack.extend((inner, depth + 1) for inner in reversed(_inner(part)))
        except _MALFORMED:
            raise UnreadableReply("de kopregels van een deel zijn kapot") from None
    return inline + attached


def _inner(part: Message) -> list[Message]:
    return [inner for inner in part.get_payload() if isinstance(inner, Message)]


def _read(part: Message) -> CalendarReply:
    """Return what this part says; raise UnreadableReply for every way in which it can be broken."""
    try:
        method = str(part.get_param("method") or "").upper()
        return _reply(_properties(_text(part)), method)
    except UnreadableReply:
        raise
    except _MALFORMED:
        raise UnreadableReply("het agendadeel is kapot") from None


def _text(part: Message) -> str:
    """Return the part as text with every folded line made whole."""
    raw = part.get_payload()
    if not isinstance(raw, str) or len(raw) > 4 * OCTETS:
        raise UnreadableReply("het agendadeel is te groot, of bestaat uit meer delen")
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes) or len(octets) > OCTETS:
        raise UnreadableReply("het agendadeel is te groot")
    charset = str(part.get_param("charset") or "").lower()
    if charset.startswith("utf-16"):
        octets = octets.decode("utf-16" if charset not in _CHARSETS else charset, errors="replace").encode()
    # A fold may fall within a character (RFC 5545 3.1), so lines are made whole before they are decoded.
    octets = _FOLD.sub(b"", octets)
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        # UTF-8 is the rule. What is read for certain is ASCII in all of these; only a comment can suffer.
        return octets.decode(charset if charset in _CHARSETS else "windows-1252", errors="replace")


_Properties = dict[str, list[tuple[Parameters, str]]]


def _properties(text: str) -> _Properties:
    """Return the lines of the one VEVENT, and METHOD, by name.

    Raises UnreadableReply unless there is one whole VCALENDAR with one VEVENT.
    """
    found: _Properties = defaultdict(list)
    within: list[str] = []
    calendars = events = characters = 0
    for name, line in _lines(text):
        if name == "BEGIN":
            component = line[6:].strip().upper()
            calendars += component == "VCALENDAR"
            events += component == "VEVENT"
            within.append(component)
            if len(within) > NESTING:
                raise UnreadableReply("het agendadeel heeft te veel onderdelen in elkaar")
        elif name == "END":
            if not within or within.pop() != line[4:].strip().upper():
                raise UnreadableReply("de onderdelen van het agendadeel passen niet bij elkaar")
        elif within == (["VCALENDAR"] if name == "METHOD" else ["VCALENDAR", "VEVENT"]):
            characters += len(line)
            if characters > READABLE or (len(line) > LINE and name != "COMMENT"):
                raise UnreadableReply("een regel van het agendadeel is te lang")
            _, parameters, value = Contentline(line[:LINE]).parts()  # type: ignore[no-untyped-call]
            if name != "COMMENT" and not value.strip().isprintable():
                raise UnreadableReply("het agendadeel heeft onzichtbare tekens")
            found[name].append((parameters, value.strip()))
    if within or calendars != 1 or events != 1:
        raise UnreadableReply("het agendadeel is niet één hele agenda met één afspraak")
    return found


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines that say something about an answer, with their names in capitals."""
    lines = re.split(r"[\r\n]+", text, maxsplit=LINES)
    if len(lines) > LINES:
        raise UnreadableReply("het agendadeel heeft te veel regels")
    for line in lines:
        if name := _NAME.match(line):
            yield name[1].upper(), line


def _reply(properties: _Properties, method_of_part: str) -> CalendarReply:
    named = _one(properties, "METHOD")
    method = (named[1] if named else method_of_part).upper()
    if method_of_part and method != method_of_part:
        raise UnreadableReply("de mail en het agendadeel noemen een verschillende METHOD")
    _, uid = _required(properties, "UID")
    attendee_parameters, attendee = _required(properties, "ATTENDEE")
    organizer_parameters, organizer = _one(properties, "ORGANIZER") or (Parameters(), "")
    if method == "REPLY":
        partstat = _ANSWERS.get(str(attendee_parameters.get("PARTSTAT", "")).upper(), "other")
    else:
        partstat = _REQUESTS_TO_US.get(method, "other")
    return CalendarReply(
        uid=_unwrapped(uid),
        attendee=_address(attendee, attendee_parameters),
        partstat=partstat,
        sequence=_sequence(properties),
        stamp=_stamp(properties),
        comment=_comment(properties, attendee_parameters),
        method=method,
        organizer=_address(organizer, organizer_parameters) if _is_mail(organizer) else "",
        sent_by=_address(sender, {}) if (sender := attendee_parameters.get("SENT-BY")) else "",
    )


def _one(properties: _Properties, name: str) -> tuple[Parameters, str] | None:
    if len(properties[name]) > 1:
        raise UnreadableReply(f"het agendadeel heeft meer dan één {name}")
    return properties[name][0] if properties[name] else None


def _required(properties: _Properties, name: str) -> tuple[Parameters, str]:
    found = _one(properties, name)
    if not found or not found[1]:
        raise UnreadableReply(f"het agendadeel heeft geen {name}")
    return found


def _unwrapped(uid: str) -> str:
    if wrapped := _WRAPPED.fullmatch(uid):
        uid = bytes.fromhex(wrapped[1]).decode("ascii")
        if not uid.isprintable():
            raise UnreadableReply("de UID heeft onzichtbare tekens")
    return uid


def _is_mail(value: str) -> bool:
    """Return whether the value is meant as a mail address; Exchange may write `invalid:nomail`."""
    return value.lower().startswith("mailto:")


def _address(value: str, parameters: Mapping[str, object]) -> str:
    """Return the bare address; where an account number stands in its place, Apple puts it in EMAIL."""
    address = value if _is_mail(value) else f"mailto:{parameters.get('EMAIL', '')}"
    address = unquote(address[len("mailto:") :]).strip().casefold()
    if not _ADDRESS.fullmatch(address):
        raise UnreadableReply("een adres in het agendadeel is geen mailadres")
    return address


def _sequence(properties: _Properties) -> int | None:
    found = _one(properties, "SEQUENCE")
    if found is None:
        return None
    if not _NUMBER.fullmatch(found[1]):
        raise UnreadableReply("SEQUENCE is geen getal")
    return int(found[1])


def _stamp(properties: _Properties) -> datetime | None:
    found = _one(properties, "DTSTAMP")
    if found is None:
        return None
    digits = _STAMP.fullmatch(found[1])
    if not digits:
        raise UnreadableReply("DTSTAMP is geen moment in UTC")
    year, month, day, hour, minute, second = map(int, digits.groups())
    # RFC 5545 3.3.12 allows the leap second 60; Python does not.
    return datetime(year, month, day, hour, minute, second - (second == LEAP_SECOND), tzinfo=UTC)


def _comment(properties: _Properties, attendee: Mapping[str, object]) -> str:
    """Return what the person added; Google writes it beside the answer as well as, or instead of, in COMMENT."""
    said = [text for _, text in properties["COMMENT"]] or [str(attendee.get("X-RESPONSE-COMMENT", ""))]
    return _UNPRINTABLE.sub("", "\n".join(said)).strip()[:COMMENT]
