"""Is an owed mail still true at the moment it leaves?"""

from datetime import timedelta

import pytest

from tests.aanmeldingen import apply, people
from tests.owed_mails import owed
from tests.training import BUREAU, HERE, NOW, a_cohort, an_enrolment, mails_of
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus
from vitale_core.steps import intake, invitations, persons, truth
from vitale_core.store.records import Invitation

LATER = {**HERE, "now": NOW + timedelta(days=1)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    """A cohort that people can apply for, with two seats."""
    return a_cohort(written, status=CohortStatus.OPEN, capacity=2, minimum=1)


def why_not(session, kind):
    """Why the mails of this kind must not go, by the person's name; the others are left out."""
    mails = mails_of(session, kind)
    reasons = truth.untrue(session, mails, bureau=BUREAU)
    return {mail.person.name: reasons[mail.id] for mail in mails if mail.id in reasons}


def test_who_has_a_seat_again_is_not_told_to_be_out(written, cohort):
    noor, _sam = people(written, cohort, "Noor A", "Sam B")
    intake.withdraw(written, noor, **LATER)
    assert why_not(written, Kind.WITHDRAWN) == {}

    again = apply(written, cohort, "Noor A", now=LATER["now"])
    assert why_not(written, Kind.WITHDRAWN) == {}  # an aanmelding is no seat
    intake.confirm(written, again, **LATER)

    assert why_not(written, Kind.WITHDRAWN) == {"Noor A": "De ontvanger doet intussen weer mee."}


def test_a_seat_that_came_back_was_not_handed_over(written, cohort):
    noor, _sam = people(written, cohort, "Noor A", "Sam B")
    koen = persons.substitute(written, noor, name="Koen C", email="koen@gemeente.example", **LATER)

    persons.substitute(written, koen, name="Noor A", email="noor@gemeente.example", **LATER)

    assert why_not(written, Kind.SUBSTITUTED) == {"Noor A": "De ontvanger doet intussen weer mee."}


def test_who_left_the_other_cohort_too_is_not_told_to_go_there(written, cohort):
    other = a_cohort(written, code="anders", status=CohortStatus.OPEN, capacity=2, minimum=1)
    noor, sam = people(written, cohort, "Noor A", "Sam B")
    there = persons.transfer(written, noor, to=other, **LATER)
    persons.transfer(written, sam, to=other, **LATER)
    assert why_not(written, Kind.TRANSFERRED) == {}

    persons.transfer(written, there, to=cohort, **LATER)

    assert why_not(written, Kind.TRANSFERRED) == {"Noor A": "De ontvanger is intussen ook daar weer weg."}


def test_who_was_erased_gets_no_mail(written, cohort):
    (noor,) = people(written, cohort, "Noor A")
    noor.person.email = noor.person.email_key = None
    written.flush()

    assert why_not(written, Kind.RECEIPT) == {"Noor A": "De gegevens van de ontvanger zijn gewist."}


def test_a_mail_that_the_programme_asks_no_longer_does_not_go(written, cohort):
    (noor,) = people(written, cohort, "Noor A")
    owed(written, cohort, Kind.VISIT_REPORT_REQUEST, noor, subject="visit-1")

    assert "Het programma vraagt deze mail niet meer" in why_not(written, Kind.VISIT_REPORT_REQUEST)["Noor A"]


def test_a_cohort_that_goes_ahead_after_all_is_not_said_to_be_cancelled(written, cohort):
    (noor,) = people(written, cohort, "Noor A")
    owed(written, cohort, Kind.COHORT_CANCELLED, noor)
    assert why_not(written, Kind.COHORT_CANCELLED) == {"Noor A": "De lichting gaat toch door."}

    cohort.status = CohortStatus.CANCELLED
    owed(written, cohort, Kind.RECEIPT, noor, subject="again")

    assert why_not(written, Kind.RECEIPT) == {"Noor A": "De lichting is afgezegd."}


def test_of_an_invitation_only_the_newest_version_goes_and_none_after_a_cancellation(written):
    cohort = a_cohort(written)
    an_enrolment(written, cohort)
    mail = invitations.sync(written, cohort, now=NOW, bureau=BUREAU)[0]
    invitation = written.get_one(Invitation, mail.invitation_id)
    assert truth.untrue(written, [mail], bureau=BUREAU) == {}

    invitation.sequence += 1
    assert "Een nieuwere uitnodiging (versie 1)" in truth.untrue(written, [mail], bureau=BUREAU)[mail.id]
    invitation.cancelled_at = NOW
    assert truth.untrue(written, [mail], bureau=BUREAU) == {mail.id: "De uitnodiging is ingetrokken."}
