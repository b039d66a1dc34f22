"""Confirmed people and open offers together never exceed the capacity: under a rush, and after any history."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.aanmeldingen import apply
from tests.training import BUREAU, NOW, a_cohort
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import HAS_A_SEAT, CohortStatus, EnrolmentStatus, OfferStatus
from vitale_core.steps import cohorts, intake, waiting_list
from vitale_core.store.database import Database
from vitale_core.store.records import Cohort, Enrolment, Offer

CAPACITY = 12


def rush(work, pieces):
    """Do the work on every piece, all at the same moment, each in a thread of its own."""
    ready, problems = threading.Barrier(len(pieces)), []

    def run(piece):
        ready.wait()
        try:
            work(piece)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test must see it
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(piece,)) for piece in pieces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert problems == []


def standing(database) -> tuple[Counter, list[int], list[int]]:
    """Return how many are in each status, who waits in the order of the list, and who waits in order of arrival."""
    with database.read() as session:
        cohort = session.scalars(select(Cohort)).one()
        people = session.scalars(select(Enrolment).order_by(Enrolment.applied_at, Enrolment.id)).all()
        waiting = [e.id for e in people if e.status is EnrolmentStatus.WAITLISTED]
        listed = sorted(waiting, key=lambda number: place(session, number))
        assert cohorts.seats_taken(session, cohort) <= cohort.capacity
        return Counter(str(e.status) for e in people), listed, waiting


def place(session, number: int) -> int:
    found = waiting_list.place_on_list(session, session.get_one(Enrolment, number))
    assert found is not None
    return found


def test_fifty_people_who_apply_at_once_are_all_taken_in_once(database):
    with database.write() as session:
        number = a_cohort(session, status=CohortStatus.OPEN, capacity=CAPACITY).id

    def sign_up(n):
        for _ in range(2):  # an impatient second click
            with database.write() as session:
                apply(session, session.get_one(Cohort, number), f"Deelnemer{n} X")

    rush(sign_up, range(50))

    assert standing(database)[0] == {"applied": 50}


def test_fifty_confirmations_at_once_give_exactly_twelve_seats(database):
    with database.write() as session:
        cohort = a_cohort(session, status=CohortStatus.OPEN, capacity=CAPACITY)
        numbers = [apply(session, cohort, f"Deelnemer{n} X", now=NOW + timedelta(minutes=n)).id for n in range(50)]

    def confirm(number):
        with database.write() as session:
            intake.confirm(session, session.get_one(Enrolment, number), by="operator", now=NOW, bureau=BUREAU)

    rush(confirm, numbers)

    states, listed, waiting = standing(database)
    assert states == {"confirmed": CAPACITY, "waitlisted": 38}
    assert listed == waiting


def test_the_last_seats_are_offered_and_taken_once_in_a_rush(database):
    with database.write() as session:
        cohort = a_cohort(session, status=CohortStatus.OPEN, capacity=CAPACITY)
        people = [apply(session, cohort, f"Deelnemer{n} X", now=NOW + timedelta(minutes=n)) for n in range(20)]
        for enrolment in people:
            intake.confirm(session, enrolment, by="operator", now=NOW + timedelta(hours=1), bureau=BUREAU)
        numbers = [e.id for e in people]
    leaves, comes = numbers[:6], numbers[12:18]
    later = NOW + timedelta(hours=2)

    def act(piece):
        what, number = piece
        with database.write() as session:
            enrolment = session.get_one(Enrolment, number)
            if what == "leave":
                intake.withdraw(session, enrolment, by="deelnemer", now=later, bureau=BUREAU)
            elif what == "look":
                intake.advance(session, session.get_one(Cohort, enrolment.cohort_id), now=later, bureau=BUREAU)
            else:
                try:
                    intake.accept_offer(session, enrolment, now=later, bureau=BUREAU)
                except Refused:
                    assert enrolment.status is EnrolmentStatus.WAITLISTED  # not their turn yet

    rush(
        act,
        [("leave", n) for n in leaves] + [("accept", n) for n in comes] + [("look", numbers[0])] * 4,
    )
    rush(act, [("accept", n) for n in comes] + [("look", numbers[0])] * 4)

    assert standing(database)[0] == {"withdrawn": 6, "confirmed": CAPACITY, "waitlisted": 2}


# ------------------------------------------------------------------------------------------------ after any history


class Seats(RuleBasedStateMachine):
    """A cohort of three seats to which anything happens."""

    database: Database
    codes = count(1)
    session: Session
    cohort: Cohort
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.open = self.database.write()
        self.session = self.open.__enter__()
        self.cohort = a_cohort(
            self.session, f"stoelen-{next(self.codes)}", status=CohortStatus.OPEN, capacity=3, minimum=1
        )
        self.now = NOW
        self.names = count(1)

    def teardown(self) -> None:
        self.session.rollback()
        self.open.__exit__(None, None, None)

    def everybody(self, *statuses):
        query = select(Enrolment).where(Enrolment.cohort_id == self.cohort.id, Enrolment.status.in_(statuses))
        return list(self.session.scalars(query.order_by(Enrolment.id)))

    def some(self, pick, *statuses):
        found = self.everybody(*statuses)
        return found[pick % len(found)] if found else None

    @rule()
    def apply(self):
        apply(self.session, self.cohort, f"P{self.cohort.id}n{next(self.names)} X", now=self.now)

    @rule(pick=st.integers(0, 9))
    def confirm(self, pick):
        if (enrolment := self.some(pick, EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED)) is not None:
            intake.confirm(self.session, enrolment, by="operator", now=self.now, bureau=BUREAU)

    @rule(pick=st.integers(0, 9))
    def reject(self, pick):
        if (enrolment := self.some(pick, EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED)) is not None:
            intake.reject(self.session, enrolment, by="operator", reason="", now=self.now)

    @rule(pick=st.integers(0, 9))
    def withdraw(self, pick):
        enrolment = self.some(pick, EnrolmentStatus.CONFIRMED, EnrolmentStatus.OFFERED, EnrolmentStatus.WAITLISTED)
        if enrolment is not None:
            intake.withdraw(self.session, enrolment, by="operator", now=self.now, bureau=BUREAU)

    @rule(pick=st.integers(0, 9), yes=st.booleans())
    def answer_offer(self, pick, yes):
        if (enrolment := self.some(pick, EnrolmentStatus.OFFERED)) is not None:
            answer = intake.accept_offer if yes else intake.decline_offer
            try:
                answer(self.session, enrolment, now=self.now, bureau=BUREAU)
            except Refused:
                (offer,) = self.session.scalars(
                    select(Offer).where(Offer.enrolment_id == enrolment.id, Offer.status == OfferStatus.OPEN)
                )
                assert offer.deadline <= self.now

    @rule(hours=st.sampled_from([1, 30, 120]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)
        intake.advance(self.session, self.cohort, now=self.now, bureau=BUREAU)

    @rule(more=st.integers(-1, 1))
    def change_the_capacity(self, more):
        least = cohorts.seats_taken(self.session, self.cohort)
        self.cohort.capacity = max(least, self.cohort.capacity + more, 1)

    @rule()
    def cancel_and_restore(self):
        cohorts.cancel(self.session, self.cohort, by="operator", reason="", now=self.now, bureau=BUREAU)
        assert self.everybody(EnrolmentStatus.OFFERED) == []
        cohorts.restore(self.session, self.cohort, by="operator", now=self.now, bureau=BUREAU)

    @rule()
    def go(self):
        cohorts.go(self.session, self.cohort, by="operator", now=self.now, bureau=BUREAU)

    @invariant()
    def no_seat_is_given_twice(self):
        assert cohorts.seats_taken(self.session, self.cohort) <= self.cohort.capacity
        assert len(self.everybody(*HAS_A_SEAT, EnrolmentStatus.OFFERED)) == cohorts.seats_taken(
            self.session, self.cohort
        )

    @invariant()
    def who_holds_an_offer_holds_one(self):
        for enrolment in self.everybody(EnrolmentStatus.OFFERED):
            query = select(Offer).where(Offer.enrolment_id == enrolment.id, Offer.status == OfferStatus.OPEN)
            assert len(self.session.scalars(query).all()) == 1

    @invariant()
    def no_seat_is_empty_while_people_wait(self):
        waiting = self.everybody(EnrolmentStatus.WAITLISTED)
        if waiting and self.now < NOW + timedelta(days=30):
            intake.advance(self.session, self.cohort, now=self.now, bureau=BUREAU)
            assert cohorts.seats_taken(self.session, self.cohort) == self.cohort.capacity or not self.everybody(
                EnrolmentStatus.WAITLISTED
            )


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_after_any_history_no_seat_is_given_twice(database, monkeypatch):
    monkeypatch.setattr(Seats, "database", database, raising=False)
    thorough = settings().max_examples > 100

    run_state_machine_as_test(
        Seats,
        settings=settings(
            max_examples=400 if thorough else 30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
