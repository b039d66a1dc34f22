"""Whom a rule concerns: seats, answers, who left, who came later."""

from dataclasses import replace

import pytest

from tests.builders import clock, cohort_facts, days_of, enrolment_facts, visit_facts
from tests.domain.reading import kinds_owed, name_of, owed_to
from vitale_core.domain import agenda
from vitale_core.domain.audiences import AUDIENCES
from vitale_core.domain.facts import OfferFacts
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    VisitStatus,
)


@pytest.mark.parametrize(
    "status,kind",
    [
        (EnrolmentStatus.REJECTED, "rejected"),
        (EnrolmentStatus.WITHDRAWN, "withdrawn"),
        (EnrolmentStatus.SUBSTITUTED, "substituted"),
        (EnrolmentStatus.TRANSFERRED, "transferred"),
        (EnrolmentStatus.LAPSED, "list_closed"),
    ],
)
def test_who_left_hears_that_and_nothing_more(status, kind):
    left = enrolment_facts(status=status, confirmed_at=clock("2027-01-11 10:00"), ended_at=clock("2027-02-03 11:00"))

    assert owed_to(cohort_facts(enrolments=(left,), visits=(visit_facts(),))) == [
        ("2027-02-03 11:00", f"{kind} enrolment-1")
    ]


def test_a_lapsed_offer_is_told_as_such():
    offer = OfferFacts(4, clock("2027-02-01 10:00"), clock("2027-02-04 18:00"), False, clock("2027-02-04 18:00"))
    lapsed = enrolment_facts(status=EnrolmentStatus.LAPSED, offers=(offer,), ended_at=clock("2027-02-04 18:00"))

    assert owed_to(cohort_facts(enrolments=(lapsed,))) == [("2027-02-04 18:00", "offer_lapsed offer-4")]


def test_an_open_offer_is_told_until_its_deadline_and_wakes_the_cohort_then():
    offer = OfferFacts(4, clock("2027-02-01 10:00"), clock("2027-02-04 18:00"), open=True)
    old = OfferFacts(3, clock("2027-01-12 10:00"), clock("2027-01-15 18:00"), open=False)
    offered = enrolment_facts(status=EnrolmentStatus.OFFERED, offers=(old, offer))
    facts = cohort_facts(enrolments=(offered,))

    (told,) = [o for o in agenda.agenda(facts) if name_of(o) == "seat_offer"]

    assert (told.stale_at, told.occasion.about, told.occasion.subject) == (offer.deadline, offer.deadline, "offer-4")
    assert offer.deadline in set(agenda.turning_points(facts))
    assert old.deadline not in set(agenda.turning_points(facts))


def test_only_who_heard_of_a_cancellation_hears_that_the_training_goes_ahead_after_all():
    heard, unaware = enrolment_facts(id=1, person=11), enrolment_facts(id=2, person=12)
    facts = cohort_facts(enrolments=(heard, unaware))
    before = {"7/11/overview/enrolment-1/0", "7/12/overview/enrolment-2/0"}
    mail = "7/11/cohort_cancelled/cohort/"
    told = before | {f"{mail}1800000000", f"{mail}1700000000", f"{mail}1800000000+again1"}

    owed = [
        o.key
        for o in agenda.agenda(replace(facts, done=frozenset(told), told=frozenset(told)))
        if name_of(o) == "overview"
    ]

    assert owed == ["7/11/overview/enrolment-1/1800000000"]


def test_the_waiting_list_is_told_once():
    waiting = enrolment_facts(status=EnrolmentStatus.WAITLISTED, waitlisted_at=clock("2027-01-12 15:00"))

    assert owed_to(cohort_facts(enrolments=(waiting,))) == [
        ("2027-01-08 10:00", "receipt enrolment-1"),
        ("2027-01-12 15:00", "waitlisted enrolment-1"),
    ]


@pytest.mark.parametrize("source", ["substitute", "transfer"])
def test_who_was_brought_in_gets_no_receipt(source):
    assert "receipt" not in kinds_owed(cohort_facts(enrolments=(enrolment_facts(source=source),)))


@pytest.mark.parametrize(
    "parts,status",
    [
        ({"confirmed_at": None}, EnrolmentStatus.CONFIRMED),
        ({"waitlisted_at": None}, EnrolmentStatus.WAITLISTED),
        ({"ended_at": None}, EnrolmentStatus.WITHDRAWN),
    ],
)
def test_a_state_without_its_moment_owes_no_mail_about_it(parts, status):
    facts = cohort_facts(enrolments=(enrolment_facts(status=status, **parts),), visits=(visit_facts(),))

    assert kinds_owed(facts) <= {"receipt"}


# -------------------------------------------------------------------------------------------------------------- answers


def test_an_answered_intake_is_not_asked_for():
    facts = cohort_facts(enrolments=(enrolment_facts(intake_answered=True),))

    assert {kind for kind in kinds_owed(facts) if "intake" in kind} == set()


def test_who_answered_every_invitation_is_not_reminded_of_them():
    every = {s.id: Answer.ACCEPTED for s in days_of()}
    some = {s.id: Answer.ACCEPTED for s in days_of()[:3]}

    all_answered = cohort_facts(enrolments=(enrolment_facts(answers=every),))
    one_open = cohort_facts(enrolments=(enrolment_facts(answers=some),))

    assert {kind for kind in kinds_owed(all_answered) if "rsvp" in kind} == set()
    assert {kind for kind in kinds_owed(one_open) if "rsvp" in kind} == {
        "rsvp_reminder-1",
        "rsvp_reminder-2",
        "task rsvp-silent",
    }


def test_who_declined_a_day_gets_no_see_you_tomorrow():
    day1 = dict.fromkeys([s.id for s in days_of()[:2]], Answer.DECLINED)
    visit = visit_facts()
    facts = cohort_facts(
        enrolments=(enrolment_facts(answers={**day1, visit.session: Answer.DECLINED}),), visits=(visit,)
    )

    told = {subject.split()[1] for _at, subject in owed_to(facts) if subject.startswith(("reminder", "preparation"))}

    assert told == {"dagdeel-3", "terugkomdag"}


def test_who_declined_half_a_day_is_still_expected():
    (morning, *_rest) = days_of()
    facts = cohort_facts(enrolments=(enrolment_facts(answers={morning.id: Answer.DECLINED}),))

    assert ("2027-03-16 09:00", "reminder dagdeel-1") in owed_to(facts)


def test_an_answered_evaluation_is_not_asked_for_again():
    facts = cohort_facts(enrolments=(enrolment_facts(receipts=frozenset({"direct", "transfer"})),))

    assert {kind for kind in kinds_owed(facts) if "direct_reminder" in kind or "transfer" in kind} == set()


def test_who_missed_the_last_day_is_not_asked_how_it_was():
    last = frozenset(s.id for s in days_of()[2:4])
    declined = dict.fromkeys(last, Answer.DECLINED)

    for missed in (enrolment_facts(absent=last), enrolment_facts(answers=declined)):
        assert not {kind for kind in kinds_owed(cohort_facts(enrolments=(missed,))) if kind.startswith("direct")}


def test_who_came_in_after_the_last_day_is_not_asked_how_it_was():
    late = enrolment_facts(confirmed_at=clock("2027-05-03 10:00"))
    facts = cohort_facts(status=CohortStatus.RUNNING, enrolments=(late,))

    assert not {kind for kind in kinds_owed(facts) if kind.startswith("direct")}


def test_a_certificate_is_sent_and_taken_back():
    given = enrolment_facts(status=EnrolmentStatus.COMPLETED, certificate=5, certified_at=clock("2027-05-03 10:00"))
    revoked = replace(given, revoked_at=clock("2027-05-04 10:00"))

    assert ("2027-05-03 10:00", "certificate certificate-5") in owed_to(cohort_facts(enrolments=(given,)))
    assert owed_to(cohort_facts(enrolments=(revoked,)))[-1] != ("2027-05-03 10:00", "certificate certificate-5")
    assert ("2027-05-04 10:00", "certificate_revoked certificate-5") in owed_to(cohort_facts(enrolments=(revoked,)))


def test_who_completed_is_still_reminded_of_the_terugkomdag():
    done = enrolment_facts(status=EnrolmentStatus.COMPLETED)
    facts = cohort_facts(status=CohortStatus.RUNNING, enrolments=(done,))

    assert ("2027-06-22 09:00", "reminder terugkomdag") in owed_to(facts)


# --------------------------------------------------------------------------------------------------------- late joiners


def test_a_late_joiner_hears_only_what_is_still_to_come():
    late = enrolment_facts(confirmed_at=clock("2027-03-17 14:00"), applied_at=clock("2027-03-17 11:00"))
    facts = cohort_facts(enrolments=(late,))

    assert owed_to(facts)[:6] == [
        ("2027-03-17 11:00", "receipt enrolment-1"),
        ("2027-03-17 14:00", "intake_request enrolment-1"),
        ("2027-03-17 14:00", "overview enrolment-1"),
        ("2027-03-17 14:00", "preparation-1 dagdeel-1"),
        ("2027-03-17 14:00", "seat_confirmed enrolment-1"),
        ("2027-03-17 14:00", "task rsvp-silent enrolment-1"),
    ]
    assert "reminder dagdeel-1" not in {what for _at, what in owed_to(facts)}


def test_who_joins_between_the_days_hears_nothing_of_the_first():
    late = enrolment_facts(confirmed_at=clock("2027-04-12 10:00"))
    facts = cohort_facts(status=CohortStatus.RUNNING, enrolments=(late,), visits=(visit_facts(),))

    assert [what for _at, what in owed_to(facts) if "enrolment" not in what] == [
        "preparation-2 dagdeel-3",
        "reminder dagdeel-3",
        "direct_evaluation dagdeel-3",
        "direct_reminder-1 dagdeel-3",
        "direct_reminder-2 dagdeel-3",
        "transfer_evaluation terugkomdag",
        "transfer_reminder terugkomdag",
        "reminder terugkomdag",
    ]
    assert {what for _at, what in owed_to(facts)} & {"overview enrolment-1", "rsvp_reminder-1 enrolment-1"} == set()


def test_who_takes_a_place_in_a_group_hears_of_its_visit_from_then_on():
    late = enrolment_facts(confirmed_at=clock("2027-04-06 10:00"), source="substitute")
    facts = cohort_facts(status=CohortStatus.RUNNING, enrolments=(late,), visits=(visit_facts(),))

    assert [(at, what) for at, what in owed_to(facts) if "visit" in what] == [
        ("2027-04-06 10:00", "group_proposal visit-1"),
        ("2027-04-08 09:00", "visit_report_request visit-1"),
        ("2027-04-19 09:00", "visit_report_reminder visit-1"),
    ]


def test_nobody_is_reminded_of_a_report_on_the_day_it_is_asked_for():
    last = visit_facts(start="2027-04-15 09:30")  # a week before day 2: no visit is later
    facts = cohort_facts(status=CohortStatus.RUNNING, visits=(last,))

    assert [(at, what) for at, what in owed_to(facts) if "report" in what] == [
        ("2027-04-16 09:00", "visit_report_request visit-1"),
        ("2027-04-19 09:00", "visit_report_reminder visit-1"),
    ]


def test_a_member_who_left_hears_nothing_of_the_visit():
    gone = enrolment_facts(2, EnrolmentStatus.WITHDRAWN, ended_at=clock("2027-03-20 10:00"))
    visit = visit_facts(members=(1, 2))

    facts = cohort_facts(enrolments=(enrolment_facts(), gone), visits=(visit,))

    assert kinds_owed(facts, 102) == {"withdrawn"}


def test_who_missed_the_visit_is_not_asked_for_a_report():
    visit = visit_facts()
    for missed in (
        enrolment_facts(absent=frozenset({visit.session})),
        enrolment_facts(answers={visit.session: Answer.DECLINED}),
    ):
        facts = cohort_facts(enrolments=(missed,), visits=(visit,))

        assert not {kind for kind in kinds_owed(facts) if "report" in kind}


@pytest.mark.parametrize(
    "parts",
    [{"reported": True}, {"status": VisitStatus.REPORTED}, {"status": VisitStatus.REFUSED}],
)
def test_a_report_is_asked_of_visits_that_have_none(parts):
    facts = cohort_facts(visits=(visit_facts(**parts),))

    assert not {kind for kind in kinds_owed(facts) if "report" in kind}


def test_a_visit_after_the_last_day_has_no_day_to_report_on():
    facts = cohort_facts(visits=(visit_facts(start="2027-05-12 13:00"),))

    assert not {kind for kind in kinds_owed(facts) if "report" in kind}


def test_a_group_is_told_again_when_its_visit_is_another_one():
    refused, instead = visit_facts(1, status=VisitStatus.REFUSED), visit_facts(2, status=VisitStatus.ASKED)
    facts = cohort_facts(visits=(refused, instead))

    assert [what for _at, what in owed_to(facts) if "group_proposal" in what] == ["group_proposal visit-2"]


def test_the_operator_can_be_told_once_of_a_cohort_that_takes_people():
    def told(status):
        return [o.subject for o in AUDIENCES["operator"].occasions(cohort_facts(status=status))]

    assert told(CohortStatus.RUNNING) == ["cohort"]
    assert told(CohortStatus.EVALUATING) == []
