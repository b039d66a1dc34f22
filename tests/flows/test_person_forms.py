"""The forms of the operator about people: seats, answers, attendance, addresses."""

import pytest
from sqlalchemy import select

from flows import evaluation, intake, persons, reminders
from tests.aanmeldingen import apply
from tests.flows.asking import CODE, ask, in_database, session_of, status_of, with_people
from tests.incoming_mails import nested
from tests.training import BUREAU, NOW, a_cohort, a_planned_cohort, an_approved_cohort, an_enrolment, at, newest_plan
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus
from vitale_core.steps import cohorts
from vitale_core.steps import invitations as calendars
from vitale_core.store.records import Enrolment, Incoming, Invitation

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_confirming_an_applicant_gives_a_seat(app):
    in_database(app, a_cohort, status=CohortStatus.OPEN)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE)).id

    said = ask(intake.decide_applicant, number, intake.Decision.CONFIRM)

    assert said == f"Aanmelding {number} is nu: geplaatst."
    assert status_of(app, Enrolment, number) is EnrolmentStatus.CONFIRMED


def test_rejecting_an_applicant_is_written_down_with_who_did_it(app):
    in_database(app, a_cohort, status=CohortStatus.OPEN)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE)).id

    ask(intake.decide_applicant, number, intake.Decision.REJECT, by="Marijke", reason="past niet")

    with app.database.read() as session:
        enrolment = session.get_one(Enrolment, number)
        assert enrolment.status is EnrolmentStatus.REJECTED
        assert enrolment.screened_by == "Marijke"


def test_an_applicant_who_does_not_exist_is_named(app):
    with pytest.raises(NotFound, match="Aanmelding 99 bestaat niet"):
        ask(intake.decide_applicant, 99, intake.Decision.CONFIRM)


def test_an_answer_by_phone_counts_like_any_other(app):
    with app.database.write() as session:
        cohort = a_cohort(session)
        number = an_enrolment(session, cohort).id
        calendars.sync(session, cohort, now=NOW, bureau=BUREAU)

    ask(reminders.record_answer, CODE, number, "dagdeel-1", reminders.Said.DECLINED)

    with app.database.read() as session:
        meeting = cohorts.find_session(session, cohorts.get(session, CODE), "dagdeel-1")
        [invitation] = session.scalars(select(Invitation).where(Invitation.session_id == meeting.id))
        assert invitation.answer is Answer.DECLINED


def test_who_was_not_invited_cannot_answer(app):
    with app.database.write() as session:
        number = an_enrolment(session, a_cohort(session)).id

    with pytest.raises(NotFound, match="niet uitgenodigd"):
        ask(reminders.record_answer, CODE, number, "dagdeel-1", reminders.Said.ACCEPTED)


def test_attendance_with_somebody_forgotten_is_refused_until_the_rest_is_told(app, times):
    in_database(app, a_planned_cohort)
    times.now = at("2027-03-19")

    with pytest.raises(Refused):
        ask(evaluation.close_attendance, CODE, "dagdeel-1")
    ask(evaluation.close_attendance, CODE, "dagdeel-1", rest=evaluation.Rest.PRESENT)

    assert session_of(app, "dagdeel-1").attendance_closed_at == times.now


def people_of(app):
    with app.database.read() as session:
        return [e.id for e in session.scalars(select(Enrolment).order_by(Enrolment.id))]


def test_somebody_stops_and_is_let_in_again_with_a_new_aanmelding(app):
    with_people(app)
    first, _second = people_of(app)

    assert ask(persons.withdraw, first) == f"Deelnemer {first} is nu: afgemeld."
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE), "Daan Mulder").id
    assert ask(persons.let_in, number) == f"Aanmelding {number} is nu: geplaatst."


def test_a_colleague_who_applied_takes_the_seat(app):
    with_people(app, capacity=2, minimum=1)
    first, _second = people_of(app)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE), "Daan Mulder").id

    said = ask(persons.substitute, first, number)

    assert said == f"Deelnemer {number} heeft nu de plek van {first}."
    assert status_of(app, Enrolment, first) is EnrolmentStatus.SUBSTITUTED


def test_somebody_goes_to_another_cohort(app):
    with_people(app)
    in_database(app, a_cohort, "2027-najaar")
    first, _second = people_of(app)

    said = ask(persons.transfer, first, "2027-najaar")

    assert said.endswith("in 2027-najaar: geplaatst.")


def test_an_address_is_that_of_a_mail_that_came_in(app):
    with_people(app)
    first, _second = people_of(app)
    with app.database.write() as session:
        facts = {"sha256": "1", "received_at": NOW, "kind": "free", "outcome": "task", "why": ""}
        came_in = Incoming(source="a", raw=b"From: Noor <noor@nieuw.example>\r\nSubject: hoi\r\n\r\nhoi\r\n", **facts)
        gone = Incoming(source="b", raw=None, **{**facts, "sha256": "2"})
        session.add_all([came_in, gone])
        session.flush()
        mail, empty = came_in.id, gone.id

    said = ask(persons.correct_address, first, mail)

    assert said == f"Deelnemer {first} heeft het adres van mail {mail}."
    with app.database.read() as session:
        assert session.get_one(Enrolment, first).person.email == "noor@nieuw.example"
    with pytest.raises(Refused, match="niet meer bewaard"):
        ask(persons.correct_address, first, empty)
    with app.database.write() as session:
        session.get_one(Incoming, mail).raw = nested(200)
    with pytest.raises(Refused, match="afzender van mail"):
        ask(persons.correct_address, first, mail)


def test_somebody_goes_with_another_group(app):
    in_database(app, lambda session: an_approved_cohort(session, people=8)[0])
    first = people_of(app)[0]
    with app.database.read() as session:
        plan = newest_plan(session, cohorts.get(session, CODE))
        here = next(g.number for g in plan.groups if first in {m.enrolment_id for m in g.members})

    said = ask(persons.change_group, first, 3 - here)

    assert said == f"Deelnemer {first} zit nu in groep {3 - here} (versie 2)."
