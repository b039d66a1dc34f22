"""What one would pick instead: each sends the mails of a plain table and writes down, mail by mail, that it did."""

import asyncio
import os
import smtplib
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

HERE = Path(__file__).parent
SENDER = "training@vitale.example"


def send_one(path: str, number: int, port: int) -> None:
    """Send one mail as most do: a connection, a mail, a row."""
    with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        connection.execute("PRAGMA synchronous=FULL")
        row = connection.execute("SELECT recipient, content FROM mail WHERE id = ? AND sent = 0", (number,)).fetchone()
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
            client.sendmail(SENDER, [row[0]], row[1])
        connection.execute("UPDATE mail SET sent = 1 WHERE id = ?", (number,))


def check(path: Path, count: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (sent,) = connection.execute("SELECT count(*) FROM mail WHERE sent").fetchone()
    assert sent == count, f"{sent} of {count}"


def smtplib_each(path: Path, port: int, count: int) -> float:
    before = time.perf_counter()
    for number in range(1, count + 1):
        send_one(str(path), number, port)
    return time.perf_counter() - before


def prefect_tasks(path: Path, port: int, count: int) -> float:
    """Send each mail in a Prefect task of its own, mapped; a server must be in use."""
    from prefect import flow, task
    from prefect.cache_policies import NO_CACHE

    @task(cache_policy=NO_CACHE, persist_result=False, log_prints=False)
    def send(number: int) -> None:
        send_one(str(path), number, port)

    @flow(name="a task a mail", persist_result=False, result_storage=path.parent)
    async def send_all() -> None:
        send.map(range(1, count + 1)).result()

    before = time.perf_counter()
    asyncio.run(send_all())
    return time.perf_counter() - before


def smtp_source(program: Path, port: int, count: int, size: int, *, connections: int, options: list[str]) -> float:
    """The reference: Postfix's own load generator on kept connections. It remembers nothing."""
    command = [program, *options, "-c", "-s", connections, "-m", count, "-l", size, "-f", SENDER]
    before = time.perf_counter()
    subprocess.run(
        [*map(str, command), "-t", "p1@gemeente.example", f"inet:127.0.0.1:{port}"], check=True, capture_output=True
    )
    return time.perf_counter() - before


class Celery:
    """Celery with Redis and four workers, from an environment of its own."""

    def __init__(self, python: Path, environment: dict[str, str]) -> None:
        self.python, self.environment = python, environment

    def __call__(self, path: Path, port: int, count: int) -> float:
        done = subprocess.run(
            [self.python, HERE / "_celery_app.py", path, str(port), str(count)],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return float(done.stdout)


@contextmanager
def celery(folder: Path, redis: Path, python: Path) -> Iterator[Celery]:
    """Run a Redis and a Celery worker of our own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    environment = os.environ | {"BROKER": f"redis://127.0.0.1:{port}/0", "PYTHONPATH": str(HERE)}
    server = [redis, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
    worker = [python, "-m", "celery", "-A", "_celery_app", "worker", "-c", "4", "--loglevel", "ERROR", "-P", "prefork"]
    with (
        subprocess.Popen(server, stdout=subprocess.DEVNULL) as running,
        (folder / "celery.log").open("wb") as log,
        subprocess.Popen(worker, env=environment, stdout=log, stderr=log, cwd=folder) as at_work,
    ):
        try:
            yield Celery(python, environment)
        finally:
            at_work.terminate()
            at_work.wait()
            running.terminate()


def environment_of_celery(folder: Path) -> Path:
    """Make the environment; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/pip", "install", "--quiet", "celery[redis]>=5.4"], check=True)
    return folder / "bin/python"
