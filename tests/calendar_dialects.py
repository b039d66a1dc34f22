"""The mails that calendar programs send when a person answers, each with its own habits.

After real replies: Google Calendar, Exchange and Outlook, Thunderbird, Apple. Text is put together by hand, so that
the peculiarities stay as they are: what a library would write is what none of them writes.
"""

from base64 import encodebytes
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formataddr

SUMMER = timedelta(hours=2)
WINTER = timedelta(hours=1)
SAYS = {"ACCEPTED": "Geaccepteerd", "DECLINED": "Geweigerd", "TENTATIVE": "Voorlopig"}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person answers to one invitation; moments are aware UTC."""

    uid: str
    partstat: str
    sequence: int
    stamp: datetime
    start: datetime
    end: datetime
    summary: str
    organizer: str
    attendee: str
    name: str
    comment: str = ""
    method: str = "REPLY"


def reply(dialect: str, answer: Answer) -> bytes:
    """Return the mail in which this program sends the answer: google, exchange, thunderbird or apple."""
    return {"google": google, "exchange": exchange, "thunderbird": thunderbird, "apple": apple}[dialect](answer)


def google(answer: Answer) -> bytes:
    """Times in UTC, X-NUM-GUESTS, the calendar twice: as alternative and as attachment."""
    part = _folded(
        [
            "BEGIN:VCALENDAR",
            "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
            "VERSION:2.0",
            "CALSCALE:GREGORIAN",
            f"METHOD:{answer.method}",
            "BEGIN:VEVENT",
            f"DTSTART:{_utc(answer.start)}",
            f"DTEND:{_utc(answer.end)}",
            f"DTSTAMP:{_utc(answer.stamp)}",
            f"ORGANIZER;CN={answer.organizer}:mailto:{answer.organizer}",
            f"UID:{answer.uid}",
            (
                f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer.partstat};CN={_quoted(answer.name)}"
                f";X-NUM-GUESTS=0:mailto:{answer.attendee}"
            ),
            *([f"COMMENT:{_escaped(answer.comment)}"] if answer.comment else []),
            f"CREATED:{_utc(answer.stamp - timedelta(hours=1))}",
            "DESCRIPTION:",
            f"LAST-MODIFIED:{_utc(answer.stamp)}",
            "LOCATION:",
            f"SEQUENCE:{answer.sequence}",
            "STATUS:CONFIRMED",
            f"SUMMARY:{_escaped(answer.summary)}",
            "TRANSP:OPAQUE",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        75,
    )
    return _mail(
        answer,
        ["Sender: Google Calendar <calendar-notification@google.example>", "Auto-Submitted: auto-generated"],
        _multipart(
            "mixed",
            _multipart(
                "alternative",
                _text("plain", answer, 'Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes'),
                _text("html", answer, 'Content-Type: text/html; charset="UTF-8"'),
                _base64(f'Content-Type: text/calendar; charset="UTF-8"; method={answer.method}', part),
            ),
            _base64(
                'Content-Type: application/ics; name="invite.ics"\r\n'
                'Content-Disposition: attachment; filename="invite.ics"',
                part,
            ),
        ),
    )


def exchange(answer: Answer) -> bytes:
    """No ORGANIZER, zones by their Windows names, MAILTO in capitals, a language with every text."""
    zone = "W. Europe Standard Time"
    part = _folded(
        [
            "BEGIN:VCALENDAR",
            f"METHOD:{answer.method}",
            "PRODID:Microsoft Exchange Server 2010",
            "VERSION:2.0",
            "BEGIN:VTIMEZONE",
            f"TZID:{zone}",
            "BEGIN:STANDARD",
            "DTSTART:16010101T030000",
            "TZOFFSETFROM:+0200",
            "TZOFFSETTO:+0100",
            "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
            "END:STANDARD",
            "BEGIN:DAYLIGHT",
            "DTSTART:16010101T020000",
            "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200",
            "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3",
            "END:DAYLIGHT",
            "END:VTIMEZONE",
            "BEGIN:VEVENT",
            f"ATTENDEE;PARTSTAT={answer.partstat};CN={_quoted(answer.name)}:MAILTO:{answer.attendee.title()}",
            f"COMMENT;LANGUAGE=nl-NL:{_escaped(answer.comment)}\\n",
            f"UID:{answer.uid}",
            f"SUMMARY;LANGUAGE=nl-NL:{SAYS.get(answer.partstat, 'Antwoord')}: {_escaped(answer.summary)}",
            f"DTSTART;TZID={zone}:{_local(answer.start)}",
            f"DTEND;TZID={zone}:{_local(answer.end)}",
            "CLASS:PUBLIC",
            "PRIORITY:5",
            f"DTSTAMP:{_utc(answer.stamp)}",
            "TRANSP:OPAQUE",
            "STATUS:CONFIRMED",
            f"SEQUENCE:{answer.sequence}",
            "LOCATION;LANGUAGE=nl-NL:",
            f"X-MICROSOFT-CDO-APPT-SEQUENCE:{answer.sequence}",
            "X-MICROSOFT-CDO-OWNERAPPTID:0",
            "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
            "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
            "X-MICROSOFT-CDO-IMPORTANCE:1",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        75,
    )
    return _mail(
        answer,
        ["Thread-Topic: antwoord", "Accept-Language: nl-NL, en-US", "X-MS-Has-Attach:"],
        _multipart(
            "alternative",
            _text("plain", answer, 'Content-Type: text/plain; charset="iso-8859-1"'),
            _base64(f'Content-Type: text/calendar; charset="utf-8"; method={answer.method}', part),
        ),
    )


def thunderbird(answer: Answer) -> bytes:
    """A full copy in 8 bits with lines of 76 octets, folded anywhere, and again as attachment."""
    part = _folded(
        [
            "BEGIN:VCALENDAR",
            "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN",
            "VERSION:2.0",
            f"METHOD:{answer.method}",
            *_amsterdam(),
            "BEGIN:VEVENT",
            f"CREATED:{_utc(answer.stamp)}",
            f"LAST-MODIFIED:{_utc(answer.stamp)}",
            f"DTSTAMP:{_utc(answer.stamp)}",
            f"UID:{answer.uid}",
            f"SUMMARY:{_escaped(answer.summary)}",
            f"ORGANIZER:mailto:{answer.organizer}",
            (
                f"ATTENDEE;CN={_quoted(answer.name)};CUTYPE=INDIVIDUAL;PARTSTAT={answer.partstat};ROLE=REQ-PARTICIPANT"
                f":mailto:{answer.attendee}"
            ),
            f"DTSTART;TZID=Europe/Amsterdam:{_local(answer.start)}",
            f"DTEND;TZID=Europe/Amsterdam:{_local(answer.end)}",
            *([f"COMMENT:{_escaped(answer.comment)}"] if answer.comment else []),
            f"SEQUENCE:{answer.sequence}",
            "TRANSP:OPAQUE",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        76,
    )
    return _mail(
        answer,
        ["User-Agent: Mozilla Thunderbird"],
        _multipart(
            "mixed",
            _multipart(
                "alternative",
                _text("plain", answer, "Content-Type: text/plain; charset=UTF-8; format=flowed"),
                f"Content-Type: text/calendar; charset=UTF-8; method={answer.method}\r\n"
                f"Content-Transfer-Encoding: 8BIT\r\n\r\n".encode()
                + part,
            ),
            _base64(
                'Content-Type: application/ics; name="invite.ics"\r\n'
                'Content-Disposition: attachment; filename="invite.ics"',
                part,
            ),
        ),
    )


def apple(answer: Answer) -> bytes:
    """EMAIL beside the address, a method in quotes, quoted-printable."""
    part = _folded(
        [
            "BEGIN:VCALENDAR",
            "CALSCALE:GREGORIAN",
            f"METHOD:{answer.method}",
            "PRODID:-//Apple Inc.//macOS 15.1//EN",
            "VERSION:2.0",
            *_amsterdam(),
            "BEGIN:VEVENT",
            f"UID:{answer.uid}",
            f"DTSTART;TZID=Europe/Amsterdam:{_local(answer.start)}",
            f"DTEND;TZID=Europe/Amsterdam:{_local(answer.end)}",
            (
                f"ATTENDEE;CN={_quoted(answer.name)};CUTYPE=INDIVIDUAL;EMAIL={_quoted(answer.attendee)}"
                f";PARTSTAT={answer.partstat}:mailto:{answer.attendee}"
            ),
            f"ORGANIZER;EMAIL={_quoted(answer.organizer)}:mailto:{answer.organizer}",
            *([f"COMMENT:{_escaped(answer.comment)}"] if answer.comment else []),
            f"SUMMARY:{_escaped(answer.summary)}",
            f"DTSTAMP:{_utc(answer.stamp)}",
            f"LAST-MODIFIED:{_utc(answer.stamp)}",
            f"SEQUENCE:{answer.sequence}",
            "END:VEVENT",
            "END:VCALENDAR",
        ],
        75,
    )
    return _mail(
        answer,
        ["X-Mailer: Apple Mail (2.3826)"],
        _multipart(
            "alternative",
            _text("plain", answer, "Content-Type: text/plain; charset=us-ascii"),
            f'Content-Type: text/calendar; method="{answer.method}"; charset="utf-8"\r\n'.encode()
            + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            + _quoted_printable(part),
        ),
    )


# ------------------------------------------------------------------------------------------------- pieces


def _mail(answer: Answer, headers: list[str], body: bytes) -> bytes:
    ascii_summary = answer.summary.encode("ascii", "replace").decode()
    head = [
        f"From: {formataddr((answer.name, answer.attendee))}",
        f"To: {answer.organizer}",
        f"Subject: {SAYS.get(answer.partstat, 'Antwoord')}: {ascii_summary}",
        f"Date: {format_datetime(answer.stamp)}",
        f"Message-ID: <{_utc(answer.stamp)}.{answer.sequence}.{answer.attendee}>",
        "MIME-Version: 1.0",
        *headers,
    ]
    return "\r\n".join(head).encode() + b"\r\n" + body


def _multipart(subtype: str, *parts: bytes) -> bytes:
    boundary = f"----=_{subtype}_6f2d".encode()
    inner = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n%b--%b--\r\n' % (
        subtype.encode(),
        boundary,
        inner,
        boundary,
    )


def _text(subtype: str, answer: Answer, header: str) -> bytes:
    says = f"{SAYS.get(answer.partstat, 'Antwoord')}."
    return f"{header}\r\n\r\n{f'<p>{says}</p>' if subtype == 'html' else says}\r\n".encode()


def _base64(header: str, data: bytes) -> bytes:
    return f"{header}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + encodebytes(data).replace(b"\n", b"\r\n")


def _quoted_printable(data: bytes) -> bytes:
    lines = data.split(b"\r\n")
    return b"\r\n".join(b"".join(_safe(octet) for octet in line) for line in lines)


def _safe(octet: int) -> bytes:
    return b"=%02X" % octet if octet > 126 or octet == ord("=") else bytes([octet])


def _folded(lines: list[str], limit: int) -> bytes:
    """Fold after this many octets, also within a character: RFC 5545 allows it and some programs do it."""
    folded = b""
    for line in lines:
        octets = line.encode()
        folded += octets[:limit]
        for start in range(limit, len(octets), limit - 1):
            folded += b"\r\n " + octets[start : start + limit - 1]
        folded += b"\r\n"
    return folded


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")


def _quoted(name: str) -> str:
    bare = name.replace('"', "")
    return f'"{bare}"' if any(character in bare for character in " ,;:") else bare


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _local(moment: datetime) -> str:
    """The wall clock of Amsterdam by the rule in force since 1996: summer between 01:00 UTC on two last Sundays."""
    year = moment.astimezone(UTC).year
    starts, ends = (_last_sunday(year, month) + timedelta(hours=1) for month in (3, 10))
    return (moment.astimezone(UTC) + (SUMMER if starts <= moment < ends else WINTER)).strftime("%Y%m%dT%H%M%S")


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _amsterdam() -> list[str]:
    return [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Amsterdam",
        "BEGIN:DAYLIGHT",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "DTSTART:19700329T020000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "DTSTART:19701025T030000",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]
