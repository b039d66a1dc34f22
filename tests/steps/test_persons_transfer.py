"""Changes of one person: to another cohort."""

import pytest
from sqlalchemy import select

from tests.aanmeldingen import apply, people
from tests.training import (
    LATER,
    a_cohort,
    an_enrolment,
    an_intake,
    document,
    mails_of,
    some_enrolments,
    some_needs,
    tasks_of,
)
from vitale_core.domain.errors import Refused, TransitionRefused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, EnrolmentStatus
from vitale_core.steps import cohorts, intake, persons
from vitale_core.store.records import Invitation, Message, Needs


def test_a_transfer_gives_a_seat_there_and_frees_one_here(written):
    here = a_cohort(written, capacity=2, minimum=1)
    there = a_cohort(written, "najaar")
    noor, _sam, ilse = people(written, here, "Noor A", "Sam B", "Ilse C")

    moved = persons.transfer(written, noor, there, **LATER)

    assert noor.status is EnrolmentStatus.TRANSFERRED
    assert (moved.status, moved.cohort_id, moved.source) == (EnrolmentStatus.CONFIRMED, there.id, "transfer")
    assert (moved.transferred_from_id, moved.screened_by) == (noor.id, "operator")
    assert ilse.status is EnrolmentStatus.OFFERED
    assert len(mails_of(written, Kind.TRANSFERRED)) == 1
    assert {m.cohort_id for m in mails_of(written, Kind.SEAT_OFFER)} == {here.id}
    assert len(tasks_of(written, "seat-free")) == 1
    valid = select(Invitation).where(Invitation.person_id == noor.person_id, Invitation.cancelled_at.is_(None))
    assert {i.cohort_id for i in written.scalars(valid)} == {there.id}


def told_in(session, cohort, person):
    """The kinds of mail owed to a person about a cohort."""
    query = select(Message.kind).where(Message.cohort_id == cohort.id, Message.person_id == person.id)
    return set(session.scalars(query))


def test_a_transfer_is_one_mail_and_the_intake_goes_along(written):
    here, there = a_cohort(written), a_cohort(written, "najaar")
    noor, sam = people(written, here, "Noor A", "Sam B")
    an_intake(written, noor, casus="Een plein", home="Assen", available=["3"], extra={"leren": "luisteren"})
    some_needs(written, noor)

    moved = persons.transfer(written, noor, there, **LATER)
    silent = persons.transfer(written, sam, there, **LATER)

    assert moved.intake is not None
    assert (moved.intake.casus, moved.intake.home, moved.intake.available) == ("Een plein", "Assen", None)
    assert moved.intake.extra == {"leren": "luisteren"}
    assert [n.enrolment_id for n in written.scalars(select(Needs))] == [moved.id]
    asked = {Kind.SEAT_CONFIRMED, Kind.INTAKE_REQUEST}
    assert asked & told_in(written, there, moved.person) == set()
    assert asked & told_in(written, there, silent.person) == {Kind.INTAKE_REQUEST}
    assert [m.enrolment_id for m in mails_of(written, Kind.TRANSFERRED)] == [noor.id, sam.id]


def test_answers_to_questions_of_another_programme_stay_behind(written):
    here, there = a_cohort(written), a_cohort(written, "anders", changes={"slug": "anders"})
    (noor,) = people(written, here, "Noor A")
    an_intake(written, noor, casus="Een plein", extra={"leren": "luisteren"})

    moved = persons.transfer(written, noor, there, **LATER)

    assert moved.intake is not None
    assert (moved.intake.casus, moved.intake.extra) == ("Een plein", {})


def test_a_programme_without_that_mail_tells_of_the_seat(written):
    mails = [m for m in document()["mails"] if m["kind"] != "transferred"]
    here, there = a_cohort(written), a_cohort(written, "anders", changes={"mails": mails, "slug": "anders"})
    (noor,) = people(written, here, "Noor A")

    moved = persons.transfer(written, noor, there, **LATER)

    assert Kind.SEAT_CONFIRMED in told_in(written, there, moved.person)


def test_a_transfer_to_a_full_cohort_waits_there(written):
    here, there = a_cohort(written), a_cohort(written, "najaar", capacity=1, minimum=1)
    people(written, there, "Sam B")
    noor = an_enrolment(written, here)

    moved = persons.transfer(written, noor, there, **LATER)

    assert (moved.status, moved.confirmed_at, moved.waitlisted_at) == (EnrolmentStatus.WAITLISTED, None, LATER["now"])
    assert len(mails_of(written, Kind.WAITLISTED)) == 1
    assert cohorts.seats_taken(written, there) == 1


def test_a_transfer_again_is_harmless(written):
    here, there = a_cohort(written), a_cohort(written, "najaar")
    noor = an_enrolment(written, here)

    moved = persons.transfer(written, noor, there, **LATER)

    assert persons.transfer(written, noor, there, **LATER) is moved


def test_transfers_that_cannot_be_are_refused(written):
    here, there = a_cohort(written), a_cohort(written, "najaar")
    noor, sam = some_enrolments(written, here, 2)
    an_enrolment(written, there)
    closed = a_cohort(written, "oud")
    closed.status = CohortStatus.CLOSED

    with pytest.raises(Refused, match="zit al in 2027-voorjaar"):
        persons.transfer(written, noor, here, **LATER)
    with pytest.raises(Refused, match="staat al in najaar"):
        persons.transfer(written, noor, there, **LATER)
    with pytest.raises(Refused, match="oud neemt nu geen deelnemers aan"):
        persons.transfer(written, sam, closed, **LATER)
    intake.withdraw(written, sam, **LATER)
    with pytest.raises(TransitionRefused):
        persons.transfer(written, sam, there, **LATER)


def test_an_aanmelding_that_was_not_decided_on_can_be_moved_too(written):
    here, there = a_cohort(written, status=CohortStatus.OPEN), a_cohort(written, "najaar", status=CohortStatus.OPEN)
    enrolment = apply(written, here)

    moved = persons.transfer(written, enrolment, there, **LATER)

    assert moved.status is EnrolmentStatus.CONFIRMED
    assert tasks_of(written, "decide") == []
