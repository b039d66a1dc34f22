"""A plan in force: what a change keeps, what it cancels, and what comes by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    a_planned_cohort,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    mails_of,
    members,
    newest_plan,
    sizes,
    some_enrolments,
    some_projects,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import EnrolmentStatus, PlanStatus, SessionStatus, VisitStatus
from vitale_core.steps import groups, werkbezoek
from vitale_core.steps.plan import drafting
from vitale_core.store.records import Visit


def test_a_new_plan_carries_over_what_stays_so_nobody_is_asked_twice(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session)
        first = visits_of(plan)
        meeting = werkbezoek.confirm_visit(session, first[1], **HERE)
        again = groups.propose(session, cohort, **HERE)

        groups.approve(session, cohort, 2, **HERE)

        assert members(again) == members(plan)
        assert {n: v.id for n, v in visits_of(again).items()} == {n: v.id for n, v in first.items()}
        assert first[1].status is VisitStatus.CONFIRMED
        assert meeting.status is SessionStatus.PUBLISHED
        assert len(session.scalars(select(Visit)).all()) == 3
        assert plan.status is PlanStatus.SUPERSEDED


def test_somebody_who_comes_later_joins_a_group_and_the_others_stay(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=11)
        late = an_enrolment(session, cohort, "Zoë Veenstra")

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        again = newest_plan(session, cohort)
        assert again.version == 2
        assert {n: m - {late.id} for n, m in members(again).items()} == members(plan)


def test_a_visit_that_disappears_is_cancelled_and_the_host_who_said_yes_hears_it(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        other = next(s for s in visit.project.slots if s.id != visit.slot_id)
        groups.edit(session, cohort, 1, {}, slots={1: other.id}, **HERE)

        groups.approve(session, cohort, 2, **HERE)

        assert visit.status is VisitStatus.CANCELLED
        assert meeting.status is SessionStatus.CANCELLED
        told = mails_of(session, Kind.HOST_CANCELLED)
        assert [m.subject for m in told] == [f"visit-{visit.id}"]


def test_a_host_whose_request_never_left_hears_nothing_of_the_change(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        other = next(s for s in visit.project.slots if s.id != visit.slot_id)
        groups.edit(session, cohort, 1, {}, slots={1: other.id}, **HERE)

        groups.approve(session, cohort, 2, **HERE)

        assert visit.status is VisitStatus.CANCELLED
        assert mails_of(session, Kind.HOST_CANCELLED) == []


def test_a_group_that_was_on_its_visit_stays_as_it_is(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        werkbezoek.confirm_visit(session, visit, **HERE)
        later = visit.slot.ends_at + timedelta(hours=1)
        werkbezoek.advance(session, cohort, now=later, bureau=BUREAU)
        late = an_enrolment(session, cohort, "Zoë Veenstra")
        again = groups.propose(session, cohort, by="operator", now=later, bureau=BUREAU)

        groups.approve(session, cohort, 2, by="operator", now=later, bureau=BUREAU)

        assert members(again)[1] == members(plan)[1]
        assert late.id in members(again)[2]
        assert visit.group.plan_id == again.id
        assert groups.show(session, cohort).groups[0].settled
        with pytest.raises(NotFound, match="ligt al vast"):
            groups.edit(session, cohort, 2, {late.id: 1}, by="operator", now=later, bureau=BUREAU)


def test_a_visit_that_began_after_the_proposal_asks_for_a_new_one(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        werkbezoek.confirm_visit(session, visit, **HERE)
        other = next(s for s in visit.project.slots if s.id != visit.slot_id)
        groups.edit(session, cohort, 1, {}, slots={1: other.id}, **HERE)

        with pytest.raises(Refused, match="begon een werkbezoek"):
            groups.approve(session, cohort, 2, by="operator", now=visit.slot.starts_at, bureau=BUREAU)


def test_a_proposal_comes_by_itself_when_everybody_answered(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=6)
        people = drafting.look(session, cohort, now=NOW, bureau=BUREAU).people
        for enrolment in people[:5]:
            an_intake(session, enrolment)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        assert groups.newest(session, cohort) is None
        an_intake(session, people[5])
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert newest_plan(session, cohort).version == 1


def test_a_proposal_comes_by_itself_when_the_answering_time_is_over(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=6)

        groups.advance(session, cohort, now=NOW + timedelta(days=32), bureau=BUREAU)

        assert newest_plan(session, cohort).made_by == "klok"


def test_what_cannot_be_planned_becomes_one_task(database):
    with database.write() as session:
        cohort = a_cohort(session)
        for enrolment in some_enrolments(session, cohort, 8):
            an_intake(session, enrolment)
        some_projects(session, 1)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert len(tasks_of(session, "groups-stuck")) == 1
        assert "hooguit één groep" in tasks_of(session, "groups-stuck")[0].what


def test_a_withdrawal_leaves_a_group_of_three_alone_and_replans_a_group_of_two(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        first, second = list(plan.groups[0].members)[:2]

        first.enrolment.status = EnrolmentStatus.WITHDRAWN
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        assert newest_plan(session, cohort).version == 1
        second.enrolment.status = EnrolmentStatus.WITHDRAWN
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert sizes(newest_plan(session, cohort)) == [3, 3]


def test_a_waiting_proposal_follows_whoever_leaves(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        plan = groups.propose(session, cohort, **HERE)
        plan.groups[0].members[0].enrolment.status = EnrolmentStatus.WITHDRAWN

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert newest_plan(session, cohort).version == 2


def test_who_leaves_after_the_visit_changes_no_plan(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=4)
        visit = visits_of(plan)[1]
        werkbezoek.confirm_visit(session, visit, **HERE)
        for member in visit.group.members[:3]:
            member.enrolment.status = EnrolmentStatus.WITHDRAWN

        groups.advance(session, cohort, now=visit.slot.ends_at, bureau=BUREAU)

        assert newest_plan(session, cohort).version == 1
