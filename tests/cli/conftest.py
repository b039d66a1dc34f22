"""An installation of its own for each test, with its mail server on a port of its own."""

import pytest

from tests.cli.desk import Vitale
from vitale_core.adapters.sink import MailSink


@pytest.fixture(scope="session")
def relay(tmp_path_factory):
    """The embedded mailbox of all these tests."""
    sink = MailSink(tmp_path_factory.mktemp("relay") / "post")
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def settings(monkeypatch, tmp_path, relay):
    """Choose settings: `settings(CLOCK="real")`. By default a virtual clock and a mail server that takes all."""
    monkeypatch.chdir(tmp_path)

    def choose(**chosen):
        for name, value in chosen.items():
            monkeypatch.setenv(f"VITALE_{name}", value)

    choose(HOME=str(tmp_path / "var"), CLOCK="virtual", SMTP_PORT=str(relay.port))
    return choose


@pytest.fixture
def vitale(settings, tmp_path):
    """The command."""
    return Vitale(tmp_path)
