"""Groups: edited with a price, and true only after an approval."""

import pytest
from sqlalchemy import select

from tests.calendars import Calendars
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    a_planned_cohort,
    an_approved_cohort,
    an_enrolment,
    mails_of,
    members,
    newest_plan,
    some_projects,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    PlanStatus,
    Via,
    VisitStatus,
)
from vitale_core.steps import groups, invitations, replies, werkbezoek
from vitale_core.steps.plan import regrouping
from vitale_core.store.records import Enrolment, Invitation


def test_an_edit_is_scored_and_priced_beside_the_version_it_came_from(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        plan = groups.propose(session, cohort, **HERE)
        mover = next(iter(members(plan)[1]))

        edited = groups.edit(session, cohort, 1, {mover: 2}, **HERE)

        assert members(edited)[2] == members(plan)[2] | {mover}
        assert edited.claim == "met de hand gemaakt"
        assert visits_of(edited)[1].slot_id == visits_of(plan)[1].slot_id
        assert groups.show(session, cohort).price == tuple(
            new - old for new, old in zip(edited.solution["objective"], plan.solution["objective"], strict=True)
        )
        assert plan.status is PlanStatus.SUPERSEDED


def test_an_edit_may_give_a_group_another_half_day(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        plan = groups.propose(session, cohort, **HERE)
        visit = visits_of(plan)[1]
        other = next(s for s in visit.project.slots if s.id != visit.slot_id)

        edited = groups.edit(session, cohort, 1, {}, slots={1: other.id}, **HERE)

        assert visits_of(edited)[1].slot_id == other.id


def test_an_edit_that_breaks_a_rule_is_the_operators_choice_and_says_so(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        plan = groups.propose(session, cohort, **HERE)
        own, other = visits_of(plan)[1], visits_of(plan)[2]
        free = next(s for s in other.project.slots if s.id != other.slot_id)

        groups.edit(session, cohort, 1, {}, slots={own.group.number: free.id}, **HERE)

        assert groups.show(session, cohort).broken == ("een-groep-per-project",)


@pytest.mark.parametrize(
    "moves,slots,problem", [({1: 9}, {}, "Groep 9 is er niet"), ({}, {1: 999}, "Dagdeel 999 is niet vrij")]
)
def test_an_edit_names_only_what_exists(database, moves, slots, problem):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        groups.propose(session, cohort, **HERE)

        with pytest.raises(NotFound, match=problem):
            groups.edit(session, cohort, 1, moves, slots=slots, **HERE)


def test_an_edit_that_empties_a_group_or_brings_a_stranger_is_refused(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8)
        plan = groups.propose(session, cohort, **HERE)

        with pytest.raises(Refused, match="leeg"):
            groups.edit(session, cohort, 1, dict.fromkeys(members(plan)[1], 2), **HERE)
        with pytest.raises(Refused, match="hoort niet bij"):
            groups.edit(session, cohort, 1, {999: 2}, **HERE)


def test_a_superseded_or_unknown_version_cannot_be_edited(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        groups.propose(session, cohort, **HERE)
        groups.propose(session, cohort, **HERE)

        with pytest.raises(Refused, match="Versie 1 is vervangen"):
            groups.edit(session, cohort, 1, {}, **HERE)
        with pytest.raises(NotFound, match="versie 7"):
            groups.edit(session, cohort, 7, {}, **HERE)


def test_groups_without_visits_can_be_edited_too(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=8, projects=0)
        plan = groups.propose(session, cohort, **HERE)
        mover = next(iter(members(plan)[1]))
        some_projects(session)

        edited = groups.edit(session, cohort, 1, {mover: 2}, **HERE)

        assert mover in members(edited)[2]
        assert visits_of(edited) == {}


def test_an_approval_asks_the_hosts_and_closes_the_task(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session)

        assert (plan.status, plan.approved_by, plan.approved_at) == (PlanStatus.APPROVED, "operator", NOW)
        assert {v.status for v in visits_of(plan).values()} == {VisitStatus.ASKED}
        assert {v.asked_at for v in visits_of(plan).values()} == {NOW}
        assert tasks_of(session, "groups-approve") == []
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        werkbezoek.advance(session, cohort, now=NOW, bureau=BUREAU)
        asked = mails_of(session, Kind.HOST_REQUEST)
        assert len(asked) == 3


def test_a_second_click_is_refused(database):
    with database.write() as session:
        cohort, _plan = an_approved_cohort(session)

        with pytest.raises(Refused, match="al goedgekeurd"):
            groups.approve(session, cohort, 1, **HERE)


def test_only_the_newest_proposal_as_it_was_shown_can_be_approved(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        groups.propose(session, cohort, **HERE)
        second = groups.propose(session, cohort, **HERE)

        with pytest.raises(Refused, match="vervangen door een nieuwere"):
            groups.approve(session, cohort, 1, **HERE)
        with pytest.raises(Refused, match="niet wat je zag"):
            groups.approve(session, cohort, 2, digest="another", **HERE)
        assert groups.approve(session, cohort, 2, digest=second.digest, **HERE).status is PlanStatus.APPROVED


def test_hosts_are_not_asked_before_the_cohort_goes_ahead(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, status=CohortStatus.OPEN)
        groups.propose(session, cohort, **HERE)

        with pytest.raises(Refused, match="als het doorgaat") as refused:
            groups.approve(session, cohort, 1, **HERE)
        assert refused.value.remedy == f"vitale cohort go {cohort.code}"


@pytest.mark.parametrize("status", [CohortStatus.EVALUATING, CohortStatus.CLOSED, CohortStatus.CANCELLED])
def test_hosts_are_not_asked_any_more_when_it_is_over(database, status):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        groups.propose(session, cohort, **HERE)
        cohort.status = status

        with pytest.raises(Refused, match="niet meer gevraagd") as refused:
            groups.approve(session, cohort, 1, **HERE)
        assert "cohort go" not in refused.value.remedy


@pytest.mark.parametrize("change", ["joined", "left"])
def test_a_proposal_for_other_people_than_there_are_now_is_not_approved(database, change):
    with database.write() as session:
        cohort = a_planned_cohort(session, people=11)
        plan = groups.propose(session, cohort, **HERE)
        if change == "joined":
            an_enrolment(session, cohort, "Zoë Veenstra")
        else:
            plan.groups[0].members[0].enrolment.status = EnrolmentStatus.WITHDRAWN

        with pytest.raises(Refused, match="veranderd"):
            groups.approve(session, cohort, 1, **HERE)


def test_two_cohorts_never_book_one_half_day(database):
    with database.write() as session:
        spring = a_planned_cohort(session, people=4, projects=1)
        autumn = a_cohort(session, "2027-tweede")
        for name in ("Ada Kok", "Ben Vos", "Cas Mol"):
            an_enrolment(session, autumn, name)
        one = groups.propose(session, spring, **HERE)
        other = groups.propose(session, autumn, **HERE)
        taken = visits_of(one)[1].slot_id
        visits_of(other)[1].slot_id = taken

        groups.approve(session, spring, 1, **HERE)

        with pytest.raises(Refused, match="niet meer vrij"):
            groups.approve(session, autumn, 1, **HERE)
        assert visits_of(groups.propose(session, autumn, **HERE)) == {}  # the host rests, so no other half day either


def test_the_database_has_the_last_word_about_a_half_day(database, monkeypatch):
    with database.write() as session:
        spring = a_planned_cohort(session, people=4, projects=1)
        autumn = a_cohort(session, "2027-tweede")
        an_enrolment(session, autumn, "Ada Kok")
        one, other = (groups.propose(session, cohort, **HERE) for cohort in (spring, autumn))
        visits_of(other)[1].slot_id = visits_of(one)[1].slot_id
        groups.approve(session, spring, 1, **HERE)
        monkeypatch.setattr(groups, "BOOKS_THE_SLOT", ())  # as if the other one asks at the same instant

        with pytest.raises(Refused, match="ander cohort"), session.begin_nested():
            groups.approve(session, autumn, 1, **HERE)


def test_one_person_goes_with_another_group_at_once_and_nobody_else_hears_of_it(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        kept = {number: visit.id for number, visit in visits_of(plan).items()}
        for visit in visits_of(plan).values():
            werkbezoek.confirm_visit(session, visit, **HERE)
        invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
        Calendars(BUREAU).deliver(session)
        mover = members(plan)[1].pop()

        made = groups.change_group(session, session.get_one(Enrolment, mover), 2, **HERE)
        invitations.sync(session, cohort, now=NOW, bureau=BUREAU)

        assert (made.status, plan.status) == (PlanStatus.APPROVED, PlanStatus.SUPERSEDED)
        assert mover in members(made)[2]
        assert {number: visit.id for number, visit in visits_of(made).items()} == kept
        (gone,) = mails_of(session, Kind.CALENDAR_CANCEL)
        assert gone.enrolment_id == mover
        news = [m for m in mails_of(session, Kind.CALENDAR_INVITATION) if m.status is MessageStatus.QUEUED]
        assert [m.enrolment_id for m in news] == [mover]


def test_who_is_in_that_group_already_stays_and_only_who_has_a_seat_can_go(database):
    with database.write() as session:
        _cohort, plan = an_approved_cohort(session, people=8)
        number = min(members(plan)[1])
        enrolment = session.get_one(Enrolment, number)

        assert groups.change_group(session, enrolment, 1, **HERE) is plan
        with pytest.raises(NotFound, match="Groep 7"):
            groups.change_group(session, enrolment, 7, **HERE)
        enrolment.status = EnrolmentStatus.WITHDRAWN
        session.flush()
        with pytest.raises(Refused, match="geen plek"):
            groups.change_group(session, enrolment, 2, **HERE)
        plan.status = PlanStatus.SUPERSEDED
        session.flush()
        with pytest.raises(Refused, match="nog geen groepen"):
            groups.change_group(session, enrolment, 2, **HERE)


def declined(session, cohort, plan, *, group=1):
    """Somebody of a group says no to the werkbezoek; return the enrolment id."""
    for visit in visits_of(plan).values():
        werkbezoek.confirm_visit(session, visit, **HERE)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    number = min(members(plan)[group])
    visit = visits_of(plan)[group]
    asked = select(Invitation).where(Invitation.enrolment_id == number, Invitation.session_id == visit.session_id)
    replies.answer(session, session.scalars(asked).one(), Answer.DECLINED, via=Via.PAGE, now=NOW, bureau=BUREAU)
    return number


def test_a_decline_for_a_visit_asks_the_planner_for_the_least_change(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        number = declined(session, cohort, plan)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        proposal = newest_plan(session, cohort)
        assert (proposal.version, proposal.status) == (2, PlanStatus.PROPOSED)
        group = next(g for g, people in members(proposal).items() if number in people)
        assert visits_of(proposal)[group].slot.starts_at != visits_of(plan)[1].slot.starts_at
        levels = dict(groups.show(session, cohort, 2).levels)
        # Proven: four people at another moment, or two of them in the other group, and no plan changes less.
        assert (levels["iedereen kan mee"], levels["zo min mogelijk wijzigen"]) == (0, 4)
        (task,) = tasks_of(session, "declined-visit")
        assert task.note.startswith("Voorstel 2 verandert zo min mogelijk.")
        assert "op " in task.what


def test_when_no_other_plan_helps_the_task_says_so(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=3, projects=1)
        for slot in visits_of(plan)[1].project.slots:
            if slot.id != visits_of(plan)[1].slot_id:
                slot.withdrawn_at = NOW
        declined(session, cohort, plan)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert newest_plan(session, cohort) is plan
        assert tasks_of(session, "declined-visit")[0].note == regrouping.NO_BETTER


def test_when_no_plan_can_be_made_after_a_decline_the_task_says_why(database):
    def stuck(_document):
        raise Refused("De regels botsen.")

    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        declined(session, cohort, plan)

        groups.advance(session, cohort, now=NOW, bureau=BUREAU, solve=stuck)

        assert tasks_of(session, "declined-visit")[0].note == f"{regrouping.NO_BETTER} De regels botsen."
