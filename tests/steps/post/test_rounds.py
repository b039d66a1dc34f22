"""From a row in the ledger to a mail at the server: in time, once, and with its bytes kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.post import BUREAU, BUSY, SATURDAY, TUESDAY
from vitale_core.domain.delivery import Ending, Stage
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post import rounds
from vitale_core.steps.post.preparing import prepare
from vitale_core.store.records import Attempt, Message, Mime, Relay


def test_a_mail_that_is_due_is_sent_once(post):
    number = post.owe()

    first = post.deliver()
    second = post.deliver()

    assert (first.sent, second.sent) == (1, 0)
    assert post.server.to == ["anna@gemeente.test"]
    row = post.row(number)
    assert row.status is MessageStatus.SENT
    assert (row.attempts, row.smtp_code, row.ended_at, row.lease_until) == (1, 250, TUESDAY, None)


def test_a_mail_waits_for_its_moment(post):
    post.owe(not_before=TUESDAY + timedelta(hours=1))

    assert post.deliver().sent == 0
    post.clock.forward(hours=1)
    assert post.deliver().sent == 1


def test_outside_office_hours_only_what_concerns_the_coming_day_leaves(post):
    post.clock.at = SATURDAY
    post.owe("urgent@a.test", at=SATURDAY, about_at=SATURDAY + timedelta(hours=20))
    post.owe("calm@a.test", at=SATURDAY, about_at=SATURDAY + timedelta(hours=30))
    post.owe("plain@a.test", at=SATURDAY)

    post.deliver()
    assert post.server.to == ["urgent@a.test"]

    post.clock.forward(days=2)
    post.deliver()
    assert post.server.to == ["calm@a.test", "plain@a.test", "urgent@a.test"]


def test_what_came_too_late_is_skipped_with_the_reason(post):
    number = post.owe(stale_at=TUESDAY)

    report = post.deliver()

    assert report.skipped == 1
    assert post.row(number).status is MessageStatus.SKIPPED
    assert "dinsdag 16 maart 2027" in post.row(number).outcome
    assert post.server.asked == []


def test_a_limit_is_kept(post):
    for i in range(10):
        post.owe(f"p{i}@a.test")

    assert post.deliver(limit=3).sent == 3
    assert post.deliver().sent == 7


def test_attempts_and_bytes_are_kept_for_who_asks_why(post):
    number = post.owe()
    post.server.answers["anna@gemeente.test"] = [BUSY]
    post.deliver()
    post.clock.forward(minutes=6)
    post.deliver()

    with post.database.read() as session:
        tried = session.execute(select(Attempt.what, Attempt.stage, Attempt.code).where(Attempt.message_id == number))
        assert tried.all() == [("deferred", "rcpt", 450), ("accepted", "dot", 250)]
        assert session.get_one(Mime, number).content == post.server.kept[0].mime
        assert session.scalars(select(Relay)).all() == []


def test_what_is_not_ready_in_one_round_is_in_the_next(post, monkeypatch):
    monkeypatch.setattr(rounds, "ROUNDS", 1)
    monkeypatch.setattr(rounds, "ROUND", 2)
    monkeypatch.setattr(rounds, "PREPARE", 2)
    for i in range(3):
        post.owe(f"p{i}@a.test")

    assert [post.deliver().sent for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    "ending, tries, said",
    [
        (Ending(Stage.RCPT, 552, "5.2.2 mailbox full"), 23, "mailbox"),
        (Ending(Stage.MAIL, 552, "5.3.4 message too big"), 0, "552"),
    ],
)
def test_what_is_refused_for_good_tells_why(post, ending, tries, said):
    number = post.owe()
    with post.database.write() as session:
        prepare(session, now=TUESDAY, letters=post.letters, bureau=BUREAU)
        session.get_one(Message, number).attempts = tries
    post.server.answers = {"anna@gemeente.test": [ending]}

    assert post.deliver().failed == 1

    row = post.row(number)
    assert (row.status, said in row.outcome) == (MessageStatus.FAILED, True)
