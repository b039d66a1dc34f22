"""`vitale up`, `doctor`, `serve` and `run`: what keeps going, and flows of Prefect by hand."""

import asyncio
import inspect
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from vitale_cli import options, terminal
from vitale_cli.parser import commands
from vitale_core.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTENTION = 5
LAST_PORT = 65535

serve_app = commands("serve", "Start een deel apart: pagina's, klok of postbus.")


def up(
    *,
    port: Annotated[int | None, Parameter(help="poort van de pagina's; anders VITALE_PORTAL_PORT, of 8080")] = None,
) -> int:
    """Start server, klok, pagina's en postbus op deze computer, en houd ze draaiend tot Ctrl-C."""
    from vitale_cli import up as supervised
    from vitale_core.app import read_settings

    if port is not None and not 1 <= port <= LAST_PORT:
        raise Refused(f"{port} is geen poort.", remedy=f"Kies een getal van 1 tot en met {LAST_PORT}.")
    return supervised.up(read_settings(), port)


def doctor(
    *,
    server: Annotated[bool, Parameter(negative="--no-server", help="kijk ook of Prefect en de klok nu draaien")] = True,
) -> int:
    """Kijk na of alles er is om te draaien; wat niet goed is, met wat je eraan doet. Verandert niets."""
    from vitale_cli import doctor as surgery
    from vitale_core.app import read_settings

    findings = surgery.doctor(read_settings(), server=server)
    document = [{"what": f.what, "level": f.level, "sentence": f.sentence, "remedy": f.remedy} for f in findings]
    well = all(finding.level is surgery.Level.GOOD for finding in findings)
    terminal.show({"healthy": well, "findings": document}, "\n".join(str(finding) for finding in findings))
    return 0 if well else ATTENTION


@serve_app.command
def portal() -> None:
    """De pagina's van deelnemers, gastheren, trainers en het bureau."""
    from vitale_cli import serving
    from vitale_core.app import read_settings

    settings = read_settings()
    remedy = "Stop wat daar draait, of kies een andere poort met VITALE_PORTAL_PORT."
    serving.must_be_free(settings.portal_host, settings.portal_port, remedy)
    terminal.say(f"Pagina's op http://{settings.portal_host}:{settings.portal_port} (Ctrl-C stopt)")
    serving.serve_portal(settings)


@serve_app.command
def flows() -> None:
    """De klok: alle flows met hun vaste momenten, voor de Prefect-server van PREFECT_API_URL of van vitale up."""
    from vitale_cli import serving
    from vitale_core.app import read_settings

    _use_the_server(read_settings().home)
    serving.serve_flows()


@serve_app.command
def mailbox() -> None:
    """De ingebouwde postbus: neemt mail aan, bewaart die in VITALE_HOME en laat ze zien; er gaat niets weg."""
    from vitale_cli import server, serving
    from vitale_core.app import read_settings

    settings = read_settings()
    remedy = "Draait vitale up? Dan is daar al een postbus. Kies anders een andere poort met VITALE_SMTP_PORT."
    serving.must_be_free(server.LOOPBACK, settings.smtp_port, remedy)
    bound = server.bind(server.USUAL_POST)
    terminal.say(f"De postbus luistert op poort {settings.smtp_port} (Ctrl-C stopt)")
    terminal.say(f"Wat erin zit: http://{server.LOOPBACK}:{bound.getsockname()[1]}")
    serving.serve_mailbox(settings, bound=bound)


def run(
    flow: Annotated[str, Parameter(help="naam van de flow, zoals tick of approve-groups")],
    *,
    param: Annotated[list[str] | None, Parameter(help="een gegeven van de flow: naam=waarde", negative="")] = None,
) -> None:
    """Doe een stap via Prefect, met de run in zijn geschiedenis; zonder draaiende server start die er even een."""
    given = dict(_pair(text) for text in param or [])
    from vitale_cli.desk import is_virtual, open_desk
    from vitale_cli.relay import embedded_mailbox

    with open_desk() as desk:
        settings, virtual, now = desk.app.settings, is_virtual(desk.app), desk.now
        if options.current().set_back:
            with desk.write():  # the flow itself never goes back
                pass
    with _a_server(settings.home), embedded_mailbox(settings) as port:
        os.environ["VITALE_SMTP_PORT"] = str(port)
        from prefect.exceptions import ParameterBindError, ParameterTypeError, SignatureMismatchError

        from flows import serving

        try:
            found = serving.find(flow).flow
        except KeyError as known:
            raise NotFound(f"De flow '{flow}' bestaat niet.", remedy=f"Er zijn: {known.args[0]}.") from None
        if virtual and "now" in inspect.signature(found.fn).parameters:
            given.setdefault("now", now.isoformat())
        try:
            result = asyncio.run(found(**given))
        except (ParameterBindError, ParameterTypeError, SignatureMismatchError):
            wanted = ", ".join(inspect.signature(found.fn).parameters) or "geen"
            raise Refused(
                f"De gegevens passen niet bij de flow '{flow}'.",
                remedy=f"Hij vraagt: {wanted}. Zo: --param naam=waarde",
            ) from None
    text = terminal.facts(result) if isinstance(result, dict) else str(result or "Klaar.")
    terminal.show({"flow": found.name, "result": result}, text)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Refused(f"'{text}' is geen gegeven.", remedy="Schrijf --param naam=waarde")
    return name, value


@contextmanager
def _a_server(home: Path) -> "Iterator[None]":
    """Use the Prefect server that is there, or start one for as long as this takes."""
    from vitale_cli import server

    if _use_the_server(home):
        yield
        return
    terminal.say("Er draait nog geen Prefect-server; ik start er een, dat duurt een halve minuut.")
    with server.running(home / "prefect"):
        yield


def _use_the_server(home: Path) -> bool:
    """Let this process report to the server of PREFECT_API_URL or of `vitale up`; False when there is none."""
    from vitale_cli import server

    if os.environ.get("PREFECT_API_URL"):
        return True
    folder = home.resolve() / "prefect"
    address = server.find(folder)
    if address is None:
        return False
    server.use_environment(server.client_environment(folder, address))
    return True
