"""The operator's pages: mail that waits, is held back or is doubtful."""

import pytest

from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.domain.states import MessageStatus
from vitale_core.store.records import Attempt, Message


def waiting_mail(world, visitor):
    """Return a mail that waits for approval."""
    at(world, "goes ahead")
    with world.database.write() as session:
        message = session.query(Message).where(Message.kind == "overview").first()
        message.status = MessageStatus.AWAITING_APPROVAL
        return message.id


def test_a_mail_is_approved_with_the_text_that_was_shown(world, visitor):
    number = waiting_mail(world, visitor)
    path = f"/beheer/mail/{number}"
    bare = Page(visitor.open(path).text)
    visitor.send(path)

    shown = visitor.open(path)
    letter = visitor.open(f"{path}/brief")
    form = next(f for f in Page(shown.text).forms if f.action.endswith("/keuren"))
    visitor.post(form.action, form.known | {"naam": "Anja", "notitie": "Nagelezen."})

    assert "De tekst is nog niet gemaakt" in bare.words
    assert "frame-src 'self'" in shown.headers["content-security-policy"]
    assert "sandbox" in letter.headers["content-security-policy"]
    assert "Dag " in letter.text
    message = world.one(Message, id=number)
    assert (message.status, message.approved_by) == (MessageStatus.QUEUED, "Anja")
    assert "Anja: Nagelezen." in {a.text for a in world.all(Attempt)}


def test_a_mail_whose_text_changed_is_not_approved(world, visitor):
    number = waiting_mail(world, visitor)
    path = f"/beheer/mail/{number}"
    visitor.send(path)
    form = next(f for f in Page(visitor.open(path).text).forms if f.action.endswith("/keuren"))

    answer = visitor.post(form.action, form.known | {"naam": "Anja", "tekst": "0" * 64})

    assert answer.status_code == 409
    assert world.one(Message, id=number).status is MessageStatus.AWAITING_APPROVAL


def test_a_mail_is_skipped_with_a_reason(world, visitor):
    number = waiting_mail(world, visitor)
    form = next(f for f in Page(visitor.open(f"/beheer/mail/{number}").text).forms if f.action.endswith("/overslaan"))

    without = visitor.post(form.action, form.known | {"naam": "Anja"})
    visitor.post(form.action, form.known | {"naam": "Anja", "notitie": "Zij weet het al."})

    assert without.status_code == 422
    message = world.one(Message, id=number)
    assert (message.status, message.outcome) == (MessageStatus.CANCELLED, "Overgeslagen door Anja: Zij weet het al.")


def test_a_mail_that_would_leave_is_held_back(world, visitor):
    at(world, "goes ahead")
    number = next(m.id for m in world.all(Message) if m.status is MessageStatus.QUEUED)
    form = next(f for f in Page(visitor.open(f"/beheer/mail/{number}").text).forms if f.action.endswith("/tegenhouden"))

    visitor.post(form.action, form.known | {"naam": "Anja", "notitie": "Eerst bellen."})

    assert world.one(Message, id=number).status is MessageStatus.AWAITING_APPROVAL


@pytest.mark.parametrize("choice,status", [("aangekomen", MessageStatus.SENT), ("opnieuw", MessageStatus.QUEUED)])
def test_a_doubtful_mail_is_settled(world, visitor, choice, status):
    number = waiting_mail(world, visitor)
    with world.database.write() as session:
        session.get_one(Message, number).status = MessageStatus.UNCERTAIN
    form = next(f for f in Page(visitor.open(f"/beheer/mail/{number}").text).forms if f.action.endswith("/afhandelen"))

    visitor.post(form.action, form.known | {"uitkomst": choice, "naam": "Anja", "notitie": "Gebeld."})

    assert world.one(Message, id=number).status is status
