"""What Prefect costs: a tick over many quiet cohorts, over k due ones, a mail as a task or a batch as a task, a start.

Every comparison is made in one run, on one server, in turns; only ratios mean something on another machine.
    python benchmarks/prefect/run.py [--quick]
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import func, insert, select

from vitale_cli import server
from vitale_core import app as core
from vitale_core.adapters.sink import MailSink
from vitale_core.steps import cohorts, intake, programmes
from vitale_core.store.records import Cohort, Message, Person

IDLE = 0.1
"""Processor seconds in a second and a half: below this a server has nothing left to digest."""

NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)
DAYS = {"day1": date(2027, 3, 18), "day2": date(2027, 4, 22)}


def cpu(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rest(prefect: server.PrefectServer) -> None:
    """Wait until the server has digested everything."""
    while True:
        before = cpu(prefect.process.pid)
        time.sleep(1.5)
        if cpu(prefect.process.pid) - before < IDLE:
            return


@contextmanager
def installation(home: Path, sink: MailSink) -> Iterator[core.App]:
    """Give an app with its own database."""
    app = core.build(
        core.Settings(_env_file=None, home=home, smtp_port=sink.port, clock="virtual", secret="of the benchmark" * 3)
    )
    from flows import running

    running.use(app)
    yield app
    running.use(None)
    app.database.dispose()


def a_cohort(app: core.App, code: str, people: int = 12) -> None:
    """Make a cohort with so many confirmed people: each is owed three mails."""
    with app.database.write() as session:
        version = programmes.pin(session, app.programme("overheidsparticipatie"), now=NOW)
        cohort, _ = cohorts.create(
            session,
            code=code,
            programme=version,
            days=DAYS,
            location="Assen",
            trainer_name="Trainer",
            trainer_email="trainer@vitale.example",
            now=NOW,
            bureau=app.bureau,
        )
        for number in range(people):
            form = intake.Application(name=f"Deelnemer {number}", email=f"d{number}@{code}.example")
            enrolment = intake.apply(session, cohort, form, source="portal", now=NOW, bureau=app.bureau)
            intake.confirm(session, enrolment, by="operator", now=NOW, bureau=app.bureau)


def quiet_cohorts(app: core.App, count: int) -> None:
    """Fill the table with cohorts that are due in a far future."""
    with app.database.write() as session:
        version = programmes.pin(session, app.programme("overheidsparticipatie"), now=NOW)
        session.flush()
        trainer = Person(email="t@x.example", email_key="t@x.example", name="Trainer", created_at=NOW)
        session.add(trainer)
        session.flush()
        rows = [
            {
                "code": f"stil-{number}",
                "programme_id": version.id,
                "kind": "open",
                "status": "open",
                "capacity": 12,
                "minimum": 6,
                "zone": "Europe/Amsterdam",
                "location": "Assen",
                "trainer_id": trainer.id,
                "settings": {},
                "created_at": NOW,
                "version": 1,
                "next_due_at": NOW + timedelta(days=30, minutes=number),
            }
            for number in range(count)
        ]
        session.execute(insert(Cohort), rows)


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    """Return how many milliseconds it took."""
    started = time.perf_counter()
    await work()
    return 1000 * (time.perf_counter() - started)


async def quiet(prefect: server.PrefectServer, home: Path, sink: MailSink, rounds: int, many: int) -> None:
    """A tick with nothing due: 10 cohorts against many, in turns."""
    from flows import lifecycle, running

    apps = {}
    for count in (10, many):
        folder = home / f"quiet-{count}"
        with installation(folder, sink) as app:
            quiet_cohorts(app, count)
        apps[count] = core.build(app.settings)
    look: dict[int, list[float]] = {count: [] for count in apps}
    tick: dict[int, list[float]] = {count: [] for count in apps}
    for number in range(rounds + 2):
        for count, app in apps.items():
            running.use(app)
            started = time.perf_counter()
            for _ in range(10):
                lifecycle.look(NOW)
            ours = 100 * (time.perf_counter() - started)
            whole = await timed(lambda: lifecycle.tick(now=NOW))
            if number > 1:  # the first ones fill caches
                look[count].append(ours)
                tick[count].append(whole)
    running.use(None)
    for app in apps.values():
        app.database.dispose()
    print(
        "\n## A tick with nothing due (median ms)\n\n| cohorts | our look at the database | whole tick with Prefect |"
    )
    print("| ---: | ---: | ---: |")
    for count in apps:
        print(f"| {count:,} | {statistics.median(look[count]):.2f} | {statistics.median(tick[count]):.0f} |")
    ratio = [statistics.median(values[many]) / statistics.median(values[10]) for values in (look, tick)]
    print(f"\nratio {many:,} / 10: look {ratio[0]:.2f}, tick {ratio[1]:.2f}")
    rest(prefect)


async def due(prefect: server.PrefectServer, home: Path, sink: MailSink, sizes: list[int]) -> None:
    """A tick with k due cohorts of twelve people."""
    from flows.lifecycle import tick

    print("\n## A tick with k due cohorts of 12 (each with its mails)\n")
    print("| k | tick, s | s per cohort | runs per cohort | CPU, s per cohort | mails | CPU, ms per mail |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for number, k in enumerate(sizes):
        with installation(home / f"due-{k}-{number}", sink) as app:
            for n in range(k):
                a_cohort(app, f"lichting-{n}")
            rest(prefect)
            before, tasks = cpu(prefect.process.pid), task_runs(prefect)
            moment = NOW + timedelta(minutes=5)
            took = await timed(lambda: tick(now=moment)) / 1000  # noqa: B023 - called at once
            rest(prefect)
            used, ran = cpu(prefect.process.pid) - before, task_runs(prefect) - tasks
            with app.database.read() as session:
                mails = session.scalar(select(func.count()).where(Message.status == "sent")) or 1
            if number:  # the first one warms up
                print(
                    f"| {k} | {took:.2f} | {took / k:.3f} | {ran / k:.1f} | {used / k:.2f}"
                    f" | {mails} | {1000 * used / mails:.1f} |"
                )


async def batches(prefect: server.PrefectServer, mails: int, home: Path) -> None:
    """The same sends as one task, and as one task each; with Prefect's settings for the recorder they differ more."""
    from prefect import flow, task
    from prefect.cache_policies import NO_CACHE

    @task(cache_policy=NO_CACHE, persist_result=False)
    async def one() -> None:
        await asyncio.sleep(0)

    @task(cache_policy=NO_CACHE, persist_result=False)
    async def all_of_them(count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    @flow(name="a task a mail", persist_result=False, result_storage=home)
    async def a_task_a_mail() -> None:
        for _ in range(mails):
            await one()

    @flow(name="a task a batch", persist_result=False, result_storage=home)
    async def a_task_a_batch() -> None:
        await all_of_them(mails)

    print(
        f"\n## {mails} mails: a task each, or one task\n\n| shape | s | server CPU, ms per mail |\n| --- | ---: | ---: |"
    )
    for work in (a_task_a_batch, a_task_a_mail, a_task_a_batch, a_task_a_mail):
        rest(prefect)
        before = cpu(prefect.process.pid)
        took = await timed(work)
        rest(prefect)
        used = cpu(prefect.process.pid) - before
        print(f"| {work.name} | {took / 1000:.2f} | {1000 * used / mails:.1f} |")


def task_runs(prefect: server.PrefectServer) -> int:
    """Return how many task runs the server has written down."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(prefect.home / "prefect.db")) as facts:
        return int(facts.execute("SELECT count(*) FROM task_run").fetchone()[0])


def starts(home: Path, rounds: int) -> None:
    """Our short-lived server against the migrations of Prefect, both with empty databases."""
    print("\n## Start of a server with an empty database (s)\n\n| how | start |\n| --- | ---: |")
    for number in range(rounds):
        for name, short in (("tables at once, fewer services", True), ("hundred migrations, all services", False)):
            started = time.perf_counter()
            prefect = server.start(home / f"start-{number}-{short}", short_lived=short)
            server.wait(prefect)
            took = time.perf_counter() - started
            server.stop(prefect)
            print(f"| {name} | {took:.1f} |")


def main() -> None:
    """Run everything and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="vitale-bench-") as folder:
        home = Path(folder)
        starts(home, 1 if quick else 2)
        sink = MailSink(home / "post")
        sink.start()
        with server.running(home / "prefect", short_lived=True) as prefect:
            os.environ["PREFECT_LOGGING_LEVEL"] = "WARNING"

            async def play() -> None:
                await quiet(prefect, home, sink, 10 if quick else 30, 10_000 if quick else 100_000)
                await due(prefect, home, sink, [1, 1, 4] if quick else [1, 1, 2, 4, 8, 16, 32])
                await batches(prefect, 100, home)

            asyncio.run(play())
        sink.stop()


if __name__ == "__main__":
    main()
