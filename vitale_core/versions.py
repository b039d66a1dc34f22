"""Which installed libraries lie outside what Vitale was tested with.

A lock file protects who installs from it; `pip install` of one more library can still move a version. Two of those
moves are silent: Prefect 3.8 with SQLAlchemy 2.1 starts, shows its pages and never schedules a run; with FastAPI
0.151 its server does not start. So the start-up check looks at what is there.
"""

import re
from collections.abc import Callable
from importlib import metadata
from typing import NamedTuple


class Tested(NamedTuple):
    """A library with the versions that work: from `first` up to, not including, `beyond`."""

    package: str
    name: str
    first: str
    beyond: str
    otherwise: str
    """What goes wrong outside the range: the rest of a Dutch sentence."""


TESTED = (
    Tested("prefect", "Prefect", "3.8.8", "3.9", "dan is niet zeker dat de planning loopt"),
    Tested("fastapi", "FastAPI", "0.139", "0.151", "dan start de server van Prefect niet"),
    Tested("sqlalchemy", "SQLAlchemy", "2.0.30", "2.1", "dan plant Prefect zonder melding niets meer in"),
)
"""The same bounds as in pyproject.toml; a test holds them together."""

REMEDY = "Draai `make clean` en daarna opnieuw je opdracht: dan komen de geteste versies terug."


def wrong_versions(installed: Callable[[str], str] = metadata.version) -> list[str]:
    """Return one Dutch sentence for each library that is missing or outside its tested range; empty when all is well.

    `installed` gives the version of a distribution and raises `PackageNotFoundError` when there is none.
    """
    return [sentence for tested in TESTED if (sentence := _complaint(tested, installed))]


def _complaint(tested: Tested, installed: Callable[[str], str]) -> str | None:
    try:
        found = installed(tested.package)
    except metadata.PackageNotFoundError:
        return f"{tested.name} is niet geïnstalleerd. {REMEDY}"
    if _numbers(tested.first) <= _numbers(found) < _numbers(tested.beyond):
        return None
    return (
        f"{tested.name} {found} past niet: Vitale is getest met {tested.first} tot {tested.beyond}, "
        f"en {tested.otherwise}. {REMEDY}"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release part of a version, so `2.1.0rc1` counts as 2.1.0: a preview of the wrong one is wrong too."""
    release = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in release[0].split(".")) if release else ()
