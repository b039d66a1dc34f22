"""What is owed to whom and when: the table of the training by hand, and when to look next."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import clock, cohort_facts, enrolment_facts, programme, shown, visit_facts
from tests.domain.reading import HOST, OPERATOR, TRAINER, kinds_owed, name_of, owed_to
from vitale_core.domain import agenda
from vitale_core.domain.facts import RoundFacts
from vitale_core.domain.states import (
    CohortStatus,
    EnrolmentStatus,
    RoundStatus,
    SessionStatus,
    VisitStatus,
)


def test_a_participant_hears_all_of_it_at_the_right_hour():
    facts = cohort_facts(visits=(visit_facts(),))

    assert owed_to(facts) == [
        ("2027-01-08 10:00", "receipt enrolment-1"),
        ("2027-01-11 10:00", "intake_request enrolment-1"),
        ("2027-01-11 10:00", "seat_confirmed enrolment-1"),
        ("2027-01-18 09:00", "intake_reminder-1 enrolment-1"),
        ("2027-01-21 09:00", "intake_reminder-2 enrolment-1"),
        ("2027-01-26 09:00", "task intake-silent enrolment-1"),
        ("2027-02-01 10:00", "overview enrolment-1"),
        ("2027-02-25 09:00", "rsvp_reminder-1 enrolment-1"),
        ("2027-03-02 09:00", "rsvp_reminder-2 enrolment-1"),
        ("2027-03-04 09:00", "preparation-1 dagdeel-1"),
        ("2027-03-04 09:00", "task rsvp-silent enrolment-1"),
        ("2027-03-09 09:00", "group_proposal visit-1"),
        ("2027-03-16 09:00", "reminder dagdeel-1"),
        ("2027-04-05 09:00", "reminder visit-1"),
        ("2027-04-08 09:00", "visit_report_request visit-1"),
        ("2027-04-15 09:00", "preparation-2 dagdeel-3"),
        ("2027-04-19 09:00", "visit_report_reminder visit-1"),
        ("2027-04-20 09:00", "reminder dagdeel-3"),
        ("2027-04-23 09:00", "direct_evaluation dagdeel-3"),
        ("2027-04-26 09:00", "direct_reminder-1 dagdeel-3"),
        ("2027-04-30 09:00", "direct_reminder-2 dagdeel-3"),
        ("2027-06-10 09:00", "transfer_evaluation terugkomdag"),
        ("2027-06-21 09:00", "transfer_reminder terugkomdag"),
        ("2027-06-22 09:00", "reminder terugkomdag"),
    ]


def test_a_host_is_told_of_the_visit():
    asked = cohort_facts(visits=(visit_facts(status=VisitStatus.ASKED, confirmed_at=None),))
    agreed = cohort_facts(visits=(visit_facts(),))

    assert owed_to(asked, HOST) == [
        ("2027-03-03 11:00", "host_request visit-1"),
        ("2027-03-10 09:00", "host_reminder visit-1"),
        ("2027-03-15 09:00", "task host-silent visit-1"),
    ]
    assert owed_to(agreed, HOST) == [
        ("2027-03-31 09:00", "host_details visit-1"),
        ("2027-04-05 09:00", "host_visit_reminder visit-1"),
        ("2027-04-08 09:00", "host_thanks visit-1"),
    ]


def test_the_trainer_gets_the_list_of_each_day():
    assert owed_to(cohort_facts(), TRAINER) == [
        ("2027-03-15 09:00", "participant_list dagdeel-1"),
        ("2027-04-19 09:00", "participant_list dagdeel-3"),
        ("2027-06-21 09:00", "participant_list terugkomdag"),
    ]


def test_the_operator_gets_what_a_person_must_do():
    assert owed_to(cohort_facts(), OPERATOR) == [
        ("2027-03-08 09:00", "task propose-groups groups"),
        ("2027-03-19 09:00", "task attendance dagdeel-1"),
        ("2027-04-23 09:00", "task attendance dagdeel-3"),
        ("2027-06-25 09:00", "task attendance terugkomdag"),
    ]


def test_go_or_no_go_is_asked_fourteen_working_days_before():
    undecided = cohort_facts(status=CohortStatus.OPEN, confirmed_at=None)

    assert owed_to(undecided, OPERATOR) == [("2027-02-26 09:00", "task go-or-no-go cohort")]


def test_before_the_go_nobody_is_invited():
    facts = cohort_facts(status=CohortStatus.OPEN, confirmed_at=None, visits=(visit_facts(),))

    assert kinds_owed(facts) == {
        "receipt",
        "seat_confirmed",
        "intake_request",
        "intake_reminder-1",
        "intake_reminder-2",
        "task intake-silent",
    }
    assert owed_to(facts, HOST) == []
    assert owed_to(facts, TRAINER) == []


@pytest.mark.parametrize("status", [CohortStatus.DRAFT, CohortStatus.CLOSED])
def test_a_cohort_that_is_not_alive_owes_nothing(status):
    facts = cohort_facts(status=status, visits=(visit_facts(),), polls={1: clock("2027-04-29 09:00")})

    assert agenda.agenda(facts) == ()
    assert agenda.next_look(facts, clock("2027-01-01 09:00")) is None


def test_a_cancelled_cohort_owes_one_mail_to_everybody_who_is_in_it():
    at = clock("2027-02-10 14:00")
    people = tuple(enrolment_facts(n, status) for n, status in enumerate(EnrolmentStatus, 1))
    facts = cohort_facts(status=CohortStatus.CANCELLED, cancelled_at=at, enrolments=people, visits=(visit_facts(),))

    owed = agenda.agenda(facts)

    assert {(name_of(o), o.at) for o in owed} == {("cohort_cancelled", at)}
    told = {people[(o.occasion.enrolment or 0) - 1].status for o in owed}
    assert told == {
        EnrolmentStatus.APPLIED,
        EnrolmentStatus.WAITLISTED,
        EnrolmentStatus.OFFERED,
        EnrolmentStatus.CONFIRMED,
        EnrolmentStatus.COMPLETED,
        EnrolmentStatus.INCOMPLETE,
    }


def test_a_second_cancellation_is_news_again():
    first = cohort_facts(status=CohortStatus.CANCELLED, cancelled_at=clock("2027-02-10 14:00"))
    told = frozenset(o.key for o in agenda.agenda(first))
    second = replace(first, cancelled_at=clock("2027-02-20 14:00"), done=told)

    assert len(agenda.agenda(second)) == 1
    assert agenda.agenda(replace(first, done=told)) == ()


# -------------------------------------------------------------------------------------------------- staleness, and next


def test_a_stale_mail_is_due_so_that_it_can_be_recorded_and_a_stale_task_is_not():
    facts = cohort_facts()
    after_day1 = clock("2027-03-18 12:00")

    due = {name_of(o) for o in agenda.due(facts, after_day1)}

    assert "preparation-1" in due
    assert "task rsvp-silent" not in due
    assert "task intake-silent" not in due


def test_after_an_outage_two_reminders_of_the_same_do_not_leave_together():
    facts = cohort_facts()
    first, second = (
        next(o for o in agenda.agenda(facts) if name_of(o) == name)
        for name in ("intake_reminder-1", "intake_reminder-2")
    )

    assert first.stale_at == second.at
    assert second.stale_at > second.at


def test_a_rule_that_could_only_be_useless_is_never_owed():
    facts = cohort_facts(enrolments=(enrolment_facts(confirmed_at=clock("2027-03-09 10:00")),))

    assert "intake_reminder-2" not in kinds_owed(facts)


def test_the_next_look_is_at_the_first_of_mails_tasks_and_turning_points():
    def next_after(when):
        now, facts = clock(when), cohort_facts()
        written = frozenset(owed.key for owed in agenda.due(facts, now))
        return shown(agenda.next_look(replace(facts, done=written), now))

    assert next_after("2027-03-16 09:00") == "2027-03-18 09:30"  # it begins
    assert next_after("2027-03-18 09:30") == "2027-03-18 12:30"  # the morning ends
    assert next_after("2027-03-12 10:00") == "2027-03-15 08:00"  # Monday
    assert agenda.next_look(cohort_facts(), clock("2027-03-16 09:00")) == clock("2027-03-16 09:00")  # owed already


def test_rounds_wake_the_cohort_until_they_are_closed():
    facts = cohort_facts()
    closes = clock("2027-05-07 09:00")  # fourteen days after day 2 is Ascension: the next working day
    closed = RoundFacts("direct", RoundStatus.CLOSED, clock("2027-04-22 09:30"), closes)
    open_one = replace(closed, status=RoundStatus.OPEN)

    assert closes in set(agenda.turning_points(facts))
    assert closes in set(agenda.turning_points(replace(facts, rounds=(open_one,))))
    assert closes not in set(agenda.turning_points(replace(facts, rounds=(closed,))))


def test_a_session_that_was_held_turns_no_more():
    facts = cohort_facts()
    held = tuple(replace(s, status=SessionStatus.HELD) for s in facts.sessions)

    assert facts.sessions[0].end in set(agenda.turning_points(facts))
    assert facts.sessions[0].end not in set(agenda.turning_points(replace(facts, sessions=held)))


def test_hours_before_a_session_count_in_hours():
    (reminder,) = [
        o for o in agenda.agenda(cohort_facts()) if name_of(o) == "reminder" and o.occasion.subject == "dagdeel-1"
    ]

    assert reminder.stale_at == clock("2027-03-18 09:30") - timedelta(hours=2)


def test_keys_hold_no_personal_data_and_tell_everything_apart():
    keys = [o.key for o in agenda.agenda(cohort_facts(visits=(visit_facts(),)))]

    assert len(keys) == len(set(keys))
    assert "7/101/intake_reminder-2/enrolment-1/0" in keys


def test_the_policy_of_a_kind_is_that_of_its_rule():
    kinds = {rule.kind: programme().approval(rule.kind) for rule in programme().rules}

    assert {str(kind) for kind, policy in kinds.items() if policy != "auto"} == {"rejected"}


def test_who_was_there_is_asked_until_the_lists_of_the_day_are_closed():
    facts = cohort_facts()
    (morning, afternoon, *later) = facts.sessions
    half = replace(facts, sessions=(replace(morning, list_closed=True), afternoon, *later))
    both = replace(half, sessions=(*(replace(s, list_closed=True) for s in half.sessions[:2]), *later))

    assert ("2027-03-19 09:00", "task attendance dagdeel-1") in owed_to(half, OPERATOR)
    assert [what for _at, what in owed_to(both, OPERATOR) if "attendance" in what] == [
        "task attendance dagdeel-3",
        "task attendance terugkomdag",
    ]
