"""One cohort at eleven moments of its life: what every page must be able to show."""

import copy
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from vitale_core.store.records import Visit


@dataclass
class Stage:
    """A moment, with the ids that pages are about."""

    name: str
    cohort: int
    people: list = field(default_factory=list)
    waiting: int = 0
    undecided: int = 0
    hosts: list = field(default_factory=list)


def walk(world):
    """Play the life of a cohort by its steps, and stop at each stage."""
    stage = Stage("applied", world.cohort(capacity=8, minimum=4))
    stage.hosts = world.hosts()
    stage.undecided = world.person(stage.cohort, 9, confirmed=False)
    yield stage
    stage.people = world.people(stage.cohort, 8)
    stage.waiting = world.person(stage.cohort, 8)
    stage.name = "full"
    yield stage
    world.go(stage.cohort)
    world.tick()
    stage.name = "goes ahead"
    yield stage
    world.intakes(stage.people[:6])
    world.until(2027, 3, 4)
    stage.name = "deadline passed"
    yield stage
    world.groups(stage.cohort, approve=False)
    stage.name = "proposed"
    yield stage
    world.groups(stage.cohort)
    world.tick()
    stage.name = "hosts asked"
    yield stage
    world.confirm_visits()
    world.tick()
    stage.name = "visits booked"
    yield stage
    world.until(2027, 3, 18, 10)
    stage.name = "day 1"
    yield stage
    world.until(2027, 4, 14)
    stage.name = "after the visits"
    yield stage
    world.until(2027, 4, 22, 14)
    stage.name = "last dagdeel"
    yield stage
    world.until(2027, 4, 26)
    world.attend(stage.cohort)
    world.evaluate(stage.people[:6], "direct")
    world.until(2027, 5, 12)
    world.tick()
    stage.name = "evaluated"
    yield stage


def pages(world, stage):
    """Give every address that somebody can open at this stage, as (who, path)."""
    for who, enrolment in (
        ("first", next(iter(stage.people), 0)),
        ("last", stage.people[-1] if stage.people else 0),
        ("waiting", stage.waiting),
        ("undecided", stage.undecided),
    ):
        if enrolment and stage.name in SEEN_BY.get(who, (stage.name,)):
            root = world.link(enrolment=enrolment)
            yield from ((who, root + page) for page in OF_PARTICIPANT)
    visits = world.all(Visit)
    for person in stage.hosts:
        root = world.link("host", person=person, cohort=stage.cohort)
        yield from (("host", root + page) for page in OF_HOST)
        yield from (("host", f"{root}/{page}/{v.id}") for v in visits for page in ("bezoek", "terugblik"))
        yield from (("host", f"{root}/bezoek/{v.id}/dagblad") for v in visits)
    root = world.link("trainer", cohort=stage.cohort)
    yield from (("trainer", root + page) for page in OF_TRAINER)
    yield from (("operator", f"/beheer{page}") for page in OF_OPERATOR)
    people = [e for e in (*stage.people[:2], stage.undecided) if e]
    yield from (("operator", f"/beheer/2027-voorjaar/mensen/{e}{page}") for e in people for page in OF_PERSON)


SEEN_BY = {
    "last": ("deadline passed", "visits booked", "after the visits", "evaluated"),
    "waiting": ("full", "visits booked", "evaluated"),
    "undecided": ("applied", "evaluated"),
}
"""When somebody's pages differ from the stage before, or from the first participant's; the first opens all at each."""

OF_PARTICIPANT = (
    "", "/intake", "/wensen", "/rsvp", "/prikker", "/dagblad", "/verslag", "/presentatie", "/presentatie.pdf",
    "/evaluatie/direct", "/evaluatie/transfer", "/evaluatie/baseline", "/voornemen", "/toepassing", "/aanbod",
    "/afmelden", "/collega", "/gegevens", "/gegevens.json", "/wissen", "/agenda", "/agenda.ics",
)  # fmt: skip
OF_PERSON = ("", "/collega", "/lichting", "/gegevens", "/groep")
OF_HOST = ("", "/gegevens", "/data/1", "/data/2", "/praktisch/1", "/praktisch/2")
OF_TRAINER = (
    "",
    "/lijst/dagdeel-1",
    "/lijst/dagdeel-4",
    "/lijst/terugkomdag",
    "/agenda",
    "/scherm",
    "/presentatie/1",
    "/aanbevelingen",
)
OF_OPERATOR = (
    "", "/afgesloten", "/taak/1", "/mail/1", "/mail/1/brief", "/2027-voorjaar", "/2027-voorjaar/doorgaan",
    "/2027-voorjaar/mensen", "/2027-voorjaar/mails", "/2027-voorjaar/mails?staat=queued", "/2027-voorjaar/plan",
    "/2027-voorjaar/plan/waarom", "/2027-voorjaar/plan/wijzig", "/2027-voorjaar/plan/keuzes",
    "/2027-voorjaar/gastheren", "/2027-voorjaar/aanbevelingen", "/2027-voorjaar/evaluatie", "/2027-voorjaar/logboek",
    "/2027-voorjaar/presentatie/1",
    "/2027-voorjaar/wijzigen", "/2027-voorjaar/sessies/dagdeel-3", "/2027-voorjaar/sessies/terugkomdag",
    "/2027-voorjaar/sessies/dagdeel-3/afzeggen", "/2027-voorjaar/dagen/day2", "/2027-voorjaar/afzeggen",
    "/2027-voorjaar/instromen", "/2027-voorjaar/gastheren/1/verplaatsen",
)  # fmt: skip


_SNAPSHOTS: dict = {}


def at(world, name):
    """Put the world at a stage; the life of the cohort is played once, and kept stage by stage."""
    if not _SNAPSHOTS:
        for stage in walk(world):
            _SNAPSHOTS[stage.name] = (_content(world), copy.deepcopy(stage), world.now)
    content, stage, world.now = _SNAPSHOTS[name]
    world.database.dispose()
    for leftover in world.file.parent.glob(f"{world.file.name}-*"):
        leftover.unlink()
    world.file.unlink()
    world.file.write_bytes(content)
    return copy.deepcopy(stage)


def _content(world):
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(world.file)) as connection:
        connection.execute("VACUUM INTO ?", (f"{folder}/snapshot.db",))
        return (Path(folder) / "snapshot.db").read_bytes()
