"""An IMAP account in trouble: it is said what is wrong, and no mail is moved unread."""

import os
import shutil
import smtplib
import tempfile
from pathlib import Path

import pytest

from tests.incoming_mails import words
from tests.machine import require
from tests.post import BUREAU
from tests.realmail.servers import PASSWORD, dovecot
from vitale_core.adapters.mailbox import ImapBox, open_mailbox
from vitale_core.domain.errors import TemporaryFailure

pytestmark = [pytest.mark.realmail, pytest.mark.xdist_group("realmail")]
GOOD = PASSWORD.replace(" ", "_")


class Account:
    """One mailbox on a Dovecot of its own."""

    def __init__(self, folder: Path, imap: int, lmtp: int) -> None:
        self.mail, self.imap, self.lmtp = folder / "mail" / "training", imap, lmtp

    def put(self, text: str) -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            client.sendmail("anna@gemeente.test", [BUREAU.mail_address], words(text))

    def box(self, *, folder: str = "INBOX", password: str = GOOD) -> ImapBox:
        box = open_mailbox(f"imap://training@127.0.0.1:{self.imap}/{folder}", password=password)
        assert isinstance(box, ImapBox)
        return box

    def deal_numbers_anew(self) -> None:
        """Make Dovecot forget which number each mail has: it starts again at 1, with another UIDVALIDITY."""
        for file in self.mail.glob("dovecot*"):
            file.unlink()


@pytest.fixture
def account():
    require("dovecot")
    if os.geteuid() != 0:
        pytest.skip("run these as root: Dovecot gives its folders away")
    folder = Path(tempfile.mkdtemp(prefix="vitale-imap-"))
    folder.chmod(0o711)
    with dovecot(folder) as (imap, lmtp):
        yield Account(folder, imap, lmtp)
    shutil.rmtree(folder)


def waiting(box: ImapBox) -> list[bytes]:
    return [raw.content or b"" for raw in box.waiting(limit=10, largest=10**6)]


def test_a_number_that_was_dealt_anew_moves_no_other_mail(account):
    account.put("de eerste")
    box = account.box()
    (first,) = box.waiting(limit=10, largest=10**6)
    box.close()  # the connection is lost; meanwhile the mailbox is put back from a copy, with another mail as number 1
    for path in [*(account.mail / "new").iterdir(), *(account.mail / "cur").iterdir()]:
        path.unlink()
    account.deal_numbers_anew()
    account.put("een andere")

    box.done(first.source)

    (left,) = waiting(box)
    assert b"een andere" in left
    box.close()


def test_a_connection_that_is_lost_is_made_again(account):
    account.put("de eerste")
    account.put("de tweede")
    box = account.box()
    first, second = box.waiting(limit=10, largest=10**6)
    box.done(first.source)
    assert box._box is not None
    box._box.client.shutdown()

    box.done(second.source)

    assert waiting(box) == []
    box.close()


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"password": "wrong"}, "weigert onze aanmelding"),
        ({"folder": "Nergens"}, "heeft de map niet"),
    ],
)
def test_what_is_wrong_is_said_with_the_setting_to_look_at(account, wrong, said):
    box = account.box(**wrong)

    with pytest.raises(TemporaryFailure, match=said) as failure:
        box.check()

    assert "VITALE_INBOX" in failure.value.message
    assert "wrong" not in str(failure.value)


def test_a_password_with_letters_beyond_ascii_is_refused_as_any_other(account):
    box = account.box(password="verkéérd")

    with pytest.raises(TemporaryFailure, match="weigert onze aanmelding") as failure:
        box.check()

    assert "verk" not in str(failure.value)


def test_looking_whether_the_inbox_lets_us_in_changes_nothing(account):
    account.put("de eerste")
    box = account.box()

    box.check()

    assert not list(account.mail.glob(".Processed"))
    assert len(waiting(box)) == 1
    assert list(account.mail.glob(".Processed"))
    box.close()


def test_a_port_on_which_nobody_listens_is_said_so():
    box = open_mailbox("imap://training@127.0.0.1:1/INBOX", password="x")

    with pytest.raises(TemporaryFailure, match="luistert niemand"):
        list(box.waiting(limit=1, largest=1))
