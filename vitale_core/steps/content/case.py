"""One message with all that its facts come from; and what every mail says."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from vitale_core.domain.bureau import Bureau
from vitale_core.domain.errors import Refused
from vitale_core.domain.facts import CohortFacts, SessionFacts
from vitale_core.domain.kinds import TO_HOSTS, TO_OFFICE, Kind
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.programme import Programme
from vitale_core.steps import links
from vitale_core.steps.programmes import programme_of
from vitale_core.store.records import Cohort, CourseSession, Enrolment, Message, Person

Facts = dict[str, Any]
R = TypeVar("R")

PAGES = {
    Kind.SEAT_OFFER: "aanbod",
    Kind.INTAKE_REQUEST: "intake",
    Kind.INTAKE_REMINDER: "intake",
    Kind.PREPARATION: "intake",
    Kind.OVERVIEW: "rsvp",
    Kind.CALENDAR_INVITATION: "rsvp",
    Kind.CALENDAR_UPDATE: "rsvp",
    Kind.CHANGES: "rsvp",
    Kind.RSVP_REMINDER: "rsvp",
    Kind.VISIT_REPORT_REQUEST: "verslag",
    Kind.VISIT_REPORT_REMINDER: "verslag",
    Kind.DATE_POLL: "prikker",
    Kind.POLL_REMINDER: "prikker",
    Kind.DIRECT_EVALUATION: "evaluatie/direct",
    Kind.DIRECT_REMINDER: "evaluatie/direct",
}
"""Where, below a participant's own page, the one thing is that a mail asks for; otherwise on the page itself."""

_GIVEN_NAME = re.compile(r"[^\W\d_]{2,}(?:[-'’][^\W\d_]+)*")


@dataclass(frozen=True)
class Case:
    """A message and the moment at which its letter is made."""

    session: Session
    message: Message
    now: datetime = field(kw_only=True)
    bureau: Bureau = field(kw_only=True)
    secret: bytes = field(kw_only=True)

    @cached_property
    def kind(self) -> Kind:
        """The kind of mail."""
        return Kind(self.message.kind)

    @cached_property
    def audience(self) -> Literal["participant", "host", "trainer", "operator"]:
        """Who reads it: participant, host, trainer or operator."""
        if self.kind in TO_HOSTS or self.message.payload.get("host"):
            return "host"
        if self.kind in TO_OFFICE:
            return "trainer" if self.kind is Kind.PARTICIPANT_LIST else "operator"
        return "participant"

    @cached_property
    def cohort(self) -> Cohort:
        """The cohort it is about."""
        if self.message.cohort_id is None:
            raise Refused("Deze mail hoort bij geen enkele lichting.")
        return kept(self.session, Cohort, self.message.cohort_id)

    @cached_property
    def programme(self) -> Programme:
        """The programme of the cohort."""
        return programme_of(self.cohort)

    @cached_property
    def sessions(self) -> list[CourseSession]:
        """The sessions of the cohort, visits too."""
        return list(self.cohort.sessions)

    @cached_property
    def enrolment(self) -> Enrolment:
        """The enrolment of the reader."""
        if self.message.enrolment_id is None:
            raise Refused("Deze mail hoort bij geen enkele deelnemer.")
        return self.session.get_one(Enrolment, self.message.enrolment_id)

    @cached_property
    def timeline(self) -> CohortFacts:
        """The dates of the cohort, as the rules of the agenda read them; without people."""
        return timeline(self.cohort, self.bureau)

    @cached_property
    def anchors(self) -> dict[str, datetime]:
        """The moments that rules count from."""
        return {name: moment for name, moment in shared_anchors(self.timeline).items() if moment is not None}

    @cached_property
    def first_day(self) -> datetime:
        """When the training begins; also when every day was cancelled."""
        starts = [s.starts_at for s in self.sessions if s.starts_at]
        return self.anchors.get("first_day") or min(starts, default=self.cohort.created_at)

    def later(self, moment: datetime | None) -> datetime | None:
        """Return a moment that is still to come, or None: nobody is asked for something before yesterday."""
        return moment if moment is not None and moment > self.now else None

    def page(self, purpose: links.Purpose = "participant", enrolment: Enrolment | None = None) -> str:
        """Return the address of the reader's page."""
        cohort_id = enrolment.cohort_id if enrolment else self.cohort.id
        enrolment_id = enrolment.id if enrolment else self.message.enrolment_id
        return links.url(
            self.session,
            purpose=purpose,
            person_id=self.message.person_id,
            cohort_id=cohort_id,
            enrolment_id=enrolment_id if purpose in {"participant", "agenda"} else None,
            now=self.now,
            bureau=self.bureau,
            secret=self.secret,
        )

    @property
    def home(self) -> str:
        """The address of the page with the open cohorts."""
        return self.bureau.base_url.rstrip("/") + "/"

    def common(self) -> Facts:
        """Return the facts of every mail."""
        name = self.message.person.name or ""
        facts: Facts = {
            "audience": self.audience,
            "host": self.audience == "host",
            "reader": {"name": name, "greeting": greeting(name, formal=self.audience == "host")},
            "bureau": {"name": self.bureau.name, "post": self.bureau.post, "phone": self.bureau.phone},
            "home": self.home,
        }
        if self.audience == "operator":
            return {**facts, "page": self.home + "beheer", "todo": self.home + "beheer"}
        page = self.page(self.audience)
        below = PAGES.get(self.kind) if self.audience == "participant" else None
        trainer = kept(self.session, Person, self.cohort.trainer_id)
        return {
            **facts,
            "page": page,
            "todo": f"{page}/{below}" if below else page,
            "code": self.cohort.code,
            "training": in_a_sentence(self.programme.title),
            "signed": trainer.name or self.bureau.name,
            "first_day": self.first_day,
        }


def kept(session: Session, record: type[R], number: int) -> R:
    """Return a record that many letters share, and hold it until the session ends.

    A session forgets what nobody holds, and would ask the database again for the next letter.
    """
    found = session.get_one(record, number)
    session.info.setdefault("shared by letters", set()).add(found)
    return found


def timeline(cohort: Cohort, bureau: Bureau) -> CohortFacts:
    """Return the dates of a cohort, as the rules of the agenda read them; without people."""
    return CohortFacts(
        id=cohort.id,
        code=cohort.code,
        programme=programme_of(cohort),
        status=cohort.status,
        trainer=cohort.trainer_id,
        operator=0,
        confirmed_at=cohort.confirmed_at,
        cancelled_at=cohort.cancelled_at,
        sessions=tuple(
            SessionFacts(s.id, s.name, s.kind, s.day, s.status, s.starts_at, s.ends_at, s.revision, s.moved_at)
            for s in cohort.sessions
        ),
        holidays=frozenset(bureau.holidays),
        zone=ZoneInfo(cohort.zone),
    )


def greeting(name: str, *, formal: bool = False) -> str:
    """Return how a letter greets somebody: "Noor" for Noor de Vries, and the whole name when that is not sure."""
    words = name.split()
    if formal or len(words) < 2 or not _GIVEN_NAME.fullmatch(words[0]) or not words[0][0].isupper():  # noqa: PLR2004
        return " ".join(words) or "lezer"
    return words[0]


def in_a_sentence(title: str) -> str:
    """Return the title as it follows "de": "training overheidsparticipatie"."""
    return "t" + title[1:] if title.startswith("Training ") else f"training {title}"
