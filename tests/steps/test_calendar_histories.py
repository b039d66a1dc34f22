"""After any history of changes, in whatever order the mails come in, every calendar equals the truth."""

import random
from contextlib import suppress
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.calendars import Calendars
from tests.training import BUREAU, NOW, a_cohort, some_enrolments, some_projects
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, SessionStatus, Via, VisitStatus
from vitale_core.steps import changes, cohorts, groups, intake, invitations, persons, replies, visits, werkbezoek
from vitale_core.store.records import Enrolment, Invitation, Project

ACTIONS = (
    *("move", "move", "move back", "place", "cancel session", "join", "withdraw", "substitute", "address"),
    *("cancel cohort", "restore", "answer", "deliver", "deliver", "deliver shuffled", "look"),
    *("transfer", "plan", "plan", "move visit", "move visit", "change group"),
)
HISTORIES = 50 if settings().max_examples <= 100 else 2_000  # the release set asks for more
_number = count(1)


class History:
    """One cohort and what happens to it."""

    def __init__(self, session, seed: int) -> None:
        self.session = session
        self.chance = random.Random(seed)
        self.calendars = Calendars(BUREAU)
        self.now = NOW
        self.cohort = a_cohort(session, code=f"geschiedenis-{next(_number)}")
        self.who: dict[str, Any] = {"by": "operator", "bureau": BUREAU}
        self.other = None
        some_enrolments(session, self.cohort, 3)
        invitations.sync(session, self.cohort, now=self.now, bureau=BUREAU)

    def play(self, actions) -> None:
        for action in actions:
            self.now += timedelta(minutes=self.chance.choice([0, 1, 7, 600]), seconds=self.chance.choice([0, 1]))
            with suppress(Refused), self.session.begin_nested():  # a rule may say no: nothing was changed
                getattr(self, action.replace(" ", "_"))()
        if self.cohort.status is CohortStatus.CANCELLED:
            self.restore()
        cohorts_here = [cohort for cohort in (self.cohort, self.other) if cohort is not None]
        for cohort in cohorts_here:
            invitations.sync(self.session, cohort, now=self.now, bureau=BUREAU)
        self.deliver()
        self.calendars.hold_the_truth(self.session, *cohorts_here, now=self.now)
        for cohort in cohorts_here:
            assert invitations.sync(self.session, cohort, now=self.now, bureau=BUREAU) == []

    def seated(self) -> Enrolment | None:
        query = select(Enrolment).where(
            Enrolment.cohort_id == self.cohort.id, Enrolment.status == EnrolmentStatus.CONFIRMED
        )
        people = self.session.scalars(query.order_by(Enrolment.id)).all()
        return self.chance.choice(people) if people else None

    def meeting(self):
        return self.chance.choice([s for s in self.cohort.sessions if s.starts_at])

    def move(self) -> None:
        meeting = self.meeting()
        minutes = self.chance.choice([-1440, -60, -15, 15, 60, 1440, 2880])
        start = meeting.starts_at + timedelta(minutes=minutes)
        changes.move_session(self.session, self.cohort, meeting.name, start=start, now=self.now, **self.who)

    def move_back(self) -> None:
        meeting = self.meeting()
        start = meeting.starts_at
        for moment in (start + timedelta(minutes=5), start):
            changes.move_session(self.session, self.cohort, meeting.name, start=moment, now=self.now, **self.who)

    def place(self) -> None:
        meeting = self.meeting()
        place = self.chance.choice(["Café 't Hoekje, zaal 3; 1e verdieping", "Het Kasteel, Assen", ""])
        changes.move_session(
            self.session, self.cohort, meeting.name, start=meeting.starts_at, location=place, now=self.now, **self.who
        )

    def cancel_session(self) -> None:
        published = [s for s in self.cohort.sessions if s.status is SessionStatus.PUBLISHED]
        if len(published) > 2:
            name = self.chance.choice(published).name
            changes.cancel_session(self.session, self.cohort, name, reason="Ziek", now=self.now, **self.who)

    def join(self) -> None:
        number = self.chance.randrange(6)
        form = intake.Application(name=f"Deelnemer {number}", email=f"d{number}@gemeente.example")
        enrolment = intake.apply(self.session, self.cohort, form, source="portal", now=self.now, bureau=BUREAU)
        intake.confirm(self.session, enrolment, now=self.now, **self.who)

    def withdraw(self) -> None:
        if (enrolment := self.seated()) is not None:
            intake.withdraw(self.session, enrolment, now=self.now, **self.who)

    def substitute(self) -> None:
        if (enrolment := self.seated()) is not None:
            email = f"collega{self.chance.randrange(4)}@gemeente.example"
            persons.substitute(self.session, enrolment, name="Collega", email=email, now=self.now, **self.who)

    def transfer(self) -> None:
        if self.other is None:
            days = {"day1": date(2027, 5, 20), "day2": date(2027, 6, 24)}
            self.other = a_cohort(self.session, code=f"elders-{next(_number)}", days=days)
        if (enrolment := self.seated()) is not None:
            persons.transfer(self.session, enrolment, self.other, now=self.now, **self.who)

    def plan(self) -> None:
        if self.session.scalar(select(Project.id).limit(1)) is None:
            some_projects(self.session, 3)
        made = groups.propose(self.session, self.cohort, count=2, now=self.now, **self.who)
        groups.approve(self.session, self.cohort, made.version, now=self.now, **self.who)
        self.session.expire_all()
        for visit in visits.of_cohort(self.session, self.cohort, {VisitStatus.ASKED}):
            werkbezoek.confirm_visit(self.session, visit, now=self.now, **self.who)

    def move_visit(self) -> None:
        if known := visits.of_cohort(self.session, self.cohort, {VisitStatus.ASKED, VisitStatus.CONFIRMED}):
            visit = self.chance.choice(known)
            free = werkbezoek.free_slots(self.session, visit, now=self.now, bureau=BUREAU)
            if free:
                agreed = self.chance.random() < 0.7
                slot = self.chance.choice(free)
                werkbezoek.move_visit(self.session, visit, slot, agreed=agreed, now=self.now, **self.who)

    def change_group(self) -> None:
        if (enrolment := self.seated()) is not None:
            number = self.chance.choice([1, 2])
            groups.change_group(self.session, enrolment, number, now=self.now, **self.who)

    def address(self) -> None:
        if (enrolment := self.seated()) is not None:
            email = f"nieuw{next(_number)}@gemeente.example"
            persons.correct_address(self.session, enrolment.person, email, now=self.now, **self.who)

    def cancel_cohort(self) -> None:
        cohorts.cancel(self.session, self.cohort, reason="Ziek", now=self.now, **self.who)

    def restore(self) -> None:
        cohorts.restore(self.session, self.cohort, now=self.now, **self.who)

    def answer(self) -> None:
        query = select(Invitation).where(Invitation.cohort_id == self.cohort.id, Invitation.cancelled_at.is_(None))
        known = self.session.scalars(query.order_by(Invitation.id)).all()
        if known:
            given = self.chance.choice([Answer.ACCEPTED, Answer.DECLINED, Answer.TENTATIVE])
            replies.answer(self.session, self.chance.choice(known), given, via=Via.PAGE, now=self.now, bureau=BUREAU)

    def deliver(self) -> None:
        self.calendars.deliver(self.session)

    def deliver_shuffled(self) -> None:
        self.calendars.deliver(self.session, shuffle=self.chance)

    def look(self) -> None:
        invitations.sync(self.session, self.cohort, now=self.now, bureau=BUREAU)


@pytest.mark.slow
@settings(max_examples=HISTORIES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=14), st.integers(0, 2**32))
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_calendar_equals_the_truth_after_any_history(database, actions, seed):
    with database.write() as session:
        History(session, seed).play(actions)
        session.rollback()
