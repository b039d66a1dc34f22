"""A million damaged replies: none may bring the reader down, or make it say what it cannot know."""

import random
import resource
import time
from base64 import encodebytes
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from vitale_core.adapters.replies import UnreadableReply, calendar_reply, mail

SLOW_MILLISECONDS = 50
MOST_MEGABYTES = 200
"""The list of a million times is 32 of them."""

CORPUS = sorted((Path(__file__).parent / "replies").glob("*.eml"))
HEADER = b"Content-Type: text/calendar; charset=utf-8; method=REPLY\r\nContent-Transfer-Encoding: %b\r\n\r\n"
TOKENS = [
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"BEGIN:VCALENDAR\r\n",
    b"UID:x\r\n",
    b"ATTENDEE;PARTSTAT=DECLINED:mailto:x@y.example\r\n",
    b"\r\n",
    b"\r\n ",
    b'"',
    b";",
    b":",
    b"=",
    b"\\",
    b"\0",
    b"\xff\xfe",
    b"--",
    b"(",
    b"=?utf-8?q?",
    b"%00",
    b"SEQUENCE:99999999999999999999\r\n",
    b"Content-Type: text/calendar; method=REPLY\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"charset*0*=utf-8''x;",
]


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Yield mails made from the corpus.

    Of two thirds only the calendar is damaged, before it is put in a mail: base64 would hide it.
    """
    chance = random.Random(seed)
    mails = [path.read_bytes() for path in CORPUS]
    calendars = [
        bytes(part.get_payload(decode=True))
        for raw in mails
        for part in mail(raw).walk()
        if part.get_content_type() == "text/calendar" and part.get_content_charset() != "utf-16"
    ]
    for _ in range(count):
        kind = chance.choice(("mail", "8bit", "base64"))
        if kind == "mail":
            yield damaged(mails, chance)
        elif kind == "8bit":
            yield HEADER % b"8bit" + damaged(calendars, chance)
        else:
            yield HEADER % b"base64" + encodebytes(damaged(calendars, chance))


def damaged(corpus: list[bytes], chance: random.Random) -> bytes:
    """Return one of the corpus: bytes changed, cut, doubled, mixed with another or with a token."""
    raw = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((1, 1, 2, 3, 8, 30))):
        at = chance.randrange(len(raw) + 1)
        upto = min(len(raw), at + chance.choice((1, 1, 4, 30, 300)))
        kind = chance.randrange(7)
        if kind == 0:
            raw[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del raw[at:upto]
        elif kind == 2:
            raw[at:at] = raw[at:upto] * chance.choice((1, 2, 20))
        elif kind == 3:
            raw[at:at] = chance.choice(TOKENS)
        elif kind == 4:
            other = chance.choice(corpus)
            start = chance.randrange(len(other))
            raw[at:upto] = other[start : start + chance.choice((10, 100, 1000))]
        elif kind == 5:
            del raw[at:]
        else:
            raw[at:upto] = chance.choice(TOKENS) * chance.choice((1, 3, 40))
    return bytes(raw)


def _survives(count: int, seed: int, capsys) -> float:
    """Read so many mutants; only UnreadableReply may come of it. Returns the 99th percentile in milliseconds."""
    seconds, read_as = [], {"reply": 0, "none": 0, "unreadable": 0}
    for raw in mutants(count, seed):
        began = time.perf_counter()
        try:
            reply = calendar_reply(mail(raw))
        except UnreadableReply:
            read_as["unreadable"] += 1
        else:
            read_as["reply" if reply else "none"] += 1
            if reply:
                assert "@" in reply.attendee
                assert reply.uid.isprintable()
                assert len(reply.comment) <= 2000
                assert reply.stamp is None or reply.stamp.utcoffset() == timedelta(0)
        seconds.append(time.perf_counter() - began)
    seconds.sort()
    with capsys.disabled():
        p50, p99, worst = (1000 * seconds[int(share * (count - 1))] for share in (0.5, 0.99, 1))
        print(f"\n  {count} mutated replies: {read_as}; p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms")  # noqa: T201
    assert min(read_as.values()) > 0
    return p99


@pytest.mark.slow
def test_20_000_mutated_replies_break_nothing(capsys):
    _survives(20_000, seed=2, capsys=capsys)


@pytest.mark.release
@pytest.mark.timeout(7200)
def test_a_million_mutated_replies_break_nothing(capsys):
    list(mutants(1_000, seed=4))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    p99 = _survives(1_000_000, seed=3, capsys=capsys)

    assert p99 < SLOW_MILLISECONDS
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MOST_MEGABYTES, f"{grown:.0f} MB"
