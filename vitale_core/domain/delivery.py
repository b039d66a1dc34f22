"""What the answers of a mail server mean, and what delivery asks of the outside world.

Everything here is a value or a rule: no socket, no clock. The rules follow RFC 5321 (codes), RFC 3463 (the three
numbers in the text) and RFC 1047 (the gap between the final dot and its answer).
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Container, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WAITS = (5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR)
JITTER = 0.2
FULL_MAILBOX_TRIES = 24  # hourly
SENDER_TRIES = 3
SESSION_WAIT = MINUTE
DOMAIN_REST = 10 * MINUTE
DOMAIN_STRIKES = 3
DOMAIN_STOP = DAY

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS = re.compile(r"<?[^\s<>@:;,\"']+@[^\s<>@:;,\"']+>?")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

SIZE = {"5.3.4", "5.2.3"}
FULL = {"4.2.2", "5.2.2"}
NOT_ASCII = {"5.6.7"}
NO_SUCH_ADDRESS = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1"}
LOGIN_CODES = {530, 534, 535, 538}
OUT_OF_STEP = 503


class Stage(StrEnum):
    """How far a conversation came. Until DOT it is certain that nothing was delivered."""

    CONNECT = "connect"  # TCP, TLS, greeting, EHLO
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command and the body, all but the final dot
    DOT = "dot"


class Verdict(StrEnum):
    """What becomes of the message."""

    SENT = "sent"
    RELAY_FAULT = "relay fault"  # the server is in trouble, not the message: untouched
    AGAIN = "again"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Fault(StrEnum):
    """Whose fault a refusal is; decides who hears of it."""

    NOBODY = ""
    ADDRESS = "address"  # it does not exist: no more mail to it, a person must ask for another
    MAILBOX = "mailbox"  # it is full: half a point on its score
    POLICY = "policy"  # the receiver distrusts us: rest for its domain
    OURS = "ours"  # the mail itself, or our settings


@dataclass(frozen=True, slots=True)
class Ending:
    """How one conversation about one mail ended. Without a `code` the answer never came."""

    stage: Stage
    code: int | None = None
    text: str = ""

    @property
    def enhanced(self) -> str:
        """Return the code of RFC 3463 at the start of the text, such as "5.1.1", or nothing."""
        found = _ENHANCED.match(self.text)
        return found.group(0) if found else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do after an ending. `wait` is for AGAIN; `domain_rest` keeps the receiver's domain quiet for a while."""

    verdict: Verdict
    outcome: str = ""
    wait: timedelta = timedelta()
    fault: Fault = Fault.NOBODY
    domain_rest: timedelta = timedelta()


def judge(ending: Ending, *, attempts: int, seed: str) -> Decision:
    """Decide what an ending means for a message that had `attempts` earlier ones.

    `seed` spreads retries: equal messages do not come back in one burst, and the same run gives the same moments.
    """
    code = ending.code or 0
    done, later, never = code // 100 == 2, code // 100 == 4, code // 100 == 5  # noqa: PLR2004 - families of RFC 5321
    if ending.stage in {Stage.CONNECT, Stage.LOGIN} or code in LOGIN_CODES:
        return Decision(Verdict.RELAY_FAULT, "de mailserver is niet bereikbaar of weigert onze aanmelding")
    if ending.stage is Stage.DOT and done:
        return Decision(Verdict.SENT)
    if ending.stage is Stage.DOT and not (later or never):
        return Decision(Verdict.UNCERTAIN, "verzonden, maar het antwoord van de mailserver kwam niet")
    if code == OUT_OF_STEP or not (later or never):
        return Decision(Verdict.AGAIN, "het gesprek met de mailserver brak af", SESSION_WAIT * (attempts + 1))
    return _temporary(ending, attempts, seed) if later else _permanent(ending, attempts, seed)


def trouble_of_server(ending: Ending) -> str:
    """Return what a mail server does wrong, when the fault is its own or that of our settings; and where to look."""
    if ending.stage is Stage.LOGIN or ending.code in LOGIN_CODES:
        return "weigert onze aanmelding (kijk naar VITALE_SMTP_USER en VITALE_SMTP_PASSWORD)"
    if ending.stage is Stage.DOT:
        return "zegt niet of hij onze mails aanneemt"
    if ending.stage is Stage.CONNECT:
        return "doet het niet (kijk naar VITALE_SMTP_HOST, VITALE_SMTP_PORT en VITALE_SMTP_TLS)"
    return "weigert ons als afzender (kijk naar VITALE_MAIL_FROM)"


def backoff(attempts: int, seed: str) -> timedelta:
    """Return the pause after attempt number `attempts` (from 0): 5, 15, 30, 60, 120 minutes, up to a fifth longer."""
    wait = WAITS[min(attempts, len(WAITS) - 1)]
    spread = int.from_bytes(hashlib.sha256(f"{seed}/{attempts}".encode()).digest()[:4]) / 2**32
    return wait * (1 + JITTER * spread)


def _temporary(ending: Ending, attempts: int, seed: str) -> Decision:
    status = ending.enhanced
    if status in FULL:
        if attempts + 1 >= FULL_MAILBOX_TRIES:
            return Decision(Verdict.FAILED, "de mailbox is al een dag vol", fault=Fault.MAILBOX)
        return Decision(Verdict.AGAIN, "de mailbox is vol", HOUR)
    wait = backoff(attempts, seed)
    if status.startswith("4.7.") and status != "4.7.1":  # 4.7.1 is greylisting; the others mean: slower
        return Decision(
            Verdict.AGAIN, "de ontvanger vraagt om minder haast", max(wait, DOMAIN_REST), domain_rest=DOMAIN_REST
        )
    return Decision(Verdict.AGAIN, "de mailserver vroeg om later terug te komen", wait)


def _permanent(ending: Ending, attempts: int, seed: str) -> Decision:
    if ending.stage is Stage.MAIL and not (_is(ending, SIZE, {552}) or _is(ending, NOT_ASCII)):
        # About us as a sender: it will be the same for every mail, so mails must not fail for it one by one.
        verdict = Verdict.AGAIN if attempts + 1 < SENDER_TRIES else Verdict.FAILED
        return Decision(verdict, "de mailserver weigert ons als afzender", backoff(attempts, seed), Fault.OURS)
    unnamed = {550, 551, 553} if ending.stage is Stage.RCPT else set()
    for fits, fault, outcome in (
        (_is(ending, FULL), Fault.MAILBOX, "de mailbox is vol"),
        (_is(ending, SIZE, {552}), Fault.OURS, "de mail is te groot voor de ontvanger"),
        (_is(ending, NOT_ASCII), Fault.ADDRESS, "het adres heeft tekens die de mailserver niet kan verwerken"),
        (_is(ending, NO_SUCH_ADDRESS, unnamed), Fault.ADDRESS, "het adres bestaat niet"),
        (
            ending.enhanced.startswith("5.7.") or _is(ending, set(), {554}),
            Fault.POLICY,
            "de ontvanger weigert onze mail",
        ),
    ):
        if fits:
            rest = DOMAIN_STOP if fault is Fault.POLICY else timedelta()
            return Decision(Verdict.FAILED, outcome, fault=fault, domain_rest=rest)
    return Decision(Verdict.FAILED, "de mailserver weigert de mail voorgoed", fault=Fault.OURS)


def _is(ending: Ending, statuses: set[str], codes: Container[int | None] = ()) -> bool:
    """Say whether the text names one of these statuses or, when it names none, the code is one of these."""
    return ending.enhanced in statuses or (not ending.enhanced and ending.code in codes)


def without_addresses(text: str) -> str:
    """Return what a server said, on one line, without control characters, with every mail address taken out."""
    return _ADDRESS.sub("<adres>", " ".join(_CONTROL.sub(" ", text).split()))[:500]


# ------------------------------------------------------------------------------------------ the circuit breaker

BREAKER_FAILURES = 5
BREAKER_WAIT = timedelta(seconds=30)
BREAKER_LONGEST = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a mail server: `failures` in a row, and until when nobody should try."""

    failures: int = 0
    open_until: datetime | None = None
    wait: timedelta = timedelta()

    def failed(self, now: datetime) -> "Breaker":
        """Return the breaker after one more fault: open from the fifth on, each time twice as long.

        Faults of conversations that were under way when it opened do not make it longer.
        """
        failures = self.failures + 1
        if failures < BREAKER_FAILURES or self.is_open(now):
            return Breaker(failures, self.open_until, self.wait)
        wait = min(max(self.wait * 2, BREAKER_WAIT), BREAKER_LONGEST)
        return Breaker(failures, now + wait, wait)

    def is_open(self, now: datetime) -> bool:
        """Say whether nobody should try. A moment that lies too far ahead comes from a clock that was wrong."""
        return self.open_until is not None and now < self.open_until <= now + BREAKER_LONGEST

    @property
    def is_closed(self) -> bool:
        """Say whether everybody may try; between open and closed one mail tries for all."""
        return self.failures < BREAKER_FAILURES


# ----------------------------------------------------------------------------------------------- the other parties


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """One mail, ready to go: the bytes and their envelope.

    `content_hash` is of what the reader sees and leaves out what differs each time (links, dates of sending), so that
    an approval of the text survives a new rendering with the same text.
    """

    mime: bytes
    recipient: str
    envelope_from: str
    content_hash: str
    template_version: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One mail on its way: exactly one recipient, and the bytes as they were stored."""

    id: int
    message_id: str
    envelope_from: str
    recipient: str
    mime: bytes

    @property
    def domain(self) -> str:
        """Return the receiver's domain."""
        return self.recipient.rpartition("@")[2].lower()


class LeaseLost(Exception):
    """The message is no longer ours: it was taken back or it went stale. The dot must not be sent."""


class Letters(Protocol):
    """Makes the bytes of a message from the facts of this moment."""

    def render(self, session: Any, message: Any, *, now: datetime) -> RenderedMail:  # noqa: ANN401 - Session, Message
        """Return the mail. Raises Refused when there is nothing to say any more or when it cannot be addressed."""
        ...


Following = Callable[[], Parcel | None]


def nothing_follows() -> None:
    """Say that it is not known which mail comes next."""


class Connections(Protocol):
    """Kept connections to one mail server, within one event loop."""

    async def hand_over(
        self, parcel: Parcel, mark: Callable[[], Awaitable[None]], following: Following = nothing_follows
    ) -> Ending:
        """Talk about one mail until its end is known. Raises nothing but LeaseLost.

        `mark` is awaited when everything but the final dot was said; what it raises ends the conversation before it.
        `following` is asked once the dot may be said: which mail the caller hands over next, if that is known. Its
        envelope may go along with the dot; nothing is promised by that, and the caller may change his mind.
        """
        ...


class MailServer(Protocol):
    """Where mail is handed over."""

    @property
    def name(self) -> str:
        """What the relay is known by, in the database and in reports."""
        ...

    @property
    def size(self) -> int:
        """How many connections it takes at once."""
        ...

    def connections(self) -> AbstractAsyncContextManager[Connections]:
        """Give at most `size` connections at once, closed at the end."""
        ...


class Trace(StrEnum):
    """What the send journal remembers of one attempt, and of a mail that came in."""

    MARKED = "marked"  # the dot may have been sent
    ACCEPTED = "accepted"
    REFUSED = "refused"  # answered, not accepted
    READ = "read"  # came in and was handled; the number is that of its row


class Entry(NamedTuple):
    """One event for the journal: `number` is that of the attempt, or of the row of a mail that came in.

    `text` is the hash of what the reader sees, or nothing.
    """

    what: Trace
    message_id: str
    number: int
    text: str = ""


class Journal(Protocol):
    """The memory of mail outside the database, for when an older database comes back."""

    def write(self, entries: Iterable[Entry], now: datetime) -> None:
        """Append these events and wait for the disk."""
        ...

    @property
    def last_read(self) -> int:
        """The number of the row of the mail that was handled last; 0 when there was none."""
        ...

    def last(self, message_id: str) -> tuple[Trace, int] | None:
        """Return what an earlier life of this installation did with the message, and in which attempt."""
        ...

    def said_else(self, message_id: str, text: str) -> bool:
        """Say whether the message of that attempt is known to have told its reader something else."""
        ...
