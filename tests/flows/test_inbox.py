"""The clock reads the inbox: a mail is read in a process of its own, so that it can harm nothing but that."""

import asyncio

import pytest

from flows import post
from tests.incoming_mails import nested, words
from vitale_core.adapters import guarded, incoming
from vitale_core.store.records import Incoming

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
]


def not_here(*_args, **_options):
    raise AssertionError("a mail was read in the process of the clock")


def test_mail_is_read_apart_and_what_cannot_be_read_is_set_aside(app, monkeypatch):
    for module in (incoming, guarded):
        monkeypatch.setattr(module, "read_mail", not_here)
    new = app.settings.home / "inbox" / "new"
    for folder in (new, new.parent / "cur", new.parent / "tmp"):
        folder.mkdir(parents=True)
    for number, mail in enumerate((nested(200), words())):
        (new / str(number)).write_bytes(mail)

    counts = asyncio.run(post.read_inbox_now())

    assert counts == {"read": 2, "tasks": 1, "set aside": 1, "again": 0}
    with app.database.read() as session:
        assert {row.kind for row in session.query(Incoming)} == {"poison", "free"}
