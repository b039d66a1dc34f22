"""`vitale up`: server, clock, pages and embedded mailbox as one supervised process on one laptop.

It looks first whether all can run, takes other ports when the usual ones are taken, starts again what falls over, and
on Ctrl-C or SIGTERM ends everything it started. When it is killed itself, its children notice and end.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from vitale_cli import doctor, server, terminal
from vitale_core.domain.errors import Refused, TemporaryFailure

if TYPE_CHECKING:
    from vitale_core.app import Settings

OK, ATTENTION = 0, 5
LONGEST_WAIT = 60.0
STEADY = 60.0
"""Seconds after which a part counts as running well, so that its next fall is its first."""

PATIENCE = 10.0
"""Seconds that a part gets to end in order."""

LARGEST_LOG = 5_000_000


@dataclass
class Part:
    """One program that is kept running."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    sockets: tuple[socket.socket, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    falls: int = 0
    again_at: float = 0.0

    def start(self) -> None:
        """Start it; what it prints goes to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                self.command,
                env=dict(self.environment),
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=output,
                stderr=output,
                pass_fds=[bound.fileno() for bound in self.sockets],
                start_new_session=True,
            )
        self.started = time.monotonic()

    def fell(self, now: float) -> float | None:
        """Say after how many seconds it will be started again, when it fell just now; None when nothing happened."""
        if self.process is None or self.process.poll() is None:
            return None
        self.falls = 1 if now - self.started > STEADY else self.falls + 1
        wait = min(2.0 ** (self.falls - 1), LONGEST_WAIT)
        self._close()
        self.process, self.again_at = None, now + wait
        return wait

    def end(self) -> None:
        """Ask it to end, with everything it started."""
        if self.process is not None and self.process.poll() is None:
            self._signal(signal.SIGTERM)

    def wait(self, end: float) -> None:
        """Wait until it is gone, at the latest at `end` the hard way."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, end - time.monotonic()))
        self._signal(signal.SIGKILL)  # what it left behind
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


@dataclass
class Supervisor:
    """Keeps parts running until it is told to stop."""

    parts: list[Part]
    say: Callable[[str], None] = print
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start every part and keep it running; return when `stopping` is set and all are gone."""
        try:
            for part in self.parts:
                part.start()
            while not self.stopping.wait(0.2):
                self.look()
        finally:
            self.stop()

    def look(self) -> None:
        """Start again what fell, after a pause that doubles with each fall."""
        now = time.monotonic()
        for part in self.parts:
            if (wait := part.fell(now)) is not None:
                self.say(f"{part.name} viel om; over {wait:.0f} s start hij opnieuw. Waarom: {part.log}")
            if part.process is None and now >= part.again_at and not self.stopping.is_set():
                part.start()

    def stop(self) -> None:
        """End every part, the last one first, and wait until all are gone."""
        end = time.monotonic() + PATIENCE
        for part in reversed(self.parts):
            part.end()
        for part in reversed(self.parts):
            part.wait(end)


def up(settings: "Settings", port: int | None = None) -> int:
    """Run everything until Ctrl-C or SIGTERM, and return the exit code: 0, or 5 when something here is wrong.

    `port` is where the pages must be. Raises Refused when it runs here already, TemporaryFailure when Prefect does not
    start or a port that was asked for is taken.
    """
    from vitale_core.app import build

    findings = doctor.doctor(settings, server=False, trail=False)
    for finding in findings:
        if finding.level is not doctor.Level.GOOD:
            terminal.say(str(finding))
    if any(finding.level is doctor.Level.WRONG for finding in findings):
        return ATTENTION
    stopping = threading.Event()
    before = {
        number: signal.signal(number, _stop(stopping)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        with _alone(settings.home):
            build(settings).database.dispose()  # once, before the parts do so at the same time
            return _run(settings, port, stopping)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold this home; Refused when another `vitale up` does."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(
                "Vitale draait hier al.", remedy="Stop het andere venster, of geef een andere map met VITALE_HOME."
            ) from None
        yield


def pages_of(settings: "Settings", port: int | None = None) -> tuple[socket.socket, str, str]:
    """Return where the pages listen, the base of all links, and what to say when that is not the usual place.

    Only a port that nobody chose gives way: one that was asked for, or that a base of links of one's own leads to,
    raises TemporaryFailure when it is taken.
    """
    wanted = port or settings.portal_port
    own_base = "base_url" in settings.model_fields_set and settings.base_url != _local(settings.portal_port)
    chosen = port is not None or "portal_port" in settings.model_fields_set or own_base
    bound = server.bind(wanted, elsewhere=not chosen)
    there = _local(bound.getsockname()[1])
    if there == _local(wanted):
        return bound, settings.base_url if own_base else there, ""
    warning = (
        f"Poort {wanted} is bezet door een ander programma. De pagina's staan nu op {there}; ook de links in de mails "
        f"gaan daarheen. Bij een volgende start werken die links niet meer: maak poort {wanted} vrij, of kies een "
        "vaste poort met vitale up --port 8081."
    )
    return bound, there, warning


def _local(port: int) -> str:
    return f"http://{server.LOOPBACK}:{port}"


def _run(settings: "Settings", port: int | None, stopping: threading.Event) -> int:
    home = settings.home.resolve()
    pages, base, warning = pages_of(settings, port)
    prefect = server.bind(server.USUAL_PORT)
    address = _local(prefect.getsockname()[1])
    changed = {
        "VITALE_HOME": str(home),
        "VITALE_PORTAL_PORT": str(pages.getsockname()[1]),
        "VITALE_BASE_URL": base,
    }
    post = server.bind(server.USUAL_POST) if server.is_embedded(settings) else None
    if post:
        changed["VITALE_SMTP_PORT"] = str(server.free_port(settings.smtp_port))
    environment = server.without_prefect(os.environ) | changed | server.client_environment(home / "prefect", address)
    logs = home / "log"
    serving = [sys.executable, "-m", "vitale_cli.serving"]
    core = Part(
        "Prefect",
        server.command(prefect),
        server.without_prefect(os.environ) | server.settings(home / "prefect", address),
        logs / "prefect.log",
        (prefect,),
    )
    parts = [
        Part("de klok", [*serving, "flows"], environment, logs / "flows.log"),
        Part(
            "het portaal", [*serving, "portal", "--fd", str(pages.fileno())], environment, logs / "portal.log", (pages,)
        ),
    ]
    if post:
        command = [*serving, "mailbox", "--fd", str(post.fileno())]
        parts.insert(0, Part("de postbus", command, environment, logs / "mailbox.log", (post,)))
    supervisor = Supervisor([core], say=terminal.say, stopping=stopping)
    terminal.say("Prefect start; de eerste keer duurt dat een halve minuut.")
    try:
        core.start()
        if not _answers(core, f"{address}/api", stopping):
            if stopping.is_set():
                return OK
            raise TemporaryFailure("Prefect start niet.", remedy=f"Lees waarom in {core.log}.")
        server.announce(home / "prefect", address)
        supervisor.parts += parts
        for part in parts:
            part.start()
        _welcome(base, address, home, post, warning)
        while not stopping.wait(0.2):
            supervisor.look()
    finally:
        supervisor.stop()
        for bound in filter(None, (prefect, pages, post)):
            bound.close()
    terminal.say("Alles is gestopt.")
    return OK


def _answers(core: Part, api_url: str, stopping: threading.Event) -> bool:
    end = time.monotonic() + server.PATIENCE
    while time.monotonic() < end and not stopping.is_set():
        if core.process is None or core.process.poll() is not None:
            return False
        if server.answers(api_url, timeout=1.0):
            return True
        stopping.wait(0.1)
    return False


def _welcome(pages: str, prefect: str, home: Path, post: socket.socket | None, warning: str) -> None:
    lines = [
        "Vitale draait.",
        f"  pagina's     {pages}",
        f"  beheer       {pages}/beheer",
        f"  Prefect      {prefect}",
        f"  gegevens     {home}",
    ]
    if post:
        lines.append(f"  postbus      http://{server.LOOPBACK}:{post.getsockname()[1]}")
        lines.append("               alle mail blijft hierin; stel VITALE_SMTP_HOST in om echt te versturen")
    for line in [*lines, "Stoppen: Ctrl-C."]:
        terminal.say(line)
    if warning:
        terminal.warn(warning)


def _stop(stopping: threading.Event) -> Callable[[int, FrameType | None], Any]:
    return lambda _number, _frame: stopping.set()
