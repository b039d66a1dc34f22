"""`make bench` finds a program in each folder, and each says what it measures."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
FOLDERS = sorted(path for path in (PROJECT / "benchmarks").iterdir() if path.is_dir() and path.name != "__pycache__")


def test_every_benchmark_can_be_started_and_explains_itself():
    started = [
        subprocess.Popen(
            [sys.executable, folder / "run.py", "--help"],
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for folder in FOLDERS
    ]

    said = {
        folder.name: (program.communicate(timeout=120)[0], program.returncode)
        for folder, program in zip(FOLDERS, started, strict=True)
    }

    assert len(said) >= 4
    assert {name: text for name, (text, code) in said.items() if code != 0 or len(text) < 100} == {}


def test_make_bench_runs_them_all():
    listed = subprocess.run(
        ["make", "--dry-run", "bench"], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout

    assert "benchmarks/*/run.py" in listed
