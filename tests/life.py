"""The whole life of a cohort, from one moment that matters to the next: what the clock does, and what people do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import shown
from vitale_core.domain import agenda
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import CALENDAR
from vitale_core.domain.programme import STEPS
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import facts, lifecycle
from vitale_core.store.records import Cohort, Message, Task

Deed = tuple[datetime, Callable[[datetime], object]]
MOST_LOOKS = 400


@dataclass
class Life:
    """A cohort that is looked at only when it is due. `letters` makes the words of each mail that leaves."""

    session: Session
    cohort: Cohort
    bureau: Bureau
    letters: Callable[[Message, datetime], object] = lambda _message, _now: None
    looks: list[datetime] = field(default_factory=list)

    def play(self, deeds: Iterable[Deed], *, until: datetime) -> None:
        """Let people do their deeds, and the clock look whenever the cohort is due, until there is nothing more."""
        script = sorted(deeds, key=lambda deed: deed[0])
        now = script[0][0]
        while True:
            while script and script[0][0] <= now:
                script.pop(0)[1](now)
            upcoming = self.look(now)
            later = [moment for moment in (upcoming, script[0][0] if script else None) if moment is not None]
            if not later or min(later) > until:
                return
            now = min(later)

    def look(self, now: datetime) -> datetime | None:
        """Do what a tick does; return when the next one has something to do."""
        self.session.flush()
        assert len(self.looks) < MOST_LOOKS, "the cohort is due again and again"
        if self.cohort.id in lifecycle.due_cohorts(self.session, now):
            self.looks.append(now)
            for step in STEPS:
                lifecycle.advance(self.session, self.cohort, step, now=now, bureau=self.bureau)
            self.deliver(now)
        upcoming = lifecycle.settle(self.session, self.cohort, now=now, bureau=self.bureau)
        assert upcoming is None or upcoming > now, f"due again at once, {shown(now)}"
        known = facts.load(self.session, self.cohort, bureau=self.bureau)
        assert agenda.due(known, now) == ()
        return upcoming

    def deliver(self, now: datetime) -> None:
        """Let what is owed leave: each mail is made, and counts as sent."""
        waiting = select(Message).where(Message.status == MessageStatus.QUEUED, Message.cohort_id == self.cohort.id)
        for message in self.session.scalars(waiting.order_by(Message.id)).all():
            self.letters(message, now)
            message.status, message.attempts, message.ended_at = MessageStatus.SENT, 1, now
        self.session.flush()

    def told(self, person_id: int) -> list[tuple[str, str]]:
        """Return (moment, what) of every mail that this person got by a rule of the programme, in order."""
        query = select(Message).where(
            Message.person_id == person_id, Message.kind.not_in([str(kind) for kind in CALENDAR])
        )
        mails = self.session.scalars(query.order_by(Message.due_at, Message.key)).all()
        return [(shown(m.due_at), f"{m.key.split('/')[2]} {m.subject}") for m in mails]

    def asked(self) -> list[tuple[str, str]]:
        """Return (moment, kind) of every task that the cohort gave to a person."""
        query = select(Task).where(Task.cohort_id == self.cohort.id).order_by(Task.created_at, Task.id)
        return [(shown(task.created_at), task.kind) for task in self.session.scalars(query)]
