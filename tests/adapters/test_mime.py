"""The bytes of a mail: read back by Python's own parser, and by hand where a program would be lenient."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitale_core.adapters import mime
from vitale_core.domain.errors import Refused

ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Dagdeel 1\r\nEND:VCALENDAR\r\n"


def mail(**overrides) -> bytes:
    values: dict[str, Any] = {
        "sender": mime.Mailbox("Vitale Overheid", "training@vitale.example"),
        "recipient": mime.Mailbox("Noor de Vries", "noor@gemeente.example"),
        "subject": "Uitnodiging: dagdeel 1",
        "date": datetime(2027, 3, 1, 8, 0, tzinfo=UTC),
        "message_id": "<abc@vitale.example>",
        "marks": (("X-Vitale-Kind", "overview"),),
        "text": "Dag Noor,\n\nFijn dat je komt.\n",
        "html": "<p>Dag Noor,</p>\n",
    } | overrides
    return mime.write(mime.Mail(**values))


def read(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def recipient(name: str, address: str = "noor@gemeente.example") -> mime.Mailbox:
    return mime.Mailbox(name, address)


def test_a_plain_mail_has_words_and_a_page():
    parsed = read(mail())

    text, html = parsed.iter_parts()

    assert parsed.get_content_type() == "multipart/alternative"
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content() == "Dag Noor,\r\n\r\nFijn dat je komt.\r\n"
    assert html.get_content() == "<p>Dag Noor,</p>\r\n"
    assert parsed.defects == []


def test_a_calendar_mail_has_the_layout_that_every_program_understands():
    parsed = read(mail(calendar=mime.Part(ICS, "REQUEST")))

    alternative, file = parsed.iter_parts()
    text, html, calendar = alternative.iter_parts()

    assert parsed.get_content_type() == "multipart/mixed"
    assert alternative.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in (text, html, calendar)] == ["text/plain", "text/html", "text/calendar"]
    assert dict(calendar["Content-Type"].params) == {"charset": "utf-8", "method": "REQUEST"}
    assert calendar["Content-Disposition"] is None
    assert file.get_content_type() == "application/ics"
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "invite.ics")
    assert calendar["Content-Transfer-Encoding"] == file["Content-Transfer-Encoding"] == "base64"


def test_the_calendar_stands_in_it_twice_with_the_same_bytes():
    parsed = read(mail(calendar=mime.Part(ICS, "REQUEST")))

    alternative, file = parsed.iter_parts()
    *_, calendar = alternative.iter_parts()

    assert calendar.get_payload(decode=True) == file.get_payload(decode=True) == ICS


def test_the_same_mail_twice_is_the_same_bytes():
    assert mail(calendar=mime.Part(ICS, "REQUEST")) == mail(calendar=mime.Part(ICS, "REQUEST"))


def test_another_mail_has_other_boundaries():
    one, other = (read(mail(message_id=name)).get_boundary() for name in ("<a@vitale.example>", "<b@vitale.example>"))

    assert one != other


def test_the_headers_are_these_and_no_others():
    parsed = read(mail())

    assert dict(parsed.items()) == {
        "From": "Vitale Overheid <training@vitale.example>",
        "To": "Noor de Vries <noor@gemeente.example>",
        "Subject": "Uitnodiging: dagdeel 1",
        "Date": "Mon, 01 Mar 2027 08:00:00 +0000",
        "Message-ID": "<abc@vitale.example>",
        "X-Vitale-Kind": "overview",
        "Content-Language": "nl",
        "MIME-Version": "1.0",
        "Content-Type": parsed["Content-Type"],
    }


@pytest.mark.parametrize(
    "name",
    [
        "Jansen, Piet",
        'Piet "de lange" Jansen',
        "back\\slash",
        "Ömer Çelik",
        "Noor 😀",
        "O'Brien <x@y.example>",
        "(commentaar) Noor",
        "a" * 90,
        "é" * 90,
        "training@vitale.example",
    ],
)
def test_a_name_arrives_as_it_is_with_one_recipient(name):
    header = message_from_bytes(mail(recipient=recipient(name)))["To"]

    # Not by policy.default: up to Python 3.13 it puts a space between two encoded words of a name.
    addresses = [(str(make_header(decode_header(shown))), address) for shown, address in getaddresses([header])]

    assert addresses == [(name, "noor@gemeente.example")]


@pytest.mark.parametrize(
    "hostile",
    [
        "Noor\r\nBcc: kwaad@elders.example",
        "Noor\nBcc: kwaad@elders.example",
        "Noor\x00\x0b\x85\u2028Bcc: kwaad@elders.example",
        "=?utf-8?q?Noor=0D=0ABcc:_kwaad@elders.example?=",
        'Noor" <kwaad@elders.example>, "',
        "Noor\u202e\u2066",
        "\ud800Noor",
    ],
)
def test_nothing_that_somebody_is_called_becomes_a_header_or_a_recipient(hostile):
    data = mail(recipient=recipient(hostile), subject=hostile)

    head = data.partition(b"\r\n\r\n")[0]
    names = re.findall(rb"(?m)^([A-Za-z-]+):", head)
    again = read(data)

    assert names == [name.encode() for name in read(mail()).keys()]  # noqa: SIM118 - a mail repeats its names
    assert [a.addr_spec for a in again["To"].addresses] == ["noor@gemeente.example"]
    assert "=?" not in again["Subject"]
    assert "\n" not in again["Subject"]


def test_a_subject_beyond_ascii_or_a_line_is_folded_into_encoded_words():
    subject = "Één week later: wat heb jij toegepast in je eigen werk? 😀 " * 3

    data = mail(subject=subject)

    assert read(data)["Subject"] == subject.strip()
    assert max(map(len, data.split(b"\r\n"))) <= 200


def test_a_very_long_subject_is_shortened():
    subject = read(mail(subject="woord " * 100))["Subject"]

    assert len(subject) == mime.SUBJECT_LENGTH
    assert subject.endswith("…")


def test_no_line_is_longer_than_a_mail_may_have():
    data = mail(text="woord " * 500 + "x" * 3000 + "\n", html="<p>" + "é" * 3000 + "</p>")

    assert max(map(len, data.split(b"\r\n"))) <= 78


def test_every_line_ends_as_smtp_wants():
    data = mail(text="a\r\nb\n\nc", html="é" * 200, calendar=mime.Part(ICS, "CANCEL"))

    assert not re.search(rb"[^\r]\n|\r[^\n]", data)


def test_an_international_domain_goes_out_in_ascii():
    parsed = read(mail(recipient=recipient("Noor", "noor@gemeënte.example")))

    assert parsed["To"].addresses[0].addr_spec == "noor@xn--gemente-uya.example"


@pytest.mark.parametrize(
    "address",
    [
        "nöor@gemeente.example",
        "a@x.example, b@y.example",
        "a@x.example\r\nBcc: b@y.example",
        "noor",
        "",
        "a b@x.example",
    ],
)
def test_what_is_not_one_plain_address_gets_no_mail(address):
    with pytest.raises(Refused):
        mail(recipient=recipient("Noor", address))


@pytest.mark.parametrize("value", ["", "a\r\nBcc: b", "é", "a  b", " a", "x" * 901])
def test_a_mark_that_is_no_header_value_is_refused(value):
    with pytest.raises(Refused):
        mail(marks=(("X-Vitale-Key", value),))


def test_a_mark_that_would_double_a_header_is_refused():
    with pytest.raises(Refused, match="kopregels"):
        mail(marks=(("To", "b@y.example"),))


def test_a_head_that_would_reach_somebody_else_is_refused(monkeypatch):
    monkeypatch.setattr(mime, "_mailbox", lambda _: "Noor <noor@gemeente.example>, kwaad@elders.example")

    with pytest.raises(Refused, match="ontvanger"):
        mail()


def test_a_recipient_without_a_name_is_an_address():
    assert b"\r\nTo: noor@gemeente.example\r\n" in mail(recipient=recipient(""))


@given(st.text(), st.text())
def test_any_words_come_out_as_they_went_in(text, html):
    lines = [
        part.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n") for part in (text, html)
    ]

    parts: Any = read(mail(text=lines[0], html=lines[1])).iter_parts()

    got = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in parts]
    assert got == lines


@given(st.text(min_size=1))
def test_any_name_gives_one_recipient_and_one_of_each_header(name):
    parsed = read(mail(recipient=recipient(name), subject=name + "x"))

    assert [a.addr_spec for a in parsed["To"].addresses] == ["noor@gemeente.example"]
    assert len(parsed.keys()) == len(set(parsed.keys())) == len(read(mail()).keys())
