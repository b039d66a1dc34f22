"""What a person does with one mail, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from tests.post import BUREAU, NO_ANSWER, TUESDAY
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post import settling
from vitale_core.steps.post.postbook import preview
from vitale_core.store.records import Mime


def again(post, number, *, now=TUESDAY):
    with post.database.write() as session:
        return settling.resend(session, number, by="operator", now=now, bureau=BUREAU).id


def test_a_mail_that_does_not_exist_cannot_be_settled(post):
    with post.database.write() as session, pytest.raises(NotFound, match="Mail 404 bestaat niet"):
        settling.settle(session, 404, arrived=True, by="operator", now=TUESDAY)


def test_a_mail_that_still_waits_is_not_sent_once_more(post):
    with pytest.raises(Refused, match="nog eens sturen kan dan niet"):
        again(post, post.owe())


def test_a_mail_that_is_useless_by_now_is_not_sent_once_more(post):
    number = post.owe(status=MessageStatus.SENT)

    with pytest.raises(Refused, match="nuttig tot"):
        again(post, number, now=TUESDAY + timedelta(days=8))


def test_sending_a_doubtful_mail_once_more_ends_the_doubt(post):
    number = post.owe()
    post.server.answers = {"anna@gemeente.test": [NO_ANSWER]}
    assert post.deliver().uncertain == 1

    new = again(post, number)

    old = post.row(number)
    assert (old.status, old.outcome) == (MessageStatus.SKIPPED, f"Opgevolgd door mail {new}.")
    assert post.tasks() == []
    assert post.deliver().sent == 1
    assert post.row(new).message_id != old.message_id


def test_what_went_is_shown_as_long_as_its_bytes_are_kept(post):
    number = post.owe()
    post.deliver()

    def shown(number):
        with post.database.write() as session:
            return preview(session, number, letters=post.letters, now=TUESDAY)

    assert shown(number).mime == post.server.kept[0].mime
    with post.database.write() as session:
        session.execute(delete(Mime))
    with pytest.raises(Refused, match="wordt niet meer bewaard"):
        shown(number)
    with pytest.raises(NotFound, match="Mail 404 bestaat niet"):
        shown(404)
