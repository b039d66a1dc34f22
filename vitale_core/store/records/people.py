"""People, their enrolments, what they answered, and the links that open their pages."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from vitale_core.domain.states import EnrolmentStatus, OfferStatus, Presence
from vitale_core.store.records.cohort import Cohort, CourseSession
from vitale_core.store.records.columns import Base, FactOfCohort, Json

_LIVE = text("status IN ('applied', 'waitlisted', 'offered', 'confirmed')")


class Person(Base):
    """Somebody with an address: participant, host's contact, trainer, operator."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None]  # as it was given
    email_key: Mapped[str | None] = mapped_column(unique=True)  # casefolded; identifies
    name: Mapped[str | None]
    phone: Mapped[str | None]
    organisation: Mapped[str | None]
    department: Mapped[str | None]
    function: Mapped[str | None]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Enrolment(FactOfCohort, Base):
    """One person in one cohort."""

    __tablename__ = "enrolment"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[EnrolmentStatus]
    source: Mapped[str]  # portal, import, operator, substitute, transfer
    applied_at: Mapped[datetime]  # entry time: the order of the waiting list
    waitlisted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]  # participant, operator, clock
    priority: Mapped[int] = mapped_column(default=0)  # higher goes first on the waiting list
    screening: Mapped[Json]  # criterion id -> met | unclear | not met
    screened_at: Mapped[datetime | None]  # a person looked; only then a free seat is offered
    screened_by: Mapped[str | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))
    transferred_from_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"))

    cohort: Mapped[Cohort] = relationship()
    person: Mapped[Person] = relationship(lazy="joined")
    intake: Mapped["Intake | None"] = relationship(back_populates="enrolment")

    __table_args__ = (
        Index(
            "uq_enrolment_live",
            "cohort_id",
            "person_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )


class Offer(FactOfCohort, Base):
    """A free seat, held for one person until a deadline."""

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    status: Mapped[OfferStatus]
    offered_at: Mapped[datetime]
    deadline: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    enrolment: Mapped[Enrolment] = relationship()


class Intake(FactOfCohort, Base):
    """What a participant told about work, wishes and travel. Without needs."""

    __tablename__ = "intake"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    answered_at: Mapped[datetime]
    casus: Mapped[str]
    role: Mapped[str]
    experience: Mapped[int | None]  # 1..5
    themes: Mapped[list[Any]]
    available: Mapped[list[Any] | None]  # ids of slots; None: unknown
    home: Mapped[str]  # place one travels from
    seats: Mapped[int] = mapped_column(default=0)  # car seats with the driver; 0: no car
    wish_with: Mapped[str]
    wish_without: Mapped[str]
    extra: Mapped[Json]  # answers to questions of the programme file

    enrolment: Mapped[Enrolment] = relationship(back_populates="intake")


class Needs(FactOfCohort, Base):
    """Food and access: apart, because it may be health data; deleted first."""

    __tablename__ = "needs"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    food: Mapped[str]
    access: Mapped[list[Any]]  # codes that a host's access list can meet, e.g. "rolstoel"
    note: Mapped[str]
    told_at: Mapped[datetime]


class Link(Base):
    """The right to open one page, for one person and purpose. Only the hash is kept."""

    __tablename__ = "link"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]  # participant, host, trainer, agenda
    nonce: Mapped[str] = mapped_column(unique=True)  # random; the token is derived from it
    token_hash: Mapped[str] = mapped_column(unique=True)  # sha256 hex of the token
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()


class Attendance(FactOfCohort, Base):
    """Whether somebody was there."""

    __tablename__ = "attendance"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    presence: Mapped[Presence]
    reason: Mapped[str]
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]

    session: Mapped[CourseSession] = relationship()

    __table_args__ = (UniqueConstraint("session_id", "enrolment_id"),)


class Certificate(FactOfCohort, Base):
    """A bewijs van deelname."""

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]  # as it stood when it was issued
    hours: Mapped[float]
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Intention(FactOfCohort, Base):
    """What somebody means to do differently, in their own words, and what came of it."""

    __tablename__ = "intention"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    words: Mapped[str]
    written_at: Mapped[datetime]
    applied: Mapped[str]  # what was done with it, told before the terugkomdag
    applied_at: Mapped[datetime | None]
