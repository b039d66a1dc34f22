"""The doctor names what is wrong in plain words, versions first, and changes nothing."""

import json
import shutil
import socket
import sqlite3
import sys
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.error import URLError

import pytest

from tests.training import a_cohort
from vitale_cli import doctor, server
from vitale_cli.doctor import Finding, Level
from vitale_core.app import Settings, build
from vitale_core.domain.errors import Refused
from vitale_core.steps import audit
from vitale_core.store.records import Cohort


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def settings(home, **changed):
    return Settings(_env_file=None, home=home, **changed)


def examined(home, *, running=False, **changed):
    return {f.what: f for f in doctor.doctor(settings(home, **changed), server=running)}


def levels(findings):
    return {what: finding.level for what, finding in findings.items()}


def closed_port():
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class Pretended:
    """What a Prefect server would answer."""

    def __init__(self):
        self.deployments = [
            {"id": "1", "name": "every-5-minutes", "paused": False, "schedules": [{"active": True}], "status": "READY"},
            {"id": "2", "name": "operator", "paused": False, "schedules": [], "status": "NOT_READY"},
            {"id": "3", "name": "nightly", "paused": True, "schedules": [{"active": True}], "status": "READY"},
        ]
        self.scheduled, self.pending = 12, 0

    def answer(self, path, question):
        if path.endswith("deployments/filter"):
            return self.deployments
        states = question["flow_runs"]["state"]["type"]["any_"]
        return self.scheduled if states == ["SCHEDULED"] else self.pending


@contextmanager
def pretending(home, prefect):
    """Serve it on loopback and announce it as `vitale up` does."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.reply(True)

        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.reply(prefect.answer(self.path, question))

        def reply(self, document):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        (home / "prefect").mkdir(parents=True, exist_ok=True)
        server.announce(home / "prefect", f"http://127.0.0.1:{listening.server_port}")
        yield
        listening.shutdown()


def test_on_a_new_laptop_nothing_is_wrong_and_nothing_is_made(tmp_path):
    found = examined(tmp_path / "home")

    assert set(levels(found).values()) == {Level.GOOD}
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_version_comes_first_and_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "wrong_versions", lambda: ["SQLAlchemy 2.1.9 past niet: dan plant Prefect niets."])

    [finding] = doctor.doctor(settings(tmp_path), server=True)

    assert finding == Finding("versions", Level.WRONG, "SQLAlchemy 2.1.9 past niet: dan plant Prefect niets.")
    assert str(finding) == "fout   SQLAlchemy 2.1.9 past niet: dan plant Prefect niets."


def test_a_home_without_room_and_one_that_cannot_be_written_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 40_000_000))
    assert "nog 40 MB vrij" in examined(tmp_path)["home"].sentence

    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert levels(examined(tmp_path))["home"] is Level.WRONG


def test_a_secret_that_others_can_read_is_named(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)

    assert "chmod 600" in examined(tmp_path)["secret"].remedy


def test_a_database_that_is_up_to_date_is_good(tmp_path):
    build(settings(tmp_path)).database.dispose()

    assert levels(examined(tmp_path))["database"] is Level.GOOD


@pytest.mark.parametrize(
    "revision,level,words",
    [
        (None, Level.ATTENTION, "oudere versie"),
        ("9999", Level.WRONG, "nieuwere Vitale"),
    ],
)
def test_a_database_of_another_version_is_named(tmp_path, revision, level, words):
    build(settings(tmp_path)).database.dispose()
    with closing(sqlite3.connect(tmp_path / "vitale.db")) as facts:
        facts.execute("DELETE FROM alembic_version")
        if revision:
            facts.execute("INSERT INTO alembic_version VALUES (?)", [revision])
        facts.commit()

    finding = examined(tmp_path)["database"]

    assert finding.level is level
    assert words in finding.sentence


def test_a_database_server_that_is_away_is_named(tmp_path):
    url = f"postgresql+psycopg://vitale@127.0.0.1:{closed_port()}/vitale"

    finding = examined(tmp_path, database_url=url)["database"]

    assert finding.level is Level.WRONG
    assert "op die poort luistert niemand" in finding.sentence
    assert "Error" not in str(finding)


def test_a_relay_and_an_inbox_that_are_away_cost_nothing_but_attention(tmp_path, monkeypatch):
    def away(*_address, **_options):
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", away)

    found = examined(
        tmp_path,
        smtp_host="smtp.example",
        smtp_tls="tls",
        inbox="imaps://training@imap.example/INBOX",
        base_url="https://training.example",
    )

    assert levels(found)["relay"] is Level.ATTENTION
    assert "er kwam niet op tijd antwoord" in found["relay"].sentence
    assert levels(found)["inbox"] is Level.ATTENTION
    assert "geen antwoord binnen 10 seconden" in found["inbox"].sentence
    assert "imap.example" in found["inbox"].remedy
    assert "Error" not in f"{found['relay']}{found['inbox']}"


class Imap(StreamRequestHandler):
    """An inbox that lets in whoever knows the password."""

    def handle(self):
        self.wfile.write(b"* OK hello\r\n")
        for line in self.rfile:
            tag, command, *words = line.decode().split()
            self.server.heard.append(command)
            right = command != "LOGIN" or words == ['"training"', '"geheim"']
            untagged = {"CAPABILITY": "* CAPABILITY IMAP4rev1", "SELECT": "* 0 EXISTS"}.get(command)
            answer = f"{tag} {'OK' if right else 'NO'} done"
            self.wfile.write("".join(f"{text}\r\n" for text in (untagged, answer) if text).encode())
            if command == "LOGOUT":
                return


@pytest.fixture
def inbox():
    with ThreadingTCPServer(("127.0.0.1", 0), Imap) as listening:
        listening.heard = []
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield listening
        listening.shutdown()


def test_an_inbox_that_lets_us_in_is_good_and_left_as_it_is(tmp_path, inbox):
    where = f"imap://training@127.0.0.1:{inbox.server_address[1]}/INBOX"

    finding = examined(tmp_path, inbox=where, inbox_password="geheim")["inbox"]

    assert finding.level is Level.GOOD
    assert {"LOGIN", "SELECT", "LOGOUT"} <= set(inbox.heard)
    assert "CREATE" not in inbox.heard


def test_an_inbox_that_refuses_our_password_is_named_though_its_port_answers(tmp_path, inbox):
    where = f"imap://training@127.0.0.1:{inbox.server_address[1]}/INBOX"

    finding = examined(tmp_path, inbox=where, inbox_password="verkeerd")["inbox"]

    assert finding.level is Level.ATTENTION
    assert "weigert onze aanmelding" in finding.sentence
    assert "verkeerd" not in str(finding)
    assert "Error" not in str(finding)


def test_an_inbox_that_cannot_be_an_address_is_named_with_an_example(tmp_path):
    found = examined(tmp_path, inbox="imaps://imap.example:imap/INBOX")["inbox"]

    assert found.level is Level.ATTENTION
    assert "imaps://gebruiker@server/INBOX" in found.remedy


def test_a_relay_that_answers_is_good(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_address, **_options: socket.socket())

    found = examined(tmp_path, smtp_host="smtp.example", smtp_tls="tls", base_url="https://training.example")

    assert levels(found)["relay"] is Level.GOOD


def test_links_that_work_on_this_computer_only_are_named_when_mail_goes_out(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_address, **_options: socket.socket())

    assert "links" not in examined(tmp_path)
    assert levels(examined(tmp_path, smtp_host="smtp.example", smtp_tls="tls"))["links"] is Level.ATTENTION


def test_a_virtual_clock_is_mentioned(tmp_path):
    assert levels(examined(tmp_path, clock="virtual"))["clock"] is Level.ATTENTION


def test_without_a_server_it_says_how_to_start_one(tmp_path):
    finding = examined(tmp_path, running=True)["prefect"]

    assert (finding.level, finding.remedy) == (Level.WRONG, "Start alles met: vitale up")


def test_a_server_that_plans_and_is_served_is_good(tmp_path):
    build(settings(tmp_path)).database.dispose()

    with pretending(tmp_path, Pretended()):
        found = examined(tmp_path, running=True)

    assert set(levels(found).values()) == {Level.GOOD}
    assert found["schedules"].sentence == "1 vaste momenten zijn ingepland."
    assert "overdue" in found


def test_a_schedule_without_runs_is_the_trap_that_looks_healthy(tmp_path):
    prefect = Pretended()
    prefect.scheduled = 0

    with pretending(tmp_path, prefect):
        finding = examined(tmp_path, running=True)["schedules"]

    assert finding.level is Level.WRONG
    assert "every-5-minutes is niet ingepland" in finding.sentence


def test_nothing_planned_at_all_is_wrong(tmp_path):
    prefect = Pretended()
    prefect.deployments = []

    with pretending(tmp_path, prefect):
        assert levels(examined(tmp_path, running=True))["schedules"] is Level.WRONG


def test_work_that_nobody_fetches_is_wrong(tmp_path):
    prefect = Pretended()
    prefect.deployments[0]["status"] = "NOT_READY"

    with pretending(tmp_path, prefect):
        assert levels(examined(tmp_path, running=True))["worker"] is Level.WRONG


def test_runs_that_hang_before_their_start_are_counted(tmp_path):
    prefect = Pretended()
    prefect.pending = 3

    with pretending(tmp_path, prefect):
        assert examined(tmp_path, running=True)["stuck"].sentence.startswith("3 runs")


def test_a_server_that_answers_something_else_is_named(tmp_path, monkeypatch):
    prefect = Pretended()
    monkeypatch.setattr(prefect, "answer", lambda _path, _question: [{"name": "something else"}])

    with pretending(tmp_path, prefect):
        findings = doctor.doctor(settings(tmp_path), server=True)

    assert any("is geen Prefect zoals wij dat kennen" in finding.sentence for finding in findings)
    assert not any("Error" in str(finding) for finding in findings)


def test_a_server_that_goes_while_it_is_asked_is_named(tmp_path, monkeypatch):
    def away(*_question):
        raise URLError(ConnectionRefusedError(111, "Connection refused"))

    with pretending(tmp_path, Pretended()):
        monkeypatch.setattr(doctor, "_ask", away)
        findings = doctor.doctor(settings(tmp_path), server=True)

    assert any("Prefect geeft geen antwoord: op die poort luistert niemand." in f.sentence for f in findings)


def test_a_changed_row_of_who_did_what_is_named(tmp_path):
    app = build(settings(tmp_path))
    with app.database.write() as session:
        for what in ("invited", "moved", "cancelled"):
            event = audit.note(session, what=what, actor="Jan", now=datetime.now(UTC))
    app.database.dispose()
    assert levels(examined(tmp_path))["trail"] is Level.GOOD
    with closing(sqlite3.connect(tmp_path / "vitale.db")) as facts:
        facts.execute("UPDATE audit_event SET actor = 'Piet' WHERE id = ?", [event.id])
        facts.commit()

    finding = examined(tmp_path)["trail"]

    assert finding.level is Level.ATTENTION
    assert f"1 regel past niet op wat eraan voorafgaat (de eerste is nummer {event.id})" in finding.sentence


def test_a_file_that_is_no_database_is_named_as_such(tmp_path):
    (tmp_path / "vitale.db").write_text("geen database " * 100)

    finding = examined(tmp_path)["database"]

    assert "het bestand is geen database" in finding.sentence


def test_what_stays_lying_is_counted(tmp_path):
    from sqlalchemy import update

    app = build(settings(tmp_path))
    with app.database.write() as session:
        a_cohort(session)
    with app.database.write() as session:
        session.execute(update(Cohort).values(next_due_at=datetime.now(UTC) - timedelta(hours=3)))
    app.database.dispose()

    with pretending(tmp_path, Pretended()):
        finding = examined(tmp_path, running=True)["overdue"]

    assert finding.level is Level.ATTENTION
    assert "1 lichting, " in finding.sentence


def test_a_database_whose_library_is_not_installed_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    url = "postgresql+psycopg://vitale@127.0.0.1:1/vitale"

    found = examined(tmp_path, database_url=url)["database"]

    assert found.level is Level.WRONG
    assert "Het pakket psycopg" in found.sentence
    assert "make environment-scale" in found.remedy
    with pytest.raises(Refused, match="niet geïnstalleerd"):
        build(settings(tmp_path, database_url=url))
