"""Mail over SMTP: a few kept connections, one mail at a time on each, and always the stage that was reached.

aiosmtplib connects, protects and logs in. The conversation about one mail is spelled out here, because three things
matter that its `sendmail` does not give: whether the final dot was sent when something broke, a moment for the caller
just before that dot, and the stored bytes going out unchanged. A connection on which anything unexpected happened,
a cancellation included, is closed and never used again: its next answer could belong to the mail before.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiosmtplib
from aiosmtplib import SMTPResponse

from vitale_core import faults
from vitale_core.adapters.smtp_line import GO_AHEAD, Line
from vitale_core.adapters.smtp_words import in_words
from vitale_core.domain.delivery import (
    OUT_OF_STEP,
    Ending,
    Following,
    LeaseLost,
    Parcel,
    Stage,
    nothing_follows,
    without_addresses,
)

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
NOT_AVAILABLE = 421
# Bare, printable, and nothing that ends the command: aiosmtplib would quietly cut the rest off.
_ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")
_MARK = re.compile(r"\+(b[0-9]+-[0-9a-f]+)@")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for each step, and how long a connection is kept. `whole` bounds one conversation."""

    connect: float = 20
    command: float = 30
    dot: float = 120  # RFC 5321 asks for ten minutes; the lease of a mail must outlast the whole
    whole: float = 240
    idle: float = 30
    mails: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """One mail server. `tls` is none (loopback only), starttls or tls; it is never guessed and never falls back."""

    host: str
    port: int
    tls: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    size: int = 4
    patience: Patience = Patience()
    trust: ssl.SSLContext | None = None  # None: the certificates this machine trusts
    own_name: str = "localhost"

    def __post_init__(self) -> None:
        """Refuse to send in the clear to another machine."""
        if self.tls not in {"none", "starttls", "tls"}:
            raise ValueError("tls is none, starttls or tls")
        if self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError("without TLS only a mail server on this machine")

    @property
    def name(self) -> str:
        """Return what all workers call this server."""
        return f"{self.host}:{self.port}"

    @asynccontextmanager
    async def connections(self) -> "AsyncIterator[SmtpConnections]":
        """Give connections for the running event loop; they are opened when needed and closed at the end."""
        pool = SmtpConnections(self)
        try:
            yield pool
        finally:
            await pool.close()


class SmtpConnections:
    """The kept connections of one event loop; whoever holds one is alone on it."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._idle: list[Line] = []
        self._free = asyncio.Semaphore(server.size)

    async def hand_over(
        self, parcel: Parcel, mark: Callable[[], Awaitable[None]], following: Following = nothing_follows
    ) -> Ending:
        """Talk about one mail until its end is known; see `delivery.Connections`."""
        talk = _Talk(parcel, mark, following)
        if wrong := _wrong_envelope(parcel):
            return wrong
        async with self._free:
            try:
                async with asyncio.timeout(self._server.patience.whole):
                    return await self._talk(talk)
            except TimeoutError:
                return talk.broken("het gesprek duurde te lang")

    async def close(self) -> None:
        """Say goodbye on every connection that is still good."""
        lines, self._idle = self._idle, []
        await asyncio.gather(*(line.quit(self._server.patience.command) for line in lines))

    async def _talk(self, talk: "_Talk") -> Ending:
        while True:
            line, kept = await self._line(talk)
            if line is None:
                return talk.ending
            try:
                await talk.over(line, self._server.patience)
            except LeaseLost:
                line.close()
                raise
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                line.close()
                if kept and talk.stage is Stage.MAIL:
                    continue  # the server had hung up while the connection was idle
                return talk.broken(in_words(error))
            except BaseException:
                line.close()  # cancelled, or a mistake of ours: the next answer would be taken for another mail's
                raise
            if kept and talk.ending.stage is Stage.MAIL and talk.ending.code == NOT_AVAILABLE:
                line.close()
                continue
            await self._keep(line, talk.ending)
            return talk.ending

    async def _line(self, talk: "_Talk") -> tuple[Line | None, bool]:
        """Return a connection and whether it was used before; None when there is none to be had.

        The last that was put back comes first: so it is the one that has this mail's envelope, if any has.
        """
        now, patience = asyncio.get_running_loop().time(), self._server.patience
        while self._idle:
            line = self._idle.pop()
            fresh = line.is_open and line.mails < patience.mails and now - line.used_at < patience.idle
            if fresh and line.begun in {None, _envelope(line, talk.parcel)}:
                return line, True
            await line.quit(patience.command)
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls == "tls",
            start_tls=self._server.tls == "starttls",  # True insists; False stays plain, on loopback
            tls_context=self._server.trust,
            local_hostname=self._server.own_name,
            timeout=patience.connect,
        )
        try:
            return await self._open(client, talk), False
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            talk.end(_answer(error), in_words(error))
            return None, False
        except BaseException:
            client.close()
            raise

    async def _open(self, client: aiosmtplib.SMTP, talk: "_Talk") -> Line:
        """Connect, protect, introduce ourselves and log in; the stage of `talk` follows."""
        talk.stage = Stage.CONNECT
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if self._server.user:
            talk.stage = Stage.LOGIN
            await client.login(self._server.user, self._server.password)
        faults.point("smtp: connected")
        return Line(client)

    async def _keep(self, line: Line, ending: Ending) -> None:
        """Put a connection back. After a refusal half-way it starts afresh; one that is out of step is closed."""
        whole = ending.stage is Stage.DOT
        if ending.code in {NOT_AVAILABLE, OUT_OF_STEP} or not (
            whole or await line.reset(self._server.patience.command)
        ):
            line.close()
            return
        line.used_at = asyncio.get_running_loop().time()
        self._idle.append(line)


class _Talk:
    """One mail, and how far the conversation about it came."""

    def __init__(self, parcel: Parcel, mark: Callable[[], Awaitable[None]], following: Following) -> None:
        self.parcel = parcel
        self.mark = mark
        self.following = following
        self.stage = Stage.CONNECT
        self.ending = Ending(Stage.CONNECT)

    def end(self, answer: SMTPResponse | None, otherwise: str = "") -> None:
        """Note the answer with which it ended."""
        if answer is None:
            self.ending = Ending(self.stage, None, otherwise)
        else:
            self.ending = Ending(self.stage, answer.code, without_addresses(answer.message))

    def broken(self, how: str) -> Ending:
        """Return the end of a conversation that broke off without an answer."""
        self.end(None, how)
        return self.ending

    async def over(self, line: Line, patience: Patience) -> None:
        """Say it all on this connection. Whatever happens, `stage` says whether the dot was sent."""
        commands = _commands(line, self.parcel)
        self.stage = Stage.MAIL
        if line.pipelining and line.begun is None:
            line.say(*commands.values())
        line.begun = None
        body = stuffed(self.parcel.mime)
        for stage, command in commands.items():
            self.stage = stage
            if not line.pipelining:
                line.say(command)
            answer = await line.answer(patience.command)
            faults.point(f"smtp: {stage} answered")
            if (answer.code != GO_AHEAD) if stage is Stage.DATA else (answer.code // 100 != 2):  # noqa: PLR2004 - yes
                return self.end(answer)
        await line.write(body)
        faults.point("smtp: body written")
        await self.mark()
        await asyncio.sleep(0)  # a hang-up that came meanwhile is heard: then it is certain that no dot was said
        faults.point("smtp: before the dot")
        line.must_be_open()
        self.stage = Stage.DOT
        # No await since it was seen to be open: nothing can be read for another's answer.
        next_one = self.following() if line.pipelining and line.mails < patience.mails else None
        if next_one and not _wrong_envelope(next_one):
            line.begun = _envelope(line, next_one)
            line.say(b".", *line.begun)
        else:
            line.say(b".")
        answer = await line.answer(patience.dot)
        faults.point("smtp: dot answered")
        return self.end(answer)


def _wrong_envelope(parcel: Parcel) -> Ending | None:
    """Refuse what is not exactly one bare address, as a server would."""
    for stage, address in ((Stage.MAIL, parcel.envelope_from), (Stage.RCPT, parcel.recipient)):
        if not _ADDRESS.fullmatch(address):
            return Ending(stage, 553, "5.1.3 niet precies één kaal adres")
    return None


def _envelope(line: Line, parcel: Parcel) -> tuple[bytes, ...]:
    return tuple(_commands(line, parcel).values())


def _commands(line: Line, parcel: Parcel) -> dict[Stage, bytes]:
    """Return what is said before the body; with the size, and the mark that a bounce must bring back (RFC 3461)."""
    mail = b"MAIL FROM:<%b>" % parcel.envelope_from.encode()
    if line.takes_size:
        mail += b" SIZE=%d" % len(parcel.mime)
    if line.takes_mark and (mark := _MARK.search(parcel.envelope_from)):
        mail += b" RET=HDRS ENVID=%b" % mark[1].encode()
    return {Stage.MAIL: mail, Stage.RCPT: b"RCPT TO:<%b>" % parcel.recipient.encode(), Stage.DATA: b"DATA"}


def stuffed(mime: bytes) -> bytes:
    """Return the bytes as SMTP carries them: lines end in CRLF, a dot at the start of a line is doubled."""
    lines = mime.count(b"\r\n")
    if not mime.endswith(b"\r\n") or mime.count(b"\r") != lines or mime.count(b"\n") != lines:
        mime = b"\r\n".join(mime.splitlines()) + b"\r\n"
    body = mime
    if body.startswith(b"."):
        body = b"." + body
    return body.replace(b"\r\n.", b"\r\n..")


def _answer(error: Exception) -> SMTPResponse | None:
    """Return what the server said, when the error carries it."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return SMTPResponse(error.code, str(error.message))
    return None
