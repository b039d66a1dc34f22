"""Write one mail as bytes: exactly one sender, one recipient, one subject; the same values give the same bytes.

Written here and not by `email.message`, which folds a long name to an empty first line, turns a long header into
gibberish, and before Python 3.11.10 wrote a second header from a subject with an encoded line break in it
(CVE-2024-6923). What is written is read back before anybody gets it. Shape: RFC 5322, RFC 2045-2047, RFC 6047.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, getaddresses
from hashlib import sha256

from vitale_core.domain.errors import Refused
from vitale_core.domain.postmark import envelope_address

LINE = 76  # RFC 2045 6.7 and 6.8; also what an encoded word may take (RFC 2047)
FOLD = "\r\n "
NAME_LENGTH = 120
SUBJECT_LENGTH = 200
_WORD_OCTETS = 42  # of UTF-8 in one encoded word: 56 characters of base64 and 12 around them
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_VISIBLE = re.compile(r"(?=.{1,900}\Z)[\x21-\x7e]+(?: [\x21-\x7e]+)*")
_PARSER = BytesHeaderParser(policy=compat32)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address, as in From and To."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    """A calendar part; `method` is the METHOD that stands in it."""

    content: bytes
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Everything that stands in one mail. `marks` are further headers, of visible ASCII."""

    sender: Mailbox
    recipient: Mailbox
    subject: str
    date: datetime  # aware
    message_id: str  # with its angle brackets
    marks: tuple[tuple[str, str], ...] = ()
    text: str
    html: str
    calendar: Part | None = None


def write(mail: Mail) -> bytes:
    """Return the bytes of the mail.

    Raises Refused when something cannot be written as exactly one header, and for an address that is not one.
    """
    headers = [
        ("From", _mailbox(mail.sender)),
        ("To", _mailbox(mail.recipient)),
        ("Subject", _subject(mail.subject)),
        ("Date", format_datetime(mail.date.astimezone(UTC))),
        ("Message-ID", _visible(mail.message_id)),
        *((name, _visible(value)) for name, value in mail.marks),
        ("Content-Language", "nl"),
        ("MIME-Version", "1.0"),
    ]
    parts = [_text("plain", mail.text), _text("html", mail.html)]
    if mail.calendar is None:
        kind, body = _multipart("alternative", parts, mail.message_id)
    else:
        kind, body = _with_calendar(parts, mail.calendar, mail.message_id)
    headers.append(("Content-Type", kind))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    _read_back(head, [name for name, _ in headers], mail.recipient.address)
    return head + b"\r\n" + body


def one_line(text: str) -> str:
    """Return text as a header may hold it: one line, nothing invisible, nothing that looks encoded."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line.replace("=?", "= ?")  # some program would decode it a second time


def _mailbox(mailbox: Mailbox) -> str:
    address = envelope_address(mailbox.address)
    name = one_line(mailbox.name)
    if not name:
        return address
    name = _encoded(_shortened(name, NAME_LENGTH), plain=_ATOMS.fullmatch(name) is not None)
    return f"{name}{' ' if len(name) + len(address) < LINE - len('From: ') else FOLD}<{address}>"


def _subject(subject: str) -> str:
    line = _shortened(one_line(subject), SUBJECT_LENGTH)
    return _encoded(line, plain=len(line) <= LINE - len("Subject: "), quotes="")


def _shortened(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _encoded(line: str, *, plain: bool, quotes: str = '"') -> str:
    """Return a line for a header: as it is, between quotes, or as encoded words of UTF-8, folded."""
    if line.isascii() and plain:
        return line
    if line.isascii() and quotes:
        return quotes + line.replace("\\", r"\\").replace('"', r"\"") + quotes
    return FOLD.join(f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in _pieces(line))


def _pieces(line: str) -> Iterable[bytes]:
    """Cut the UTF-8 of a line into encoded words, never within a character (RFC 2047, 5)."""
    piece = b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > _WORD_OCTETS:
            yield piece
            piece = b""
        piece += octets
    yield piece


def _with_calendar(parts: list[bytes], calendar: Part, message_id: str) -> tuple[str, bytes]:
    """Return Content-Type and body with the calendar part last among the alternatives: there it gets its buttons.

    It comes once more as a file, the same byte for byte, for the programs that look there.
    """
    part = _base64(f"text/calendar; charset=utf-8; method={_visible(calendar.method)}", calendar.content)
    kind, body = _multipart("alternative", [*parts, part], message_id)
    file = _base64('application/ics; name="invite.ics"', calendar.content, 'attachment; filename="invite.ics"')
    return _multipart("mixed", [f"Content-Type: {kind}\r\n\r\n".encode() + body, file], message_id)


def _visible(value: str) -> str:
    if not _VISIBLE.fullmatch(value):
        raise Refused("Een kopregel van deze mail heeft tekens die daar niet mogen staan.")
    return value


def _text(kind: str, content: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    lines = content.replace("\r\n", "\n").replace("\r", "\n").encode()
    return head.encode() + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _base64(kind: str, content: bytes, disposition: str = "") -> bytes:
    encoded = b64encode(content)
    lines = [encoded[i : i + LINE] for i in range(0, len(encoded), LINE)]
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
    if disposition:
        head += f"Content-Disposition: {disposition}\r\n"
    return head.encode() + b"\r\n" + b"\r\n".join(lines)


def _multipart(kind: str, parts: Iterable[bytes], message_id: str) -> tuple[str, bytes]:
    """Return the Content-Type and the body. A boundary with `=_` can stand in no encoded part (RFC 2045, 6.7)."""
    boundary = "=_" + sha256(f"{kind}|{message_id}".encode()).hexdigest()[:32]
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return f'multipart/{kind};{FOLD}boundary="{boundary}"', body


def _read_back(head: bytes, names: list[str], address: str) -> None:
    """Refuse a head in which another program would find other headers or another recipient than we wrote."""
    found = _PARSER.parsebytes(head + b"\r\n")
    recipients = getaddresses(found.get_all("To", []))
    if found.keys() != names or len(set(names)) != len(names) or found.defects:
        raise Refused("Deze mail zou andere kopregels krijgen dan bedoeld; hij is niet gemaakt.")
    if [recipient for _, recipient in recipients] != [envelope_address(address)]:
        raise Refused("Deze mail zou een andere ontvanger krijgen dan bedoeld; hij is niet gemaakt.")
