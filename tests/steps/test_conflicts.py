"""What speaks against a date: said, with and without names, and never a refusal."""

from datetime import date

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    address,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    document,
    some_needs,
    visits_of,
)
from vitale_core.domain.states import CohortStatus
from vitale_core.steps import cohorts, conflicts, programmes, werkbezoek


def sentences(session, cohort, **chosen):
    meetings = [s for s in cohort.sessions if s.name in chosen.get("names", {s.name})]
    return [c.sentence for c in conflicts.of_sessions(session, cohort, meetings, bureau=BUREAU)]


def test_a_holiday_is_told_once_a_day(database):
    with database.write() as session:
        cohort = a_cohort(session, days={"day1": date(2027, 3, 18), "day2": date(2027, 4, 27)})

        assert sentences(session, cohort) == ["day2 (dinsdag 27 april 2027) is Koningsdag."]


def test_a_trainer_with_another_cohort_then_is_told(database):
    with database.write() as session:
        a_cohort(session, "2027-ander")
        cohort = a_cohort(session, trainer_email="noor@vitale.example", trainer_name="Noor")
        assert sentences(session, cohort) == []

        cohort.trainer_id = cohorts.get(session, "2027-ander").trainer_id
        found = sentences(session, cohort, names={"dagdeel-1"})

        assert found == [
            "dagdeel-1 (donderdag 18 maart 2027, 09.30 uur): de trainer geeft dan Terreinverkenning van 2027-ander."
        ]


def test_making_a_cohort_tells_that_its_trainer_is_busy(database):
    with database.write() as session:
        a_cohort(session, "2027-ander")
        version = programmes.pin(session, document(), now=NOW)

        _cohort, warnings = cohorts.create(
            session, code="2027-dubbel", programme=version, days={"day1": date(2027, 3, 18), "day2": date(2027, 5, 13)},
            now=NOW, bureau=BUREAU,
        )  # fmt: skip

        assert len([w for w in warnings if "de trainer geeft dan" in w]) == 2


def test_people_who_are_expected_elsewhere_are_named_and_counted(database):
    with database.write() as session:
        other = a_cohort(session, "2027-ander", trainer_email="ander@vitale.example", trainer_name="Ander")
        cohort = a_cohort(session)
        for name in ("Noor Dijkstra", "Sam Bakker"):
            an_enrolment(session, other, name)
            an_enrolment(session, cohort, name)

        (found,) = conflicts.of_sessions(session, cohort, cohort.sessions[:1], bureau=BUREAU)
        other.status = CohortStatus.CANCELLED
        session.flush()

        assert found.sentence == (
            "dagdeel-1 (donderdag 18 maart 2027, 09.30 uur): Noor Dijkstra en Sam Bakker worden dan ook verwacht bij "
            "Terreinverkenning van 2027-ander."
        )
        assert ": 2 deelnemers worden dan ook verwacht bij" in found.without_names
        assert sentences(session, cohort) == []


def test_only_the_group_of_a_visit_is_expected_there(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        session.refresh(cohort)
        day = cohort.sessions[2]
        day.starts_at, day.ends_at = meeting.starts_at, meeting.ends_at
        session.flush()

        (of_day,) = conflicts.of_sessions(session, cohort, [day], bureau=BUREAU)
        (of_visit,) = conflicts.of_sessions(session, cohort, [meeting], bureau=BUREAU)

        assert f"{len(visit.group.members)} deelnemers worden" in of_day.without_names
        assert f"{len(visit.group.members)} deelnemers worden" in of_visit.without_names


def test_of_a_visit_it_is_told_who_cannot_whether_it_fits_and_who_cannot_come_in(database):
    with database.write() as session:
        _cohort, plan = an_approved_cohort(session, people=8)
        visit, other = visits_of(plan)[1], visits_of(plan)[2]
        assert conflicts.of_visit(session, visit) == []
        noor = visit.group.members[0].enrolment
        an_intake(session, noor, available=[])
        some_needs(session, noor, access=("ringleiding",))
        visit.project.max_people = 1
        other.project_id = visit.project_id
        session.flush()

        said = [c.sentence for c in conflicts.of_visit(session, visit)]

        assert said[0].endswith(f": {noor.person.name} kan dan niet.")
        assert "1 deelnemer kan dan niet" in conflicts.of_visit(session, visit)[0].without_names
        assert "ontvangt 1 tot 1 mensen, de groep heeft er 4" in said[1]
        assert "niet voor iedereen in de groep toegankelijk" in said[2]
        assert "twee groepen" in said[3]


def test_many_names_become_a_number(database):
    names = ["Noor", "Sam", "Ilse", "Bram", "Fenna", "Daan"]
    with database.write() as session:
        cohort = a_cohort(session)
        other = a_cohort(session, "2027-ander", trainer_email=address("Ander"), trainer_name="Ander")
        for name in names:
            an_enrolment(session, cohort, name)
            an_enrolment(session, other, name)

        (found,) = conflicts.of_sessions(session, cohort, cohort.sessions[:1], bureau=BUREAU)

        assert ": Bram, Daan, Fenna, Ilse en nog 2 worden" in found.sentence


def test_a_session_without_a_date_has_nothing_against_it(database):
    with database.write() as session:
        cohort = a_cohort(session)

        assert sentences(session, cohort, names={"terugkomdag"}) == []


def test_a_host_with_two_projects_rests_within_one_cohort_too(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit, other = visits_of(plan)[1], visits_of(plan)[2]
        other.project.host = visit.project.host
        session.flush()

        (found,) = conflicts.of_visit(session, visit)
        cohort.settings = {**cohort.settings, "host_rest_days": 0}

        assert "de gastheer ontvangt op" in found.sentence
        assert "ook een andere groep van deze lichting" in found.sentence
        assert conflicts.of_visit(session, visit) == []
