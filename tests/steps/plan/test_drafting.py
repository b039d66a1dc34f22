"""Plans made from the facts of a cohort: the best one, or why there is none."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    a_planned_cohort,
    an_enrolment,
    an_intake,
    document,
    members,
    newest_plan,
    sizes,
    some_enrolments,
    some_needs,
    some_projects,
    tasks_of,
    visits_of,
)
from vitale_core.domain import labels
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import CohortStatus, PlanStatus, VisitStatus
from vitale_core.planning import Instance
from vitale_core.steps import groups, werkbezoek
from vitale_core.steps.plan import drafting
from vitale_core.store.records import Plan


def test_twelve_people_and_four_projects_become_three_groups_with_a_visit_and_a_reserve(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)

        plan = groups.propose(session, cohort, **HERE)

        assert plan.status is PlanStatus.PROPOSED
        assert plan.version == 1
        assert sizes(plan) == [4, 4, 4]
        assert plan.claim == "bewezen het beste"
        assert [v.status for v in visits_of(plan).values()] == [VisitStatus.PROPOSED] * 3
        assert len({v.project_id for v in visits_of(plan).values()}) == 3
        assert any(v.reserve_slot_id for v in visits_of(plan).values())
        assert [task.command for task in tasks_of(session, "groups-approve")] == ["vitale groups show 2027-voorjaar"]


def test_what_is_stored_holds_ids_and_no_names_places_or_needs(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=6, projects=2)
        zoe = an_enrolment(session, cohort, "Zoë Veenstra", organisation="Gemeente Meppel")
        an_intake(session, zoe, home="Meppel", themes=["wonen"])
        some_needs(session, zoe, access=["rolstoel"])

        plan = groups.propose(session, cohort, **HERE)

        text = f"{plan.instance} {plan.solution}".casefold()
        assert not any(word in text for word in ("zoë", "meppel", "buurttuin", "example", "needs"))
        assert Instance.from_json(plan.instance).joint


def test_the_same_facts_give_the_same_digest(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)

        first = groups.propose(session, cohort, **HERE)
        second = groups.propose(session, cohort, **HERE)

        assert (first.status, second.status) == (PlanStatus.SUPERSEDED, PlanStatus.PROPOSED)
        assert first.digest == second.digest
        assert len(tasks_of(session, "groups-approve")) == 1


def test_the_number_of_groups_can_be_chosen(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)

        plan = groups.propose(session, cohort, count=4, **HERE)

        assert sizes(plan) == [3, 3, 3, 3]
        with pytest.raises(Refused, match="passen niet in 13 groepen"):
            groups.propose(session, cohort, count=13, **HERE)


def test_without_hosts_groups_are_made_and_the_operator_looks_for_hosts(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, projects=0)

        plan = groups.propose(session, cohort, **HERE)

        assert sizes(plan) == [4, 4, 4]
        assert visits_of(plan) == {}
        assert "Geen gastheren" in tasks_of(session, "no-hosts")[0].what


def test_when_hosts_come_the_groups_stay_and_get_their_visits(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, projects=0)
        groups.propose(session, cohort, **HERE)
        before = members(groups.approve(session, cohort, 1, **HERE))
        some_projects(session)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        plan = newest_plan(session, cohort)
        assert members(plan) == before
        assert len(visits_of(plan)) == 3
        assert tasks_of(session, "no-hosts") == []


def test_an_impossible_plan_names_the_rules_that_clash_and_the_way_out(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 8)
        some_projects(session, 1)

        with pytest.raises(Refused, match="hooguit één groep") as refused:
            groups.propose(session, cohort, **HERE)

        assert "--without een-groep-per-project" in refused.value.remedy
        plan = groups.propose(session, cohort, without={"een-groep-per-project"}, **HERE)
        assert len({v.slot_id for v in visits_of(plan).values()}) == 2


def test_too_few_half_days_are_counted(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 8)
        some_projects(session, 1, slots=["2027-04-06"])

        with pytest.raises(Refused, match="1 projecten met 1 vrije dagdelen"):
            groups.propose(session, cohort, without={"een-groep-per-project"}, **HERE)


def test_a_planner_that_cannot_tell_is_not_believed(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)

        with pytest.raises(Refused, match="niet bewijzen"):
            groups.propose(session, cohort, solve=lambda _document: {"status": "unknown"}, **HERE)


def test_a_rule_of_the_operator_holds_and_is_named_by_its_id(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=6)
        first, second = drafting.look(session, cohort, now=NOW, bureau=BUREAU).people[:2]
        apart = {"id": "los", "type": "apart", "who": [f"e{first.id}", f"e{second.id}"]}
        cohort.settings = {"group_rules": [apart]}

        plan = groups.propose(session, cohort, **HERE)

        assert not any({first.id, second.id} <= group for group in members(plan).values())
        cohort.settings = {"group_rules": [apart, {**apart, "id": "samen", "type": "together"}]}
        with pytest.raises(Refused, match="regel 'los'; regel 'samen'"):
            groups.propose(session, cohort, **HERE)


@pytest.mark.parametrize("people,expected", [(1, [1]), (2, [2]), (5, [5])])
def test_few_people_still_get_groups(database, people, expected):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=people)

        assert sizes(groups.propose(session, cohort, **HERE)) == expected


def test_five_people_are_split_when_no_project_receives_five(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 5)
        some_projects(session, 2, max_people=4)

        assert sizes(groups.propose(session, cohort, **HERE)) == [2, 3]


def test_with_many_people_the_first_number_of_groups_that_fits_is_taken(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=14, projects=0)
        for letter in "ABCD":
            an_enrolment(session, cohort, f"{letter} Jansen")
        asked = []

        def solve(document):
            asked.append(document["groups"]["count"])
            groups_of = zip(*[iter(p["id"] for p in document["participants"])] * 3, strict=True)
            return {"status": "feasible", "objective": [0], "groups": [{"members": list(m)} for m in groups_of]}

        plan = groups.propose(session, cohort, solve=solve, **HERE)

        assert asked == [5]
        assert len(members(plan)) == 6


def test_nobody_to_place_is_refused(database):
    with database.write() as session:
        cohort = a_cohort(session)

        with pytest.raises(Refused, match="niemand om in te delen"):
            groups.propose(session, cohort, **HERE)


@pytest.mark.parametrize("status", [CohortStatus.CANCELLED, CohortStatus.CLOSED])
def test_a_cohort_that_is_over_gets_no_groups(database, status):
    with database.write() as session:
        cohort = a_planned_cohort(session, status=status)

        with pytest.raises(Refused, match=labels.of_state(status)):
            groups.propose(session, cohort, **HERE)


def test_after_the_visit_window_there_is_nothing_to_plan(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)

        with pytest.raises(Refused, match="eindigde voor vrijdag 16 april 2027"):
            groups.propose(session, cohort, by="operator", now=NOW + timedelta(days=75), bureau=BUREAU)


def test_a_programme_without_visits_has_no_groups(database):
    with database.write() as session:
        cohort = a_cohort(session, changes=without_visits())
        some_enrolments(session, cohort, 6)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        werkbezoek.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert list(session.scalars(select(Plan))) == []
        with pytest.raises(Refused, match="geen werkbezoek"):
            groups.propose(session, cohort, **HERE)


def without_visits():
    sessions = [s for s in document()["sessions"] if s["kind"] != "werkbezoek"]
    return {"sessions": sessions, "certificate": {**document()["certificate"], "sessions": ["dagdeel"]}}
