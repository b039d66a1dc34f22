"""What the planner sees of a cohort: ids and codes, unknown as unknown, and the way back."""

import pytest

from tests.training import (
    BUREAU,
    NOW,
    a_cohort,
    a_planned_cohort,
    a_project,
    an_enrolment,
    an_intake,
    at,
    some_enrolments,
    some_needs,
    some_projects,
)
from vitale_core.domain import places
from vitale_core.planning import Instance
from vitale_core.steps.plan import drafting, instance
from vitale_core.store.records import Travel


def seen(session, cohort, *, count=2, slots=None):
    """The document of a cohort with all half days that are open to it."""
    situation = drafting.look(session, cohort, now=NOW, bureau=BUREAU)
    slots = situation.slots if slots is None else slots
    return instance.build(session, cohort, situation.people, slots=slots, count=count)


def participant(document_of, enrolment):
    return next(p for p in document_of["participants"] if p["id"] == f"e{enrolment.id}")


def test_a_document_is_one_that_the_planner_reads(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)

        document_of = seen(session, cohort)

        read = Instance.from_json(document_of)
        assert len(read.participants) == 8
        assert len(read.hosts) == 4
        assert len(read.unknown) == 8
        assert document_of["notes"]["availability"] == [p["id"] for p in document_of["participants"]]


def test_equal_attributes_get_equal_codes_without_the_words(database):
    with database.write() as session:
        cohort = a_cohort(session)
        noor = an_enrolment(session, cohort, "Noor Dijkstra", organisation="Gemeente Assen", department="Ruimte")
        sam = an_enrolment(session, cohort, "Sam Bakker", organisation="gemeente  ASSEN", function="Adviseur")
        ilse = an_enrolment(session, cohort, "Ilse Postma", organisation="Provincie")
        an_intake(session, noor, role="adviseur", home="Rolde", experience=4, seats=3)
        an_intake(session, ilse, home="Emmen")

        document_of = seen(session, cohort, count=1)

        one, two, three = (participant(document_of, e)["attrs"] for e in (noor, sam, ilse))
        assert one["organisation"] == two["organisation"] == f"e{noor.id}"
        assert one["role"] == two["role"]
        assert one["region"] == three["region"]
        assert three["organisation"] == f"e{ilse.id}"
        assert one["experience"] == 4
        assert "field" not in two
        assert "Assen" not in str(document_of)
        assert participant(document_of, noor)["seats"] == 3


def test_what_somebody_ticked_counts_for_every_project_at_that_time(database):
    with database.write() as session:
        cohort = a_cohort(session)
        early, other = some_projects(session, 2, slots=["2027-04-06", "2027-04-07"])
        within = (at("2027-04-06", "13:30"), at("2027-04-06", "15:00"))
        a_project(session, "Kort", slots=[within])
        noor, sam, ilse = some_enrolments(session, cohort, 3)
        an_intake(session, noor, available=[f"s{other.slots[0].id}", "onzin"])
        an_intake(session, sam, available=[])
        an_intake(session, ilse)

        document_of = seen(session, cohort, count=1)

        half_days = [s["id"] for s in document_of["slots"]]
        assert len(half_days) == 3
        assert participant(document_of, noor)["available"] == half_days[:2]
        assert participant(document_of, sam)["available"] == []
        assert "available" not in participant(document_of, ilse)
        assert early.slots[0].id != other.slots[0].id


def test_travel_is_estimated_corrected_by_the_operator_and_otherwise_a_named_guess(database):
    with database.write() as session:
        cohort = a_cohort(session)
        assen, emmen, far = (a_project(session, title, place=title) for title in ("Assen", "Emmen", "Nergenshuizen"))
        noor, sam, ilse = some_enrolments(session, cohort, 3)
        an_intake(session, noor, home="Groningen")
        an_intake(session, sam, home="Op de hei")
        session.add(Travel(origin="emmen", destination="Groningen", minutes=77))
        session.flush()

        document_of = seen(session, cohort, count=1)

        trips = document_of["travel"]
        assert trips[f"e{noor.id}"] == {
            f"p{assen.id}": places.minutes("Groningen", "Assen"),
            f"p{emmen.id}": 77,
            f"p{far.id}": instance.UNKNOWN_MINUTES,
        }
        assert set(trips[f"e{sam.id}"].values()) == {instance.UNKNOWN_MINUTES}
        assert document_of["notes"]["travel"] == [f"e{noor.id}", f"e{sam.id}", f"e{ilse.id}"]


def test_a_wish_is_read_as_a_name_a_first_name_or_an_address(database):
    with database.write() as session:
        cohort = a_cohort(session)
        noor, sam, ilse, other_sam = (
            an_enrolment(session, cohort, name) for name in ("Noor Dijkstra", "Sam Bakker", "Ilse de Boer", "Sam Smit")
        )
        an_intake(
            session, noor, wish_with="Graag met Ilse, of met SAM BAKKER.", wish_without="sam.smit@gemeente.example"
        )
        an_intake(session, ilse, wish_with="Sam")
        an_intake(session, sam, wish_without="mijn leidinggevende")

        document_of = seen(session, cohort, count=1, slots=())

        terms = {t["type"]: t for level in document_of["objective"] for t in level["terms"]}
        assert terms["wish_together"]["pairs"] == [[f"e{noor.id}", f"e{sam.id}"], [f"e{noor.id}", f"e{ilse.id}"]]
        assert terms["wish_apart"]["pairs"] == [[f"e{noor.id}", f"e{other_sam.id}"]]
        assert document_of["notes"]["wishes"] == [f"e{sam.id}", f"e{ilse.id}"]


def test_needs_reach_the_planner_but_not_what_is_kept(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=3)
        (noor, *_) = drafting.look(session, cohort, now=NOW, bureau=BUREAU).people
        some_needs(session, noor, access=["Rolstoel"])

        document_of = seen(session, cohort, count=1)

        assert participant(document_of, noor)["needs"] == ["rolstoel"]
        assert "needs" not in str(instance.shareable(document_of))


def test_without_projects_only_rules_about_people_stay(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=3, projects=0)
        cohort.settings = {
            "group_rules": [{"id": "los", "type": "apart", "who": []}, {"id": "weg", "type": "exclude", "host": "p1"}]
        }

        document_of = seen(session, cohort, count=1)

        assert [rule["id"] for rule in document_of["constraints"]] == ["los"]
        assert [level["name"] for level in document_of["objective"]] == ["goede mix en passend bezoek"]
        assert document_of["travel"] == {}
        assert Instance.from_json(document_of).joint is False


def test_themes_of_projects_are_those_of_people_whatever_way_they_are_written(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=3, projects=0)
        (noor, *_) = drafting.look(session, cohort, now=NOW, bureau=BUREAU).people
        an_intake(session, noor, themes=["zorg"])
        project = a_project(session, themes=["Zorg en welzijn", "Muziek"])

        document_of = seen(session, cohort, count=1)

        assert participant(document_of, noor)["themes"] == ["zorg"]
        assert next(h for h in document_of["hosts"] if h["id"] == f"p{project.id}")["themes"] == ["zorg", "muziek"]


@pytest.mark.parametrize(
    "people,expected",
    [(12, [3, 4]), (11, [3]), (7, [2]), (6, [2]), (5, [1, 2]), (3, [1]), (2, [1]), (1, [1]), (60, list(range(15, 21)))],
)
def test_the_numbers_of_groups_of_three_or_four(people, expected):
    assert instance.counts(people, 3, 4) == expected


def test_the_planner_tells_how_sure_it_is_and_what_to_fall_back_on(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)

        solution = instance.solve_document(seen(session, cohort))

        assert solution["claim"] == "bewezen het beste"
        assert solution["bound"] == solution["objective"]
        assert [set(r) for r in solution["reserves"]] == [{"host", "slot"}, {"host", "slot"}]
