"""A mail that nobody can read stops no other."""

import pytest

from tests.inbox import an_older_copy_comes_back
from tests.incoming_mails import calendar_answer, nested, report, words
from vitale_core.adapters.mailbox import APART, HANDLED
from vitale_core.domain.errors import Refused
from vitale_core.steps.post.inbox import LARGEST
from vitale_core.store.records import Incoming, Relay

POISON = {
    "200 parts within parts": nested(200),
    "thirteen parts within parts": nested(14),
    "ten megabytes": words("x" * 70 + "\r\n") + b"y" * (10 * 1024 * 1024),
    "endless headers": b"X-A: b\r\n" * 40_000 + b"\r\nhi",
}


STRANGE = {
    "undecodable base64": words().replace(b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64\r\nX-T: x"),
    "unknown charset": words().replace(b'charset="utf-8"', b'charset="klingon-8"'),
    "no headers": b"hello",
    "nothing at all": b"",
    "bytes": bytes(range(256)) * 40,
    "a folded colon": b"From\r\n : a\r\n\r\n",
    "an encoded word that hides a line": words(X_Sender="=?utf-8?q?x=0D=0ABcc:_e@x?="),
    "a report without recipients": report().replace(b"Action: failed", b"X-Action: failed"),
}


@pytest.mark.parametrize("name", POISON)
def test_poison_is_set_aside_with_the_reason_and_the_next_mail_is_handled(inbox, name):
    inbox.put(POISON[name])
    inbox.put(calendar_answer())

    result = inbox.read()

    assert result.set_aside == 1
    assert inbox.in_folder(APART) == 1
    assert inbox.applied
    assert inbox.rows(Incoming.kind) == ["poison", "reply"]
    assert all(inbox.rows(Incoming.why))


@pytest.mark.parametrize("name", STRANGE)
def test_strange_mail_stops_nothing(inbox, name):
    inbox.put(STRANGE[name])
    inbox.put(calendar_answer())

    inbox.read()

    assert inbox.applied
    assert inbox.in_folder(HANDLED) + inbox.in_folder(APART) == 2


@pytest.mark.parametrize("error", [Refused("nee"), ValueError("x"), KeyError("y")])
def test_a_step_that_fails_on_one_mail_changes_nothing_and_stops_nothing(inbox, error):
    calls = []

    def apply_reply(session, reply, *, sender, now, bureau):
        session.add(Relay(name="half", failures=0, wait_seconds=0, last_text=""))
        calls.append(sender)
        if len(calls) == 1:
            raise error
        return "applied", ""

    inbox.put(calendar_answer())
    inbox.put(calendar_answer(sender="ben@a.test"))
    inbox.read(apply_reply=apply_reply)

    assert calls == ["anna@gemeente.test", "ben@a.test"]
    assert inbox.rows(Incoming.outcome) == ["quarantined", "applied"]


def test_a_mail_that_is_too_large_is_known_again_wherever_it_lies(inbox):
    inbox.put(words() + b"x" * LARGEST)
    inbox.read()
    inbox.put(words())
    inbox.read()
    an_older_copy_comes_back(inbox, knows=1)

    again = inbox.read().again + inbox.read().again

    assert again == 1, "the words, not the large mail"
