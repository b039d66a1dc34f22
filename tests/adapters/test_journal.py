"""The send journal outlives a line that was cut off: by a power cut, or by a disk that was full for a moment."""

import os
from datetime import UTC, datetime

import pytest

from vitale_core.adapters.journal import SendJournal
from vitale_core.app import Settings, build
from vitale_core.domain.delivery import Entry, Trace
from vitale_core.domain.errors import TemporaryFailure
from vitale_core.store.copies import back_up

NOW = datetime(2027, 3, 16, 9, tzinfo=UTC)


@pytest.mark.parametrize("cut", [1, 30, 50, 66, 70, 82])
def test_what_follows_a_line_that_a_power_cut_tore_off_is_known(tmp_path, cut):
    journal = SendJournal(tmp_path, "one")
    journal.write([Entry(Trace.MARKED, "<torn@b>", 1, "text")], NOW)
    journal.close()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:cut])

    journal = SendJournal(tmp_path, "one")
    journal.write([Entry(Trace.MARKED, "<next@b>", 2)], NOW)
    journal.close()

    again = SendJournal(tmp_path, "one")
    assert again.last("<next@b>") == (Trace.MARKED, 2)


def test_what_follows_a_write_that_was_cut_short_is_known(tmp_path, monkeypatch):
    journal = SendJournal(tmp_path, "one")
    whole = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, data: whole(file, data[: len(data) // 2]))
        with pytest.raises(OSError, match="took"):
            journal.write([Entry(Trace.MARKED, "<torn@b>", 1)], NOW)

    journal.write([Entry(Trace.ACCEPTED, "<next@b>", 1)], NOW)

    again = SendJournal(tmp_path, "one")
    assert again.last("<next@b>") == (Trace.ACCEPTED, 1)
    assert again.last("<torn@b>") is None


def test_another_process_begins_a_line_of_its_own_too(tmp_path):
    ours, theirs = SendJournal(tmp_path, "one"), SendJournal(tmp_path, "one")
    ours.write([Entry(Trace.MARKED, "<a@b>", 1)], NOW)
    theirs.write([Entry(Trace.MARKED, "<c@d>", 1)], NOW)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-5])  # theirs was cut off; we had the file open already

    ours.write([Entry(Trace.ACCEPTED, "<a@b>", 1)], NOW)

    assert SendJournal(tmp_path, "one").last("<a@b>") == (Trace.ACCEPTED, 1)


def test_a_whole_journal_has_no_empty_lines(tmp_path):
    journal = SendJournal(tmp_path, "one")
    for attempt in (1, 2):
        journal.write([Entry(Trace.MARKED, "<a@b>", attempt)], NOW)

    (file,) = tmp_path.iterdir()
    assert [len(line.split()) for line in file.read_text().split("\n")] == [4, 4, 0]


def test_a_message_is_known_by_what_it_said_too(tmp_path):
    journal = SendJournal(tmp_path, "one")
    journal.write([Entry(Trace.MARKED, "<a@b>", 1, "dinsdag"), Entry(Trace.MARKED, "<old@b>", 1)], NOW)

    for one in (journal, SendJournal(tmp_path, "one")):
        assert one.last("<a@b>") == (Trace.MARKED, 1)
        assert one.said_else("<a@b>", "woensdag")
        assert not one.said_else("<a@b>", "dinsdag")
        assert not one.said_else("<old@b>", "dinsdag")  # a line that does not tell the text says nothing of it


def test_a_copy_that_was_made_before_the_first_mail_finds_its_journal(tmp_path):
    first = build(Settings(home=tmp_path / "first"))
    copy = back_up(first.settings.url, tmp_path, now=NOW)
    first.journal.write([Entry(Trace.MARKED, "<a@b>", 1)], NOW)
    first.journal.close()
    first.database.dispose()

    again = build(Settings(home=tmp_path / "first", database_url=f"sqlite:///{copy}"))
    known = again.journal.last("<a@b>")
    again.database.dispose()

    assert known == (Trace.MARKED, 1)


def test_a_home_that_cannot_be_written_is_trouble_and_no_bug(tmp_path):
    (tmp_path / "home").write_text("a file")

    with pytest.raises(TemporaryFailure, match="niet te beschrijven"):
        build(Settings(home=tmp_path / "home"))
