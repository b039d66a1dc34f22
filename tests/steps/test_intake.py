"""Who gets a seat: aanmelding, a person's decision, the waiting list and offers with a deadline."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.aanmeldingen import APPLIES, apply, people
from tests.training import BUREAU, HERE, NOW, a_cohort, an_enrolment, at, mails_of, tasks_of
from vitale_core.domain.errors import NotFound, Refused, TransitionRefused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, EnrolmentEvent, EnrolmentStatus
from vitale_core.steps import cohorts, intake, ledger, waiting_list
from vitale_core.steps.intake import Application
from vitale_core.store.records import AuditEvent, Enrolment

LATER = {**HERE, "now": NOW + timedelta(days=1)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    """A cohort that people can apply for, with two seats."""
    return a_cohort(written, status=CohortStatus.OPEN, capacity=2, minimum=1)


# ----------------------------------------------------------------------------------------------------- aanmelding


def test_an_aanmelding_is_received_and_waits_for_a_decision(written, cohort):
    enrolment = apply(written, cohort, organisation="Gemeente Assen", phone="0592 123456")

    assert (enrolment.status, enrolment.applied_at) == (EnrolmentStatus.APPLIED, NOW)
    assert enrolment.person.organisation == "Gemeente Assen"
    assert len(mails_of(written, Kind.RECEIPT)) == 1
    (task,) = tasks_of(written, "decide")
    assert task.command == f"vitale person confirm {cohort.code} {enrolment.id}"
    assert [e.what for e in written.scalars(select(AuditEvent).where(AuditEvent.object_kind == "enrolment"))] == [
        "applied"
    ]


@pytest.mark.parametrize("email", ["noor@gemeente.example", "NOOR@Gemeente.Example", " noor@gemeente.example "])
def test_the_same_address_again_is_the_same_aanmelding(written, cohort, email):
    first = apply(written, cohort)

    again = apply(written, cohort, "N. Dijkstra", email=email, organisation="Provincie")

    assert again is first
    assert first.person.name == "Noor Dijkstra"
    assert first.person.organisation is None
    assert len(mails_of(written, Kind.RECEIPT)) == 1


def test_another_name_at_a_known_address_makes_a_person_ask_who_it_is(written, cohort):
    """Two people of one desk may share a mailbox; who comes second must not vanish without a word."""
    first = apply(written, cohort)

    apply(written, cohort, "noor  DIJKSTRA")
    assert tasks_of(written, "other-name") == []

    apply(written, cohort, "Sam Bakker", email=first.person.email)
    (task,) = tasks_of(written, "other-name")
    assert task.enrolment_id == first.id
    assert "Bakker" not in task.what


def test_a_form_completes_what_is_known_and_overwrites_nothing(written, cohort):
    other = a_cohort(written, "ander", status=CohortStatus.OPEN)
    first = apply(written, cohort, organisation="Gemeente Assen")
    apply(written, other, organisation="Provincie Drenthe", function="Beleidsadviseur")

    assert first.person.organisation == "Gemeente Assen"
    assert first.person.function == "Beleidsadviseur"


@pytest.mark.parametrize(
    "status", [CohortStatus.DRAFT, CohortStatus.EVALUATING, CohortStatus.CLOSED, CohortStatus.CANCELLED]
)
def test_a_cohort_that_takes_nobody_says_so(written, cohort, status):
    cohort.status = status

    with pytest.raises(Refused, match="niet \\(meer\\) aanmelden"):
        apply(written, cohort)


@pytest.mark.parametrize(
    "name,email", [("", "a@b.example"), ("Noor", "geen adres"), ("Noor", "a@b.example\nBcc: c@d.example")]
)
def test_a_form_without_name_or_address_is_refused(written, cohort, name, email):
    with pytest.raises(Refused):
        intake.apply(written, cohort, Application(name=name, email=email), **APPLIES)


def test_who_completed_does_not_start_again_in_the_same_cohort(written, cohort):
    enrolment = an_enrolment(written, cohort, status=EnrolmentStatus.COMPLETED)

    form = Application(name="Noor Dijkstra", email=enrolment.person.email)
    assert intake.apply(written, cohort, form, **APPLIES) is enrolment


def test_who_withdrew_can_come_back_as_a_new_row(written, cohort):
    first = apply(written, cohort)
    intake.withdraw(written, first, **LATER)

    again = intake.apply(
        written, cohort, Application(name="Noor", email="noor@gemeente.example"), source="portal", now=LATER["now"],
        bureau=BUREAU,
    )  # fmt: skip

    assert again.id != first.id
    assert again.applied_at == LATER["now"]
    assert len(mails_of(written, Kind.RECEIPT)) == 2


# ------------------------------------------------------------------------------------------------------- screening


def test_answers_are_shown_beside_the_audience_and_decide_nothing(written, cohort):
    answers = {"beleid": "vooral", "inwoners": "nee", "dilemma": "soms", "motivatie": "Leren\r\nvan anderen"}

    enrolment = apply(written, cohort, answers=answers)

    assert enrolment.status is EnrolmentStatus.APPLIED
    assert enrolment.screening == {
        "beleid": "met",
        "inwoners": "not met",
        "dilemma": "unclear",
        "voorbeelden": "unclear",
        "answer:beleid": "vooral",
        "answer:inwoners": "nee",
        "answer:dilemma": "soms",
        "answer:motivatie": "Leren\nvan anderen",
    }


def test_of_several_answers_the_best_one_shows(written, cohort):
    enrolment = apply(written, cohort, answers={"beleid": ["nee", "vooral"], "inwoners": [], "dilemma": ""})

    assert enrolment.screening["beleid"] == "met"
    assert enrolment.screening["answer:beleid"] == "nee, vooral"
    assert enrolment.screening["inwoners"] == "unclear"
    assert "answer:inwoners" not in enrolment.screening


def test_an_answer_that_is_no_option_shows_nothing(written, cohort):
    assert apply(written, cohort, answers={"beleid": "<script>"}).screening["beleid"] == "unclear"


# --------------------------------------------------------------------------------------------------- a person decides


def test_confirming_gives_a_seat_and_says_so(written, cohort):
    enrolment = apply(written, cohort)

    intake.confirm(written, enrolment, **LATER)

    assert (enrolment.status, enrolment.confirmed_at) == (EnrolmentStatus.CONFIRMED, LATER["now"])
    assert (enrolment.screened_by, tasks_of(written, "decide")) == ("operator", [])
    assert len(mails_of(written, Kind.SEAT_CONFIRMED)) == 1
    assert len(mails_of(written, Kind.INTAKE_REQUEST)) == 1


def test_confirming_one_leaves_the_decision_about_the_others(written, cohort):
    made = [apply(written, cohort, f"Deelnemer{n} X") for n in range(12)]
    assert made[0].id * 10 <= made[-1].id + 9

    intake.confirm(written, made[0], **LATER)

    assert {t.enrolment_id for t in tasks_of(written, "decide")} == {e.id for e in made[1:]}


def test_confirming_twice_is_harmless(written, cohort):
    enrolment = apply(written, cohort)

    for _ in range(2):
        intake.confirm(written, enrolment, **LATER)

    assert len(mails_of(written, Kind.SEAT_CONFIRMED)) == 1
    assert cohorts.seats_taken(written, cohort) == 1


def test_beyond_the_capacity_people_wait_in_the_order_of_their_aanmelding(written, cohort):
    one, two, three, four = people(written, cohort, "Noor A", "Sam B", "Ilse C", "Bram D")

    assert [e.status for e in (one, two)] == [EnrolmentStatus.CONFIRMED] * 2
    assert [e.status for e in (three, four)] == [EnrolmentStatus.WAITLISTED] * 2
    assert [waiting_list.place_on_list(written, e) for e in (one, three, four)] == [None, 1, 2]
    assert len(mails_of(written, Kind.WAITLISTED)) == 2
    four.priority = 1
    assert [waiting_list.place_on_list(written, e) for e in (three, four)] == [2, 1]


def test_nobody_on_the_list_is_passed_by_a_newcomer(written, cohort):
    *_seated, waiting = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    cohort.capacity = 3
    day_before = at("2027-03-17", "12:00")
    form = Application(name="Bram D", email="bram@gemeente.example")
    newcomer = intake.apply(written, cohort, form, source="portal", now=day_before, bureau=BUREAU)

    intake.confirm(written, newcomer, by="operator", now=day_before, bureau=BUREAU)
    assert newcomer.status is EnrolmentStatus.WAITLISTED  # an offer can no longer be made: its deadline is after day 1
    assert waiting.status is EnrolmentStatus.WAITLISTED
    intake.confirm(written, newcomer, by="operator", now=day_before, bureau=BUREAU)
    assert newcomer.status is EnrolmentStatus.WAITLISTED
    intake.confirm(written, waiting, by="operator", now=day_before, bureau=BUREAU)
    assert cohorts.seats_taken(written, cohort) == 3


def test_rejecting_is_a_decision_with_a_reason_that_waits_for_approval(written, cohort):
    enrolment = apply(written, cohort)

    intake.reject(written, enrolment, by="operator", reason="Past niet bij je werk.", now=NOW)
    intake.reject(written, enrolment, by="iemand anders", reason="", now=NOW)
    intake.advance(written, cohort, now=NOW, bureau=BUREAU)

    assert (enrolment.status, enrolment.ended_by) == (EnrolmentStatus.REJECTED, "operator")
    assert enrolment.screening["reason"] == "Past niet bij je werk."
    (mail,) = mails_of(written, Kind.REJECTED)
    assert str(mail.status) == "awaiting approval"
    assert tasks_of(written, "decide") == []
    with pytest.raises(TransitionRefused):
        intake.confirm(written, enrolment, **LATER)


def test_who_has_a_seat_is_not_rejected(written, cohort):
    (enrolment,) = people(written, cohort, "Noor A")

    with pytest.raises(TransitionRefused):
        intake.reject(written, enrolment, by="operator", reason="", now=NOW)


def test_a_closed_cohort_confirms_nobody(written, cohort):
    enrolment = apply(written, cohort)
    cohort.status = CohortStatus.CANCELLED

    with pytest.raises(Refused, match="neemt nu geen deelnemers aan"):
        intake.confirm(written, enrolment, **LATER)


# ---------------------------------------------------------------------------------------------------------- finding


def test_somebody_is_found_by_address_or_number(written, cohort):
    enrolment = apply(written, cohort)

    assert intake.find(written, cohort, "NOOR@gemeente.example") is enrolment
    assert intake.find(written, cohort, str(enrolment.id)) is enrolment
    for nobody in ("999", "9" * 30, "piet@gemeente.example", "Noor", "²"):
        with pytest.raises(NotFound) as refused:
            intake.find(written, cohort, nobody)
        assert cohort.code in refused.value.remedy


def test_who_came_back_is_found_as_they_are_now(written, cohort):
    first = apply(written, cohort)
    intake.withdraw(written, first, **LATER)
    assert intake.find(written, cohort, "noor@gemeente.example") is first

    again = apply(written, cohort)
    newest = Enrolment(
        cohort_id=cohort.id, cohort=cohort, person=first.person, status=EnrolmentStatus.REJECTED, source="portal",
        applied_at=NOW, screening={},
    )  # fmt: skip
    written.add(newest)
    written.flush()

    assert intake.find(written, cohort, "noor@gemeente.example") is again


def test_ending_somebody_who_left_is_refused(written, cohort):
    enrolment = apply(written, cohort)
    intake.withdraw(written, enrolment, **LATER)

    with pytest.raises(TransitionRefused):
        intake.end(written, enrolment, EnrolmentEvent.WITHDRAW, by="operator", now=NOW)


def test_the_clock_owes_nothing_twice(written, cohort):
    people(written, cohort, "Noor A", "Sam B", "Ilse C")
    intake.advance(written, cohort, now=NOW, bureau=BUREAU)

    assert ledger.owe_due(written, cohort, steps=None, now=NOW, bureau=BUREAU) == []
