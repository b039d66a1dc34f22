"""Everybody's calendar program, fed with the mails that the ledger owes: what people see, and what they should see."""

import random
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.adapters.calendar_parts import letter
from tests.calendar_client import Client
from vitale_core.adapters import ics
from vitale_core.domain.bureau import Bureau
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps.expected import expected
from vitale_core.store.records import Cohort, Message

Shown = set[tuple[datetime, datetime, str, str]]


@dataclass
class Calendars:
    """The calendar programs of everybody who ever got an invitation."""

    bureau: Bureau
    clients: dict[str, Client] = field(default_factory=dict)
    mails: list[tuple[str, bytes]] = field(default_factory=list)

    def deliver(self, session: Session, *, shuffle: random.Random | None = None) -> int:
        """Send what waits and let each calendar read it, in order or in any order; return how many mails that were."""
        kinds = [str(kind) for kind in CALENDAR]
        waiting = session.scalars(
            select(Message).where(Message.kind.in_(kinds), Message.status == MessageStatus.QUEUED).order_by(Message.id)
        ).all()
        mails = []
        for message in waiting:
            message.status, message.attempts = MessageStatus.SENT, 1
            mails.append((message.payload["address"], self.mail(message)))
        if shuffle is not None:
            shuffle.shuffle(mails)
        for address, mail in mails:
            self.clients.setdefault(address, Client(address)).receive(mail)
        self.mails += mails
        session.flush()
        return len(mails)

    def mail(self, message: Message) -> bytes:
        """The mail of one owed message, its calendar part as it leaves."""
        frozen = message.payload
        event = ics.CalendarEvent(
            uid=frozen["uid"],
            sequence=frozen["sequence"],
            stamp=datetime.fromisoformat(frozen["stamp"]),
            start=datetime.fromisoformat(frozen["start"]),
            end=datetime.fromisoformat(frozen["end"]),
            summary=frozen["summary"],
            location=frozen["location"],
            description=frozen["description"],
            organizer_name=self.bureau.mail_name,
            organizer_address=self.bureau.mail_address,
            attendee_name=message.person.name or "",
            attendee_address=frozen["address"],
            cancelled=message.kind == Kind.CALENDAR_CANCEL,
        )
        method, part = (
            ("CANCEL", ics.cancel(event)) if message.kind == Kind.CALENDAR_CANCEL else ("REQUEST", ics.request(event))
        )
        return letter(part, method=method, to=frozen["address"], sender=self.bureau.mail_address)

    def shown(self, address: str, *, after: datetime) -> Shown:
        """What this person sees of the time to come."""
        client = self.clients.get(address, Client(address))
        return {(e.start_utc, e.end_utc, e.summary, e.location) for e in client.visible().values() if e.end_utc > after}

    def truth(self, session: Session, *cohorts: Cohort, now: datetime) -> dict[str, Shown]:
        """What everybody should see of these cohorts together."""
        seen: dict[str, Shown] = {address: set() for address in self.clients}
        for want in (w for cohort in cohorts for w in expected(session, cohort, now=now, bureau=self.bureau)):
            address = want.person.email or ""
            text = want.text
            seen.setdefault(address, set()).add((text.start, text.end, text.summary, text.location))
        return seen

    def hold_the_truth(self, session: Session, *cohorts: Cohort, now: datetime) -> None:
        """Fail unless every calendar shows exactly what is true: no ghost, no double, the right hour."""
        for address, wanted in self.truth(session, *cohorts, now=now).items():
            shown = self.shown(address, after=now)
            assert shown == wanted, address
            entries = [e for e in self.clients[address].visible().values() if e.end_utc > now] if wanted else []
            assert len(entries) == len(wanted), f"{address} sees something twice"
