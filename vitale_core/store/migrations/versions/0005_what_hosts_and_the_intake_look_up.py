"""Indexes for the projects that receive groups and for what one contact speaks for: pages read every project for it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_index("ix_host_contact_id", "host", ["contact_id"])
    op.create_index("ix_project_active", "project", ["active"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_project_active", table_name="project")
    op.drop_index("ix_host_contact_id", table_name="host")
