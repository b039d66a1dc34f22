"""What every test may ask for: a database, a Prefect server, a golden file; and what no test may do: go outside."""

import atexit
import gc
import os
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
HOME = tempfile.mkdtemp(prefix="vitale-tests-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

# Before anything imports Prefect, which reads its settings then. The settings of whoever runs the tests stay out.
for name in [name for name in os.environ if name.startswith(("VITALE_", "PREFECT_"))]:
    if not name.startswith("VITALE_TEST_"):
        del os.environ[name]
os.environ.update(
    PREFECT_HOME=f"{HOME}/prefect",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    DO_NOT_TRACK="1",
    PREFECT_LOGGING_TO_API_ENABLED="false",
    PREFECT_LOGGING_LEVEL="WARNING",
    PREFECT_SERVER_LOGGING_LEVEL="CRITICAL",
    HYPOTHESIS_STORAGE_DIRECTORY=str(Path(__file__).parents[1] / ".cache" / "hypothesis"),
    # Far from Amsterdam: a rule that leans on the clock of the machine shows at once.
    TZ="America/Los_Angeles",
)
time.tzset()

import hypothesis  # noqa: E402 - after the environment
import pytest  # noqa: E402

from tests.machine import in_memory, require  # noqa: E402

hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile("steady")


# ------------------------------------------------------------------------------------------- how tests run


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("vitale")
    group.addoption("--db", choices=["sqlite", "postgresql", "both"], default="both", help="databases to test on")
    group.addoption("--pg-fsync", action="store_true", help="PostgreSQL waits for the disk, as in production")
    group.addoption("--golden-update", action="store_true", help="rewrite tests/golden from what comes out now")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that touches a database on each kind, unless the test itself chooses."""
    chosen = any("backend" in str(marker.args[0]) for marker in metafunc.definition.iter_markers("parametrize"))
    if "backend" in metafunc.fixturenames and not chosen:
        db = metafunc.config.getoption("--db")
        metafunc.parametrize("backend", ["sqlite", "postgresql"] if db == "both" else [db], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a Prefect server share one worker and go first: they take longest."""
    for item in items:
        if item.get_closest_marker("prefect"):
            item.add_marker(pytest.mark.xdist_group("prefect"))
            # Prefect leaves its connections to the garbage collector; ours are closed, which other tests see to.
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
    items.sort(key=lambda item: item.get_closest_marker("prefect") is None)


def pytest_collection_finish() -> None:
    """Leave the thousands of collected tests out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    return _no_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    return _no_skip(report)


def _no_skip(report):
    """With VITALE_TEST_REQUIRE=all a test that cannot run here is a failure."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("VITALE_TEST_REQUIRE") == "all":
        report.outcome = "failed"
        report.longrepr = f"VITALE_TEST_REQUIRE=all, and this was skipped: {report.longrepr[2]}"
    return report


@pytest.fixture(autouse=True)
def _what_the_marks_ask_for(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("browser"):
        require("chromium")
    if request.node.get_closest_marker("realmail"):
        require("postfix", "dovecot")
    yield
    if request.node.get_closest_marker("prefect"):
        gc.collect()  # here, where such warnings are ignored, and not in the next test


class WentOutside(RuntimeError):
    """A test tried to reach another machine; not an OSError, so that no retry swallows it."""


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    """Refuse names and connections beyond loopback."""
    patch = pytest.MonkeyPatch()
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def here(host: str | bytes | None) -> None:
        name = host.decode() if isinstance(host, bytes) else host
        if name and name not in {"localhost", "::1", socket.gethostname()} and not name.startswith("127."):
            message = f"a test wanted to reach {name}"
            raise WentOutside(message)

    def connect_here(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            here(address[0])
        return connect(self, address)

    def look_up_here(host, *args, **options):
        here(host)
        return look_up(host, *args, **options)

    patch.setattr(socket.socket, "connect", connect_here)
    patch.setattr(socket, "getaddrinfo", look_up_here)
    yield
    patch.undo()


# ---------------------------------------------------------------------------------------------- databases


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest):
    """A private PostgreSQL server (tests/postgresql.py), one for each worker."""
    require("postgresql")
    from tests.postgresql import running_cluster

    with running_cluster(durable=request.config.getoption("--pg-fsync")) as cluster:
        yield cluster


class Sqlite:
    """SQLite files that look like a server with databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = 0
        self.free: list[str] = []

    def url(self, database: str) -> str:
        return f"sqlite:///{self.folder / database}.db"

    def create(self, template: str | None = None, name: str | None = None) -> str:
        self.made += 1
        name = name or (self.free.pop() if self.free else f"test_{self.made}")
        if template:
            shutil.copy(self.folder / f"{template}.db", self.folder / f"{name}.db")
        return name

    def drop(self, name: str) -> None:
        for file in self.folder.glob(f"{name}.db*"):
            file.unlink()
        self.free.append(name)


@pytest.fixture(scope="session")
def _server_of(request: pytest.FixtureRequest):
    """Return the place of each kind of database, with a migrated `template` in it to copy; started when first asked."""
    places = {}
    folder = Path(tempfile.mkdtemp(prefix="vitale-sqlite-", dir=in_memory()))

    def server_of(backend: str):
        if backend not in places:
            from vitale_core.store.schema import upgrade

            place = request.getfixturevalue("postgresql") if backend == "postgresql" else Sqlite(folder)
            upgrade(place.url(place.create(name="template")))
            places[backend] = place
        return places[backend]

    yield server_of
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _engines() -> dict[str, Any]:
    """The `Database` of each URL; names of databases come back, and an engine remembers the SQL of its statements."""
    return {}


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`; every test that asks for a database runs on both."""
    return request.param


@pytest.fixture
def make_database_url(backend: str, _server_of) -> Iterator[Callable[..., str]]:
    """Make URLs of databases with all tables and no rows, or with `empty=True` without tables."""
    with ExitStack() as later:
        server = _server_of(backend)

        def make(*, empty: bool = False) -> str:
            name = server.create() if empty else server.create(template="template")
            later.callback(server.drop, name)
            return server.url(name)

        yield make


@pytest.fixture
def database_url(make_database_url) -> str:
    """The URL of a database with all tables and no rows."""
    return make_database_url()


@pytest.fixture
def database(database_url: str, _engines):
    """An open `Database`: `with database.write() as session:`."""
    from vitale_core.store.database import open_database

    if database_url not in _engines:
        _engines[database_url] = open_database(database_url)
    opened = _engines[database_url]
    yield opened
    assert opened.engine.pool.checkedout() == 0, "a connection was not given back"  # type: ignore[attr-defined]
    opened.dispose()


# ------------------------------------------------------------------------------------------------ Prefect


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory):
    """A Prefect server with its own empty database (`vitale_cli.server`); some seconds, once."""
    from vitale_cli import server

    with server.running(tmp_path_factory.mktemp("prefect"), short_lived=True) as started:
        yield started
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


# ------------------------------------------------------------------------------------------- golden files


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str | bytes, str], None]:
    """Compare what a person receives with the file a reviewer has read: `golden(text, "mail/confirmed/body.txt")`.

    `--golden-update` rewrites the files; look at the difference in git before you commit it.
    """
    update = request.config.getoption("--golden-update")

    def compare(result: str | bytes, name: str) -> None:
        path = GOLDEN / name
        data = result.encode() if isinstance(result, str) else result
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert path.exists(), f"tests/golden/{name} is not there yet: run this test with --golden-update and read it"
        expected = path.read_bytes()
        # As text where it is text, for then pytest shows the lines that differ.
        assert _readable(data) == _readable(expected), f"tests/golden/{name} differs; if it is better: --golden-update"

    return compare


def _readable(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
