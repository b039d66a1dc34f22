"""A task that cannot help any more is dropped by itself; one that still asks something stays."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.training import BUREAU, HERE, NOW, a_cohort, an_approved_cohort, an_enrolment, at, tasks_of
from vitale_core.domain.states import SessionStatus, TaskStatus
from vitale_core.steps import changes, groups, intake, lifecycle, outdated, tasks
from vitale_core.store.records import AuditEvent, Invitation, Task

DAY1 = at("2027-03-18", "09:30")
SILENT = at("2027-03-16", "12:00")


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    """Somebody who told nothing and answered nothing, two days before day 1."""
    made = a_cohort(written)
    an_enrolment(written, made)
    ask(written, made, NOW)
    ask(written, made, SILENT)
    return made


def ask(session, cohort, now):
    for step in ("intake", "invitations", "reminders"):
        lifecycle.advance(session, cohort, step, now=now, bureau=BUREAU)


def open_kinds(session):
    query = select(Task.kind).where(Task.status == TaskStatus.OPEN, Task.kind.in_(["intake-silent", "rsvp-silent"]))
    return sorted(session.scalars(query))


def test_nobody_is_called_about_a_day_that_began(written, cohort):
    assert open_kinds(written) == ["intake-silent", "rsvp-silent"]

    ask(written, cohort, DAY1 - timedelta(minutes=1))
    assert open_kinds(written) == ["intake-silent", "rsvp-silent"]
    ask(written, cohort, DAY1)

    assert open_kinds(written) == []
    dropped = written.scalars(select(Task).where(Task.status == TaskStatus.DROPPED)).all()
    assert {(t.closed_by, t.note) for t in dropped} == {("klok", outdated.TOLD)}
    logged = written.scalars(select(AuditEvent).where(AuditEvent.what == "task dropped")).all()
    assert [e.detail["kind"] for e in logged] == [t.kind for t in dropped]


def test_who_answered_by_whatever_way_needs_no_call(written, cohort):
    for invitation in written.scalars(select(Invitation)).all():
        invitation.answer = "accepted"
    written.flush()

    ask(written, cohort, SILENT + timedelta(minutes=5))

    assert open_kinds(written) == ["intake-silent"]


def test_a_later_day_gives_more_time_to_call(written, cohort):
    before = tasks_of(written, "intake-silent")[0].due_at
    for name, clock in (("dagdeel-1", "09:30"), ("dagdeel-2", "13:30")):
        changes.move_session(
            written, cohort, name, start=at("2027-03-25", clock), by="operator", now=SILENT, bureau=BUREAU
        )

    ask(written, cohort, DAY1)

    (task,) = tasks_of(written, "intake-silent")
    assert before < task.due_at


def test_a_list_that_was_not_filled_in_stays(written, cohort):
    ask(written, cohort, DAY1)
    lifecycle.advance(written, cohort, "evaluation", now=at("2027-03-22"), bureau=BUREAU)
    assert tasks_of(written, "attendance")

    ask(written, cohort, at("2027-08-01"))

    assert tasks_of(written, "attendance")


def a_decline(session, cohort, due):
    task = tasks.owe_task(
        session, key="declined/1/0", kind="declined", what="Kan niet.", cohort_id=cohort.id, due_at=due, now=NOW
    )
    assert task is not None
    return task


def test_who_could_not_come_is_past_with_the_meeting(written, cohort):
    task = a_decline(written, cohort, DAY1)

    outdated.drop(written, cohort, now=DAY1 - timedelta(minutes=1), bureau=BUREAU)
    assert task.status is TaskStatus.OPEN
    outdated.drop(written, cohort, now=DAY1, bureau=BUREAU)

    assert task.status is TaskStatus.DROPPED


def leaving(session):
    cohort, plan = an_approved_cohort(session, people=12)
    leaver = plan.groups[0].members[0].enrolment
    intake.withdraw(session, leaver, by="operator", now=NOW, bureau=BUREAU)
    assert len(tasks_of(session, "seat-free")) == 1
    return cohort


def test_a_newer_plan_settles_who_left(written):
    cohort = leaving(written)

    plan = groups.propose(written, cohort, **HERE)
    assert len(tasks_of(written, "seat-free")) == 1
    groups.approve(written, cohort, plan.version, **HERE)

    assert tasks_of(written, "seat-free") == []


def test_a_place_in_a_group_is_past_with_the_last_day(written):
    cohort = leaving(written)

    outdated.drop(written, cohort, now=at("2027-04-20"), bureau=BUREAU)
    assert len(tasks_of(written, "seat-free")) == 1
    outdated.drop(written, cohort, now=at("2027-04-25"), bureau=BUREAU)

    assert tasks_of(written, "seat-free") == []


def test_a_proposal_that_nobody_approved_asks_nothing_once_the_visits_are_over(written):
    cohort, plan = an_approved_cohort(written, people=12)
    intake.withdraw(written, plan.groups[0].members[0].enrolment, by="operator", now=NOW, bureau=BUREAU)
    groups.propose(written, cohort, **HERE)

    outdated.drop(written, cohort, now=at("2027-04-20"), bureau=BUREAU)
    assert len(tasks_of(written, "groups-approve")) == 1
    outdated.drop(written, cohort, now=at("2027-04-25"), bureau=BUREAU)

    assert tasks_of(written, "groups-approve") == []


def test_without_a_last_day_nothing_is_past(written):
    cohort = leaving(written)
    for meeting in cohort.sessions:
        meeting.status = SessionStatus.CANCELLED
    written.flush()

    assert outdated.drop(written, cohort, now=at("2027-12-01"), bureau=BUREAU) == 0
    assert len(tasks_of(written, "seat-free")) == 1


def test_each_silent_person_is_looked_at_alone(written, cohort):
    sam = an_enrolment(written, cohort, "Sam Bakker")
    ask(written, cohort, at("2027-03-17", "12:00"))
    before = {task.enrolment_id for task in tasks_of(written, "rsvp-silent")}
    for invitation in written.scalars(select(Invitation).where(Invitation.enrolment_id != sam.id)).all():
        invitation.answer = "accepted"
    written.flush()

    ask(written, cohort, at("2027-03-17", "12:05"))

    assert sam.id in before
    assert [task.enrolment_id for task in tasks_of(written, "rsvp-silent")] == [sam.id]
