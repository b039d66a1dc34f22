"""What waits for a person: once, until it is done or no longer needed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.builders import NOW, bare_cohort, bare_enrolment
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import TaskStatus
from vitale_core.steps import tasks
from vitale_core.store.records import Task


def owe(session, key="seat/1", kind="seat", **facts):
    return tasks.owe_task(session, key=key, kind=kind, what="Kijk even.", now=NOW, **facts)


def waiting(session) -> list[str]:
    return list(session.scalars(select(Task.key).where(Task.status == TaskStatus.OPEN).order_by(Task.id)))


def test_a_task_waits_once_and_can_come_back_when_it_was_done(database):
    with database.write() as session:
        first = owe(session)

        assert owe(session) is None
        tasks.finish_task(session, first.id, by="Jan", now=NOW, note="gebeld")
        again = owe(session)

        assert again is not None
        assert (first.status, first.closed_by, first.note) == (TaskStatus.DONE, "Jan", "gebeld")


def test_closing_by_key_takes_that_task_and_what_lies_below_it(database):
    with database.write() as session:
        for key in ("seat/1", "seat/1/2", "seat/12", "seat/12/1", "seat%/1", "other/1"):
            owe(session, key=key)

        assert tasks.close_tasks(session, key_prefix="seat/1", by="klok", now=NOW, note="klaar") == 2
        assert waiting(session) == ["seat/12", "seat/12/1", "seat%/1", "other/1"]
        assert tasks.close_tasks(session, key_prefix="seat/12/", by="klok", now=NOW) == 1
        assert tasks.close_tasks(session, key_prefix="seat/99", by="klok", now=NOW) == 0


def test_closing_by_kind_stays_within_the_cohort_and_the_person(database):
    with database.write() as session:
        cohort, other = bare_cohort(session), bare_cohort(session, code="ander")
        session.flush()
        anna, piet = bare_enrolment(session, cohort), bare_enrolment(session, cohort)
        session.flush()
        owe(session, key="a", kind="silent", cohort_id=cohort.id, enrolment_id=anna.id)
        owe(session, key="b", kind="silent", cohort_id=cohort.id, enrolment_id=piet.id)
        owe(session, key="c", kind="silent", cohort_id=other.id)
        owe(session, key="d", kind="decide", cohort_id=cohort.id, enrolment_id=anna.id)

        one = tasks.close_tasks_of(
            session, cohort_id=cohort.id, kind="silent", by="klok", now=NOW, enrolment_id=anna.id
        )
        assert (one, waiting(session)) == (1, ["b", "c", "d"])
        assert tasks.close_tasks_of(session, cohort_id=cohort.id, kind="silent", by="klok", now=NOW) == 1
        assert waiting(session) == ["c", "d"]


def test_what_waits_for_who_left_is_dropped(database):
    with database.write() as session:
        cohort = bare_cohort(session)
        session.flush()
        anna = bare_enrolment(session, cohort)
        session.flush()
        task = owe(session, cohort_id=cohort.id, enrolment_id=anna.id)
        owe(session, key="other")

        assert tasks.close_tasks_of_enrolment(session, enrolment_id=anna.id, by="klok", now=NOW) == 1
        assert task.status is TaskStatus.DROPPED
        assert waiting(session) == ["other"]


def test_what_is_done_stays_as_it_was_done(database):
    with database.write() as session:
        task = owe(session)
        tasks.finish_task(session, task.id, by="Jan", now=NOW, note="gebeld")

        tasks.finish_task(session, task.id, by="Piet", now=NOW, note="nog eens")

        assert (task.closed_by, task.note) == ("Jan", "gebeld")
        with pytest.raises(NotFound) as refused:
            tasks.finish_task(session, 999, by="Jan", now=NOW)
        assert refused.value.remedy == "vitale today"


def test_what_is_too_late_in_a_cohort_that_is_over_is_dropped(database):
    with database.write() as session:
        cohort = bare_cohort(session)
        session.flush()
        late = owe(session, key="late", cohort_id=cohort.id, due_at=NOW)
        owe(session, key="ahead", cohort_id=cohort.id, due_at=NOW + timedelta(days=1))
        owe(session, key="elsewhere", due_at=NOW)

        assert tasks.drop_late_tasks(session, cohort_id=cohort.id, by="klok", now=NOW) == 1
        assert late.status is TaskStatus.DROPPED
        assert waiting(session) == ["ahead", "elsewhere"]
