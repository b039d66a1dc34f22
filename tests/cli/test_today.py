"""`vitale today`: each task has its number, and is closed by hand with a word about what was done."""

from sqlalchemy import select

from vitale_cli.desk import open_desk
from vitale_core.store.records import Task


def decide(vitale):
    """A cohort in which an aanmelding waits; return the number of the task that asks for a decision."""
    vitale.ok("import", vitale.a_cohort(), str(vitale.people(1)))
    items = vitale.json("today")["items"]
    return next(item["task"] for item in items if item["what"].startswith("Beslis over aanmelding"))


def test_a_task_names_its_number_and_how_to_close_it(vitale):
    number = decide(vitale)

    said = vitale.ok("today").out

    assert f"[taak {number}]" in said
    assert "vitale today --done NR --note" in said


def test_a_task_that_is_done_is_closed_by_hand_and_says_so(vitale):
    number = str(decide(vitale))

    tried = vitale.ok("today", "--done", number, "--note", "Gebeld, komt.", "--dry-run")
    assert f"[taak {number}]" in vitale.ok("today").out
    done = vitale.ok("today", "--done", number, "--note", "Gebeld, komt.")
    again = vitale.ok("today", "--done", number, "--note", "Nog eens.")

    assert "Er is niets opgeslagen" in tried.err + tried.out
    assert f"Taak {number} is klaar: Beslis over aanmelding" in done.out
    assert f"Taak {number} was al gesloten" in again.out
    assert f"[taak {number}]" not in vitale.ok("today").out
    with open_desk() as desk, desk.database.read() as session:
        task = session.scalars(select(Task).where(Task.id == int(number))).one()
        assert (task.status, task.closed_by, task.note) == ("done", "operator", "Gebeld, komt.")


def test_what_cannot_be_closed_is_told(vitale):
    number = str(decide(vitale))

    silent, unknown, alone = (
        vitale("today", "--done", number),
        vitale("today", "--done", "999", "--note", "Gebeld."),
        vitale("today", "--note", "Gebeld."),
    )

    assert (silent.code, unknown.code, alone.code) == (2, 3, 2)
    assert "Schrijf kort op wat je hebt gedaan." in silent.err
    assert "Taak 999 bestaat niet." in unknown.err
    assert "--note hoort bij --done." in alone.err
