"""Indexes for the projects that receive groups, what one contact speaks for, and the cohorts of one trainer.

Without them pages and calendar feeds read every row for it.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_index("ix_host_contact_id", "host", ["contact_id"])
    op.create_index("ix_project_active", "project", ["active"])
    op.create_index("ix_cohort_trainer_id", "cohort", ["trainer_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_cohort_trainer_id", table_name="cohort")
    op.drop_index("ix_project_active", table_name="project")
    op.drop_index("ix_host_contact_id", table_name="host")
