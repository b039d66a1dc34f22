"""The ledger of owed mails, their bytes, what came in, and the state of the relay."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from vitale_core.domain.states import MessageStatus
from vitale_core.store.records.columns import Base, Json
from vitale_core.store.records.people import Person

_WAITING = text("status IN ('queued', 'sending')")


class Message(Base):
    """One owed mail: the promise, written in the transaction of its cause.

    The key (cohort, person, kind, subject, revision) is unique for ever, so owing twice is
    harmless. Bytes live in `Mime`.
    """

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), index=True)
    kind: Mapped[str]  # a domain.kinds.Kind: the template folder
    subject: Mapped[str]  # what it is about within the cohort: "day1", "visit-3", "-"
    revision: Mapped[int]
    payload: Mapped[Json]  # facts frozen when it was owed: the calendar event, old and new date
    status: Mapped[MessageStatus]
    why: Mapped[str]  # the rule and its dates, in Dutch
    outcome: Mapped[str]  # why it ended as it did: skipped because ..., failed because ...
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]  # when the rule says so
    not_before: Mapped[datetime]  # due_at, moved into office hours; also the Date header
    stale_at: Mapped[datetime]  # from then on it is skipped
    about_at: Mapped[datetime | None]  # the moment it concerns; within 24 h office hours yield
    message_id: Mapped[str] = mapped_column(unique=True)
    content_hash: Mapped[str | None]  # of what the person sees; approvals bind to it
    template_version: Mapped[str | None]
    approved_hash: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    rendered_version: Mapped[int | None]  # cohort.version at which the bytes were made
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    marked_at: Mapped[datetime | None]  # durable just before the final dot
    uncertain_at: Mapped[datetime | None]
    repeated_at: Mapped[datetime | None]  # a calendar mail was repeated by itself, once
    smtp_stage: Mapped[str | None]
    smtp_code: Mapped[int | None]
    smtp_text: Mapped[str | None]
    ended_at: Mapped[datetime | None]  # sent, failed, skipped, cancelled or bounced

    person: Mapped[Person] = relationship()

    __table_args__ = (
        Index(
            "ix_message_waiting",
            "next_attempt_at",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        # In the order in which mail is claimed, so that a claim reads what it takes and not the whole queue.
        Index("ix_message_queue", "status", "next_attempt_at", "id"),
    )


class Mime(Base):
    """The bytes of one message, apart so that a change of state does not rewrite them."""

    __tablename__ = "mime"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    recipient: Mapped[str]
    envelope_from: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]


class Attempt(Base):
    """One thing that happened to a message; append-only."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    at: Mapped[datetime]
    what: Mapped[str]  # claimed, marked, accepted, deferred, failed, uncertain, bounce, ...
    stage: Mapped[str]
    code: Mapped[int | None]
    text: Mapped[str]


class Suppression(Base):
    """An address that must not be mailed."""

    __tablename__ = "suppression"

    address_hash: Mapped[str] = mapped_column(primary_key=True)  # sha256 of the casefolded address
    reason: Mapped[str]
    score: Mapped[float]  # Mailman's rule: hard 1, soft 0.5 a day
    since: Mapped[datetime]
    last_at: Mapped[datetime]
    active: Mapped[bool]


class Incoming(Base):
    """One mail that came in, handled once."""

    __tablename__ = "incoming"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]  # maildir key, or uidvalidity/uid
    sha256: Mapped[str] = mapped_column(unique=True)
    received_at: Mapped[datetime]
    kind: Mapped[str]  # reply, bounce, automatic, own, free, poison
    outcome: Mapped[str]  # applied, task, ignored, quarantined
    why: Mapped[str]
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)  # kept while a person may need it


class Relay(Base):
    """What all workers know of the mail server: the circuit breaker."""

    __tablename__ = "relay"

    name: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    open_until: Mapped[datetime | None]
    wait_seconds: Mapped[int]
    probe_token: Mapped[str | None]
    last_text: Mapped[str]
