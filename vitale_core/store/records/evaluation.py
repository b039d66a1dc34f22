"""Evaluation. An answer cannot be joined to a person: not by key, by time or by order."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vitale_core.domain.states import RoundStatus
from vitale_core.store.records.columns import Base, FactOfCohort, Json


class Round(FactOfCohort, Base):
    """One evaluation of one cohort: baseline, direct, transfer."""

    __tablename__ = "evaluation_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    name: Mapped[str]
    status: Mapped[RoundStatus]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    report: Mapped[Json | None]  # the aggregate, made once at closing

    __table_args__ = (UniqueConstraint("cohort_id", "name"),)


class Receipt(FactOfCohort, Base):
    """That somebody answered a round; not when, not what."""

    __tablename__ = "evaluation_receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), index=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("evaluation_round.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))

    __table_args__ = (UniqueConstraint("round_id", "enrolment_id"),)


class AnswerSheet(Base):
    """One anonymous set of answers. The random key hides the order in which they came."""

    __tablename__ = "evaluation_answer"

    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("evaluation_round.id"), index=True)
    answers: Mapped[Json]

    # Without its hidden row number: that would tell the order after all.
    __table_args__ = ({"sqlite_with_rowid": False},)
