"""What comes in is handled once, whatever it is; nothing that comes in can stop the rest."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, select

from tests.incoming_mails import calendar_answer, nested, report, words
from tests.post import BUREAU, TUESDAY, MemoryJournal, owe_mail
from vitale_core.adapters.incoming import read_mail
from vitale_core.adapters.mailbox import APART, HANDLED, MaildirBox
from vitale_core.adapters.replies import calendar_reply
from vitale_core.domain.errors import Refused, TemporaryFailure
from vitale_core.domain.incoming import IncomingMail
from vitale_core.domain.states import MessageStatus, TaskStatus
from vitale_core.steps import privacy
from vitale_core.steps.post.inbox import LARGEST, NEEDED_FOR, let_go, read_inbox
from vitale_core.steps.tasks import close_tasks
from vitale_core.store.records import Attempt, Incoming, Message, Person, Relay, Suppression, Task


class Inbox:
    """The inbox of one test, as a Maildir."""

    def __init__(self, database, folder) -> None:
        self.database = database
        self.folder = folder
        self.box = MaildirBox(folder)
        self.journal = MemoryJournal()
        self.now = TUESDAY
        self.applied: list[tuple[str, str]] = []
        self.count = 0

    def put(self, mail: bytes) -> None:
        self.count += 1
        (self.folder / "new" / f"{self.count:04}.mail").write_bytes(mail)

    def read(self, **options):
        def apply_reply(session, reply, *, sender, now, bureau):
            self.applied.append((sender, reply.partstat))
            return "applied", "antwoord"

        return read_inbox(
            self.database,
            self.box,
            journal=self.journal,
            now=self.now,
            bureau=BUREAU,
            read=options.pop("read", partial(read_mail, calendar=calendar_reply)),
            apply_reply=options.pop("apply_reply", apply_reply),
            **options,
        )

    def in_folder(self, name: str) -> int:
        return len(list((self.folder / f".{name}" / "cur").iterdir()))

    def rows(self, column):
        with self.database.read() as session:
            return list(session.scalars(select(column).order_by(Incoming.id)))

    def sent(self, to: str = "anna@gemeente.test", **facts) -> tuple[int, str]:
        with self.database.write() as session:
            message = owe_mail(session, to, **{"status": MessageStatus.SENT, "ended_at": TUESDAY, **facts})
            return message.id, message.message_id

    def row(self, number: int) -> Message:
        with self.database.read() as session:
            row = session.get_one(Message, number)
            session.expunge(row)
            return row

    def told(self, kind: str) -> str:
        with self.database.read() as session:
            return session.scalars(select(Task.what).where(Task.kind == kind)).one()

    def tasks(self) -> Counter[str]:
        with self.database.read() as session:
            return Counter(session.scalars(select(Task.kind).where(Task.status == TaskStatus.OPEN)))


@pytest.fixture
def inbox(database, tmp_path) -> Inbox:
    return Inbox(database, tmp_path / "inbox")


def test_an_answer_of_a_calendar_is_applied_and_the_mail_moved(inbox):
    inbox.put(calendar_answer("DECLINED"))

    report_ = inbox.read()

    assert report_.kinds == {"reply": 1}
    assert inbox.applied == [("anna@gemeente.test", "declined")]
    assert inbox.in_folder(HANDLED) == 1
    assert inbox.rows(Incoming.raw) == [None]


def test_the_same_mail_twice_is_handled_once(inbox):
    inbox.put(calendar_answer())
    inbox.put(calendar_answer())

    first = inbox.read()
    inbox.put(calendar_answer())
    second = inbox.read()

    assert (first.known, second.known) == (1, 1)
    assert len(inbox.applied) == 1
    assert inbox.in_folder(HANDLED) == 3


def test_words_of_a_person_become_a_task_with_the_mail_kept(inbox):
    inbox.put(words())

    inbox.read()

    assert inbox.tasks() == {"incoming": 1}
    assert inbox.rows(Incoming.raw) == [words()]


@pytest.mark.parametrize(
    "mail",
    [
        words(Auto_Submitted="auto-replied"),
        words(X_Autoreply="yes"),
        words(Precedence="auto_reply"),
        words(Return_Path="<>"),
        words().replace(b"Subject: Vraag", b"Subject: Automatisch antwoord: afwezig"),
    ],
    ids=["auto-submitted", "x-autoreply", "precedence", "null return path", "subject"],
)
def test_out_of_office_is_ignored(inbox, mail):
    inbox.put(mail)

    assert inbox.read().kinds == {"automatic": 1}
    assert inbox.tasks() == {}


def test_a_calendar_that_answers_by_itself_still_counts(inbox):
    inbox.put(calendar_answer(Auto_Submitted="auto-generated"))

    assert inbox.read().kinds == {"reply": 1}


def test_our_own_mail_that_comes_back_is_ignored(inbox):
    inbox.put(words(sender=BUREAU.mail_address, X_Vitale_Key="1/2/reminder/day1/0"))

    assert inbox.read().kinds == {"own": 1}
    assert inbox.tasks() == {}


@pytest.mark.parametrize("way", ["address", "envelope id", "message id"])
def test_a_bounce_finds_its_mail(inbox, way):
    number, message_id = inbox.sent()
    back = report(number=number, message_id=message_id).split(b"Delivered-To: ")[1].split(b"\r\n")[0].decode()
    inbox.put(
        {
            "address": report(number=number, message_id=message_id),
            "envelope id": report(envelope_id=back.partition("+")[2].partition("@")[0]),
            "message id": report(original=message_id),
        }[way]
    )

    inbox.read()

    row = inbox.row(number)
    assert row.status is MessageStatus.BOUNCED
    assert "het adres bestaat niet" in row.outcome
    assert "anna" not in row.outcome
    assert inbox.tasks() == {"address": 1}
    with inbox.database.read() as session:
        assert session.scalars(select(Suppression.active)).all() == [True]


def test_a_bounce_with_a_mark_that_is_not_ours_changes_nothing(inbox):
    number, _ = inbox.sent()
    inbox.put(report(to=f"training+b{number}-{'0' * 16}@vitale.example"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.SENT
    assert inbox.rows(Incoming.outcome) == ["ignored"]


def test_a_delay_on_the_way_is_noted_and_no_more(inbox):
    number, message_id = inbox.sent()
    inbox.put(report(number=number, message_id=message_id, action="delayed", status="4.4.1", said="smtp; no route"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.SENT
    with inbox.database.read() as session:
        assert session.scalars(select(Attempt.what)).all() == ["delayed"]


def test_a_full_mailbox_counts_half_a_point_a_day_and_blocks_at_three(inbox):
    full = {"status": "4.2.2", "said": "smtp; 452 4.2.2 mailbox full"}
    scores = []
    for day in range(6):
        inbox.now = TUESDAY + timedelta(days=day, minutes=day)
        for copy in range(2):
            number, message_id = inbox.sent(subject=f"{day}-{copy}")
            inbox.put(report(number=number, message_id=message_id, **full))
        inbox.read()
        with inbox.database.read() as session:
            scores.append(session.execute(select(Suppression.score, Suppression.active)).one())

    assert [tuple(s) for s in scores] == [
        (0.5, False),
        (1.0, False),
        (1.5, False),
        (2.0, False),
        (2.5, False),
        (3.0, True),
    ]
    assert inbox.tasks()["address"] == 1


def test_a_refusal_by_policy_is_not_the_fault_of_the_address(inbox):
    number, message_id = inbox.sent()
    inbox.put(report(number=number, message_id=message_id, status="5.7.1", said="smtp; 550 5.7.1 spam"))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.BOUNCED
    assert inbox.tasks() == {"mail": 1}
    with inbox.database.read() as session:
        assert session.scalars(select(Suppression.active)).all() == []
        assert session.scalars(select(Relay.name)).all() == ["to gemeente.test"]


def test_a_bounce_ends_the_doubt_about_an_uncertain_mail(inbox):
    number, message_id = inbox.sent(status=MessageStatus.UNCERTAIN, uncertain_at=TUESDAY)
    inbox.put(report(number=number, message_id=message_id))

    inbox.read()

    assert inbox.row(number).status is MessageStatus.BOUNCED


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


def test_a_crash_between_commit_and_move_reads_it_again_without_effect(inbox, monkeypatch):
    inbox.put(calendar_answer())
    monkeypatch.setattr(inbox.box, "done", lambda source: None)
    inbox.read()
    monkeypatch.undo()

    again = inbox.read()

    assert again.known == 1
    assert len(inbox.applied) == 1
    assert inbox.in_folder(HANDLED) == 1


def test_a_reader_that_says_nothing_gives_a_free_mail(inbox):
    inbox.put(b"x")

    inbox.read(read=lambda raw: IncomingMail(sender="", key="", automatic="", nobody=False))

    assert inbox.rows(Incoming.kind) == ["free"]


def test_two_readers_of_one_inbox_handle_a_mail_once(inbox):
    inbox.put(words())
    other = MaildirBox(inbox.folder)
    first = True

    def read(raw):
        nonlocal first
        if first:
            first = False
            inner = inbox.box
            inbox.box = other
            inbox.read()
            inbox.box = inner
        return read_mail(raw, calendar=calendar_reply)

    result = inbox.read(read=read)

    assert result.known == 1
    assert inbox.tasks() == {"incoming": 1}
    assert inbox.in_folder(HANDLED) == 1


def test_who_is_erased_leaves_no_mail_behind(inbox):
    inbox.sent("anna@gemeente.test")
    inbox.put(words(sender="Anna <Anna@Gemeente.test>"))
    inbox.put(words("Wie is anna?", sender="sam@gemeente.test"))
    inbox.read()

    with inbox.database.write() as session:
        person = session.scalars(select(Person).where(Person.email_key == "anna@gemeente.test")).one()
        assert privacy.erase(session, person, by="operator", now=inbox.now, bureau=BUREAU)

    assert [raw is None for raw in inbox.rows(Incoming.raw)] == [True, False]


def test_a_settled_mail_is_forgotten_after_a_month_and_one_that_waits_is_not(inbox):
    inbox.put(words("Ik kom niet."))
    inbox.put(words("Ik kom wel."))
    inbox.read()
    with inbox.database.write() as session:
        close_tasks(session, key_prefix="incoming/1/", by="operator", now=inbox.now)

        assert let_go(session, now=inbox.now + NEEDED_FOR) == 0
        assert let_go(session, now=inbox.now + NEEDED_FOR + timedelta(days=1)) == 1

    assert [raw is None for raw in inbox.rows(Incoming.raw)] == [True, False]
    assert inbox.rows(Incoming.kind) == ["free", "free"]


# ------------------------------------------------------------------------------------ after an older copy came back


def an_older_copy_comes_back(inbox, *, knows: int = 0) -> None:
    """Take away what this database knows of all mails but the first ones."""
    with inbox.database.write() as session:
        session.execute(delete(Task))
        session.execute(delete(Incoming).where(Incoming.id > knows))


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


def test_a_mail_that_is_too_large_is_known_again_wherever_it_lies(inbox):
    inbox.put(words() + b"x" * LARGEST)
    inbox.read()
    inbox.put(words())
    inbox.read()
    an_older_copy_comes_back(inbox, knows=1)

    again = inbox.read().again + inbox.read().again

    assert again == 1, "the words, not the large mail"


def test_a_journal_that_cannot_be_written_leaves_the_mail_where_it_is(inbox):
    inbox.put(words())
    inbox.journal.broken = True

    with pytest.raises(TemporaryFailure, match="journaal"):
        inbox.read()

    inbox.journal.broken = False
    assert inbox.read().known == 1
    assert inbox.in_folder(HANDLED) == 1


def test_an_ordinary_reading_looks_at_nothing_that_was_handled(inbox, monkeypatch):
    inbox.put(words())
    inbox.read()
    monkeypatch.setattr(MaildirBox, "handled", None)

    inbox.put(calendar_answer())

    assert inbox.read().kinds == {"reply": 1}
