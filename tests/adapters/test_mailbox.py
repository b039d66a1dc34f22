"""Where the inbox is: what a setting may say, and what is told about one that is wrong."""

import pytest

from vitale_core.adapters.mailbox import ImapBox, MaildirBox, open_mailbox
from vitale_core.domain.errors import Refused


def test_an_address_is_imap_and_a_path_is_a_maildir(tmp_path):
    assert isinstance(open_mailbox("imaps://training@mail.test/INBOX"), ImapBox)
    assert isinstance(open_mailbox(str(tmp_path / "Maildir")), MaildirBox)


@pytest.mark.parametrize(
    "where, said",
    [
        ("pop3://training@mail.test/INBOX", "niet pop3://"),
        ("imaps://training@mail.test:imap/INBOX", "geen poort"),
        ("imaps://mail.test/INBOX", "een gebruiker en een server"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_an_example(where, said):
    with pytest.raises(Refused, match=said) as refused:
        open_mailbox(where)

    assert "imaps://gebruiker@server/INBOX" in refused.value.remedy
