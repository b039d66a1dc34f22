"""From a row in the ledger to a mail at the server: in time, once, and with its bytes kept."""

from datetime import timedelta

from sqlalchemy import select

from tests.post import BUSY, SATURDAY, TUESDAY
from vitale_core.domain.states import MessageStatus
from vitale_core.store.records import Attempt, Mime, Relay


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
