"""The embedded mail server: takes every mail and keeps it in a Maildir, on this machine only.

It stands in for the relay on a laptop and in the demo. Nothing leaves.
"""

import mailbox
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

SIZE = 20 * 1024 * 1024


class MailSink:
    """An SMTP server on loopback with one folder; a mail is in the folder before it is accepted."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Choose where; `start` makes the folder and opens the port (0: any free one)."""
        self.folder = folder
        self._handler = _Keep(folder)
        self._controller = _Listening(
            self._handler, hostname=host, port=port, data_size_limit=SIZE, decode_data=False, enable_SMTPUTF8=False
        )

    def start(self) -> int:
        """Open the port and return it; the server runs in a thread of its own."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        mailbox.Maildir(str(self.folder), create=True)
        self._controller.start()
        return self.port

    @property
    def port(self) -> int:
        """Return the port that is open."""
        return int(self._controller.port)

    def stop(self) -> None:
        """Close the port; the mails stay."""
        self._controller.stop()


class _Listening(Controller):
    """The library's server, on a port that the system chooses when it is 0."""

    async def _create_server(self) -> Any:  # noqa: ANN401 - an asyncio server
        server: Any = await super()._create_server()
        self.port = server.sockets[0].getsockname()[1]
        return server


class _Keep:
    """What aiosmtpd calls for every mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - its names
        keep(self._folder, envelope.content, sender=envelope.mail_from or "", recipients=envelope.rcpt_tos)
        return "250 2.0.0 kept"


def keep(folder: Path, content: bytes, *, sender: str, recipients: list[str]) -> None:
    """Put one mail into a Maildir, with the envelope in its first lines as a real server would."""
    head = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
    box = mailbox.Maildir(str(folder), create=True)
    box.add("\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n" + content)
