"""The send journal: what was sent and what was read, outside the database.

When an older copy of the database comes back, its outbox is older than reality and would send a day again, and it never
heard of the answers that were handled since. This append-only file knows better. One line an event,
`2027-03-18T08:30:00+0000 marked 1 <hash of the Message-ID><hash of what it says>`; no personal data. A line is on disk
before the final dot of its mail is sent, and before a mail that was handled leaves the inbox.

Each database has its own journal (its name is kept in the database, so a restored copy finds it back). A file holds
a month; the last three are read, longer than any backup is kept.
"""

import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from vitale_core import faults
from vitale_core.domain.delivery import Entry, Trace

MONTHS = 3
_FIELDS = 4
_DIGITS = 32  # of the hash of a name
_TEXT = 16  # of the hash of what a mail says, which older lines do not have


class SendJournal:
    """The journal of one database. Several processes may append to it at once."""

    def __init__(self, folder: Path, name: str) -> None:
        """Read what earlier lives wrote; make the folder when it is not there yet."""
        self._folder = folder
        self._name = name
        self._month = (0, 0)
        self._file = -1
        folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[bytes, tuple[Trace, int]] = {}
        self._texts: dict[bytes, bytes] = {}
        self._last_read = 0
        for path in sorted(folder.glob(f"{name}-*.log"))[-MONTHS:]:
            self._read(path)

    def write(self, entries: Iterable[Entry], now: datetime) -> None:
        """Append these events and wait until the disk has them; see `delivery.Journal`."""
        hashed = [(what, _hash(name), number, _short(text)) for what, name, number, text in entries]
        if not hashed:
            return
        file = self._open(now)
        at = f"{now:%Y-%m-%dT%H:%M:%S%z}"
        lines = [f"{at} {what} {number} {name.hex()}{text.hex()}\n" for what, name, number, text in hashed]
        data = "".join(lines).encode("ascii")
        if _ends_torn(file):
            data = b"\n" + data  # else what is written now would be lost with it
        faults.point("journal: before the write")
        written = os.write(file, data)
        if written != len(data):
            raise OSError(f"the send journal took {written} of {len(data)} bytes")
        if any(what is not Trace.REFUSED for what, *_ in hashed):
            os.fdatasync(file)
        faults.point("journal: on disk")
        for what, name, number, text in hashed:
            self._remember(name, what, number, text)

    def last(self, message_id: str) -> tuple[Trace, int] | None:
        """Return the last event of a message and the number of its attempt."""
        return self._known.get(_hash(message_id))

    def said_else(self, message_id: str, text: str) -> bool:
        """Say whether a message is known to have told its reader something else; see `delivery.Journal`."""
        return self._texts.get(_hash(message_id), _short(text)) != _short(text)

    @property
    def last_read(self) -> int:
        """The number of the row of the mail that was handled last; 0 when there was none."""
        return self._last_read

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file, self._month = -1, (0, 0)

    def _open(self, now: datetime) -> int:
        month = (now.year, now.month)
        if month != self._month:
            self.close()
            path = self._folder / f"{self._name}-{now:%Y-%m}.log"
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            self._month = month
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)  # the name of a new file is durable too
            finally:
                os.close(folder)
        return self._file

    def _remember(self, name: bytes, what: Trace, number: int, text: bytes) -> None:
        if what is Trace.READ:
            self._last_read = number
        else:
            self._known[name] = (what, number)
            if text:
                self._texts[name] = text

    def _read(self, path: Path) -> None:
        """Read one month. What a power cut or a full disk tore off is no line."""
        with path.open("rb") as file:
            for line in file:
                fields = line.split()
                if len(fields) != _FIELDS or not line.endswith(b"\n"):
                    continue
                if len(fields[3]) not in {_DIGITS, _DIGITS + _TEXT}:
                    continue
                try:
                    both = bytes.fromhex(fields[3].decode("ascii"))
                    name, text = both[: _DIGITS // 2], both[_DIGITS // 2 :]
                    self._remember(name, Trace(fields[1].decode("ascii")), int(fields[2]), text)
                except ValueError:
                    continue


def _ends_torn(file: int) -> bool:
    """Say whether the last line of a file is not whole; another process may have written it."""
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def _hash(message_id: str) -> bytes:
    return hashlib.sha256(message_id.encode()).digest()[: _DIGITS // 2]


def _short(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[: _TEXT // 2] if text else b""
