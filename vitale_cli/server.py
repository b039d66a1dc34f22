"""A private Prefect server on this machine: loopback only, its own port, its own home.

`vitale up` keeps one, `vitale demo` and `vitale run` start one for as long as they need it, and so do tests. Nothing of
another Prefect on this machine leaks in: its PREFECT_* variables are left out.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import certifi

from vitale_core.domain.errors import TemporaryFailure

if TYPE_CHECKING:
    from vitale_core.app import Settings

LOOPBACK = "127.0.0.1"
LOOPBACKS = frozenset({LOOPBACK, "::1", "localhost"})
USUAL_PORT = 4200
USUAL_SMTP, USUAL_POST = 8025, 8026
"""Ports of the embedded mailbox: where mail goes in, and where one looks into it."""
ONE_AUTHORITY = "authority.pem"
"""Prefect reads 150 certificate authorities for each flow run (0.1 s), also for plain http on loopback: give it one."""
ADDRESS = "address"
"""The file in its home that says where the server of `vitale up` listens."""

PATIENCE = 180.0
"""Seconds until a server must answer. Migrations of an empty database take ten to thirty."""

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # never a second, hidden server
    "PREFECT_CLI_PROMPT": "false",
}
_RETENTION = {
    # Run history is not our memory: quarter of a year of it is enough, and events a week.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(90 * 24 * 3600),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
}
_IN_BATCHES = {
    # One by one, each task run costs the server 50 ms; together 8 ms. They show up a second later.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}
_NOT_NEEDED_FOR_A_MINUTE = {
    # No schedules, no workers, no automations and no blocks: services for those only take time.
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_FOREMAN_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
}


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """A started server; `wait` until it answers."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    log: Path

    @property
    def address(self) -> str:
        """Where its pages are."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def api_url(self) -> str:
        """Where flows report."""
        return f"{self.address}/api"

    def environment(self) -> dict[str, str]:
        """Return the variables with which a process finds this server."""
        return client_environment(self.home, self.address)


def start(home: Path, *, port: int = USUAL_PORT, short_lived: bool = False) -> PrefectServer:
    """Start a server whose files are in `home`; on another free port when `port` is taken.

    `short_lived`: for a demo or a test, with an empty home of its own. It starts three times as fast and plans nothing.
    """
    home = home.resolve()
    bound = bind(port)
    address = f"http://{LOOPBACK}:{bound.getsockname()[1]}"
    chosen = settings(home, address, short_lived=short_lived)
    log = home / "server.log"
    with bound, log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command(bound, short_lived=short_lived),
            env=without_prefect(os.environ) | chosen,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[bound.fileno()],
            start_new_session=True,
        )
        return PrefectServer(process, bound.getsockname()[1], home, log)


def command(bound: socket.socket, *, short_lived: bool = False) -> list[str]:
    """Return the command of a server that listens on a bound socket."""
    words = [sys.executable, "-m", "vitale_cli.prefect_server", "--fd", str(bound.fileno())]
    return [*words, "--short-lived"] if short_lived else words


def client_environment(home: Path, address: str) -> dict[str, str]:
    """Return the variables with which a process finds the server at `address`, whose files are in `home`."""
    return _QUIET | {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_API_SSL_CERT_FILE": str(home / ONE_AUTHORITY),
        # Two calls a run less: ours has our version, and only answers this machine, without tokens against forgery.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    }


def settings(home: Path, address: str, *, short_lived: bool = False) -> dict[str, str]:
    """Return the variables of a server at `address`, and make its home."""
    # A kept server copies its pages to its home, for the environment may be read-only; that takes a second.
    kept = {"PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui")}
    home.mkdir(parents=True, exist_ok=True)
    (home / ONE_AUTHORITY).write_text(_first_authority(), encoding="ascii")
    return (
        _QUIET
        | _RETENTION
        | _IN_BATCHES
        | {
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
            "PREFECT_SERVER_API_HOST": LOOPBACK,
            "PREFECT_SERVER_API_PORT": address.rpartition(":")[2],
            "PREFECT_SERVER_UI_API_URL": f"{address}/api",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        }
        | (_NOT_NEEDED_FOR_A_MINUTE if short_lived else kept)
    )


def wait(server: PrefectServer, *, patience: float = PATIENCE) -> None:
    """Return when the server answers; TemporaryFailure when it ended or stayed silent for `patience` seconds."""
    end = time.monotonic() + patience
    while server.process.poll() is None and (left := end - time.monotonic()) > 0:
        if answers(server.api_url, timeout=left):
            return
        time.sleep(0.05)
    stop(server)
    raise TemporaryFailure("De server van Prefect start niet.", remedy=f"Lees waarom in {server.log}.")


def answers(api_url: str, *, timeout: float = 2.0) -> bool:
    """Whether a Prefect server answers at this address."""
    try:
        with urlopen(f"{api_url}/health", timeout=timeout) as response:  # noqa: S310 - http, our own address
            return bool(response.status == 200)  # noqa: PLR2004 - OK
    except (URLError, OSError):
        return False


def announce(home: Path, address: str) -> None:
    """Write down where the server of this home is, for `vitale run` and `vitale doctor`."""
    (home / ADDRESS).write_text(address + "\n", encoding="ascii")


def find(home: Path) -> str | None:
    """Return the address of the server of this home that answers now: the one that was announced; or None."""
    try:
        address = (home / ADDRESS).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return address if answers(f"{address}/api") else None


def stop(server: PrefectServer, *, patience: float = 10.0) -> None:
    """End the server and wait until it is gone; after `patience` seconds the hard way."""
    if os.environ.get("PREFECT_API_URL") == server.api_url:
        teller = threading.Thread(target=_tell_the_rest)  # a thread, for the caller may be in an event loop
        teller.start()
        teller.join()
    if server.process.stdin:
        server.process.stdin.close()
    server.process.terminate()
    try:
        server.process.wait(patience)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@contextmanager
def running(home: Path, *, port: int = USUAL_PORT, short_lived: bool = False) -> Iterator[PrefectServer]:
    """Give a server that answers, in use by this process, and end it afterwards."""
    before = {name: value for name, value in os.environ.items() if name.startswith("PREFECT_")}
    server = start(home, port=port, short_lived=short_lived)
    try:
        wait(server)
        use(server)
        yield server
    finally:
        stop(server)
        use_environment(before)


def use(server: PrefectServer) -> None:
    """Let this process report to the server, also when it has imported Prefect already."""
    use_environment(server.environment())


def use_environment(environment: Mapping[str, str]) -> None:
    """Replace the settings of Prefect in this process by these."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ.update(environment)
    if "prefect.context" in sys.modules:
        sys.modules["prefect.context"].refresh_global_settings_context()


def bind(port: int, *, elsewhere: bool = True) -> socket.socket:
    """Return a socket on loopback, listening to `port`.

    When that is taken: to any free one, or TemporaryFailure when it may not be `elsewhere`.
    """
    taken = None
    for candidate in (port, 0) if elsewhere else (port,):
        # Named TCP, or asyncio leaves Nagle's algorithm on and each answer in two parts waits 40 ms.
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((LOOPBACK, candidate))
            bound.listen(128)
            return bound
        except OSError as error:
            bound.close()
            taken = error
    if elsewhere:
        raise TemporaryFailure("Er is geen vrije poort op deze computer.") from taken
    raise TemporaryFailure(
        f"Poort {port} van {LOOPBACK} is niet vrij.",
        remedy="Stop wat daar draait, of kies een andere poort met --port of VITALE_PORTAL_PORT.",
    ) from taken


def free_port(port: int) -> int:
    """Return `port` if it is free, or else another; whoever asks opens it a moment later."""
    with bind(port) as bound:
        return int(bound.getsockname()[1])


def is_embedded(settings: "Settings") -> bool:
    """Say whether mail goes to the embedded mailbox: no relay was set."""
    return settings.smtp_host in LOOPBACKS and settings.smtp_port == USUAL_SMTP


def without_prefect(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the settings of another Prefect."""
    return {name: value for name, value in environment.items() if not name.startswith("PREFECT_")}


def _tell_the_rest() -> None:
    """Send the logs and events that this process still keeps, or it would complain that the server has gone."""
    for module, name in (("prefect.logging.handlers", "APILogWorker"), ("prefect.events.worker", "EventsWorker")):
        if module in sys.modules:
            getattr(sys.modules[module], name).drain_all(timeout=5, at_exit=False)


def _first_authority() -> str:
    end = "-----END CERTIFICATE-----\n"
    bundle = Path(certifi.where()).read_text(encoding="utf-8")
    return bundle[bundle.index("-----BEGIN CERTIFICATE-----") : bundle.index(end)] + end
