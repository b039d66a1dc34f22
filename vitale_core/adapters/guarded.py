"""Read incoming mail in a process of its own, with a limit on time and memory.

A mail that makes a parser run for ever or eat all memory ends that process and nothing else: the mail is set aside and
a new process reads the next one. It is started by the first mail, so an empty inbox costs nothing.
"""

import resource
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pkgutil import resolve_name
from typing import Self

from vitale_core.adapters.incoming import Calendar, read_mail
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.domain.incoming import IncomingMail, Unreadable

STARTING = 60.0
SECONDS = 10.0
MEMORY = 1024 * 1024 * 1024  # of address space; an ordinary mail takes a tenth
CALENDAR = "vitale_core.adapters.replies:calendar_reply"


class GuardedReader:
    """Reads mails as `domain.incoming.Reader`; `with GuardedReader() as read:` ends the process at the end."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY, calendar: str = CALENDAR) -> None:
        """Choose the limits, in seconds a mail and bytes; `calendar` names the function, as `module:function`."""
        self._seconds = seconds
        self._memory = memory
        self._calendar = calendar
        self._process: subprocess.Popen[bytes] | None = None
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
            self._process.wait()
        self._process = self._line = None

    def _start(self) -> Connection:
        """Start a process that has this module alone: who forks or spawns takes along what runs here."""
        self._line, theirs = Pipe()
        number = theirs.fileno()
        self._process = subprocess.Popen(  # noqa: S603 - our own module in this interpreter
            [sys.executable, "-m", __name__, str(number), str(self._memory), self._calendar],
            stdin=subprocess.DEVNULL,
            pass_fds=[number],
        )
        theirs.close()
        try:
            ready = self._line.poll(STARTING) and self._line.recv()
        except EOFError:
            ready = False
        if not ready:
            self.close()
            raise TemporaryFailure("Het lezen van binnengekomen mail kon niet beginnen.", remedy="vitale doctor")
        return self._line


def _read_on(line: Connection, memory: int, calendar: Calendar) -> None:
    """Answer mails until the other side hangs up."""
    if sys.platform == "linux":  # macOS knows the limit and does not keep it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line.send(True)
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
        except Exception as error:  # noqa: BLE001 - told as a reason; a traceback could print what the mail says
            answer = f"niet te lezen ({type(error).__name__})"
        line.send(answer)


if __name__ == "__main__":
    _read_on(Connection(int(sys.argv[1])), int(sys.argv[2]), resolve_name(sys.argv[3]))
