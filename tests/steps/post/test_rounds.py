"""From a row in the ledger to a mail at the server, and nothing in between twice."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from tests.post import BUREAU, SATURDAY, TUESDAY, Clock, MemoryJournal, PlainLetters, ScriptedServer, owe_mail
from vitale_core.domain.delivery import Ending, Parcel, Stage, Trace
from vitale_core.domain.errors import Refused, TemporaryFailure
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps.post import delivery
from vitale_core.steps.post.preparing import prepare
from vitale_core.steps.post.rounds import deliver_due
from vitale_core.store.records import Attempt, Message, Mime, Person, Relay, Suppression, Task

BUSY = Ending(Stage.RCPT, 450, "4.2.0 later")
UNKNOWN = Ending(Stage.RCPT, 550, "5.1.1 no such user")
NO_ANSWER = Ending(Stage.DOT, None, "SMTPReadTimeoutError")
DOWN = Ending(Stage.CONNECT, None, "ConnectionRefusedError")


class Post:
    """The post of one test: everything around a database."""

    def __init__(self, database) -> None:
        self.database = database
        self.clock = Clock()
        self.letters = PlainLetters()
        self.server = ScriptedServer()
        self.journal = MemoryJournal()

    def owe(self, to: str = "anna@gemeente.test", **facts) -> int:
        with self.database.write() as session:
            return owe_mail(session, to, **facts).id

    def deliver(self, **options):
        return asyncio.run(
            deliver_due(
                self.database,
                server=self.server,
                letters=self.letters,
                journal=self.journal,
                now=self.clock,
                bureau=BUREAU,
                **options,
            )
        )

    def row(self, number: int) -> Message:
        with self.database.read() as session:
            row = session.get_one(Message, number)
            session.expunge(row)
            return row

    def tasks(self) -> list[str]:
        """Return the kinds of the open tasks."""
        with self.database.read() as session:
            return list(session.scalars(select(Task.kind).where(Task.status == TaskStatus.OPEN).order_by(Task.id)))


class AnswersLater(ScriptedServer):
    """A server that takes its time for the dot: so conversations end while the clerk is at work."""

    async def hand_over(self, parcel, mark):
        ending = await super().hand_over(parcel, mark)
        await asyncio.sleep(0.003 * (parcel.id % 4))
        return ending


@pytest.fixture
def post(database) -> Post:
    return Post(database)


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


def test_a_deferred_mail_goes_again_later_with_the_same_bytes(post):
    number = post.owe()
    post.server.answers["anna@gemeente.test"] = [Ending(Stage.DOT, 451, "4.3.0 later"), BUSY]

    post.deliver()
    row = post.row(number)
    assert row.status is MessageStatus.QUEUED
    assert row.attempts == 1
    assert timedelta(minutes=5) <= row.next_attempt_at - TUESDAY <= timedelta(minutes=6)

    post.letters.words = "Andere woorden"
    post.deliver()
    assert len(post.server.asked) == 1
    post.clock.forward(minutes=6)
    post.deliver()
    post.clock.forward(minutes=18)
    post.deliver()

    assert post.row(number).status is MessageStatus.SENT
    assert len(post.letters.rendered) == 1
    assert b"Hallo" in post.server.kept[0].mime


def test_what_is_never_accepted_in_time_has_failed_and_a_person_hears_it(post):
    number = post.owe(stale_at=TUESDAY + timedelta(hours=4))
    post.server.answers["anna@gemeente.test"] = [BUSY] * 50

    for _ in range(60):
        post.deliver()
        post.clock.forward(minutes=5)

    row = post.row(number)
    assert row.status is MessageStatus.FAILED
    assert "4.2.0 later" in row.outcome
    assert post.tasks() == ["mail"]


def test_an_address_that_does_not_exist_is_not_mailed_again(post):
    number = post.owe("gone@a.test")
    post.server.answers["gone@a.test"] = [UNKNOWN]

    post.deliver()
    later = post.owe("gone@a.test", revision=1)
    post.owe("here@a.test")
    post.deliver()

    assert post.row(number).status is MessageStatus.FAILED
    assert post.row(later).status is MessageStatus.SKIPPED
    assert "het adres bestaat niet" in post.row(later).outcome
    assert post.server.to == ["here@a.test"]
    assert post.tasks() == ["address"]
    with post.database.read() as session:
        assert session.scalars(select(Suppression.active)).all() == [True]


def test_an_answer_that_never_came_waits_for_a_person(post):
    number = post.owe()
    post.server.answers["anna@gemeente.test"] = [NO_ANSWER]

    post.deliver()
    post.clock.forward(days=1)
    post.deliver()

    row = post.row(number)
    assert row.status is MessageStatus.UNCERTAIN
    assert row.uncertain_at == TUESDAY
    assert len(post.server.asked) == 1
    assert post.tasks() == ["uncertain"]


def test_a_calendar_mail_without_an_answer_is_repeated_once_by_itself(post):
    number = post.owe(kind=Kind.CALENDAR_INVITATION)
    post.server.answers["anna@gemeente.test"] = [NO_ANSWER, NO_ANSWER]

    post.deliver()
    assert post.tasks() == []
    post.clock.forward(minutes=9)
    post.deliver()
    assert len(post.server.asked) == 1
    post.clock.forward(minutes=1)
    post.deliver()
    post.clock.forward(hours=1)
    post.deliver()

    assert len(post.server.asked) == 2
    assert post.server.kept[0] == post.server.kept[1]
    assert post.row(number).status is MessageStatus.UNCERTAIN
    assert post.tasks() == ["uncertain"]


def test_a_server_that_is_down_costs_no_attempt_and_opens_the_breaker(post):
    numbers = [post.owe(f"p{i}@a.test") for i in range(20)]
    post.server.answers["*"] = [DOWN] * 100

    report = post.deliver()

    assert report.resting
    assert 5 <= len(post.server.asked) <= 8
    assert {post.row(n).status for n in numbers} == {MessageStatus.QUEUED}
    assert {post.row(n).attempts for n in numbers} == {0}
    assert post.tasks() == ["relay"]

    asked = len(post.server.asked)
    post.clock.forward(seconds=20)
    post.deliver()
    assert len(post.server.asked) == asked, "while it is open nobody tries"

    for seconds in (11, 61, 121):
        post.clock.forward(seconds=seconds)
        post.deliver()
        asked += 1
        assert len(post.server.asked) == asked, "one tries for all, each time after twice as long"

    post.server.answers.clear()
    post.clock.forward(seconds=239)
    assert post.deliver().sent == 0
    post.clock.forward(seconds=1)
    post.deliver()
    assert len(post.server.kept) == 20


def test_once_one_mail_shows_that_the_server_works_the_others_follow_however_slow_a_look_was(post, monkeypatch):
    """A look that began while the server was still being tried, and ended after it had shown that it works."""
    may_try = delivery.may_try

    def slowly(session, name, *, now):
        allowed = may_try(session, name, now=now)
        if allowed == 0:
            time.sleep(0.1)
        return allowed

    for number in range(20):
        post.owe(f"p{number}@a.test")
    post.server.answers["*"] = [DOWN] * 100
    post.deliver()

    monkeypatch.setattr(delivery, "may_try", slowly)
    post.server.answers.clear()
    post.clock.forward(minutes=10)
    post.deliver()

    assert len(post.server.kept) == 20


def test_the_mark_is_in_the_journal_before_the_dot(post):
    seen = []
    number = post.owe()
    post.server.answers["anna@gemeente.test"] = [NO_ANSWER]

    post.deliver()

    seen = [what for what, _, _ in post.journal.lines]
    assert seen == [Trace.MARKED]
    assert post.row(number).marked_at == TUESDAY


def test_an_older_database_does_not_send_again_what_the_journal_knows(post):
    sent, doubtful = post.owe("a@a.test"), post.owe("b@a.test")
    post.journal.earlier[post.row(sent).message_id] = (Trace.ACCEPTED, 1)
    post.journal.earlier[post.row(doubtful).message_id] = (Trace.MARKED, 1)

    post.deliver()

    assert post.server.asked == []
    assert post.row(sent).status is MessageStatus.SENT
    assert post.row(doubtful).status is MessageStatus.UNCERTAIN
    assert set(post.tasks()) == {"journal", "uncertain"}


def test_a_journal_that_cannot_be_written_stops_before_the_dot(post):
    number = post.owe()
    post.journal.broken = True

    with pytest.raises(TemporaryFailure):
        post.deliver()
    assert post.server.kept == []
    assert post.row(number).status is MessageStatus.QUEUED

    post.journal.broken = False
    assert post.deliver().sent == 1


def test_a_letter_that_cannot_be_made_does_not_stop_the_others(post):
    class Picky(PlainLetters):
        def render(self, session, message, *, now):
            if message.person.email.startswith("bad"):
                raise Refused("Zonder datum.")
            return super().render(session, message, now=now)

    post.letters = Picky()
    bad = post.owe("bad@a.test")
    post.owe("good@a.test")

    report = post.deliver()

    assert (report.broken, report.sent) == (1, 1)
    assert "Zonder datum." in post.row(bad).outcome
    assert post.tasks() == ["letter"]

    post.letters = PlainLetters()
    post.clock.forward(minutes=15)
    assert post.deliver().sent == 1
    assert post.tasks() == []


def test_a_text_that_changed_after_its_approval_waits_again(post):
    number = post.owe(approved_hash="another text", approved_at=TUESDAY, approved_by="Iris")

    post.deliver()

    row = post.row(number)
    assert row.status is MessageStatus.AWAITING_APPROVAL
    assert "veranderd" in row.outcome
    assert post.server.asked == []


def test_a_corrected_address_gets_new_bytes(post):
    number = post.owe("wrogn@a.test", not_before=TUESDAY)
    post.server.answers["*"] = [DOWN] * 5
    post.server.size = 1
    post.deliver()
    with post.database.write() as session:
        person = session.get_one(Person, post.row(number).person_id)
        person.email = person.email_key = "right@a.test"

    post.server.answers.clear()
    post.clock.forward(minutes=15)
    post.deliver()

    assert post.server.to == ["right@a.test"]
    assert b"To: right@a.test" in post.server.kept[0].mime


def test_an_address_that_turned_into_nonsense_stops_no_other_mail(post):
    number = post.owe("anna@gemeente.test")
    post.owe("ben@gemeente.test")
    with post.database.write() as session:
        prepare(session, now=TUESDAY, letters=post.letters, bureau=BUREAU)
        session.get_one(Message, number).person.email = f"anna@{'x' * 70}.test"

    report = post.deliver()

    assert (report.sent, report.broken) == (1, 1)
    assert post.server.to == ["ben@gemeente.test"]
    assert post.tasks() == ["letter"]


def test_three_refusals_by_policy_give_the_domain_a_day_of_rest(post):
    post.server.size = 1
    for i in range(6):
        post.owe(f"p{i}@strict.test")
        post.server.answers[f"p{i}@strict.test"] = [Ending(Stage.DOT, 550, "5.7.1 we do not like you")]
    post.owe("x@other.test")

    post.deliver()

    assert sum(a.endswith("@strict.test") for a in post.server.asked) == 3
    assert post.server.to == ["x@other.test"]
    assert "domain" in post.tasks()


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
