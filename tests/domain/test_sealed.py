"""The last look at the bytes of a mail: one well-formed mail to one recipient, or it does not leave."""

import pytest

from vitale_core.domain.errors import Refused
from vitale_core.domain.sealed import LARGEST, inspect

GOOD = {
    "From": "Vitale <training@vitale.example>",
    "To": "Noor <noor@gemeente.example>",
    "Subject": "Hallo",
    "Date": "Mon, 11 Jan 2027 08:00:00 +0000",
    "Message-ID": "<1@vitale.example>",
    "MIME-Version": "1.0",
    "Auto-Submitted": "auto-generated",
}


def mail(body="Dag Noor", *more, **changed):
    """A mail with some headers changed (None: left out) or added."""
    heads = GOOD | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [*(f"{name}: {value}" for name, value in heads.items() if value is not None), *more]
    return "\r\n".join([*lines, "", body]).encode("latin-1")


def seal(mime):
    inspect(mime, recipient="noor@gemeente.example", message_id="<1@vitale.example>")


@pytest.mark.parametrize(
    "to",
    [
        "Noor <noor@gemeente.example>",
        "noor@gemeente.example",
        "<Noor@Gemeente.example>",
        '"Bo <script> <x@kwaad.example>" <noor@gemeente.example>',
        '"Bo \\"de\\" <b>"\r\n <noor@gemeente.example>',
    ],
)
def test_one_mail_to_its_one_recipient_may_leave(to):
    seal(mail(To=to))


@pytest.mark.parametrize(
    "to",
    [
        "noor@gemeente.example, x@kwaad.example",
        "Noor <noor@gemeente.example>, X <x@kwaad.example>",
        '"Noor" <noor@gemeente.example> <x@kwaad.example>',
        "sam@gemeente.example",
        '"noor@gemeente.example" <x@kwaad.example>',
        '"noor@gemeente.example"',
    ],
)
def test_another_or_a_second_recipient_stays_here(to):
    with pytest.raises(Refused, match="precies de ontvanger"):
        seal(mail(To=to))


@pytest.mark.parametrize(
    "mime, why",
    [
        (mail("x", "Bcc: x@kwaad.example"), "'bcc'"),
        (mail("x", "Subject: nog een"), "precies één kopregel 'subject'"),
        (mail(Date=None), "precies één kopregel 'date'"),
        (mail(Message_ID="<2@vitale.example>"), "ander Message-ID"),
        (mail("los\nregeleinde"), "losse regeleinden"),
        (mail("los\rregeleinde"), "losse regeleinden"),
        (mail("bel \x07"), "stuurtekens"),
        (mail("caf\xe9"), "stuurtekens"),
        (mail("x" * 999), "te lange regel"),
        (mail("x\r\n" * (LARGEST // 3)), "groter dan 10 MB"),
        (b"From: a@b.example\r\n", "geen inhoud"),
        (b"geen kopregel\r\n\r\nx", "kapotte kopregel"),
    ],
)
def test_what_is_not_one_well_formed_mail_stays_here(mime, why):
    with pytest.raises(Refused, match=why):
        seal(mime)
