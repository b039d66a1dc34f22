"""The queue of mails in the order in which they are claimed: a claim took as long as the whole queue was."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this version."""
    op.create_index("ix_message_queue", "message", ["status", "next_attempt_at", "id"])
    op.drop_index("ix_message_status", table_name="message")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_message_status", "message", ["status"])
    op.drop_index("ix_message_queue", table_name="message")
