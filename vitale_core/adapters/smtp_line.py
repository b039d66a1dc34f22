"""One connection to a mail server: what is said, and the answers in the order in which it was said.

aiosmtplib connects, protects and logs in; then its connection is taken over here, because it hears one answer at a
time. A server that offers PIPELINING (RFC 2920) gets several commands in one go and answers them in one: per mail two
waits for the other side instead of four. Nothing is guessed: what comes unasked, or makes no sense, ends the line.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import cast

import aiosmtplib
from aiosmtplib import SMTPResponse

GO_AHEAD = 354
DONE = 250
LONGEST = 32_768
"""Octets of one answer, at most."""

DRAIN_SECONDS = 0.005


class Line(asyncio.Protocol):
    """A connection that is open; `used_at`, `mails` and `begun` are its keeper's."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        """Take over the connection of a client that said EHLO and logged in."""
        self.takes_size = client.supports_extension("size")
        self.takes_mark = client.supports_extension("dsn")
        self.pipelining = client.supports_extension("pipelining")
        self.mails = 0
        self.begun: tuple[bytes, ...] | None = None  # the envelope that was said ahead
        self.used_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._heard = bytearray()
        self._lines: list[str] = []  # of an answer that is not complete
        self._length = 0  # octets of those lines
        self._answers: deque[SMTPResponse] = deque()
        self._unanswered = 0
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        if client.transport is None or client.transport.is_closing():
            raise aiosmtplib.SMTPServerDisconnected("connection lost")
        self._transport = cast("asyncio.Transport", client.transport)
        self._transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Say whether something can be said."""
        return self._error is None and not self._transport.is_closing()

    def must_be_open(self) -> None:
        """Raise when the server has gone: what is said now would certainly not arrive."""
        if not self.is_open:
            raise self._error or aiosmtplib.SMTPServerDisconnected("connection lost")

    def say(self, *commands: bytes) -> None:
        """Say commands in one go; each has an answer. More than one is for who offers PIPELINING."""
        self.must_be_open()
        self._unanswered += len(commands)
        self._transport.write(b"\r\n".join((*commands, b"")))

    async def answer(self, seconds: float) -> SMTPResponse:
        """Return the answer to the earliest command that has none yet.

        Raises SMTPServerDisconnected, SMTPReadTimeoutError or, at nonsense, SMTPResponseException.
        """
        if not self._answers and self._error is None:
            self._waiter = self._loop.create_future()
            late = self._loop.call_later(seconds, self._end, aiosmtplib.SMTPReadTimeoutError("no answer in time"))
            try:
                await self._waiter
            finally:
                late.cancel()
                self._waiter = None
        if self._answers:
            return self._answers.popleft()
        raise self._error or aiosmtplib.SMTPServerDisconnected("connection lost")

    async def write(self, body: bytes) -> None:
        """Write a mail, all but the dot, until the kernel has it: who reads nothing is seen before the dot."""
        self.mails += 1
        self.must_be_open()
        self._transport.write(body)
        while self._transport.get_write_buffer_size():
            self.must_be_open()
            await asyncio.sleep(DRAIN_SECONDS)

    async def reset(self, seconds: float) -> bool:
        """Take back a half conversation, answers that are still to come included; say whether the server agreed."""
        try:
            while self._answers or self._unanswered:
                if (await self.answer(seconds)).code == GO_AHEAD:
                    return False  # it waits for a mail without a receiver; only hanging up is sure to send none
            self.say(b"RSET")
            return (await self.answer(seconds)).code == DONE
        except (aiosmtplib.SMTPException, OSError):
            return False

    async def quit(self, seconds: float) -> None:
        """Say goodbye; a server that does not answer is left, and so is one that waits for a mail."""
        if self.begun is None:
            with suppress(aiosmtplib.SMTPException, OSError):
                self.say(b"QUIT")
                await self.answer(seconds)
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._end(aiosmtplib.SMTPServerDisconnected("connection closed"))

    # ------------------------------------------------------------------------------------ called by the event loop

    def data_received(self, data: bytes) -> None:
        """Take what the server says, as far as its lines are complete."""
        self._heard += data
        while self._error is None and (end := self._heard.find(b"\n") + 1):  # after nonsense nothing is an answer
            line = bytes(self._heard[:end])
            del self._heard[:end]
            self._take(line)
        if len(self._heard) + self._length > LONGEST:
            self._end(aiosmtplib.SMTPResponseException(-1, "an answer without an end"))
        elif self._waiter is not None and self._answers and not self._waiter.done():
            self._waiter.set_result(None)

    def eof_received(self) -> bool:
        """Hear that the server says nothing more; False has the connection closed."""
        self._end(aiosmtplib.SMTPServerDisconnected("connection lost"))
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        """Hear that the connection is gone."""
        self._end(aiosmtplib.SMTPServerDisconnected("connection lost"))

    def _take(self, line: bytes) -> None:
        if not line[:3].isdigit() or not self._unanswered:
            self._end(aiosmtplib.SMTPResponseException(-1, "an answer that makes no sense"))
            return
        self._lines.append(line[4:].strip().decode("utf-8", "replace"))
        self._length += len(line)
        if line[3:4] != b"-":
            self._answers.append(SMTPResponse(int(line[:3]), "\n".join(self._lines)))
            self._lines.clear()
            self._length = 0
            self._unanswered -= 1

    def _end(self, error: Exception) -> None:
        """Hang up because of this; answers that came before it still count."""
        if self._error is None:  # a transport of TLS that was closed twice knows nothing any more, not even its buffer
            self._error = error
            if self._transport.get_write_buffer_size():
                self._transport.abort()  # to close would hold on to whoever reads nothing until it read the whole mail
            else:
                self._transport.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
