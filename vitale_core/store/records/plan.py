"""Hosts and projects, groups, visits, invitations, polls."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from vitale_core.domain.states import Answer, PlanStatus, Via, VisitStatus
from vitale_core.store.records.cohort import CourseSession
from vitale_core.store.records.columns import Base, FactOfCohort, Json
from vitale_core.store.records.people import Enrolment, Person

_BOOKED = text("status IN ('asked', 'confirmed', 'held', 'reported')")
_VALID = text("cancelled_at IS NULL")


class Host(Base):
    """An organisation that receives groups, and the person who speaks for it."""

    __tablename__ = "host"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation: Mapped[str]
    contact_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    rests_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    contact: Mapped[Person] = relationship(lazy="joined")
    projects: Mapped[list["Project"]] = relationship(back_populates="host")


class Project(Base):
    """A participatieproject that can be visited."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), index=True)
    title: Mapped[str]
    place: Mapped[str]
    address: Mapped[str]
    themes: Mapped[list[Any]]
    min_people: Mapped[int] = mapped_column(default=1)
    max_people: Mapped[int] = mapped_column(default=6)
    access: Mapped[list[Any]]
    transit: Mapped[bool] = mapped_column(default=True)  # can be reached without a car
    meeting_point: Mapped[str] = mapped_column(default="", server_default="")
    entrance: Mapped[str] = mapped_column(default="", server_default="")  # how to come in, also with a wheelchair
    parking: Mapped[str] = mapped_column(default="", server_default="")
    day_contact: Mapped[str] = mapped_column(default="", server_default="")  # whom to call on the day
    practical: Mapped[str]  # what else a group must know
    active: Mapped[bool] = mapped_column(default=True, index=True)

    host: Mapped[Host] = relationship(back_populates="projects", lazy="joined")
    slots: Mapped[list["Slot"]] = relationship(back_populates="project", order_by="Slot.starts_at")

    __table_args__ = (UniqueConstraint("host_id", "title"),)


class Slot(Base):
    """A moment at which a project can receive one group."""

    __tablename__ = "slot"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship(back_populates="slots")

    __table_args__ = (
        UniqueConstraint("project_id", "starts_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_slot_starts_at", "starts_at"),
    )


class Travel(Base):
    """Travel minutes between two places, as corrected by the operator."""

    __tablename__ = "travel"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str]
    destination: Mapped[str]
    minutes: Mapped[int]

    __table_args__ = (UniqueConstraint("origin", "destination"),)


class Plan(FactOfCohort, Base):
    """One version of the groups and their visits."""

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    version: Mapped[int]
    status: Mapped[PlanStatus]
    digest: Mapped[str]  # what an approval binds to
    claim: Mapped[str]  # "bewezen het beste", ...
    instance: Mapped[Json]  # werkgroepen/1, ids only
    solution: Mapped[Json]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]

    groups: Mapped[list["Group"]] = relationship(back_populates="plan", order_by="Group.number")

    __table_args__ = (UniqueConstraint("cohort_id", "version"),)


class Group(FactOfCohort, Base):
    """The people who go on a visit together."""

    __tablename__ = "group_"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    number: Mapped[int]

    plan: Mapped[Plan] = relationship(back_populates="groups")
    members: Mapped[list["GroupMember"]] = relationship(back_populates="group", order_by="GroupMember.enrolment_id")
    visits: Mapped[list["Visit"]] = relationship(back_populates="group", order_by="Visit.id")

    __table_args__ = (UniqueConstraint("plan_id", "number"),)


class GroupMember(FactOfCohort, Base):
    """One person in one group."""

    __tablename__ = "group_member"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group_.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)

    group: Mapped[Group] = relationship(back_populates="members")
    enrolment: Mapped[Enrolment] = relationship()

    __table_args__ = (UniqueConstraint("group_id", "enrolment_id"),)


class Visit(FactOfCohort, Base):
    """One group at one project at one slot. A refused visit stays; a new row takes over."""

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("group_.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), index=True)
    reserve_slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    status: Mapped[VisitStatus]
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    reason: Mapped[str]  # why it was refused or cancelled
    host_note: Mapped[str]  # practical information from the host
    report: Mapped[str]  # what the group brought back
    recommendations: Mapped[str]
    reported_at: Mapped[datetime | None]

    group: Mapped[Group] = relationship(back_populates="visits")
    project: Mapped[Project] = relationship(lazy="joined")
    slot: Mapped[Slot] = relationship(foreign_keys=[slot_id], lazy="joined")
    reserve_slot: Mapped[Slot | None] = relationship(foreign_keys=[reserve_slot_id])
    session: Mapped[CourseSession | None] = relationship()

    __table_args__ = (
        Index(
            "uq_visit_booked_slot",
            "slot_id",
            unique=True,
            sqlite_where=_BOOKED,
            postgresql_where=_BOOKED,
        ),
        Index("ix_visit_status", "status"),
    )


class Invitation(FactOfCohort, Base):
    """What one person's calendar knows of one session: the iTIP identity and the answer."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    address: Mapped[str | None]  # the address this UID was sent to
    uid: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int]  # of the last REQUEST or CANCEL
    stamp: Mapped[datetime]  # DTSTAMP of it
    digest: Mapped[str]  # of what the calendar shows; nothing is sent when it stays equal
    sent_event: Mapped[Json]  # start, end, summary, location, description last told
    cancelled_at: Mapped[datetime | None]
    answer: Mapped[Answer]
    answer_sequence: Mapped[int | None]  # the version that was answered
    answer_stamp: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answer_via: Mapped[Via | None]

    session: Mapped[CourseSession] = relationship()
    person: Mapped[Person] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()

    __table_args__ = (
        Index(
            "uq_invitation_valid",
            "session_id",
            "person_id",
            unique=True,
            sqlite_where=_VALID,
            postgresql_where=_VALID,
        ),
    )


class Reply(Base):
    """Every answer that ever came in for an invitation, applied or not."""

    __tablename__ = "reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), index=True)
    answer: Mapped[Answer]
    sequence: Mapped[int | None]
    stamp: Mapped[datetime | None]
    via: Mapped[Via]
    received_at: Mapped[datetime]
    comment: Mapped[str]
    applied: Mapped[bool]
    why: Mapped[str]


class PollOption(FactOfCohort, Base):
    """A date that people can choose for a session without one."""

    __tablename__ = "poll_option"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    chosen_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("session_id", "starts_at"),)


class PollAnswer(FactOfCohort, Base):
    """What one person said about one date."""

    __tablename__ = "poll_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    option_id: Mapped[int] = mapped_column(ForeignKey("poll_option.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    choice: Mapped[str]  # yes, if_needed, no
    answered_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("option_id", "enrolment_id"),)
