"""What went wrong with a connection, in the words of whoever must mend it."""

import ssl
from socket import gaierror

import aiosmtplib

WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "het certificaat van de mailserver klopt niet"),
    (ssl.SSLError, "de beveiligde verbinding kwam niet tot stand"),
    (gaierror, "de naam van de mailserver bestaat niet"),
    (ConnectionRefusedError, "op die poort luistert niemand"),
    (aiosmtplib.SMTPTimeoutError, "de mailserver antwoordde niet op tijd"),
    (TimeoutError, "de mailserver antwoordde niet op tijd"),
    (aiosmtplib.SMTPServerDisconnected, "de mailserver verbrak de verbinding"),
    (aiosmtplib.SMTPResponseException, "de mailserver antwoordde iets onbegrijpelijks"),
    (aiosmtplib.SMTPConnectError, "er kwam geen verbinding met de mailserver"),
    (ConnectionError, "de verbinding met de mailserver viel weg"),
)


def in_words(error: BaseException) -> str:
    """Return one Dutch phrase; the cause of an error says more than the error itself."""
    if isinstance(error, aiosmtplib.SMTPException) and "SMTP AUTH extension" in str(error):
        return "de mailserver biedt geen aanmelding aan"
    if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error):
        return "de mailserver biedt geen STARTTLS aan"
    cause = error.__cause__ or error.__context__
    for kind, words in WORDS:
        if isinstance(cause, kind) or isinstance(error, kind):
            return words
    return f"het gesprek brak af ({type(error).__name__})"
