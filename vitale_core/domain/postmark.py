"""The marks on an envelope: where a mail came from and where its bounce must go.

All are derived from the ledger key by HMAC: the same for every attempt, and telling a stranger nothing.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from vitale_core.domain.errors import Refused

_PLAIN = re.compile(r"[!#$%&'*+/=?^_`{|}~0-9A-Za-z.-]{1,64}@[0-9A-Za-z](?:[0-9A-Za-z.-]{0,252}[0-9A-Za-z])?")
_BOUNCE = re.compile(r"\+b(?P<id>[0-9]{1,18})-(?P<mark>[0-9a-f]{16})@", re.IGNORECASE)


def message_id(key: str, *, secret: bytes, domain: str) -> str:
    """Return the Message-ID of the mail with this ledger key, with its angle brackets."""
    return f"<{_mark(secret, 'message', key)[:32]}@{domain}>"


def bounce_address(number: int, message_id: str, *, secret: bytes, mail_address: str) -> str:
    """Return the envelope sender (VERP) of message `number`: a plus-address of the mailbox that is read."""
    local, _, domain = mail_address.rpartition("@")
    return f"{local}+b{number}-{_mark(secret, 'bounce', f'{number}/{message_id}')[:16]}@{domain}"


def bounced_number(address: str) -> tuple[int, str] | None:
    """Return (message number, mark) of an address that looks like ours; `is_our_bounce` says whether it is."""
    found = _BOUNCE.search(address)
    return (int(found["id"]), found["mark"].lower()) if found else None


def is_our_bounce(number: int, mark: str, message_id: str, *, secret: bytes) -> bool:
    """Say whether the mark was made by us for this message."""
    return hmac.compare_digest(mark, _mark(secret, "bounce", f"{number}/{message_id}")[:16])


def envelope_address(email: str) -> str:
    """Return an address as the envelope needs it: one, ASCII, the domain in its A-label form.

    Raises Refused for anything that is not exactly one plain address: names, lists, control characters, local parts
    that are not ASCII (RFC 6531 needs every server on the way to join in; too few do).
    """
    local, at, domain = email.strip(" ").rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii") if at else ""
    except UnicodeError:
        domain = ""
    if not local.isascii():
        raise Refused(
            "Dit adres heeft letters met accenten voor de @; daar komt mail niet betrouwbaar aan.",
            remedy="Vraag een adres zonder accenten.",
        )
    address = f"{local}@{domain}"
    if not _PLAIN.fullmatch(address) or ".." in address:
        raise Refused("Dit is niet precies één mailadres.", remedy="Verbeter het adres.")
    return address


def address_hash(email: str) -> str:
    """Return what is kept of an address that must not be mailed."""
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()


def _mark(secret: bytes, purpose: str, subject: str) -> str:
    return hmac.new(secret, f"{purpose}|{subject}".encode(), hashlib.sha256).hexdigest()


# ---------------------------------------------------------------------------------------------- the bounce score

HARD, SOFT, THRESHOLD = 1.0, 0.5, 3.0
FORGET_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Score:
    """How an address behaves: Mailman's rule. `blocked`: nothing is sent to it any more."""

    points: float
    last_at: datetime
    blocked: bool


def scored(before: Score | None, *, hard: bool, now: datetime) -> Score:
    """Return the score after one more bounce.

    An address that does not exist is blocked at once. Half a point for a full or slow mailbox, at most once a day;
    blocked at three; forgotten after a week without one.
    """
    points = before.points if before and (before.blocked or now - before.last_at < FORGET_AFTER) else 0.0
    if hard:
        return Score(points + HARD, now, blocked=True)
    if before and points and now - before.last_at < timedelta(days=1):
        return Score(points, before.last_at, before.blocked)
    points += SOFT
    return Score(points, now, blocked=points >= THRESHOLD or (before is not None and before.blocked))
