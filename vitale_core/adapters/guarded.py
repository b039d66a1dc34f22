"""Read incoming mail in a process of its own, with a limit on time and memory.

A mail that makes a parser run for ever or eat all memory ends that process and nothing else: the mail is set aside and
a new process reads the next one. It is started by the first mail, so an empty inbox costs nothing.
"""

import multiprocessing
import resource
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Self

from vitale_core.adapters.incoming import Calendar, read_mail
from vitale_core.adapters.replies import calendar_reply
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.domain.incoming import IncomingMail, Unreadable

STARTING = 60.0
SECONDS = 10.0
MEMORY = 1024 * 1024 * 1024  # of address space; an ordinary mail takes a tenth


class GuardedReader:
    """Reads mails as `domain.incoming.Reader`; `with GuardedReader() as read:` ends the process at the end."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, calendar: Calendar = calendar_reply) -> None:
        """Choose the limits; `calendar` must be a function at the top of a module."""
        self._seconds = seconds
        self._memory = memory
        self._calendar = calendar
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def __call__(self, raw: bytes) -> IncomingMail:
        """Return what the mail says. Raises Unreadable, also when reading took too long or too much."""
        try:
            line = self._line or self._start()
            line.send_bytes(raw)
            in_time = line.poll(self._seconds)
            answer = line.recv() if in_time else f"het lezen duurde langer dan {self._seconds:g} seconden"
        except (EOFError, OSError):
            self.close()
            raise Unreadable("het lezen brak af") from None
        if not in_time:
            self.close()
        if isinstance(answer, IncomingMail):
            return answer
        raise Unreadable(str(answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._line is not None:
            self._line.close()
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._line = None

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_read_on, args=(theirs, self._memory, self._calendar), daemon=True)
        self._process.start()
        theirs.close()
        if not self._line.poll(STARTING):
            self.close()
            raise TemporaryFailure("Het lezen van binnengekomen mail kon niet beginnen.", remedy="vitale doctor")
        self._line.recv()
        return self._line


def _read_on(line: Connection, memory: int, calendar: Calendar) -> None:
    """Answer mails until the other side hangs up."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line.send("ready")
    while True:
        try:
            raw = line.recv_bytes()
        except EOFError:
            return
        try:
            answer: IncomingMail | str = read_mail(raw, calendar=calendar)
        except Unreadable as unreadable:
            answer = str(unreadable)
        except MemoryError:
            answer = "het lezen kostte te veel geheugen"
        line.send(answer)
