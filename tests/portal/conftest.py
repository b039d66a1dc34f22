"""A bureau and a browser for every test of the pages."""

import logging

import pytest

from tests.machine import require
from tests.portal.site import chromium, serving
from tests.portal.visitor import Visitor
from tests.portal.world import World
from vitale_core.store.database import open_database


@pytest.fixture
def backend():
    """Pages are the same on each kind of database; the steps are tested on both."""
    return "sqlite"


@pytest.fixture
def world(tmp_path, _server_of):
    """An empty bureau, and what it logs."""
    server = _server_of("sqlite")
    name = server.create(template="template")
    opened = open_database(server.url(name))
    yield World(opened, tmp_path)
    opened.dispose()
    server.drop(name)


@pytest.fixture
def visit(world):
    """Make browsers that are closed at the end."""
    made = []

    def open_browser(**options):
        made.append(Visitor(world.portal(), **options))
        return made[-1]

    yield open_browser
    for visitor in made:
        visitor.close()


@pytest.fixture
def visitor(visit):
    """One browser on this machine."""
    return visit()


@pytest.fixture
def it_breaks():
    """Ask for this where a page breaks on purpose."""


@pytest.fixture(autouse=True)
def _nothing_breaks(caplog, request):
    """A page that breaks is answered with 500 and logged; in a test that is a failure."""
    caplog.set_level(logging.INFO, logger="vitale.portal")
    yield
    if "it_breaks" not in request.fixturenames:
        broken = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert broken == []


@pytest.fixture(scope="module")
def browser():
    require("chromium")
    with chromium() as opened:
        yield opened


@pytest.fixture
def site(world):
    with serving(world) as address:
        yield address
