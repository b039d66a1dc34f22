"""The stage of the demo: its own folder, clock, mail server, portal and Prefect server, all on loopback."""

import gc
import os
import random
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from vitale_cli import server as prefect_servers
from vitale_core import app as core
from vitale_core.adapters.sink import MailSink
from vitale_core.domain.errors import Refused
from vitale_core.steps import certificates

LOOPBACK = "127.0.0.1"
PORTAL_PORT, LOOK_PORT, PREFECT_PORT = 8080, 8099, 4200
PATIENCE = 20.0


@dataclass
class Clock:
    """What time it is in the demo; everybody asks here."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """Return the virtual moment, in UTC."""
        return self.now


@dataclass
class Stage:
    """Everything that runs."""

    home: Path
    clock: Clock
    app: core.App
    sink: Path
    portal: str
    prefect: prefect_servers.PrefectServer
    tick: Callable[..., Awaitable[Any]]


@contextmanager
def up(home: Path, *, seed: int, start: datetime) -> Iterator[Stage]:
    """Set everything up in an empty folder, and take it down afterwards, whatever happens."""
    from vitale_portal.web import portal

    clock = Clock(start)
    with ExitStack() as curtain:
        curtain.callback(setattr, certificates, "DICE", certificates.DICE)
        certificates.DICE = random.Random(seed)  # noqa: S311 - the same numbers for the same seed
        prefect = prefect_servers.start(home / "prefect", port=PREFECT_PORT, short_lived=True)
        curtain.callback(prefect_servers.stop, prefect)
        sink = MailSink(home / "post")
        port = sink.start()
        curtain.callback(sink.stop)
        bound = prefect_servers.bind(PORTAL_PORT)
        address = f"http://{LOOPBACK}:{bound.getsockname()[1]}"
        app = core.build(
            core.Settings(
                _env_file=None,
                home=home,
                smtp_host=LOOPBACK,
                smtp_port=port,
                base_url=address,
                clock="virtual",
                secret=f"demo-{seed}-" + "geheim" * 6,
                operator="Operator van het bureau <operator@vitale.example>",
            )
        )
        curtain.callback(app.database.dispose)
        curtain.enter_context(served(portal(app, clock=clock), bound))
        prefect_servers.use(prefect)
        os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"  # the terminal is for the story; the runs are in the UI
        from flows import lifecycle, running  # now, for Prefect reads its settings then; its server starts meanwhile

        prefect_servers.wait(prefect)
        running.use(app, clock)
        gc.freeze()  # Prefect's hundred thousand objects stay anyway; looking through them takes a tenth of the time
        curtain.callback(running.use, None)
        yield Stage(home, clock, app, home / "post", address, prefect, lifecycle.tick)


@contextmanager
def served(application: Starlette | Any, bound: socket.socket) -> Iterator[None]:  # noqa: ANN401 - ASGI
    """Serve an application on a bound socket from a thread, until the block ends."""
    config = uvicorn.Config(application, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE
    while not server.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        bound.close()


@contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder of this demo: the one to keep, or one below `var` that goes afterwards."""
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise Refused(f"{keep} is niet leeg.", remedy="Geef een nieuwe map, of laat --keep weg.")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    parent = Path(os.path.abspath("var"))  # noqa: PTH100 - a link in the path stays a link
    parent.mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="demo-", dir=parent))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
