"""Other plans to choose from."""

import pytest

from tests.training import (
    HERE,
    NAMES,
    a_cohort,
    a_planned_cohort,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    members,
    some_needs,
    some_projects,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.steps import groups, werkbezoek
from vitale_core.steps.plan import choosing
from vitale_core.steps.plan import reading as plans


def a_cohort_with_a_mix(session):
    cohort = a_cohort(session)
    for number, name in enumerate(NAMES[:12]):
        enrolment = an_enrolment(
            session, cohort, name, organisation=f"Gemeente {number % 5}", function=f"f{number % 3}"
        )
        an_intake(
            session, enrolment, home=("Assen", "Emmen", "Zwolle")[number % 3], themes=["groenbeheer"][: number % 2]
        )
    some_projects(session)
    return cohort


def test_three_other_plans_differ_by_three_people_at_least_and_say_what_they_cost(database):
    with database.write() as session:
        cohort = a_cohort_with_a_mix(session)
        groups.propose(session, cohort, **HERE)

        found = choosing.choices(session, cohort)

        assert [choice.label for choice in found] == ["plan B", "plan C", "plan D"]
        assert all(choice.moved >= 3 for choice in found)
        assert all(choice.extra >= (0,) * len(choice.extra) for choice in found)
        assert choosing.choices(session, cohort) == found


def test_a_choice_becomes_the_newest_proposal_with_a_reserve_for_each_group(database):
    with database.write() as session:
        cohort = a_cohort_with_a_mix(session)
        groups.propose(session, cohort, **HERE)
        wanted = choosing.choices(session, cohort)[1]

        plan = choosing.choose(session, cohort, 2, **HERE)

        assert plan.version == 2
        assert {frozenset(f"e{m}" for m in some) for some in members(plan).values()} == {
            frozenset(group.members) for group in wanted.groups
        }
        assert plan.claim == "plan C, gekozen door operator"
        assert any(visit.reserve_slot_id for visit in visits_of(plan).values())
        session.expire_all()
        assert plans.show(session, cohort).price == wanted.extra
        assert len(tasks_of(session, "groups-approve")) == 1


def test_with_a_plan_in_force_the_way_from_least_change_to_best_mix_is_shown(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session)
        visit = visits_of(plan)[1]
        werkbezoek.refuse_visit(session, visit, reason="", **HERE)
        groups.propose(session, cohort, **HERE)

        labels = [choice.label for choice in choosing.choices(session, cohort)]

        assert labels[:1] == ["plan B"]
        assert len(labels) == len(set(labels)) or labels.count("tussenweg") > 1


def test_a_choice_for_people_who_are_no_longer_these_is_refused(database):
    with database.write() as session:
        cohort = a_cohort_with_a_mix(session)
        groups.propose(session, cohort, **HERE)
        an_enrolment(session, cohort, "Zoë Veenstra")

        with pytest.raises(Refused, match="veranderd"):
            choosing.choose(session, cohort, 1, **HERE)
        with pytest.raises(NotFound, match="Keuze 9"):
            choosing.choose(session, cohort, 9, **HERE)


def test_without_a_plan_there_is_nothing_to_choose_beside(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)

        with pytest.raises(NotFound, match="nog geen groepen"):
            choosing.choices(session, cohort)


def test_needs_hold_for_the_choices_and_are_not_in_their_words(database):
    with database.write() as session:
        cohort = a_cohort(session)
        people = [an_enrolment(session, cohort, name) for name in NAMES[:8]]
        some_needs(session, people[0])
        some_projects(session, 2, access=[])
        some_projects(session, 4, access=["rolstoel"])
        groups.propose(session, cohort, **HERE)

        found = choosing.choices(session, cohort)

        for choice in found:
            assert "rolstoel" not in f"{choice}"
