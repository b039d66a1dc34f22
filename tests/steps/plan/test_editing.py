"""The operator's own hand in a plan: what each change costs."""

import pytest
from sqlalchemy import func, select

from tests.training import HERE, NAMES, a_cohort, a_planned_cohort, an_enrolment, members, some_projects, visits_of
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.steps import groups
from vitale_core.steps.plan import editing
from vitale_core.steps.plan import reading as plans
from vitale_core.store.records import Plan

AT = {name: HERE[name] for name in ("now", "bureau")}


def two_who_exchange(plan):
    """Somebody of group 1 to group 2 and the other way."""
    one, other = (min(members(plan)[number]) for number in (1, 2))
    return {one: 2, other: 1}


def test_the_prices_of_the_changes_add_up_to_that_of_the_whole(database):
    with database.write() as session:
        cohort = a_cohort(session)
        for number, name in enumerate(NAMES[:12]):
            an_enrolment(session, cohort, name, organisation=f"Gemeente {number % 4}")
        some_projects(session)
        plan = groups.propose(session, cohort, **HERE)

        weighed = editing.weigh(session, cohort, 1, two_who_exchange(plan), **AT)

        assert [edit.edit.group for edit in weighed.edits] == [2, 1]
        assert tuple(map(sum, zip(*(edit.price for edit in weighed.edits), strict=True))) == weighed.price
        before = tuple(plan.solution["objective"])
        assert tuple(map(sum, zip(before, weighed.price, strict=True))) == weighed.objective
        assert "organisatie" in weighed.edits[0].why


def test_weighing_keeps_nothing(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        plan = groups.propose(session, cohort, **HERE)

        editing.weigh(session, cohort, 1, two_who_exchange(plan), **AT)

        assert session.scalar(select(func.count(Plan.id))) == 1


def test_what_is_kept_shows_the_price_of_each_change(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        plan = groups.propose(session, cohort, **HERE)
        moves = two_who_exchange(plan)

        groups.edit(session, cohort, 1, moves, **HERE)

        session.expire_all()
        shown = plans.show(session, cohort, 2)
        assert [(edit["enrolment"], edit["group"]) for edit in shown.edits] == list(moves.items())
        assert [group.visit.reserve is not None for group in shown.groups] == [True, True, True]


def test_a_group_that_is_empty_for_a_while_has_its_price_in_the_next_change(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=2, projects=2)
        plan = groups.propose(session, cohort, count=2, **HERE)
        one, other = (next(iter(members(plan)[number])) for number in (1, 2))

        weighed = editing.weigh(session, cohort, 1, {one: 2, other: 1}, **AT)

        assert weighed.edits[0].price is None
        assert weighed.edits[1].price == weighed.price
        with pytest.raises(Refused, match="geen indeling"):
            editing.weigh(session, cohort, 1, {one: 2}, **AT)


def test_a_group_can_go_in_another_half_day_that_is_free(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=4, projects=1)
        plan = groups.propose(session, cohort, **HERE)
        visit = visits_of(plan)[1]
        other = next(slot for slot in visit.project.slots if slot.id != visit.slot_id)

        weighed = editing.weigh(session, cohort, 1, {}, slots={1: other.id}, **AT)

        assert [edit.edit.slot for edit in weighed.edits] == [other.id]
        assert weighed.draft.groups[0].slot is other
        with pytest.raises(NotFound, match="niet vrij"):
            editing.weigh(session, cohort, 1, {}, slots={1: 999}, **AT)


def test_nothing_changed_costs_nothing(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, projects=0)
        groups.propose(session, cohort, **HERE)
        some_projects(session)

        weighed = editing.weigh(session, cohort, 1, {}, **AT)

        assert (weighed.edits, weighed.why, set(weighed.price)) == ((), "", {0})
