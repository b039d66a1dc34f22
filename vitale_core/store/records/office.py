"""What waits for a person, who did what, and what this installation remembers of itself."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from vitale_core.domain.states import TaskStatus
from vitale_core.store.records.columns import Base, Json

_OPEN = text("status = 'open'")


class Task(Base):
    """Something that waits for a person."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]  # one open task per key; owing it twice is harmless
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    kind: Mapped[str]
    what: Mapped[str]  # one Dutch sentence; ids, no names
    command: Mapped[str]  # the next command
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    status: Mapped[TaskStatus]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    note: Mapped[str]

    __table_args__ = (
        Index("uq_task_open", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_task_status_due_at", "status", "due_at"),
    )


class AuditEvent(Base):
    """Who did what, to which object, and why. Append-only, chained by hash."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]  # a role or the name an operator gave; never an address
    cohort_id: Mapped[int | None] = mapped_column(index=True)
    what: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[int | None]
    detail: Mapped[Json]  # ids, dates and states; no personal data
    previous: Mapped[str]
    digest: Mapped[str]


class Note(Base):
    """A small fact about this installation: which clock sent mail, which journal belongs to it."""

    __tablename__ = "note"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
