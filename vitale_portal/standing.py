"""How one participant stands in one cohort: everything their pages show, read when it is asked for."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session, joinedload

from vitale_core.domain import worktime
from vitale_core.domain.errors import NotFound
from vitale_core.domain.moments import Moment
from vitale_core.domain.programme import Programme
from vitale_core.domain.states import (
    HAS_A_SEAT,
    Answer,
    EnrolmentStatus,
    OfferStatus,
    PlanStatus,
    RoundStatus,
    SessionKind,
    SessionStatus,
    VisitStatus,
)
from vitale_core.steps import anchors, visits
from vitale_core.steps.programmes import programme_of
from vitale_core.store.gather import with_sessions
from vitale_core.store.records import (
    Certificate,
    Cohort,
    CourseSession,
    Enrolment,
    Group,
    GroupMember,
    Intake,
    Intention,
    Invitation,
    Offer,
    Person,
    Plan,
    PollAnswer,
    PollOption,
    Receipt,
    Round,
    Visit,
)
from vitale_portal.doors import Call

# Made once: making and naming a statement costs as much as running it.
_ENROLMENT = (
    select(Enrolment)
    .where(Enrolment.person_id == bindparam("person"))
    .options(joinedload(Enrolment.cohort), joinedload(Enrolment.intake))
    .order_by(Enrolment.id.desc())
    .limit(1)
)
_THE_ENROLMENT = _ENROLMENT.where(Enrolment.id == bindparam("enrolment"))
_NEWEST_ENROLMENT = _ENROLMENT.where(Enrolment.cohort_id == bindparam("cohort"))
_INVITATIONS = select(Invitation).where(
    Invitation.enrolment_id == bindparam("enrolment"), Invitation.cancelled_at.is_(None)
)
_OFFER = select(Offer).where(Offer.enrolment_id == bindparam("enrolment"), Offer.status == OfferStatus.OPEN)
_PLACE = (
    select(Group.id, Visit.id, Visit.session_id)
    .join(GroupMember, GroupMember.group_id == Group.id)
    .join(Plan, Plan.id == Group.plan_id)
    .outerjoin(
        Visit,
        and_(Visit.group_id == Group.id, Visit.status.not_in((VisitStatus.REFUSED, VisitStatus.CANCELLED))),
    )
    .where(GroupMember.enrolment_id == bindparam("enrolment"), Plan.status == PlanStatus.APPROVED)
    .order_by(Visit.id.desc())
    .limit(1)
)
_VISIT = select(Visit).where(Visit.id == bindparam("visit")).options(joinedload(Visit.session))
_MEMBERS = (
    select(Enrolment)
    .join(GroupMember, GroupMember.enrolment_id == Enrolment.id)
    .where(GroupMember.group_id == bindparam("group"))
    .order_by(Enrolment.id)
)
_ROUNDS = (
    select(Round, Receipt.id)
    .outerjoin(Receipt, and_(Receipt.round_id == Round.id, Receipt.enrolment_id == bindparam("enrolment")))
    .where(Round.cohort_id == bindparam("cohort"))
    .order_by(Round.id)
)
_POLLS = select(PollOption).where(PollOption.cohort_id == bindparam("cohort")).order_by(PollOption.starts_at)
_VOTES = select(PollAnswer).where(PollAnswer.enrolment_id == bindparam("enrolment"))
_CERTIFICATE = (
    select(Certificate)
    .where(Certificate.enrolment_id == bindparam("enrolment"), Certificate.revoked_at.is_(None))
    .order_by(Certificate.id.desc())
    .limit(1)
)
_INTENTION = select(Intention).where(Intention.enrolment_id == bindparam("enrolment"))


@dataclass(frozen=True, slots=True)
class Gathering:
    """The sessions of one calendar day, or one session without a date."""

    title: str
    sessions: tuple[CourseSession, ...]

    @property
    def start(self) -> datetime | None:
        """When the first begins; None while there is no date."""
        return self.sessions[0].starts_at

    @property
    def end(self) -> datetime | None:
        """When the last ends; None while there is no date."""
        return max((s.ends_at for s in self.sessions if s.ends_at), default=None)

    @property
    def cancelled(self) -> bool:
        """Whether nothing of it takes place."""
        return all(s.status is SessionStatus.CANCELLED for s in self.sessions)

    @property
    def location(self) -> str:
        """Where it is."""
        return self.sessions[0].location


@dataclass(frozen=True)
class Standing:
    """One person in one cohort. Each part is read when a page first asks for it, and only then."""

    session: Session
    now: datetime
    enrolment: Enrolment
    holidays: Container[date]

    @property
    def _mine(self) -> dict[str, int]:
        return {"enrolment": self.enrolment.id, "cohort": self.enrolment.cohort_id}

    @property
    def cohort(self) -> Cohort:
        """The cohort."""
        return self.enrolment.cohort

    @cached_property
    def programme(self) -> Programme:
        """The programme of the cohort, as it was pinned."""
        return programme_of(self.cohort)

    @cached_property
    def sessions(self) -> tuple[CourseSession, ...]:
        """What this person goes to: everything of the cohort, and of the visits the own one."""
        _group, _visit, visiting = self._place
        with_sessions(self.session, self.cohort)
        return tuple(s for s in self.cohort.sessions if s.kind is not SessionKind.WERKBEZOEK or s.id == visiting)

    @cached_property
    def invitations(self) -> Mapping[int, Invitation]:
        """The invitations that stand, by session id."""
        return {i.session_id: i for i in self.session.scalars(_INVITATIONS, self._mine)}

    @property
    def intake(self) -> Intake | None:
        """What this person told of their work."""
        return self.enrolment.intake

    @cached_property
    def offer(self) -> Offer | None:
        """The seat that is held for this person now."""
        if self.enrolment.status is not EnrolmentStatus.OFFERED:
            return None
        return self.session.scalar(_OFFER, self._mine)

    @cached_property
    def _place(self) -> tuple[int | None, int | None, int | None]:
        """The ids of the group of the approved plan, of the visit that is planned for it, and of its session."""
        if not self.programme.has_visits or self.enrolment.status not in HAS_A_SEAT:
            return None, None, None
        found = self.session.execute(_PLACE, self._mine).first()
        return tuple(found) if found else (None, None, None)

    @property
    def grouped(self) -> bool:
        """Whether this person has a group in the approved plan."""
        return self._place[0] is not None

    @cached_property
    def visit(self) -> Visit | None:
        """The visit that is planned for the group."""
        _group, visit, _session = self._place
        return None if visit is None else self.session.scalar(_VISIT, {"visit": visit})

    @property
    def practical(self) -> tuple[tuple[str, str], ...]:
        """What the group must know of its visit, as (label, text)."""
        return visits.practical_of(self.visit).rows if self.visit else ()

    @cached_property
    def _rounds(self) -> list[tuple[Round, int | None]]:
        return [(found, receipt) for found, receipt in self.session.execute(_ROUNDS, self._mine)]

    @property
    def rounds(self) -> list[Round]:
        """The evaluations of the cohort that exist."""
        return [found for found, _receipt in self._rounds]

    @property
    def receipts(self) -> frozenset[str]:
        """The names of the rounds that this person answered."""
        return frozenset(found.name for found, receipt in self._rounds if receipt is not None)

    @cached_property
    def polls(self) -> Mapping[int, list[PollOption]]:
        """The dates to choose from, by session id."""
        found: dict[int, list[PollOption]] = {}
        if any(s.kind is SessionKind.TERUGKOMDAG for s in self.sessions):
            for option in self.session.scalars(_POLLS, self._mine):
                found.setdefault(option.session_id, []).append(option)
        return found

    @cached_property
    def votes(self) -> Mapping[int, str]:
        """What this person said about each date: poll option id -> choice."""
        if not self.polls:
            return {}
        return {vote.option_id: vote.choice for vote in self.session.scalars(_VOTES, self._mine)}

    @cached_property
    def certificate(self) -> Certificate | None:
        """The bewijs van deelname that is valid."""
        if not any(session.attendance_closed_at for session in self.sessions):
            return None
        return self.session.scalar(_CERTIFICATE, self._mine)

    @cached_property
    def intention(self) -> Intention | None:
        """What this person means to do, and what came of it."""
        return self.session.scalar(_INTENTION, self._mine)

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.enrolment.person

    @property
    def first_name(self) -> str:
        """How the page greets."""
        return (self.person.name or "deelnemer").split()[0]

    @cached_property
    def gatherings(self) -> list[Gathering]:
        """What this person goes to, day by day; what has no date yet comes last."""
        dated = sorted((s.starts_at, s.position, s.id, s) for s in self.sessions if s.starts_at)
        days = groupby(dated, key=lambda entry: (worktime.local(entry[0]).date(), entry[3].kind))
        found = [self._gathering(tuple(session for *_, session in group)) for _day, group in days]
        return found + [self._gathering((s,)) for s in self.sessions if s.starts_at is None]

    def _gathering(self, sessions: tuple[CourseSession, ...]) -> Gathering:
        first = sessions[0]
        if first.kind is SessionKind.WERKBEZOEK:
            return Gathering("Werkbezoek", sessions)
        if first.kind is SessionKind.TERUGKOMDAG:
            return Gathering(first.title, sessions)
        number = self.programme.days.index(first.day) + 1 if first.day in self.programme.days else 1
        return Gathering(f"Dag {number}", sessions)

    @property
    def to_answer(self) -> list[Invitation]:
        """Invitations for what is still to come, in order of time."""
        live = [i for s in self.sessions if (i := self.invitations.get(s.id)) and self._open(s)]
        return sorted(live, key=lambda i: (i.session.starts_at or self.now, i.session.position))

    @property
    def unanswered(self) -> list[Invitation]:
        """Those of them without an answer."""
        return [i for i in self.to_answer if i.answer is Answer.NEEDS_ACTION]

    def _open(self, session: CourseSession) -> bool:
        return (
            session.status is not SessionStatus.CANCELLED
            and session.starts_at is not None
            and session.starts_at > self.now
        )

    @property
    def open_polls(self) -> list[CourseSession]:
        """Gatherings whose date is still to be chosen, with dates to choose from."""
        return [s for s in self.sessions if s.starts_at is None and self.polls.get(s.id)]

    def voted(self, session_id: int) -> bool:
        """Whether this person said which dates fit."""
        return any(option.id in self.votes for option in self.polls.get(session_id, []))

    def open_round(self, name: str) -> Round | None:
        """Return a round that can be answered now."""
        for found in self.rounds:
            in_time = found.opens_at <= self.now and (found.closes_at is None or self.now < found.closes_at)
            if found.name == name and found.status is RoundStatus.OPEN and in_time:
                return found
        return None

    def moment(self, when: Moment) -> datetime | None:
        """Return a moment of the programme for this cohort; None while it has no date."""
        with_sessions(self.session, self.cohort)
        return when.on(anchors.of(self.cohort), self.holidays, ZoneInfo(self.cohort.zone))

    @property
    def members(self) -> list[Enrolment]:
        """The people of the group, with this person."""
        group, _visit, _session = self._place
        return [] if group is None else list(self.session.scalars(_MEMBERS, {"group": group}))


def of(call: Call) -> Standing:
    """Return how the person of this link stands; a link without an enrolment opens the newest in its cohort."""
    link = call.the_link
    one = {"person": link.person_id, "enrolment": link.enrolment_id, "cohort": link.cohort_id}
    enrolment = call.session.scalar(_NEWEST_ENROLMENT if link.enrolment_id is None else _THE_ENROLMENT, one)
    if enrolment is None or enrolment.person.erased_at is not None:
        raise NotFound("Deze link werkt niet of niet meer.")
    return Standing(call.session, call.now, enrolment, call.bureau.holidays)
