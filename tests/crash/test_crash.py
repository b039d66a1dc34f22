"""Killed at every point there is, nothing is lost and nothing is doubled; and the harness that says so can be wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.mutants import MODES

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(900)  # hundreds of lives each: on a machine that others use it takes its time


def harness(*arguments: str) -> dict:
    """Run `tests.crash.harness`, a program because it forks, and return what it found."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.harness", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.slow
def test_killed_at_every_second_point_nothing_is_lost_or_doubled():
    found = harness("enum", "--case", "medium", "--every", "2")

    assert found["problems"] == []
    assert found["killed"] >= 125, "at least 250 with those of the next test"
    assert {"smtp: before the dot", "smtp: dot answered", "journal: on disk", "inbox: moved"} <= set(found["names"])


@pytest.mark.slow
def test_killed_again_and_again_from_every_other_point_nothing_is_lost_or_doubled():
    found = harness("again", "--case", "medium", "--every", "2")

    assert found["problems"] == []
    assert found["killed"] >= 125


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MODES)
def test_the_harness_catches_a_deliberate_defect(mutant):
    assert harness(*MODES[mutant], "--mutant", mutant, "--fail-fast")["problems"]


@pytest.mark.slow
def test_two_dispatchers_at_once_and_one_of_them_killed():
    found = harness("two", "--every", "12")

    assert found["problems"] == []
    assert found["killed"] > 5


@pytest.mark.slow
def test_a_recovery_that_is_killed_as_well():
    found = harness("pairs", "--sample", "25")

    assert found["problems"] == []
    assert found["killed"] > 5


def test_a_restored_backup_does_not_send_a_day_again():
    assert harness("restore", "--case", "medium")["problems"] == []


@pytest.mark.release
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("arguments", ["--size 1", "--size 4"])
def test_every_point_of_the_full_case(arguments):
    found = harness("enum", "--case", "full", *arguments.split())

    assert found["problems"] == []
    assert found["killed"] >= 380


@pytest.mark.release
@pytest.mark.timeout(1800)
def test_two_dispatchers_killed_at_every_point():
    found = harness("two", "--case", "medium")

    assert found["problems"] == []
    assert found["killed"] > 100


@pytest.mark.release
@pytest.mark.timeout(3600)
def test_every_pair_of_points_of_the_smallest_case():
    found = harness("pairs", "--case", "tiny")

    assert found["problems"] == []
    assert found["killed"] >= 1500
