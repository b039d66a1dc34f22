"""TLS to a mail server: asked for is insisted on, and who is not who it says gets nothing."""

import asyncio
import ssl
import subprocess

import pytest

from tests.adapters.test_smtp import QUICK, nothing, parcel
from tests.chaos_smtp import ChaosServer
from vitale_core.adapters.smtp import SmtpServer
from vitale_core.domain.delivery import Ending, Stage


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key -out cert"
        " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def theirs(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert", certificate / "key")
    return context


def over_tls(server: ChaosServer, trust: ssl.SSLContext | None, host: str = "localhost") -> Ending:
    async def run() -> Ending:
        relay = SmtpServer(host=host, port=server.port, tls="starttls", trust=trust, patience=QUICK)
        async with relay.connections() as connections:
            return await connections.hand_over(parcel(), nothing)

    return asyncio.run(run())


def test_with_starttls_the_mail_goes_over_tls(theirs, certificate, caplog):
    with ChaosServer(tls=theirs) as server:
        ending = over_tls(server, ssl.create_default_context(cafile=certificate / "cert"))

    assert ending.code == 250
    assert caplog.messages == []  # what goes wrong in a call of the event loop is told there, with a traceback
    assert server.commands.index("STARTTLS") < next(i for i, c in enumerate(server.commands) if c.startswith("MAIL"))


def test_a_certificate_that_is_not_trusted_is_a_fault_of_the_relay(theirs):
    with ChaosServer(tls=theirs) as server:
        ending = over_tls(server, None)

    assert ending == Ending(Stage.CONNECT, None, "het certificaat van de mailserver klopt niet")
    assert server.taken == []


def test_a_certificate_for_another_name_is_a_fault_of_the_relay(theirs, certificate):
    with ChaosServer(tls=theirs) as server:
        ending = over_tls(server, ssl.create_default_context(cafile=certificate / "cert"), host="127.0.0.1")

    assert (ending.stage, server.taken) == (Stage.CONNECT, [])


def test_a_server_that_stopped_offering_starttls_gets_no_mail_in_the_clear(theirs, certificate):
    with ChaosServer(tls=theirs, starttls=False) as server:
        ending = over_tls(server, ssl.create_default_context(cafile=certificate / "cert"))

    assert (ending.stage, server.taken) == (Stage.CONNECT, [])


def test_without_tls_only_to_this_machine():
    with pytest.raises(ValueError, match="TLS"):
        SmtpServer(host="relay.example.org", port=25)
