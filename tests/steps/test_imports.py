"""Lists of people and hosts: every row is read before anything is stored."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.training import BUREAU, NOW, a_cohort, a_project, at, mails_of
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.rows import Row, RowProblem, RowsRefused, Sheet
from vitale_core.domain.states import CohortStatus
from vitale_core.steps import facts, imports
from vitale_core.store.records import Enrolment, Intake, Needs, Person, Project

NOOR = {"name": "Noor Dijkstra", "email": "noor@gemeente.example"}
HERE: dict[str, Any] = {"now": NOW, "bureau": BUREAU}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    return a_cohort(written, status=CohortStatus.OPEN)


def a_sheet(*rows, **parts):
    """Rows as they come out of a file: the first is row 2, under the header."""
    return Sheet(tuple(Row(number, cells) for number, cells in enumerate(rows, start=2)), **parts)


def the_intake(session):
    return session.scalars(select(Intake)).one()


def count(session, record):
    return session.scalar(select(func.count()).select_from(record))


def test_a_list_for_a_cohort_that_takes_nobody_is_refused_in_words_for_the_operator(written, cohort):
    cohort.status = CohortStatus.CANCELLED

    with pytest.raises(Refused, match="neemt nu geen deelnemers aan") as refused:
        imports.import_people(written, cohort, a_sheet(NOOR), **HERE)

    assert "vitale cohort restore" in refused.value.remedy


def test_everybody_on_the_list_applies_with_what_the_list_tells(written, cohort):
    row = NOOR | {"organisation": "Gemeente Ede", "department": "Ruimte", "function": "adviseur", "phone": "0612"}

    done = imports.import_people(written, cohort, a_sheet(row), **HERE)

    enrolment = written.scalars(select(Enrolment)).one()
    assert (done.added, done.known, done.intakes) == (1, 0, 0)
    assert (enrolment.source, enrolment.person.department, enrolment.person.phone) == ("import", "Ruimte", "0612")
    assert enrolment.intake is None


def test_the_same_list_again_changes_nothing(written, cohort):
    sheet = a_sheet(NOOR | {"role": "projectleider"}, {"name": "Sam Bakker", "email": "sam@gemeente.example"})
    imports.import_people(written, cohort, sheet, **HERE)

    done = imports.import_people(written, cohort, sheet, **HERE)

    assert (done.added, done.known, done.intakes) == (0, 2, 0)
    assert count(written, Enrolment) == 2


def test_one_address_in_two_sorts_of_capitals_is_one_person(written, cohort):
    done = imports.import_people(written, cohort, a_sheet(NOOR, NOOR | {"email": "NOOR@Gemeente.Example"}), **HERE)

    assert done.added == 1
    assert count(written, Enrolment) == 1
    assert done.remarks == ("Rij 3 is dezelfde persoon als rij 2 en telt één keer.",)


def test_one_address_for_two_names_is_a_mistake_of_the_list(written, cohort):
    with pytest.raises(RowsRefused) as refusal:
        imports.import_people(written, cohort, a_sheet(NOOR, NOOR | {"name": "Sam Bakker"}), **HERE)

    assert [(p.row, p.column) for p in refusal.value.problems] == [(3, "email")]


def test_a_name_on_the_list_that_is_not_the_one_of_the_address_is_told(written, cohort):
    imports.import_people(written, cohort, a_sheet(NOOR), **HERE)

    done = imports.import_people(written, cohort, a_sheet(NOOR | {"name": "Sam Bakker"}), **HERE)

    (remark,) = done.remarks
    assert remark.startswith("Rij 2: dit adres kennen we van iemand met een andere naam.")
    assert written.scalars(select(Person.name).where(Person.email == NOOR["email"])).one() == "Noor Dijkstra"


def test_a_long_list_reads_the_cohort_a_fixed_number_of_times(written, cohort, monkeypatch):
    loads = []
    once = facts._load
    monkeypatch.setattr(facts, "_load", lambda *args: loads.append(1) or once(*args))
    many = [{"name": f"Deelnemer {n}", "email": f"d{n}@gemeente.example"} for n in range(30)]

    imports.import_people(written, cohort, a_sheet(*many), **HERE)

    assert len(mails_of(written, Kind.RECEIPT)) == len(many)
    assert len(loads) <= 2


@pytest.mark.parametrize(
    "cells, column",
    [
        ({"name": ""}, "name"),
        ({"email": ""}, "email"),
        ({"email": "noor@@gemeente"}, "email"),
        ({"email": "noor@gemeente.example, sam@gemeente.example"}, "email"),
        ({"name": "N" * 200}, "name"),
        ({"experience": "6"}, "experience"),
        ({"experience": "veel"}, "experience"),
        ({"seats": "-1"}, "seats"),
        ({"available": "binnenkort"}, "available"),
        ({"available": "2027-02-30"}, "available"),
        ({"available": "2027-04-09"}, "available"),
        ({"home": "x" * 300}, "home"),
    ],
)
def test_what_does_not_fit_is_named_by_row_and_column_and_nothing_is_stored(written, cohort, cells, column):
    good = {"name": "Sam Bakker", "email": "sam@gemeente.example"}

    with pytest.raises(RowsRefused) as refusal:
        imports.import_people(written, cohort, a_sheet(good, NOOR | cells), **HERE)

    assert [(p.row, p.column) for p in refusal.value.problems] == [(3, column)]
    assert count(written, Enrolment) == 0
    assert count(written, Person) == 1  # the trainer


def test_the_operator_may_leave_bad_rows_out(written, cohort):
    unread = RowProblem(9, "", "er staan meer cellen dan kolomnamen")
    sheet = a_sheet(NOOR, {"name": "", "email": "sam@gemeente.example"}, problems=(unread,), remarks=("let op",))

    done = imports.import_people(written, cohort, sheet, skip_bad=True, **HERE)

    assert done.added == 1
    assert [p.row for p in done.skipped] == [3, 9]
    assert done.remarks == ("let op",)


def test_what_could_not_be_read_at_all_is_a_problem_too(written, cohort):
    unread = RowProblem(3, "", "er staan meer cellen dan kolomnamen")

    with pytest.raises(RowsRefused, match="1 rij past niet"):
        imports.import_people(written, cohort, a_sheet(NOOR, problems=(unread,)), **HERE)


def test_a_list_can_tell_the_intake(written, cohort):
    a_project(written, slots=("2027-04-06", (at("2027-04-08", "09:00"), at("2027-04-08", "11:30"))))
    ids = [str(s.id) for s in written.scalars(select(Project)).one().slots]
    row = NOOR | {
        "role": "projectleider",
        "experience": "3",
        "themes": "Zorg en welzijn; wonen; vogels",
        "available": "2027-04-08, 6-4-2027",
        "seats": "4",
        "home": "Ede",
        "needs": "rolstoel; geen noten",
        "wishes": "graag met Sam; niet met Ilse | Bram; liever niet samen met Roos",
    }

    done = imports.import_people(written, cohort, a_sheet(row), **HERE)

    told = the_intake(written)
    assert done.intakes == 1
    assert (told.role, told.experience, told.seats, told.home) == ("projectleider", 3, 4, "Ede")
    assert told.themes == ["vogels", "wonen", "zorg"]
    assert told.available == sorted(ids)
    assert (told.wish_with, told.wish_without) == ("Sam; Bram", "Ilse; Roos")
    needs = written.scalars(select(Needs)).one()
    assert (needs.access, needs.note) == (["rolstoel"], "geen noten")


def test_what_a_project_calls_access_is_a_need_that_it_can_meet(written, cohort):
    a_project(written, access=["Ringleiding"])

    imports.import_people(written, cohort, a_sheet(NOOR | {"needs": "ringleiding"}), **HERE)

    needs = written.scalars(select(Needs)).one()
    assert (needs.access, needs.note) == (["ringleiding"], "")


def test_what_somebody_told_is_not_overwritten_by_a_list(written, cohort):
    imports.import_people(written, cohort, a_sheet(NOOR | {"role": "projectleider"}), **HERE)

    done = imports.import_people(written, cohort, a_sheet(NOOR | {"role": "stagiair", "home": "Ede"}), **HERE)

    assert done.intakes == 0
    assert (the_intake(written).role, the_intake(written).home) == ("projectleider", "")


def test_somebody_known_from_another_cohort_is_new_in_this_one(written, cohort):
    imports.import_people(written, cohort, a_sheet(NOOR), **HERE)
    other = a_cohort(written, "2027-najaar", status=CohortStatus.OPEN)

    done = imports.import_people(written, other, a_sheet(NOOR), **HERE)

    assert (done.added, done.known) == (1, 0)
    assert count(written, Person) == 2  # with the trainer


def test_a_cohort_that_takes_nobody_refuses_the_list(written):
    cancelled = a_cohort(written, status=CohortStatus.CANCELLED)

    with pytest.raises(Refused, match="neemt nu geen deelnemers aan"):
        imports.import_people(written, cancelled, a_sheet(NOOR), **HERE)


# --------------------------------------------------------------------------------------------------------- hosts

HOST = {
    "project": "Buurttuin",
    "organisation": "Stichting",
    "contact": "Jan Tuin",
    "email": "jan@tuin.example",
    "place": "Ede",
}


def test_hosts_are_stored_and_bad_rows_keep_their_number_in_the_spreadsheet(written):
    with pytest.raises(RowsRefused) as refusal:
        imports.import_hosts(written, a_sheet(HOST, HOST | {"project": "Dorpshuis", "email": "jan"}), now=NOW)

    assert [(p.row, p.column) for p in refusal.value.problems] == [(3, "email")]
    assert count(written, Project) == 0


def test_bad_hosts_may_be_left_out(written):
    unread = RowProblem(7, "", "er staan meer cellen dan kolomnamen")
    sheet = a_sheet(HOST | {"max_people": "veel"}, HOST, problems=(unread,))

    done, skipped = imports.import_hosts(written, sheet, now=NOW, skip_bad=True)

    assert (done.made, [p.row for p in skipped]) == (1, [2, 7])


def test_a_row_of_hosts_that_could_not_be_read_stops_the_rest(written):
    unread = RowProblem(3, "", "er staan meer cellen dan kolomnamen")

    with pytest.raises(RowsRefused):
        imports.import_hosts(written, a_sheet(HOST, problems=(unread,)), now=NOW)


def test_good_hosts_are_stored(written):
    done, skipped = imports.import_hosts(written, a_sheet(HOST), now=NOW)

    assert (done.made, skipped) == (1, ())
