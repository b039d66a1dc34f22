"""Who gets a connection, and what a claim reads."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from tests.chaos_smtp import ChaosServer, Fault
from tests.post import BUREAU, TUESDAY
from vitale_core.adapters.smtp import SmtpServer
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post import delivery
from vitale_core.steps.post.claiming import claim
from vitale_core.steps.post.clerk import Clerk
from vitale_core.steps.post.preparing import prepare
from vitale_core.store.records import Message


def test_a_slow_domain_leaves_a_connection_for_the_others(post):
    for i in range(12):
        post.owe(f"p{i}@slow.test", at=TUESDAY - timedelta(hours=1))
    for i in range(40):
        post.owe(f"p{i}@quick.test")

    others = asyncio.Event()

    async def wait_for_the_others(parcel):
        if parcel.domain == "slow.test":
            await others.wait()
        elif sum(kept.domain == "quick.test" for kept in post.server.kept) >= 36:
            others.set()

    post.server.during = wait_for_the_others

    assert post.deliver().sent == 52


def test_a_mail_that_was_to_follow_a_slow_one_goes_over_another_connection(post, monkeypatch):
    """A server that keeps silent after the dot of one mail holds up no other."""
    monkeypatch.setattr(delivery, "SLOW", 0.05)
    for i in range(20):
        post.owe(f"p{i}@domain{i}.test")
    all_others = asyncio.Event()

    async def silent_for_the_first(parcel):
        if len(post.server.kept) == 20:
            all_others.set()
        if parcel.recipient == post.server.kept[0].recipient:
            await asyncio.wait_for(all_others.wait(), 20)

    post.server.after = silent_for_the_first

    assert post.deliver().sent == 20


def test_addresses_that_do_not_exist_cost_the_others_no_connection(post):
    """What the other connections said ahead stays good."""
    for i in range(40):
        post.owe(f"{'bad' if i % 5 == 2 else 'good'}{i}@domain{i}.test")

    with ChaosServer(
        pipelining=True, plan=lambda to, _nth: Fault.RCPT_550 if to.startswith("bad") else Fault.NONE
    ) as server:
        post.server = SmtpServer(host="127.0.0.1", port=server.port)
        report = post.deliver()

    assert (report.sent, report.failed) == (32, 8)
    assert server.connections == post.server.size


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_claim_reads_the_queue_in_its_order_and_not_as_a_whole(post):
    """Else every claim reads the bytes of all that waits: a long queue becomes slower with each mail in it."""
    post.owe()
    asked = []

    def listen(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    event.listen(post.database.engine, "before_cursor_execute", listen)
    try:
        post.deliver()
    finally:
        event.remove(post.database.engine, "before_cursor_execute", listen)

    (statement, parameters) = next(found for found in asked if "JOIN mime" in found[0])
    with post.database.read() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [row[3] for row in plan]
    assert any("ix_message_queue" in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


def test_a_mail_that_another_took_over_gets_no_dot(post):
    number = post.owe("a@a.test")
    post.owe("b@b.test")

    async def taken(parcel):
        if parcel.id == number:
            with post.database.write() as session:
                session.get_one(Message, number).lease_token = "of another worker"

    post.server.during = taken
    report = post.deliver()

    assert (report.sent, report.lost) == (1, 1)
    assert post.server.to == ["b@b.test"]
    assert (post.row(number).status, post.row(number).lease_token) == (MessageStatus.SENDING, "of another worker")


def test_no_conversation_begins_with_too_little_of_its_lease_left(post):
    for i in range(12):
        post.owe(f"p{i}@domain{i}.test")

    async def time_passes(_parcel):
        if len(post.server.asked) == 4:
            post.clock.forward(minutes=6)

    post.server.during = time_passes
    report = post.deliver()

    assert report.sent == 12
    assert report.lost > 0
    assert len(post.server.kept) == 12


def test_with_one_unmarked_result_at_a_time_each_is_written_before_the_next(post):
    for i in range(5):
        post.owe(f"p{i}@domain{i}.test")
    open_marks = []

    async def look(_parcel):
        with post.database.read() as session:
            marked = select(func.count()).where(Message.status == MessageStatus.SENDING, Message.marked_at.is_not(None))
            open_marks.append(session.scalar(marked))

    post.server.during = look

    assert post.deliver(unmarked=1).sent == 5
    assert open_marks == [0] * 5


def test_a_domain_that_is_slow_leaves_one_connection_free_also_when_nobody_else_waits(post, monkeypatch):
    monkeypatch.setattr(delivery, "SLOW", 0.0)
    for i in range(9):
        post.owe(f"p{i}@slow.test")
    talking = Counter()

    async def watch(_parcel):
        talking["now"] += 1
        talking["most"] = max(talking.values())
        await asyncio.sleep(0.01)
        talking["now"] -= 1

    post.server.during = watch

    assert post.deliver().sent == 9
    assert talking["most"] == post.server.size - 1


def test_a_clerk_that_could_not_write_gives_no_mark_and_one_that_wrote_nothing_just_goes(post):
    async def broken():
        clerk = Clerk(post.database, post.journal, post.clock, server="relay.test:25")
        clerk.error = OSError("no space")
        with pytest.raises(OSError, match="no space"):
            clerk.mark(mail)
        clerk.give_back([mail])  # sets its timer
        clerk.close()

    number = post.owe()
    with post.database.write() as session:
        prepare(session, now=TUESDAY, letters=post.letters, bureau=BUREAU)
    with post.database.write() as session:
        (mail,) = claim(session, now=TUESDAY, limit=1, bureau=BUREAU, journal=post.journal)
    asyncio.run(broken())

    assert post.row(number).status is MessageStatus.SENDING
