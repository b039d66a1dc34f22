"""The inbox or the journal is out of order: nothing is lost, and a person hears it."""

import pytest

from tests.incoming_mails import words
from vitale_core.adapters.mailbox import HANDLED, MaildirBox
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.steps.post.inbox import in_trouble


def test_a_journal_that_cannot_be_written_leaves_the_mail_where_it_is(inbox):
    inbox.put(words())
    inbox.journal.broken = True

    with pytest.raises(TemporaryFailure, match="journaal"):
        inbox.read()

    inbox.journal.broken = False
    assert inbox.read().known == 1
    assert inbox.in_folder(HANDLED) == 1


class OutOfReach:
    """A mailbox that cannot be reached as long as `why` says so."""

    def __init__(self, box, why: str) -> None:
        self.box, self.why = box, why

    def waiting(self, *, limit, largest):
        if self.why:
            raise TemporaryFailure(self.why, remedy="vitale doctor")
        yield from self.box.waiting(limit=limit, largest=largest)

    def __getattr__(self, name):
        return getattr(self.box, name)


def test_an_inbox_that_cannot_be_reached_waits_on_the_list_until_it_works_again(inbox):
    inbox.put(words())
    inbox.box = OutOfReach(inbox.box, "De inbox weigert onze aanmelding.")

    for _ in range(3):
        with pytest.raises(TemporaryFailure):
            inbox.read()
    assert inbox.tasks() == {"inbox": 1}
    assert "weigert onze aanmelding" in inbox.told("inbox")
    assert in_trouble(inbox.database)

    inbox.box.why = ""
    assert inbox.read().read == 1
    assert not in_trouble(inbox.database)
    assert inbox.tasks() == {"incoming": 1}


def test_a_folder_that_cannot_be_used_is_trouble_and_no_bug(inbox, tmp_path):
    (tmp_path / "a file").write_text("x")
    inbox.box = MaildirBox(tmp_path / "a file")

    with pytest.raises(TemporaryFailure, match="niet te gebruiken"):
        inbox.read()

    assert inbox.tasks() == {"inbox": 1}
