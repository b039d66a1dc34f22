"""A rehearsal plays a cohort to its end on a copy, as people might behave, and leaves the real one alone."""

import random
from collections import Counter

import pytest
from sqlalchemy import func, select

from tests.aanmeldingen import apply
from tests.training import (
    BUREAU,
    a_cohort,
    a_planned_cohort,
    a_project,
    an_enrolment,
    an_intake,
    at,
    newest_plan,
    some_enrolments,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.evaluation import Asked
from vitale_core.domain.states import CohortStatus, EnrolmentStatus
from vitale_core.steps.rehearsal import Answers, Rehearsal
from vitale_core.store.copies import in_memory
from vitale_core.store.records import Cohort, Enrolment, Message, Receipt, Task

START, END = at("2027-02-01", "09:05"), at("2028-02-01")
SEED = 11
"""One in which somebody declines and a host refuses."""

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def rehearsed(database, answers=Answers.ALL, seed=1, until=END):
    """Return what happens, and how the copy looks at the end."""
    copy = in_memory(database)
    try:
        with copy.write() as session:
            cohort = session.scalars(select(Cohort)).one()
            told = Rehearsal(session, cohort, BUREAU, answers, random.Random(seed)).play(START, until)
            ends = Counter(session.scalars(select(Enrolment.status)))
            return told, cohort.status, ends
    finally:
        copy.dispose()


def kinds(told, what="mail"):
    return Counter(one.kind for one in told if one.what == what)


def test_when_everybody_answers_the_cohort_comes_to_its_end_and_nothing_of_it_stays(database):
    with database.write() as session:
        a_planned_cohort(session, people=3, projects=1)
        version = session.scalars(select(Cohort.version)).one()

    told, status, ends = rehearsed(database)

    assert status is CohortStatus.CLOSED
    assert ends == {EnrolmentStatus.COMPLETED: 3}
    assert kinds(told)["certificate"] == 3
    assert kinds(told)["intake_reminder"] == kinds(told)["direct_reminder"] == 0
    assert {"groups-approve", "attendance", "visit-attendance", "choose-date"} <= set(kinds(told, "deed"))
    assert kinds(told, "trouble") == {}
    assert [one.at for one in told] == sorted(one.at for one in told)
    with database.read() as session:
        assert session.scalar(select(func.count(Message.id))) == 0
        assert session.scalars(select(Cohort.version)).one() == version


@on_sqlite
def test_when_nobody_answers_everybody_is_reminded_and_the_operator_is_asked_to_ring(database):
    with database.write() as session:
        cohort = a_cohort(session, status=CohortStatus.OPEN)
        some_enrolments(session, cohort, 2)
        apply(session, cohort, "Wies Nieuw", email="wies@gemeente.example")
        a_project(session, slots=("2027-04-06",))

    told, status, _ = rehearsed(database, Answers.NONE)

    assert status is CohortStatus.CLOSED
    assert kinds(told)["intake_reminder"] == 6
    assert kinds(told, "task")["intake-silent"] == kinds(told, "task")["rsvp-silent"] == 3
    assert kinds(told, "task")["go-or-no-go"] == kinds(told, "deed")["decide"] == 1
    assert {"intake_request", "calendar_invitation", "host_request"}.isdisjoint(kinds(told, "deed"))


@on_sqlite
def test_chance_gives_the_same_again_for_the_same_number_and_shows_declines_and_refusals(database):
    with database.write() as session:
        a_planned_cohort(session, people=4, projects=3)

    first, again = (rehearsed(database, Answers.RANDOM, SEED, at("2027-04-10"))[0] for _ in range(2))

    assert first == again
    assert kinds(first, "task")["declined"]
    assert kinds(first, "task")["groups-approve"] == 2, "a host refused, and there was a new proposal"


@on_sqlite
def test_a_free_seat_goes_to_the_first_on_the_list(database):
    with database.write() as session:
        cohort = a_cohort(session, status=CohortStatus.OPEN, capacity=6)
        some_enrolments(session, cohort, 5)
        an_enrolment(session, cohort, "Wies Wacht", status=EnrolmentStatus.WAITLISTED)

    told, _, ends = rehearsed(database, until=at("2027-02-10"))

    assert kinds(told, "deed")["seat_offer"] == 1
    assert ends == {EnrolmentStatus.CONFIRMED: 6}


@on_sqlite
def test_what_a_rule_refuses_is_told_and_leaves_nothing_behind(database):
    with database.write() as session:
        cohort = a_cohort(session)
        played = Rehearsal(session, cohort, BUREAU, Answers.ALL, random.Random(1))

        def refused(_now):
            cohort.location = "ergens anders"
            session.flush()
            raise Refused("Dat kan niet meer.")

        played._try("seat_offer", refused, START)

        assert [(one.what, one.kind, one.text) for one in played.told] == [
            ("trouble", "seat_offer", "Dat kan niet meer.")
        ]
        assert cohort.location != "ergens anders"


@on_sqlite
def test_what_was_answered_already_and_who_left_are_left_alone(database):
    with database.write() as session:
        cohort = a_cohort(session)
        stays, left = an_enrolment(session, cohort), an_enrolment(session, cohort, "Sam Bakker")
        casus = an_intake(session, stays, casus="Het plein").casus
        left.status = EnrolmentStatus.WITHDRAWN
        played = Rehearsal(session, cohort, BUREAU, Answers.ALL, random.Random(1))

        played._intake(stays, START)
        played._evaluate(left, "direct", START)

        assert stays.intake.casus == casus
        assert session.scalar(select(func.count(Receipt.id))) == 0


@on_sqlite
def test_the_operator_proposes_groups_when_asked(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 3)
        played = Rehearsal(session, cohort, BUREAU, Answers.ALL, random.Random(1))

        [deed] = played._asked(Task(kind="propose-groups"))
        deed(START)

        assert newest_plan(session, cohort).version == 1


@on_sqlite
def test_what_became_untrue_meanwhile_is_told_as_not_needed(database):
    with database.write() as session:
        cohort = a_cohort(session, status=CohortStatus.OPEN)
        apply(session, cohort, "Wies Nieuw", email="wies@gemeente.example")
        session.scalars(select(Enrolment)).one().status = EnrolmentStatus.WITHDRAWN

    told, _, _ = rehearsed(database, until=at("2027-02-02"))

    assert kinds(told, "skipped") == {"receipt": 1}


@pytest.mark.parametrize(
    "question,possible",
    [
        (Asked("q", "scale", "", required=True), {2, 3, 4, 5}),
        (Asked("q", "choice", "", required=True, values=("a", "b")), {"a", "b"}),
        (Asked("q", "long", "", required=True), {"Oefening"}),
    ],
)
def test_every_kind_of_question_can_be_filled_in(question, possible):
    dice = random.Random(1)
    nobody = Rehearsal(None, None, BUREAU, Answers.ALL, dice)  # type: ignore[arg-type]

    assert nobody._filled(question) in possible


def test_a_question_with_several_answers_gets_a_list():
    nobody = Rehearsal(None, None, BUREAU, Answers.ALL, random.Random(1))  # type: ignore[arg-type]

    assert nobody._filled(Asked("q", "several", "", required=True, values=("a",))) == ["a"]
