"""A strict calendar program, small and our own: it eats the mails we send and holds one person's calendar.

Written from RFC 5545 (iCalendar), 5546 (iTIP) and 6047 (iMIP), with nothing of the code it tests: no icalendar, no
zoneinfo. It computes times from the VTIMEZONE in the mail, as a calendar program does that knows no Amsterdam. What
real programs forgive it refuses, because each of them forgives something else.

    client = Client("piet@gemeente.example")
    client.receive(raw_mail)                     # False when the mail has no calendar part
    client.visible()                             # {uid: Entry}
    client.reply(uid, "ACCEPTED", dialect="exchange")
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr

from tests import calendar_dialects


class Malformed(AssertionError):
    """A mail that some calendar program would misread."""


@dataclass(frozen=True)
class Entry:
    """One appointment as it stands in the calendar."""

    start_utc: datetime
    end_utc: datetime
    summary: str
    location: str
    sequence: int
    cancelled: bool
    description: str = ""
    stamp: datetime = datetime.min
    organizer: str = ""
    part: bytes = field(default=b"", repr=False)

    @property
    def age(self) -> tuple[int, datetime]:
        """Which of two messages is newer: RFC 5546 2.1.5."""
        return (self.sequence, self.stamp)


class Client:
    """The calendar program of the person at this address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.entries: dict[str, Entry] = {}

    def receive(self, raw: bytes) -> bool:
        """Read one mail; return whether it had a calendar part. Order, doubles and losses do not matter.

        Raises Malformed for what breaks a rule of the RFCs or of the four big programs.
        """
        message = message_from_bytes(raw, policy=policy.default)
        part = _calendar_part(message)
        if part is None:
            return False
        uid, entry = _entry(part, _decoded(part), message)
        require(_sole_address(message, "To").lower() == self.address.lower(), "this mail is for somebody else")
        known = self.entries.get(uid)
        if known:
            _agree(known, entry)
        if known is None or entry.age > known.age:
            self.entries[uid] = entry
        return True

    def visible(self) -> dict[str, Entry]:
        """What the person sees."""
        return {uid: entry for uid, entry in self.entries.items() if not entry.cancelled}

    def reply(
        self,
        uid: str,
        partstat: str,
        dialect: str = "google",
        *,
        now: datetime | None = None,
        comment: str = "",
        name: str = "",
    ) -> bytes:
        """Return the mail that this program sends when the person presses a button: ACCEPTED, DECLINED, TENTATIVE.

        `now` (aware UTC) is a minute after the invitation unless given.
        """
        entry = self.entries[uid]
        return calendar_dialects.reply(
            dialect,
            calendar_dialects.Answer(
                uid=uid,
                partstat=partstat,
                sequence=entry.sequence,
                stamp=now or entry.stamp + timedelta(minutes=1),
                start=entry.start_utc,
                end=entry.end_utc,
                summary=entry.summary,
                organizer=entry.organizer,
                attendee=self.address,
                name=name or self.address.split("@")[0],
                comment=comment,
            ),
        )


def require(condition: object, message: str) -> None:
    """Raise Malformed unless the condition holds."""
    if not condition:
        raise Malformed(message)


def _agree(known: Entry, entry: Entry) -> None:
    """Refuse a pair of messages that cannot both be right, in whichever order they come."""
    older, newer = sorted((known, entry), key=lambda one: one.age)
    if older.age == newer.age:
        require(older.part == newer.part, "two messages of equal SEQUENCE and DTSTAMP say different things")
    if older.sequence == newer.sequence:
        same = (older.start_utc, older.end_utc, older.location, older.cancelled) == (
            newer.start_utc,
            newer.end_utc,
            newer.location,
            newer.cancelled,
        )
        require(same, "time, place or status changed and SEQUENCE did not")
    else:
        require(older.stamp < newer.stamp, "SEQUENCE rose and DTSTAMP did not")
    # Legal by RFC, but Thunderbird asks whether the person meant to delete it, and others leave it in the bin.
    require(newer.cancelled or not older.cancelled, "an appointment came back under the UID that was cancelled")


# ------------------------------------------------------------------------------------------------ the mail


def _calendar_part(message: EmailMessage) -> EmailMessage | None:
    typed = [(part, part.get_content_type()) for part in message.walk()]
    parts = [part for part, kind in typed if kind == "text/calendar"]
    if not parts:
        return None
    require(len(parts) == 1, "more than one text/calendar part: some programs show two invitations")
    (part,) = parts
    alternatives = [outer for outer, kind in typed if kind == "multipart/alternative"]
    require(len(alternatives) == 1, "the calendar part has no multipart/alternative around it")
    require(list(alternatives[0].iter_parts())[-1] is part, "the calendar part is not the last alternative")
    require(part["Content-Disposition"] is None, "the calendar part has a Content-Disposition")
    require(str(part.get_param("charset")).lower() == "utf-8", "the calendar part does not say charset=utf-8")
    require(message["Auto-Submitted"] == "auto-generated", "the mail does not say that a machine sent it")
    require(message["Cc"] is None and message["Bcc"] is None, "the mail has more than one recipient")
    for copy, kind in typed:
        if kind == "application/ics":
            require(copy.get_payload(decode=True) == _decoded(part), "the attached copy differs from the calendar part")
    return part


def _decoded(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    require(isinstance(data, bytes) and not part.defects, "the calendar part cannot be decoded")
    assert isinstance(data, bytes)
    return data


def _sole_address(message: EmailMessage, name: str) -> str:
    values = message.get_all(name) or []
    require(len(values) == 1 and len(values[0].addresses) == 1, f"the mail needs exactly one address in {name}")
    address: str = values[0].addresses[0].addr_spec
    return address


def _entry(part: EmailMessage, data: bytes, message: EmailMessage) -> tuple[str, Entry]:
    calendar = parse(data)
    calendar.exactly("VERSION", "2.0")
    calendar.exactly("CALSCALE", "GREGORIAN")
    calendar.one("PRODID")
    require("UID" not in calendar.names(), "the calendar itself has a UID")
    method = calendar.one("METHOD").value
    require(method in {"REQUEST", "CANCEL"}, "METHOD is neither REQUEST nor CANCEL")
    require(part.get_param("method") == method, "method of the Content-Type differs from METHOD")
    events = [inner for inner in calendar.inner if inner.name == "VEVENT"]
    require(len(events) == 1, "not exactly one VEVENT")
    require(all(inner.name in {"VEVENT", "VTIMEZONE"} for inner in calendar.inner), "a component of unknown kind")
    (event,) = events
    require(not event.inner, "an alarm, or another component within the event")
    require(not event.names() & {"RRULE", "RDATE", "RECURRENCE-ID", "DURATION", "ATTACH"}, "a property we never send")
    attendee, organizer = event.one("ATTENDEE"), event.one("ORGANIZER")
    require(_mailto(organizer) == _sole_address(message, "From"), "ORGANIZER is not From: replies would not reach us")
    require(_mailto(attendee) == _sole_address(message, "To"), "ATTENDEE is not To: no buttons")
    if method == "REQUEST":
        require(attendee.parameters.get("PARTSTAT") == "NEEDS-ACTION", "ATTENDEE is not asked anything")
        require(attendee.parameters.get("RSVP") == "TRUE", "ATTENDEE without RSVP=TRUE: no buttons")
        event.exactly("STATUS", "CONFIRMED")
    else:
        require("RSVP" not in attendee.parameters, "a cancellation asks for an answer")
        event.exactly("STATUS", "CANCELLED")
    zones = {zone.one("TZID").value: zone for zone in calendar.inner if zone.name == "VTIMEZONE"}
    uid = event.one("UID").value
    require(0 < len(uid) <= 255, "UID is empty or too long for Outlook")
    require(_mailto(attendee).lower() not in uid.lower(), "UID holds the address of the person")
    sequence = event.one("SEQUENCE").value
    require(re.fullmatch(r"\d+", sequence), "SEQUENCE is no number")
    stamp = event.one("DTSTAMP")
    require(stamp.value.endswith("Z"), "DTSTAMP is not in UTC")
    start, end = _moment(event.one("DTSTART"), zones), _moment(event.one("DTEND"), zones)
    require(start < end, "the event ends before it starts")
    description = event.one("DESCRIPTION").text() if "DESCRIPTION" in event.names() else ""
    require(len(description.encode()) < 4096, "DESCRIPTION is too long")
    return uid, Entry(
        start_utc=start,
        end_utc=end,
        summary=event.one("SUMMARY").text(),
        location=event.one("LOCATION").text(),
        sequence=int(sequence),
        cancelled=method == "CANCEL",
        description=description,
        stamp=_moment(stamp, {}),
        organizer=_mailto(organizer),
        part=data,
    )


# ------------------------------------------------------------------------------------------ the calendar part


@dataclass(frozen=True)
class Line:
    """One content line: RFC 5545 3.1."""

    name: str
    parameters: dict[str, str]
    value: str

    def text(self) -> str:
        """The TEXT it holds: RFC 5545 3.3.11. Every special character must be escaped, and nothing else."""
        require(
            re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", self.value),
            f"{self.name} has a character unescaped or escaped for nothing",
        )
        return re.sub(r"\\(.)", lambda escape: "\n" if escape[1] in "nN" else escape[1], self.value)


@dataclass
class Component:
    """BEGIN to END."""

    name: str
    lines: list[Line]
    inner: list["Component"]

    def names(self) -> set[str]:
        """The names of its properties."""
        return {line.name for line in self.lines}

    def one(self, name: str) -> Line:
        """The property that must be there once."""
        found = [line for line in self.lines if line.name == name]
        require(len(found) == 1, f"{self.name} has {len(found)} of {name}")
        return found[0]

    def exactly(self, name: str, value: str) -> None:
        """Require this property to have this value."""
        require(self.one(name).value == value, f"{name} is not {value}")


_LINE = re.compile(
    r"([A-Z0-9-]+)"
    r'((?:;[A-Z0-9-]+=(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*))*)'
    r":([^\x00-\x08\x0a-\x1f\x7f]*)"
)
_PARAMETER = re.compile(r';([A-Z0-9-]+)=(?:"([^"]*)"|([^";:,]*))')


def parse(data: bytes) -> Component:
    """Return the one VCALENDAR in these bytes, or raise Malformed."""
    root = Component("", [], [])
    stack = [root]
    for line in _lines(data):
        if line.name == "BEGIN":
            component = Component(line.value, [], [])
            stack[-1].inner.append(component)
            stack.append(component)
        elif line.name == "END":
            require(len(stack) > 1 and stack.pop().name == line.value, "BEGIN and END do not match")
        else:
            stack[-1].lines.append(line)
    require(stack == [root] and not root.lines, "something stands outside the calendar, or is not closed")
    require([inner.name for inner in root.inner] == ["VCALENDAR"], "not exactly one VCALENDAR")
    return root.inner[0]


def _lines(data: bytes) -> Iterator[Line]:
    require(data.endswith(b"\r\n"), "the last line does not end")
    whole: list[str] = []
    for octets in data[:-2].split(b"\r\n"):
        require(b"\r" not in octets and b"\n" not in octets, "a line break other than CRLF")
        require(0 < len(octets) <= 75, f"a line of {len(octets)} octets")
        try:
            line = octets.decode()
        except UnicodeDecodeError:
            raise Malformed("a fold splits a character") from None
        if line.startswith(" "):
            require(whole, "the first line is a continuation")
            whole[-1] += line[1:]
        else:
            whole.append(line)
    for line in whole:
        content = _LINE.fullmatch(line)
        require(content, "a line is no content line")
        assert content is not None
        parameters = {}
        for name, quoted, bare in _PARAMETER.findall(content[2]):
            require(name not in parameters, "a parameter comes twice")
            require("^" not in quoted + bare, "a circumflex code, which older Outlooks show as it stands")
            parameters[name] = quoted or bare
        yield Line(content[1], parameters, content[3])


def _mailto(line: Line) -> str:
    require(line.value.startswith("mailto:"), f"{line.name} is no mailto:")
    address = line.value.removeprefix("mailto:")
    require(parseaddr(address) == ("", address) and "@" in address, f"{line.name} is no bare address")
    return address


# ---------------------------------------------------------------------------------------------------- time

_WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def _moment(line: Line, zones: dict[str, Component]) -> datetime:
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)", line.value)
    require(found, f"{line.name} is no date-time")
    assert found is not None
    local = datetime.strptime(line.value[:15], "%Y%m%dT%H%M%S")
    tzid = line.parameters.get("TZID")
    if found[7]:
        require(tzid is None, f"{line.name} is in UTC and has a zone")
        return local.replace(tzinfo=UTC)
    require(tzid, f"{line.name} floats: every program reads it in its own zone")
    assert tzid
    require(tzid in zones, f"{line.name} is in a zone that the calendar does not define")
    return (local - _offset(local, zones[tzid])).replace(tzinfo=UTC)


def _offset(local: datetime, zone: Component) -> timedelta:
    """Return the distance from UTC of this wall clock: RFC 5545 3.6.5.

    A time that comes twice is the first of the two; one that does not exist is refused.
    """
    require({inner.name for inner in zone.inner} == {"STANDARD", "DAYLIGHT"}, "VTIMEZONE without its two halves")
    latest: tuple[datetime, timedelta] | None = None
    for observance in zone.inner:
        before = _distance(observance.one("TZOFFSETFROM").value)
        after = _distance(observance.one("TZOFFSETTO").value)
        for year in (local.year - 1, local.year):
            onset = _onset(observance, year)
            exists = not onset <= local < onset + (after - before)
            require(exists, "a time that does not exist, in the night that summer time starts")
            if onset <= local and (latest is None or onset > latest[0]):
                latest = (onset, after)
    require(latest, "the zone says nothing about this date")
    assert latest is not None
    return latest[1]


def _distance(text: str) -> timedelta:
    found = re.fullmatch(r"([+-])(\d\d)(\d\d)", text)
    require(found, "a distance from UTC that is none")
    assert found is not None
    distance = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return distance if found[1] == "+" else -distance


def _onset(observance: Component, year: int) -> datetime:
    """Return when this half of the year begins, by the wall clock before it."""
    extra = observance.names() - {"DTSTART", "RRULE", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO"}
    require(not extra, "Outlook reads no dates in a zone, only its yearly rule")
    first = datetime.strptime(observance.one("DTSTART").value, "%Y%m%dT%H%M%S")
    rule = dict(part.split("=") for part in observance.one("RRULE").value.split(";"))
    require(set(rule) == {"FREQ", "BYMONTH", "BYDAY"}, "Outlook wants a yearly rule with one month and one day")
    require(rule["FREQ"] == "YEARLY", "Outlook wants a yearly rule")
    nth = re.fullmatch(r"(-?[1-5])(MO|TU|WE|TH|FR|SA|SU)", rule["BYDAY"])
    require(nth, "Outlook wants one day, such as -1SU")
    assert nth is not None

    def in_year(year: int) -> datetime:
        month = [first.replace(year=year, month=int(rule["BYMONTH"]), day=1) + timedelta(days=i) for i in range(31)]
        days = [day for day in month if day.month == month[0].month and day.weekday() == _WEEKDAYS.index(nth[2])]
        return days[int(nth[1])] if nth[1].startswith("-") else days[int(nth[1]) - 1]

    require(first == in_year(first.year), "DTSTART of the zone is not the first day of its rule")
    return in_year(year)
