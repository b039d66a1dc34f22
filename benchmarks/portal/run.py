"""Measures what pages cost beside 10,000 cohorts, and what a page that only says hello costs in the same server.

A real uvicorn server is held to one core (where the system can do that) and asked 100 pages a second, whether it has
answered the ones before or not; a request waits from the moment it should have left. The pages take turns, so that a
busy machine is busy for all; every round asks for the same number of hello pages at the same pace. The figures: per
page the median and the 95th percentile in milliseconds, and how many bytes the page and the style sheet weigh on the
way; for each server the processor time of one page, where the system tells it, which other work on the machine changes
least. The goals: 95 % of all pages within 30 ms, and no page over 30 kB.

    python benchmarks/portal/run.py [--cohorts 10000] [--rate 100] [--seconds 30]
"""

import argparse
import asyncio
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from _many import fill  # noqa: E402 - after its folder is known

from tests.portal.stages import walk  # noqa: E402 - the same
from tests.portal.world import World  # noqa: E402 - the same
from vitale_core.store.database import open_database  # noqa: E402 - the same
from vitale_core.store.records import Visit  # noqa: E402 - the same
from vitale_core.store.schema import upgrade  # noqa: E402 - the same

STAGE = "visits booked"  # everybody answered, groups and visits are there, the training still has to begin
GOAL_MS, GOAL_BYTES = 30, 30 * 1024
HELLO = "hello"
CONNECTIONS = 32
EVERYBODY, OFFICE = 4, 1
"""So many requests of participants, hosts, trainers and passers-by go to one of the operator."""

SERVER = """
import datetime, gc, sys
sys.path[:0] = {paths!r}
import uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.portal.world import World
from vitale_core.store.database import open_database

if sys.argv[1] == "hello":
    application = Starlette(routes=[Route("/", lambda request: PlainTextResponse("hello"))])
else:
    world = World(open_database("sqlite:///" + sys.argv[1]), Path(sys.argv[1]).parent)
    world.now = datetime.datetime.fromisoformat(sys.argv[2])
    application = world.portal()
gc.collect()
gc.freeze()  # as `vitale serve portal` does
uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[3]), access_log=False, log_level="error")
"""


@dataclass
class Page:
    """One address, and what asking for it took."""

    name: str
    path: str
    port: int
    size: int = 0
    spent: list[float] = field(default_factory=list)  # milliseconds


def prepare(folder: Path, cohorts: int) -> tuple[Path, datetime, dict[str, list[tuple[str, str]]]]:
    """Play one cohort, put the others beside it; return the database, the moment, and the pages to ask for."""
    file = folder / "vitale.db"
    upgrade(f"sqlite:///{file}")
    database = open_database(f"sqlite:///{file}")
    world = World(database, folder)
    stage = next(stage for stage in walk(world) if stage.name == STAGE)
    noor = world.link(enrolment=stage.people[0])
    visit = world.visits()[0].id
    with database.read() as session:
        contact = session.get_one(Visit, visit).project.host.contact_id
    host = world.link("host", person=contact, cohort=stage.cohort)
    trainer = world.link("trainer", cohort=stage.cohort)
    own = ("", "/intake", "/wensen", "/rsvp", "/gegevens", "/afmelden", "/collega", "/agenda")
    office = ("", "/mensen", f"/mensen/{stage.people[0]}", "/mails", "/plan", "/gastheren", "/evaluatie", "/logboek")
    database.dispose()
    there = fill(file, cohorts)
    print(f"{there} cohorts, {file.stat().st_size / 1e6:.0f} MB")
    return (
        file,
        world.now,
        {
            "everybody": [
                ("bureau", "/"),
                *((f"participant {page or '/'}", noor + page) for page in own),
                ("host /", host),
                ("host /bezoek", f"{host}/bezoek/{visit}"),
                ("trainer /", trainer),
                ("trainer /lijst", f"{trainer}/lijst/dagdeel-1"),
            ],
            "office": [
                ("operator /", "/beheer"),
                *((f"operator /cohort{page}", f"/beheer/2027-voorjaar{page}") for page in office),
            ],
        },
    )


class Asker:
    """A connection that is kept, and asks for one page at a time."""

    def __init__(self, port: int) -> None:
        """Not connected yet."""
        self.port = port
        self.pipes: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, accept: str = "identity") -> bytes:
        """Return the body of a page, as it came over the line; anything but 200 is an error."""
        if self.pipes is None:
            self.pipes = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.pipes
        writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: {accept}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").casefold()
        if " 200 " not in head.partition("\r\n")[0]:
            message = f"{path.split('/')[1]}: {head.partition(chr(13))[0]}"
            raise RuntimeError(message)
        return await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))


async def at_pace(pages: Sequence[Page], rate: float) -> None:
    """Ask for these pages, one every 1/rate of a second, and note how long after its moment each was there."""
    idle: dict[int, list[Asker]] = {page.port: [Asker(page.port) for _ in range(CONNECTIONS)] for page in pages}
    began = time.perf_counter()

    async def one(page: Page, due: float) -> None:
        asker = idle[page.port].pop() if idle[page.port] else Asker(page.port)
        await asker.ask(page.path)
        page.spent.append((time.perf_counter() - due) * 1000)
        idle[page.port].append(asker)

    async with asyncio.TaskGroup() as asked:
        for number, page in enumerate(pages):
            due = began + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            asked.create_task(one(page, due))
    for asker in (asker for askers in idle.values() for asker in askers):
        if asker.pipes:
            asker.pipes[1].close()


async def weigh(pages: Sequence[Page]) -> None:
    """Note what each page and its style sheet weigh, as they come over the line."""
    for page in pages:
        asker = Asker(page.port)
        body = await asker.ask(page.path)
        sheet = body.partition(b'rel="stylesheet" href="')[2].partition(b'"')[0].decode()
        page.size = len(body) + len(await asker.ask(sheet, "gzip"))


async def measure(pages: dict[str, list[Page]], hello: Page, *, rate: int, seconds: int) -> None:
    """Ask for all pages and for hello in turns."""
    rounds = max(seconds // 2, 1)
    turns = dict.fromkeys(pages, 0)
    for _ in range(rounds):
        mix = []
        for number in range(rate):
            kind = "office" if number % (EVERYBODY + OFFICE) < OFFICE else "everybody"
            mix.append(pages[kind][turns[kind] % len(pages[kind])])
            turns[kind] += 1
        await at_pace(mix, rate)
        await at_pace([hello] * rate, rate)


def processor_ms(server: "subprocess.Popen[bytes]") -> float:
    """Return the processor time of a server up to now; nan where the system does not tell."""
    try:
        fields = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


def told(name: str, spent: list[float], size: int = 0) -> str:
    """Return one line."""
    p95 = statistics.quantiles(spent, n=20)[-1]
    weight = f"{size / 1024:8.1f} kB" if size else ""
    return f"{name:32} {statistics.median(spent):8.1f} {p95:8.1f} ms{weight}"


def started(code: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start a server on the last core, where the system can hold it there."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    server = subprocess.Popen([sys.executable, "-c", code, *arguments])
    if len(cores) > 1:
        os.sched_setaffinity(server.pid, {cores[-1]})
        os.sched_setaffinity(0, set(cores[:-1]))
    return server


def free_port() -> int:
    """Return a port that nobody listens on."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cohorts", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100, help="pages a second")
    parser.add_argument("--seconds", type=int, default=30, help="half of them for our pages, half for hello")
    options = parser.parse_args()
    code = SERVER.format(paths=[str(ROOT)])
    with tempfile.TemporaryDirectory() as folder:
        file, now, addresses = prepare(Path(folder), options.cohorts)
        ports = free_port(), free_port()
        servers = [started(code, str(file), now.isoformat(), str(ports[0])), started(code, "hello", "-", str(ports[1]))]
        pages = {kind: [Page(name, path, ports[0]) for name, path in found] for kind, found in addresses.items()}
        hello = Page(HELLO, "/", ports[1])
        try:
            asyncio.run(when_there(ports))
            asyncio.run(weigh([*pages["everybody"], *pages["office"]]))  # which also makes what is made once
            before = [processor_ms(server) for server in servers]
            asyncio.run(measure(pages, hello, rate=options.rate, seconds=options.seconds))
            spent = [after - was for after, was in zip(map(processor_ms, servers), before, strict=True)]
        finally:
            for server in servers:
                server.terminate()
                server.wait()
    tell([*pages["everybody"], *pages["office"]], hello, rate=options.rate, spent=spent)


def tell(pages: list[Page], hello: Page, *, rate: int, spent: list[float]) -> None:
    """Print every page, all together, and whether the goals were met; exit 1 when not."""
    every = [milliseconds for page in pages for milliseconds in page.spent]
    lines = [f"{rate} pages a second{'':14} median      p95      weight"]
    lines += [told(page.name, page.spent, page.size) for page in pages if len(page.spent) > 1]
    heaviest = max(page.size for page in pages)
    p95 = statistics.quantiles(every, n=20)[-1]
    lines += ["", told("all pages", every, heaviest), told("bare Starlette hello", hello.spent)]
    ours, theirs = spent[0] / len(every), spent[1] / len(hello.spent)
    lines.append(f"processor time of one page: {ours:.1f} ms, of hello {theirs:.2f} ms")
    met = p95 < GOAL_MS and heaviest <= GOAL_BYTES
    lines.append(f"goal: p95 < {GOAL_MS} ms and at most {GOAL_BYTES // 1024} kB: {'met' if met else 'NOT met'}")
    print("\n".join(lines))
    sys.exit(0 if met else 1)


async def when_there(ports: Sequence[int]) -> None:
    deadline = time.monotonic() + 60
    for port in ports:
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)
            else:
                writer.close()
                break


if __name__ == "__main__":
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    main()
