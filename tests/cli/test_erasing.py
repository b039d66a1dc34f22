"""Erasing by the command: it ends by itself once the last mail has left, and nothing of it stays on the disk."""

from tests.cli.desk import DAYS, MONDAY, PROGRAMME
from vitale_core.app import build

WHO = ("--name", "Quirijn Kanarie", "--email", "quirijn@ede.example")


def traces(folder):
    """Return the files that still know Quirijn."""
    files = {path.name: path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    return [name for name, content in files.items() if b"quirijn" in content or b"kanarie" in content]


def test_the_tick_that_sends_the_last_mail_leaves_nothing_of_somebody_also_while_pages_are_served(vitale):
    vitale.ok("cohort", "create", "voorjaar", *PROGRAMME, *DAYS, "--now", MONDAY)
    vitale.ok("person", "add", "voorjaar", *WHO, "--yes")
    vitale("cohort", "go", "voorjaar", "--yes")
    vitale("tick")
    pages = build().database
    with pages.read() as session:
        session.connection()
    assert traces(vitale.folder / "var")

    asked = vitale.json("person", "erase", "quirijn@ede.example", "--yes")
    vitale("tick")

    assert not asked["erased"]
    assert traces(vitale.folder / "var") == []
    pages.dispose()


def test_who_was_there_still_counts_after_erasing(vitale):
    code = vitale.going_ahead(3)
    day, *_ = vitale.json("cohort", "show", code)["cohort"]["sessions"]
    vitale.ok("tick", "--now", "2027-03-18T17:00")
    vitale.ok("attendance", "close", code, day["name"], "--rest", "present", "--yes")
    gone, *_ = vitale.json("person", "list", code)["people"]

    vitale.ok("person", "erase", gone["email"], "--yes")
    vitale.ok("tick", "--now", "2027-03-19T09:00")

    (shown,) = vitale.json("attendance", "list", code, day["name"])["attendance"]
    assert (shown["known"], shown["unknown"], len(shown["people"])) == (3, 0, 2)
    assert [(line["id"], line["name"], line["presence"]) for line in shown["left"]] == [(gone["id"], None, "present")]
    assert "doet niet meer mee" in vitale.ok("attendance", "list", code, day["name"]).out
