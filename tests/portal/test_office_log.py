"""The operator's pages: deeds and notes in the log, by name."""

import pytest

from tests.portal.deeds import BASE, deed
from tests.portal.stages import at
from tests.portal.visitor import Page
from vitale_core.store.records import AuditEvent, Task


def test_deeds_stand_in_the_log_with_the_name(world, visitor):
    stage = at(world, "applied")
    deed(visitor, f"{BASE}/mensen/{stage.undecided}", {"besluit": "plaatsen", "naam": "Anja"})

    words = Page(visitor.open(f"{BASE}/logboek").text).words

    assert "Anja" in words
    assert "Anja" in {event.actor for event in world.all(AuditEvent)}


NOTED = "Overlegd met Marit."


NAMED = {"naam": "Anja", "notitie": NOTED}


def place(world, visitor, stage):
    deed(visitor, f"{BASE}/mensen/{stage.undecided}", {"besluit": "plaatsen"} | NAMED)


def take_out(world, visitor, stage):
    deed(visitor, f"{BASE}/mensen/{stage.people[0]}", {"besluit": "afmelden"} | NAMED)


def go_ahead(world, visitor, stage):
    deed(visitor, f"{BASE}/doorgaan", {"besluit": "ja"} | NAMED)


def approve_plan(world, visitor, stage):
    deed(visitor, f"{BASE}/plan", NAMED)


def host_said_yes(world, visitor, stage):
    deed(visitor, f"{BASE}/gastheren", {"antwoord": "ja"} | NAMED, nr=0)


def host_said_no(world, visitor, stage):
    deed(visitor, f"{BASE}/gastheren", {"antwoord": "nee"} | NAMED, nr=0)


def choose_date(world, visitor, stage):
    form = Page(visitor.open(f"{BASE}/evaluatie").text).forms[0]
    deed(visitor, f"{BASE}/evaluatie", {"datum": form.names["datum"][0]} | NAMED)


@pytest.mark.parametrize(
    "stage,act",
    [
        ("applied", place),
        ("full", take_out),
        ("full", go_ahead),
        ("proposed", approve_plan),
        ("hosts asked", host_said_yes),
        ("hosts asked", host_said_no),
        ("evaluated", choose_date),
    ],
)
def test_a_note_stands_in_the_log_beside_the_name(world, visitor, stage, act):
    act(world, visitor, at(world, stage))

    log = Page(visitor.open(f"{BASE}/logboek").text).words

    assert NOTED in log
    assert "Anja" in log


def test_without_a_note_nothing_is_noted(world, visitor):
    place_only = at(world, "applied")

    deed(visitor, f"{BASE}/mensen/{place_only.undecided}", {"besluit": "plaatsen", "naam": "Anja"})

    assert "remark" not in {task.kind for task in world.all(Task)}
