"""A plan as the operator sees it."""

import pytest
from sqlalchemy import select

from tests.training import (
    HERE,
    a_cohort,
    a_planned_cohort,
    an_enrolment,
    an_intake,
    members,
    newest_plan,
    some_enrolments,
    some_needs,
    some_projects,
)
from vitale_core.domain.errors import NotFound
from vitale_core.steps import groups
from vitale_core.steps.plan import reading as plans
from vitale_core.store.records import Enrolment, Project


def test_the_operator_sees_three_groups_of_four_beside_four_groups_of_three(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        groups.propose(session, cohort, **HERE)

        shown = groups.show(session, cohort)

        assert [option["count"] for option in shown.options] == [3, 4]
        assert [len(g.members) for g in shown.groups] == [4, 4, 4]
        assert shown.levels[0][0] == "iedereen kan mee"
        assert all(g.visit and len(g.visit.unknown) == 4 and not g.visit.cannot for g in shown.groups)


def test_unknown_availability_is_shown_as_unknown_and_known_absence_as_absence(database):
    with database.write() as session:
        cohort = a_cohort(session)
        people = some_enrolments(session, cohort, 6)
        project, other = some_projects(session, 2, slots=["2027-04-06"])
        for enrolment in people[:4]:
            an_intake(session, enrolment, available=[f"s{project.slots[0].id}"])
        an_intake(session, people[4], available=[])
        groups.propose(session, cohort, **HERE)

        shown = groups.show(session, cohort, 1)

        visits = [g.visit for g in shown.groups if g.visit]
        assert [e for v in visits for e in v.cannot] == [people[4].id]
        assert [e for v in visits for e in v.unknown] == [people[5].id]
        assert other.slots[0].starts_at == project.slots[0].starts_at  # one half day at two projects


def test_who_cannot_come_to_the_reserve_is_shown(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        groups.propose(session, cohort, **HERE)
        first = groups.show(session, cohort).groups[0]
        somebody = session.get_one(Enrolment, first.members[0].enrolment)
        an_intake(session, somebody, available=[f"s{first.visit.slot}"])

        visit = groups.show(session, cohort).groups[0].visit

        assert (visit.cannot, visit.reserve_cannot) == ((), (somebody.id,))


def test_a_cohort_without_a_plan_has_nothing_to_show(database):
    with database.write() as session:
        cohort = a_cohort(session)

        with pytest.raises(NotFound, match="nog geen groepen"):
            groups.show(session, cohort)


def test_a_stored_plan_can_be_explained_with_names_beside_the_ids(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        noor = session.scalars(select(Enrolment).order_by(Enrolment.id)).first()
        assert noor is not None
        some_needs(session, noor)
        plan = groups.propose(session, cohort, **HERE)

        explanation = plans.explain(session, plan)
        names = plans.labels(session, plan)

        assert explanation.claim == "bewezen het beste"
        assert len(explanation.people) == 8
        assert names[f"e{noor.id}"] == "Noor Dijkstra"
        assert {names[v.host] for v in explanation.visits} <= {p.title for p in session.scalars(select(Project))}
        assert all(
            level.cost == cost for level, cost in zip(explanation.levels, plan.solution["objective"], strict=True)
        )
        assert any(name.startswith("donderdag 1 april 2027") for name in names.values())


def test_an_edited_plan_can_be_explained_too(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        plan = groups.propose(session, cohort, **HERE)
        mover = next(iter(members(plan)[1]))

        explanation = plans.explain(session, groups.edit(session, cohort, 1, {mover: 2}, **HERE))

        assert explanation.claim == "met de hand gemaakt"
        assert explanation.bound is None


def test_who_is_erased_leaves_an_id_in_the_plan_and_nothing_else(database):
    with database.write() as session:
        cohort = a_cohort(session)
        (noor, *_others) = some_enrolments(session, cohort, 4)
        some_projects(session, 1)
        an_intake(session, noor, themes=["wonen"], seats=3, available=[])
        plan = groups.propose(session, cohort, **HERE)

        assert plans.forget(session, noor.id) == 1

        bare = next(p for p in plan.instance["participants"] if p["id"] == f"e{noor.id}")
        assert bare == {"id": f"e{noor.id}", "home": f"e{noor.id}"}
        assert set(plan.instance["travel"][f"e{noor.id}"].values()) == {45}
        assert len(plans.explain(session, plan).people) == 4
        noor.person.name = None
        assert groups.show(session, cohort).groups[0].members[0].name == "(gewist)"


def test_who_is_in_no_plan_needs_no_forgetting(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, projects=0, people=4)
        groups.propose(session, cohort, **HERE)
        late = an_enrolment(session, cohort, "Zoë Veenstra")

        assert plans.forget(session, late.id) == 0
        assert plans.forget(session, next(iter(members(newest_plan(session, cohort))[1]))) == 1
