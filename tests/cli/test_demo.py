"""The demo: a whole cohort through Prefect, the same mails for the same seed, and Prefect knows nobody."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from vitale_cli.demo import cast
from vitale_cli.mailview import read

PROJECT = Path(__file__).parents[2]
PORT = re.compile(r"127\.0\.0\.1(:|=3A)\d+")
STORY = re.compile(r"(?:ma|di|wo|do|vr|za|zo) [ 0-9]\d \w+ \d\d:\d\d ")
LINK = re.compile(r"/(?:m|h|t)/([A-Za-z0-9_-]{20,})")

pytestmark = [pytest.mark.slow, pytest.mark.release, pytest.mark.timeout(1200)]


def started(folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "vitale_cli.main", "demo", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Two demos with the same seed, at the same time: they take ports that are free.

    The second would stay open, but has no terminal.
    """
    folders = [tmp_path_factory.mktemp("demo") for _ in range(2)]
    programs = [started(folders[0], "--no-serve", "--keep", "kept"), started(folders[1], "--keep", "kept")]
    return [
        (folder, program.communicate(timeout=1000)[0], program.returncode)
        for folder, program in zip(folders, programs, strict=True)
    ]


def mails(folder):
    """Every mail as it lies there, whatever port the portal had."""
    unfolded = (mail.path.read_bytes().decode().replace("=\r\n", "") for mail in read(folder / "kept" / "post"))
    return sorted(PORT.sub("HOST", text) for text in unfolded)


def test_it_plays_to_the_end(played):
    for folder, said, code in played:
        assert code == 0, said
        assert "Lichting 2027-voorjaar: afgesloten" in said
        assert "! " not in said
        assert [path.name for path in folder.iterdir()] == ["kept"]
        with closing(sqlite3.connect(folder / "kept" / "vitale.db")) as facts:
            [(certificates,)] = facts.execute("SELECT count(*) FROM message WHERE kind = 'certificate'").fetchall()
            [(waiting,)] = facts.execute("SELECT count(*) FROM message WHERE status = 'queued'").fetchall()
        assert (certificates, waiting) == (12, 0)


def test_the_same_seed_gives_the_same_mails(played):
    first, second = (mails(folder) for folder, *_ in played)

    assert len(first) > 300
    assert first == second


def test_the_same_seed_tells_the_same_story(played):
    one, other = ([line for line in said.splitlines() if STORY.match(line)] for _, said, _ in played)

    assert len(one) > 200
    assert one == other


def test_prefect_learned_no_name_no_address_and_no_link(played):
    folder = played[0][0]
    people = [(a.name, a.email) for a in cast.APPLICANTS]
    hosts = [(h.contact, h.email, h.organisation, h.project) for h in cast.HOSTS]
    secret = {word for words in (*people, *hosts, cast.COLLEAGUE, cast.TRAINER) for word in words}
    secret |= {token for text in mails(folder) for token in LINK.findall(text)}

    with closing(sqlite3.connect(folder / "kept" / "prefect" / "prefect.db")) as facts:
        told = facts.iterdump()
        leaked = {word for line in told for word in secret if word.casefold() in line.casefold()}
        [(runs,)] = facts.execute("SELECT count(*) FROM task_run").fetchall()

    assert len(secret) > 60
    assert runs > 100
    assert leaked == set()


def test_only_who_asked_for_a_look_around_hears_why_there_is_none(played):
    (_, alone, _), (_, no_terminal, _) = played

    assert "Rondkijken kan" not in alone
    assert "Rondkijken kan als de demo in een terminal draait" in no_terminal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_stops_it_half_way_leaves_nothing_behind(tmp_path, number):
    program = started(tmp_path)
    assert program.stdout is not None
    while "meldt zich aan" not in (line := program.stdout.readline()):
        assert line, "it ended before anybody applied"

    program.send_signal(number)
    said = program.communicate(timeout=120)[0]

    assert "Er blijft niets van staan." in said
    assert program.returncode == 130
    assert list((tmp_path / "var").iterdir()) == []
