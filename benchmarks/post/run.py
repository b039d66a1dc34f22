"""Measures the post beside what one would pick instead, to the same real Postfix, in turns within one run.

Ours is the whole way with every mail durable: claim, mark before the dot, send, record; its bytes were made before.
The others send the mails of a plain table: a connection and a row per mail, alone, as a mapped Prefect task, or as a
Celery task. Postfix's own `smtp-source -d` is the reference: it remembers nothing. It sends to one address, which
Postfix then knows by heart; with -N it sends to a new one each time, as everybody else here does. Postfix hands on
what it took, as a bureau's does, here to its own `smtp-sink`, and the next one starts when its queue is empty; with
--discard it throws the mails away, so that it has less to do than any real one. Afterwards its log is read: every mail
must be in it, once. Medians; the ratios are made within each round, because Postfix itself swings.

The window is the time in which a crash leaves a mail uncertain: from the answer to the dot until it is on disk.

    python benchmarks/post/run.py [--rounds 5] [--mails 1000] [--slow-mails 100] [--connections 4]
        [--queue 100000] [--discard] [--without celery prefect postgresql memory letters] [--celery PYTHON]

Needs root, because Postfix does, and from Debian: postfix, postgresql; for Celery: redis-server.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

import contenders  # noqa: E402 - after its folder is known
import queue_of_mails as mails  # noqa: E402 - the same

from tests.machine import program  # noqa: E402 - the same
from tests.postgresql import running_cluster  # noqa: E402 - the same
from tests.realmail.servers import free_port, postfix, wait_until_open  # noqa: E402 - the same
from vitale_cli import server as prefect  # noqa: E402 - the same
from vitale_core.store.database import Database, open_database  # noqa: E402 - the same
from vitale_core.store.schema import upgrade  # noqa: E402 - the same

SIZE = 15_000
RATIO, WINDOW_MS, MEMORY_MB = 0.6, 50, 200
NAME = re.compile(r"message-id=(<[^>]+>)")
PARTS = ("celery", "prefect", "postgresql", "memory", "letters")


class Log:
    """What Postfix tells: which mails it took, and whether it has handed them on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "postfix.log"
        self._queues = [folder / "queue" / name for name in ("incoming", "active", "deferred")]
        self._read = 0
        self._taken: Counter[str] = Counter()

    def check(self, names: set[str]) -> None:
        """Stop when one of these mails is not there, or is there twice."""
        until = time.monotonic() + 20
        while not names <= self._taken.keys() and time.monotonic() < until:
            time.sleep(0.1)
            with self._path.open() as file:
                file.seek(self._read)
                self._taken.update(NAME.findall(file.read()))
                self._read = file.tell()
        lost = names - self._taken.keys()
        doubled = [name for name in names if self._taken[name] > 1]
        if lost or doubled:
            sys.exit(f"{len(lost)} mails lost, {len(doubled)} doubled: there is nothing to compare.")

    def wait(self) -> None:
        """Wait until Postfix has nothing left to do for who came before."""
        until = time.monotonic() + 120
        while any(files for queue in self._queues for _, _, files in os.walk(queue)):
            if time.monotonic() > until:
                sys.exit("Postfix does not get rid of its queue: there is nothing to compare.")
            time.sleep(0.05)


@contextmanager
def sink() -> Iterator[int]:
    """Run Postfix's own sink, which takes every mail and keeps none, and give its port."""
    found = program("smtp-sink")
    assert found is not None, "smtp-sink comes with Postfix"
    port = free_port()
    with subprocess.Popen(
        [found, "-u", "nobody", f"inet:127.0.0.1:{port}", "200"], stderr=subprocess.DEVNULL
    ) as running:
        try:
            wait_until_open(port, Path("none"))
            yield port
        finally:
            running.terminate()


@contextmanager
def databases(folder: Path, *, postgresql: bool) -> Iterator[dict[str, Database]]:
    """Give an empty one of each sort; both wait for the disk."""
    with ExitStack() as stack:
        urls = {"SQLite FULL": f"sqlite:///{folder / 'vitale.db'}"}
        if postgresql:
            cluster = stack.enter_context(running_cluster(durable=True))
            urls["PostgreSQL"] = cluster.url(cluster.create())
        found = {}
        for name, url in urls.items():
            upgrade(url)
            found[name] = open_database(url)
            stack.callback(found[name].dispose)
        yield found


Send = Callable[[Path, int, int], float]
"""Send so many mails of the plain table to this port; the seconds it took."""


@contextmanager
def others(chosen: argparse.Namespace, folder: Path) -> Iterator[dict[str, Send]]:
    """Give what one would pick instead, ready to send."""
    found: dict[str, Send] = {"smtplib, a connection a mail": contenders.smtplib_each}
    redis = program("redis-server")
    with ExitStack() as stack:
        if "prefect" not in chosen.without:
            server = stack.enter_context(prefect.running(folder / "prefect", short_lived=True))
            prefect.use_environment({**server.environment(), "PREFECT_LOGGING_LEVEL": "ERROR"})
            found["a Prefect task a mail, mapped"] = contenders.prefect_tasks
        if "celery" not in chosen.without and redis:
            python = chosen.celery or contenders.environment_of_celery(folder / "celery-environment")
            found["Celery with Redis, 4 workers"] = stack.enter_context(contenders.celery(folder, redis, python))
        yield found


@dataclass
class Figures:
    """What the rounds gave."""

    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # mails a second
    ratios: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # to the reference, this round
    different: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # to the reference with -N
    windows: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds, of each mail
    processor: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds a mail, in ours

    def note(self, name: str, rate: float, reference: float, different: float) -> None:
        self.rates[name].append(rate)
        self.ratios[name].append(rate / reference)
        self.different[name].append(rate / different)


def race(chosen: argparse.Namespace, folder: Path, log: Log, port: int) -> Figures:
    """Let all take turns; the first round warms up and does not count."""
    figures, warm = Figures(), Figures()
    table = folder / "plain.db"
    source = program("smtp-source")
    assert source is not None, "smtp-source comes with Postfix"
    with (
        databases(folder, postgresql="postgresql" not in chosen.without) as stores,
        others(chosen, folder) as instead,
    ):
        for number in range(chosen.rounds + 1):
            this = figures if number else warm
            many, few = (chosen.mails, chosen.slow_mails) if number else (chosen.mails // 10, chosen.slow_mails // 10)
            many, few = max(many, 10), max(few, 4)
            both = []
            for options in (["-d"], ["-d", "-N"]):
                took = contenders.smtp_source(source, port, many, SIZE, connections=chosen.connections, options=options)
                both.append(many / took)
                log.wait()
            this.note("smtp-source -d", both[0], *both)
            this.note("smtp-source -d -N", both[1], *both)
            for name, database in stores.items():
                owed = mails.owe(database, f"{name} {number}", many, SIZE)
                sent = mails.ours(database, folder / name, port, many, connections=chosen.connections)
                log.check(owed)
                log.wait()
                this.note(f"Vitale, {name}", many / sent.seconds, *both)
                this.windows[name] += sent.windows
                this.processor[name].append(sent.processor / many)
            for name, send in instead.items():
                owed = mails.fill(table, f"{number}.{len(this.rates)}", few, SIZE)
                this.note(name, few / send(table, port, few), *both)
                contenders.check(table, few)
                log.check(owed)
                log.wait()
    return figures


def tell(figures: Figures) -> bool:
    """Print the tables; say whether the goals are met."""
    ours = statistics.median(figures.rates["Vitale, SQLite FULL"])
    print(f"{'':<32}{'mails/s':>9}{'of smtp-source':>16}{'with -N':>9}{'Vitale is':>12}")
    for name, found in figures.rates.items():
        rate = statistics.median(found)
        times = "" if name.startswith(("Vitale", "smtp-source")) else f"{ours / rate:.1f} x"
        print(
            f"{name:<32}{rate:>9.0f}{statistics.median(figures.ratios[name]):>16.2f}"
            f"{statistics.median(figures.different[name]):>9.2f}{times:>12}"
        )
    good = True
    for name, found in figures.windows.items():
        centiles = statistics.quantiles(found, n=100)
        ratio = statistics.median(figures.ratios[f"Vitale, {name}"])
        good &= ratio >= RATIO and centiles[98] * 1000 < WINDOW_MS
        print(
            f"window on {name}: median {centiles[49] * 1000:.1f} ms, p99 {centiles[98] * 1000:.1f} ms"
            f" (goal {WINDOW_MS}); ratio {ratio:.2f} (goal {RATIO});"
            f" processor {statistics.median(figures.processor[name]) * 1000:.2f} ms a mail; lost 0, doubled 0"
        )
    return good


def memory(queue: int, folder: Path) -> bool:
    """Deliver a long queue to Postfix's own sink in a process of its own, and print how large that became."""
    url = f"sqlite:///{folder / 'memory.db'}"
    upgrade(url)
    database = open_database(url)
    mails.owe(database, "memory", queue, SIZE)
    database.dispose()
    with sink() as port:
        before = time.perf_counter()
        command = [sys.executable, HERE / "_worker.py", url, folder, str(port), str(queue)]
        found = os.environ | {"PYTHONPATH": f"{HERE.parents[1]}{os.pathsep}{HERE}"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=found)
        took = time.perf_counter() - before
    early, most = map(float, done.stdout.split())
    print(
        f"{queue} queued mails: worker {early:.0f} MB after a tenth, {most:.0f} MB at most (goal {MEMORY_MB});"
        f" {queue / took:.0f} mails/s to smtp-sink"
    )
    return most <= MEMORY_MB


def letters(rounds: int) -> bool:
    """Print what making the bytes costs."""
    command = [sys.executable, HERE.parent / "letters" / "run.py", "--rounds", str(rounds)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    print(done.stdout.strip() or done.stderr)
    return done.returncode == 0


def main() -> None:
    """Measure and print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--mails", type=int, default=1000)
    arguments.add_argument("--slow-mails", type=int, default=100, help="for those that are slower")
    arguments.add_argument("--connections", type=int, default=4, help="of Vitale and of smtp-source")
    arguments.add_argument("--queue", type=int, default=100_000)
    arguments.add_argument("--discard", action="store_true", help="Postfix throws away what it took")
    arguments.add_argument("--without", nargs="*", default=[], choices=PARTS)
    arguments.add_argument("--celery", type=Path, help="a Python that has celery[redis]; else one is made")
    chosen = arguments.parse_args()
    if os.geteuid() != 0 or not program("postfix"):
        sys.exit("Postfix needs root, and to be there: apt install --no-install-recommends postfix")
    good = True
    with tempfile.TemporaryDirectory(prefix="vitale-post-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        with ExitStack() as stack:
            onward = "discard:" if chosen.discard else f"smtp:[127.0.0.1]:{stack.enter_context(sink())}"
            port = stack.enter_context(postfix(folder, lmtp=1, chaos=1, onward=onward))
            good &= tell(race(chosen, folder, Log(folder), port))
        if "memory" not in chosen.without:
            good &= memory(chosen.queue, folder)
    if "letters" not in chosen.without:
        print()
        good &= letters(chosen.rounds)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
