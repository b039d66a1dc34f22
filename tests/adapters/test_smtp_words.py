"""Why there is no connection, in the words of whoever must mend it."""

import asyncio
import socket

import aiosmtplib
import pytest

from tests.chaos_smtp import ChaosServer
from vitale_core.adapters.smtp import Patience, SmtpServer
from vitale_core.adapters.smtp_words import in_words
from vitale_core.domain.delivery import Ending, Parcel, Stage, without_addresses

QUICK = Patience(connect=5, command=2, dot=2, whole=10)
MAIL = Parcel(1, "<1@b.test>", "training@vitale.example", "anna@gemeente.test", b"Subject: x\r\n\r\nHallo\r\n")


def ending_at(**server) -> Ending:
    async def run() -> Ending:
        async with SmtpServer(patience=QUICK, **server).connections() as connections:
            return await connections.hand_over(MAIL, not_reached)

    return asyncio.run(run())


async def not_reached() -> None:
    pytest.fail("no conversation should come this far")


def test_a_port_on_which_nobody_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        ending = ending_at(host="127.0.0.1", port=unused.getsockname()[1])

    assert ending == Ending(Stage.CONNECT, None, "op die poort luistert niemand")


def test_a_name_that_does_not_exist():
    error = aiosmtplib.SMTPConnectError("Error connecting")
    error.__cause__ = socket.gaierror(-2, "Name or service not known")

    assert in_words(error) == "de naam van de mailserver bestaat niet"


def test_tls_asked_of_a_server_that_speaks_plain():
    with ChaosServer() as server:
        ending = ending_at(host="127.0.0.1", port=server.port, tls="tls")

    assert ending == Ending(Stage.CONNECT, None, "de beveiligde verbinding kwam niet tot stand")


def test_a_server_without_starttls():
    with ChaosServer() as server:
        ending = ending_at(host="127.0.0.1", port=server.port, tls="starttls")

    assert ending == Ending(Stage.CONNECT, None, "de mailserver biedt geen STARTTLS aan")


def test_a_server_that_knows_no_login():
    with ChaosServer() as server:
        ending = ending_at(host="127.0.0.1", port=server.port, user="training", password="geheim")

    assert ending == Ending(Stage.LOGIN, None, "de mailserver biedt geen aanmelding aan")


def test_what_a_server_says_has_no_control_characters_left():
    """PostgreSQL takes no NUL in a text; one such answer would stop the whole delivery."""
    assert without_addresses("5.1.1 no\x00body\x1b[0m <jan@gemeente.test>\r\n") == "5.1.1 no body [0m <adres>"
