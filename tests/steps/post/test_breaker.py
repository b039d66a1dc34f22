"""A mail server that is in trouble is left alone, and costs no mail an attempt."""

from collections import Counter

import pytest

from tests.post import DOWN, NO_ANSWER
from vitale_core.domain.delivery import Ending, Stage
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post.relay import troubled


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


def test_once_one_mail_shows_that_the_server_works_the_others_follow(post):
    """In the same delivery, though the claim that looked before its answer was written down found nothing."""
    for number in range(20):
        post.owe(f"p{number}@a.test")
    post.server.answers["*"] = [DOWN] * 100
    post.deliver()

    post.server.answers.clear()
    post.clock.forward(minutes=10)
    post.deliver()

    assert len(post.server.kept) == 20


def test_a_server_that_keeps_silent_after_the_dot_does_not_make_every_mail_uncertain(post):
    numbers = [post.owe(f"p{i}@a.test") for i in range(20)]
    post.server.answers["*"] = [NO_ANSWER] * 100

    report = post.deliver()

    statuses = Counter(post.row(n).status for n in numbers)
    assert report.resting
    assert statuses[MessageStatus.UNCERTAIN] <= 8
    assert statuses[MessageStatus.QUEUED] >= 12
    assert post.tasks().count("relay") == 1
    assert "niet of hij onze mails aanneemt" in post.said("relay")

    post.server.answers.clear()
    post.clock.forward(minutes=10)
    post.deliver()
    assert len(post.server.kept) == 20, "what waited went once; what is uncertain waits for a person"
    assert "relay" not in post.tasks()


def test_one_mail_that_ends_in_silence_each_time_does_not_close_the_post(post):
    for round_ in range(12):
        post.owe(f"silent{round_}@a.test")
        post.owe(f"fine{round_}@b.test")
        post.server.answers[f"silent{round_}@a.test"] = [NO_ANSWER]
        post.deliver()

    assert "relay" not in post.tasks()
    assert len(post.server.kept) == 24


@pytest.mark.parametrize(
    "ending, advice",
    [
        (Ending(Stage.LOGIN, 535, "5.7.8 bad credentials"), "VITALE_SMTP_PASSWORD"),
        (Ending(Stage.MAIL, 530, "5.7.0 Authentication required"), "VITALE_SMTP_PASSWORD"),
        (Ending(Stage.CONNECT, None, "het certificaat van de mailserver klopt niet"), "VITALE_SMTP_TLS"),
        (Ending(Stage.MAIL, 550, "5.7.1 sender not allowed"), "VITALE_MAIL_FROM"),
    ],
)
def test_the_task_says_what_the_server_said_and_which_setting_to_look_at(post, ending, advice):
    for number in range(8):
        post.owe(f"p{number}@a.test")
    post.server.answers["*"] = [ending] * 100

    post.deliver()

    assert advice in post.said("relay")
    assert ending.text in post.said("relay")


def test_nothing_is_held_against_a_domain_whose_rest_is_over(post):
    """Else every mail to it is written down the long way, for ever."""
    post.owe("a@busy.test")
    post.server.answers["a@busy.test"] = [Ending(Stage.RCPT, 421, "4.7.0 slower")]
    post.deliver()
    post.clock.forward(hours=1)

    assert post.deliver().sent == 1

    with post.database.read() as session:
        assert troubled(session) == frozenset()
