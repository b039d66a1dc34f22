"""What comes in is handled once: answers applied, words shown to a person, machines ignored."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.incoming_mails import calendar_answer, words
from tests.post import BUREAU
from vitale_core.adapters.incoming import read_mail
from vitale_core.adapters.mailbox import HANDLED, MaildirBox
from vitale_core.adapters.replies import calendar_reply
from vitale_core.domain.incoming import IncomingMail
from vitale_core.steps import details, persons, privacy
from vitale_core.steps.post.inbox import NEEDED_FOR, let_go
from vitale_core.steps.tasks import close_tasks, owe_task
from vitale_core.store.records import Incoming, Note, Person, Task


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
        words().replace(b"Subject: Vraag", b"Subject: =?utf-8?B?QXV0b21hdGlzY2ggYW50d29vcmQ6IGFmd2V6aWc=?="),
    ],
    ids=["auto-submitted", "x-autoreply", "precedence", "null return path", "subject", "encoded subject"],
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


def test_who_is_erased_leaves_no_mail_behind_from_a_former_address_or_with_a_former_name(inbox):
    inbox.sent("anna@gemeente.test")
    inbox.put(words("Ik trouw.", sender="Anna <anna@gemeente.test>"))
    inbox.put(words("Is\u00a0Anna de Jong, mijn collega, er ook? Één mail.", sender="sam@gemeente.test"))
    inbox.put(words("Is Anna de Groot er ook?", sender="sam@gemeente.test"))
    inbox.put(words("Is Anna er ook?", sender="sam@gemeente.test"))
    inbox.read()

    with inbox.database.write() as session:
        person = session.scalars(select(Person).where(Person.email_key == "anna@gemeente.test")).one()
        here = {"by": "operator", "now": inbox.now, "bureau": BUREAU}
        details.correct(session, person, {"name": "Anna de Jong"}, **here)
        details.correct(session, person, {"name": "Anna de Groot"}, **here)
        persons.correct_address(session, person, "degroot@gemeente.test", **here)
        assert {"anna@gemeente.test", "Anna de Jong"} <= set(privacy.export(session, person)["person"][0]["formerly"])
        assert privacy.erase(session, person, **here)
        assert session.scalars(select(Note).where(Note.name.startswith("formerly/"))).all() == []

    assert [raw is None for raw in inbox.rows(Incoming.raw)] == [True, True, True, False]


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


def test_an_answer_that_is_not_certain_gives_one_task_with_the_number_of_its_mail(inbox):
    def doubtful(session, reply, *, sender, now, bureau):
        owe_task(
            session, key=f"reply/0/{sender}", kind="reply", what="Niet zeker.", command="vitale mail inbox", now=now
        )
        return "task", "onbekende afspraak"

    inbox.put(words())
    inbox.put(calendar_answer(sender="ben@gemeente.test"))
    inbox.put(calendar_answer(sender="anna@gemeente.test"))
    inbox.read(apply_reply=doubtful)

    assert inbox.tasks() == {"incoming": 1, "reply": 2}
    with inbox.database.read() as session:
        commands = session.scalars(select(Task.command).where(Task.kind == "reply").order_by(Task.id)).all()
    assert commands == ["vitale mail inbox 2", "vitale mail inbox 3"]
