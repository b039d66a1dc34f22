"""What a whole lifecycle costs: `vitale demo --no-serve`, from the command to its summary, and the share of Prefect in it.

The environment stands; everything else is in it: a Prefect server with an empty database, six months on a virtual clock,
some four hundred mails over SMTP, every form filled in. The bound is 60 seconds on two cores.
    python benchmarks/lifecycle/run.py [--rounds 3]
"""

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

PROJECT = Path(__file__).parents[2]
BOUND = 60


def main() -> None:
    """Play so many times and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print("| round | s | CPU, s | flow runs | task runs | mails | task runs per mail | events of the story |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    took = []
    for number in range(1, rounds + 1):
        with tempfile.TemporaryDirectory(prefix="vitale-bench-") as folder:
            seconds, cpu, story = play(Path(folder) / "demo")
            flows, tasks = counted(Path(folder) / "demo" / "prefect" / "prefect.db", "flow_run", "task_run")
            (mails,) = counted(Path(folder) / "demo" / "vitale.db", "message WHERE status = 'sent'")
        took.append(seconds)
        print(
            f"| {number} | {seconds:.1f} | {cpu:.1f} | {flows} | {tasks} | {mails} | {tasks / mails:.2f} | {story} |",
            flush=True,
        )
    median = statistics.median(took)
    print(f"\nmedian {median:.1f} s of {BOUND} s on {os.cpu_count()} cores")


def play(home: Path) -> tuple[float, float, int]:
    """Return the seconds and the processor seconds of one demo, and how many events it told."""
    used, started = spent(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "vitale_cli.main", "demo", "--no-serve", "--keep", str(home)],
        cwd=home.parent,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - started, spent() - used, len(done.stderr.splitlines())


def spent() -> float:
    """Return the processor seconds of all children that ended, and of theirs."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def counted(database: Path, *tables: str) -> list[int]:
    """Return how many rows there are in each."""
    with closing(sqlite3.connect(database)) as facts:
        return [int(facts.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]  # noqa: S608 - names of ours


if __name__ == "__main__":
    main()
