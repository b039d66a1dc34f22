"""The words of every mail, read as the person who gets it, and the mail that is made of them."""

import re
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.letter_facts import SECOND_PROGRAMME, VARIANTS, facts_of
from vitale_core.adapters.letters import HOUSE, Letter, MessageRenderer, TemplateBroken, load_letters
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.postmark import bounced_number, is_our_bounce

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
SECRET = b"a secret of the tests"
EVENT = {
    "uid": "0123456789abcdef@vitale.example",
    "sequence": 2,
    "stamp": "2027-03-01T08:00:00+00:00",
    "start": "2027-03-18T08:30:00+00:00",
    "end": "2027-03-18T11:30:00+00:00",
    "summary": "Terreinverkenning (Training overheidsparticipatie)",
    "location": "Het Kasteel, Groningen",
    "description": "Wat betekent dit begrip?",
    "address": "noor@gemeente.example",
    "session_name": "dagdeel-1",
    "host": False,
}


@pytest.fixture(scope="module")
def letters():
    return load_letters()


def as_read(letter: Letter) -> str:
    return f"Onderwerp: {letter.subject}\n\n{letter.text}"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_reads_as_it_was_written(kind, letters, golden):
    letter = letters.render(kind, facts_of(kind))

    golden(as_read(letter), f"mail/{kind}.txt")
    golden(letter.html, f"mail/{kind}.html")


@pytest.mark.parametrize("name", VARIANTS)
def test_a_kind_reads_right_in_another_situation(name, letters, golden):
    kind, overrides = VARIANTS[name]

    letter = letters.render(kind, facts_of(kind, **overrides))

    golden(as_read(letter), f"mail/{name}.txt")
    golden(letter.html, f"mail/{name}.html")


@pytest.mark.parametrize("kind", [Kind.SEAT_CONFIRMED, Kind.OVERVIEW])
def test_a_programme_without_visits_and_with_two_terugkomdagen_reads_right(kind, letters, golden):
    letter = letters.render(kind, facts_of(kind, **SECOND_PROGRAMME))

    golden(as_read(letter), f"mail/{kind}-second-programme.txt")
    golden(letter.html, f"mail/{kind}-second-programme.html")


# ------------------------------------------------------------------------------------------------- the templates


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the bureau's own texts, with all that the letters are built from."""
    for name in ("base.html", "base.txt", "parts.html", "parts.txt"):
        shutil.copy(HOUSE / name, tmp_path)
    shutil.copytree(HOUSE / "receipt", tmp_path / "receipt")
    return tmp_path


def test_the_bureaus_own_text_goes_before_the_houses(own):
    (own / "receipt" / "subject.txt").write_text("Gelukt, {{ reader.greeting }}!\n")

    letter = load_letters(own).render(Kind.RECEIPT, facts_of(Kind.RECEIPT))

    assert letter.subject == "Gelukt, Noor!"


def test_a_changed_text_has_another_version(own):
    before = load_letters(own).version(Kind.RECEIPT)
    (own / "receipt" / "subject.txt").write_text("Gelukt!\n")

    after = load_letters(own)

    assert after.version(Kind.RECEIPT) != before
    assert after.version(Kind.OVERVIEW) == load_letters(own).version(Kind.OVERVIEW)


def test_a_missing_template_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("vitale_core.adapters.letters.HOUSE", tmp_path)

    with pytest.raises(TemplateBroken, match=r"base\.html ontbreekt"):
        load_letters()


@pytest.mark.parametrize(
    "file, line, text",
    [
        ("receipt/subject.txt", 1, "{{ reader.greeting"),
        ("receipt/body.txt", 3, "{% block body %}\n{% if %}\n{% endblock %}\n"),
        ("receipt/body.html", 4, "<p>Dag</p>\n\n{% block body %}\n{% bestaat_niet %}\n{% endblock %}\n"),
        ("base.txt", 2, "Dag\n{{ reader.greeting|bestaat_niet }}"),
        ("base.html", 3, "<html><head>\n</head>\n<body>{{ }}</body></html>"),
    ],
)
def test_a_template_that_cannot_be_read_is_named_with_its_line(own, file, line, text):
    source = '{% extends "base.txt" %}\n' + text if file == "receipt/body.txt" else text
    (own / file).write_text(source)

    with pytest.raises(TemplateBroken, match=rf"{re.escape(file)}, regel {line}[ ,]"):
        load_letters(own)


@pytest.mark.parametrize(
    "file, text, line",
    [
        ("receipt/subject.txt", "{{ bestaat_niet }}", 1),
        ("receipt/body.txt", "Dag\n\n{{ reader.bestaat_niet }}", 3),
        ("receipt/body.html", "<p>Dag</p>\n<p>{{ bestaat_niet }}</p>", 2),
        ("receipt/body.html", "<p>Dag</p>\n\n<ul>\n{% for x in 3 %}<li>x</li>{% endfor %}\n</ul>", 4),
        ("receipt/body.txt", "{{ reader.__class__.__mro__ }}", 1),
        ("receipt/body.txt", "{{ days.append(1) }}", 1),
        ("receipt/body.txt", "{{ range(10000000)|length }}", 1),
        ("receipt/body.txt", "{{ 1 / 0 }}", 1),
        ("receipt/body.txt", "{{ 'a' * 300000 }}", None),
        ("receipt/subject.txt", " ", None),
        ("receipt/body.txt", "a\x07b", None),
    ],
)
def test_a_template_that_asks_for_what_it_may_not_is_named_with_its_line(own, file, text, line):
    (own / file).write_text(text)
    letters = load_letters(own)

    with pytest.raises(TemplateBroken, match=f"{file}, regel {line}," if line else "receipt"):
        letters.render(Kind.RECEIPT, facts_of(Kind.RECEIPT))


def test_an_error_in_the_base_names_the_line_of_the_base(own):
    source = (HOUSE / "base.html").read_text()
    line = source[: source.index("{{ bureau.post }}")].count("\n") + 1
    (own / "base.html").write_text(source.replace("{{ bureau.post }}", "{{ bureau.bestaat_niet }}"))

    with pytest.raises(TemplateBroken, match=rf"base\.html, regel {line},"):
        load_letters(own).render(Kind.RECEIPT, facts_of(Kind.RECEIPT))


def test_an_error_in_a_shared_part_names_that_part(own):
    facts = facts_of(Kind.RECEIPT, days=[{"label": "Dag 1"}])

    with pytest.raises(TemplateBroken, match=r"parts\.txt, regel \d+,"):
        load_letters(own).render(Kind.RECEIPT, facts)


def test_a_broken_letter_says_nothing_about_its_reader(own):
    (own / "receipt" / "body.txt").write_text("{{ reader.name|period(1) }}")

    with pytest.raises(TemplateBroken) as caught:
        load_letters(own).render(Kind.RECEIPT, facts_of(Kind.RECEIPT, reader={"name": "Noor", "greeting": "Noor"}))

    assert "Noor" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_tag_where_html_allows_none_is_named_with_its_line(own):
    (own / "receipt" / "body.html").write_text(
        "<table><tr><td>{{ reader.greeting }}</td></tr>\n{{ reader.name }}</table>"
    )

    with pytest.raises(TemplateBroken, match=r"body\.html, regel 2: \{\{ reader\.name \}\}"):
        load_letters(own)


def test_a_fact_with_tags_of_a_template_is_only_text(letters):
    facts = facts_of(Kind.RECEIPT, reader={"name": "x", "greeting": "{{ 7 * 7 }} jinja0ajnij <!--jinja0-->"})

    letter = letters.render(Kind.RECEIPT, facts)

    assert "{{ 7 * 7 }} jinja0ajnij <!--jinja0-->" in letter.text
    assert "{{ 7 * 7 }} jinja0ajnij &lt;!--jinja0--&gt;" in letter.html


# ----------------------------------------------------------------------------------------------------- one mail


@dataclass
class Reader:
    name: str | None = "Noor de Vries"
    email: str | None = "noor@gemeente.example"


@dataclass
class Row:
    """A row of the ledger."""

    kind: str = Kind.RECEIPT
    id: int = 12
    key: str = "1/7/receipt/enrolment-7/0"
    message_id: str = "<0123456789abcdef@vitale.example>"
    not_before: datetime = NOW
    payload: dict[str, Any] = field(default_factory=dict)
    person: Reader = field(default_factory=Reader)


@pytest.fixture
def renderer(letters) -> MessageRenderer:
    def content(_session, message, *, now, bureau, secret):
        assert (now, secret) == (NOW, SECRET)
        assert bureau.mail_address == "training@vitale.example"
        return facts_of(Kind(message.kind))

    return MessageRenderer(letters, Bureau(), SECRET, content)


def read(data: bytes):
    return message_from_bytes(data, policy=policy.default)


def test_a_mail_tells_machines_what_it_is(renderer):
    mail = read(renderer.render(None, Row(), now=NOW).mime)

    assert mail["X-Vitale-Kind"] == "receipt"
    assert mail["X-Vitale-Key"] == "1/7/receipt/enrolment-7/0"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert mail["Message-ID"] == "<0123456789abcdef@vitale.example>"
    assert mail["Date"].datetime == NOW
    assert mail["From"] == "Vitale Overheid <training@vitale.example>"
    assert mail["Reply-To"] is None
    assert mail["Precedence"] is None


def test_a_mail_is_about_its_letter(renderer, letters):
    mail = read(renderer.render(None, Row(), now=NOW).mime)
    letter = letters.render(Kind.RECEIPT, facts_of(Kind.RECEIPT))

    text, html = mail.iter_parts()

    assert mail["Subject"] == letter.subject
    assert text.get_content().replace("\r\n", "\n") == letter.text
    assert html.get_content().replace("\r\n", "\n") == letter.html


def test_a_bounce_comes_back_under_the_number_of_the_message(renderer):
    sender = renderer.render(None, Row(), now=NOW).envelope_from

    number, mark = bounced_number(sender) or (0, "")

    assert number == 12
    assert is_our_bounce(number, mark, Row().message_id, secret=SECRET)


def test_rendering_twice_gives_the_same_bytes(renderer):
    row = Row(kind=Kind.CALENDAR_INVITATION, payload=EVENT)

    assert renderer.render(None, row, now=NOW) == renderer.render(None, row, now=NOW)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_becomes_one_mail_to_one_reader(kind, renderer):
    mail = renderer.render(None, Row(kind=kind, payload=EVENT), now=NOW)

    assert [a.addr_spec for a in read(mail.mime)["To"].addresses] == [mail.recipient] == ["noor@gemeente.example"]
    assert max(map(len, mail.mime.split(b"\r\n"))) <= 120


@pytest.mark.parametrize(
    "kind, method",
    [
        (Kind.CALENDAR_INVITATION, "REQUEST"),
        (Kind.CALENDAR_UPDATE, "REQUEST"),
        (Kind.CALENDAR_CANCEL, "CANCEL"),
    ],
)
def test_a_calendar_mail_carries_the_event_as_it_was_frozen(kind, method, renderer):
    mail = read(renderer.render(None, Row(kind=kind, payload=EVENT), now=NOW).mime)

    part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
    calendar = part.get_payload(decode=True).replace(b"\r\n ", b"")

    assert part["Content-Type"].params["method"] == method
    assert f"METHOD:{method}".encode() in calendar
    assert b"UID:0123456789abcdef@vitale.example" in calendar
    assert b"SEQUENCE:2" in calendar
    assert b"mailto:noor@gemeente.example" in calendar


def test_a_cancellation_goes_to_the_address_that_was_invited(renderer):
    row = Row(kind=Kind.CALENDAR_CANCEL, payload={**EVENT, "address": "oud@gemeente.example"})

    assert renderer.render(None, row, now=NOW).recipient == "oud@gemeente.example"


def test_an_international_domain_is_written_in_ascii_everywhere(renderer):
    row = Row(kind=Kind.CALENDAR_INVITATION, payload={**EVENT, "address": "noor@gemeënte.example"})

    mail = renderer.render(None, row, now=NOW)

    assert mail.recipient == "noor@xn--gemente-uya.example"
    assert b"To: Noor de Vries <noor@xn--gemente-uya.example>" in mail.mime


@pytest.mark.parametrize("email", [None, "", "nöor@gemeente.example", "a@x.example, b@x.example"])
def test_nobody_can_be_mailed_without_one_plain_address(email, renderer):
    with pytest.raises(Refused):
        renderer.render(None, Row(person=Reader(email=email)), now=NOW)


def test_a_person_who_was_erased_gets_nothing_at_the_frozen_address_either(renderer):
    with pytest.raises(Refused, match="geen mailadres"):
        renderer.render(None, Row(kind=Kind.CALENDAR_CANCEL, payload=EVENT, person=Reader(None, None)), now=NOW)


@pytest.mark.parametrize("broken", [{"end": EVENT["start"]}, {"uid": "a b"}, {"start": "morgen"}])
def test_an_event_that_no_calendar_understands_is_refused(broken, renderer):
    with pytest.raises(Refused, match="agenda-afspraak"):
        renderer.render(None, Row(kind=Kind.CALENDAR_INVITATION, payload=EVENT | broken), now=NOW)


def test_what_the_reader_sees_decides_the_hash(renderer):
    row = Row(kind=Kind.CALENDAR_INVITATION, payload=EVENT)
    shown = renderer.render(None, row, now=NOW).content_hash

    same = [
        replace(row, message_id="<other@vitale.example>"),
        replace(row, not_before=datetime(2027, 3, 2, tzinfo=UTC)),
    ]
    same += [replace(row, payload=EVENT | {"stamp": "2027-03-02T08:00:00+00:00"}), replace(row, id=13)]
    other = [
        replace(row, payload=EVENT | {"location": "Assen"}),
        replace(row, payload=EVENT | {"address": "anders@gemeente.example"}),
        replace(row, kind=Kind.CALENDAR_UPDATE),
    ]

    assert {renderer.render(None, r, now=NOW).content_hash for r in same} == {shown}
    assert shown not in {renderer.render(None, r, now=NOW).content_hash for r in other}
