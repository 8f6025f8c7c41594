"""What files tell, by their blobs: what was read once is not read again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add a table; the next pushes and pull requests fill it."""
    op.create_table(
        "file_facts",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("used_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "key", name="pk_file_facts"),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_file_facts_repository_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_file_facts_used_on", "file_facts", ["repository_id", "used_on"])
