"""A remark of the operator about a mail, or about something they did."""

from datetime import timedelta

import pytest

from tests.portal.world import World
from vitale_core.domain.errors import NotFound
from vitale_core.domain.states import TaskStatus
from vitale_core.steps import privacy
from vitale_core.steps.post import remarks
from vitale_core.store.records import Attempt, Enrolment, Message, Task


@pytest.fixture
def world(database, tmp_path):
    return World(database, tmp_path)


def remark(world, number, words):
    with world.database.write() as session:
        return remarks.on_mail(session, number, words, by="Anja", now=world.now)


def test_a_remark_stands_beside_the_other_events_of_a_mail(world):
    world.person(world.cohort())
    number = world.all(Message)[0].id

    remark(world, number, " Nagelezen.\n")

    kept = world.one(Attempt, message_id=number, what="remark")
    assert kept.text == "Anja: Nagelezen."


def test_no_words_are_no_remark(world):
    assert remark(world, 1, "  ") is None
    assert world.all(Attempt) == []


def test_a_mail_that_is_not_there_has_no_remarks(world):
    with pytest.raises(NotFound):
        remark(world, 1, "Nagelezen.")


def deed(world, words, **about):
    with world.database.write() as session:
        return remarks.on_deed(session, "Besloten.", words, by="Anja", now=world.now, **about)


def test_a_remark_about_something_the_operator_did_is_a_task_that_was_done(world):
    deed(world, " Belde maandag.\n", cohort_id=world.cohort())

    kept = world.one(Task, kind="remark")
    assert (kept.note, kept.closed_by, kept.status) == ("Belde maandag.", "Anja", TaskStatus.DONE)


def test_a_remark_about_a_person_goes_with_the_person(world):
    cohort = world.cohort()
    enrolment = world.person(cohort)
    deed(world, "Ziek.", cohort_id=cohort, enrolment_id=enrolment)
    with world.database.write() as session:
        person = session.get_one(Enrolment, enrolment).person
        privacy.erase(session, person, by="Anja", now=world.now, bureau=world.bureau)
        privacy.finish_erasures(session, now=world.now + timedelta(days=120))

    assert world.one(Task, kind="remark").note == ""


def test_a_deed_without_words_leaves_no_remark(world):
    assert deed(world, "  ", cohort_id=world.cohort()) is None
