"""Travel times: the estimate, and the operator's own figures."""

import pytest

from tests.training import HERE, NOW, a_cohort, a_project, an_enrolment, an_intake
from vitale_core.domain.errors import Refused
from vitale_core.steps import groups
from vitale_core.steps.plan import travel

BY = {"by": "operator", "now": NOW}


def test_an_estimate_can_be_corrected_in_both_directions_and_taken_back(database):
    with database.write() as session:
        estimate = travel.between(session, "Assen", "Emmen")

        travel.correct(session, "Assen", " emmen ", 55, **BY)

        assert estimate["source"] == "geschat"
        assert travel.between(session, "EMMEN", "assen") | {"origin": "", "destination": ""} == {
            "origin": "",
            "destination": "",
            "minutes": 55,
            "source": "verbeterd",
        }
        travel.correct(session, "Emmen", "Assen", 60, **BY)
        assert [row["minutes"] for row in travel.corrections(session)] == [60]
        assert travel.correct(session, "Assen", "Emmen", 0, **BY) == estimate
        assert travel.corrections(session) == []


def test_taking_back_what_was_not_corrected_changes_nothing(database):
    with database.write() as session:
        assert travel.correct(session, "Assen", "Nergensdorp", 0, **BY)["minutes"] is None


@pytest.mark.parametrize(
    "words", [("", "Emmen", 5), ("Assen", " ", 5), ("Assen", "Emmen", -1), ("Assen", "Emmen", 601)]
)
def test_nonsense_is_refused(database, words):
    with database.write() as session, pytest.raises(Refused):
        travel.correct(session, *words, **BY)


def test_a_corrected_figure_is_what_the_planner_gets(database):
    with database.write() as session:
        cohort = a_cohort(session)
        enrolment = an_enrolment(session, cohort)
        an_intake(session, enrolment, home="Nergensdorp")
        project = a_project(session, place="Assen")

        unknown = groups.propose(session, cohort, **HERE).instance
        travel.correct(session, "nergensdorp", "Assen", 33, **BY)
        known = groups.propose(session, cohort, **HERE).instance

    trip = (f"e{enrolment.id}", f"p{project.id}")
    assert (unknown["travel"][trip[0]][trip[1]], unknown["notes"]["travel"]) == (45, [trip[0]])
    assert (known["travel"][trip[0]][trip[1]], known["notes"]["travel"]) == (33, [])
