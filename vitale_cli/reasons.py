"""Why something outside did not answer, in the words of whoever must mend it: no names of classes, no secrets."""

import ssl
from socket import gaierror

NETWORK: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "het certificaat klopt niet"),
    (ssl.SSLError, "de beveiligde verbinding kwam niet tot stand"),
    (gaierror, "de naam van de server is niet te vinden"),
    (ConnectionRefusedError, "op die poort luistert niemand"),
    (TimeoutError, "er kwam niet op tijd antwoord"),
    (ConnectionError, "de verbinding viel weg"),
)
DATABASE = (
    ("refused", "op die poort luistert niemand"),
    ("no password supplied", "hij vraagt een wachtwoord"),
    ("authentication failed", "hij weigert onze aanmelding"),
    ("resolve", "de naam van de server is niet te vinden"),
    ("translate host", "de naam van de server is niet te vinden"),
    ("timeout", "er kwam niet op tijd antwoord"),
    ("does not exist", "de database of de gebruiker bestaat niet"),
    ("not a database", "het bestand is geen database"),
    ("malformed", "het bestand is beschadigd"),
    ("unable to open", "het bestand gaat niet open"),
    ("locked", "een ander programma houdt hem vast"),
)
"""What the libraries say, in part; their own sentence can hold an address or a name, so it is not repeated."""


def of_network(error: BaseException) -> str:
    """Return one Dutch phrase; the cause that urllib wraps says more than its wrapper."""
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, BaseException) else error
    return next((words for kind, words in NETWORK if isinstance(cause, kind)), "er kwam geen verbinding")


def of_database(error: BaseException) -> str:
    """Return one Dutch phrase for what the driver of a database said."""
    if isinstance(error, ImportError):
        return "het pakket om hem te lezen ontbreekt of is stuk"
    said = str(error).casefold()
    return next((words for part, words in DATABASE if part in said), "de server of het bestand doet het niet")
