"""Who gets a connection, and what a claim reads."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.post import TUESDAY, ScriptedServer
from vitale_core.domain.delivery import Parcel


class AnswersLater(ScriptedServer):
    """A server that takes its time for the dot: so conversations end while the clerk is at work."""

    async def hand_over(self, parcel, mark):
        ending = await super().hand_over(parcel, mark)
        await asyncio.sleep(0.003 * (parcel.id % 4))
        return ending


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


def test_a_claim_looks_at_nothing_that_the_conversations_change_meanwhile(post, monkeypatch):
    for i in range(24):
        post.owe(f"p{i}@domain-{i % 7}.test")
    post.server = AnswersLater()
    domain = Parcel.domain.fget

    def slowly_elsewhere(parcel):
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.002)
        return domain(parcel)

    monkeypatch.setattr(Parcel, "domain", property(slowly_elsewhere))

    assert post.deliver().sent == 24


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
