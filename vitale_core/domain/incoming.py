"""What an incoming mail turns out to be: values between the reader of mails and the step that acts on them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class IncomingKind(StrEnum):
    """The sorts of mail that come in."""

    REPLY = "reply"  # a calendar answers an invitation
    BOUNCE = "bounce"  # a server says that a mail did not arrive, or not yet
    AUTOMATIC = "automatic"  # out of office and the like: never answered, never counted
    OWN = "own"  # our own mail that came back
    FREE = "free"  # words of a person, for a person
    POISON = "poison"  # cannot be read safely


HEAD = 64 * 1024
"""Octets of a mail that is too large to read, which are read to know it again."""


class Unreadable(Exception):
    """A mail that cannot be read within the limits. The reason quotes nothing from it."""


@dataclass(frozen=True, slots=True)
class RawMail:
    """One mail in the mailbox. `source` names it there; `content` is None when it is larger than was asked for.

    `head` is then its beginning, which tells it from others wherever it lies.
    """

    source: str
    size: int
    content: bytes | None
    head: bytes = b""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says of one recipient (RFC 3464).

    `action` is failed, delayed, delivered, relayed, expanded or empty (a report in words); `status` is the code of
    RFC 3463 or empty; `code` is that of SMTP or 0. `marks` are (message number, mark) from addresses and the envelope
    id; `message_ids` those of the mail that is reported on.
    """

    action: str
    status: str
    said: str
    marks: tuple[tuple[int, str], ...]
    message_ids: tuple[str, ...]
    code: int = 0


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """One mail as it was read, unjudged. Addresses are bare and in lower case.

    `calendar` is what its calendar part answers, with the fields of `adapters.replies.CalendarReply`; `doubt` says why
    a calendar part could not be read. `automatic` names the sign of a machine, or is empty.
    """

    sender: str
    key: str  # X-Vitale-Key: it is ours
    automatic: str
    nobody: bool  # the return path is empty: it must never be answered
    bounce: Bounce | None = None
    calendar: Any = None
    doubt: str = ""


Reader = Callable[[bytes], IncomingMail]
"""Reads one mail; raises Unreadable."""


class Mailbox(Protocol):
    """Where mail comes in."""

    def waiting(self, *, limit: int, largest: int) -> Iterator[RawMail]:
        """Give at most `limit` mails, the oldest first; of those above `largest` octets no content."""
        ...

    def handled(self, *, limit: int, largest: int) -> Iterator[RawMail]:
        """Give at most `limit` mails of those that were handled or set aside, the newest, in the order they came."""
        ...

    def done(self, source: str) -> None:
        """Put a mail with those that were handled. One that is gone already is no error."""
        ...

    def set_aside(self, source: str) -> None:
        """Put a mail with those that a person must look at."""
        ...
