"""What an operator asks in Prefect is done through the same steps as everywhere, and answered in a sentence."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from flows import evaluation, groups, intake, invitations, persons, post, reminders, terugkomdag, werkbezoek
from tests.aanmeldingen import apply
from tests.incoming_mails import nested
from tests.training import (
    BUREAU,
    NOW,
    a_cohort,
    a_planned_cohort,
    an_approved_cohort,
    an_enrolment,
    at,
    mails_of,
    newest_plan,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NeedsApproval, NotFound, Refused
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    PlanStatus,
    SessionStatus,
    VisitStatus,
)
from vitale_core.steps import cohorts
from vitale_core.steps import invitations as calendars
from vitale_core.steps import terugkomdag as polls
from vitale_core.steps import werkbezoek as visits
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Incoming, Invitation, Message, Plan, Visit

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

CODE = "2027-voorjaar"


def ask(flow, *given, **more):
    """Fill in the form and press the button, without a server."""
    return asyncio.run(flow.fn(*given, **more))


def in_database(app, make, *given, **facts):
    with app.database.write() as session:
        made = make(session, *given, **facts)
        session.flush()
        return made.id


def status_of(app, record, number):
    with app.database.read() as session:
        return session.get_one(record, number).status


def session_of(app, name):
    with app.database.read() as session:
        meeting = cohorts.find_session(session, cohorts.get(session, CODE), name)
        session.expunge(meeting)
        return meeting


def test_confirming_an_applicant_gives_a_seat(app):
    in_database(app, a_cohort, status=CohortStatus.OPEN)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE)).id

    said = ask(intake.decide_applicant, number, intake.Decision.CONFIRM)

    assert said == f"Aanmelding {number} is nu: geplaatst."
    assert status_of(app, Enrolment, number) is EnrolmentStatus.CONFIRMED


def test_rejecting_an_applicant_is_written_down_with_who_did_it(app):
    in_database(app, a_cohort, status=CohortStatus.OPEN)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE)).id

    ask(intake.decide_applicant, number, intake.Decision.REJECT, by="Marijke", reason="past niet")

    with app.database.read() as session:
        enrolment = session.get_one(Enrolment, number)
        assert enrolment.status is EnrolmentStatus.REJECTED
        assert enrolment.screened_by == "Marijke"


def test_an_applicant_who_does_not_exist_is_named(app):
    with pytest.raises(NotFound, match="Aanmelding 99 bestaat niet"):
        ask(intake.decide_applicant, 99, intake.Decision.CONFIRM)


def test_go_lets_the_cohort_take_place_and_no_go_cancels_it(app):
    first = in_database(app, a_cohort, status=CohortStatus.OPEN)
    second = in_database(app, a_cohort, "2027-najaar", status=CohortStatus.OPEN)

    ask(intake.go_or_no_go, CODE, intake.GoOrNoGo.GO)
    ask(intake.go_or_no_go, "2027-najaar", intake.GoOrNoGo.NO_GO, reason="te weinig aanmeldingen")

    assert status_of(app, Cohort, first) is CohortStatus.CONFIRMED
    assert status_of(app, Cohort, second) is CohortStatus.CANCELLED


def test_a_proposal_is_approved_by_its_version_and_a_second_click_is_refused(app):
    in_database(app, a_planned_cohort)

    assert f"Voorstel 1 van {CODE}" in ask(groups.propose_groups, CODE)
    ask(groups.approve_groups, CODE, 1, groups.Decision.APPROVE, "Marijke")
    with pytest.raises(Refused):
        ask(groups.approve_groups, CODE, 1, groups.Decision.APPROVE, "Marijke")

    with app.database.read() as session:
        [plan] = session.scalars(select(Plan))
        assert (plan.status, plan.approved_by) == (PlanStatus.APPROVED, "Marijke")


def test_an_older_proposal_than_the_one_that_waits_is_refused(app):
    in_database(app, a_planned_cohort)
    ask(groups.propose_groups, CODE)

    said = ask(groups.approve_groups, CODE, 1, groups.Decision.PROPOSE_ANEW, "Marijke")

    assert said == f"Voorstel 2 van {CODE} komt in de plaats van 1."
    for decision in groups.Decision:
        with pytest.raises(Refused):
            ask(groups.approve_groups, CODE, 1, decision, "Marijke")


def test_a_host_who_says_yes_by_phone_books_the_visit_and_a_no_gives_a_new_proposal(app):
    with app.database.write() as session:
        _, plan = an_approved_cohort(session)
        yes, no = (visit.id for visit in list(visits_of(plan).values())[:2])

    ask(werkbezoek.answer_for_host, yes, werkbezoek.HostAnswer.YES, note="Melden bij de balie")
    said = ask(werkbezoek.answer_for_host, no, werkbezoek.HostAnswer.NO, note="Verbouwing")

    assert said == f"Bezoek {no} van {CODE} is nu: geweigerd."
    with app.database.read() as session:
        assert session.get_one(Visit, yes).status is VisitStatus.CONFIRMED
        assert session.get_one(Visit, yes).host_note == "Melden bij de balie"
        assert newest_plan(session, cohorts.get(session, CODE)).version == 2


def test_a_session_is_moved_by_wall_clock_when_the_form_gives_no_zone(app):
    in_database(app, a_planned_cohort)

    ask(invitations.move_session, CODE, "dagdeel-4", datetime(2027, 4, 23, 13, 30), location="Zaal 2")

    moved = session_of(app, "dagdeel-4")
    assert moved.starts_at == at("2027-04-23", "13:30")
    assert moved.location == "Zaal 2"


def test_a_session_is_moved_to_a_moment_with_a_zone_and_keeps_its_place(app):
    in_database(app, a_planned_cohort)
    before = session_of(app, "dagdeel-4").location

    ask(invitations.move_session, CODE, "dagdeel-4", datetime(2027, 4, 23, 12, tzinfo=UTC))

    assert session_of(app, "dagdeel-4").starts_at == datetime(2027, 4, 23, 12, tzinfo=UTC)
    assert session_of(app, "dagdeel-4").location == before


def test_a_time_that_the_clock_skips_is_refused(app):
    in_database(app, a_planned_cohort)

    with pytest.raises(Refused, match="bestaat niet"):
        ask(invitations.move_session, CODE, "dagdeel-1", datetime(2027, 3, 28, 2, 30))


def test_a_day_is_moved_with_a_warning_for_a_holiday(app):
    in_database(app, a_planned_cohort)

    said = ask(invitations.move_day, CODE, "day2", date(2027, 4, 27))

    assert session_of(app, "dagdeel-3").starts_at.date() == date(2027, 4, 27)
    assert "Koningsdag" in said


def test_a_session_and_a_cohort_are_cancelled_with_the_reason(app):
    number = in_database(app, a_planned_cohort)

    ask(invitations.cancel_session, CODE, "dagdeel-4", "de trainer is ziek")
    ask(invitations.cancel_cohort, CODE, "te weinig deelnemers")

    assert session_of(app, "dagdeel-4").status is SessionStatus.CANCELLED
    assert status_of(app, Cohort, number) is CohortStatus.CANCELLED


def test_an_answer_by_phone_counts_like_any_other(app):
    with app.database.write() as session:
        cohort = a_cohort(session)
        number = an_enrolment(session, cohort).id
        calendars.sync(session, cohort, now=NOW, bureau=BUREAU)

    ask(reminders.record_answer, CODE, number, "dagdeel-1", reminders.Said.DECLINED)

    with app.database.read() as session:
        meeting = cohorts.find_session(session, cohorts.get(session, CODE), "dagdeel-1")
        [invitation] = session.scalars(select(Invitation).where(Invitation.session_id == meeting.id))
        assert invitation.answer is Answer.DECLINED


def test_who_was_not_invited_cannot_answer(app):
    with app.database.write() as session:
        number = an_enrolment(session, a_cohort(session)).id

    with pytest.raises(NotFound, match="niet uitgenodigd"):
        ask(reminders.record_answer, CODE, number, "dagdeel-1", reminders.Said.ACCEPTED)


def test_a_date_of_the_poll_is_chosen_by_its_number(app):
    with app.database.write() as session:
        cohort = a_planned_cohort(session)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")
        days = [(at(f"2027-09-{n}", "09:30"), at(f"2027-09-{n}", "12:30")) for n in (14, 16)]
        polls.set_options(session, meeting, days, by="operator", now=NOW, bureau=BUREAU)
        option = polls.options_of(session, meeting)[1].id

    ask(terugkomdag.choose_date, CODE, option)

    assert session_of(app, "terugkomdag").starts_at == at("2027-09-16", "09:30")


def test_attendance_with_somebody_forgotten_is_refused_until_the_rest_is_told(app, times):
    in_database(app, a_planned_cohort)
    times.now = at("2027-03-19")

    with pytest.raises(Refused):
        ask(evaluation.close_attendance, CODE, "dagdeel-1")
    ask(evaluation.close_attendance, CODE, "dagdeel-1", rest=evaluation.Rest.PRESENT)

    assert session_of(app, "dagdeel-1").attendance_closed_at == times.now


def test_an_open_round_is_not_released(app):
    in_database(app, a_planned_cohort)

    with pytest.raises(Refused, match="nog niet gesloten"):
        ask(evaluation.release, CODE, "direct")


def a_mail(app, **facts):
    """An owed mail in the state that a person has to look at."""
    with app.database.write() as session:
        apply(session, a_cohort(session, status=CohortStatus.OPEN))
        [mail] = mails_of(session, "receipt")
        for field, value in facts.items():
            setattr(mail, field, value)
        return mail.id


def test_a_mail_is_approved_by_the_code_of_the_text_that_was_shown(app):
    number = a_mail(app, status=MessageStatus.AWAITING_APPROVAL, content_hash="abcdef0123456789")

    for wrong in ("abcde", "ffffff", ""):
        with pytest.raises(NeedsApproval):
            ask(post.approve_mail, number, wrong, "Marijke")
    ask(post.approve_mail, number, "ABCDEF", "Marijke")

    assert status_of(app, Message, number) is MessageStatus.QUEUED


@pytest.mark.parametrize(
    "what,becomes",
    [(post.Settlement.ARRIVED, MessageStatus.SENT), (post.Settlement.SEND_AGAIN, MessageStatus.QUEUED)],
)
def test_a_doubtful_mail_is_settled_either_way(app, what, becomes):
    number = a_mail(app, status=MessageStatus.UNCERTAIN, uncertain_at=NOW)

    ask(post.settle_mail, number, what)

    assert status_of(app, Message, number) is becomes


def test_a_doubtful_mail_that_never_came_and_is_too_late_ends_as_skipped(app):
    number = a_mail(app, status=MessageStatus.UNCERTAIN, uncertain_at=NOW, stale_at=NOW)

    said = ask(post.settle_mail, number, post.Settlement.SEND_AGAIN)

    assert status_of(app, Message, number) is MessageStatus.SKIPPED
    assert "overgeslagen" in said


def test_nothing_here_leaves_a_task_that_is_done(app):
    in_database(app, a_cohort, status=CohortStatus.OPEN)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE)).id
        assert len(tasks_of(session, "decide")) <= 1

    ask(intake.decide_applicant, number, intake.Decision.CONFIRM)

    with app.database.read() as session:
        assert [t for t in tasks_of(session, "decide") if t.enrolment_id == number] == []
        assert session.scalar(select(CourseSession.id).limit(1))


# --------------------------------------------------------------------------------------- every change, and only a look


def people_of(app):
    with app.database.read() as session:
        return [e.id for e in session.scalars(select(Enrolment).order_by(Enrolment.id))]


def with_people(app, count=2, **facts):
    with app.database.write() as session:
        cohort = a_cohort(session, **facts)
        for name in ("Noor Dijkstra", "Sam Bakker")[:count]:
            an_enrolment(session, cohort, name)
        return cohort.id


def test_a_look_tells_the_consequences_without_names_and_changes_nothing(app):
    with_people(app)

    said = ask(invitations.move_day, CODE, "day2", date(2027, 4, 27), only_look=True)

    assert said.startswith("Er is nog niets gedaan. Gevolgen: ")
    assert "2 x bericht van een wijziging" in said
    assert "let op: day2 (dinsdag 27 april 2027) is Koningsdag" in said
    assert "Dijkstra" not in said
    assert session_of(app, "dagdeel-3").starts_at == at("2027-04-22", "09:30")


def test_a_look_at_what_nobody_hears_of_says_so(app):
    in_database(app, a_cohort)

    said = ask(invitations.change_place, CODE, "dagdeel-1", "Emmen", only_look=True)

    assert said == "Er is nog niets gedaan. Niemand krijgt hier nu een mail van."


@pytest.mark.parametrize("what", ["dagdeel-3", "day2"])
def test_a_session_or_a_day_gets_another_place(app, what):
    in_database(app, a_cohort)

    ask(invitations.change_place, CODE, what, "De Werkplaats")

    assert session_of(app, "dagdeel-3").location == "De Werkplaats"
    assert session_of(app, "dagdeel-4").location == ("De Werkplaats" if what == "day2" else "Het Kasteel, Assen")


def test_a_session_may_take_longer(app):
    in_database(app, a_cohort)

    ask(invitations.move_session, CODE, "dagdeel-4", datetime(2027, 4, 22, 14, 0), minutes=60)

    meeting = session_of(app, "dagdeel-4")
    assert (meeting.starts_at, meeting.ends_at) == (at("2027-04-22", "14:00"), at("2027-04-22", "15:00"))


def test_a_cancelled_cohort_is_restored(app):
    number = with_people(app)
    ask(invitations.cancel_cohort, CODE, "De trainer is ziek.")

    assert ask(invitations.restore_cohort, CODE) == f"Lichting {CODE} is nu: gaat door."
    assert status_of(app, Cohort, number) is CohortStatus.CONFIRMED


def test_somebody_stops_and_is_let_in_again_with_a_new_aanmelding(app):
    with_people(app)
    first, _second = people_of(app)

    assert ask(persons.withdraw, first) == f"Deelnemer {first} is nu: afgemeld."
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE), "Daan Mulder").id
    assert ask(persons.let_in, number) == f"Aanmelding {number} is nu: geplaatst."


def test_a_colleague_who_applied_takes_the_seat(app):
    with_people(app, capacity=2, minimum=1)
    first, _second = people_of(app)
    with app.database.write() as session:
        number = apply(session, cohorts.get(session, CODE), "Daan Mulder").id

    said = ask(persons.substitute, first, number)

    assert said == f"Deelnemer {number} heeft nu de plek van {first}."
    assert status_of(app, Enrolment, first) is EnrolmentStatus.SUBSTITUTED


def test_somebody_goes_to_another_cohort(app):
    with_people(app)
    in_database(app, a_cohort, "2027-najaar")
    first, _second = people_of(app)

    said = ask(persons.transfer, first, "2027-najaar")

    assert said.endswith("in 2027-najaar: geplaatst.")


def test_an_address_is_that_of_a_mail_that_came_in(app):
    with_people(app)
    first, _second = people_of(app)
    with app.database.write() as session:
        facts = {"sha256": "1", "received_at": NOW, "kind": "free", "outcome": "task", "why": ""}
        came_in = Incoming(source="a", raw=b"From: Noor <noor@nieuw.example>\r\nSubject: hoi\r\n\r\nhoi\r\n", **facts)
        gone = Incoming(source="b", raw=None, **{**facts, "sha256": "2"})
        session.add_all([came_in, gone])
        session.flush()
        mail, empty = came_in.id, gone.id

    said = ask(persons.correct_address, first, mail)

    assert said == f"Deelnemer {first} heeft het adres van mail {mail}."
    with app.database.read() as session:
        assert session.get_one(Enrolment, first).person.email == "noor@nieuw.example"
    with pytest.raises(Refused, match="niet meer bewaard"):
        ask(persons.correct_address, first, empty)
    with app.database.write() as session:
        session.get_one(Incoming, mail).raw = nested(200)
    with pytest.raises(Refused, match="afzender van mail"):
        ask(persons.correct_address, first, mail)


def test_somebody_goes_with_another_group(app):
    in_database(app, lambda session: an_approved_cohort(session, people=8)[0])
    first = people_of(app)[0]
    with app.database.read() as session:
        plan = newest_plan(session, cohorts.get(session, CODE))
        here = next(g.number for g in plan.groups if first in {m.enrolment_id for m in g.members})

    said = ask(persons.change_group, first, 3 - here)

    assert said == f"Deelnemer {first} zit nu in groep {3 - here} (versie 2)."


def test_a_visit_moves_to_a_half_day_of_another_host(app):
    in_database(app, lambda session: an_approved_cohort(session, people=4)[0])
    with app.database.read() as session:
        visit = visits_of(newest_plan(session, cohorts.get(session, CODE)))[1]
        slots = visits.free_slots(session, visit, now=NOW, bureau=BUREAU)
        number, slot = visit.id, next(s.id for s in slots if s.project_id != visit.project_id)

    said = ask(werkbezoek.move_visit, number, slot, agreed=True)

    assert said.endswith(": bevestigd.")
    assert status_of(app, Visit, number) is VisitStatus.CANCELLED
