"""The embedded mailbox, open for as long as one command needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitale_core.app import Settings


@contextmanager
def embedded_mailbox(settings: "Settings") -> Iterator[int]:
    """Give the port to send to: of the relay, or of the mailbox of this installation, which is open meanwhile.

    Whoever listens on its usual port may be the mailbox of another installation, so this one takes another port then.
    """
    from vitale_cli import server
    from vitale_cli.serving import sink_of
    from vitale_core.adapters.sink import MailSink

    if not server.is_embedded(settings):
        yield settings.smtp_port
        return
    sink = MailSink(sink_of(settings.home), port=server.free_port(settings.smtp_port))
    sink.start()
    try:
        yield sink.port
    finally:
        sink.stop()
