"""The start-up check on versions: it bites on the traps we know, and its bounds are those of pyproject.toml."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from vitale_core.versions import TESTED, wrong_versions

PROJECT = Path(__file__).parents[1]
GOOD = {"prefect": "3.8.8", "fastapi": "0.150.0", "sqlalchemy": "2.0.58"}


def versions(**changed):
    found = GOOD | changed

    def installed(package):
        if found[package] is None:
            raise metadata.PackageNotFoundError(package)
        return found[package]

    return installed


def test_what_is_installed_here_is_what_was_tested():
    assert wrong_versions() == []


def test_the_tested_versions_give_no_complaint():
    assert wrong_versions(versions()) == []


def test_sqlalchemy_2_1_is_named_with_what_goes_wrong_and_what_to_do():
    [sentence] = wrong_versions(versions(sqlalchemy="2.1.9"))

    assert sentence == (
        "SQLAlchemy 2.1.9 past niet: Vitale is getest met 2.0.30 tot 2.1, en dan plant Prefect zonder melding niets "
        "meer in. Draai `make clean` en daarna opnieuw je opdracht: dan komen de geteste versies terug."
    )


@pytest.mark.parametrize(
    "package,version",
    [
        ("prefect", "3.9.1"),
        ("prefect", "3.8.7"),
        ("fastapi", "0.151.0"),
        ("fastapi", "1.0"),
        ("sqlalchemy", "2.1.0rc1"),
        ("sqlalchemy", "2.0.29"),
        ("sqlalchemy", "unknown"),
    ],
)
def test_a_version_outside_the_range_is_named(package, version):
    [sentence] = wrong_versions(versions(**{package: version}))

    assert f" {version} past niet" in sentence


@pytest.mark.parametrize("version", ["3.8.8", "3.8.10", "3.8.8.post1"])
def test_a_later_repair_within_the_range_is_fine(version):
    assert wrong_versions(versions(prefect=version)) == []


def test_a_missing_library_is_named():
    [sentence] = wrong_versions(versions(fastapi=None))

    assert sentence.startswith("FastAPI is niet geïnstalleerd.")


def test_the_bounds_are_those_of_pyproject():
    dependencies = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    bounds = {line.split(">=")[0].split("[")[0]: line.split(">=")[1] for line in dependencies}

    for tested in TESTED:
        assert bounds[tested.package] == f"{tested.first},<{tested.beyond}"
