"""What a change would do, shown before it is done, with nothing left behind."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    some_enrolments,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import EnrolmentStatus
from vitale_core.steps import changes, cohorts, intake, invitations, lifecycle, programmes, werkbezoek
from vitale_core.steps.consequences import rehearse
from vitale_core.steps.intake import Application
from vitale_core.store.records import Base, Cohort, Enrolment, Slot, Visit

HOW: dict[str, Any] = {"now": NOW, "bureau": BUREAU}


@pytest.fixture
def running(database):
    """A cohort of three people that goes ahead, its invitations owed and nothing due."""
    with database.write() as session:
        cohort = a_cohort(session, capacity=3, minimum=1)
        some_enrolments(session, cohort, 3)
        invitations.sync(session, cohort, **HOW)
        settle(session, cohort)
        return cohort.id


def settle(session, cohort):
    for step in lifecycle.steps_due(session, cohort, **HOW):
        lifecycle.advance(session, cohort, step, **HOW)
    lifecycle.settle(session, cohort, **HOW)


def everything(database):
    """Every row of every table."""
    with database.read() as session:
        return {t.name: session.execute(select(t)).all() for t in Base.metadata.sorted_tables}


def kinds(mails):
    return sorted(mail.kind for mail in mails)


def test_a_rehearsal_leaves_nothing_behind(database, running):
    before = everything(database)

    rehearse(database, lambda s: cohorts.cancel(s, s.get_one(Cohort, running), reason="ziek", **HERE).id, **HOW)

    assert everything(database) == before


def test_it_tells_who_gets_which_mail_and_what_leaves_the_calendars(database, running):
    def change(session):
        cohorts.cancel(session, session.get_one(Cohort, running), reason="ziek", **HERE)
        return "afgezegd"

    seen = rehearse(database, change, **HOW)

    assert seen.result == "afgezegd"
    assert kinds(seen.letters) == [Kind.COHORT_CANCELLED] * 3
    assert {mail.name for mail in seen.letters} == {"Noor Dijkstra", "Sam Bakker", "Ilse Postma"}
    # Nobody heard of these invitations yet, so they are taken back instead of cancelled.
    assert seen.calendar == ()
    assert Kind.CALENDAR_INVITATION in kinds(seen.taken_back)


def test_what_was_due_anyway_is_no_consequence(database, running):
    with database.write() as session:
        cohort = session.get_one(Cohort, running)
        an_enrolment(session, cohort, "Bram Smit", status=EnrolmentStatus.APPLIED)

    def change(session):
        mine = session.scalars(select(Enrolment).where(Enrolment.cohort_id == running).order_by(Enrolment.id)).first()
        intake.withdraw(session, mine, **HERE)

    seen = rehearse(database, change, **HOW)

    assert Kind.RECEIPT not in kinds(seen.mails)
    assert kinds(seen.letters) == [Kind.WITHDRAWN]


def test_what_waits_for_a_person_afterwards_is_told(database, running):
    def change(session):
        mine = session.scalars(select(Enrolment).where(Enrolment.cohort_id == running)).first()
        intake.withdraw(session, mine, **HERE)

    seen = rehearse(database, change, **HOW)

    assert [task.command for task in seen.tasks] == ["vitale groups show 2027-voorjaar"]
    with database.read() as session:
        assert tasks_of(session, "seat-free") == []


def test_a_mail_that_waits_for_approval_is_marked(database, running):
    with database.write() as session:
        bram = an_enrolment(session, session.get_one(Cohort, running), "Bram Smit", status=EnrolmentStatus.APPLIED).id

    def change(session):
        intake.reject(session, session.get_one(Enrolment, bram), by="operator", reason="vol", now=NOW)

    (mail,) = rehearse(database, change, **HOW).mails
    assert (mail.kind, mail.approval) == (Kind.REJECTED, True)


def test_what_a_rule_refuses_is_refused_before_it_is_shown(database, running):
    def change(session):
        cohorts.get(session, "2027-zomer")

    with pytest.raises(Refused, match="2027-zomer"):
        rehearse(database, change, **HOW)


def test_a_new_cohort_can_be_rehearsed_too(database, running):
    def change(session):
        document = session.get_one(Cohort, running).programme.document
        version = programmes.pin(session, document, now=NOW)
        days = {"day1": (NOW + timedelta(days=200)).date(), "day2": (NOW + timedelta(days=230)).date()}
        made, _ = cohorts.create(session, code="2027-najaar", programme=version, days=days, **HERE)
        form = Application("Bram Smit", "bram@gemeente.example")
        intake.apply(session, made, form, source="operator", **HOW)
        return made.code

    seen = rehearse(database, change, **HOW)

    assert (seen.result, kinds(seen.mails)) == ("2027-najaar", [Kind.RECEIPT])
    with database.read() as session:
        assert list(session.scalars(select(Cohort.code))) == ["2027-voorjaar"]


def test_it_tells_which_lists_change_and_what_speaks_against_the_new_date(database, running):
    def change(session):
        cohort = session.get_one(Cohort, running)
        intake.withdraw(session, session.scalars(select(Enrolment)).first(), **HERE)
        changes.move_day(session, cohort, "day2", to=date(2027, 4, 27), **HERE)

    seen = rehearse(database, change, **HOW)

    assert [(one.name, one.before, one.after) for one in seen.lists] == [("deelnemers", 3, 2)]
    assert [c.sentence for c in seen.conflicts] == ["day2 (dinsdag 27 april 2027) is Koningsdag."]


def test_a_visit_that_moves_is_held_against_who_can(database):
    with database.write() as session:
        _cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        werkbezoek.confirm_visit(session, visit, **HERE)
        an_intake(session, visit.group.members[0].enrolment, available=[f"s{visit.slot_id}"])
        number, slots = visit.id, werkbezoek.free_slots(session, visit, **HOW)
        slot = next(s.id for s in slots if s.project_id == visit.project_id)

    def move(session):
        werkbezoek.move_visit(session, session.get_one(Visit, number), session.get_one(Slot, slot), **HERE)

    seen = rehearse(database, move, **HOW)

    assert ["1 deelnemer kan dan niet" in c.without_names for c in seen.conflicts] == [True]
