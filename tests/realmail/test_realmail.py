"""The whole way with real servers: out through Postfix, back as a bounce, read from Dovecot over IMAP."""

import asyncio
import os
import smtplib
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import delete, select

from tests.chaos_smtp import ChaosServer, Fault
from tests.incoming_mails import calendar_answer, words
from tests.machine import require
from tests.post import BUREAU, TUESDAY, Clock, MemoryJournal, PlainLetters, owe_mail
from tests.realmail.servers import PASSWORD, MailServers, mail_servers, wait_until_open
from vitale_core.adapters.guarded import GuardedReader
from vitale_core.adapters.incoming import read_mail
from vitale_core.adapters.journal import SendJournal
from vitale_core.adapters.mailbox import open_mailbox
from vitale_core.adapters.replies import calendar_reply
from vitale_core.adapters.smtp import Patience, SmtpServer
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.domain.incoming import RawMail
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps.post.inbox import read_inbox
from vitale_core.steps.post.rounds import deliver_due
from vitale_core.store.records import Incoming, Message, Suppression, Task

pytestmark = [pytest.mark.realmail, pytest.mark.xdist_group("realmail")]

PLAN = {
    "gone@gemeente.test": Fault.RCPT_550,
    "full@gemeente.test": Fault.RCPT_452,
    "strict@gemeente.test": Fault.DOT_550,
}


@pytest.fixture(scope="module")
def servers():
    require("postfix", "dovecot")
    if os.geteuid() != 0:
        pytest.skip("run these as root: Postfix starts as nobody else")
    with (
        ChaosServer(plan=lambda rcpt, _nth: PLAN.get(rcpt, Fault.NONE)) as chaos,
        mail_servers(chaos=chaos.port) as running,
    ):
        yield running, chaos


@pytest.fixture
def relay(servers) -> SmtpServer:
    return SmtpServer(host="127.0.0.1", port=servers[0].smtp, patience=Patience(connect=5, command=10, dot=20))


@pytest.fixture
def box(servers):
    opened = open_mailbox(servers[0].inbox(), password=PASSWORD.replace(" ", "_"))
    for raw in list(opened.waiting(limit=100, largest=10**6)):
        opened.done(raw.source)
    yield opened
    opened.close()


def send(database, relay, tmp_path, *addresses: str) -> dict[str, int]:
    """Owe and deliver a mail to each address; return the numbers of the messages."""
    with database.write() as session:
        numbers = {address: owe_mail(session, address).id for address in addresses}
    journal = SendJournal(tmp_path / "journal", "one")
    report = asyncio.run(
        deliver_due(
            database, server=relay, letters=PlainLetters(size=3000), journal=journal, now=Clock(), bureau=BUREAU
        )
    )
    journal.close()
    assert report.sent == len(addresses)
    return numbers


def wait_for(found: Callable[[], list], count: int) -> list:
    until = time.monotonic() + 30
    while len(result := found()) < count:
        assert time.monotonic() < until, f"{len(result)} of {count}"
        time.sleep(0.1)
    return result


def in_box(box) -> list[RawMail]:
    return list(box.waiting(limit=100, largest=10**6))


def read(database, box, **options):
    def apply_reply(_session, reply, *, sender, now, bureau):
        return "applied", f"{sender}: {reply.partstat}"

    return read_inbox(
        database,
        box,
        journal=options.pop("journal", None) or MemoryJournal(),
        now=datetime.now(UTC),
        bureau=BUREAU,
        read=options.pop("read", partial(read_mail, calendar=calendar_reply)),
        apply_reply=apply_reply,
    )


def test_a_mail_arrives_in_a_real_mailbox_with_its_bytes(database, servers, relay, tmp_path):
    _, chaos = servers
    before = len(chaos.taken)
    numbers = send(database, relay, tmp_path, "anna@gemeente.test", "ben@gemeente.test")

    wait_for(lambda: chaos.taken[before:], 2)

    with database.read() as session:
        rows = {m.message_id: m for m in session.scalars(select(Message))}
        assert {mail.message_id for mail in chaos.taken[before:]} == set(rows)
        assert all("queued as" in (m.smtp_text or "") for m in rows.values())
        assert len(numbers) == 2


def test_a_bounce_makes_the_round_trip_and_blocks_the_address(database, servers, relay, box, tmp_path):
    numbers = send(database, relay, tmp_path, "gone@gemeente.test", "fine@gemeente.test")
    (raw,) = wait_for(lambda: in_box(box), 1)
    assert raw.content is not None
    mail = read_mail(raw.content, calendar=calendar_reply)
    number = numbers["gone@gemeente.test"]
    assert mail.bounce is not None
    assert mail.nobody
    assert {mark[0] for mark in mail.bounce.marks} == {number}
    assert raw.content.lower().count(b"original-envelope-id: b%d-" % number) == 1

    with GuardedReader() as guarded:
        report = read(database, box, read=guarded)

    assert report.kinds == {"bounce": 1}
    with database.read() as session:
        status = {m.id: m.status for m in session.scalars(select(Message))}
        assert status[number] is MessageStatus.BOUNCED
        assert status[numbers["fine@gemeente.test"]] is MessageStatus.SENT
        assert session.scalars(select(Suppression.active)).all() == [True]
        assert session.scalars(select(Task.kind).where(Task.status == TaskStatus.OPEN)).all() == ["address"]
    assert in_box(box) == []


@pytest.mark.parametrize(
    "address, status, blocked",
    [("full@gemeente.test", "4.2.2", [False]), ("strict@gemeente.test", "5.7.1", [])],
)
def test_a_bounce_for_another_reason_does_not_block(database, relay, box, tmp_path, address, status, blocked):
    numbers = send(database, relay, tmp_path, address)
    wait_for(lambda: in_box(box), 1)

    read(database, box)

    with database.read() as session:
        message = session.get_one(Message, numbers[address])
        assert message.status is MessageStatus.BOUNCED
        assert status in message.outcome
        assert session.scalars(select(Suppression.active)).all() == blocked


def put(running: MailServers, mail: bytes, to: str = BUREAU.mail_address) -> None:
    with smtplib.SMTP("127.0.0.1", running.smtp) as client:
        client.sendmail("anna@gemeente.test", [to], mail)


def test_an_inbox_over_imap_is_read_once_and_what_is_poison_is_set_aside(database, servers, box):
    running, _ = servers
    for mail in (calendar_answer(), words(), b"X-A: b\r\n" * 40_000 + b"\r\nhi"):
        put(running, mail)
    wait_for(lambda: in_box(box), 3)

    first, second = read(database, box), read(database, box)

    assert first.read == 3
    assert first.set_aside in {0, 1}, "Postfix may have moved the headers into the body"
    assert second.read == 0
    assert first.kinds["reply"] == 1


def test_a_mail_that_is_too_large_is_not_fetched_and_known_again_where_it_was_moved(servers, box):
    put(servers[0], words("x" * 70 + "\r\n" * 40_000))
    wait_for(lambda: in_box(box), 1)

    (raw,) = box.waiting(limit=10, largest=1000)

    assert raw.content is None
    assert raw.size > 80_000
    box.set_aside(raw.source)
    assert in_box(box) == []
    moved = list(box.handled(limit=100, largest=1000))[-1]
    assert (moved.size, moved.head) == (raw.size, raw.head)


def test_what_was_handled_is_read_again_over_imap_when_an_older_copy_comes_back(database, servers, box):
    said = (
        f"Van voor de kopie, {database.engine.dialect.name}."  # the other database's mail still lies with the handled
    )
    put(servers[0], words(said))
    wait_for(lambda: in_box(box), 1)
    journal = MemoryJournal()
    read(database, box, journal=journal)
    with database.write() as session:
        session.execute(delete(Incoming))

    _, second, third = (read(database, box, journal=journal) for _ in range(3))

    with database.read() as session:
        kept = session.scalars(select(Incoming.raw).where(Incoming.kind == "free")).all()
    assert sum(said.encode() in raw for raw in kept) == 1
    assert second.again >= 1
    assert third.again == 0
    assert in_box(box) == []


def test_a_connection_that_broke_is_made_anew(database, servers, box):
    running, _ = servers
    put(running, words("een"))
    wait_for(lambda: in_box(box), 1)
    box._box.client.socket().close()

    try:
        read(database, box)
    except TemporaryFailure:
        read(database, box)

    assert in_box(box) == []


def test_a_wrong_password_and_a_server_that_is_not_there_are_temporary(servers):
    running, _ = servers
    for where in (running.inbox(), "imap://training@127.0.0.1:1/INBOX"):
        with pytest.raises(TemporaryFailure):
            list(open_mailbox(where, password="wrong").waiting(limit=1, largest=1))


def test_a_relay_that_stops_and_comes_back_loses_nothing(database, servers, relay, tmp_path):
    running, chaos = servers
    before = len(chaos.taken)
    command = ["postfix", "-c", str(running.folder / "postfix")]
    subprocess.run([*command, "stop"], check=True, capture_output=True)
    clock = Clock()
    journal = SendJournal(tmp_path / "journal", "one")
    with database.write() as session:
        for number in range(8):
            owe_mail(session, f"p{number}@gemeente.test")

    def deliver():
        return asyncio.run(
            deliver_due(database, server=relay, letters=PlainLetters(), journal=journal, now=clock, bureau=BUREAU)
        )

    down = deliver()
    subprocess.run([*command, "start"], check=True, capture_output=True)
    wait_until_open(running.smtp, running.folder / "postfix.log")
    clock.forward(minutes=1)
    up = deliver()
    journal.close()

    assert (down.sent, down.resting, up.sent) == (0, True, 8)
    wait_for(lambda: chaos.taken[before:], 8)
    assert len({mail.message_id for mail in chaos.taken[before:]}) == 8
    assert clock() > TUESDAY
