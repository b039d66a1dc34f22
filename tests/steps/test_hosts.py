"""Hosts: imported all or nothing, and open on the half days that suit both."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    a_planned_cohort,
    a_project,
    an_approved_cohort,
    at,
    document,
    some_enrolments,
    visits_of,
    without_visits,
)
from vitale_core.domain.errors import Refused
from vitale_core.steps import groups, hosts, programmes
from vitale_core.store.database import AT_ONCE
from vitale_core.store.records import AuditEvent, Cohort, Host, Project

ROW = {
    "project": "Buurttuin De Akker",
    "organisation": "Stichting De Akker",
    "contact": "Jan Tuin",
    "email": "Jan@Akker.example",
    "place": "Assen",
    "themes": "Groen; wonen",
    "slots": ["2027-04-08T13:00/15:30", "2027-04-13T10:00"],
    "min_people": "2",
    "max_people": "4.0",
    "access": "Rolstoel",
    "transit": "nee",
}


def rows(**changes):
    return [{**ROW, **changes}]


def the_project(session):
    return session.scalars(select(Project)).one()


def open_ids(session, cohort, now=NOW):
    return [s.id for s in hosts.open_slots(session, cohort, now=now, bureau=BUREAU)]


def test_a_row_becomes_a_host_with_a_project_and_its_half_days(database):
    with database.write() as session:
        done = hosts.import_hosts(session, [ROW], now=NOW)

        project = the_project(session)
        assert (done.made, done.slots) == (1, 2)
        assert (project.title, project.host.organisation) == ("Buurttuin De Akker", "Stichting De Akker")
        assert (project.host.contact.name, project.host.contact.email) == ("Jan Tuin", "Jan@akker.example")
        assert (project.themes, project.access, project.transit) == (["groen", "wonen"], ["rolstoel"], False)
        assert (project.min_people, project.max_people) == (2, 4)
        assert [(s.starts_at, s.ends_at) for s in project.slots] == [
            (at("2027-04-08", "13:00"), at("2027-04-08", "15:30")),
            (at("2027-04-13", "10:00"), at("2027-04-13", "12:30")),
        ]


def test_the_same_file_twice_changes_nothing(database):
    with database.write() as session:
        hosts.import_hosts(session, [ROW], now=NOW)
        notes = len(session.scalars(select(AuditEvent)).all())

        done = hosts.import_hosts(session, [ROW], now=NOW)

        assert done == hosts.Imported(made=0, changed=0, same=1, slots=0)
        assert len(session.scalars(select(Project)).all()) == 1
        assert len(session.scalars(select(AuditEvent)).all()) == notes


def test_a_changed_row_changes_the_project_and_adds_half_days(database):
    with database.write() as session:
        hosts.import_hosts(session, [ROW], now=NOW)

        done = hosts.import_hosts(
            session,
            rows(place="Rolde", slots="2027-04-14T13:00/2027-04-14T15:00", contact="Piet", email="piet@akker.example"),
            now=NOW,
        )

        project = the_project(session)
        assert done == hosts.Imported(made=0, changed=1, same=0, slots=1)
        assert (project.place, project.host.contact.name) == ("Rolde", "Piet")
        assert len(project.slots) == 3


def test_a_row_needs_little(database):
    with database.write() as session:
        bare = {name: ROW[name] for name in ("project", "organisation", "contact", "email", "place")}

        hosts.import_hosts(session, [bare], now=NOW)

        project = the_project(session)
        assert (project.min_people, project.max_people, project.transit, project.slots) == (1, 6, True, [])


def test_one_organisation_may_have_two_projects_and_two_contacts(database):
    with database.write() as session:
        second = {**ROW, "project": "Dorpsbos", "contact": "Els Bos", "email": "els@akker.example"}
        hosts.import_hosts(session, [ROW, second], now=NOW)

        done = hosts.import_hosts(session, [ROW, second], now=NOW)

        assert done.same == 2
        assert len(session.scalars(select(Host)).all()) == 2


@pytest.mark.parametrize(
    "changes,column,problem",
    [
        ({"project": " "}, "project", "leeg"),
        ({"email": "jan"}, "email", "geldig"),
        ({"email": ""}, "email", "leeg"),
        ({"place": "x" * 300}, "place", "te lang"),
        ({"min_people": "veel"}, "min_people", "getal van 1 tot 100"),
        ({"max_people": "0"}, "max_people", "getal van 1 tot 100"),
        ({"min_people": "5", "max_people": "4"}, "min_people", "5 is meer dan het maximum 4"),
        ({"transit": "misschien"}, "transit", "ja of nee"),
        ({"slots": "morgen"}, "slots", "geen dagdeel"),
        ({"slots": "2027-03-28T02:30"}, "slots", "geen dagdeel"),
        ({"slots": "2027-04-08T13:00/12:00"}, "slots", "eindigt voor het begint"),
    ],
)
def test_a_bad_row_is_named_by_row_and_column(database, changes, column, problem):
    with database.write() as session:
        with pytest.raises(hosts.HostRowsRefused, match=problem) as refused:
            hosts.import_hosts(session, [ROW, *rows(**changes)], now=NOW)

        assert [(p.row, p.column) for p in refused.value.problems] == [(2, column)]
        assert session.scalars(select(Project)).all() == []


def test_all_problems_are_told_at_once(database):
    with database.write() as session:
        with pytest.raises(hosts.HostRowsRefused, match="En nog 1 andere") as refused:
            hosts.import_hosts(session, rows(place="", contact=""), now=NOW)

        assert len(refused.value.problems) == 2


@pytest.mark.parametrize(
    "written,read", [("ja", True), ("X", True), ("", True), (False, False), (None, True), ("n", False)]
)
def test_yes_and_no_come_in_many_ways(database, written, read):
    with database.write() as session:
        hosts.import_hosts(session, rows(transit=written), now=NOW)

        assert the_project(session).transit is read


# -------------------------------------------------------------------------------------------------- half days


def test_a_host_offers_half_days_and_takes_one_back(database):
    with database.write() as session:
        project = a_project(session)
        moments = [(at("2027-04-08", "13:00"), at("2027-04-08", "15:00"))]
        (slot,) = hosts.offer_slots(session, project, moments, by="host", now=NOW)

        hosts.withdraw_slot(session, slot, by="host", now=NOW)
        hosts.withdraw_slot(session, slot, by="host", now=NOW + timedelta(days=1))
        assert slot.withdrawn_at == NOW
        again = hosts.offer_slots(session, project, moments, by="host", now=NOW)

        assert again == [slot]
        assert slot.withdrawn_at is None


@pytest.mark.parametrize(
    "start,end,problem",
    [
        ("2027-04-08T13:00", "2027-04-08T12:00", "eindigt voor het begint"),
        ("2027-01-08T13:00", "2027-01-08T15:00", "voorbij"),
    ],
)
def test_a_half_day_that_makes_no_sense_is_refused(database, start, end, problem):
    with database.write() as session:
        moments = [(at(*start.split("T")), at(*end.split("T")))]

        with pytest.raises(Refused, match=problem):
            hosts.offer_slots(session, a_project(session), moments, by="host", now=NOW)


def test_a_half_day_that_a_group_comes_on_cannot_be_taken_back(database):
    with database.write() as session:
        _cohort, plan = an_approved_cohort(session, people=4)

        with pytest.raises(Refused, match="komt al een groep"):
            hosts.withdraw_slot(session, visits_of(plan)[1].slot, by="host", now=NOW)


def test_new_half_days_wake_the_cohorts_that_wait_for_them(database):
    with database.write() as session:
        cohort = a_planned_cohort(session, projects=0)
        groups.propose(session, cohort, **HERE)
        session.flush()
        cohort.next_due_at = NOW + timedelta(days=9)
        session.flush()
        session.execute(update(Cohort).values(next_due_at=NOW + timedelta(days=9)))

        hosts.import_hosts(session, [ROW], now=NOW)

        session.refresh(cohort)
        assert cohort.next_due_at == AT_ONCE


def test_open_are_the_half_days_in_the_window_of_projects_that_receive(database):
    with database.write() as session:
        cohort = a_cohort(session)
        inside = ["2027-03-25", "2027-04-15"]
        project = a_project(session, slots=[*inside, "2027-03-24", "2027-04-16"])
        a_project(session, "Dicht", slots=inside, active=False)

        assert open_ids(session, cohort) == [project.slots[0].id, project.slots[1].id]
        assert open_ids(session, cohort, now=at("2027-04-01")) == [project.slots[1].id]
        project.slots[1].withdrawn_at = NOW
        assert open_ids(session, cohort) == [project.slots[0].id]


def test_a_host_that_rests_is_left_alone(database):
    with database.write() as session:
        cohort = a_cohort(session)
        project = a_project(session, slots=["2027-04-01", "2027-04-13"])

        project.host.rests_until = at("2027-04-10")

        assert open_ids(session, cohort) == [project.slots[1].id]


def test_between_the_groups_of_two_cohorts_a_host_rests(database):
    with database.write() as session:
        spring = a_cohort(session)
        some_enrolments(session, spring, 4)
        project = a_project(session, slots=["2027-03-25", "2027-04-01", "2027-04-15"])
        groups.propose(session, spring, **HERE)
        taken = visits_of(groups.approve(session, spring, 1, **HERE))[1].slot
        other = a_cohort(session, "2027-tweede")

        left = open_ids(session, other)

        assert all(abs(s.starts_at - taken.starts_at) >= timedelta(days=14) for s in project.slots if s.id in left)
        other.settings = {"host_rest_days": 0}
        assert open_ids(session, other) == [s.id for s in project.slots if s.id != taken.id]
        assert taken.id in open_ids(session, spring)


def test_a_programme_without_visits_has_no_window(database):
    with database.write() as session:
        a_project(session)
        cohort = a_cohort(session)
        version = {name: value for name, value in document().items() if name != "visit"} | without_visits()
        cohort.programme = programmes.pin(session, version, now=NOW)
        session.flush()

        assert hosts.visit_window(cohort, bureau=BUREAU) is None
        assert open_ids(session, cohort) == []


def test_without_dates_there_is_no_window(database):
    with database.write() as session:
        cohort = a_cohort(session)
        for meeting in cohort.sessions:
            meeting.starts_at = meeting.ends_at = None
        session.flush()

        assert hosts.visit_window(cohort, bureau=BUREAU) is None
