"""An older copy of the database came back: what was handled since is read again."""

from sqlalchemy import delete

from tests.inbox import an_older_copy_comes_back
from tests.incoming_mails import calendar_answer, nested, report, words
from vitale_core.adapters.mailbox import APART, HANDLED, MaildirBox
from vitale_core.domain.states import MessageStatus
from vitale_core.store.records import Attempt, Incoming, Message, Suppression


def test_what_was_handled_since_is_read_again_when_an_older_copy_comes_back(inbox):
    inbox.put(calendar_answer("DECLINED"))
    inbox.put(words())
    inbox.put(nested(200))
    inbox.read()
    an_older_copy_comes_back(inbox)

    first, second, third = inbox.read(), inbox.read(), inbox.read()

    assert inbox.applied == [("anna@gemeente.test", "declined")] * 2
    assert (first.again, second.again, third.again) == (1, 2, 0), "answers first, the rest a reading later"
    assert inbox.tasks() == {"incoming": 2, "journal": 1}
    assert "3 eerder verwerkte mails" in inbox.told("journal")
    assert (inbox.in_folder(HANDLED), inbox.in_folder(APART)) == (2, 1), "nothing is moved"


def test_only_what_the_older_copy_does_not_know_is_read_again(inbox):
    inbox.put(calendar_answer("DECLINED"))
    inbox.put(words())
    inbox.read()
    an_older_copy_comes_back(inbox, knows=1)

    again = inbox.read().again + inbox.read().again

    assert again == 1
    assert len(inbox.applied) == 1


def test_a_mail_that_comes_twice_does_not_hide_what_an_older_copy_misses(inbox):
    for mail in (words(), calendar_answer("DECLINED"), words()):
        inbox.put(mail)
        inbox.read()
    an_older_copy_comes_back(inbox, knows=1)

    again = inbox.read().again + inbox.read().again

    assert again == 1


def test_a_bounce_is_kept_until_the_mail_it_is_about_is_owed_again(inbox):
    _, message_id = inbox.sent()
    inbox.put(report(original=message_id))
    inbox.read()
    an_older_copy_comes_back(inbox)
    with inbox.database.write() as session:
        for record in (Attempt, Message, Suppression):
            session.execute(delete(record))

    inbox.read()
    number, _ = inbox.sent(message_id=message_id)
    inbox.put(words())  # comes in between, and is known at once
    inbox.read()

    assert inbox.row(number).status is MessageStatus.BOUNCED
    assert inbox.rows(Incoming.kind) == ["bounce", "free"]


def test_an_ordinary_reading_looks_at_nothing_that_was_handled(inbox, monkeypatch):
    inbox.put(words())
    inbox.read()
    monkeypatch.setattr(MaildirBox, "handled", None)

    inbox.put(calendar_answer())

    assert inbox.read().kinds == {"reply": 1}
