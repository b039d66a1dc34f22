"""A seat that falls free: offers with a deadline, and the end of the waiting list."""

from datetime import timedelta

import pytest

from tests.aanmeldingen import apply, offers, people
from tests.training import BUREAU, HERE, NOW, a_cohort, at, mails_of, tasks_of
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, MessageStatus, OfferStatus, SessionStatus
from vitale_core.steps import cohorts, intake, waiting_list
from vitale_core.steps.intake import Application
from vitale_core.steps.post.suppression import NO_MORE

LATER = {**HERE, "now": NOW + timedelta(days=1)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    """A cohort that people can apply for, with two seats."""
    return a_cohort(written, status=CohortStatus.OPEN, capacity=2, minimum=1)


def test_a_seat_that_falls_free_is_offered_with_a_deadline(written, cohort):
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")

    intake.withdraw(written, one, **LATER)

    (offer,) = offers(written)
    assert (offer.enrolment_id, offer.status) == (three.id, OfferStatus.OPEN)
    assert offer.deadline == at("2027-02-05", "18:00")  # three working days
    assert (three.status, four.status) == (EnrolmentStatus.OFFERED, EnrolmentStatus.WAITLISTED)
    (mail,) = mails_of(written, Kind.SEAT_OFFER)
    assert mail.stale_at == offer.deadline
    assert len(mails_of(written, Kind.WITHDRAWN)) == 1
    assert cohorts.seats_taken(written, cohort) == 2


def test_an_accepted_offer_is_a_seat(written, cohort):
    one, _two, three = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    intake.withdraw(written, one, **LATER)

    for _ in range(2):
        intake.accept_offer(written, three, now=LATER["now"], bureau=BUREAU)

    assert three.status is EnrolmentStatus.CONFIRMED
    assert [o.status for o in offers(written)] == [OfferStatus.ACCEPTED]
    assert len(mails_of(written, Kind.SEAT_CONFIRMED)) == 3


def test_a_declined_offer_goes_to_the_next(written, cohort):
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")
    intake.withdraw(written, one, **LATER)

    for _ in range(2):
        intake.decline_offer(written, three, now=LATER["now"], bureau=BUREAU)

    assert three.status is EnrolmentStatus.WITHDRAWN
    assert four.status is EnrolmentStatus.OFFERED
    assert [o.status for o in offers(written)] == [OfferStatus.DECLINED, OfferStatus.OPEN]


def test_an_offer_without_an_answer_lapses_and_goes_to_the_next(written, cohort):
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")
    intake.withdraw(written, one, **LATER)
    deadline = offers(written)[0].deadline
    mails_of(written, Kind.SEAT_OFFER)[0].status = MessageStatus.SENT

    intake.advance(written, cohort, now=deadline - timedelta(seconds=1), bureau=BUREAU)
    assert three.status is EnrolmentStatus.OFFERED
    intake.advance(written, cohort, now=deadline, bureau=BUREAU)

    assert (three.status, three.ended_by) == (EnrolmentStatus.LAPSED, "klok")
    assert four.status is EnrolmentStatus.OFFERED
    assert len(mails_of(written, Kind.OFFER_LAPSED)) == 1
    assert len(mails_of(written, Kind.LIST_CLOSED)) == 0
    assert len(mails_of(written, Kind.SEAT_OFFER)) == 2


@pytest.mark.parametrize(
    "status, outcome",
    [
        (MessageStatus.QUEUED, ""),
        (MessageStatus.AWAITING_APPROVAL, ""),
        (MessageStatus.SKIPPED, "Te laat om nog nuttig te zijn."),
    ],
)
def test_who_was_never_told_of_an_offer_gets_it_again(written, cohort, status, outcome):
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")
    intake.withdraw(written, one, **LATER)
    (first,) = offers(written)
    (mail,) = mails_of(written, Kind.SEAT_OFFER)
    mail.status, mail.outcome = status, outcome

    intake.advance(written, cohort, now=first.deadline, bureau=BUREAU)

    again = offers(written)[-1]
    assert [o.status for o in offers(written)] == [OfferStatus.REVOKED, OfferStatus.OPEN]
    assert (again.enrolment_id, again.deadline) == (three.id, at("2027-02-10", "18:00"))
    assert (three.status, four.status) == (EnrolmentStatus.OFFERED, EnrolmentStatus.WAITLISTED)
    assert mails_of(written, Kind.OFFER_LAPSED) == []
    assert [m.subject for m in mails_of(written, Kind.SEAT_OFFER)] == [f"offer-{first.id}", f"offer-{again.id}"]


def test_an_offer_to_an_address_that_takes_no_mail_lapses(written, cohort):
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")
    intake.withdraw(written, one, **LATER)
    (mail,) = mails_of(written, Kind.SEAT_OFFER)
    mail.status, mail.outcome = MessageStatus.SKIPPED, f"{NO_MORE}: de mailbox bestaat niet."

    intake.advance(written, cohort, now=offers(written)[0].deadline, bureau=BUREAU)

    assert (three.status, four.status) == (EnrolmentStatus.LAPSED, EnrolmentStatus.OFFERED)


def test_an_offer_cannot_be_taken_after_its_deadline(written, cohort):
    one, _two, three = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    intake.withdraw(written, one, **LATER)
    deadline = offers(written)[0].deadline

    for answer in (intake.accept_offer, intake.decline_offer):
        with pytest.raises(Refused, match="niet meer voor je vastgehouden") as refused:
            answer(written, three, now=deadline, bureau=BUREAU)
        assert refused.value.remedy
    with pytest.raises(Refused):
        intake.accept_offer(written, one, now=NOW, bureau=BUREAU)


def test_an_operator_who_confirms_somebody_with_an_offer_leaves_it_to_them(written, cohort):
    one, _two, three = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    intake.withdraw(written, one, **LATER)

    assert intake.confirm(written, three, **LATER).status is EnrolmentStatus.OFFERED


def test_who_withdraws_with_an_offer_frees_it(written, cohort):
    one, _two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")
    intake.withdraw(written, one, **LATER)

    for _ in range(2):
        intake.withdraw(written, three, **LATER)

    assert [o.status for o in offers(written)] == [OfferStatus.DECLINED, OfferStatus.OPEN]
    assert four.status is EnrolmentStatus.OFFERED


def test_no_offer_is_made_that_ends_after_the_first_day(written, cohort):
    one, _two, three = people(written, cohort, "Noor A", "Sam B", "Ilse C")

    intake.withdraw(written, one, by="operator", now=at("2027-03-15", "10:00"), bureau=BUREAU)

    assert offers(written) == []
    assert three.status is EnrolmentStatus.WAITLISTED


def test_a_cancelled_cohort_offers_nothing(written, cohort):
    people(written, cohort, "Noor A", "Sam B", "Ilse C")
    cohort.capacity, cohort.status = 5, CohortStatus.CANCELLED

    assert waiting_list.offer_seats(written, cohort, now=NOW, bureau=BUREAU) == []


def test_more_seats_are_offered_at_the_next_look(written, cohort):
    *_rest, three, four, five = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D", "Daan E")
    cohort.capacity = 4

    intake.advance(written, cohort, now=NOW, bureau=BUREAU)

    assert [e.status for e in (three, four)] == [EnrolmentStatus.OFFERED] * 2
    assert five.status is EnrolmentStatus.WAITLISTED


# ------------------------------------------------------------------------------------------------ leaving, and the end


def test_who_leaves_a_cohort_that_goes_ahead_leaves_a_place_in_a_group(written, cohort):
    (one, *_rest) = people(written, cohort, "Noor A", "Sam B")
    cohorts.go(written, cohort, **HERE)

    intake.withdraw(written, one, **LATER)

    (task,) = tasks_of(written, "seat-free")
    assert task.enrolment_id == one.id


def test_at_the_first_day_the_list_is_closed(written, cohort):
    *_seated, waiting = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    undecided = apply(written, cohort, "Bram D")
    cohort.status = CohortStatus.RUNNING
    begins = at("2027-03-18", "09:30")

    intake.advance(written, cohort, now=begins - timedelta(minutes=1), bureau=BUREAU)
    assert waiting.status is EnrolmentStatus.WAITLISTED
    intake.advance(written, cohort, now=begins, bureau=BUREAU)

    assert [e.status for e in (waiting, undecided)] == [EnrolmentStatus.LAPSED] * 2
    assert len(mails_of(written, Kind.LIST_CLOSED)) == 2
    assert tasks_of(written, "decide") == []


def test_who_applies_after_the_first_day_is_a_late_joiner(written, cohort):
    cohort.status = CohortStatus.RUNNING
    after = at("2027-03-20", "10:00")
    form = Application(name="Noor", email="noor@gemeente.example")
    late = intake.apply(written, cohort, form, source="operator", now=after, bureau=BUREAU)

    intake.advance(written, cohort, now=after, bureau=BUREAU)

    assert late.status is EnrolmentStatus.APPLIED


def test_a_cancelled_first_day_does_not_close_the_list(written, cohort):
    *_seated, waiting = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    for meeting in cohort.sessions:
        if meeting.day == "day1":
            meeting.status = SessionStatus.CANCELLED

    intake.advance(written, cohort, now=at("2027-03-18", "18:00"), bureau=BUREAU)

    assert waiting_list.first_start(cohort) == at("2027-04-22", "09:30")
    assert waiting.status in {EnrolmentStatus.WAITLISTED, EnrolmentStatus.OFFERED}


def test_silence_is_reminded_twice_and_then_a_task(written, cohort):
    (one,) = people(written, cohort, "Noor A")
    day = NOW

    while day < at("2027-02-20"):
        intake.advance(written, cohort, now=day, bureau=BUREAU)
        day += timedelta(days=1)

    reminders = mails_of(written, Kind.INTAKE_REMINDER)
    assert [(m.payload["nr"], m.due_at) for m in reminders] == [
        (1, at("2027-02-08", "09:00")),
        (2, at("2027-02-11", "09:00")),
    ]
    (task,) = tasks_of(written, "intake-silent")
    assert task.enrolment_id == one.id
