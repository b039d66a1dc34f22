"""The embedded mailbox: each installation its own, and somebody can look into it."""

import os
import signal
import smtplib
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from tests.cli.desk import Vitale
from vitale_cli import server

PROJECT = Path(__file__).parents[2]
MAIL = "Subject: Welkom\r\nDate: Mon, 11 Jan 2027 09:00:00 +0100\r\nX-Vitale-Kind: receipt\r\n\r\nHoi"


def seen(address):
    with urlopen(address, timeout=60) as page:  # noqa: S310 - our own address
        return page.read().decode()


def test_mail_goes_to_the_mailbox_of_this_folder_also_when_another_one_has_its_port(vitale: Vitale, settings):
    settings(SMTP_PORT=str(server.USUAL_SMTP))
    with closing(server.bind(server.USUAL_SMTP)):  # whoever has it, has it now
        vitale.some_people(2)

        assert vitale.json("tick")["sent"] == 6

    assert len(list((vitale.folder / "var" / "post" / "new").iterdir())) == 6


def test_a_relay_that_was_set_is_used_as_it_is(vitale: Vitale, relay):
    vitale.some_people(1)
    before = len(list((relay.folder / "new").iterdir()))

    vitale.ok("tick")

    assert len(list((relay.folder / "new").iterdir())) == before + 3
    assert not (vitale.folder / "var" / "post").exists()


def test_what_lies_in_the_mailbox_can_be_looked_at(tmp_path):
    with closing(server.bind(0)) as pages:
        port = server.free_port(0)
        program = subprocess.Popen(
            [sys.executable, "-m", "vitale_cli.serving", "mailbox", "--fd", str(pages.fileno())],
            env=os.environ
            | {"VITALE_HOME": str(tmp_path / "var"), "VITALE_SMTP_PORT": str(port), "PYTHONPATH": str(PROJECT)},
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            pass_fds=[pages.fileno()],
        )
        address = f"http://127.0.0.1:{pages.getsockname()[1]}"
    try:
        assert "Er is nog geen mail." in seen(address), "the socket listens already: whoever asks early only waits"
        with smtplib.SMTP("127.0.0.1", port) as relay:
            relay.sendmail("training@vitale.example", ["noor@ede.example"], MAIL)
        assert "noor@ede.example" in seen(address)
        assert "Welkom" in seen(f"{address}/post/1")
    finally:
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=30)

    assert program.returncode == 0
