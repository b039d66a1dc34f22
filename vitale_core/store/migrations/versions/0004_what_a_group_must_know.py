"""Four things that every group asks of a host, each in a column of its own; what was told before stays as it is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEW = ("meeting_point", "entrance", "parking", "day_contact")


def upgrade() -> None:
    """Bring the tables to this version."""
    for name in NEW:
        op.add_column("project", sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take it back; what the four hold joins the one text that the older version has."""
    project = sa.table("project", *(sa.column(name, sa.String()) for name in ("practical", *NEW)))
    for name in NEW:
        told = project.c[name]
        joined = sa.case((project.c.practical == "", told), else_=project.c.practical + "\n" + told)
        op.execute(project.update().where(told != "").values(practical=joined))
    with op.batch_alter_table("project") as table:
        for name in NEW:
            table.drop_column(name)
