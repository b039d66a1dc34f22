"""One cohort from go to closed, through the steps alone: a look on each day on which it is due, and no other."""

from collections import Counter
from datetime import date, timedelta

from sqlalchemy import select

from tests.training import BUREAU, HERE, a_planned_cohort, an_intake, at, members, newest_plan, tasks_of, visits_of
from vitale_core.domain.programme import STEPS
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, Presence, SessionKind, VisitStatus
from vitale_core.steps import attendance, evaluation, groups, lifecycle, report, terugkomdag, werkbezoek
from vitale_core.store.records import Enrolment, Message

OUTCOMES = {f"outcome-{nr}": 3 for nr in range(1, 6)}


def test_a_cohort_goes_from_groups_to_closed_and_every_mail_is_owed_once(database):
    with database.write() as session:
        cohort = a_planned_cohort(session)
        people = list(session.scalars(select(Enrolment).order_by(Enrolment.id)))
        for enrolment in people:
            an_intake(session, enrolment)

        def days(start, until):
            day = at(start, "09:05")
            while day <= at(until, "23:00"):
                who = {"by": "operator", "now": day, "bureau": BUREAU}
                if lifecycle.due_cohorts(session, day):
                    for step in STEPS:
                        lifecycle.advance(session, cohort, step, now=day, bureau=BUREAU)
                    lifecycle.settle(session, cohort, now=day, bureau=BUREAU)
                yield day, who
                day += timedelta(days=1)

        for _ in days("2027-02-01", "2027-02-02"):
            pass
        groups.approve(session, cohort, newest_plan(session, cohort).version, **HERE)
        for day, who in days("2027-02-03", "2027-03-10"):
            visits = visits_of(newest_plan(session, cohort))
            if day.day == 8 and day.month == 2:
                werkbezoek.refuse_visit(session, visits[1], reason="Verbouwing", **who)
                groups.approve(session, cohort, newest_plan(session, cohort).version, **who)
            if day.day == 15 and day.month == 2:
                for visit in visits.values():
                    werkbezoek.confirm_visit(session, visit, **who)
        for day, who in days("2027-03-11", "2027-07-12"):
            for meeting in cohort.sessions:
                over = meeting.ends_at is not None and meeting.ends_at < day
                if over and meeting.kind is not SessionKind.TERUGKOMDAG:
                    attendance.close(session, meeting, rest=Presence.PRESENT, **who)
            for visit in visits_of(newest_plan(session, cohort)).values():
                if visit.status is VisitStatus.HELD and day > visit.slot.ends_at + timedelta(days=5):
                    member = visit.group.members[0].enrolment
                    werkbezoek.report(session, visit, member, report="Mooi", recommendations="Ga langs", now=day)
            terug = next(s for s in cohort.sessions if s.kind is SessionKind.TERUGKOMDAG)
            options = terugkomdag.options_of(session, terug)
            if options and terug.starts_at is None and tasks_of(session, "choose-date"):
                terugkomdag.choose_date(session, terug, options[0].id, **who)
            if day == at("2027-04-26", "09:05"):
                for enrolment in people:
                    answers = OUTCOMES | {f"before-{nr}": 2 for nr in range(1, 6)}
                    evaluation.answer_round(session, enrolment, "direct", answers, now=day)
            if cohort.status is CohortStatus.CLOSED:
                break

        assert cohort.status is CohortStatus.CLOSED
        assert {e.status for e in people} == {EnrolmentStatus.COMPLETED}
        assert len(report.handout(session, cohort)) == 3
        assert sorted(map(len, members(newest_plan(session, cohort)).values())) == [4, 4, 4]
        owed = Counter(m.kind for m in session.scalars(select(Message)))
        assert owed["host_request"] == 4
        assert owed["host_cancelled"] == 0
        assert owed["group_proposal"] == 12  # the refusal came before anybody knew
        assert owed["host_thanks"] == 3
        assert owed["visit_report_request"] == 12
        assert owed["certificate"] == 12
        assert owed["direct_evaluation"] == 12
        assert owed["transfer_evaluation"] == 12
        assert cohort.closed_at is not None
        assert cohort.closed_at.date() == date(2027, 6, 25)  # ten days after the terugkomdag
