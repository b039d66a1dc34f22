"""A rehearsal: play a cohort ahead on a copy of the facts, with people who answer all, nothing, or by the dice.

The same steps as the real thing, from one moment at which something is owed to the next. The operator does at once what
each task asks. Nothing is sent and nothing is kept: whoever calls it throws the copy away.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vitale_core.domain import evaluation as forms
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import VitaleError
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.programme import STEPS
from vitale_core.domain.states import (
    HAS_A_SEAT,
    Answer,
    MessageStatus,
    Presence,
    SessionStatus,
    TaskStatus,
    Via,
    VisitStatus,
)
from vitale_core.steps import (
    answers,
    attendance,
    cohorts,
    evaluation,
    groups,
    intake,
    lifecycle,
    replies,
    terugkomdag,
    truth,
    visits,
    werkbezoek,
)
from vitale_core.steps.plan import drafting
from vitale_core.steps.plan import reading as plans
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Invitation, Message, Task

BY = "oefening"
ROUNDS = 20
"""So often everything is looked at again at one moment while facts keep changing."""

SOON = timedelta(days=1)
ANSWERS_AT_ALL, COMES, MAYBE, WELCOME = 0.6, 0.8, 0.9, 0.8
"""What the dice hold for: a mail is answered; of the answers: accepted, up to there tentative; a host says yes."""

WAITS = (MessageStatus.QUEUED, MessageStatus.AWAITING_APPROVAL)
Deed = Callable[[datetime], object]


class Answers(StrEnum):
    """How people answer what they are asked."""

    ALL = "all"
    NONE = "none"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that would happen. `what`: mail, skipped, task, deed or trouble; `kind`: of the mail or the task."""

    at: datetime
    what: str
    kind: str
    text: str
    person: int | None = None


@dataclass
class Rehearsal:
    """One cohort, played ahead in a session that is never committed."""

    session: Session
    cohort: Cohort
    bureau: Bureau
    answers: Answers
    dice: random.Random
    told: list[Happening] = field(default_factory=list)
    _deeds: list[tuple[datetime, int, str, Deed]] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def play(self, now: datetime, until: datetime) -> list[Happening]:
        """Return what happens from `now` until `until`, or until there is nothing more to happen."""
        newest = self.session.scalar(select(func.max(Task.id))) or 0
        self._seen.update(
            self.session.scalars(select(Task.id).where(Task.id <= newest, Task.status != TaskStatus.OPEN))
        )
        while now <= until:
            all(self._round(now) for _ in range(ROUNDS))  # until nobody does anything more
            following = self._next(now)
            if following is None:
                break
            now = following
        return self.told

    # ------------------------------------------------------------------------------------------ who does what

    def _round(self, now: datetime) -> int:
        return self._people(now) + self._clock(now) + self._operator(now) + self._post(now)

    def _clock(self, now: datetime) -> int:
        self.session.flush()
        if self.cohort.id not in lifecycle.due_cohorts(self.session, now):
            return 0
        for step in STEPS:
            lifecycle.advance(self.session, self.cohort, step, now=now, bureau=self.bureau)
        lifecycle.settle(self.session, self.cohort, now=now, bureau=self.bureau)
        return 1

    def _people(self, now: datetime) -> int:
        ripe = sorted(deed for deed in self._deeds if deed[0] <= now)
        self._deeds = [deed for deed in self._deeds if deed[0] > now]
        for _, _, what, deed in ripe:
            self._try(what, deed, now)
        return len(ripe)

    def _operator(self, now: datetime) -> int:
        query = select(Task).where(Task.cohort_id == self.cohort.id, Task.status == TaskStatus.OPEN).order_by(Task.id)
        new = [task for task in self.session.scalars(query) if task.id not in self._seen]
        for task in new:
            self._seen.add(task.id)
            self.told.append(Happening(now, "task", task.kind, task.what))
            for deed in self._asked(task):
                self._try(task.kind, deed, now)
        return len(new)

    def _post(self, now: datetime) -> int:
        waiting = select(Message).where(Message.cohort_id == self.cohort.id, Message.status.in_(WAITS))
        ripe = self.session.scalars(waiting.where(Message.not_before <= now).order_by(Message.id)).all()
        untrue = truth.untrue(self.session, ripe, bureau=self.bureau)
        for mail in ripe:
            mail.ended_at, mail.outcome = now, untrue.get(mail.id, "")
            late = mail.stale_at <= now
            mail.status = MessageStatus.SKIPPED if late or mail.outcome else MessageStatus.SENT
            what = "mail" if mail.status is MessageStatus.SENT else "skipped"
            self.told.append(Happening(now, what, mail.kind, mail.outcome or mail.why, mail.person_id))
            if mail.status is MessageStatus.SENT:
                self._read(mail, now)
        self.session.flush()
        return len(ripe)

    def _next(self, now: datetime) -> datetime | None:
        due = self.session.scalar(select(Cohort.next_due_at).where(Cohort.id == self.cohort.id))
        mail = self.session.scalar(
            select(func.min(Message.not_before)).where(
                Message.cohort_id == self.cohort.id, Message.status.in_(WAITS), Message.not_before > now
            )
        )
        return min(
            (m for m in (due, mail, *(deed[0] for deed in self._deeds)) if m is not None and m > now), default=None
        )

    def _try(self, what: str, deed: Deed, now: datetime) -> None:
        """Let somebody do something; what a rule refuses is told and leaves nothing behind."""
        try:
            with self.session.begin_nested():
                deed(now)
        except VitaleError as problem:
            self.told.append(Happening(now, "trouble", what, problem.message))
        else:
            self.told.append(Happening(now, "deed", what, ""))

    # ------------------------------------------------------------------------------------------ the operator

    def _asked(self, task: Task) -> Iterator[Deed]:
        """Give what the operator does for this task; for what only a person can judge: nothing, it stays open."""
        session, cohort, bureau = self.session, self.cohort, self.bureau
        if task.kind == "decide" and task.enrolment_id:
            enrolment = session.get_one(Enrolment, task.enrolment_id)
            yield lambda now: intake.confirm(session, enrolment, by=BY, now=now, bureau=bureau)
        elif task.kind == "go-or-no-go":
            yield lambda now: cohorts.go(session, cohort, by=BY, now=now, bureau=bureau)
        elif task.kind == "propose-groups":
            yield lambda now: groups.propose(session, cohort, by=BY, now=now, bureau=bureau)
        elif task.kind == drafting.APPROVE and (plan := plans.newest(session, cohort)):
            yield lambda now: groups.approve(session, cohort, plan.version, by=BY, now=now, bureau=bureau)
        elif task.kind == terugkomdag.CHOOSE:
            yield self._choose_dates
        elif task.kind in attendance.TASKS:
            yield self._close_lists

    def _choose_dates(self, now: datetime) -> None:
        for meeting in self._meetings():
            if meeting.starts_at is None and (best := terugkomdag.standings(self.session, meeting, count=1)):
                terugkomdag.choose_date(self.session, meeting, best[0].option.id, by=BY, now=now, bureau=self.bureau)

    def _close_lists(self, now: datetime) -> None:
        for meeting in self._meetings():
            over = meeting.ends_at is not None and meeting.ends_at <= now
            if over and meeting.attendance_closed_at is None and meeting.status is not SessionStatus.CANCELLED:
                attendance.close(self.session, meeting, rest=Presence.PRESENT, by=BY, now=now, bureau=self.bureau)

    def _meetings(self) -> list[CourseSession]:
        query = select(CourseSession).where(CourseSession.cohort_id == self.cohort.id).order_by(CourseSession.id)
        return list(self.session.scalars(query))

    # ------------------------------------------------------------------------------------------ who gets mail

    def _read(self, mail: Message, now: datetime) -> None:
        """Decide whether the reader answers, and when."""
        found = self._answer_to(mail)
        if found is None or self.answers is Answers.NONE:
            return
        if self.answers is Answers.RANDOM and self.dice.random() > ANSWERS_AT_ALL:
            return
        days = 1 if self.answers is Answers.ALL else self.dice.randint(1, 4)
        self._deeds.append((now + days * SOON, mail.id, mail.kind, found))

    def _answer_to(self, mail: Message) -> Deed | None:
        """Return how the question in this mail is answered; None when it asks nothing, or was answered."""
        kind, session = Kind(mail.kind), self.session
        if mail.invitation_id is not None and kind in CALENDAR and kind is not Kind.CALENDAR_CANCEL:
            return partial(self._come, session.get_one(Invitation, mail.invitation_id))
        if kind is Kind.HOST_REQUEST:
            return partial(self._host, mail.person_id)
        if mail.enrolment_id is None:
            return None
        enrolment = session.get_one(Enrolment, mail.enrolment_id)
        if kind is Kind.SEAT_OFFER:
            return lambda now: intake.accept_offer(session, enrolment, now=now, bureau=self.bureau)
        asked: dict[Kind, Deed] = {
            Kind.INTAKE_REQUEST: partial(self._intake, enrolment),
            Kind.INTAKE_REMINDER: partial(self._intake, enrolment),
            Kind.VISIT_REPORT_REQUEST: partial(self._report, enrolment),
            Kind.VISIT_REPORT_REMINDER: partial(self._report, enrolment),
            Kind.DATE_POLL: partial(self._vote, enrolment),
            Kind.POLL_REMINDER: partial(self._vote, enrolment),
            Kind.DIRECT_EVALUATION: partial(self._evaluate, enrolment, "direct"),
            Kind.DIRECT_REMINDER: partial(self._evaluate, enrolment, "direct"),
            Kind.TRANSFER_EVALUATION: partial(self._evaluate, enrolment, "transfer"),
            Kind.TRANSFER_REMINDER: partial(self._evaluate, enrolment, "transfer"),
        }
        return asked.get(kind)

    def _come(self, invitation: Invitation, now: datetime) -> None:
        luck = self.dice.random() if self.answers is Answers.RANDOM else 0.0
        given = Answer.ACCEPTED if luck < COMES else Answer.TENTATIVE if luck < MAYBE else Answer.DECLINED
        replies.answer(self.session, invitation, given, via=Via.PAGE, now=now, bureau=self.bureau)

    def _host(self, person: int, now: datetime) -> None:
        asked = visits.of_cohort(self.session, self.cohort, {VisitStatus.ASKED})
        for visit in (v for v in asked if v.project.host.contact_id == person):
            if self.answers is Answers.ALL or self.dice.random() < WELCOME:
                werkbezoek.confirm_visit(self.session, visit, by=BY, now=now, bureau=self.bureau)
            else:
                werkbezoek.refuse_visit(self.session, visit, by=BY, reason="Oefening", now=now, bureau=self.bureau)

    def _intake(self, enrolment: Enrolment, now: datetime) -> None:
        if enrolment.intake is None or not enrolment.intake.casus:
            outcomes = range(1, len(programme_of(self.cohort).outcomes) + 1)
            form = answers.IntakeForm(casus="Oefening", baseline={str(nr): self._figure() for nr in outcomes})
            answers.answer_intake(self.session, enrolment, form, now=now, bureau=self.bureau)

    def _report(self, enrolment: Enrolment, now: datetime) -> None:
        held = visits.of_cohort(self.session, self.cohort, {VisitStatus.HELD})
        for visit in (v for v in held if enrolment.id in {member.enrolment_id for member in v.group.members}):
            werkbezoek.report(self.session, visit, enrolment, report="Oefening", recommendations="Oefening", now=now)

    def _vote(self, enrolment: Enrolment, now: datetime) -> None:
        for meeting in self._meetings():
            options = terugkomdag.options_of(self.session, meeting)
            if options and meeting.starts_at is None:
                votes = ("yes", "if_needed", "no") if self.answers is Answers.RANDOM else ("yes",)
                chosen = {option.id: self.dice.choice(votes) for option in options}
                terugkomdag.vote(self.session, enrolment, meeting.id, chosen, now=now)

    def _evaluate(self, enrolment: Enrolment, round_name: str, now: datetime) -> None:
        if enrolment.status in HAS_A_SEAT and not evaluation.answered(self.session, enrolment, round_name):
            asked = [q for q in evaluation.questions(self.cohort, round_name) if q.required]
            given = {q.name: self._filled(q) for q in asked}
            evaluation.answer_round(self.session, enrolment, round_name, given, now=now)

    def _filled(self, question: forms.Asked) -> object:
        if question.kind in {"scale", "number"}:
            return self._figure()
        if question.values:
            value = self.dice.choice(question.values)
            return [value] if question.kind == "several" else value
        return "Oefening"

    def _figure(self) -> int:
        return self.dice.randint(2, 5)
