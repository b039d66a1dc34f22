"""Why something outside did not answer, in words, and without what the libraries told of it."""

import socket
from urllib.error import URLError

import pytest

from vitale_cli import reasons


@pytest.mark.parametrize(
    "error,words",
    [
        (URLError(TimeoutError()), "er kwam niet op tijd antwoord"),
        (URLError("nobody"), "er kwam geen verbinding"),
        (socket.gaierror(), "de naam van de server is niet te vinden"),
        (ConnectionResetError(), "de verbinding viel weg"),
    ],
)
def test_what_a_network_did_is_told_in_words(error, words):
    assert reasons.of_network(error) == words


def test_what_a_database_said_is_not_repeated():
    said = 'FATAL: password authentication failed for user "vitale"'

    assert reasons.of_database(OSError(said)) == "hij weigert onze aanmelding"
    assert reasons.of_database(OSError("iets met postgres@geheim.example")) == "de server of het bestand doet het niet"
    assert "pakket" in reasons.of_database(ImportError("libpq"))
