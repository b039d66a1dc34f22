"""What a host tells besides yes or no."""

import pytest

from tests.portal.stages import walk
from tests.portal.world import World
from vitale_core.domain.errors import Refused
from vitale_core.domain.practical import Practical
from vitale_core.domain.states import TaskStatus, VisitStatus
from vitale_core.steps import hosting
from vitale_core.store.records import AuditEvent, Cohort, Project, Task, Visit

TOLD = Practical(" bij de\npoort", "geen trappen", "achter de kerk", "Jan, 06 12345678", more=" Bel aan.\r\n")


@pytest.fixture
def world(database, tmp_path):
    return World(database, tmp_path)


def until(world, name):
    """Play the life of a cohort until a stage; return its first visit that was asked."""
    for stage in walk(world):
        if stage.name == name:
            break
    return next(v.id for v in world.visits() if v.status is not VisitStatus.PROPOSED)


def look_back(world, visit, **given):
    with world.database.write() as session:
        options = {"words": "Goed gesprek.", "again": "ja"} | given
        return hosting.look_back(session, session.get_one(Visit, visit), by="gastheer", now=world.now, **options).id


def test_practical_information_makes_waiting_letters_anew(world):
    visit = until(world, "hosts asked")
    project = world.one(Visit, id=visit).project_id
    before = world.one(Cohort).version

    with world.database.write() as session:
        changed = hosting.set_practical(session, session.get_one(Project, project), TOLD, by="gastheer", now=world.now)

    assert changed
    kept = world.one(Project, id=project)
    assert (kept.meeting_point, kept.parking, kept.practical) == ("bij de poort", "achter de kerk", "Bel aan.")
    assert world.one(Cohort).version > before
    assert world.all(AuditEvent)[-1].what == "practical information"


def test_the_same_information_changes_nothing(world):
    world.hosts(1)
    with world.database.write() as session:
        project = session.get_one(Project, 1)
        told = Practical(more="Bel aan bij de zij-ingang.")
        assert not hosting.set_practical(session, project, told, by="x", now=world.now)
    assert "practical information" not in {event.what for event in world.all(AuditEvent)}


def test_a_look_back_waits_for_the_operator_and_can_be_told_anew(world):
    visit = until(world, "after the visits")

    first = look_back(world, visit)
    again = look_back(world, visit, words="Bij nader inzien rommelig.", again="nee")

    assert first == again
    task = world.one(Task, id=first)
    assert (task.status, task.note) == (TaskStatus.OPEN, "Bij nader inzien rommelig.")
    assert task.what.endswith("liever niet nog eens.")


def test_before_the_visit_or_without_a_choice_nothing_is_kept(world):
    visit = until(world, "visits booked")

    with pytest.raises(Refused, match="nog niet geweest"):
        look_back(world, visit)
    with pytest.raises(Refused, match="Kies"):
        look_back(world, visit, again="altijd")
    assert "host-look-back" not in {task.kind for task in world.all(Task)}
