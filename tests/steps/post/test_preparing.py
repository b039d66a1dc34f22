"""What changed between making a mail and sending it: texts, approvals, addresses."""

from dataclasses import replace
from datetime import timedelta

from tests.post import BUREAU, DOWN, TUESDAY, PlainLetters
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.preparing import prepare
from vitale_core.store.records import Message, Person


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


def test_what_is_useless_by_now_gets_no_bytes(post):
    number = post.owe(stale_at=TUESDAY + timedelta(minutes=5))
    with post.database.write() as session:
        done = prepare(session, now=TUESDAY + timedelta(minutes=6), letters=post.letters, bureau=BUREAU)

    assert (done.skipped, post.letters.rendered) == (1, [])
    assert post.row(number).status is MessageStatus.SKIPPED


def test_a_letter_with_another_address_than_the_receivers_is_no_mail(post, monkeypatch):
    number = post.owe()
    whole = PlainLetters.render

    def to_another(letters, session, message, *, now):
        return replace(whole(letters, session, message, now=now), recipient="iemand@anders.test")

    monkeypatch.setattr(PlainLetters, "render", to_another)
    report = post.deliver()

    assert (report.sent, report.broken, post.server.kept) == (0, 1, [])
    assert "een ander adres dan de ontvanger" in post.row(number).outcome
