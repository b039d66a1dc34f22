"""What a refusal leads to: again later, failed, an address or a domain that is left alone."""

from datetime import timedelta

from sqlalchemy import select

from tests.post import BUSY, TUESDAY, UNKNOWN
from vitale_core.domain.delivery import Ending, Stage
from vitale_core.domain.states import MessageStatus
from vitale_core.store.records import Suppression


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
