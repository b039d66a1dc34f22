"""The forms of the operator about a cohort: whether it goes, its days, its plan, its hosts."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from flows import evaluation, groups, intake, invitations, terugkomdag, werkbezoek
from tests.flows.asking import CODE, ask, in_database, session_of, status_of, with_people
from tests.training import BUREAU, NOW, a_cohort, a_planned_cohort, an_approved_cohort, at, newest_plan, visits_of
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import CohortStatus, PlanStatus, SessionStatus, VisitStatus
from vitale_core.steps import cohorts
from vitale_core.steps import terugkomdag as polls
from vitale_core.steps import werkbezoek as visits
from vitale_core.store.records import Cohort, Plan, Visit

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


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


def test_a_date_of_the_poll_is_chosen_by_its_number(app):
    with app.database.write() as session:
        cohort = a_planned_cohort(session)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")
        days = [(at(f"2027-09-{n}", "09:30"), at(f"2027-09-{n}", "12:30")) for n in (14, 16)]
        polls.set_options(session, meeting, days, by="operator", now=NOW, bureau=BUREAU)
        option = polls.options_of(session, meeting)[1].id

    ask(terugkomdag.choose_date, CODE, option)

    assert session_of(app, "terugkomdag").starts_at == at("2027-09-16", "09:30")


def test_an_open_round_is_not_released(app):
    in_database(app, a_planned_cohort)

    with pytest.raises(Refused, match="nog niet gesloten"):
        ask(evaluation.release, CODE, "direct")


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


def test_a_visit_moves_to_a_half_day_of_another_host(app):
    in_database(app, lambda session: an_approved_cohort(session, people=4)[0])
    with app.database.read() as session:
        visit = visits_of(newest_plan(session, cohorts.get(session, CODE)))[1]
        slots = visits.free_slots(session, visit, now=NOW, bureau=BUREAU)
        number, slot = visit.id, next(s.id for s in slots if s.project_id != visit.project_id)

    said = ask(werkbezoek.move_visit, number, slot, agreed=True)

    assert said.endswith(": bevestigd.")
    assert status_of(app, Visit, number) is VisitStatus.CANCELLED
