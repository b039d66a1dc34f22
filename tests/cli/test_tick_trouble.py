"""A tick while something outside is out of order: the rest goes on, and it is said what is wrong."""

import pytest

from tests.chaos_smtp import ChaosServer, Fault
from tests.incoming_mails import nested, words

UNREACHABLE = 6


@pytest.fixture
def closed_inbox(settings):
    """An inbox of which nobody answers the door."""
    settings(INBOX="imap://training@127.0.0.1:1/INBOX", INBOX_PASSWORD="x")


def test_an_inbox_out_of_reach_is_tried_once_and_the_mail_leaves(vitale, closed_inbox, relay, monkeypatch):
    from vitale_core.adapters.mailbox import ImapBox

    tried = []
    connected = ImapBox._connected

    def counted(box):
        tried.append(box)
        return connected(box)

    monkeypatch.setattr(ImapBox, "_connected", counted)
    vitale.some_people()

    said = vitale("tick")

    assert said.code == UNREACHABLE
    assert "verstuurd" in said.out
    assert "luistert niemand" in said.err
    assert len(tried) == 1
    assert "De inbox is niet te bereiken" in vitale.ok("today").out


def test_a_relay_out_of_reach_is_said_in_dutch_with_the_setting_to_look_at(vitale, settings):
    code = vitale.some_people(6)
    settings(SMTP_PORT="1")

    said = vitale("tick")
    today = vitale.ok("today").out
    shown = vitale.ok("mail show 1").out

    assert said.code == UNREACHABLE
    assert "VITALE_SMTP_HOST" in today
    assert "op die poort luistert niemand" in shown
    assert "Error" not in today + shown
    assert "volgende poging" in shown
    assert "mailserver deed het niet, later opnieuw" in shown
    assert {mail["status"] for mail in vitale.json(f"mail list {code}")["mails"]} == {"queued"}


@pytest.mark.parametrize("fault", [Fault.RCPT_550, Fault.DOT_LOST], ids=["failed", "uncertain"])
def test_what_failed_or_is_uncertain_has_a_next_command_and_it_tells(vitale, settings, fault):
    vitale.some_people(1)
    with ChaosServer(plan=lambda _rcpt, _nth: fault) as server:
        settings(SMTP_PORT=str(server.port))
        told = vitale("tick")

    assert "staat in: vitale today" in told.out + told.err
    assert "vitale mail" in vitale.ok("today").out


def test_a_mail_that_cannot_be_read_is_set_aside_by_a_process_of_its_own(vitale, tmp_path, monkeypatch):
    from vitale_core.adapters import guarded, incoming

    def not_here(*_args, **_options):
        raise AssertionError("a mail was read in the process of the command")

    for module in (incoming, guarded):
        monkeypatch.setattr(module, "read_mail", not_here)
    vitale.some_people()
    new = tmp_path / "var" / "inbox" / "new"
    new.mkdir(parents=True, exist_ok=True)
    for number, mail in enumerate((nested(200), words())):
        (new / str(number)).write_bytes(mail)

    vitale.ok("tick")

    assert {mail["kind"] for mail in vitale.json("mail inbox")["inbox"]} == {"poison", "free"}
