"""The house rules that a tool can hold, and the proof that the tool bites."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = ("flows", "vitale_core", "vitale_portal", "vitale_cli")
LOCKS = ("requirements.txt", "requirements-test.txt")
LONGEST = 400
# Flows that are not one step of the lifecycle.
MACHINERY = {"__init__", "lifecycle", "overview", "running", "serving", "upkeep"}

PLANTED = {
    "vitale_core/domain/planted.py": "import sqlalchemy\nimport vitale_core.store\n",
    "vitale_core/steps/planted.py": "import prefect\nimport vitale_core.settings\n",
    "flows/planted.py": "",
    "flows/planted_too.py": "import flows.planted\n",
}


def modules(*folders):
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def imports_of(path):
    """Return the first names of what a module imports, wherever in the module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def outside_imports(*folders):
    """Return which modules import something that is neither ours nor of Python itself."""
    ours = sys.stdlib_module_names | {"vitale_core"}
    found = {path.name: set(imports_of(path)) - ours for path in modules(*folders)}
    return {name: outside for name, outside in found.items() if outside}


def locked(name):
    """Return (library, version) of every entry; a library may have one version for each Python."""
    return set(re.findall(r"^([a-z0-9.-]+)==([^ \\]+)", (PROJECT / name).read_text(), re.MULTILINE))


def contracts(tree):
    """Return the verdict of import-linter on each contract, for the project in this folder."""
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([program, "--no-cache"], cwd=tree, capture_output=True, text=True, check=False)
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", result.stdout, re.MULTILINE))
    assert verdicts, result.stdout + result.stderr
    return verdicts


@pytest.fixture
def copy_of_the_code(tmp_path, monkeypatch):
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_the_contracts_hold(copy_of_the_code):
    assert set(contracts(copy_of_the_code).values()) == {"KEPT"}


def test_a_planted_violation_breaks_each_contract(copy_of_the_code):
    for name, text in PLANTED.items():
        (copy_of_the_code / name).write_text(text)

    assert set(contracts(copy_of_the_code).values()) == {"BROKEN"}


def test_the_domain_imports_nothing_from_outside():
    assert outside_imports("vitale_core/domain") == {}


def test_planning_meets_its_solver_in_one_room():
    outside = outside_imports("vitale_core/planning")
    room = {path.name for path in modules("vitale_core/planning/highs")}

    assert set(outside) <= room
    assert set().union(*outside.values()) <= {"highspy", "numpy"}


def test_no_module_is_too_long_to_read():
    too_long = {
        str(path.relative_to(PROJECT)): lines
        for path in modules(*PACKAGES)
        if "versions" not in path.parts  # a migration is a list of tables, written once
        and (lines := len(path.read_text().splitlines())) > LONGEST
    }

    assert too_long == {}


def test_no_module_is_named_after_nothing():
    vague = {"utils", "util", "helpers", "helper", "manager", "service", "services", "base", "common", "misc"}

    assert [path for path in modules(*PACKAGES) if path.stem in vague] == []


def test_a_step_has_the_same_stem_in_flows_steps_and_tests():
    flows = {path.stem for path in modules("flows")} - MACHINERY

    for folder in ("vitale_core/steps", "tests/steps"):
        rooms = (PROJECT / folder).iterdir()  # a step of many modules is a folder
        assert flows - {path.stem.removeprefix("test_") for path in rooms} == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_download_from(name):
    text = (PROJECT / name).read_text()

    assert re.findall(r".*(?:https?:|file:|index-url|find-links| @ ).*", text) == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_library_has_a_hash(name):
    text = (PROJECT / name).read_text()

    entries = re.split(r"\n(?=[a-z0-9])", text.strip())

    assert [entry for entry in entries if not re.search(r"==\S+.*\n +--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_what_runs_is_what_was_tested():
    runs, tested = (locked(name) for name in LOCKS)

    assert runs <= tested


@pytest.mark.parametrize(
    "name,extras", [("requirements.txt", []), ("requirements-test.txt", ["plan", "scale", "test"])]
)
def test_the_lock_holds_every_dependency(name, extras):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]

    names = {re.split(r"[\[<>=]", line)[0] for line in wanted}

    assert names - {library for library, _ in locked(name)} == set()
