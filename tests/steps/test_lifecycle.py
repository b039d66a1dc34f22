"""A cohort is looked at when it is due, and from moment to moment its whole life passes."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.life import Life
from tests.training import (
    BUREAU,
    DAYS,
    NAMES,
    NOW,
    a_cohort,
    a_project,
    address,
    an_enrolment,
    at,
    document,
    mails_of,
    some_enrolments,
    visits_of,
)
from vitale_core.domain.kinds import Kind
from vitale_core.domain.programme import STEPS
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, MessageStatus, Presence, SessionStatus, VisitStatus
from vitale_core.steps import attendance, changes, cohorts, groups, intake, lifecycle, programmes, werkbezoek
from vitale_core.store.database import AT_ONCE
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message, Task


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def tick(session, cohort, now):
    for step in lifecycle.steps_due(session, cohort, now=now, bureau=BUREAU):
        lifecycle.advance(session, cohort, step, now=now, bureau=BUREAU)
    return lifecycle.settle(session, cohort, now=now, bureau=BUREAU)


def test_who_waits_longest_is_looked_at_first(written):
    one, two, three = (a_cohort(written, f"c-{n}") for n in range(3))
    for cohort, due in ((one, NOW), (two, NOW - timedelta(hours=1)), (three, NOW + timedelta(seconds=1))):
        written.execute(update(Cohort).where(Cohort.id == cohort.id).values(next_due_at=due))
    idle = a_cohort(written, "c-4")
    written.execute(update(Cohort).where(Cohort.id == idle.id).values(next_due_at=None))

    assert lifecycle.due_cohorts(written, NOW) == [two.id, one.id]


def test_a_step_with_nothing_to_say_is_left_out_and_would_change_nothing(written):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 2)
    tick(written, cohort, NOW)
    reminded = at("2027-03-16", "09:00")
    seen = []

    for now in (NOW, at("2027-03-10"), reminded):
        named = lifecycle.steps_due(written, cohort, now=now, bureau=BUREAU)
        seen.append("reminders" in named)
        assert named == [step for step in STEPS if step in named]
        before = len(written.scalars(select(Message)).all()), len(written.scalars(select(Task)).all())
        for step in set(STEPS) - set(named):
            lifecycle.advance(written, cohort, step, now=now, bureau=BUREAU)
        assert (len(written.scalars(select(Message)).all()), len(written.scalars(select(Task)).all())) == before
        tick(written, cohort, now)

    assert seen == [False, True, True]


def test_after_a_tick_the_cohort_rests_until_the_next_moment(written):
    cohort = a_cohort(written)
    an_enrolment(written, cohort)

    upcoming = tick(written, cohort, NOW)

    assert upcoming == at("2027-02-08", "08:00")  # Monday
    assert lifecycle.due_cohorts(written, NOW) == []
    assert lifecycle.due_cohorts(written, upcoming) == [cohort.id]


def test_ticking_again_changes_nothing(written):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 3)
    tick(written, cohort, NOW)
    before = (len(written.scalars(select(Message)).all()), len(written.scalars(select(Task)).all()))

    assert tick(written, cohort, NOW) == tick(written, cohort, NOW)

    assert (len(written.scalars(select(Message)).all()), len(written.scalars(select(Task)).all())) == before


def test_what_is_still_owed_keeps_a_cohort_due(written):
    cohort = a_cohort(written)
    an_enrolment(written, cohort)

    assert lifecycle.settle(written, cohort, now=NOW, bureau=BUREAU) == NOW


def test_a_cohort_that_is_over_is_never_due_again(written):
    cohort = a_cohort(written)
    cohort.status = CohortStatus.CLOSED

    assert lifecycle.settle(written, cohort, now=NOW, bureau=BUREAU) is None
    assert lifecycle.due_cohorts(written, NOW + timedelta(days=9999)) == []


def test_time_passes_over_the_sessions(written):
    cohort = a_cohort(written)
    first, second, third, *_rest = cohort.sessions
    third.status = SessionStatus.CANCELLED

    lifecycle.begin_and_end(written, cohort, now=at("2027-03-18", "09:29"))
    assert cohort.status is CohortStatus.CONFIRMED
    lifecycle.begin_and_end(written, cohort, now=at("2027-03-18", "12:30"))

    assert [s.status for s in (first, second, third)] == [
        SessionStatus.HELD,
        SessionStatus.PUBLISHED,
        SessionStatus.CANCELLED,
    ]
    assert written.get_one(Cohort, cohort.id).status == "running"


def test_a_cancelled_first_day_does_not_make_a_cohort_run(written):
    cohort = a_cohort(written)
    for meeting in cohort.sessions[:2]:
        meeting.status = SessionStatus.CANCELLED

    lifecycle.begin_and_end(written, cohort, now=at("2027-03-18", "18:00"))

    assert cohort.status is CohortStatus.CONFIRMED


def test_a_cohort_without_a_go_does_not_begin(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)

    lifecycle.begin_and_end(written, cohort, now=at("2027-05-01"))

    assert cohort.status is CohortStatus.OPEN
    assert {s.status for s in cohort.sessions} == {SessionStatus.PLANNED}


def test_a_fact_that_comes_in_while_a_tick_settles_is_seen_by_the_next(database):
    with database.write() as session:
        number = a_cohort(session).id
    settled, done = threading.Event(), []

    def change_a_fact():
        settled.wait(10)
        with database.write() as session:
            session.scalars(select(CourseSession)).first().location = "Elders"
        done.append("changed")

    thread = threading.Thread(target=change_a_fact)
    thread.start()
    with database.write() as session:
        lifecycle.settle(session, session.get_one(Cohort, number), now=NOW, bureau=BUREAU)
        settled.set()
        threading.Event().wait(0.3)
        done.append("settled")
    thread.join(20)

    with database.read() as session:
        due = session.get_one(Cohort, number).next_due_at
    assert done[-1] == "changed"
    assert due == AT_ONCE


# ----------------------------------------------------------------------------------------------------- a whole life


class Course:
    """A cohort of the training overheidsparticipatie, and what people do in it."""

    def __init__(self, session) -> None:
        self.session = session
        begins = at("2027-01-04", "10:00")
        self.cohort, _warnings = cohorts.create(
            session,
            code="2027-voorjaar",
            programme=programmes.pin(session, document(), now=begins),
            days={**DAYS, "terugkomdag": date(2027, 6, 24)},
            trainer_name="Roos Hoekstra",
            trainer_email="roos@bureau.example",
            now=begins,
            bureau=BUREAU,
        )
        for title in ("Buurttuin", "Dorpshuis", "Wijkraad", "Burgerberaad"):
            a_project(session, title, slots=("2027-04-07",), now=begins)
        self.life = Life(session, self.cohort, BUREAU)
        self.people: list[Enrolment] = []

    def who(self, now):
        return {"by": "operator", "now": now, "bureau": BUREAU}

    def apply(self, *names):
        def deed(now):
            for name in names:
                form = intake.Application(name=name, email=address(name))
                self.people.append(
                    intake.apply(self.session, self.cohort, form, source="portal", now=now, bureau=BUREAU)
                )

        return deed

    def confirm(self, now):
        for enrolment in self.people:
            if enrolment.status is EnrolmentStatus.APPLIED:
                intake.confirm(self.session, enrolment, **self.who(now))

    def go(self, now):
        cohorts.go(self.session, self.cohort, **self.who(now))

    def plan(self, now):
        plan = groups.propose(self.session, self.cohort, **self.who(now))
        groups.approve(self.session, self.cohort, plan.version, **self.who(now))
        self.visits = visits_of(plan)

    def hosts_agree(self, now):
        for visit in self.visits.values():
            werkbezoek.confirm_visit(self.session, visit, **self.who(now))

    def withdraw(self, now):
        intake.withdraw(self.session, self.people[1], **self.who(now))

    def move_day_2(self, now):
        changes.move_day(self.session, self.cohort, "day2", to=date(2027, 4, 29), **self.who(now))

    def note_attendance(self, now):
        self.session.expire(self.cohort, ["sessions"])
        for meeting in self.cohort.sessions:
            if meeting.status is SessionStatus.HELD and meeting.attendance_closed_at is None:
                attendance.close(self.session, meeting, rest=Presence.PRESENT, **self.who(now))

    def play(self):
        self.life.play(
            [
                (at("2027-01-08", "10:00"), self.apply(*NAMES[:7])),
                (at("2027-01-11", "10:00"), self.confirm),
                (at("2027-02-01", "10:00"), self.go),
                (at("2027-03-03", "11:00"), self.plan),
                (at("2027-03-08", "15:00"), self.hosts_agree),
                (at("2027-03-10", "16:00"), self.withdraw),
                (at("2027-03-17", "11:00"), self.apply("Koen Haan")),
                (at("2027-03-17", "14:00"), self.confirm),
                (at("2027-03-19", "09:30"), self.note_attendance),
                (at("2027-04-07", "09:30"), self.move_day_2),
                (at("2027-04-08", "09:30"), self.note_attendance),
                (at("2027-04-30", "09:30"), self.note_attendance),
                (at("2027-06-25", "09:30"), self.note_attendance),
            ],
            until=at("2028-01-01"),
        )

    def told(self, enrolment):
        return self.life.told(enrolment.person_id)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_whole_life_owes_every_mail_once_at_its_hour(written):
    course = Course(written)
    course.play()
    noor, sam, *_others, koen = course.people
    visit = next(v for v in course.visits.values() if noor.id in {m.enrolment_id for m in v.group.members})
    certificates = {m.enrolment_id: m.subject for m in mails_of(written, Kind.CERTIFICATE)}

    assert course.told(noor) == [
        ("2027-01-08 10:00", f"receipt enrolment-{noor.id}"),
        ("2027-01-11 10:00", f"intake_request enrolment-{noor.id}"),
        ("2027-01-11 10:00", f"seat_confirmed enrolment-{noor.id}"),
        ("2027-01-18 09:00", f"intake_reminder-1 enrolment-{noor.id}"),
        ("2027-01-21 09:00", f"intake_reminder-2 enrolment-{noor.id}"),
        ("2027-02-01 10:00", f"overview enrolment-{noor.id}"),
        ("2027-02-25 09:00", f"rsvp_reminder-1 enrolment-{noor.id}"),
        ("2027-03-02 09:00", f"rsvp_reminder-2 enrolment-{noor.id}"),
        ("2027-03-04 09:00", "preparation-1 dagdeel-1"),
        ("2027-03-09 09:00", f"group_proposal visit-{visit.id}"),
        ("2027-03-16 09:00", "reminder dagdeel-1"),
        ("2027-04-05 09:00", f"reminder visit-{visit.id}"),
        ("2027-04-07 09:30", f"changes enrolment-{noor.id}"),
        ("2027-04-08 09:00", f"visit_report_request visit-{visit.id}"),
        ("2027-04-21 09:00", "preparation-2 dagdeel-3"),  # five working days, the King's birthday not
        ("2027-04-23 09:00", f"visit_report_reminder visit-{visit.id}"),
        ("2027-04-26 09:00", "reminder dagdeel-3"),
        ("2027-04-30 09:00", "direct_evaluation dagdeel-3"),
        ("2027-04-30 09:30", f"certificate {certificates[noor.id]}"),
        ("2027-05-03 09:00", "direct_reminder-1 dagdeel-3"),
        ("2027-05-07 09:00", "direct_reminder-2 dagdeel-3"),
        ("2027-06-10 09:00", "transfer_evaluation terugkomdag"),
        ("2027-06-21 09:00", "transfer_reminder terugkomdag"),
        ("2027-06-22 09:00", "reminder terugkomdag"),
    ]
    assert [what.split()[0] for _at, what in course.told(sam)][-2:] == ["group_proposal", "withdrawn"]
    assert course.told(koen)[:6] == [
        ("2027-03-17 11:00", f"receipt enrolment-{koen.id}"),
        ("2027-03-17 14:00", f"intake_request enrolment-{koen.id}"),
        ("2027-03-17 14:00", f"overview enrolment-{koen.id}"),
        ("2027-03-17 14:00", "preparation-1 dagdeel-1"),
        ("2027-03-17 14:00", f"seat_confirmed enrolment-{koen.id}"),
        ("2027-04-07 09:30", f"changes enrolment-{koen.id}"),
    ]
    assert course.life.told(visit.project.host.contact_id) == [
        ("2027-03-03 11:00", f"host_request visit-{visit.id}"),
        ("2027-03-31 09:00", f"host_details visit-{visit.id}"),
        ("2027-04-05 09:00", f"host_visit_reminder visit-{visit.id}"),
        ("2027-04-08 09:00", f"host_thanks visit-{visit.id}"),
    ]
    assert course.life.told(course.cohort.trainer_id) == [
        ("2027-03-15 09:00", "participant_list dagdeel-1"),
        ("2027-04-23 09:00", "participant_list dagdeel-3"),
        ("2027-06-21 09:00", "participant_list terugkomdag"),
    ]
    keys = written.scalars(select(Message.key)).all()
    assert len(keys) == len(set(keys))
    assert {m.status for m in written.scalars(select(Message))} == {MessageStatus.SENT}
    assert {v.status for v in course.visits.values()} == {VisitStatus.HELD}
    assert course.cohort.status is CohortStatus.CLOSED
    assert course.cohort.next_due_at is None
    assert len(course.life.looks) < 130
