"""The last look at a mail, in the transaction that takes it: what became wrong since its bytes were made stays."""

from datetime import timedelta

import pytest

from tests.post import BUREAU, TUESDAY
from tests.training import a_cohort
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, MessageStatus
from vitale_core.steps.post.claiming import claim
from vitale_core.steps.post.preparing import prepare
from vitale_core.store.records import Cohort, Message, Person


def taken_after(post, number, change, *, now=TUESDAY):
    """Make the bytes, change something, and say whether the mail is taken to be sent then."""
    with post.database.write() as session:
        prepare(session, now=TUESDAY, letters=post.letters, bureau=BUREAU)
    with post.database.write() as session:
        message = session.get_one(Message, number)
        change(session, message, session.get_one(Person, message.person_id))
    with post.database.write() as session:
        return bool(claim(session, now=now, limit=9, bureau=BUREAU, journal=post.journal))


def nothing(_session, _message, _person):
    pass


def moved(_session, _message, person):
    person.email = person.email_key = "anna@elders.test"


def tried_and_moved(session, message, person):
    message.attempts = 1
    moved(session, message, person)


def erased(_session, _message, person):
    person.email = person.email_key = None


def approved_otherwise(_session, message, _person):
    message.approved_hash = "of another text"


def test_what_is_as_it_was_is_taken(post):
    assert taken_after(post, post.owe(), nothing)


@pytest.mark.parametrize(
    "change, status, said",
    [
        (erased, MessageStatus.SKIPPED, "gegevens van de ontvanger zijn gewist"),
        (tried_and_moved, MessageStatus.CANCELLED, "adres is veranderd"),
        (approved_otherwise, MessageStatus.AWAITING_APPROVAL, ""),
    ],
)
def test_what_became_wrong_is_not_taken_and_says_why(post, change, status, said):
    number = post.owe()

    assert not taken_after(post, number, change)

    row = post.row(number)
    assert row.status is status
    assert said in row.outcome


def test_what_became_useless_is_not_taken(post):
    number = post.owe(stale_at=TUESDAY + timedelta(minutes=30))

    assert not taken_after(post, number, nothing, now=TUESDAY + timedelta(hours=1))

    assert post.row(number).status is MessageStatus.SKIPPED


def test_a_mail_to_an_address_that_was_corrected_is_made_again_first(post):
    number = post.owe()

    assert not taken_after(post, number, moved)
    assert post.row(number).status is MessageStatus.QUEUED

    assert post.deliver().sent == 1
    assert [parcel.recipient for parcel in post.server.kept] == ["anna@elders.test"]


def test_a_mail_that_was_tried_does_not_go_when_the_facts_made_it_untrue(post):
    with post.database.write() as session:
        cohort = a_cohort(session).id
    number = post.owe(cohort_id=cohort, kind=Kind.CALENDAR_UPDATE)

    def cancelled(session, message, _person):
        message.attempts = 1
        session.get_one(Cohort, cohort).status = CohortStatus.CANCELLED

    assert not taken_after(post, number, cancelled)

    row = post.row(number)
    assert (row.status, row.outcome) == (MessageStatus.SKIPPED, "De lichting is afgezegd.")
