"""The inbox, as a Maildir or over IMAP, behind one protocol (`domain.incoming.Mailbox`).

A mail stays where it is until the step that handled it has committed; then it moves to a folder beside it. Nothing is
deleted, nothing is answered, and no flag is changed.
"""

import imaplib
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gaierror
from typing import Any
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import (
    ImapToolsError,
    MailboxCopyError,
    MailboxFolderCreateError,
    MailboxFolderSelectError,
    MailboxLoginError,
    MailboxMoveError,
)

from vitale_core.domain.errors import Refused, TemporaryFailure
from vitale_core.domain.incoming import HEAD, RawMail

HANDLED, APART = "Processed", "Quarantine"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
TIMEOUT = 60
EXAMPLE = "Zo: VITALE_INBOX=imaps://gebruiker@server/INBOX"

WORDS: tuple[tuple[type[Exception], str], ...] = (
    (MailboxLoginError, "weigert onze aanmelding; kijk naar de gebruiker in VITALE_INBOX en VITALE_INBOX_PASSWORD"),
    (MailboxFolderSelectError, "heeft de map niet die in VITALE_INBOX staat"),
    (MailboxFolderCreateError, f"laat ons de mappen {HANDLED} en {APART} niet maken"),
    (MailboxMoveError, "laat ons gelezen mail niet verplaatsen; misschien is hij vol"),
    (MailboxCopyError, "laat ons gelezen mail niet verplaatsen; misschien is hij vol"),
    (ssl.SSLCertVerificationError, "heeft een certificaat dat niet klopt"),
    (ssl.SSLError, "kan geen beveiligde verbinding maken; kijk naar imap:// of imaps:// en de poort in VITALE_INBOX"),
    (gaierror, "is niet te bereiken: de naam van de server bestaat niet"),
    (ConnectionRefusedError, "is niet te bereiken: op die poort luistert niemand"),
    (TimeoutError, "is niet te bereiken: geen antwoord binnen {} seconden"),
)


def open_mailbox(where: str, *, password: str = "") -> "MaildirBox | ImapBox":
    """Open `imaps://user@host[:port]/FOLDER`, `imap://...` (STARTTLS; plain on loopback), or a Maildir by its path."""
    parsed = urlsplit(where)
    if parsed.scheme not in {"imap", "imaps"}:
        if "://" in where:
            raise Refused(f"VITALE_INBOX begint met imaps:// of is een map, niet {parsed.scheme}://.", remedy=EXAMPLE)
        return MaildirBox(Path(where))
    try:
        port = parsed.port
    except ValueError:
        raise Refused("In VITALE_INBOX staat na de dubbele punt geen poort.", remedy=EXAMPLE) from None
    if not parsed.hostname or not parsed.username:
        raise Refused("VITALE_INBOX heeft een gebruiker en een server nodig.", remedy=EXAMPLE)
    return ImapBox(
        host=parsed.hostname,
        port=port,
        user=unquote(parsed.username),
        password=password or unquote(parsed.password or ""),
        folder=unquote(parsed.path.strip("/")) or "INBOX",
        tls=parsed.scheme == "imaps",
    )


class MaildirBox:
    """A Maildir; its folders are named as Dovecot does (`.Processed`)."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, and make it if that can be done; reading it says why not."""
        self._folder = folder
        with suppress(TemporaryFailure):
            self.check()

    def check(self) -> None:
        """Make the folder when it is not there yet. Raises TemporaryFailure, saying what is wrong."""
        with _at_the_disk():
            for place in (self._folder, self._folder / f".{HANDLED}", self._folder / f".{APART}"):
                for part in ("tmp", "new", "cur"):
                    (place / part).mkdir(parents=True, exist_ok=True)

    def waiting(self, *, limit: int, largest: int) -> Iterator[RawMail]:
        """Give the mails in `new` and `cur` by age; see `domain.incoming.Mailbox`. Raises TemporaryFailure."""
        self.check()
        yield from self._mails(_by_age(self._folder)[:limit], largest)

    def handled(self, *, limit: int, largest: int) -> Iterator[RawMail]:
        """Give the newest of what `done` and `set_aside` moved; see `domain.incoming.Mailbox`."""
        self.check()
        paths = _by_age(self._folder / f".{HANDLED}", self._folder / f".{APART}")
        yield from self._mails(paths[-limit:], largest)

    def done(self, source: str) -> None:
        """Move a mail to the handled ones."""
        self._move(source, HANDLED)

    def set_aside(self, source: str) -> None:
        """Move a mail to those that a person must look at."""
        self._move(source, APART)

    def close(self) -> None:
        """Do nothing: a folder needs no goodbye."""

    def _mails(self, paths: list[Path], largest: int) -> Iterator[RawMail]:
        for path in paths:
            with suppress(FileNotFoundError):  # another reader was here
                with _at_the_disk(), path.open("rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    octets = file.read(size if size <= largest else HEAD)
                yield _raw(f"{path.parent.name}/{path.name}", size, octets, largest)

    def _move(self, source: str, where: str) -> None:
        part, _, name = source.partition("/")
        with suppress(FileNotFoundError), _at_the_disk():
            (self._folder / part / name).rename(self._folder / f".{where}" / "cur" / f"{name.partition(':')[0]}:2,S")


@contextmanager
def _at_the_disk() -> Iterator[None]:
    """Turn what a folder raises that cannot be used into TemporaryFailure; a file that has gone stays what it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TemporaryFailure(
            f"De map van de inbox is niet te gebruiken ({error.strerror}).", remedy="Kijk naar VITALE_INBOX."
        ) from error


def _by_age(*folders: Path) -> list[Path]:
    parts = [folder / part for folder in folders for part in ("new", "cur")]
    return sorted((path for part in parts for path in part.iterdir() if path.is_file()), key=_age)


def _age(path: Path) -> tuple[float, str]:
    try:
        return path.stat().st_mtime, path.name
    except FileNotFoundError:
        return 0.0, path.name


class ImapBox:
    """A folder on an IMAP server, over one connection that is kept between readings."""

    def __init__(self, *, host: str, port: int | None, user: str, password: str, folder: str, tls: bool) -> None:
        """Take what is needed to connect; nothing happens yet. An answer may take `patience` seconds."""
        self.patience = TIMEOUT
        self._where = (host, port)
        self._login = (user, password)
        self._folder = folder
        self._tls = tls
        self._box: BaseMailBox | None = None
        self._validity = ""  # of the folder as this connection sees it

    def check(self) -> None:
        """Log in and open the folder, and change nothing. Raises TemporaryFailure, saying what is wrong."""
        self.close()
        with _reaching(self):
            self._box = self._logged_in()
        self.close()

    def waiting(self, *, limit: int, largest: int) -> Iterator[RawMail]:
        """Give the mails in the folder by UID; see `domain.incoming.Mailbox`. Raises TemporaryFailure."""
        return self._mails(self._folder, slice(limit), largest)

    def handled(self, *, limit: int, largest: int) -> Iterator[RawMail]:
        """Give the newest of what `done` and `set_aside` moved, folder by folder. Raises TemporaryFailure."""
        for folder in (HANDLED, APART):
            yield from self._mails(folder, slice(-limit, None), largest)

    def done(self, source: str) -> None:
        """Move a mail to the handled ones."""
        self._move(source, HANDLED)

    def set_aside(self, source: str) -> None:
        """Move a mail to those that a person must look at."""
        self._move(source, APART)

    def close(self) -> None:
        """Say goodbye; a server that has gone already is no error."""
        box, self._box = self._box, None
        if box is not None:
            with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
                box.logout()
            with suppress(OSError):  # closed already, when the goodbye was heard
                box.client.shutdown()

    def _mails(self, folder: str, which: slice, largest: int) -> Iterator[RawMail]:
        with _reaching(self):
            box = self._connected()
            validity = _validity(box, folder)
            box.folder.set(folder)
            uids = box.uids()[which]
        for uid in uids:
            with _reaching(self):
                size = _size(box.client, uid)
                octets = _octets(box.client, uid, "" if size <= largest else f"<0.{HEAD}>") if size else b""
            if octets:
                yield _raw(f"{validity}/{uid}", size, octets, largest)

    def _connected(self) -> BaseMailBox:
        if self._box is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                self._box.client.noop()
                return self._box
            self.close()
        box = self._logged_in()
        try:
            for name in (HANDLED, APART):
                if not box.folder.exists(name):
                    box.folder.create(name)
            self._validity = _validity(box, self._folder)
        except BaseException:
            box.client.shutdown()
            raise
        self._box = box
        return box

    def _logged_in(self) -> BaseMailBox:
        host, port = self._where
        if self._tls:
            box: BaseMailBox = MailBox(host, port or 993, timeout=self.patience)
        elif host in LOOPBACK:
            box = MailBoxUnencrypted(host, port or 143, timeout=self.patience)
        else:
            box = MailBoxStartTls(host, port or 143, timeout=self.patience)
        login = box.login if "".join(self._login).isascii() else box.login_utf8  # the usual command knows only ASCII
        try:
            login(*self._login, initial_folder=self._folder)
        except BaseException as error:
            box.client.shutdown()
            if type(error) is imaplib.IMAP4.error:  # how login_utf8 is told no
                raise MailboxLoginError(("NO", []), "OK") from error
            raise
        return box

    def _move(self, source: str, where: str) -> None:
        validity, _, uid = source.partition("/")
        with _reaching(self):
            box = self._connected()
            if validity == self._validity:
                box.move(uid, where)
            # Else the numbers were dealt anew: this one may be another mail's. It is read again, known, and moved then.


@contextmanager
def _reaching(box: ImapBox) -> Iterator[None]:
    """Turn what a broken connection raises into TemporaryFailure, and connect anew next time."""
    try:
        yield
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        box.close()
        what = next((words for kind, words in WORDS if isinstance(error, kind)), "is niet te bereiken")
        raise TemporaryFailure(f"De inbox {what.format(box.patience)}.", remedy="vitale doctor") from error


def _validity(box: BaseMailBox, folder: str) -> str:
    """Return the number that changes when a server deals out the numbers of mails anew (RFC 3501, 2.3.1.1)."""
    return str(box.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])


def _size(client: Any, uid: str) -> int:  # noqa: ANN401 - imaplib's class depends on the protection
    status, data = client.uid("FETCH", uid, "(RFC822.SIZE)")
    text = b" ".join(part for part in data if isinstance(part, bytes)).decode("ascii", "replace")
    return int(text.partition("RFC822.SIZE")[2].strip(" )") or 0) if status == "OK" else 0


def _octets(client: Any, uid: str, which: str) -> bytes:  # noqa: ANN401 - the same
    _status, data = client.uid("FETCH", uid, f"(BODY.PEEK[]{which})")
    return next((bytes(part[1]) for part in data if isinstance(part, tuple)), b"")


def _raw(source: str, size: int, octets: bytes, largest: int) -> RawMail:
    return RawMail(source, size, octets) if size <= largest else RawMail(source, size, None, octets)
