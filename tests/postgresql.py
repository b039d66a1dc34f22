"""A private PostgreSQL for one run of the tests: on a socket in its own folder, gone with the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.machine import in_memory, postgresql_programs

START_SECONDS = 30
# The shell holds our pipe: when this process goes, however it goes, the server gets its fast shutdown.
UNTIL_WE_GO = '"$@" & server=$!; cat > /dev/null; kill -INT $server; wait $server'


class Cluster:
    """A running server that hands out databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = (f"test_{number}" for number in count(1))
        self._free: list[str] = []

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database here."""
        return f"postgresql+psycopg://vitale@/{database}?host={self.folder}"

    def create(self, template: str = "template0", name: str | None = None) -> str:
        """Make a database, as a copy of another one, and return its name."""
        name = name or (self._free.pop() if self._free else next(self._names))
        # Copying files beats writing a log that nobody replays.
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, also from under whoever still holds a connection."""
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._free.append(name)  # for the next test, whose engine has then compiled its statements already

    def is_up(self) -> bool:
        try:
            self._run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), user="vitale", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """Give a fresh server; only one that must survive a power cut (`durable`) waits for the disk."""
    programs = postgresql_programs()
    assert programs is not None, "call require('postgresql') first"
    # In memory unless it must survive a power cut: a test makes and drops a database, which is all disk.
    folder = Path(tempfile.mkdtemp(prefix="vitale-pg-", dir=None if durable else in_memory()))
    as_user = _unprivileged(folder)
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "--no-sync", "--auth=trust", "--username=vitale", "--encoding=UTF8", "--locale=C", data],
        check=True,
        capture_output=True,
        cwd=folder,
        **as_user,
    )
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "max_connections": "60"}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(programs / "postgres"), "-D", str(data), *(f"--{key}={value}" for key, value in settings.items())]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            ["/bin/sh", "-c", UNTIL_WE_GO, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            **as_user,
        )
    cluster = Cluster(folder)
    try:
        until = time.monotonic() + START_SECONDS
        while not cluster.is_up():
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, f"PostgreSQL did not start: {(folder / 'log').read_text()}"
            time.sleep(0.05)
        yield cluster
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(timeout=START_SECONDS)
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return how to start programs as somebody who may run PostgreSQL: it refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {user.pw_name: user for user in pwd.getpwall()}
    user = names.get("postgres", names["nobody"])
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
