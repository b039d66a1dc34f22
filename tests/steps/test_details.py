"""Somebody corrects their own particulars."""

import pytest

from tests.portal.world import World
from vitale_core.domain.errors import Refused
from vitale_core.steps import details
from vitale_core.store.records import AuditEvent, Cohort, Person


@pytest.fixture
def world(database, tmp_path):
    return World(database, tmp_path)


def correct(world, person, given):
    with world.database.write() as session:
        return details.correct(
            session, session.get_one(Person, person), given, by="deelnemer", now=world.now, bureau=world.bureau
        )


def noor(world):
    world.person(world.cohort(), 0)
    return next(p.id for p in world.all(Person) if p.name == "Noor de Jong")


def test_what_differs_is_changed_and_written_down_without_the_words(world):
    person = noor(world)
    before = world.one(Cohort).version

    changed = correct(world, person, {"name": " Noor  Jansen", "phone": "06 1", "organisation": "gemeente Assen"})

    assert changed == ("name", "phone")
    kept = world.one(Person, id=person)
    assert (kept.name, kept.phone) == ("Noor Jansen", "06 1")
    assert world.all(AuditEvent)[-1].detail == {"fields": ["name", "phone"]}
    assert world.one(Cohort).version > before


def test_the_same_again_changes_nothing(world):
    person = noor(world)
    correct(world, person, {"name": "Noor Jansen"})
    before = world.one(Cohort).version

    assert correct(world, person, {"name": "Noor Jansen", "phone": ""}) == ()
    assert world.one(Cohort).version == before


def test_a_field_can_be_emptied_but_a_name_cannot(world):
    person = noor(world)

    correct(world, person, {"organisation": ""})

    assert world.one(Person, id=person).organisation is None
    with pytest.raises(Refused):
        correct(world, person, {"name": "  "})


def test_somebody_without_an_enrolment_can_do_it_too(world):
    world.cohort()
    trainer = world.one(Cohort).trainer_id

    assert correct(world, trainer, {"phone": "0592 1"}) == ("phone",)
