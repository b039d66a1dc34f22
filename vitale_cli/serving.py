"""The parts that run as processes of their own: pages, clock and embedded mailbox.

`vitale up` starts them as `python -m vitale_cli.serving portal --fd 3`; `vitale serve` runs one in the foreground.
"""

import argparse
import gc
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vitale_cli.parent import stop_with_parent
from vitale_cli.server import USUAL_POST, bind
from vitale_core.domain.errors import TemporaryFailure

if TYPE_CHECKING:
    from vitale_core.app import App, Settings

SINK = "post"
"""The Maildir in VITALE_HOME with what the embedded mailbox took."""


def serve_portal(settings: "Settings", *, bound: socket.socket | None = None) -> None:
    """Serve the pages, on a bound socket or on VITALE_PORTAL_HOST and _PORT, until somebody says stop."""
    import uvicorn

    from vitale_core.app import build
    from vitale_portal.web import portal

    app = build(settings)
    clock = clock_of(app)
    clock()  # a virtual clock that this database may not have is refused here, and not on every page
    application = portal(app, clock=clock)
    gc.collect()
    gc.freeze()  # what is there now stays: looking through it for garbage made every page wait for a tenth of a second
    config = uvicorn.Config(
        application,
        host=settings.portal_host,
        port=settings.portal_port,
        log_level="warning",
        access_log=False,  # paths hold the tokens of people
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[bound] if bound else None)


def must_be_free(host: str, port: int, remedy: str) -> None:
    """Raise TemporaryFailure when another program has this port."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise TemporaryFailure(f"Poort {port} van {host} is niet vrij.", remedy=remedy) from error


def clock_of(app: "App") -> Callable[[], datetime]:
    """Return the clock that pages go by: a virtual one stands where the last command or tick left it."""
    from vitale_core.steps import clock

    virtual = app.settings.clock.value == "virtual"

    def now() -> datetime:
        real = datetime.now(UTC)
        if not virtual:
            return real
        with app.database.read() as session:
            return clock.moment(session, virtual=virtual, told=None, real=real)

    return now


def serve_flows() -> None:
    """Serve every flow with its schedule to the Prefect server of PREFECT_API_URL, until somebody says stop."""
    from flows.serving import serve

    serve()


def serve_mailbox(settings: "Settings", *, bound: socket.socket) -> None:
    """Take mail, keep it in VITALE_HOME, and show it on a bound socket, until somebody says stop."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    from vitale_cli import mailview
    from vitale_core.adapters.sink import MailSink

    folder = sink_of(settings.home)
    pages = Starlette(routes=[Route("/", lambda _request: RedirectResponse("/post")), *mailview.routes(folder)])
    sink = MailSink(folder, port=settings.smtp_port)
    sink.start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn ends at these and then passes them on
    config = uvicorn.Config(pages, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[bound])
    sink.stop()


def main() -> None:
    """Run one part as a child of `vitale up`."""
    from vitale_core.app import Settings

    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["portal", "flows", "mailbox"])
    parser.add_argument("--fd", type=int, help="a bound socket, for the portal and the mailbox")
    options = parser.parse_args()
    stop_with_parent()
    bound = socket.socket(fileno=options.fd) if options.fd is not None else None
    if options.part == "portal":
        serve_portal(Settings(), bound=bound)
    elif options.part == "mailbox":
        serve_mailbox(Settings(), bound=bound or bind(USUAL_POST))
    else:
        serve_flows()


def sink_of(home: Path) -> Path:
    """Return the Maildir of the embedded mailbox."""
    return home / SINK


if __name__ == "__main__":
    main()
