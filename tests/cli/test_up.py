"""`vitale up`: parts are kept running, everything stops together, and nothing stays behind."""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from vitale_cli import doctor, server, up
from vitale_core.app import Settings
from vitale_core.domain.errors import Refused, TemporaryFailure

PROJECT = Path(__file__).parents[2]
SLEEPS = "import time; time.sleep(600)"
FALLS = "raise SystemExit('I fell')"
HAS_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
WATCHES_ITS_PARENT = """
from vitale_cli.parent import stop_with_parent
import time
stop_with_parent()
time.sleep(600)
"""
MAKES_TABLES = """
import asyncio
from vitale_cli import prefect_server
asyncio.run(prefect_server._tables_at_once())
"""
RUNS_UP = """
import sys
from vitale_core.app import Settings
from vitale_cli.up import up
sys.exit(up(Settings()))
"""


def part(tmp_path, program=SLEEPS, name="een deel"):
    return up.Part(
        name, [sys.executable, "-c", program], dict(os.environ) | {"PYTHONPATH": str(PROJECT)}, tmp_path / "part.log"
    )


def settings(home, **changed):
    return Settings(_env_file=None, home=home, **changed)


def lives(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def run_now(api, flow):
    """Ask for a run as an operator does in Prefect's pages; return how it ended."""
    ask = functools.partial(doctor._ask, api)
    [deployment] = ask("deployments/filter", {"flows": {"name": {"any_": [flow]}}})
    run = ask(f"deployments/{deployment['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}})["id"]

    def state():
        [found] = ask("flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})
        return found["state_type"]

    assert until(lambda: state() in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}, 90)
    return state()


def make_the_tables(home):
    """Make Prefect's tables at once: its hundred migrations take ten seconds, and are not what is tested here."""
    subprocess.run(
        [sys.executable, "-c", MAKES_TABLES],
        env=server.without_prefect(os.environ) | server.settings(home, "http://127.0.0.1:4200"),
        check=True,
    )


def test_a_part_that_falls_is_started_again_and_its_log_is_named(tmp_path):
    said: list[str] = []
    fragile = part(tmp_path, FALLS, name="de klok")
    supervisor = up.Supervisor([fragile], say=said.append)
    fragile.start()

    def fell(times):
        supervisor.look()
        return len(said) == times

    assert until(lambda: fell(1))
    assert until(lambda: fell(2))

    supervisor.stop()
    assert said[0] == f"de klok viel om; over 1 s start hij opnieuw. Waarom: {tmp_path / 'part.log'}"
    assert "over 2 s" in said[1]
    assert "I fell" in (tmp_path / "part.log").read_text()


def test_a_part_that_ran_well_for_a_while_starts_again_at_once(tmp_path, monkeypatch):
    steady = part(tmp_path, FALLS)
    steady.falls = 5
    steady.start()
    steady.process.wait()

    wait = steady.fell(steady.started + up.STEADY + 1)

    assert wait == 1.0


def test_waiting_never_takes_longer_than_a_minute(tmp_path):
    fragile = part(tmp_path, FALLS)
    fragile.falls = 30
    fragile.start()
    fragile.process.wait()

    assert fragile.fell(time.monotonic()) == up.LONGEST_WAIT


def test_stopping_ends_every_part_and_what_it_started(tmp_path):
    parent = part(tmp_path, HAS_A_CHILD)
    supervisor = up.Supervisor([parent])
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    assert until(lambda: parent.log.exists() and parent.log.read_text().strip())
    child, process = int(parent.log.read_text()), parent.process

    supervisor.stopping.set()
    thread.join(20)

    assert not thread.is_alive()
    assert process.poll() is not None
    assert until(lambda: not lives(child))


def test_a_part_ends_when_the_one_who_started_it_is_gone(tmp_path):
    watching = part(tmp_path, WATCHES_ITS_PARENT)
    watching.start()
    time.sleep(0.5)
    assert watching.process.poll() is None

    watching.process.stdin.close()  # what the system does when the parent is killed

    assert watching.process.wait(20) == -signal.SIGTERM


def test_a_large_log_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(up, "LARGEST_LOG", 10)
    (tmp_path / "part.log").write_text("a long story" * 10)

    fallen = part(tmp_path, FALLS)
    fallen.start()
    fallen.wait(time.monotonic() + 20)

    assert "a long story" in (tmp_path / "part.1.log").read_text()
    assert "a long story" not in (tmp_path / "part.log").read_text()


def test_a_wrong_version_is_named_and_nothing_is_started(tmp_path, monkeypatch, capsys):
    wrong = doctor.Finding("versions", doctor.Level.WRONG, "SQLAlchemy 2.1.9 past niet.")
    monkeypatch.setattr(doctor, "doctor", lambda _settings, **_parts: [wrong])

    assert up.up(settings(tmp_path / "home")) == 5

    assert "SQLAlchemy 2.1.9 past niet." in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_second_one_in_the_same_folder_is_refused(tmp_path):
    with up._alone(tmp_path), pytest.raises(Refused, match="Vitale draait hier al"), up._alone(tmp_path):
        pass


def test_the_server_that_was_announced_is_found_only_while_it_answers(tmp_path):
    with closing(server.bind(0)) as bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.announce(tmp_path, address)

    assert server.find(tmp_path) is None
    assert server.find(tmp_path / "elsewhere") is None


def base_of(port):
    return f"http://127.0.0.1:{port}"


def test_pages_on_the_usual_port_need_no_words(tmp_path):
    with closing(server.bind(0)) as free:
        usual = free.getsockname()[1]

    bound, base, warning = up.pages_of(settings(tmp_path, portal_port=usual))

    with closing(bound):
        assert (bound.getsockname()[1], base, warning) == (usual, base_of(usual), "")


def test_a_usual_port_that_is_taken_is_named_with_the_address_that_took_its_place(tmp_path):
    with closing(server.bind(8080)):  # whoever has it, has it now
        bound, base, warning = up.pages_of(settings(tmp_path))

    with closing(bound):
        there = base_of(bound.getsockname()[1])
        assert base == there != base_of(8080)
        assert warning.startswith("Poort 8080 is bezet")
        assert there in warning
        assert "vitale up --port" in warning


def test_a_port_that_was_asked_for_and_is_taken_is_refused(tmp_path):
    with closing(server.bind(0)) as taken:
        port = taken.getsockname()[1]
        for asked in ({"port": port}, {"portal_port": port}):
            with pytest.raises(TemporaryFailure, match=f"Poort {port} van 127.0.0.1 is niet vrij") as refused:
                up.pages_of(settings(tmp_path, **{k: v for k, v in asked.items() if k != "port"}), asked.get("port"))
            assert "--port" in refused.value.remedy


def test_links_that_lead_elsewhere_keep_the_pages_where_they_lead(tmp_path):
    own = "https://training.example"
    with closing(server.bind(8080)), pytest.raises(TemporaryFailure, match="niet vrij"):
        up.pages_of(settings(tmp_path, base_url=own))
    with closing(server.bind(0)) as free:
        port = free.getsockname()[1]
    bound, base, warning = up.pages_of(settings(tmp_path, base_url=own), port)
    with closing(bound):
        assert (base, warning) == (own, "")


@pytest.mark.prefect
@pytest.mark.slow
def test_everything_runs_plans_and_stops_without_leaving_anything(tmp_path):
    """One command: Prefect plans the tick, the pages answer, the doctor is content, Ctrl-C ends it all."""
    home = tmp_path / "home"
    with closing(server.bind(0)) as bound:
        pages = bound.getsockname()[1]
    environment = {
        **os.environ,
        "VITALE_HOME": str(home),
        "VITALE_PORTAL_PORT": str(pages),
        "VITALE_BASE_URL": f"http://127.0.0.1:{pages}",
        "PYTHONPATH": str(PROJECT),
    }
    make_the_tables(home / "prefect")
    process = subprocess.Popen(
        [sys.executable, "-c", RUNS_UP], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert until(lambda: "Stoppen: Ctrl-C." in process.stderr.readline(), 150)
        address = server.find(home / "prefect")
        assert address is not None
        with urlopen(f"http://127.0.0.1:{pages}/", timeout=30) as page:
            assert page.status == 200

        def planned():
            findings = {f.what: f for f in doctor.doctor(settings(home), server=True)}
            return {"schedules", "worker"} <= findings.keys() and all(
                findings[what].level is doctor.Level.GOOD for what in ("prefect", "schedules", "worker")
            )

        assert until(planned, 120), doctor.doctor(settings(home), server=True)
        assert run_now(f"{address}/api", "lifecycle.tick") == "COMPLETED"
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        assert len(children) == 4
        [portal] = [pid for pid in children if b"portal" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(int(portal), signal.SIGKILL)
        with urlopen(f"http://127.0.0.1:{pages}/", timeout=60) as page:  # the socket stays: who asks meanwhile waits
            assert page.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert not [pid for pid in children if lives(int(pid))]
    assert server.find(home / "prefect") is None
    assert [path.name for path in tmp_path.iterdir()] == ["home"], "nothing beside what belongs in VITALE_HOME"
