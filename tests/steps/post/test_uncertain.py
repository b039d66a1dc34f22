"""The dot was sent and no answer came: what is known, who settles it, and what the journal adds."""

import pytest

from tests.post import NO_ANSWER, TUESDAY
from vitale_core.domain.delivery import Trace
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.post import settling


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


def test_the_mark_is_in_the_journal_before_the_dot(post):
    seen = []
    number = post.owe()
    post.server.answers["anna@gemeente.test"] = [NO_ANSWER]

    post.deliver()

    seen = [what for what, *_ in post.journal.lines]
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


def test_what_the_journal_knows_with_another_text_waits_for_a_person_and_goes_under_its_own_name(post):
    number = post.owe("a@a.test")
    first = post.row(number).message_id
    post.journal.earlier[first], post.journal.texts[first] = (Trace.ACCEPTED, 1), "the text of an undone life"

    post.deliver()

    assert post.server.asked == []
    assert post.row(number).status is MessageStatus.AWAITING_APPROVAL
    assert "andere tekst" in post.row(number).outcome
    assert post.tasks() == ["journal"]

    with post.database.write() as session:
        settling.approve(session, number, content_hash=post.row(number).content_hash, by="operator", now=post.clock.at)
    assert post.deliver().sent == 1
    assert post.row(number).message_id != first
    assert f"Message-ID: {post.row(number).message_id}".encode() in post.server.kept[0].mime


def test_a_calendar_that_the_journal_knows_with_another_text_is_put_right_at_once(post):
    number = post.owe("a@a.test", kind=Kind.CALENDAR_UPDATE)
    first = post.row(number).message_id
    post.journal.earlier[first], post.journal.texts[first] = (Trace.ACCEPTED, 1), "the date of an undone life"

    post.deliver()
    post.clock.forward(days=1)
    post.deliver()

    assert [parcel.message_id for parcel in post.server.kept] == [post.row(number).message_id]
    assert post.row(number).message_id != first
    assert post.row(number).status is MessageStatus.SENT


def test_a_journal_that_cannot_be_written_stops_before_the_dot(post):
    number = post.owe()
    post.journal.broken = True

    with pytest.raises(TemporaryFailure):
        post.deliver()
    assert post.server.kept == []
    assert post.row(number).status is MessageStatus.QUEUED

    post.journal.broken = False
    assert post.deliver().sent == 1
