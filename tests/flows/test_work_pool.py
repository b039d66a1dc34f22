"""deployments/prefect.yaml, deployed to a work pool, with a worker that runs the tick and the cohorts it hands out."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from vitale_cli import doctor, server
from vitale_core import app as core
from vitale_core.store.records import Message

PROJECT = Path(__file__).parents[2]
PREFECT = (sys.executable, "-m", "prefect")

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.release]


def until(condition, seconds=180.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.5)
    raise AssertionError("it took too long")


def test_a_worker_runs_the_tick_and_the_cohorts_that_it_hands_out(tmp_path):
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "home"
    elsewhere.mkdir()
    with server.running(tmp_path / "prefect", short_lived=True) as prefect:
        environment = server.without_prefect(os.environ) | prefect.environment()
        environment |= {"VITALE_HOME": str(home), "VITALE_DISPATCH": "deployment", "PYTHONPATH": str(PROJECT)}
        environment |= {"VITALE_SMTP_PORT": str(server.free_port(0))}  # the usual one may be somebody's `vitale up`

        def run(*words, cwd=elsewhere):
            subprocess.run(words, env=environment, cwd=cwd, check=True, capture_output=True, text=True, timeout=180)

        def ask(path, question):
            return doctor._ask(prefect.api_url, path, question)

        def ended(name):
            runs = ask("flow_runs/filter", {"flow_runs": {"name": {"like_": name}}})
            return [r["state_type"] for r in runs if r["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}]

        run(*PREFECT, "work-pool", "create", "vitale", "--type", "process")
        run(*PREFECT, "--no-prompt", "deploy", "--all", "--prefect-file", "deployments/prefect.yaml", cwd=PROJECT)
        vitale = (sys.executable, "-m", "vitale_cli.main")
        days = ("--day1", "2027-03-18", "--day2", "2027-04-22", "--trainer", "Tess <tess@vitale.example>")
        run(*vitale, "cohort", "create", "2027-pool", "--programme", "overheidsparticipatie", *days)
        (elsewhere / "people.csv").write_text("naam;e-mail\nNoor Dijkstra;noor@ede.example\n")
        run(*vitale, "import", "2027-pool", "people.csv")
        worker = subprocess.Popen(
            [*PREFECT, "worker", "start", "--pool", "vitale", "--type", "process", "--limit", "1"],
            env=environment,
            cwd=elsewhere,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            [tick] = ask("deployments/filter", {"flows": {"name": {"any_": ["lifecycle.tick"]}}})
            ask(f"deployments/{tick['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}})

            assert until(lambda: ended("advance-2027-pool")) == ["COMPLETED"]
            assert ended("tick ") == ["COMPLETED"]
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(60)

    app = core.build(core.Settings(_env_file=None, home=home))
    with app.database.read() as session:
        assert session.scalars(select(Message.kind)).all() == ["receipt"]
    app.database.dispose()
    assert [path.name for path in elsewhere.iterdir()] == ["people.csv"]
