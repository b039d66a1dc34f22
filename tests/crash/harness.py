"""Kill a life at every point there is, start it again, and look at what is left.

`python -m tests.crash.harness MODE [OPTIONS]` prints one JSON document. It is a program of its own because it forks:
the process that forks has no threads and no open database. Modes: enum, again, pairs, two, restore; `--mutant NAME`
plants a defect.
"""

import argparse
import gc
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tests.chaos_smtp import Taken
from tests.crash import life as lives
from tests.crash.mutants import MUTANTS, plant
from tests.post import TUESDAY
from vitale_core.store.database import Database, open_database
from vitale_core.store.schema import upgrade

CASES = {"tiny": lives.TINY, "small": lives.SMALL, "medium": lives.MEDIUM, "full": lives.FULL, "many": lives.MANY}
KILLED = -signal.SIGKILL
BOTH = 2
AT_REST = 5  # of so many lives one is lived on, to see that nothing changes any more


@dataclass
class Harness:
    """Lives in a temporary folder, one server for all."""

    folder: Path
    port: int
    log: Path
    mutant: str = ""
    case: lives.Case = lives.SMALL
    size: int = 1
    at: str = ""  # only points with this name count: how many others there are depends on who waits for whom
    keep: bool = False
    fail_fast: bool = False
    count: int = 0
    read: int = 0
    database: Database = field(init=False)
    problems: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the points of a life without a crash, in order

    def born(self) -> lives.Life:
        """Make a new life, nothing happened yet."""
        self.count += 1
        shutil.rmtree(self.folder / "life", ignore_errors=True)
        life = lives.Life(self.folder / "life", f"r{self.count}", self.port, case=self.case, size=self.size)
        life.make(self.folder / "template.db")
        return life

    def warm(self) -> None:
        """Live once here, so that children inherit an engine that has compiled every statement; all is closed again."""
        life = self.born()
        self.database = open_database(life.url)
        plant(lives, "open_database", lambda _url: self.database)
        life.live()
        self.taken()
        gc.collect()
        gc.freeze()  # a child that collects would copy every page of ours
        gc.disable()

    def child(self, life: lives.Life, kill_at: int = 0, points: Path | None = None) -> int:
        """Live in a child process, killed at the given point; return its exit code."""
        return ended(self.start(life, kill_at, points))

    def start(
        self,
        life: lives.Life,
        kill_at: int = 0,
        points: Path | None = None,
        ends: tuple[socket.socket, socket.socket] | None = None,
    ) -> int:
        """Start such a child and return its process id. `ends`, its own first, let two lives share one clock."""
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            if self.mutant:
                MUTANTS[self.mutant]()
            if ends:
                mine, theirs = ends
                theirs.close()  # so that the end of either is heard by the other
                life.wait = partial(meet, mine)
            self._live(life, kill_at, points)
            code = 0
        except BaseException:  # noqa: BLE001 - a child ends here, whatever happened
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _live(self, life: lives.Life, kill_at: int, points: Path | None) -> None:
        reached = 0

        def reach(name: str) -> None:
            nonlocal reached
            reached += self.at in {"", name}
            if points:
                with points.open("a") as file:
                    file.write(name + "\n")
            if reached == kill_at and self.at in {"", name}:
                os.kill(os.getpid(), signal.SIGKILL)

        lives.on_every_point(self.database, reach)
        life.live()

    def taken(self) -> list[Taken]:
        """Return what the server took since this was asked last."""
        with self.log.open() as file:
            file.seek(self.read)
            lines = file.readlines()
            self.read = file.tell()
        return [Taken(*line.rstrip("\n").split("\t")) for line in lines]

    def judge(self, life: lives.Life, taken: list[Taken], crashes: int, what: str) -> bool:
        """Hold the end of a life against the promises, and that living on changes nothing."""
        problems = lives.oracle(life, taken, crashes=crashes)
        if not problems and self.count % AT_REST == 0:
            life.tick_file.write_text(str(len(life.ticks) - 1))
            before = _digest(life)
            if self.child(life) or _digest(life) != before or self.taken():
                problems = ["at rest something still changed"]
        self.problems += [f"{what}: {problem}" for problem in problems]
        if problems and self.keep:
            life.folder.rename(self.folder / f"problem-{self.count}")
        return not problems


def ended(child: int) -> int:
    """Wait for a child and return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def meet(end: socket.socket) -> None:
    """Wait until the other is here as well, or is no more."""
    with suppress(ConnectionError):
        end.send(b".")
        end.recv(1)


def _digest(life: lives.Life) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(life.folder / "vitale.db")
    try:
        return connection.execute("SELECT id, status, attempts FROM message ORDER BY id").fetchall()
    finally:
        connection.close()


def dry(harness: Harness) -> int:
    """Live once without a crash and count the points."""
    life = harness.born()
    points = harness.folder / "points"
    code = harness.child(life, points=points)
    assert code == 0, "a life without a crash must end well"
    harness.names = points.read_text().splitlines()
    harness.judge(life, harness.taken(), 0, "without a crash")
    if harness.problems and harness.fail_fast:
        return 0
    return len(harness.names)


def crash_at(harness: Harness, *points: int, what: str, later: tuple[datetime, ...] = ()) -> int:
    """Live, killed at each of these points one after the other, then to the end; return how many of them were reached.

    Each point counts from the start that comes before it. `later` are ticks that nobody kills, to come to rest.
    """
    life = harness.born()
    landed = 0
    for point in points:
        code = harness.child(life, kill_at=point)
        assert code in {0, KILLED}, f"{what}: a life ended with {code}"
        landed += code == KILLED
        if code == 0:
            break
    life.ticks += later
    if code or later:
        code = harness.child(life)
        assert code == 0, f"{what}: the recovery ended with {code}"
    harness.judge(life, harness.taken(), landed, what)
    return landed


def enum(harness: Harness, options: argparse.Namespace) -> dict[str, object]:
    """Kill at every point, one life each."""
    total = dry(harness)
    landed, missed = 0, 0
    points = iter(range(options.every, 10 * total, options.every))
    if options.at:
        points = iter(range(1, harness.names.count(options.at) + 1))
    while missed < 2 and (point := next(points, 0)):
        if crash_at(harness, point, what=f"point {point}"):
            landed, missed = landed + 1, 0
        else:
            missed += 1
        if options.fail_fast and harness.problems:
            break
    return {"points": total, "killed": landed}


def again(harness: Harness, options: argparse.Namespace) -> dict[str, object]:
    """Kill the same life again and again, every so many points; each life begins at another one."""
    total = dry(harness)
    landed = 0
    rest = tuple(lives.TICKS[-1] + timedelta(minutes=minutes) for minutes in (12, 24, 90, 300))
    for first in range(1, options.gap + 1, options.every):
        what = f"from point {first}, every {options.gap}"
        landed += crash_at(harness, first, *[options.gap] * total, what=what, later=rest)
    return {"points": total, "killed": landed}


def pairs(harness: Harness, options: argparse.Namespace) -> dict[str, object]:
    """Kill twice: every point of the life, and every point of the recovery; or a sample of them."""
    total = dry(harness)
    wanted = [(first, second) for first in range(1, total + 1) for second in range(1, total + 1)]
    if options.sample:
        wanted = random.Random(7).sample(wanted, min(options.sample, len(wanted)))
    past: dict[int, int] = {}
    landed = 0
    for first, second in wanted:
        if second >= past.get(first, total + 1):
            continue
        if crash_at(harness, first, second, what=f"points {first} and {second}") == BOTH:
            landed += 1
        elif not options.sample:
            past[first] = second
        if options.fail_fast and harness.problems:
            break
    return {"points": total, "killed": landed}


def two(harness: Harness, options: argparse.Namespace) -> dict[str, object]:
    """Two dispatchers at once, one of them killed.

    Each moment begins for both together: on clocks that run apart, a mail that is under way would look long left.
    """
    total = dry(harness)
    landed = 0
    for point in range(1, total + 1, options.every):
        life = harness.born()
        one, another = socket.socketpair()
        with one, another:
            killed = harness.start(life, kill_at=point, ends=(one, another))
            life.tick_file = life.folder / "tick of the other"
            other = harness.start(life, ends=(another, one))
        code = ended(killed)
        assert code in {0, KILLED}, f"one of two ended with {code}"
        assert ended(other) == 0, "the other of two ended badly"
        life.tick_file.write_text("0")
        assert harness.child(life) == 0
        landed += code == KILLED
        harness.judge(life, harness.taken(), code == KILLED, f"two, point {point}")
        if options.fail_fast and harness.problems:
            break
    return {"points": total, "killed": landed}


def restore(harness: Harness, _options: argparse.Namespace) -> dict[str, object]:
    """Put back a copy of the database from before each day's mail; the journal is not put back."""
    days = len(harness.case.days)
    for day in range(days):
        life = harness.born()
        ticks = life.ticks
        begin = next(number for number, at in enumerate(ticks) if at >= TUESDAY + timedelta(days=day))
        life.ticks = ticks[:begin]
        assert harness.child(life) == 0
        copy = life.folder / "copy.db"
        shutil.copy(life.folder / "vitale.db", copy)
        life.ticks = ticks[: begin + 2]
        life.tick_file.write_text(str(begin))
        assert harness.child(life) == 0
        for file in life.folder.glob("vitale.db*"):
            file.unlink()
        shutil.copy(copy, life.folder / "vitale.db")
        life.ticks = ticks
        life.tick_file.write_text(str(begin))
        assert harness.child(life) == 0
        harness.judge(life, harness.taken(), 1, f"restored on day {day}")
    return {"points": days, "killed": days}


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, Path]]:
    """Give the port and the log of a server that outlives every life."""
    log = folder / "taken.log"
    log.touch()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.chaos_smtp", str(log)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline()), log
        finally:
            process.kill()


MODES: dict[str, Callable[[Harness, argparse.Namespace], dict[str, object]]] = {
    "enum": enum,
    "again": again,
    "pairs": pairs,
    "two": two,
    "restore": restore,
}


def main(arguments: list[str]) -> int:
    """Run one mode and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=sorted(MODES))
    parser.add_argument("--case", choices=sorted(CASES), default="small")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--gap", type=int, default=30, help="points from one kill of a life to the next")
    parser.add_argument("--at", default="", help="only points with this name")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--size", type=int, default=1)
    parser.add_argument("--fail-fast", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    shm = Path("/dev/shm")  # SIGKILL tests order, not the disk: memory is as good and ten times quicker
    folder = Path(tempfile.mkdtemp(prefix="vitale-crash-", dir=shm if shm.is_dir() else None))
    began = time.monotonic()
    try:
        upgrade(f"sqlite:///{folder / 'template.db'}")
        database = open_database(f"sqlite:///{folder / 'template.db'}")
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.dispose()
        with server(folder) as (port, log):
            harness = Harness(folder, port, log, mutant=options.mutant, case=CASES[options.case], size=options.size)
            harness.keep, harness.fail_fast, harness.at = options.keep, options.fail_fast, options.at
            harness.warm()
            found = MODES[options.mode](harness, options)
        found |= {"problems": harness.problems, "seconds": round(time.monotonic() - began, 1)}
        found["names"] = sorted(set(harness.names))
        sys.stdout.write(json.dumps(found) + "\n")
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
