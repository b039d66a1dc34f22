"""Read one incoming mail: a calendar's answer, a bounce, a machine's notice, our own mail, or a person's words.

Everything comes from outside and may be meant to harm. The bytes are counted before they are parsed, headers are read
raw and cut, and only the few that matter are looked at. RFC 3464 (reports), RFC 3834 (automatic answers).
"""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from typing import Any

from vitale_core.domain.delivery import without_addresses
from vitale_core.domain.incoming import Bounce, IncomingMail, Unreadable
from vitale_core.domain.postmark import bounced_number

LARGEST = 10 * 1024 * 1024
PARTS = 100
DEPTH = 12
HEADERS = 200 * 1024  # octets of all headers of one part together
FIELD = 2000  # characters of one header that are read

_PART = re.compile(rb"^content-type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"boundary[ \t]*=", re.IGNORECASE)
_ANGLE = re.compile(r"<([^<>\s]{1,320})>")
_BARE = re.compile(r"[^\s<>,;:\"()]{1,64}@[^\s<>,;:\"()]{1,255}")
_ENVELOPE_ID = re.compile(r"\bb([0-9]{1,18})-([0-9a-f]{16})\b", re.IGNORECASE)
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
_DIALECT = re.compile(r"^\s*[a-z][\w-]*\s*;\s*", re.IGNORECASE)
_ANSWER = re.compile(r"(?:.*?\bsaid:\s*)?(?:([45]\d\d)\b[ -]*)?(?:#?([45]\.\d{1,3}\.\d{1,3})(?!\.?\d))?")
_SUBJECTS = re.compile(
    r"^\s*(automatisch antwoord|automatische reactie|afwezig|out of office|automatic reply|auto(matic)?[- ]?reply|"
    r"autosvar|abwesen|réponse automatique)",
    re.IGNORECASE,
)
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)

Calendar = Callable[[EmailMessage], Any]


def sender_of(raw: bytes) -> str:
    """Return the bare address in From, in lower case; empty when there is none. Raises Unreadable as `read_mail`."""
    return read_mail(raw, calendar=lambda _mail: None).sender


def read_mail(raw: bytes, *, calendar: Calendar) -> IncomingMail:
    """Read one mail; `calendar` gives what its calendar part answers (`adapters.replies.calendar_reply`).

    Raises Unreadable when it goes over a limit or cannot be parsed; nothing else.
    """
    _within_limits(raw)
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        if sum(1 for _ in _walk(mail)) > PARTS:
            raise Unreadable(f"meer dan {PARTS} delen")
        bounce = _bounce(mail)
        answer, doubt = (None, "") if bounce else _calendar(raw, mail, calendar)
        return IncomingMail(
            sender=_address(_field(mail, "From")),
            key=_field(mail, "X-Vitale-Key").strip(),
            automatic=_automatic(mail),
            nobody=_field(mail, "Return-Path").strip() == "<>",
            bounce=bounce,
            calendar=answer,
            doubt=doubt,
        )
    except _MALFORMED as error:
        raise Unreadable(f"niet te lezen ({type(error).__name__})") from None


def _within_limits(raw: bytes) -> None:
    """Count before parsing: Python's parser follows whatever nesting and number of parts it is given."""
    if len(raw) > LARGEST:
        raise Unreadable(f"groter dan {LARGEST // 1024 // 1024} MB")
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    if len(head) > HEADERS:
        raise Unreadable("te veel kopregels")
    if len(_PART.findall(raw)) > PARTS or len(_BOUNDARY.findall(raw)) > PARTS:
        raise Unreadable(f"meer dan {PARTS} delen")


def _walk(mail: Message, depth: int = 0) -> Iterator[Message]:
    if depth > DEPTH:
        raise Unreadable(f"meer dan {DEPTH} delen in elkaar")
    yield mail
    if mail.is_multipart():
        for part in mail.get_payload():
            if isinstance(part, Message):
                yield from _walk(part, depth + 1)


def _field(mail: Message, name: str) -> str:
    """Return a header as one line of plain text, cut; encoded words stay as they are."""
    value = mail.get(name)
    return " ".join(str(value)[:FIELD].split()) if value is not None else ""


def _address(field: str) -> str:
    """Return the one bare address of a header, in lower case; nothing when there is not exactly one."""
    found = _ANGLE.findall(field) or _BARE.findall(field)
    return found[0].lower() if len(found) == 1 else ""


def _calendar(raw: bytes, mail: Message, calendar: Calendar) -> tuple[Any, str]:
    """Return (answer, doubt). An invitation of somebody else is no answer: it is a mail like any other."""
    kinds = {part.get_content_type() for part in _walk(mail)}
    names = any(str(part.get_filename() or "").lower().endswith(".ics") for part in _walk(mail))
    if not names and not kinds & {"text/calendar", "application/ics"}:
        return None, ""
    try:
        answer = calendar(message_from_bytes(raw, policy=policy.default))
    except ValueError as unreadable:
        return None, str(unreadable) or "onleesbaar"
    return (None, "") if answer is None or answer.partstat == "other" else (answer, "")


def _automatic(mail: Message) -> str:
    """Return the sign by which a machine shows itself, or nothing (RFC 3834, 2 and 5)."""
    submitted = _field(mail, "Auto-Submitted").lower()
    if submitted and submitted != "no":
        return f"Auto-Submitted: {submitted.partition(';')[0][:40]}"
    for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From"):
        if _field(mail, name):
            return name
    precedence = _field(mail, "Precedence").lower()
    if precedence in {"auto_reply", "bulk", "junk", "list"}:
        return f"Precedence: {precedence}"
    if _SUBJECTS.match(_decoded(_field(mail, "Subject"))):
        return "onderwerp"
    return ""


def _decoded(field: str) -> str:
    """Return a header with its encoded words read (RFC 2047), as it is when that fails."""
    try:
        return str(make_header(decode_header(field)))
    except _MALFORMED:
        return field


def _bounce(mail: Message) -> Bounce | None:
    """Return what a delivery report says of its worst recipient, or None when this is no report."""
    parts = list(_walk(mail))
    marks = _marks(mail, parts)
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if not reports:
        # A report in words: only when it came to an address that we made for one mail, and from nobody.
        nobody = _field(mail, "Return-Path").strip() == "<>" or _address(_field(mail, "From")).startswith(
            ("mailer-daemon@", "postmaster@")
        )
        return Bounce("", "", "", marks, _originals(parts)) if marks and nobody else None
    worst = Bounce("", "", "", marks, _originals(parts))
    for block in reports[0].get_payload():
        if not isinstance(block, Message) or not block.get("Action"):
            continue
        action = _field(block, "Action").lower().split()[0]
        status = _STATUS.match(_field(block, "Status"))
        said = _DIALECT.sub("", _field(block, "Diagnostic-Code"))
        code, enhanced = _codes(said)
        if worst.action != "failed":
            worst = Bounce(
                action, status[0] if status else enhanced, without_addresses(said), marks, worst.message_ids, code
            )
    return worst


def _codes(said: str) -> tuple[int, str]:
    """Return the code of SMTP (or 0) and that of RFC 3463 (or nothing) with which a server's answer begins."""
    found = _ANSWER.match(said)
    return (int(found[1] or 0), found[2] or "") if found else (0, "")


def _marks(mail: Message, parts: list[Message]) -> tuple[tuple[int, str], ...]:
    """Return the marks of ours: the address it came to first, then the envelope id of the report."""
    found: list[tuple[int, str]] = []
    for name in ("Delivered-To", "X-Original-To", "To", "Envelope-To"):
        for value in (mail.get_all(name) or [])[:10]:
            mark = bounced_number(str(value)[:FIELD])
            if mark:
                found.append(mark)
    for part in parts:
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            for block in part.get_payload():
                named = (
                    _ENVELOPE_ID.search(_field(block, "Original-Envelope-Id")) if isinstance(block, Message) else None
                )
                if named:
                    found.append((int(named[1]), named[2].lower()))
    return tuple(dict.fromkeys(found))


def _originals(parts: list[Message]) -> tuple[str, ...]:
    """Return the Message-IDs of the mail that a report encloses, whole or its headers only."""
    ids = []
    for part in parts[1:]:
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            head = message_from_bytes(payload[:HEADERS] if isinstance(payload, bytes) else b"")
            ids += _ANGLE.findall(_field(head, "Message-ID"))
        elif part.get("Message-ID"):
            ids += _ANGLE.findall(_field(part, "Message-ID"))
    return tuple(dict.fromkeys(f"<{name}>" for name in ids))
