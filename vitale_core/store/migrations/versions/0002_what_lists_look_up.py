"""Indexes for what pages look up beside many other cohorts: tasks that wait or are about somebody, visits."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_index("ix_task_enrolment_id", "task", ["enrolment_id"])
    op.create_index("ix_task_status_due_at", "task", ["status", "due_at"])
    op.create_index("ix_slot_starts_at", "slot", ["starts_at"])
    op.create_index("ix_visit_slot_id", "visit", ["slot_id"])
    op.create_index("ix_visit_status", "visit", ["status"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_visit_status", table_name="visit")
    op.drop_index("ix_visit_slot_id", table_name="visit")
    op.drop_index("ix_slot_starts_at", table_name="slot")
    op.drop_index("ix_task_status_due_at", table_name="task")
    op.drop_index("ix_task_enrolment_id", table_name="task")
