"""What this machine can run: a test asks with `require`, and says what to install when it cannot."""

import os
import shutil
from collections.abc import Callable
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

AXE = Path(__file__).parents[1] / ".cache" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Put there by deployments/axe.sh."""

ICAL_JS = AXE.parents[1] / "ical.js" / "dist" / "ical.min.js"
"""The same."""


class Requirement(NamedTuple):
    """A thing that may be missing here, and the remedy in one line."""

    is_here: Callable[[], bool]
    remedy: str


def program(*names: str) -> Path | None:
    """Return the first of these programs that is here; system folders count, also when PATH leaves them out."""
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
        if found:
            return Path(found)
    return None


def in_memory() -> Path | None:
    """Return the folder that this machine keeps in memory, if it has one: for what need not outlive the tests."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and os.access(folder, os.W_OK) else None


def chromium() -> Path | None:
    """Return the browser that the tests of the pages drive."""
    return program("chromium", "chromium-browser", "google-chrome")


def postgresql_programs() -> Path | None:
    """Return the folder with initdb and postgres: on PATH, or where Debian and Ubuntu keep the newest."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in versions), key=lambda path: int(path.parent.name), default=None)


REQUIREMENTS = {
    "postgresql": Requirement(
        lambda: postgresql_programs() is not None and find_spec("psycopg") is not None,
        "PostgreSQL 15 (Debian, Ubuntu: apt install postgresql)",
    ),
    "chromium": Requirement(
        lambda: chromium() is not None and find_spec("playwright") is not None,
        "Chromium (Debian: apt install chromium fonts-dejavu-core) and playwright (make test does)",
    ),
    "axe": Requirement(AXE.is_file, "axe-core (Debian, Ubuntu: apt install npm; then: make test)"),
    "ical.js": Requirement(ICAL_JS.is_file, "ical.js (Debian, Ubuntu: apt install nodejs npm; then: make test)"),
    "postfix": Requirement(
        lambda: program("postfix") is not None, "Postfix (Debian, Ubuntu: apt install --no-install-recommends postfix)"
    ),
    "dovecot": Requirement(
        lambda: program("dovecot") is not None,
        "Dovecot (Debian, Ubuntu: apt install --no-install-recommends dovecot-imapd dovecot-lmtpd)",
    ),
    "node": Requirement(lambda: program("node", "nodejs") is not None, "Node (Debian, Ubuntu: apt install nodejs)"),
    "thunderbird": Requirement(
        lambda: program("thunderbird") is not None,
        "Thunderbird (Debian: apt install thunderbird)",
    ),
    "xvfb": Requirement(
        lambda: program("Xvfb") is not None, "Xvfb (Debian, Ubuntu: apt install --no-install-recommends xvfb)"
    ),
    "libical": Requirement(lambda: find_library("ical") is not None, "libical (Debian, Ubuntu: apt install libical3)"),
    "highspy": Requirement(lambda: find_spec("highspy") is not None, "highspy (pip install -e '.[plan]')"),
    "typst": Requirement(lambda: find_spec("typst") is not None, "typst (pip install -e '.[pdf]')"),
}


def require(*names: str) -> None:
    """Skip this test when one of these is missing; with VITALE_TEST_REQUIRE=all a skip is a failure (see conftest)."""
    missing = [REQUIREMENTS[name].remedy for name in names if not REQUIREMENTS[name].is_here()]
    if missing:
        pytest.skip(f"install {' and '.join(missing)}")
