"""Replies of calendar programs as they come in, and what else may come in."""

import tracemalloc
from base64 import b64encode
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tests import calendar_dialects
from vitale_core.adapters.replies import OCTETS, CalendarReply, UnreadableReply, calendar_reply, mail

FOLDER = Path(__file__).parent / "replies"
UID = "7f3c1d90b5ae4c2f@agenda.bureau.example"
STAMP = datetime(2027, 2, 9, 14, 5, 31, tzinfo=UTC)


def expected(**changes: Any) -> CalendarReply:
    values: dict[str, Any] = {
        "uid": UID,
        "attendee": "p.jansen@gemeente.example",
        "partstat": "accepted",
        "sequence": 1,
        "stamp": STAMP,
        "comment": "",
        "method": "REPLY",
        "organizer": "planning@bureau.example",
    }
    return CalendarReply(**(values | changes))


def read(raw: bytes) -> CalendarReply | None:
    return calendar_reply(mail(raw))


def part(*lines: str, method: str | None = "REPLY", event: bool = True) -> bytes:
    body = ["BEGIN:VEVENT", *lines, "END:VEVENT"] if event else list(lines)
    top = [f"METHOD:{method}"] if method else []
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *top, *body, "END:VCALENDAR", ""]).encode()


def calendar_mail(
    body: bytes, *, header: str = "text/calendar; charset=utf-8; method=REPLY", encoding: str = "8bit"
) -> bytes:
    return f"Content-Type: {header}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


PLAIN = (f"UID:{UID}", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:p.jansen@gemeente.example", "DTSTAMP:20270209T140531Z")


# ------------------------------------------------------------------------------------------------ dialects

READ = {
    "google_accepted": expected(),
    "google_declined_with_note": expected(
        partstat="declined",
        sequence=2,
        stamp=datetime(2027, 2, 10, 7, 0, 2, tzinfo=UTC),
        comment="Ik ben dan met verlof; sorry",
    ),
    "google_counter": expected(partstat="counter", method="COUNTER", comment="Kan het een dag later?"),
    "exchange_accepted": expected(organizer=""),
    "exchange_by_secretary": expected(organizer="", sent_by="secretariaat@gemeente.example"),
    "exchange_tentative_wrapped_uid": expected(
        partstat="tentative", organizer="", comment="Ik hoor het vrijdag van mijn leidinggevende"
    ),
    "thunderbird_declined": expected(
        partstat="declined",
        attendee="zoe@waterschap.example",
        comment="Die dag ben ik er niet, maar mijn collega Jörg kan wél: bel hem gerust even via het secretariaat",
    ),
    "apple_accepted": expected(),
    "apple_principal_instead_of_address": expected(partstat="tentative"),
    "phone_single_part_without_method": expected(),
    "attachment_only": expected(),
    "delegated": expected(partstat="delegated"),
    "refresh": expected(partstat="refresh", method="REFRESH", sequence=None),
    "old_groupware_unknown_charset": expected(sequence=None, organizer="", comment="Tot dan, één vraag nog"),
    "utf16": expected(),
    "none_bare_text": None,
    "none_away": None,
    "none_forwarded_reply": None,
}


@pytest.mark.parametrize("name", READ)
def test_every_dialect_is_read(name):
    raw = (FOLDER / f"{name}.eml").read_bytes()

    assert read(raw) == READ[name]
    # The library that fetches mail may read it with Python's older policy.
    assert calendar_reply(message_from_bytes(raw)) == READ[name]


def test_every_file_of_the_corpus_has_its_expectation():
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(READ)


@pytest.mark.parametrize("dialect", ["google", "exchange", "thunderbird", "apple"])
@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_every_program_says_every_answer(dialect, partstat):
    answer = calendar_dialects.Answer(
        uid=UID,
        partstat=partstat,
        sequence=3,
        stamp=STAMP,
        start=datetime(2027, 3, 28, 7, 30, tzinfo=UTC),
        end=datetime(2027, 3, 28, 14, 0, tzinfo=UTC),
        summary="Café 't Hoekje, zaal 3; 1e verdieping " + "é" * 90,
        organizer="planning@bureau.example",
        attendee="b.de.vries@provincie.example",
        name='Bé "de" Vries, MSc',
        comment="Regel één; twee, drie\nregel \\ twee",
    )

    reply = read(calendar_dialects.reply(dialect, answer))

    assert reply is not None
    assert reply.partstat == partstat.lower()
    assert reply.attendee == "b.de.vries@provincie.example"
    assert reply.sequence == 3
    assert reply.comment == "Regel één; twee, drie\nregel \\ twee"


def test_the_method_of_the_mail_stands_in_when_the_calendar_has_none():
    assert read(calendar_mail(part(*PLAIN, method=None))) == expected(sequence=None, organizer="")


def test_a_reply_without_an_answer_is_other():
    needs_action = (f"UID:{UID}", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:p.jansen@gemeente.example")

    reply = read(calendar_mail(part(*needs_action)))

    assert reply == expected(partstat="other", sequence=None, stamp=None, organizer="")


def test_an_invitation_from_somebody_else_is_other():
    reply = read(calendar_mail(part(*PLAIN, method="REQUEST"), header="text/calendar; method=REQUEST"))

    assert reply is not None
    assert (reply.method, reply.partstat) == ("REQUEST", "other")


def test_an_address_is_read_in_every_spelling():
    line = "ATTENDEE;PARTSTAT=ACCEPTED:MailTo:P.Jansen%2Bvrij@Gemeente.Example"

    reply = read(calendar_mail(part(f"UID:{UID}", line)))

    assert reply is not None
    assert reply.attendee == "p.jansen+vrij@gemeente.example"


def test_an_organizer_that_is_no_address_is_as_good_as_none():
    reply = read(calendar_mail(part(*PLAIN, "ORGANIZER:invalid:nomail")))

    assert reply == expected(sequence=None, organizer="")


def test_the_attachment_is_read_when_the_calendar_part_is_broken():
    whole = part(*PLAIN)
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        + calendar_mail(whole[:60])
        + b"\r\n--b\r\n"
        + calendar_mail(whole, header='application/ics; name="invite.ics"')
        + b"\r\n--b--\r\n"
    )

    assert read(raw) == expected(sequence=None, organizer="")


def test_an_alarm_in_a_reply_changes_nothing():
    alarm = ("BEGIN:VALARM", "UID:of-the-alarm", "ATTENDEE:mailto:somebody@else.example", "END:VALARM")

    assert read(calendar_mail(part(*PLAIN, *alarm))) == expected(sequence=None, organizer="")


def test_a_leap_second_is_a_moment():
    reply = read(calendar_mail(part(*PLAIN[:2], "DTSTAMP:20161231T235960Z")))

    assert reply is not None
    assert reply.stamp == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_comment_is_cut_and_cleaned():
    reply = read(calendar_mail(part(*PLAIN, "COMMENT:Hoi\x07\\nik kom " + "x" * 9000, "COMMENT:echt")))

    assert reply is not None
    assert reply.comment.startswith("Hoi\nik kom xxx")
    assert len(reply.comment) == 2000


# ------------------------------------------------------------------------------------- what a person must see

_ATTENDEE = PLAIN[1]
UNREADABLE = {
    "two events": part(*PLAIN, "END:VEVENT", "BEGIN:VEVENT", *PLAIN),
    "two calendars": part(*PLAIN) + part(*PLAIN),
    "no event": part("X-NOTHING:1", event=False),
    "no uid": part(_ATTENDEE),
    "empty uid": part("UID:", _ATTENDEE),
    "two uids": part(*PLAIN, "UID:another@agenda.bureau.example"),
    "no attendee": part(PLAIN[0]),
    "two attendees": part(*PLAIN, "ATTENDEE;PARTSTAT=DECLINED:mailto:k.smit@gemeente.example"),
    "attendee without address": part(PLAIN[0], "ATTENDEE;PARTSTAT=ACCEPTED:invalid:nomail"),
    "attendee with two addresses": part(PLAIN[0], "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example,c@d.example"),
    "attendee with a name in its address": part(PLAIN[0], "ATTENDEE:mailto:Piet <p.jansen@gemeente.example>"),
    "quote left open": part(PLAIN[0], 'ATTENDEE;CN="Piet;PARTSTAT=ACCEPTED:mailto:p.jansen@gemeente.example'),
    "sequence in words": part(*PLAIN, "SEQUENCE:een"),
    "sequence below zero": part(*PLAIN, "SEQUENCE:-1"),
    "sequence without end": part(*PLAIN, "SEQUENCE:" + "9" * 5000),
    "stamp without zone": part(*PLAIN[:2], "DTSTAMP:20270209T140531"),
    "stamp of no day": part(*PLAIN[:2], "DTSTAMP:20270230T140531Z"),
    "stamp of no second": part(*PLAIN[:2], "DTSTAMP:20270228T140561Z"),
    "two methods": part(*PLAIN).replace(b"METHOD:REPLY", b"METHOD:REPLY\r\nMETHOD:CANCEL"),
    "cut off": part(*PLAIN)[:-20],
    "ends that do not match": part(*PLAIN).replace(b"END:VEVENT", b"END:VTODO"),
    "too deep": part(*PLAIN, *["BEGIN:X"] * 50, *["END:X"] * 50),
    "a zero byte in the uid": part(f"UID:{UID}\0", _ATTENDEE),
    "a tab in the uid": part(f"UID:{UID}\tx", _ATTENDEE),
    "a line break in the uid": part(f"UID:{UID}\\nx", _ATTENDEE),
    "a control character in a wrapped uid": part(
        "UID:040000008200E00074C5B7101A82E008" + "0" * 48 + "7643616C2D55696401000000" + "0A" + "00", _ATTENDEE
    ),
    "too long a line": part(f"UID:{'x' * 9000}", _ATTENDEE),
    "too much text": part(*PLAIN, *["COMMENT:" + "x" * 7000] * 9),
    "too many lines": part(*PLAIN, *["X:1"] * 6000),
    "too large": part(*PLAIN, "X-LARGE:" + "x" * OCTETS),
    "far too large": part(*PLAIN, "X-LARGE:" + "x" * 5 * OCTETS),
    "nothing": b"",
    "something else": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_can_be_read_in_two_ways_is_not_read(name):
    with pytest.raises(UnreadableReply) as caught:
        read(calendar_mail(UNREADABLE[name]))

    assert "jansen" not in str(caught.value).lower()
    assert "example" not in str(caught.value)


def test_a_method_that_differs_from_the_mail_is_not_read():
    with pytest.raises(UnreadableReply, match="verschillende METHOD"):
        read(calendar_mail(part(*PLAIN, method="COUNTER")))


def test_parts_that_contradict_each_other_are_not_read():
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        + calendar_mail(part(*PLAIN))
        + b"\r\n--b\r\n"
        + calendar_mail(part(*PLAIN).replace(b"ACCEPTED", b"DECLINED"), header="application/ics")
        + b"\r\n--b--\r\n"
    )

    with pytest.raises(UnreadableReply, match="spreken elkaar tegen"):
        read(raw)


def test_base64_that_cannot_be_decoded_is_not_read():
    with pytest.raises(UnreadableReply):
        read(calendar_mail(b64encode(part(*PLAIN))[:-7], encoding="base64"))


@pytest.mark.parametrize(
    "charset", ["x-unknown", "base64", "hex", "zlib", "rot13", "idna", "unicode_escape", "utf-16", "undefined", ""]
)
def test_no_charset_can_break_or_change_a_reply(charset):
    header = f'text/calendar; method=REPLY; charset="{charset}"'

    try:
        reply = read(calendar_mail(part(*PLAIN), header=header))
    except UnreadableReply:
        assert charset == "utf-16"
    else:
        assert reply == expected(sequence=None, organizer="")


def test_a_mail_of_parts_in_parts_is_refused_soon():
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(40)
    ) + calendar_mail(part(*PLAIN))
    wide = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 500

    for raw in (deep, wide):
        with pytest.raises(UnreadableReply, match="delen"):
            read(raw)


@pytest.mark.parametrize(
    "header",
    [
        "text/calendar" + "(" * 900,
        "text/calendar" + "(" * 90_000,
        "text/calendar" + "; a=b" * 90_000,
        'text/calendar; a="' * 90_000,
    ],
)
def test_a_header_made_to_break_the_parser_is_refused(header):
    with pytest.raises(UnreadableReply):
        read(calendar_mail(part(*PLAIN), header=header))


def test_a_part_whose_file_name_cannot_be_read_is_refused():
    raw = b"Content-Disposition: attachment" + b"; filename*0=a" * 90_000 + b"\r\n\r\nx"

    with pytest.raises(UnreadableReply):
        read(raw)


def test_a_calendar_that_claims_to_be_many_parts_is_refused():
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\r\nContent-Disposition: attachment; filename="x.ics"\r\n\r\n'
        b"--b\r\n\r\nx\r\n--b--\r\n"
    )

    with pytest.raises(UnreadableReply, match="bestaat uit meer delen"):
        read(raw)


def test_reading_a_large_reply_takes_little_memory():
    raw = calendar_mail(part(*PLAIN, *["COMMENT:" + "x" * 900] * 30, *["X-LARGE:" + "x" * 100] * 2000))
    message = mail(raw)

    tracemalloc.start()
    reply = calendar_reply(message)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert reply is not None
    assert peak < 16 * len(raw)
