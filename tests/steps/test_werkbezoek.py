"""Werkbezoeken: what hosts answer, what groups bring back, what turns by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    an_approved_cohort,
    an_intake,
    mails_of,
    members,
    newest_plan,
    some_enrolments,
    some_projects,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import EnrolmentStatus, PlanStatus, Presence, SessionKind, SessionStatus, VisitStatus
from vitale_core.steps import attendance, cohorts, groups, hosts, invitations, werkbezoek
from vitale_core.store.records import Project


def later(visit, **time):
    """After the end of a visit."""
    return {"by": "operator", "now": visit.slot.ends_at + timedelta(**time), "bureau": BUREAU}


def a_visit(session, group=1, **facts):
    """A cohort with approved groups and the visit of one of them."""
    cohort, plan = an_approved_cohort(session, **({"people": 8} | facts))
    return cohort, visits_of(plan)[group]


def test_a_yes_of_the_host_books_a_session_for_group_and_host(database):
    with database.write() as session:
        cohort, visit = a_visit(session)

        meeting = werkbezoek.confirm_visit(session, visit, note="Ingang aan de achterkant", **HERE)
        invitations.sync(session, cohort, now=NOW, bureau=BUREAU)

        assert (meeting.name, meeting.kind, meeting.day) == ("werkbezoek-1", SessionKind.WERKBEZOEK, "visit")
        assert (meeting.starts_at, meeting.ends_at) == (visit.slot.starts_at, visit.slot.ends_at)
        assert meeting.status is SessionStatus.PUBLISHED
        assert meeting.location == f"{visit.project.title}, Dorpsstraat 1, Assen"
        assert (visit.status, visit.answered_at) == (VisitStatus.CONFIRMED, NOW)
        assert visit.host_note == "Ingang aan de achterkant"
        invited = [m for m in mails_of(session, Kind.CALENDAR_INVITATION) if "werkbezoek" in str(m.payload)]
        assert len(invited) >= len(visit.group.members) + 1


def test_a_second_yes_gives_the_same_session(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)

        first = werkbezoek.confirm_visit(session, visit, **HERE)
        second = werkbezoek.confirm_visit(session, visit, **HERE)

        assert first is second


def test_a_yes_closes_the_task_about_the_silent_host(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        werkbezoek.advance(session, cohort, now=NOW + timedelta(days=20), bureau=BUREAU)
        asked = tasks_of(session, "host-silent")
        assert f"De gastheer van werkbezoek {visit.id} antwoordde nog niet. Bel even." in {task.what for task in asked}
        assert len(asked) == 2

        werkbezoek.confirm_visit(session, visit, **HERE)

        assert len(tasks_of(session, "host-silent")) == 1


def test_a_yes_after_the_moment_is_refused(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)

        with pytest.raises(Refused, match="al voorbij"):
            werkbezoek.confirm_visit(session, visit, **later(visit))


def test_a_visit_of_a_plan_that_does_not_hold_cannot_be_answered(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        waiting = visits_of(groups.propose(session, cohort, **HERE))[1]

        with pytest.raises(Refused, match="een plan dat niet"):
            werkbezoek.confirm_visit(session, waiting, **HERE)
        assert werkbezoek.get(session, visit.id) is visit
        with pytest.raises(NotFound, match="Bezoek 999"):
            werkbezoek.get(session, 999)


# ---------------------------------------------------------------------------------------------------- refusals


def test_a_no_closes_the_half_day_and_proposes_the_reserve_with_nothing_else_changed(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        before = newest_plan(session, cohort)
        reserve = visit.reserve_slot_id

        werkbezoek.refuse_visit(session, visit, reason="Verbouwing", **HERE)

        plan = newest_plan(session, cohort)
        assert (visit.status, visit.reason, visit.slot.withdrawn_at) == (VisitStatus.REFUSED, "Verbouwing", NOW)
        assert (plan.version, plan.status) == (2, PlanStatus.PROPOSED)
        assert plan.claim.startswith("het reservebezoek")
        assert members(plan) == members(before)
        assert visits_of(plan)[1].slot_id == reserve
        assert visits_of(plan)[2].slot_id == visits_of(before)[2].slot_id
        assert len(tasks_of(session, "groups-approve")) == 1


def test_after_the_approval_only_the_new_host_is_asked(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        other = visits_of(newest_plan(session, cohort))[2]
        werkbezoek.advance(session, cohort, now=NOW, bureau=BUREAU)
        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        groups.approve(session, cohort, 2, **HERE)
        werkbezoek.advance(session, cohort, now=NOW, bureau=BUREAU)

        new = visits_of(newest_plan(session, cohort))
        assert new[2] is other
        assert new[1].status is VisitStatus.ASKED
        assert [m.subject for m in mails_of(session, Kind.HOST_REQUEST)] == [
            *sorted([f"visit-{visit.id}", f"visit-{other.id}"]),
            f"visit-{new[1].id}",
        ]


def test_when_somebody_cannot_come_to_the_reserve_the_planner_looks_again(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        somebody = visit.group.members[0].enrolment
        free = [s.id for project in session.scalars(select(Project)) for s in project.slots]
        an_intake(session, somebody, available=[s for s in free if s != visit.reserve_slot_id])

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        plan = newest_plan(session, cohort)
        assert plan.claim == "bewezen het beste"
        assert visits_of(plan)[1].slot_id not in {visit.slot_id, visit.reserve_slot_id}


def test_a_reserve_that_is_gone_is_not_proposed(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        assert visit.reserve_slot is not None
        hosts.withdraw_slot(session, visit.reserve_slot, by="operator", now=NOW)

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        assert newest_plan(session, cohort).claim == "bewezen het beste"


def test_a_reserve_that_would_break_a_rule_is_not_proposed(database):
    with database.write() as session:
        cohort, visit = a_visit(session, projects=2)
        other = visits_of(newest_plan(session, cohort))[2]
        visit.reserve_slot_id = next(s.id for s in other.project.slots if s.id != other.slot_id)
        session.flush()
        session.expire(visit)

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        plan = newest_plan(session, cohort)
        assert not plan.claim.startswith("het reservebezoek")
        assert visits_of(plan)[1].project_id == visit.project_id


def test_a_host_who_said_no_is_asked_for_another_half_day_only_when_nobody_else_can(database):
    with database.write() as session:
        cohort, visit = a_visit(session, projects=3)
        visit.reserve_slot_id = next(s.id for s in visit.project.slots if s.id != visit.slot_id)
        session.flush()
        session.expire(visit)

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        plan = newest_plan(session, cohort)
        assert visit.project_id not in {v.project_id for v in visits_of(plan).values()}


def test_two_refusals_one_after_the_other_still_end_in_one_good_proposal(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        other = visits_of(newest_plan(session, cohort))[2]

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)
        werkbezoek.refuse_visit(session, other, reason="", **HERE)

        plan = newest_plan(session, cohort)
        assert plan.version == 3
        assert not {visit.slot_id, other.slot_id} & {v.slot_id for v in visits_of(plan).values()}


def test_a_no_after_a_yes_takes_the_session_back_and_tells_the_group(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)

        werkbezoek.refuse_visit(session, visit, reason="Ziek", **HERE)

        assert meeting.status is SessionStatus.CANCELLED
        assert len(mails_of(session, Kind.CHANGES)) == len(visit.group.members)
        assert "Ziek" not in str([m.payload for m in mails_of(session, Kind.CHANGES)])


def test_the_next_visit_of_the_group_gets_a_session_of_its_own(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        werkbezoek.confirm_visit(session, visit, **HERE)
        werkbezoek.refuse_visit(session, visit, reason="", **HERE)
        groups.approve(session, cohort, 2, **HERE)

        meeting = werkbezoek.confirm_visit(session, visits_of(newest_plan(session, cohort))[1], **HERE)

        assert meeting.name == "werkbezoek-1-2"


def test_a_second_no_is_harmless_and_a_no_after_the_visit_is_refused(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        other = visits_of(newest_plan(session, cohort))[2]
        werkbezoek.confirm_visit(session, other, **HERE)

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)
        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        assert newest_plan(session, cohort).version == 2
        with pytest.raises(Refused, match="al geweest"):
            werkbezoek.refuse_visit(session, other, reason="", **later(other))


def test_when_no_other_visit_can_be_found_the_operator_gets_a_task_that_says_why(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 8)
        some_projects(session, 2, slots=["2027-04-06"])
        groups.propose(session, cohort, **HERE)
        visit = visits_of(groups.approve(session, cohort, 1, **HERE))[1]

        werkbezoek.refuse_visit(session, visit, reason="", **HERE)

        assert visit.status is VisitStatus.REFUSED
        assert newest_plan(session, cohort).version == 1
        assert "1 projecten" in tasks_of(session, "groups-stuck")[0].what


# ------------------------------------------------------------------------------------------ what it brought back


def test_a_group_reports_and_may_better_its_report(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)
        werkbezoek.confirm_visit(session, visit, **HERE)
        member = visit.group.members[0].enrolment
        after_visit = visit.slot.ends_at

        werkbezoek.report(session, visit, member, report="Mooi", recommendations="- Begin klein", now=after_visit)
        werkbezoek.report(session, visit, member, report="Heel mooi", recommendations="", now=after_visit)

        assert (visit.status, visit.report, visit.reported_at) == (VisitStatus.REPORTED, "Heel mooi", after_visit)


def test_a_report_is_of_the_group_after_the_visit_and_not_empty(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        werkbezoek.confirm_visit(session, visit, **HERE)
        member = visit.group.members[0].enrolment
        stranger = visits_of(newest_plan(session, cohort))[2].group.members[0].enrolment
        words = {"report": "Mooi", "recommendations": ""}

        with pytest.raises(Refused, match="niet in de groep"):
            werkbezoek.report(session, visit, stranger, **words, now=visit.slot.ends_at)
        with pytest.raises(Refused, match="nog niet geweest"):
            werkbezoek.report(session, visit, member, **words, now=NOW)
        with pytest.raises(Refused, match="leeg"):
            werkbezoek.report(session, visit, member, report=" ", recommendations="", now=visit.slot.ends_at)


def test_the_day_sheet_names_the_group_to_the_host_and_the_way_to_the_group(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)
        visit.project.practical = "Parkeren kan achter het hek."
        werkbezoek.confirm_visit(session, visit, note="Vraag naar Jan", **HERE)

        sheet = werkbezoek.day_sheet(visit)

        assert sheet.practical == "Vraag naar Jan\nParkeren kan achter het hek."
        assert len(sheet.people) == 4
        assert (sheet.group, sheet.start, sheet.contact) == (1, visit.slot.starts_at, f"Gastheer {sheet.project}")
        visit.group.members[0].enrolment.status = EnrolmentStatus.WITHDRAWN
        assert len(werkbezoek.day_sheet(visit).people) == 3


def test_there_is_no_day_sheet_before_the_host_says_yes(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)

        with pytest.raises(Refused, match="nog niet vast"):
            werkbezoek.day_sheet(visit)


# --------------------------------------------------------------------------------------------------- by the clock


def test_a_visit_that_ended_is_held_and_somebody_fills_in_who_was_there(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        later_one = visits_of(newest_plan(session, cohort))[2]
        for confirmed in (visit, later_one):
            werkbezoek.confirm_visit(session, confirmed, **HERE)

        werkbezoek.advance(session, cohort, now=visit.slot.ends_at, bureau=BUREAU)
        werkbezoek.advance(session, cohort, now=visit.slot.ends_at, bureau=BUREAU)

        assert (visit.status, later_one.status) == (VisitStatus.HELD, VisitStatus.CONFIRMED)
        (task,) = tasks_of(session, "visit-attendance")
        assert task.command == "vitale attendance close 2027-voorjaar werkbezoek-1"


@pytest.mark.parametrize("known", ["noted", "closed", "cancelled"])
def test_who_was_there_is_not_asked_when_it_is_known(database, known):
    with database.write() as session:
        cohort, visit = a_visit(session)
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        if known == "noted":
            attendance.record(
                session, meeting, visit.group.members[0].enrolment, Presence.PRESENT, by="trainer", now=NOW
            )
        elif known == "closed":
            meeting.attendance_closed_at = NOW
        else:
            meeting.status = SessionStatus.CANCELLED

        werkbezoek.advance(session, cohort, now=visit.slot.ends_at, bureau=BUREAU)

        assert tasks_of(session, "visit-attendance") == []


def test_a_visit_that_nobody_answered_in_time_is_dropped_with_a_task(database):
    with database.write() as session:
        cohort, visit = a_visit(session)

        werkbezoek.advance(session, cohort, now=visit.slot.starts_at, bureau=BUREAU)

        later_one = visits_of(newest_plan(session, cohort))[2]
        assert (visit.status, later_one.status) == (VisitStatus.CANCELLED, VisitStatus.ASKED)
        assert any(f"Bezoek {visit.id}" in t.what for t in tasks_of(session, "visit-unanswered"))


def test_a_cancelled_cohort_frees_its_hosts_and_a_restored_one_keeps_its_groups(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        groups_before = members(newest_plan(session, cohort))
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        cohorts.cancel(session, cohort, by="operator", reason="Te weinig mensen", now=NOW, bureau=BUREAU)

        werkbezoek.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert {v.status for v in visits_of(newest_plan(session, cohort)).values()} == {VisitStatus.CANCELLED}
        assert meeting.status is SessionStatus.CANCELLED
        assert [m.subject for m in mails_of(session, Kind.HOST_CANCELLED)] == [f"visit-{visit.id}"]
        other = a_cohort(session, "2027-tweede")
        assert visit.slot in hosts.open_slots(session, other, now=NOW, bureau=BUREAU)
        cohorts.restore(session, cohort, by="operator", now=NOW, bureau=BUREAU)
        cohorts.go(session, cohort, by="operator", now=NOW, bureau=BUREAU)
        groups.advance(session, cohort, now=NOW, bureau=BUREAU)
        assert members(newest_plan(session, cohort)) == groups_before
        assert newest_plan(session, cohort).version == 2


def test_in_a_cancelled_cohort_a_visit_that_was_is_left_alone(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        werkbezoek.confirm_visit(session, visit, **HERE)
        cohorts.cancel(session, cohort, by="operator", reason="Ziek", now=visit.slot.starts_at, bureau=BUREAU)

        werkbezoek.advance(session, cohort, now=visit.slot.ends_at, bureau=BUREAU)

        assert visit.status is VisitStatus.HELD
