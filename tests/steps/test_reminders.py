"""Reminders follow from the programme alone: this step changes no facts."""

from sqlalchemy import select

from tests.training import BUREAU, a_cohort, an_enrolment, at, mails_of
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import Answer
from vitale_core.steps import invitations, reminders
from vitale_core.store.records import Cohort, Invitation


def test_people_and_trainer_hear_what_the_day_needs(database):
    with database.write() as session:
        cohort = a_cohort(session, trainer_name="Roos Hoekstra", trainer_email="roos@bureau.example")
        an_enrolment(session, cohort)

        for _ in range(2):
            reminders.advance(session, cohort, now=at("2027-03-16", "09:00"), bureau=BUREAU)

        assert [m.subject for m in mails_of(session, Kind.REMINDER)] == ["dagdeel-1"]
        assert [m.payload["nr"] for m in mails_of(session, Kind.PREPARATION)] == [1]
        assert [m.person.email for m in mails_of(session, Kind.PARTICIPANT_LIST)] == ["roos@bureau.example"]
        assert mails_of(session, Kind.RECEIPT) == []


def test_who_declined_the_day_gets_no_see_you_tomorrow(database):
    with database.write() as session:
        cohort = a_cohort(session)
        an_enrolment(session, cohort)
        invitations.sync(session, cohort, now=at("2027-02-01"), bureau=BUREAU)
        for invitation in session.scalars(select(Invitation)):
            if invitation.session.day == "day1":
                invitation.answer = Answer.DECLINED

        reminders.advance(session, cohort, now=at("2027-03-16", "09:00"), bureau=BUREAU)

        assert mails_of(session, Kind.REMINDER) == []


def test_no_fact_is_changed(database):
    with database.write() as session:
        cohort = a_cohort(session)
        an_enrolment(session, cohort)
        number = cohort.id
    with database.read() as session:
        before = session.get_one(Cohort, number).version
    with database.write() as session:
        reminders.advance(session, session.get_one(Cohort, number), now=at("2027-03-16", "09:00"), bureau=BUREAU)

    with database.read() as session:
        assert session.get_one(Cohort, number).version == before
