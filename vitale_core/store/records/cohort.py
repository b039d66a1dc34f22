"""Programme, cohort and its sessions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from vitale_core.domain.states import CohortKind, CohortStatus, SessionKind, SessionStatus
from vitale_core.store.records.columns import Base, FactOfCohort, Json


class ProgrammeVersion(Base):
    """One version of a programme file, kept as it was when a cohort pinned it."""

    __tablename__ = "programme_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)  # sha256 of the document
    document: Mapped[Json] = mapped_column(deferred=True)  # long, and read once for each digest
    loaded_at: Mapped[datetime]


class Cohort(Base):
    """One run of a programme with one set of people."""

    __tablename__ = "cohort"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme_version.id"))
    kind: Mapped[CohortKind]
    status: Mapped[CohortStatus]
    capacity: Mapped[int]
    minimum: Mapped[int]
    zone: Mapped[str]  # IANA name; wall-clock times of the cohort are in it
    location: Mapped[str]
    trainer_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    settings: Mapped[Json]  # what the operator set apart from the programme: fixed dates, notes
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # the go
    cancelled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)  # rises with every change of facts
    next_due_at: Mapped[datetime | None] = mapped_column(index=True)

    programme: Mapped[ProgrammeVersion] = relationship(lazy="joined")
    sessions: Mapped[list["CourseSession"]] = relationship(back_populates="cohort", order_by="CourseSession.position")

    __table_args__ = (CheckConstraint("capacity > 0", name="has_seats"),)


class CourseSession(FactOfCohort, Base):
    """Any gathering: a dagdeel, the visit of one group, a terugkomdag."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    name: Mapped[str]  # "dagdeel-1", "werkbezoek-2" (of group 2), "terugkomdag"
    kind: Mapped[SessionKind]
    day: Mapped[str]  # the programme's day: "day1", "terugkomdag"; "visit" for visits
    position: Mapped[int]
    title: Mapped[str]
    status: Mapped[SessionStatus]
    starts_at: Mapped[datetime | None]  # None: the date is still to be chosen
    ends_at: Mapped[datetime | None]
    location: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)  # rises when the start changes
    moved_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    attendance_closed_at: Mapped[datetime | None]

    cohort: Mapped[Cohort] = relationship(back_populates="sessions")

    __table_args__ = (
        UniqueConstraint("cohort_id", "name"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_session_starts_at", "starts_at"),
    )
